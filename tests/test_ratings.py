"""From what people name, type or rated to movies of a collection."""

import json
import re
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from tmdb_server import make_movie

import main
from main import (
    add_movies,
    find_similar,
    list_movies,
    prep_movies,
    read_ratings,
    recommend,
)
from notebooks.recommender import collection as collection_room

# Private names of ours that are used here: the answers of `recommend` show neither what was matched
# nor in what order.
from notebooks.recommender import profile
from notebooks.recommender.profile import find_named, find_profile


def resolve(collection, names):
    return find_named(collection, names=names)["id"].to_list()


def match(collection, ratings):
    return find_named(collection, names=ratings).select("id", "rating")


@pytest.fixture(scope="module")
def movies(catalogue):
    """
    The embedded catalogue. Names have nothing to do with embeddings, so that
    any will do.
    """
    collection = main.get_collection(main.get_client(), "movies-with-names")
    facts = catalogue.select("title", pl.col("year").cast(int), "vote_count").to_dicts()
    vectors = np.random.default_rng(0).normal(size=(len(catalogue), 384))
    collection.add(
        ids=catalogue["id"].to_list(),
        embeddings=vectors,
        metadatas=facts,
        documents=catalogue["text"].to_list(),
    )
    yield collection
    main.get_client().delete_collection(collection.name)


def test_the_example_that_ships_is_read_and_found_without_a_warning(movies):
    df = read_ratings(Path(main.__file__).parent / "notebooks" / "example_ratings.csv")
    assert match(movies, df).height == df.height == 15


# --- Matching ------------------------------------------------------------------------------------


def fill(collection, *movies):
    """Store movies of (id, title, year)."""
    rows = [
        make_movie(id, title=title, release_date=f"{year}-06-01" if year else "")
        for id, title, year in movies
    ]
    add_movies(collection, prep_movies(rows), column="title")
    return collection


def frame(*rows):
    """Ratings of (title, year, id, rating)."""
    return pl.DataFrame(
        [(*row[:3], None, row[3]) for row in rows],
        schema={
            **dict.fromkeys(("title", "year", "id", "imdb_id"), pl.String),
            "rating": pl.Float64,
        },
        orient="row",
    )


@pytest.mark.parametrize(
    ("row", "id"),
    [
        (("Whatever", None, "1", 5), "1"),
        (("THE THING", "1982", None, 5), "1"),
        (("The Thing", "2011", None, 5), "2"),
        (("The Thing", "2012", None, 5), "2"),  # a year off by one
        (("Thing", "1982", None, 5), "1"),
        (("Kill Bill Volume 1", "2003", None, 5), "4"),
        (("Star Wars: Episode IV - A New Hope", "1977", None, 5), "5"),
        (("Heat", None, None, 5), "6"),
        (("Undated", "1990", None, 5), "9"),
        (("The Thing", None, None, 5), None),  # not guessed
        (("The Thing", "1995", None, 5), None),
        (("Pinocchio", "2022", None, 5), None),  # two of them
        (("Alien", "1979", "999", 5), None),  # an id that is not here is another movie
        (("Alien: Covenant", "2017", None, 5), None),
    ],
)
@pytest.mark.parametrize("others", [[], [("Heat", "1995", None, 3.0)]])
def test_a_rating_is_matched_by_id_or_title_and_year_and_never_guessed(things, row, id, others):
    if row[0] == "Heat":
        others = []
    if id:
        assert match(things, frame(row, *others)).filter(
            pl.col("id") != ("6" if others else "")
        ).rows() == [(id, 5.0)]
    else:
        with pytest.warns(
            UserWarning, match=f"1 of {1 + len(others)} movies are not in .*{row[0]}"
        ):
            assert match(things, frame(row, *others)).height == len(others)


@pytest.fixture(scope="module")
def things():
    collection = main.get_collection(main.get_client(), "things")
    fill(
        collection,
        (1, "The Thing", 1982),
        (2, "The Thing", 2011),
        (4, "Kill Bill: Vol. 1", 2003),
        (5, "Star Wars", 1977),
        (6, "Heat", 1995),
        (7, "Pinocchio", 2022),
        (8, "Pinocchio", 2022),
        (9, "Undated", None),
        (10, "Alien", 1979),
        (11, "Star Wars: The Clone Wars", 2008),
    )
    yield collection
    main.get_client().delete_collection("things")


