"""From films one likes to films one may like."""

import re

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_store_and_ask import ANSWER_SCHEMA
from tmdb_server import make_movie

import main
from main import add_movies, load_sample_movies, prep_movies, recommend

IDS = [str(movie["id"]) for movie in load_sample_movies()]
some_ids = st.lists(st.sampled_from(IDS), max_size=4, unique=True)


def test_who_likes_toy_story_and_finding_nemo_gets_films_for_families(texts):
    answers = recommend(texts, ["Toy Story", "Finding Nemo"])
    family = answers["genres"].list.eval(pl.element().is_in(["Animation", "Family"])).list.any()
    assert family.sum() >= 5
    assert {"Monsters, Inc.", "Ice Age"} <= set(answers["title"])


def test_who_likes_the_godfather_and_goodfellas_gets_gangsters(texts):
    titles = set(recommend(texts, ["The Godfather", "GoodFellas"])["title"])
    assert {"The Godfather: Part II", "Scarface", "Casino", "Donnie Brasco"} <= titles


def test_answers_are_those_of_find_similar_with_a_score_and_a_reason(texts):
    answers = recommend(texts, "Alien")
    assert dict(answers.schema) == ANSWER_SCHEMA | {"score": pl.Float64, "because": pl.String}
    assert answers["score"].is_sorted(descending=True)
    assert answers["text"].str.contains("Movie title: ").all()


def test_nothing_is_embedded(texts, monkeypatch):
    monkeypatch.setattr(main, "load_model", lambda name: pytest.fail("embedded"))
    assert recommend(texts, ["Alien"], disliked=["Aliens"]).height == 10


def test_the_distance_is_to_the_nearest_liked_film(texts):
    best = recommend(texts, ["Alien", "Toy Story"], n=1).row(0, named=True)
    vectors = texts.get(ids=[best["id"], "348", "862"], include=["embeddings"])
    film, *liked = (vectors["embeddings"][vectors["ids"].index(id)] for id in (best["id"], "348", "862"))
    assert best["distance"] == pytest.approx(min(((film - other) ** 2).sum() for other in liked), abs=1e-5)


@pytest.mark.parametrize("name", ["Alien", "aLiEn", "348", 348])
def test_a_film_is_named_by_its_id_or_by_its_title_in_any_case(texts, name):
    assert recommend(texts, [name], n=3).equals(recommend(texts, "Alien", n=3))


def test_a_title_that_is_a_number_is_a_title(texts):
    assert recommend(texts, "1917", n=1)["because"].item().startswith("like 1917")


def test_an_unknown_film_is_a_value_error_with_the_closest_titles(texts):
    with pytest.raises(ValueError, match=r"'Toy Stroy'.*'Toy Story'"):
        recommend(texts, ["Toy Stroy"])


def test_an_ambiguous_title_is_a_value_error_that_lists_each_with_year_and_id(texts):
    with pytest.raises(ValueError, match=r"King Kong \(1933\), id 244; King Kong \(2005\), id 254"):
        recommend(texts, ["king kong"])


@pytest.mark.parametrize("liked", [[], (), [None], [3.5], ["no such film at all"], ""])
def test_liking_nothing_that_can_be_found_is_a_value_error(texts, liked):
    with pytest.raises(ValueError, match=r"film"):
        recommend(texts, liked)


def test_a_film_both_liked_and_disliked_is_a_value_error_however_it_is_named(texts):
    with pytest.raises(ValueError, match="348"):
        recommend(texts, ["Alien", "Aliens"], disliked=["348"])


@pytest.mark.parametrize("diversity", [-0.1, 1.1, float("nan")])
def test_diversity_outside_0_to_1_is_a_value_error_with_the_value(texts, diversity):
    with pytest.raises(ValueError, match=re.escape(repr(diversity))):
        recommend(texts, "Alien", diversity=diversity)


@settings(max_examples=30)
@given(
    liked=some_ids.filter(bool),
    disliked=some_ids,
    n=st.integers(1, 30),
    diversity=st.floats(0, 1),
    since=st.none() | st.integers(1900, 2030),
)
def test_liked_films_disliked_films_filters_and_n_are_respected(texts, liked, disliked, n, diversity, since):
    disliked = [id for id in disliked if id not in liked]
    where = {"year": {"$gte": since}} if since else None
    answers = recommend(texts, liked, n, disliked=disliked, where=where, diversity=diversity)
    assert answers.height <= n
    assert answers["id"].is_unique().all()
    assert not set(answers["id"]) & {*liked, *disliked}
    assert since is None or (answers["year"].cast(int) >= since).all()
    assert answers["score"].is_finite().all()
    assert answers["because"].str.starts_with("like ").all()
    if since is None:
        assert answers.height == n


