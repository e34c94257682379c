"""From movies one likes to movies one may like."""

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
from notebooks.recommender import model
from notebooks.recommender.words import fold

SAMPLE = prep_movies(load_sample_movies())
IDS = SAMPLE["id"].to_list()
some_ids = st.lists(st.sampled_from(IDS), max_size=4, unique=True)


def test_who_likes_toy_story_and_finding_nemo_gets_movies_for_families(texts):
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
    monkeypatch.setattr(model, "load_model", lambda name: pytest.fail("embedded"))
    assert recommend(texts, ["Alien"], disliked=["Aliens"]).height == 10


def test_the_distance_is_to_the_nearest_liked_movie(texts):
    best = recommend(texts, ["Alien", "Toy Story"], n=1).row(0, named=True)
    vectors = texts.get(ids=[best["id"], "348", "862"], include=["embeddings"])
    movie, *liked = (
        vectors["embeddings"][vectors["ids"].index(id)] for id in (best["id"], "348", "862")
    )
    assert best["distance"] == pytest.approx(
        min(((movie - other) ** 2).sum() for other in liked), abs=1e-5
    )


@pytest.mark.parametrize("name", ["Alien", "aLiEn", "348", 348])
def test_a_movie_is_named_by_its_id_or_by_its_title_in_any_case(texts, name):
    assert recommend(texts, [name], n=3).equals(recommend(texts, "Alien", n=3))


def test_a_title_that_is_a_number_is_a_title(texts):
    assert recommend(texts, "1917", n=1)["because"].item().split("; ").count("like 1917")


@pytest.mark.parametrize("liked", [[], (), [None], [3.5], ["no such movie at all"], ""])
def test_liking_nothing_that_can_be_found_is_a_value_error(texts, liked):
    with pytest.raises(ValueError, match=r"movie|movie"):
        recommend(texts, liked)


def test_a_movie_both_liked_and_disliked_is_a_value_error_however_it_is_named(texts):
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
    seen=some_ids,
    n=st.integers(1, 30),
    diversity=st.floats(0, 1),
    since=st.none() | st.integers(1900, 2010),
)
def test_liked_disliked_and_seen_movies_filters_and_n_are_respected(
    texts, liked, disliked, seen, n, diversity, since
):
    disliked = [id for id in disliked if id not in liked]
    where = {"year": {"$gte": since}} if since else None
    answers = recommend(
        texts, liked, n, disliked=disliked, seen=seen, where=where, diversity=diversity
    )
    assert answers.height <= n
    assert answers["id"].is_unique().all()
    assert not set(answers["id"]) & {*liked, *disliked, *seen}
    assert since is None or (answers["year"] >= since).all()
    assert answers["score"].is_finite().all()
    assert (
        answers["because"]
        .str.contains("(^|; )(like .|widely seen|highly rated|nothing in particular)")
        .all()
    )
    if since is None:
        assert answers.height == n


@settings(max_examples=20)
@given(liked=some_ids.filter(bool), foe=st.sampled_from(IDS))
def test_disliking_a_movie_lowers_the_mean_similarity_of_the_answers_to_it(texts, liked, foe):
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
        vectors = np.array(
            texts.get(ids=answers["id"].to_list(), include=["embeddings"])["embeddings"]
        )
        return (vectors @ vectors.T).mean()

    assert likeness(0) > likeness(0.5) > likeness(0.9)


FACTS = {
    "Toy Story": ({"Animation", "Adventure", "Family", "Comedy"}, 1995),
    "Alien": ({"Horror", "Science Fiction"}, 1979),
    "The Godfather": ({"Drama", "Crime"}, 1972),
    "GoodFellas": ({"Drama", "Crime"}, 1990),
}


ROWS = {row["title"]: row for row in SAMPLE.iter_rows(named=True) if row["title"] in FACTS}
PEOPLE = {title: {*row["directors"], *row["cast"]} for title, row in ROWS.items()}
KEYWORDS = {title: set(row["keywords"]) for title, row in ROWS.items()}


