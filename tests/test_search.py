"""Search: what people type, by meaning, by words and by title."""

import json
import re
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import main
from main import find_movies, find_similar, load_sample_movies

JUDGEMENTS = Path(main.__file__).parent / "notebooks" / "judgements.json"


def words_of(text: str) -> list[str]:
    return re.findall(r"\w+", text.casefold())


@pytest.mark.parametrize(
    ("typed", "title", "year"),
    [
        ("her", "Her", "2013"),
        ("HER", "Her", "2013"),
        ("wall e", "WALL·E", "2008"),
        ("WALL-E", "WALL·E", "2008"),
        ("amelie", "Amélie", "2001"),
        ("schindlers list", "Schindler's List", "1993"),
        ("schindler s list", "Schindler's List", "1993"),
        ("Schindler’s List", "Schindler's List", "1993"),  # noqa: RUF001  the apostrophe that phones type
        ("king kong 1933", "King Kong", "1933"),
        ("King Kong (2005)", "King Kong", "2005"),
        ("it", "It", "2017"),
        ("1917", "1917", "2019"),
        ("alien 3", "Alien³", "1992"),
    ],
)
def test_a_title_as_people_type_it_finds_its_movie(texts, typed, title, year):
    best = find_movies(texts, typed, n=1).row(0, named=True)
    assert (best["title"], best["year"], best["because"]) == (title, year, "title")


@pytest.mark.parametrize(
    ("typed", "titles"),
    [
        ("time loop", {"Groundhog Day", "Source Code", "Edge of Tomorrow", "Happy Death Day"}),
        ("bank robbery", {"Heat", "Dog Day Afternoon"}),
    ],
)
def test_a_theme_finds_movies_that_say_it_in_words_which_the_nearest_texts_miss(
    texts, typed, titles
):
    assert len(titles & set(find_movies(texts, typed, n=10)["title"])) >= 2
    assert len(titles & set(find_movies(texts, typed, n=10)["title"])) > len(
        titles & set(find_similar(texts, typed, n=5)["title"])
    )


@pytest.mark.parametrize(
    "typed",
    ["!?", "the of and", "千と千尋", "ФИЛЬМ", "e\u0301", "\U0001f988", "shark " * 400, "a\x00b"],
)
def test_any_text_is_answered(texts, typed):
    answers = find_movies(texts, typed, n=5)
    assert answers.height == 5
    assert answers["score"].is_sorted(descending=True)


def test_answers_are_those_of_find_similar_with_a_score_and_a_reason(texts):
    answers = find_movies(texts, "time loop", n=10)
    assert answers.columns == [*find_similar(texts, "time loop", n=1).columns, "score", "because"]
    nearest = find_similar(texts, "time loop", n=1_000)
    both = answers.join(nearest, on="id")
    assert both.height == 10
    assert (both["distance"] - both["distance_right"]).abs().max() < 1e-5


@given(
    st.lists(
        st.sampled_from(
            [
                "time",
                "loop",
                "the",
                "Robot",
                "paris",
                "WAR",
                "love",
                "jaws",
                "zzz",
                "1999",
                "of",
                "killer",
                "train",
            ]
        ),
        min_size=1,
        max_size=5,
    )
)
@settings(max_examples=30)
def test_the_reason_is_true_of_the_movie(texts, asked):
    for movie in find_movies(texts, " ".join(asked), n=8).iter_rows(named=True):
        told = re.findall(r"\*(.+?)\*", movie["because"])
        if movie["because"] == "title":
            title = f"{movie['title']} {movie['year']}".casefold()
            assert all(word.casefold() in title for word in asked)
        elif told:
            assert set(told) <= set(words_of(movie["text"]))
            assert set(told) <= {word.casefold() for word in asked}
            assert movie["because"].startswith("the word " if len(told) == 1 else "the words ")
        else:
            assert movie["because"] == "its text"


@given(
    without=st.lists(
        st.sampled_from(["robots", "War", "science fiction", "drama", "Love", "killer"]), max_size=3
    ),
    since=st.integers(1960, 2015),
)
@settings(max_examples=20)
def test_filters_and_unwanted_words_hold_always(texts, without, since):
    answers = find_movies(
        texts, "a robot in love", n=30, where={"year": {"$gte": since}}, without=without
    )
    assert (answers["year"].cast(int) >= since).all()
    for movie in answers.iter_rows(named=True):
        told = " ".join(words_of(movie["text"] + " " + " ".join(movie["genres"])))
        assert not any(f" {word.casefold()} " in f" {told} " for word in without)


def test_one_unwanted_word_may_stand_alone_and_goes_in_the_singular_and_the_plural(texts):
    answers = find_movies(texts, "robots", n=20, without="Robots")
    assert not answers["text"].str.contains(r"(?i)\brobots?\b").any()
    assert find_movies(texts, "robots", n=20, without=["robots"]).equals(answers)
    assert find_movies(texts, "robots", n=3, without="").equals(find_movies(texts, "robots", n=3))
    assert find_movies(texts, "robots", n=3, without="overview").height == 3


def test_an_unwanted_word_is_found_with_accents_and_without(texts):
    assert "Amélie" in find_movies(texts, "amelie", n=1)["title"]
    assert "Amélie" not in find_movies(texts, "amelie", n=50, without="Amelie")["title"]


def test_however_many_movies_an_unwanted_word_takes_away_as_many_as_asked_for_are_left(
    texts, monkeypatch
):
    monkeypatch.setattr(main, "_CANDIDATES", 20)
    assert find_movies(texts, "war", n=15, without="war").height == 15


@pytest.mark.parametrize("without", [3, [None], ["war", 3]])
def test_unwanted_words_that_are_no_text_are_a_value_error(texts, without):
    with pytest.raises(ValueError, match="without"):
        find_movies(texts, "war", without=without)


def test_an_empty_collection_answers_with_an_empty_frame_of_the_same_schema(collection, texts):
    assert find_movies(collection, "a heist").schema == find_movies(texts, "a heist").schema


def test_a_collection_of_titles_can_be_searched(titles):
    assert find_movies(titles, "godfather", n=1)["title"].item() == "The Godfather"


@pytest.fixture(scope="module")
def judged():
    return json.loads(JUDGEMENTS.read_text(encoding="utf-8"))["questions"]


def test_the_judgements_are_of_movies_of_the_catalogue_and_none_is_judged_twice(judged):
    ids = {movie["id"] for movie in load_sample_movies()}
    assert len(judged) >= 60
    assert len({question["question"] for question in judged}) == len(judged)
    for question in judged:
        assert question["movies"]
        assert set(question["movies"]) <= ids
        assert len(set(question["movies"])) == len(question["movies"])


def test_search_answers_the_judged_questions_better_than_the_nearest_texts_do(texts, judged):
    def precision(find) -> float:
        right = [pl.Series(map(str, question["movies"])) for question in judged]
        found = [find(texts, question["question"], n=10)["id"] for question in judged]
        return sum(
            ids.is_in(good.implode()).mean() for ids, good in zip(found, right, strict=True)
        ) / len(judged)

    assert precision(find_movies) > precision(find_similar) + 0.02
