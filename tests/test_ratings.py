"""From titles, ids and people's own ratings to movies of the collection."""

import codecs
import io
import json
import unicodedata
import zipfile
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tmdb_server import make_movie, send

import main
from main import (
    add_movies,
    find_similar,
    list_movies,
    load_sample_movies,
    prep_movies,
    read_ratings,
    recommend,
)

# Private names of ours that are used here: `recommend` names movies by `_resolve` and ratings by
# `_match_ratings`, and its answers show neither what was matched nor in what order.
resolve, match = main._resolve, main._match_ratings

MOVIES = load_sample_movies()

LETTERBOXD = """Date,Name,Year,Letterboxd URI,Rating
2024-01-06,Alien,1979,https://boxd.it/a,5
2024-01-07,"Monsters, Inc.",2001,https://boxd.it/b,3.5
2024-01-08,"The ""Other"" Movie",1986,https://boxd.it/c,0.5
2024-01-09,Amélie,,https://boxd.it/d,4
"""
DIARY = """Date,Name,Year,Letterboxd URI,Rating,Rewatch,Tags,Watched Date
2024-03-01,Alien,1979,https://boxd.it/e,5,Yes,,2024-03-01
2023-01-01,Alien,1979,https://boxd.it/f,3,,,2023-01-01
2024-05-01,Alien,1979,https://boxd.it/g,,Yes,,2024-05-01
2023-02-01,Heat,1995,https://boxd.it/h,,,,2023-02-01
"""
REVIEWS = """Date,Name,Year,Letterboxd URI,Rating,Rewatch,Review,Tags,Watched Date
2024-03-01,Alien,1979,https://boxd.it/e,4.5,Yes,"Space.

No one ""hears"", you scream.",,2024-03-01
"""
SEEN = "Date,Name,Year,Letterboxd URI\n2024-01-06,Alien,1979,https://boxd.it/a\n2024-01-06,Heat,1995,https://boxd.it/i\n"
LIKES = "Date,Name,Year,Letterboxd URI\n2024-01-06,Alien,1979,https://boxd.it/a\n2024-01-06,Up,2009,https://boxd.it/j\n"
WANTED = "Date,Name,Year,Letterboxd URI\n2024-01-06,Solaris,1972,https://boxd.it/k\n"
IMDB = """Const,Your Rating,Date Rated,Title,Original Title,URL,Title Type,IMDb Rating,Runtime (mins),Year,Genres
tt0078748,4,2024-01-06,Alien,Alien,https://www.imdb.com/title/tt0078748,Movie,8.5,117,1979,Horror
tt0198781,5,2024-01-06,"Monsters, Inc.","Monsters, Inc.",https://x,movie,8.1,92,2001,Animation
tt0903747,10,2024-01-06,Breaking Bad,Breaking Bad,https://x,TV Series,9.5,45,2008,Crime
tt0959621,10,2024-01-06,Breaking Bad: Pilot,Pilot,https://x,TV Episode,9.0,58,2008,Crime
tt5814060,9,2024-01-06,Alien: Isolation,Alien: Isolation,https://x,Video Game,9.0,,2014,Horror
tt0211915,9,2024-01-06,Amélie,Le fabuleux destin d'Amélie Poulain,https://x,Movie,8.3,122,2001,Comedy
"""
OLD_IMDB = """position,const,created,Title,Title type,You rated,Year,"Release Date (month/day/year)"
1,tt0078748,Sat Jan  3 00:00:00 2015,Alien,Feature Movie,4,1979,1979-05-25
2,tt0211915,Sat Jan  3 00:00:00 2015,Amélie,Feature Movie,9,2001,2001-04-25
3,tt0078748,Mon Feb  3 00:00:00 2014,Alien,Feature Movie,8,1979,1979-05-25
"""


def trakt(title, year=1999, **ids):
    return {
        "title": title,
        "year": year,
        "ids": {"trakt": hash(title) % 999, "slug": "x", "imdb": None} | ids,
    }


TRAKT = [
    {
        "rated_at": "2024-01-02T10:00:00.000Z",
        "rating": 9,
        "type": "movie",
        "movie": trakt("Alien", 1979, tmdb=348),
    },
    {
        "rated_at": "2024-01-01T10:00:00.000Z",
        "rating": 2,
        "type": "movie",
        "movie": trakt("Alien", 1979, tmdb=348),
    },
    {
        "rated_at": "2024-01-03T10:00:00.000Z",
        "rating": 5,
        "type": "movie",
        "movie": trakt("Heat", None, tmdb=None),
    },
]
TRAKT_SEEN = [
    {
        "plays": 2,
        "last_watched_at": "2024-01-02T10:00:00.000Z",
        "movie": trakt("Up", 2009, tmdb=14160),
    }
]
TRAKT_WANTED = [
    {
        "rank": 1,
        "listed_at": "2024-01-02T10:00:00.000Z",
        "type": "movie",
        "movie": trakt("Ran", tmdb=11645),
    }
]
TRAKT_SHOWS = [
    {"rated_at": "2024-01-02T10:00:00.000Z", "rating": 9, "type": "show", "show": {"title": "Dark"}}
]