@settings(max_examples=20)
@given(liked=some_ids.filter(bool), foe=st.sampled_from(IDS))
def test_disliking_a_film_lowers_the_mean_similarity_of_the_answers_to_it(texts, liked, foe):
    if foe in liked:
        return

    def similarity(answers):
        vectors = texts.get(ids=[*answers["id"], foe], include=["embeddings"])
        foe_vector = vectors["embeddings"][vectors["ids"].index(foe)]
        return (vectors["embeddings"] @ foe_vector).sum()

    without = recommend(texts, liked, n=21).filter(pl.col("id") != foe).head(20)
    pushed = recommend(texts, liked, n=20, disliked=[foe])
    assert similarity(pushed) <= similarity(without) + 0.3


def test_more_diversity_gives_answers_that_are_less_alike(texts):
    def likeness(diversity):
        answers = recommend(texts, "Star Wars", diversity=diversity)
        vectors = np.array(texts.get(ids=answers["id"].to_list(), include=["embeddings"])["embeddings"])
        return (vectors @ vectors.T).mean()

    assert likeness(0) > likeness(0.5) > likeness(0.9)


def test_the_reason_names_the_nearest_liked_film_and_the_genres_they_share(texts):
    answers = recommend(texts, ["Toy Story", "Alien"], n=20)
    genres = {"Toy Story": {"Animation", "Adventure", "Family", "Comedy"}, "Alien": {"Horror", "Science Fiction"}}
    for film in answers.iter_rows(named=True):
        fan, told = re.fullmatch(
            r"like (Toy Story|Alien)(?:: ([\w, ]+))?(?:, by its text)?(?:; .*)?", film["because"]
        ).groups()
        assert set((told or "").split(", ")) - {""} == genres[fan] & set(film["genres"])


def test_what_lifted_a_film_is_told_and_true(collection):
    movies = [make_movie(id, vote_count=2_000, vote_average=6.0, release_date="1950-01-01") for id in range(1, 30)]
    movies += [make_movie(30, vote_count=2_000, vote_average=6.0, release_date="2000-01-01")]
    movies += [make_movie(31, vote_count=900_000, vote_average=6.0, release_date="1950-01-01")]
    movies += [make_movie(32, vote_count=2_000, vote_average=9.9, release_date="1950-01-01")]
    movies += [make_movie(99, release_date="2000-01-01", title="Liked")]
    add_movies(collection, prep_movies(movies), column="overview")
    because = {film["id"]: film["because"] for film in recommend(collection, "Liked", n=40).to_dicts()}
    assert because["30"] == "like Liked: Drama; of the same years"
    assert because["31"] == "like Liked: Drama; widely seen"
    assert because["32"] == "like Liked: Drama; highly rated"
    assert because["1"] == "like Liked: Drama"


def test_missing_years_votes_and_genres_are_neutral(collection):
    movies = [make_movie(id, overview=f"A dog and its bone, number {id}.") for id in range(1, 12)]
    bare = {"id": 50, "title": "Bare", "overview": "A dog and its bone, number 50."}
    add_movies(collection, prep_movies([*movies, bare]), column="overview")
    for liked in ("Film 1", "Bare"):
        answers = recommend(collection, liked, n=20)
        assert answers.height == 11
        assert answers["score"].is_finite().all()
    # With all else equal to the average, the film that lacks its facts stands amid those that have them.
    scores = recommend(collection, "Film 1", n=20)
    bare_score = scores.filter(pl.col("title") == "Bare")["score"].item()
    assert scores["score"].min() <= bare_score <= scores["score"].max() + 0.1


def test_films_without_any_facts_can_be_recommended(collection):
    add_movies(collection, prep_movies([{"id": id, "title": f"Film {id}"} for id in range(1, 5)]), column="title")
    assert recommend(collection, "Film 1").height == 3


def test_a_filter_that_nothing_passes_gives_an_empty_frame_of_the_same_schema(texts):
    answers = recommend(texts, "Alien", where={"year": {"$gte": 3000}})
    assert answers.height == 0
    assert dict(answers.schema) == ANSWER_SCHEMA | {"score": pl.Float64, "because": pl.String}


def test_a_film_from_outside_the_catalogue_can_be_liked(tmdb, collection, catalogue):
    tmdb.movies = [make_movie(777_777, title="Robot Dog", overview="A lonely boy builds a robot dog.", genre_ids=[16])]
    add_movies(collection, catalogue.head(50))
    add_movies(collection, prep_movies(main.search_movies("robot dog")))
    assert recommend(collection, "Robot Dog", n=5).height == 5