def test_each_movie_is_matched_once_and_the_better_fit_wins(things):
    df = frame(
        ("Heat", "1996", None, 1),
        ("Heat", "1995", None, 9),
        ("Alien", None, "10", None),
        ("Alien", None, "10", 7),
    )
    with pytest.warns(UserWarning, match=r"1 of 4 .*Heat \(1996\)"):
        assert match(things, df).rows() == [("6", 9.0), ("10", 7.0)]


def test_two_ratings_that_fit_one_movie_equally_well_are_not_guessed(things):
    with pytest.warns(UserWarning, match="2 of 2"):
        assert match(things, frame(("Heat", "1995", None, 1), ("Heat", "1995", None, 9))).is_empty()


# --- Names ---------------------------------------------------------------------------------------


def test_what_names_no_movie_or_several_is_told_at_once_with_lines_to_paste(movies):
    with pytest.raises(ValueError, match="King Kong") as caught:
        resolve(movies, ["king kong", "Alien", "Toy Stroy 7", "Qwertyuiop", 10**9])
    told = str(caught.value)
    for line in (
        '"244",  # King Kong (1933)',
        '"254",  # King Kong (2005)',
        '"863",  # Toy Story 2 (1999)',
    ):
        assert f"    {line}" in told.splitlines()
        assert resolve(movies, json.loads(line.partition(",")[0]))
    for name in (
        "2 movies are called 'king kong'",
        "no movie here is called 'Toy Stroy 7'",
        "no movie here is called 'Qwertyuiop'",
        "no movie here is called '1000000000'",
    ):
        assert name in told
    assert "'Alien'" not in told


def test_text_that_is_an_id_is_an_id_first_and_a_title_if_no_movie_has_it(collection):
    fill(collection, (1911, "Thesis", 1996), (7, "1911", 2011), (8, "1912", 2012))
    assert resolve(collection, ["1911", 1911, "1912", "1911 (2011)"]) == ["1911", "8", "7"]
    with pytest.raises(ValueError, match="no movie here is called '1912'"):
        resolve(collection, 1912)


@pytest.mark.parametrize(
    "ids",
    [
        np.int64(348),
        np.array([348]),
        pl.Series([348]),
        pl.Series(["348"]),
        {348},
        ("348",),
        iter([" 348 "]),
    ],
)
def test_ids_come_as_any_whole_number_or_text(movies, ids):
    assert resolve(movies, ids) == ["348"]


@pytest.mark.parametrize(
    "name",
    [
        True,
        [False],
        None,
        [None],
        348.5,
        float("nan"),
        b"Alien",
        {"id": 348},
        [{"id": 348}],
        [["348"]],
    ],
)
def test_a_name_of_another_type_is_a_value_error(movies, name):
    with pytest.raises(ValueError, match="by its id or its title"):
        resolve(movies, name)


def test_a_frame_names_movies_by_its_ids_or_by_title_and_year(movies):
    answers = find_similar(movies, "space", n=3)
    assert resolve(movies, answers) == answers["id"].to_list()
    assert resolve(movies, list_movies(movies).head(2)) == movies.get(limit=2)["ids"]
    rows = frame(("Alien", "1979", None, 5.0), ("Monsters, Inc.", "2001", None, 3.5))
    assert resolve(movies, rows) == ["348", "585"]
    with pytest.raises(ValueError, match="'id' or 'title'"):
        resolve(movies, pl.DataFrame({"name": ["Alien"]}))


def test_from_a_file_to_recommendations_in_one_line(movies, tmp_path):
    header = "Date,Name,Year,Letterboxd URI,Rating\n"
    rows = ["Alien,1979,a,5", '"Monsters, Inc.",2001,b,3.5', '"The ""Other"" Movie",1986,c,1']
    rows = "".join(f"2024-01-06,{row}\n" for row in [*rows, "Amélie,,d,4"])
    (tmp_path / "ratings.csv").write_text(header + rows, encoding="utf-8")
    with pytest.warns(UserWarning, match=r'1 of 4 .*: The "Other" Movie \(1986\)$'):
        answers = recommend(movies, read_ratings(tmp_path / "ratings.csv"))
    assert not {"Alien", "Monsters, Inc.", "Amélie"} & set(answers["title"])


def test_answers_can_be_liked_as_they_are(movies):
    answers = find_similar(movies, "space", n=3)
    assert not set(recommend(movies, answers)["id"]) & set(answers["id"])