def make_zip(files):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(
                name, content if isinstance(content, str | bytes) else json.dumps(content)
            )
    return buffer.getvalue()


@pytest.fixture
def read(tmp_path):
    """Write a file and read the ratings in it."""

    def read(name, content):
        path = tmp_path / name
        if not isinstance(content, str | bytes):
            content = json.dumps(content)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return read_ratings(path)

    return read


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


def ratings(df):
    return dict(df.select("title", "rating").iter_rows())


# --- Exports -------------------------------------------------------------------------------------


def test_letterboxd_ratings_are_doubled_and_titles_keep_commas_and_quotes(read):
    df = read("ratings.csv", LETTERBOXD)
    schema = {
        "title": pl.String,
        "year": pl.String,
        "id": pl.String,
        "imdb_id": pl.String,
        "rating": pl.Float64,
    }
    assert dict(df.schema) == schema
    assert ratings(df) == {"Alien": 10, "Monsters, Inc.": 7, 'The "Other" Movie': 1, "Amélie": 8}
    assert df["year"].to_list() == ["1979", "2001", "1986", None]
    assert df["id"].is_null().all()


def test_imdb_ratings_are_told_by_their_columns_and_hold_movies_only(read):
    df = read("ratings.csv", IMDB)
    assert ratings(df) == {"Alien": 4, "Monsters, Inc.": 5, "Amélie": 9}
    assert df["imdb_id"].to_list() == ["tt0078748", "tt0198781", "tt0211915"]


@pytest.mark.parametrize("encoding", ["latin-1", "cp1252", "utf-8"])
def test_an_old_file_of_imdb_is_read_and_its_newest_rating_counts(read, encoding):
    assert ratings(read("ratings.csv", OLD_IMDB.encode(encoding))) == {"Alien": 4, "Amélie": 9}


def test_trakt_ratings_have_ids_and_the_newest_counts_wherever_it_stands(read):
    df = read("ratings-movies.json", TRAKT)
    assert df.select("title", "year", "id", "rating").rows() == [
        ("Alien", "1979", "348", 9),
        ("Heat", None, None, 5),
    ]


@pytest.mark.parametrize(
    "dirty",
    [
        lambda text: codecs.BOM_UTF8 + text.encode(),
        lambda text: text.replace("\n", "\r\n").encode(),
        lambda text: text.encode("utf-16"),
        lambda text: ("\n" + text + "\n,,,,\n\n").encode(),
        lambda text: (
            text.replace(",", ";")
            .replace("Monsters; Inc.", "Monsters, Inc.")
            .replace("3.5", "3,5")
            .encode()
        ),
        lambda text: text.replace(",", "\t").replace("Monsters\t Inc.", "Monsters, Inc.").encode(),
        lambda text: text.replace("2024-01-06", "06.01.2024").encode("cp1252"),
        lambda text: make_zip({"letterboxd/ratings.csv": text}),
        lambda text: make_zip({"inner.zip": make_zip({"ratings.csv": text})}),
    ],
    ids=[
        "bom",
        "windows",
        "utf-16",
        "blank-lines",
        "semicolons",
        "tabs",
        "dates",
        "zip",
        "zip-in-zip",
    ],
)
@pytest.mark.parametrize("name", ["ratings.csv", "my ratings (1).txt"])
def test_what_spreadsheets_and_browsers_do_to_a_file_changes_nothing(read, dirty, name):
    clean = read("clean.csv", LETTERBOXD)
    assert read(name, dirty(LETTERBOXD)).equals(clean)


@pytest.mark.parametrize("content", [DIARY, DIARY.replace("\n", "\r\n")])
def test_of_a_diary_the_newest_rating_counts_and_an_unrated_movie_is_seen(read, content):
    assert ratings(read("diary.csv", content)) == {"Alien": 10, "Heat": None}


def test_a_review_may_span_lines(read):
    assert ratings(read("reviews.csv", REVIEWS)) == {"Alien": 9}


