"""What a question is read as: facts, a movie to be like, a wish, what is unwanted."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notebooks.recommender.facts import join_filters
from notebooks.recommender.question import read_question
from notebooks.recommender.words import expand_genres


@pytest.mark.parametrize(
    "typed",
    [
        "the french connection",
        "the italian job",
        "the danish girl",
        "the spanish prisoner",
        "an american in paris",
        "midnight in paris",
        "1917",
        "1984",
        "super 8",
        "blade runner 2049",
        "2001 a space odyssey",
        "class of 1984",
        "No Country for Old Men",
        "not another teen movie",
        "the good the bad and the ugly",
        "short circuit",
        "the 40 year old virgin",
        "i like turtles",
        "like",
        "under 99999 minutes",
    ],
)
def test_a_title_is_read_as_a_text_and_nothing_else(typed):
    asked = read_question(typed)
    assert asked.text == typed
    assert (asked.like, asked.wish, asked.unwanted, asked.facts) == (None, None, None, ())


def between(first, last):
    return {"$and": [{"year": {"$gte": first}}, {"year": {"$lte": last}}]}


@pytest.mark.parametrize(
    ("typed", "text", "where", "told"),
    [
        ("80s horror", "horror", between(1980, 1989), "from the 1980s"),
        ("80's horror", "horror", between(1980, 1989), "from the 1980s"),
        ("films from the nineties", "films", between(1990, 1999), "from the 1990s"),
        ("late 90s thriller", "thriller", between(1995, 1999), "from the late 1990s"),
        ("early 2000s comedy", "comedy", between(2000, 2003), "from the early 2000s"),
        ("10s romance", "romance", between(2010, 2019), "from the 2010s"),
        ("crime from 1990 to 1995", "crime", between(1990, 1995), "from 1990 to 1995"),
        ("crime 1995-1990", "crime", between(1990, 1995), "from 1990 to 1995"),
        ("films before 1960", "films", {"year": {"$lt": 1960}}, "from before 1960"),
        ("films since 2010", "films", {"year": {"$gte": 2010}}, "from 2010 or later"),
        ("films after 2015", "films", {"year": {"$gte": 2016}}, "from 2016 or later"),
        ("korean thriller", "thriller", {"original_language": {"$in": ["ko"]}}, "Korean"),
        ("french films", "films", {"original_language": {"$in": ["fr"]}}, "French"),
        ("bollywood", "bollywood", {"original_language": {"$in": ["hi"]}}, "in Hindi"),
        ("comedies under 90 minutes", "comedies", {"runtime": {"$lt": 90}}, "under 90 minutes"),
        ("war under two hours", "war", {"runtime": {"$lt": 120}}, "under 120 minutes"),
        ("war under 1.5 hours", "war", {"runtime": {"$lt": 90}}, "under 90 minutes"),
        ("war over two and a half hours", "war", {"runtime": {"$gt": 150}}, "over 150 minutes"),
        ("war under an hour and a half", "war", {"runtime": {"$lt": 90}}, "under 90 minutes"),
        ("war not over two hours", "war", {"runtime": {"$lte": 120}}, "not over 120 minutes"),
        (
            "war no longer than 2 hours",
            "war",
            {"runtime": {"$lte": 120}},
            "not longer than 120 minutes",
        ),
        (
            "films not in english",
            "films not in english",
            {"original_language": {"$nin": ["en"]}},
            "not English",
        ),
        (
            "non-english thriller",
            "thriller",
            {"original_language": {"$nin": ["en"]}},
            "not English",
        ),
        ("no korean thriller", "thriller", {"original_language": {"$nin": ["ko"]}}, "not Korean"),
        ("war not before 1990", "war", {"year": {"$gte": 1990}}, "not from before 1990"),
        ("war not from 1990", "war", {"year": {"$ne": 1990}}, "not from 1990"),
        ("war of 90 minutes or less", "war", {"runtime": {"$lte": 90}}, "at most 90 minutes"),
        ("short film about love", "film about love", {"runtime": {"$lte": 95}}, "short"),
        ("mexican thriller", "thriller", {"original_language": {"$in": ["es"]}}, "in Spanish"),
        ("chinese action", "action", {"original_language": {"$in": ["cn", "zh"]}}, "Chinese"),
        ("movies in korean", "movies in korean", {"original_language": {"$in": ["ko"]}}, "Korean"),
    ],
)
@pytest.mark.parametrize("change", [str, str.title, str.upper])
def test_a_fact_is_read_in_any_case_and_taken_out_of_the_text(typed, text, where, told, change):
    asked = read_question(change(typed))
    assert asked.text.lower() == text
    assert [(fact.where, fact.told) for fact in asked.facts] == [(where, told)]


def test_the_opposite_of_years_is_before_or_after_them():
    [fact] = read_question("comedy not from the 80s").facts
    assert fact.where == {"$or": [{"year": {"$lt": 1980}}, {"year": {"$gt": 1989}}]}
    assert fact.told == "not from the 1980s"


@pytest.mark.parametrize(
    "typed",
    [
        "western in the 1800s",
        "vampires of the 1890s",
        "a woman in her forties falls in love",
        "a man has less than 24 hours to live",
        "movies set in the 1920s",
        "a film set in 1917",
        "avengers in hindi",
    ],
)
def test_when_and_where_a_story_plays_and_how_old_somebody_is_stays_text(typed):
    assert read_question(typed).facts == ()
    assert read_question(typed).text == typed


def test_several_facts_are_read_of_one_question():
    asked = read_question("french comedies from the 60s under two hours")
    assert [fact.told for fact in asked.facts] == ["from the 1960s", "French", "under 120 minutes"]
    assert asked.text == "comedies"


@pytest.mark.parametrize(
    ("typed", "like", "wish"),
    [
        ("like alien but funny", "alien but funny", None),  # where the title ends, titles tell
        ("something like the matrix", "the matrix", None),
        ("movies similar to Heat", "Heat", None),
        ("godzilla but friendly", "godzilla", "friendly"),
    ],
)
def test_a_movie_to_be_like_is_read_with_a_wish(typed, like, wish):
    asked = read_question(typed)
    assert (asked.like, asked.wish) == (like, wish)
    assert asked.text == typed  # where no movie has that title


@pytest.mark.parametrize(
    ("typed", "text", "unwanted"),
    [
        ("scary without much blood", "scary", "much blood"),
        ("a film that is not too scary", "a film", "scary"),
        ("funny but not stupid", "funny", "stupid"),
        ("a school of magic but not at hogwarts", "a school of magic", "hogwarts"),
        ("space, no aliens, with robots", "space , with robots", "aliens"),
        ("space movies with no aliens", "space movies", "aliens"),
        ("a thriller that has no violence", "a thriller", "violence"),
        ("bruce willis movies except die hard", "bruce willis movies", "die hard"),
        ("No superheroes please", "No superheroes please", "superheroes"),
        ("nothing scary", "nothing scary", "scary"),
        ("i don't want horror", "i don't want horror", "horror"),
    ],
)
def test_what_is_unwanted_is_taken_out_of_the_text(typed, text, unwanted):
    asked = read_question(typed)
    assert (asked.text, asked.unwanted) == (text, unwanted)


@pytest.mark.parametrize(
    "typed",
    [
        "movie where a man has no memory",
        "the man with no name",
        "guy who finds out his friend is not real",
        "movie that does not end well",
        "no country for old men full movie",
    ],
)
def test_what_somebody_in_a_story_lacks_stays_text(typed):
    assert read_question(typed).unwanted is None
    assert read_question(typed).text == typed


pieces = ["like", "but", "not", "no", "without", "late 80s", "the NINETIES", "Under two hours"]
pieces += ["and a half", "from 1960", "to", "Korean", "french film", ",", "'", "99999999999", "İ"]


@given(st.text() | st.lists(st.sampled_from(pieces), max_size=8).map(" ".join))
def test_any_text_is_read_and_leaves_a_text_for_the_model(typed):
    asked = read_question(typed)
    assert bool(asked.text.strip()) == bool(typed.strip())
    assert all(fact.told and fact.where for fact in asked.facts)


def test_genres_are_known_by_what_people_call_them():
    assert expand_genres("sci fi with robots").split()[-2:] == ["science", "fiction"]
    assert {"comedy", "romance"} <= set(expand_genres("rom com").split())
    assert expand_genres("a heist") == "a heist"


def test_filters_are_joined_flat_and_none_is_no_filter():
    a, b = {"year": 1999}, {"runtime": {"$lt": 90}}
    assert join_filters() is None
    assert join_filters(None, {}) is None
    assert join_filters(a, None) == a
    assert join_filters({"$and": [a, b]}, a) == {"$and": [a, b, a]}
    assert join_filters({"$or": [a, b]}, a) == {"$and": [{"$or": [a, b]}, a]}
