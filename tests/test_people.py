"""Whom words name: full names, surnames, joined, parted and misspelt ones."""

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from notebooks.recommender.people import People

MOVIES = pl.DataFrame(
    {
        "directors": [["Pedro Almodóvar"], ["Clint Eastwood"], ["Bong Joon-ho"], []],
        "cast": [
            ["Penélope Cruz", "Robert De Niro"],
            ["Clint Eastwood", "Conan O'Brien"],
            ["Jean-Claude Van Damme", "Scott Eastwood"],
            ["Madonna", "Mo'Nique", None],
        ],
    }
)
PEOPLE = People(MOVIES)


def find(typed):
    return [(sorted(names), full) for _, _, names, full in PEOPLE.find(typed.split())]


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("pedro almodovar", "Pedro Almodóvar"),
        ("bong joon ho", "Bong Joon-ho"),
        ("robert deniro", "Robert De Niro"),
        ("robert de niro", "Robert De Niro"),
        ("conan o brien", "Conan O'Brien"),
        ("conan obrien", "Conan O'Brien"),
        ("jeanclaude van damme", "Jean-Claude Van Damme"),
        ("clint eastwoods", "Clint Eastwood"),
    ],
)
def test_a_full_name_is_found_joined_or_parted_or_as_an_owner(typed, name):
    assert ([name], True) in find(typed)


@pytest.mark.parametrize(
    ("typed", "names"),
    [
        ("almodovar", ["Pedro Almodóvar"]),
        ("deniro", ["Robert De Niro"]),
        ("de niro", ["Robert De Niro"]),
        ("niro", ["Robert De Niro"]),
        ("o brien", ["Conan O'Brien"]),
        ("obrien", ["Conan O'Brien"]),
        ("van damme", ["Jean-Claude Van Damme"]),
        ("eastwood", ["Clint Eastwood", "Scott Eastwood"]),
        ("madonna", ["Madonna"]),
    ],
)
def test_a_surname_is_found_for_all_who_have_it_and_is_no_full_name(typed, names):
    assert (names, False) in find(typed)
    assert PEOPLE.is_known(typed.split())


@pytest.mark.parametrize("typed", ["robert", "ho", "clint", "the", "de", ""])
def test_a_first_name_or_a_short_end_is_nobody(typed):
    assert find(typed) == []


@pytest.mark.parametrize(
    ("typed", "names"),
    [
        ("movies with penelpe cruz", ["Penélope Cruz"]),
        ("clint eastwod", ["Clint Eastwood"]),
        ("clint eastwood", []),  # nothing to correct
        ("robot bride", []),
    ],
)
def test_a_misspelt_name_is_found_where_a_word_is_strange(typed, names):
    known = frozenset(["movies", "with", "robot", "bride", "clint"])
    found = PEOPLE.correct(typed.split(), known)
    assert [name for _, _, meant, _ in found for name in meant] == names


def test_who_directs_is_told_apart():
    assert PEOPLE.directors == {"Pedro Almodóvar", "Clint Eastwood", "Bong Joon-ho"}


def test_movies_without_people_name_nobody():
    nobody = People(pl.DataFrame({"directors": [[]], "cast": [[]]}, schema=MOVIES.schema))
    assert list(nobody.find(["clint", "eastwood"])) == []
    assert list(nobody.correct(["clint", "eastwood"], frozenset())) == []


@given(st.lists(st.sampled_from(["de", "niro", "robert", "s", "madonna", "x", "o"]), max_size=9))
def test_each_name_that_is_found_lies_within_the_words(words):
    for start, end, names, _ in PEOPLE.find(words):
        assert 0 <= start < end <= len(words)
        assert names
