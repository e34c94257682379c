"""What is understood as a fact, and which facts are a choice."""

import re

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from notebooks.recommender.facts import Fact, Way, find_facts, join_facts
from notebooks.recommender.filters import to_expr

PIECES = str.split(
    "80s 1999 the nineties early before after pre or later under at most 90 minutes 2 hours and a "
    "half korean french from japan in spanish movie films for my 6 year old kids short , set in"
)


def tell(row):
    """Tell the longest fact of a row."""
    found = max(find_facts(row), key=lambda it: it[1] - it[0], default=None)
    return [way.told for way in found[2].ways] if found else []


@pytest.mark.parametrize(
    ("row", "where", "told"),
    [
        ("70s crime", {"$and": [{"year": {"$gte": 1970}}, {"year": {"$lte": 1979}}]}, "the 1970s"),
        ("late 90s drama", {"$and": [{"year": {"$gte": 1995}}, {"year": {"$lte": 1999}}]}, "late"),
        ("war before the 60s", {"year": {"$lte": 1959}}, "from before the 1960s"),
        ("pre 1960s noir", {"year": {"$lte": 1959}}, "from before the 1960s"),
        ("post 2010 horror", {"year": {"$gte": 2011}}, "from 2011 or later"),
        ("films older than 1950", {"year": {"$lte": 1949}}, "from before 1950"),
        ("noir up to 1958", {"year": {"$lte": 1958}}, "from 1958 or before"),
        ("noir 1958 and earlier", {"year": {"$lte": 1958}}, "from 1958 or before"),
        ("drama from 2012 onwards", {"year": {"$gte": 2012}}, "from 2012 or later"),
        ("drama 2012 or later", {"year": {"$gte": 2012}}, "from 2012 or later"),
        ("drama since the 90s", {"year": {"$gte": 1990}}, "from 1990 or later"),
        ("drama after the 90s", {"year": {"$gte": 2000}}, "from 2000 or later"),
        ("films from 1972", {"year": 1972}, "from 1972"),
        ("crime under 100 minutes", {"runtime": {"$lt": 100}}, "under 100 minutes"),
        ("crime max 100 min", {"runtime": {"$lte": 100}}, "at most 100 minutes"),
        ("crime of 100 minutes or less", {"runtime": {"$lte": 100}}, "at most 100 minutes"),
        ("epic at least 3 hours", {"runtime": {"$gte": 180}}, "at least 180 minutes"),
        ("war under 1 point 5 hours", {"runtime": {"$lt": 90}}, "under 90 minutes"),
        ("war over two and a half hours", {"runtime": {"$gt": 150}}, "over 150 minutes"),
        ("comedy under 1 h 30 m", {"runtime": {"$lt": 90}}, "under 90 minutes"),
        ("short film", {"runtime": {"$lte": 95}}, "short"),
        ("danish crime", {"original_language": {"$in": ["da"]}}, "Danish"),
        ("movies in german", {"original_language": {"$in": ["de"]}}, "German"),
        ("brazilian drama", {"countries": {"$contains": "BR"}}, "from Brazil"),
        ("australian horror", {"countries": {"$contains": "AU"}}, "from Australia"),
        ("films in black and white", {"keywords": {"$contains": "black and white"}}, "black and"),
        ("films from norway", {"countries": {"$contains": "NO"}}, "from Norway"),
        ("from the uk", {"countries": {"$contains": "GB"}}, "from the UK"),
    ],
)
def test_a_fact_is_understood_as_a_filter_and_told(row, where, told):
    longest = max(find_facts(row), key=lambda it: it[1] - it[0])[2]
    assert longest.where == where
    assert told in longest.ways[0].told


@pytest.mark.parametrize(
    ("row", "told"),
    [
        ("war movie , 1 h 45 m", ["about 105"]),
        ("horror between 80 and 100 minutes", ["from 80 to 100"]),
        ("crime between 1990 and 1980", ["from 1980 to 1990"]),
    ],
)
def test_a_range_holds_both_of_its_ends_in_any_order(row, told):
    assert [way.removesuffix(" minutes") for way in tell(row)] == told


@pytest.mark.parametrize(
    "row",
    [
        "a widow in her forties",
        "cowboys in the 1860s",
        "a thief has less than 24 hours to live",
        "the german soldier",
        "the russian spy",
        "the korean zombie comes home",
        "spanish civil war",
        "american indian war movie",
        "french revolution",
        "a man who fights for his family",
        "stranger from japan",
        "a summer of 1942",
        "90 minutes in heaven",
        "a black and white cat",
        "under 99999 minutes",
    ],
)
def test_what_tells_of_the_story_is_no_fact(row):
    assert tell(row) == []