def test_a_letterboxd_zip_tells_what_was_rated_seen_and_liked_and_not_what_is_wanted_or_deleted(
    read,
):
    files = {
        "profile.csv": "Date Joined,Username\n2020-01-01,me\n",
        "watchlist.csv": WANTED,
        "diary.csv": DIARY,
        "watched.csv": SEEN,
        "likes/films.csv": LIKES,
        "deleted/diary.csv": DIARY.replace("Heat", "Deleted"),
        "lists/best.csv": "Letterboxd list export v7\nDate,Name\n2024-01-01,Best\n\nPosition,Name,Year,URL\n1,Ran",
        "ratings.csv": LETTERBOXD.replace(
            "Alien,1979,https://boxd.it/a,5", "Alien,1979,https://boxd.it/a,4.5"
        ),
        "__MACOSX/._ratings.csv": b"\x00\x05\x16\x07" * 30,
    }
    rated = {"Alien": 9, "Monsters, Inc.": 7, 'The "Other" Movie': 1, "Amélie": 8}
    assert ratings(read("letterboxd-me-2024-utc.zip", make_zip(files))) == rated | {
        "Heat": None,
        "Up": 8,
    }


@pytest.mark.parametrize("folder", ["", "me/ratings/"])
def test_a_trakt_zip_tells_what_was_rated_and_seen_and_not_what_is_wanted(read, folder):
    files = {
        "ratings-movies": TRAKT,
        "ratings-shows": TRAKT_SHOWS,
        "watched-movies-1": TRAKT_SEEN,
        "wanted": TRAKT_WANTED,
    }
    content = make_zip({f"{folder}{name}.json": items for name, items in files.items()})
    assert ratings(read("trakt.zip", content)) == {"Alien": 9, "Heat": 5, "Up": None}


@pytest.mark.parametrize("link", ["", "https://boxd.it/same", "https://boxd.it/other{}"])
def test_files_of_one_zip_tell_of_one_movie_whatever_their_links(read, link):
    rated = f"Date,Name,Year,Letterboxd URI,Rating\n2024-01-06,Alien,1979,{link.format(1)},4\n"
    seen = "".join(
        f"2024-01-06,{title},{link.format(2)}\n" for title in ("Alien,1979", "Heat,1995")
    )
    files = {"watched.csv": "Date,Name,Year,Letterboxd URI\n" + seen, "ratings.csv": rated}
    assert sorted(read("export.zip", make_zip(files)).select("title", "rating").rows()) == [
        ("Alien", 8),
        ("Heat", None),
    ]


def test_two_movies_of_one_title_and_year_stay_two(read):
    df = read("ratings.csv", LETTERBOXD + "2024-01-10,Alien,1979,https://boxd.it/z,1\n")
    assert sorted(df.filter(title="Alien")["rating"]) == [2, 10]


def test_rows_that_cannot_be_used_are_counted_and_named(read):
    rows = [
        ",,https://boxd.it/x,3",
        "Heat,1995,https://boxd.it/y,six",
        "Up,2009,https://boxd.it/z,6",
    ]
    with (
        pytest.warns(UserWarning, match=r"1 rows of ratings.csv name no movie .*: None rated 3$"),
        pytest.warns(
            UserWarning, match=r"2 rows of .* cannot be read: Heat rated six, Up rated 6$"
        ),
    ):
        df = read("ratings.csv", LETTERBOXD + "".join(f"2024-01-10,{row}\n" for row in rows))
    assert ratings(df) == ratings(read("clean.csv", LETTERBOXD)) | {"Heat": None, "Up": None}