@pytest.mark.parametrize(
    ("names", "reads"),
    [(["348", 679], 0), (["Alien", "Aliens"], 0), (["alien", "aliens", "heat", "UP", "348"], 1)],
)
def test_a_collection_is_read_whole_at_most_once_and_not_at_all_for_ids_and_exact_titles(
    movies, monkeypatch, names, reads
):
    calls = []

    def get_facts(collection, ids=None):
        calls.extend([1] * (ids is None))
        return collection_room.get_facts(collection, ids)

    monkeypatch.setattr(profile, "get_facts", get_facts)
    resolve(movies, names)
    assert len(calls) == reads


def test_what_is_given_has_a_role_and_a_weight_and_what_is_liked_comes_first(things):
    rows = frame(
        ("Alien", None, "10", 2.0), ("Heat", None, "6", 9.0), ("Star Wars", "1977", None, None)
    )
    given = find_profile(things, rows, disliked=["1", "10"], seen=["2", "6"])
    assert given.rows() == [
        ("6", "liked", 3.5),
        ("1", "disliked", -1.0),
        ("10", "disliked", -1.0),
        ("5", "seen", 0.0),
        ("2", "seen", 0.0),
    ]
    same = frame(("Alien", None, "10", 3.0), ("Heat", None, "6", 3.0))
    assert find_profile(things, same)["weight"].to_list() == [1, 1]
    with pytest.raises(ValueError, match="liked and disliked: id 6"):
        find_profile(things, rows, disliked="Heat")
    assert find_profile(things).is_empty()


def test_ratings_that_are_all_missing_point_to_seen(things):
    seen = frame(("Alien", None, "10", None), ("Heat", None, "6", None))
    for rating in (seen["rating"], pl.Series([None, None]), pl.Series(["good", ""])):
        with pytest.raises(ValueError, match=r"none of the 2 movies in liked has a rating.*seen="):
            recommend(things, seen.with_columns(rating=rating))
    assert set(recommend(things, "1", seen=seen)["id"]).isdisjoint({"6", "10"})


def test_what_is_unclear_in_any_role_is_told_at_once(things):
    with pytest.raises(ValueError, match=r"(?s)'Pinocchio'.*'Xlxlein'"):
        recommend(things, "Heat", disliked="Pinocchio", seen=["Xlxlein"])


def test_more_ids_and_names_than_a_database_takes_at_once_are_found_or_told(things):
    ids = [str(id) for id in range(1, 33_001)]
    rows = pl.DataFrame({"id": ids})
    with pytest.warns(UserWarning, match=r"32990 of 33000 movies are not in .*, \.\.\.$"):
        assert len(resolve(things, rows)) == 10
    with pytest.raises(ValueError, match="and 32,980 more names") as caught:
        resolve(things, [f"Qwertyuiop {id}" for id in ids])
    assert len(str(caught.value)) < 5_000


@pytest.mark.parametrize(
    ("typed", "title"),
    [
        ("Goodfelas", "GoodFellas"),
        ("goodfelas (1990)", "GoodFellas"),
        ("Godfahter", "The Godfather"),
        ("Incpetion", "Inception"),
        ("Before Sunrse", "Before Sunrise"),
        ("Kil Bill vol. 1", "Kill Bill: Vol. 1"),
        ("Schindlers Lits", "Schindler's List"),
    ],
)
def test_the_one_movie_that_a_misspelt_title_means_is_taken_with_a_warning(movies, typed, title):
    with pytest.warns(UserWarning, match=re.escape(f"{typed!r} is read as {title} (")) as caught:
        [id] = resolve(movies, [typed])
    assert movies.get(ids=[id])["metadatas"][0]["title"] == title
    assert len(caught) == 1


def test_a_misspelt_title_is_taken_in_each_role_and_warned_of_at_the_callers_line(texts):
    with pytest.warns(UserWarning, match="GoodFellas") as caught:
        answers = recommend(texts, "Goodfelas", disliked="Monsters Icn.", n=5)
    assert [warning.filename for warning in caught] == [__file__]
    assert answers.equals(recommend(texts, "GoodFellas", disliked="Monsters, Inc.", n=5))


@pytest.mark.parametrize(
    "typed",
    ["King Knog", "Alien 9", "Toy Stroy 7", "Goodfelas (1971)", "Hart", "Qwertyuiop", "Aleins 9"],
)
def test_a_title_that_misspells_several_movies_or_none_is_a_value_error(movies, typed):
    with pytest.raises(ValueError, match="no movie here is called"):
        resolve(movies, [typed])


def test_a_row_of_a_frame_is_not_read_as_another_title(movies):
    with pytest.warns(UserWarning, match="1 of 1 movies are not in"):
        assert match(movies, frame(("Goodfelas", "1990", None, 5))).is_empty()