@pytest.mark.parametrize("row", ["russian spy thriller", "the russian spy thriller"])
def test_a_nation_beside_a_film_about_somebody_is_the_films(row):
    assert tell(row) == ["Russian"]


@pytest.mark.parametrize("row", ["for my 8 year old", "for six 11 year olds", "for kids"])
def test_a_child_gets_horror_only_of_the_family_kind(row):
    movies = pl.DataFrame(
        [
            ("PG", 1999, ["Horror"]),
            ("PG-13", 1999, ["Horror"]),
            ("PG-13", 1999, ["Thriller"]),
            ("PG", 1982, ["Horror"]),
            ("R", 1999, ["Family"]),
            ("PG", 1999, ["Horror", "Family"]),
            ("G", 1955, ["Family"]),
        ],
        ["certification", "year", "genres"],
        orient="row",
    )
    fact = max(find_facts(row), key=lambda it: it[1] - it[0])[2]
    assert movies.filter(to_expr(fact.where))["year"].to_list() == [1999, 1955]


@pytest.mark.parametrize(
    ("row", "rated"),
    [
        ("for a 5 year old", ["G", "PG"]),
        ("for my 7 and 12 year olds", ["G", "PG"]),
        ("my 11 year old daughter", ["G", "PG", "PG-13"]),
        ("suitable for toddlers", ["G", "PG"]),
        ("kid friendly", ["G", "PG"]),
        ("a comedy for the whole family", ["G", "PG", "PG-13"]),
        ("something for teenagers", ["G", "PG", "PG-13"]),
        ("to watch with grandpa", ["G", "PG", "PG-13"]),
        ("for grown ups", ["PG-13", "R", "NC-17"]),
    ],
)
def test_who_watches_along_is_told_as_certifications(row, rated):
    assert tell(row) == [f"rated {rating}" for rating in rated]


def make(kind, *names, **more):
    return Fact(kind, tuple(Way({kind: name}, name) for name in names), **more)


def test_facts_of_a_kind_are_a_choice_and_those_of_two_kinds_are_not():
    facts = [make("nation", "a"), make("studio", "b"), make("nation", "c")]
    assert join_facts(facts) == (make("nation", "a", "c"), make("studio", "b"))


def test_two_people_and_two_lengths_must_both_hold():
    facts = [make("person", "a"), make("person", "b"), make("time", "c"), make("time", "d")]
    assert join_facts(facts) == tuple(facts)


def test_what_is_said_twice_counts_once():
    facts = [make("person", "a"), make("person", "a"), make("nation", "b"), make("nation", "b")]
    assert join_facts(facts) == (make("person", "a"), make("nation", "b"))


def test_what_is_not_wanted_is_no_choice_of_what_is():
    facts = [make("nation", "a"), make("nation", "b", negated=True)]
    assert join_facts(facts) == tuple(facts)


def test_years_that_limit_each_other_must_both_hold():
    since = Fact("year", (Way({"year": {"$gte": 1980}}, "since", (1980, 9999)),))
    before = Fact("year", (Way({"year": {"$lte": 1989}}, "before", (0, 1989)),))
    early = Fact("year", (Way({"year": {"$lte": 1949}}, "early", (0, 1949)),))
    assert join_facts([since, before]) == (since, before)
    assert len(join_facts([since, early])) == 1


def test_a_negation_is_the_opposite_of_each_way_and_tells_all():
    years = {"$and": [{"year": {"$gte": 1980}}, {"year": {"$lte": 1989}}]}
    fact = Fact("year", (Way(years, "80s"), Way({"year": 1999}, "1999")), negated=True)
    beyond = {"$or": [{"year": {"$lt": 1980}}, {"year": {"$gt": 1989}}]}
    assert fact.where == {"$and": [beyond, {"year": {"$ne": 1999}}]}
    assert fact.tell() == [(fact.where, "not 80s or 1999")]


@given(st.lists(st.sampled_from(PIECES), max_size=12).map(" ".join))
def test_each_fact_lies_within_words_of_its_row_and_says_what_it_is(row):
    for start, end, fact in find_facts(row):
        assert re.search(rf"(?<!\S){re.escape(row[start:end])}(?!\S)", row)
        assert fact.kind
        assert fact.where
        assert all(way.told for way in fact.ways)
        assert fact._replace(negated=True).where