def test_each_reason_is_true_of_each_movie_that_it_names(texts):
    # Private: the words that are compared.
    told = {name: fold(pl.lit(texts.get(where={"title": name})["documents"][0])) for name in FACTS}
    told = {name: pl.select(text).item().split() for name, text in told.items()}
    answers = recommend(texts, list(FACTS), n=100)
    pairs = 0
    for movie in answers.iter_rows(named=True):
        reasons = movie["because"].split("; ")
        [like] = [reason for reason in reasons if reason.startswith("like ")] or ["like "]
        named = [name for name in like.removeprefix("like ").split(" and ") if name]
        pairs += len(named) == 2
        words = pl.select(fold(pl.lit(movie["text"]))).item().split()
        for name in named:
            genres, year = FACTS[name]
            for reason in set(reasons) - {like}:
                if reason.startswith("the word"):
                    assert set(re.findall(r"\*(\w+)\*", reason)) <= set(told[name]) & set(words)
                elif reason == "of the same years":
                    assert abs(int(movie["year"]) - year) <= 5
                elif reason == "widely seen":
                    assert movie["vote_count"] >= 1_000
                elif reason == "highly rated":
                    assert movie["vote_average"] >= 7
                elif reason.startswith(("with ", "directed by ")):
                    people = re.sub("^with |^directed by |, too$", "", reason).split(" and ")
                    row = PEOPLE[name]
                    assert set(people) <= {*movie["directors"], *movie["cast"]} & row
                elif reason not in ("its text", "a text of like meaning", "in the same language"):
                    assert 1 <= len(reason.split(", ")) <= 2
                    told_of_it = {*movie["genres"], *movie["keywords"]}
                    assert set(reason.split(", ")) <= (genres | KEYWORDS[name]) & told_of_it
    assert pairs


def test_two_liked_movies_are_named_if_both_share_what_is_told(texts):
    because = dict(
        recommend(texts, ["The Godfather", "GoodFellas"]).select("title", "because").iter_rows()
    )
    told = because["The Godfather: Part II"].split("; ")
    assert {"Crime, Drama", "like The Godfather and GoodFellas"} <= set(told)


def test_what_lifted_a_movie_is_told_and_what_did_not_is_not(collection):
    def make(id, **fields):
        return make_movie(
            id, **{"vote_count": 2_000, "vote_average": 6.0, "release_date": "1950-01-01", **fields}
        )

    movies = [make(id) for id in range(1, 30)]
    movies += [
        make(30, release_date="2000-01-01", genre_ids=[16]),
        make(37, release_date="2000-01-01"),
        make(31, vote_count=900_000),
        make(32, vote_average=9.9),
    ]
    movies += [make(33, vote_average=10.0, vote_count=1), make(35, genre_ids=[16])]
    movies += [make(36, overview="A lighthouse keeper keeps a lighthouse.")]
    liked_text = "A movie with the number of a lighthouse."
    movies += [make(34, original_language="fr", overview=liked_text)]
    movies += [
        make(
            99,
            release_date="2000-01-01",
            original_language="fr",
            genre_ids=[16, 35],
            overview=liked_text,
        )
    ]
    movies[-1]["title"] = "Liked"
    add_movies(collection, prep_movies(movies), column="overview")
    because = dict(recommend(collection, "Liked", n=40).select("id", "because").iter_rows())
    told = {id: set(reason.split("; ")) for id, reason in because.items()}
    assert "of the same years" in told["30"]
    assert "of the same years" not in told["37"]  # it says little where nothing else is shared
    assert "widely seen" in told["31"]
    assert "highly rated" in told["32"]
    assert "highly rated" not in told["33"]
    assert "in the same language" in told["34"]
    assert "Animation" in told["35"]
    assert any("*lighthouse*" in reason for reason in told["36"])
    plain = {
        "of the same years",
        "widely seen",
        "highly rated",
        "in the same language",
        "Animation",
    }
    assert not told["1"] & plain


@settings(max_examples=10)
@given(liked=some_ids.filter(bool), disliked=some_ids, rng=st.randoms())
def test_answers_and_reasons_do_not_depend_on_the_order_in_which_movies_are_given(
    texts, liked, disliked, rng
):
    disliked = [id for id in disliked if id not in liked]
    mixed = [rng.sample(ids, len(ids)) for ids in (liked, disliked)]
    answers = recommend(texts, liked, disliked=disliked)
    assert answers.equals(recommend(texts, mixed[0], disliked=mixed[1]))


def test_a_wish_is_answered_and_keeps_the_liked_movies_own_series_away(texts):
    plain, funny = recommend(texts, "Alien"), recommend(texts, "Alien", wish="funny")
    series = ROWS["Alien"]["series"]
    assert series
    assert series in plain["series"]
    assert series not in funny["series"]
    comedies = [df["genres"].list.contains("Comedy").sum() for df in (plain, funny)]
    assert comedies[1] > comedies[0]
    assert funny["because"].str.contains(r"\*funny\*|near to the wish").any()


@pytest.mark.parametrize("wish", ["", " ", 5])
def test_a_wish_that_says_nothing_is_a_value_error(texts, wish):
    with pytest.raises(ValueError, match="wish"):
        recommend(texts, "Alien", wish=wish)


