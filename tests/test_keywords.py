"""Which keywords are near in meaning to a question."""

import pytest
from tmdb_server import make_movie

from main import add_movies, find_movies, prep_movies
from notebooks.recommender.keywords import find_keywords

LABELS = ["ancient rome", "boxing", "mafia", "spaceship", "wedding"]


@pytest.mark.parametrize(
    ("words", "near"),
    [
        (["gangster", "film"], "mafia"),
        (["gladiators", "and", "roman", "emperors"], "ancient rome"),
        (["prize", "fighter", "boxer"], "boxing"),
        (["bride"], "wedding"),
    ],
)
def test_a_keyword_is_found_by_other_words_for_it(collection, words, near):
    assert next(iter(find_keywords(collection, LABELS, words))) == near


def test_the_same_word_is_as_near_as_can_be_and_counts_for_less_in_a_long_question(collection):
    [(name, near)] = find_keywords(collection, LABELS, ["mafia"]).items()
    assert (name, near) == ("mafia", pytest.approx(1))
    told = str.split("river tuesday umbrella purple candle teapot mafia")
    assert find_keywords(collection, LABELS, told)["mafia"] == pytest.approx(2 / 7)


@pytest.mark.parametrize("words", [[], ["the", "a", "film"]])
def test_no_keyword_is_near_to_nothing(collection, words):
    assert find_keywords(collection, LABELS, words) == {}
    assert find_keywords(collection, [], ["mafia"]) == {}


def test_a_movie_is_found_and_told_by_a_keyword_that_nobody_typed(collection):
    keywords = {"keywords": [{"id": 1, "name": "boxing"}]}
    movies = [make_movie(id, title=f"Untold {id}", overview="A life.") for id in range(6)]
    for movie in movies[3:5]:
        movie |= {"keywords": keywords}
    add_movies(collection, prep_movies(movies))
    found = find_movies(collection, "boxer", n=2)
    assert sorted(found["id"]) == ["3", "4"]
    assert found["because"].str.contains("boxing").all()
