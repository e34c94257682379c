"""Which movies are ranked for a question or a taste."""

import polars as pl
import pytest
from tmdb_server import make_details, make_movie

import main
from main import add_movies, find_movies, prep_movies, recommend
from notebooks.recommender.candidates import find_candidates, open_index
from notebooks.recommender.collection import Scope, embed_query
from notebooks.recommender.question import read_question

KNOWN = ("credits", "keywords", "runtime", "imdb_id")
YEAR = pl.col("year")


def find(collection, typed, n=20, **limits):
    """Find the candidates of a question."""
    index = open_index(collection)
    question = read_question(typed, index.known)
    question = question._replace(vector=embed_query(collection, question.text or typed))
    return find_candidates(collection, index, question, Scope(n, **limits))


def tell(id):
    return {name: value for name, value in make_details(id).items() if name in KNOWN}


@pytest.mark.parametrize(
    ("liked", "wish"),
    [
        ("Heat", "funny from 1905"),
        ("Alien", "scary and from the 1890s"),
        ("Heat", "heist with Meryl Streep and Jackie Chan"),
        ("Amélie", "sad, over 5 hours, made in mexico"),
        ("Toy Story", "directed by Akira Kurosawa, by pixar, funny"),
        ("Jaws", "a french film from the 1910s about the sea"),
    ],
)
def test_a_wish_with_facts_that_no_movie_has_gives_way_and_is_answered(texts, liked, wish):
    answers = recommend(texts, liked, n=8, wish=wish)
    assert len(answers) == 8
    assert not answers["because"].str.contains("1905|1890|1910|5 hours|300 minutes").any()


@pytest.mark.parametrize(
    ("typed", "own"),
    [
        ("like Heat but funny from the 1910s", "Heat"),
        ("like Alien but with Meryl Streep and from 1899", "Alien"),
        ("movies similar to Jaws, under 10 minutes, but sad", "Jaws"),
    ],
)
def test_facts_beside_a_movie_to_be_like_give_way_too(texts, typed, own):
    answers = find_movies(texts, typed, n=8)
    assert len(answers) == 8
    assert own not in answers["title"]


@pytest.mark.parametrize("wish", ["funny, from the 1990s", "space from 1905", "with Tom Hanks"])
def test_facts_give_way_among_few_movies(texts, wish):
    answers = recommend(texts, "Heat", wish=wish, among=["Alien", "Jaws"])
    assert set(answers["title"]) == {"Alien", "Jaws"}
    assert len(recommend(texts, "Heat", wish=wish, among=["Heat"])) == 0
    assert len(recommend(texts, "Heat", wish=wish, among=[])) == 0


def test_candidates_have_one_schema_whether_there_are_any_or_not(texts):
    full, few = find(texts, "funny"), find(texts, "funny from 1905")
    none = find(texts, "funny from 1905", ids=[])
    assert full.schema == few.schema == none.schema
    assert len(full) == len(few) == 1_000
    assert none.is_empty()


def test_a_filter_that_nothing_passes_leaves_no_candidate_for_a_taste_either(texts):
    where = {"year": {"$gte": 3000}}
    for wish in (None, "funny", "from the 1990s", "heist with Tom Hanks", "without blood"):
        with pytest.warns(UserWarning, match="no movie passes where="):
            assert recommend(texts, "Heat", wish=wish, where=where).is_empty()


def test_the_nearest_are_ranked_and_those_whose_people_or_titles_are_named(texts, monkeypatch):
    monkeypatch.setattr("notebooks.recommender.candidates.NEAREST", 10)
    assert find_movies(texts, "tom hanks", n=5)["cast"].list.contains("Tom Hanks").all()
    best = find_movies(texts, "the dark knihgt", n=1)
    assert best["title"].item() == "The Dark Knight"
    assert find_movies(texts, "darth vader", n=1)["characters"].list.join(" ").item().count("Vader")


def test_what_is_named_passes_the_same_filters(texts, monkeypatch):
    monkeypatch.setattr("notebooks.recommender.candidates.NEAREST", 10)
    answers = find_movies(texts, "tom hanks war", n=20, where={"year": {"$gte": 2000}})
    assert (answers["year"] >= 2000).all()
    answers = find_movies(texts, "tom hanks", n=20, among=["Alien", "Forrest Gump"])
    assert set(answers["title"]) <= {"Alien", "Forrest Gump"}
    answers = find_movies(texts, "tom hanks island", n=20, without="island")
    assert not answers["text"].str.contains(r"(?i)\bislands?\b").any()


SMALL = ["from the 1920s", "silent films from the 1920s", "icelandic films", "horror before 1935"]
SMALL += ["with Meryl Streep, from the 1970s", "westerns over 3 hours", "funny from 1905"]


@pytest.mark.parametrize("typed", SMALL)
def test_where_few_movies_fit_n_changes_neither_order_nor_reasons(texts, typed):
    many = find_movies(texts, typed, n=20)
    for n in (1, 3, 4, 7):
        assert find_movies(texts, typed, n=n).equals(many.head(n)), n


@pytest.mark.parametrize("wish", ["from the 1920s", "sad and from the 1930s", "icelandic"])
def test_n_changes_no_recommendation_either(texts, wish):
    many = recommend(texts, "Heat", n=20, wish=wish)
    for n in (1, 3, 7):
        assert recommend(texts, "Heat", n=n, wish=wish).equals(many.head(n)), n


def test_a_collection_is_indexed_once_and_again_when_a_movie_comes(collection):
    add_movies(collection, prep_movies([make_movie(1) | tell(1), make_movie(2) | tell(2)]))
    before = open_index(collection)
    assert open_index(collection) is before
    add_movies(collection, prep_movies([make_movie(3) | tell(3)]))
    assert len(open_index(collection).movies) == 3
    assert find_movies(collection, "director 3", n=1)["id"].item() == "3"


def test_of_facts_that_no_movie_has_all_a_genre_gives_way_first_and_a_rare_one_last(texts):
    crimes = find_movies(texts, "french crime", n=8)
    assert (crimes["original_language"] == "fr").sum() >= 5
    assert crimes["genres"][0].to_list().count("Crime") == 1
    asked = "indian movie for the whole family, not too long, we only have 2 hours"
    assert find_movies(texts, asked, n=1)["original_language"].item() == "hi"


def test_movies_of_a_genre_come_and_none_for_its_title_alone(texts):
    for typed, genre in [("war movies", "War"), ("good horror", "Horror"), ("westerns", "Western")]:
        assert find_movies(texts, typed, n=20)["genres"].list.contains(genre).all()


def test_a_studio_is_named_by_what_its_names_share(collection):
    movies = [make_movie(id) | {"production_companies": []} for id in range(9)]
    for movie, name in zip(movies, ["Aardman", *["Aardman Animations"] * 2], strict=False):
        movie["production_companies"] = [{"name": name}]
    add_movies(collection, prep_movies(movies))
    assert sorted(open_index(collection).known.studios["aardman"]) == [
        "Aardman",
        "Aardman Animations",
    ]


def test_a_movie_that_is_not_wanted_is_no_candidate(texts):
    answers = find_movies(texts, "space but not star wars", n=20)
    assert not answers["series"].str.contains("Star Wars").fill_null(False).any()


def test_a_question_of_an_empty_collection_has_no_candidates(collection):
    assert find_movies(collection, "80s horror with Tom Hanks").is_empty()
    with pytest.raises(ValueError, match="no movie here is called"):
        recommend(collection, "Heat", wish="funny from 1905")
    assert main.list_movies(collection).is_empty()