def test_the_last_of_all_is_not_said_to_be_like_what_is_liked(texts):
    assert "like Alien" not in recommend(texts, "Alien", n=1_000)["because"][-1]


def test_seen_movies_are_not_shown_and_change_little_more(texts):
    before = recommend(texts, "Toy Story", n=12)
    seen = before["id"].head(2).to_list()
    after = recommend(texts, "Toy Story", seen=[*seen, "Toy Story"])
    assert not set(after["id"]) & set(seen)
    assert len(set(after["id"]) & set(before["id"])) >= 8


def test_a_niche_taste_is_not_averaged_away(texts):
    crime = [
        "Heat",
        "Casino",
        "The Departed",
        "GoodFellas",
        "Scarface",
        "Donnie Brasco",
        "The Godfather",
    ]
    toons = ["Finding Nemo", "Toy Story", "Shrek"]
    answers = recommend(texts, crime + toons, n=30)
    assert answers["genres"].list.contains("Animation").sum() >= 2  # by a plain mean, there is none


def test_ratings_above_ones_mean_are_liked_those_below_disliked_and_all_are_seen(texts):
    ratings = pl.DataFrame({"id": ["862", "348", "12"], "rating": [9.0, 3.0, None]})
    answers = recommend(texts, ratings)
    same = recommend(texts, "Toy Story", disliked="Alien", seen="12")
    assert answers.drop("score").equals(same.drop("score"))
    assert not set(answers["id"]) & set(ratings["id"])


def test_a_higher_rating_weighs_more(texts):
    def similarity(toy_story, alien):
        # The third one holds the mean below both.
        ratings = pl.DataFrame({"id": ["862", "348", "238"], "rating": [toy_story, alien, 1.0]})
        answers = recommend(texts, ratings, n=20)
        return answers["genres"].list.contains("Animation").sum()

    assert similarity(10.0, 7.0) > similarity(7.0, 10.0)


def test_equal_ratings_are_all_likes(texts):
    equal = pl.DataFrame({"id": ["862", "348"], "rating": [2.0, 2.0]})
    assert recommend(texts, equal)["id"].equals(recommend(texts, ["862", "348"])["id"])


def test_ratings_of_nothing_that_is_here_are_a_value_error_after_a_warning(texts):
    ratings = pl.DataFrame({"id": ["no-such"], "rating": [8.0]})
    with pytest.warns(UserWarning, match="1"), pytest.raises(ValueError, match="liked"):
        recommend(texts, ratings)


SERIES = {
    "Alien": ["Alien", "Alien³", "Alien: Covenant", "Alien 5"],
    "Godfather": [
        "The Godfather",
        "The Godfather: Part II",
        "The Godfather Part III",
        "The Godfather Part Four",
    ],
    "Kill Bill": [
        "Kill Bill: Vol. 1",
        "Kill Bill: Vol. 2",
        "Kill Bill Vol. 3",
        "Kill Bill (Volume 4)",
    ],
    "Star Wars": [
        "Star Wars",
        "Star Wars: Episode IV - A New Hope",
        "Solo: A Star Wars Story",
        "Star Wars VIII",
    ],
    "Wick": [
        "John Wick",
        "John Wick: Chapter 2",
        "John Wick Chapter 3 - Parabellum",
        "John Wick 4",
    ],
    "Rocky": ["Rocky", "Rocky II", "ROCKY IV", "Rocky V"],
    "Potter": ["Harry Potter and the Half-Blood Prince"] * 2
    + ["Harry Potter and the Goblet of Fire", "Harry Potter"],
    "Amélie": ["Amelie 2", "Amélie", "Amélie: Encore", "Amélie - Enfin"],
}


@pytest.mark.parametrize("titles", SERIES.values(), ids=SERIES)
def test_the_fourth_of_a_series_comes_after_all_else(collection, titles):
    plot = "A crew meets a creature."
    movies = [
        make_movie(id, title=title, overview=plot) for id, title in enumerate([*titles, "Liked"], 1)
    ]
    movies += [
        make_movie(
            100 + id,
            title=title,
            overview="Accountants.",
            genre_ids=[35],
            release_date="1930-01-01",
        )
        for id, title in enumerate(
            ["1917", "1984", "300", "Up", "Se7en", "2001: A Space Odyssey", "It"]
        )
    ]
    add_movies(collection, prep_movies(movies), column="overview")
    answers = recommend(collection, "Liked", n=20)["title"].to_list()
    assert set(answers[:3]) | {answers[-1]} == set(titles)
    assert len(answers) == 11