def test_a_quote_that_is_never_closed_does_not_pass_in_silence(read):
    with pytest.warns(UserWarning, match=r"1 rows of ratings.csv name no movie"):
        df = read("ratings.csv", LETTERBOXD + '2024-01-10,"Heat,1995,u,4\n2024-01-10,Up,2009,u,4\n')
    assert df.equals(read("clean.csv", LETTERBOXD))


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("ratings.csv", "", "no ratings in a form"),
        ("ratings.csv", "\n \n", "no ratings in a form"),
        ("ratings.csv", LETTERBOXD.splitlines()[0], "no movie that one rated or saw"),
        ("watchlist.csv", WANTED, "a watchlist"),
        ("watchlist-me-2024.csv", WANTED, "a watchlist"),
        (
            "WATCHLIST.csv",
            "\n".join(f"Position,{line}" for line in IMDB.splitlines()),
            "a watchlist",
        ),
        ("watchlist.json", TRAKT_WANTED, "a watchlist"),
        ("ratings-shows.json", TRAKT_SHOWS, "no movie that one rated or saw"),
        ("movies.csv", "movieId,title,genres\n1,Toy Story (1995),Comedy\n", "no ratings in a form"),
        ("films.json", [{"id": 1}], "no ratings in a form"),
        ("ratings-movies.json", json.dumps(TRAKT)[:-9], "half a file"),
        ("ratings-movies.json", "[" * 100_000, "half a file"),
        ("picture.png", b"\x89PNG\r\n\x1a\n\x00\x00" + bytes(range(256)), "no ratings in a form"),
        ("broken.zip", make_zip({"ratings.csv": LETTERBOXD})[:-30], "cannot be unpacked"),
        ("other.zip", make_zip({"readme.txt": "hello"}), "no ratings in a form"),
        ("bomb.zip", make_zip({"ratings.csv": bytes(101 * 2**20)}), "more than 100 MiB"),
    ],
)
def test_a_file_of_another_kind_is_a_value_error_that_says_what_is_read(read, name, content, words):
    with pytest.raises(ValueError, match=f"{words}(?s:.*)Letterboxd.*IMDb.*Trakt"):
        read(name, content)


def test_a_folder_and_a_missing_file_are_named(tmp_path):
    with pytest.raises(ValueError, match=tmp_path.name):
        read_ratings(tmp_path)
    with pytest.raises(FileNotFoundError, match=r"no-such\.csv"):
        read_ratings(str(tmp_path / "no-such.csv"))


def test_nothing_of_a_zip_is_written(read, tmp_path):
    assert read("evil.zip", make_zip({"../../evil.csv": LETTERBOXD})).height == 4
    assert [path.name for path in tmp_path.iterdir()] == ["evil.zip"]
    assert not (tmp_path.parent / "evil.csv").exists()


def test_the_example_that_ships_is_read_and_found_but_for_one(movies):
    df = read_ratings(Path(main.__file__).parent / "notebooks" / "example_ratings.csv")
    assert df.height == 15
    with pytest.warns(
        UserWarning, match=r"1 of 15 rated movies are not in .*: Beau Travail \(1999\)$"
    ):
        assert match(movies, df).height == 14


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
            UserWarning, match=f"1 of {1 + len(others)} rated movies are not in .*{row[0]}"
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


def imdb_frame():
    return frame(("Der weiße Hai", "1975", None, 9), ("Heat", "1995", None, 8)).with_columns(
        imdb_id=pl.Series(["tt1", "tt2"])
    )


def test_with_a_key_tmdb_tells_which_movie_an_imdb_id_is(tmdb, collection):
    fill(collection, (578, "Jaws", 1975), (949, "Heat", 1995))
    tmdb.requests.clear()
    find = {"movie_results": [make_movie(578)], "tv_results": []}
    tmdb.faults = dict.fromkeys(range(1, 9), lambda handler: send(handler, 200, find))
    assert match(collection, imdb_frame()).rows() == [("578", 9.0), ("949", 8.0)]
    # Only the movie that title and year do not tell is asked for.
    assert [(path, query["external_source"]) for path, query, _ in tmdb.requests] == [
        ("/3/find/tt1", "imdb_id")
    ]


def test_when_tmdb_cannot_be_asked_the_others_are_matched_and_that_is_said(tmdb, collection):
    fill(collection, (578, "Jaws", 1975), (949, "Heat", 1995))
    tmdb.requests.clear()
    tmdb.faults = dict.fromkeys(range(1, 9), lambda handler: send(handler, 401, {}))
    with (
        pytest.warns(UserWarning, match="by title and year alone"),
        pytest.warns(UserWarning, match=r"1 of 2 .*Der weiße Hai \(1975\)"),
    ):
        assert match(collection, imdb_frame()).rows() == [("949", 8.0)]


