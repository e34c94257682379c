"""From the files that people are handed to a frame of ratings or wishes."""

import codecs
import io
import json
import zipfile

import polars as pl
import pytest

from notebooks.recommender.exports import read_ratings, read_watchlist

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


def make_zip(files, packed=zipfile.ZIP_DEFLATED):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", packed) as archive:
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


def ratings(df):
    return dict(df.select("title", "rating").iter_rows())


def test_letterboxd_ratings_are_doubled_and_titles_keep_commas_and_quotes(read):
    df = read("ratings.csv", LETTERBOXD)
    schema = {
        "title": pl.String,
        "original_title": pl.String,
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


@pytest.mark.parametrize("later", ["", '2024-01-11,"Monsters, Inc.",2001,https://boxd.it/b,3.5\n'])
def test_a_quote_that_is_never_closed_costs_no_row_and_is_told(read, later):
    rows = "".join(f"2024-01-10,Film {i},1999,u{i},4\n" for i in range(100))
    with pytest.warns(UserWarning, match=r"quotes in ratings.csv are not closed"):
        df = read("ratings.csv", LETTERBOXD + '2024-01-10,"Heat,1995,u,4\n' + rows + later)
    rated = {"Heat": 8} | {f"Film {i}": 8 for i in range(100)}
    assert ratings(df) == ratings(read("clean.csv", LETTERBOXD)) | rated


def test_one_byte_that_is_not_utf_8_changes_no_other_line(read):
    content = LETTERBOXD.encode() + "2024-01-10,Léon,1994,https://boxd.it/z,4\n".encode("cp1252")
    assert ratings(read("ratings.csv", content)) == ratings(read("c.csv", LETTERBOXD)) | {"Léon": 8}


ITALIAN = """Const,Your Rating,Date Rated,Title,Original Title,URL,Title Type,IMDb Rating,Year
tt0120815,9,2024-01-06,Salvate il soldato Ryan,Saving Private Ryan,u,Film,8.6,1998
tt0903747,10,2024-01-06,Breaking Bad,Breaking Bad,u,{},9.5,2008
"""


@pytest.mark.parametrize(
    "kind",
    [
        "TV Mini Series",
        "Serie TV",
        "Fernsehserie",
        "Série de TV",
        "Minissérie",
        "Episodio TV",
        "Folge",
        "Épisode télévisé",
        "Videogioco",
        "Videojuego",
        "Videospiel",
        "Jeu vidéo",
        "Podcast",
    ],
)
def test_imdb_in_another_language_gives_both_titles_and_movies_only(read, kind):
    df = read("ratings.csv", ITALIAN.format(kind))
    assert df.select("title", "original_title", "rating").rows() == [
        ("Salvate il soldato Ryan", "Saving Private Ryan", 9)
    ]


def test_what_letterboxd_imports_and_what_is_written_from_here_is_read_again(read, tmp_path):
    taste = 'tmdbID,Title,Year,Rating10\n348,Alien,1979,4\n585,"Monsters, Inc.",2001,\n'
    df = read("taste.csv", taste)
    assert df.select("id", "title", "rating").rows() == [
        ("348", "Alien", 4),
        ("585", "Monsters, Inc.", None),
    ]
    df.write_csv(tmp_path / "ours.csv")
    assert read_ratings(tmp_path / "ours.csv").equals(df)
    df.drop("rating").write_csv(tmp_path / "answers.csv")
    assert read_watchlist(tmp_path / "answers.csv").equals(df.drop("rating"))


@pytest.mark.parametrize(
    ("best", "given", "rating"), [(5, "4.5", 9), (5, "4,5", 9), (10, "9", 9), (100, "90", 9)]
)
@pytest.mark.parametrize("header", ["Title;Year;Rating", "Film;Year;My Rating", "NAME;YEAR;STARS"])
def test_of_a_plain_table_the_highest_rating_tells_the_scale_and_that_is_said(
    read, header, best, given, rating
):
    with pytest.warns(UserWarning, match=f"ratings in mine.csv count as ratings out of {best}"):
        df = read("mine.csv", f"{header}\nAlien;1979;{given}\nHeat;1995;1\n")
    assert ratings(df) == {"Alien": rating, "Heat": 10 / best}


LIST = """Letterboxd list export v7
Date,Name,Tags,URL,Description
2024-01-01,Best,,https://boxd.it/l,"two
lines, and more"

Position,Name,Year,URL,Description
1,Ran,1985,https://boxd.it/1,
"""
TRAKT_ODD = [{"rating": 7, "movie": {"title": "Odd", "ids": ids}} for ids in ([1], "x", None)]


@pytest.mark.parametrize(
    ("name", "content", "wanted"),
    [
        ("watchlist.csv", WANTED, ["Solaris"]),
        ("best.csv", LIST, ["Ran"]),
        ("WATCHLIST.csv", "\n".join(f"Position,{line}" for line in IMDB.splitlines()), None),
        ("OLD.csv", OLD_IMDB.replace(",4,1979", ",,1979"), ["Alien", "Amélie"]),
        ("watchlist.json", TRAKT_WANTED + TRAKT_SHOWS, ["Ran"]),
        (
            "me.zip",
            {"ratings.csv": LETTERBOXD, "watchlist.csv": WANTED, "l/a.csv": LIST},
            ["Solaris"],
        ),
        ("me.zip", {"ratings.csv": LETTERBOXD, "lists/a.csv": LIST}, ["Ran"]),
        ("me.zip", {"ratings-movies.json": TRAKT, "lists-watchlist.json": TRAKT_WANTED}, ["Ran"]),
    ],
)
def test_a_watchlist_or_a_list_tells_what_one_means_to_see(tmp_path, name, content, wanted):
    content = make_zip(content) if isinstance(content, dict) else content
    content = json.dumps(content) if isinstance(content, list) else content
    (tmp_path / name).write_bytes(content if isinstance(content, bytes) else content.encode())
    df = read_watchlist(tmp_path / name)
    assert df["title"].to_list() == (wanted or ["Alien", "Monsters, Inc.", "Amélie"])
    assert "rating" not in df.columns


def test_ratings_are_no_watchlist(read, tmp_path):
    read("ratings.csv", LETTERBOXD)
    with pytest.raises(ValueError, match="no movie that one wants to see"):
        read_watchlist(tmp_path / "ratings.csv")


def test_a_list_of_imdb_tells_what_was_rated_and_not_what_is_only_wanted(read):
    rows = [f"Position,{line}" for line in IMDB.replace("tt0078748,4", "tt0078748,").splitlines()]
    assert ratings(read("WATCHLIST.csv", "\n".join(rows))) == {"Monsters, Inc.": 5, "Amélie": 9}


def test_a_trakt_file_with_ids_that_are_no_table_is_read(read):
    assert ratings(read("ratings-movies.json", TRAKT_ODD)) == {"Odd": 7}


def test_a_path_may_have_the_quotes_that_windows_copies(read, tmp_path):
    df = read("ratings.csv", LETTERBOXD)
    assert read_ratings(f'"{tmp_path / "ratings.csv"}"').equals(df)


def test_one_byte_that_is_not_utf_8_changes_no_other_letter(read):
    rated = '[{"rating": 9, "movie": {"title": "Amélie", "ids": {"tmdb": 194}}}, {"rating": 8, '
    rated += '"movie": {"title": "Heat?", "ids": {"tmdb": 949}}}]'
    df = read("ratings-movies.json", rated.encode().replace(b"?", b"\xe9"))
    assert df["title"].to_list() == ["Amélie", "Heaté"]


def test_a_file_in_a_zip_may_be_named_in_capitals(read):
    assert len(read("export.zip", make_zip({"Ratings.CSV": LETTERBOXD.encode()}))) > 0


@pytest.mark.parametrize("path", [None, ["ratings.csv"], io.StringIO(LETTERBOXD), 7])
def test_what_is_no_path_is_a_value_error(path):
    with pytest.raises(ValueError, match="path must be the path of a file"):
        read_ratings(path)


@pytest.mark.parametrize("packed", [zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_a_damaged_zip_of_any_packing_is_a_value_error(read, packed):
    content = bytearray(make_zip({"ratings.csv": LETTERBOXD * 99}, packed))
    content[60:160] = bytes(byte ^ 0x5A for byte in content[60:160])
    with pytest.raises(ValueError, match="cannot be unpacked"):
        read("damaged.zip", bytes(content))


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("ratings.csv", "", "no ratings in a form"),
        ("ratings.csv", "\n \n", "no ratings in a form"),
        ("ratings.csv", LETTERBOXD.splitlines()[0], "no movie that one rated or saw"),
        ("watchlist.csv", WANTED, "a watchlist"),
        ("watchlist-me-2024.csv", WANTED, "a watchlist"),
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
        (
            "long.zip",
            make_zip({"ratings.csv": LETTERBOXD + "a,b\n" * 2_600_000}),
            "5,000,000 cells",
        ),
        ("rows.csv", LETTERBOXD + "a,b\n" * 200_000, "200,000 rows"),
        ("wide.csv", "a," * 100_000 + "\n1\n", "no ratings in a form"),
        (
            "many.zip",
            make_zip(dict.fromkeys(map("{}.csv".format, range(10_001)), "")),
            "10,000 files",
        ),
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