def test_a_row_holds_at_most_three_movies_of_a_series(texts):
    answers = recommend(texts, "Harry Potter and the Philosopher's Stone")
    assert answers["title"].str.starts_with("Harry Potter").sum() == 3


@pytest.mark.parametrize(
    "facts", [{"vote_average": 0.0, "vote_count": 0}, {"vote_average": 9.9, "vote_count": 0}]
)
def test_a_movie_without_votes_ranks_as_one_without_a_rating(collection, facts):
    movies = [make_movie(id) for id in range(1, 20)]
    twins = [
        {**movies[0], "id": 50, **facts},
        {**movies[0], "id": 51, "vote_average": None, "vote_count": None},
    ]
    add_movies(collection, prep_movies([*movies, *twins]), column="overview")
    scores = dict(recommend(collection, "2", n=30).select("id", "score").iter_rows())
    assert scores["50"] == pytest.approx(scores["51"])


def test_a_rating_counts_for_less_with_fewer_votes(collection):
    movies = [
        make_movie(id, vote_average=5.0 + id / 10, vote_count=5_000, overview="A dog.")
        for id in range(1, 20)
    ]
    movies += [make_movie(50, vote_average=10.0, vote_count=2, overview="A dog.")]
    movies += [make_movie(51, vote_average=9.0, vote_count=5_000, overview="A dog.")]
    add_movies(collection, prep_movies(movies), column="overview")
    best = recommend(collection, "3", n=30)["id"].to_list()
    assert best.index("51") < best.index("50")


def test_missing_years_votes_and_genres_are_neutral(collection):
    movies = [make_movie(id, overview=f"A dog and its bone, number {id}.") for id in range(1, 12)]
    bare = {"id": 50, "title": "Bare", "overview": "A dog and its bone, number 50."}
    add_movies(collection, prep_movies([*movies, bare]), column="overview")
    for liked in ("Movie 1", "Bare"):
        answers = recommend(collection, liked, n=20)
        assert answers.height == 11
        assert answers["score"].is_finite().all()
    # With all else equal to the average, the movie that lacks its facts stands amid those that
    # have them.
    scores = recommend(collection, "Movie 1", n=20)
    bare_score = scores.filter(pl.col("title") == "Bare")["score"].item()
    assert scores["score"].min() <= bare_score <= scores["score"].max() + 0.1


def test_a_series_that_comes_last_does_not_reorder_the_others(texts):
    how = {"wish": "in space", "diversity": 0.3, "n": 8}
    sequels = ["The Godfather: Part II", "The Godfather: Part III"]
    answers = recommend(texts, "The Godfather", **how)["id"].to_list()
    others = recommend(texts, "The Godfather", seen=sequels, **how)["id"].to_list()
    assert answers[:5] == others[:5]


@pytest.mark.parametrize("n", [2**31, 2**63, 2**70])
def test_as_many_as_nobody_has_are_all_there_are(collection, catalogue, n):
    main.add_movies(collection, catalogue.head(5), column="title")
    for ask in (
        lambda: main.find_similar(collection, "war", n=n),
        lambda: main.find_movies(collection, "war", n=n),
        lambda: main.find_starters(collection, n=n),
    ):
        assert 4 <= len(ask()) <= 5  # two are of one series
    assert len(recommend(collection, catalogue[0, "id"], n=n)) == 4


@pytest.mark.parametrize("name", ["", "  ", [""]])
def test_an_empty_name_is_a_value_error_that_says_so(texts, name):
    with pytest.raises(ValueError, match="by its id or its title, not by"):
        recommend(texts, name)


def test_movies_without_any_facts_can_be_recommended(collection):
    add_movies(
        collection,
        prep_movies([{"id": id, "title": f"Movie {id}"} for id in range(1, 5)]),
        column="title",
    )
    assert recommend(collection, "Movie 1").height == 3


def test_a_filter_that_nothing_passes_gives_an_empty_frame_of_the_same_schema(texts):
    with pytest.warns(UserWarning, match="no movie passes where="):
        answers = recommend(texts, "Alien", where={"year": {"$gte": 3000}})
    assert answers.height == 0
    assert dict(answers.schema) == ANSWER_SCHEMA | {"score": pl.Float64, "because": pl.String}


def test_a_movie_from_outside_the_catalogue_can_be_liked(tmdb, collection, catalogue):
    tmdb.movies = [
        make_movie(
            777_777, title="Robot Dog", overview="A lonely boy builds a robot dog.", genre_ids=[16]
        )
    ]
    add_movies(collection, catalogue.head(50))
    add_movies(collection, prep_movies(main.search_movies("robot dog")))
    assert recommend(collection, "Robot Dog", n=5).height == 5