# --- Names ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "title"),
    [
        ("Amelie", "Amélie"),
        ("WALL-E", "WALL·E"),
        ("walle", "WALL·E"),
        ("Schindler's List", "Schindler's List"),
        ("Schindler\u2019s List", "Schindler's List"),
        ("schindlers list", "Schindler's List"),
        ("the godfather ", "The Godfather"),
        ("Godfather", "The Godfather"),
        ("Godfather, The", "The Godfather"),
        ("The  Godfather  Part 2", "The Godfather: Part II"),
        ("Rocky 2", "Rocky II"),
        ("Alien 3", "Alien³"),
        ("8 1/2", "8½"),
        ("spider man", "Spider-Man"),
        ("V for vendetta", "V for Vendetta"),
        ("Mr and Mrs Smith", "Mr. & Mrs. Smith"),
        ("Fast and Furious", "Fast & Furious"),
        ("The Fast & the Furious", "The Fast and the Furious"),
        ("Kill Bill 2", "Kill Bill: Vol. 2"),
        ("Ocean's 11", "Ocean's Eleven"),
        ("12 Monkeys", "Twelve Monkeys"),
        ("Seven", "Se7en"),
        ("Terminator 2", "Terminator 2: Judgment Day"),
        ("Birdman", "Birdman or (The Unexpected Virtue of Ignorance)"),
        (
            "Doctor Strangelove",
            "Dr. Strangelove or: How I Learned to Stop Worrying and Love the Bomb",
        ),
        ("Leon", "Léon: The Professional"),
        ("Fellowship of the Ring", "The Lord of the Rings: The Fellowship of the Ring"),
        ("Lord of the Rings: Return of the King", "The Lord of the Rings: The Return of the King"),
        ("Star Wars", "Star Wars"),
        ("Blade Runner 2049", "Blade Runner 2049"),
        ("Psycho (1960)", "Psycho"),
        ("1917", "1917"),
        ("1917 (2019)", "1917"),
    ],
)
def test_people_write_a_title_in_their_own_way(movies, name, title):
    (id,) = resolve(movies, name)
    assert movies.get(ids=[id])["metadatas"][0]["title"] == title


@pytest.mark.parametrize(
    "name",
    ["King Kong (2005)", "king kong 2005", "King Kong, 2005", "King Kong [2005]", "254", 254],
)
def test_a_year_or_an_id_decides_between_movies_of_one_title(movies, name):
    assert resolve(movies, [name, name]) == ["254"]


def test_what_names_no_movie_or_several_is_told_at_once_with_lines_to_paste(movies):
    with pytest.raises(ValueError, match="King Kong") as caught:
        resolve(movies, ["king kong", "Alien", "Toy Stroy", "Qwertyuiop", 10**9])
    told = str(caught.value)
    for line in (
        '"244",  # King Kong (1933)',
        '"254",  # King Kong (2005)',
        '"862",  # Toy Story (1995)',
    ):
        assert f"    {line}" in told.splitlines()
        assert resolve(movies, json.loads(line.partition(",")[0]))
    for name in (
        "2 movies are called 'king kong'",
        "no movie here is called 'Toy Stroy'",
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
    "name", [True, [False], None, [None], 348.0, b"Alien", {"id": 348}, [{"id": 348}], [["348"]]]
)
def test_a_name_of_another_type_is_a_value_error(movies, name):
    with pytest.raises(ValueError, match="by its id or its title"):
        resolve(movies, name)


def test_a_frame_names_movies_by_its_ids_or_by_title_and_year(movies, read):
    answers = find_similar(movies, "space", n=3)
    assert resolve(movies, answers) == answers["id"].to_list()
    assert resolve(movies, list_movies(movies).head(2)) == movies.get(limit=2)["ids"]
    assert resolve(movies, read("ratings.csv", LETTERBOXD).head(2)) == ["348", "585"]
    with pytest.raises(ValueError, match="'id' or 'title'"):
        resolve(movies, pl.DataFrame({"name": ["Alien"]}))


def test_from_a_file_to_recommendations_in_one_line(movies, tmp_path):
    (tmp_path / "ratings.csv").write_text(LETTERBOXD, encoding="utf-8")
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
    monkeypatch.setattr(
        main, "list_movies", lambda collection: calls.append(1) or list_movies(collection)
    )
    resolve(movies, names)
    assert len(calls) == reads


@settings(max_examples=60)
@given(
    movie=st.sampled_from(MOVIES),
    with_year=st.booleans(),
    change=st.sampled_from(
        [
            str,
            str.upper,
            str.lower,
            lambda name: f"  {name} ",
            lambda name: name.replace("'", "\u2019"),
            lambda name: name.replace("-", " ").replace(":", ""),
            lambda name: name.replace("&", "and"),
            lambda name: "".join(
                c for c in unicodedata.normalize("NFD", name) if not unicodedata.combining(c)
            ),
        ]
    ),
)
def test_each_title_shown_names_its_movie_in_any_spelling_or_lists_it(
    movies, movie, with_year, change
):
    name = change(
        f"{movie['title']} ({movie['release_date'][:4]})" if with_year else movie["title"]
    )
    try:
        (id,) = resolve(movies, [name])
        told = f'"{id}",  # by its name'
    except ValueError as error:
        told = str(error)
    assert f'"{movie["id"]}",  #' in told
