"""From the files that people are handed to a frame of ratings or wishes."""

import codecs
import io
import json
import os
import socket
import zipfile

import polars as pl
import pytest

from notebooks.recommender.exports import read_ratings, read_watchlist
from notebooks.recommender.titles import read_names

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
TRAKT_HEARTS = [
    {"rank": 1, "listed_at": "2024-01-02T10:00:00.000Z", "type": "movie", "movie": movie}
    for movie in (trakt("Alien", 1979, tmdb=348), trakt("Up", 2009, tmdb=14160))
]
TRAKT_SHOWS = [
    {"rated_at": "2024-01-02T10:00:00.000Z", "rating": 9, "type": "show", "show": {"title": "Dark"}}
]


TRAKT_CSV = """rated_at,type,title,year,trakt_rating,trakt_id,imdb_id,tmdb_id,season_number,rating
2024-01-02T10:00:00Z,movie,Alien,1979,8.1,295,tt0078748,348,,4
2024-01-02T10:00:00Z,show,The Sopranos,1999,9.1,1389,tt0141842,1398,,10
2024-01-02T10:00:00Z,season,The Sopranos,1999,9.1,1389,tt0141842,1398,1,10
2024-01-02T10:00:00Z,episode,The Sopranos,1999,9.1,1389,tt0141842,1398,1,10
2024-01-02T10:00:00Z,movie,Heat,1995,8.1,949,tt0113277,949,,
"""
TMDB = """TMDb ID,IMDb ID,Type,Name,Release Date,Season Number,Episode Number,Rating,Your Rating,Date Rated
348,tt0078748,movie,Alien,1979-05-25T00:00:00Z,,,8.2,4.0,2024-01-02T10:00:00Z
1398,tt0141842,tv,The Sopranos,1999-01-10T00:00:00Z,,,8.7,10.0,2024-01-02T10:00:00Z
585,tt0198781,movie,"Monsters, Inc.",2001-11-01T00:00:00Z,,,7.9,,2024-01-02T10:00:00Z
"""
SIMKL = """SIMKL_ID,Title,Type,Year,Watchlist,LastEpWatched,WatchedDate,Rating,Memo,TVDB,TMDB,IMDB
1,Alien,movie,1979,completed,,02/01/2024 10:00,4,,,348,tt0078748
2,Heat,movie,1995,dropped,,02/01/2024 10:00,,,,949,tt0113277
3,Ran,movie,1985,plantowatch,,,,,,11645,tt0089881
4,The Sopranos,tv,1999,completed,s6e21,02/01/2024 10:00,10,,75299,1398,tt0141842
5,Cowboy Bebop,anime,1998,completed,26,02/01/2024 10:00,10,,76885,30991,tt0213338
"""
PEOPLE = """Position,Const,Created,Modified,Description,Name,Known For,Birth Date
1,nm0000244,2024-01-06,2024-01-06,,Sigourney Weaver,Alien,1949-10-08
"""


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


def test_an_open_quote_parts_no_title_at_a_letter_that_only_python_takes_for_a_line(read):
    with pytest.warns(UserWarning, match="quotes in ratings.csv are not closed"):
        df = read("ratings.csv", LETTERBOXD + '1,"Heat,1995,u,4\n2,Up\x0b\x85\u2028!,2009,v,4\n')
    assert {"Heat": 8, "Up\x0b\x85\u2028!": 8}.items() <= ratings(df).items()


def test_one_byte_that_is_not_utf_8_changes_no_other_line(read):
    content = LETTERBOXD.encode() + "2024-01-10,Léon,1994,https://boxd.it/z,4\n".encode("cp1252")
    assert ratings(read("ratings.csv", content)) == ratings(read("c.csv", LETTERBOXD)) | {"Léon": 8}


ITALIAN = """Const,Your Rating,Date Rated,Title,Original Title,URL,Title Type,IMDb Rating,Year
tt0120815,9,2024-01-06,Salvate il soldato Ryan,Saving Private Ryan,u,Film,8.6,1998
tt0903747,10,2024-01-06,Breaking Bad,Breaking Bad,u,{},9.5,2008
"""


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        ("trakt.csv", TRAKT_CSV, {"348": 4, "949": None}),
        ("ratings.csv", TMDB, {"348": 4}),
        ("simkl.csv", SIMKL, {"348": 4, "949": None}),
    ],
)
@pytest.mark.parametrize(
    "dirty",
    [
        str,
        lambda text: text.replace(",", ";").replace("Monsters; Inc.", "Monsters, Inc."),
        lambda text: make_zip({"export/a.csv": text}),
        lambda text: pl.read_csv(text.encode(), infer_schema=False)[:, ::-1].write_csv(),
    ],
    ids=["as it is", "semicolons", "zip", "other order"],
)
def test_of_trakts_tmdbs_and_simkls_tables_movies_count_and_no_shows_or_wishes(
    read, dirty, name, content, expected
):
    assert dict(read(name, dirty(content)).select("id", "rating").iter_rows()) == expected


@pytest.mark.parametrize(
    ("columns", "expected"),
    [
        ("tmdbID,Title,Rating10,Rating", [("949", 9), ("348", 8), ("11645", None)]),
        ("tmdbID,Title,Rating,Rating10", [("949", 9), ("348", 10), ("11645", None)]),
    ],
)
def test_of_letterboxds_two_columns_of_ratings_the_other_counts_where_one_is_empty(
    read, columns, expected
):
    rows = ["949,Heat,,4.5", "348,Alien,8,5", "11645,Ran,,"]
    if columns.endswith("10"):
        rows = ["949,Heat,4.5,", "348,Alien,4,10", "11645,Ran,,"]
    df = read("import.csv", "\n".join([columns, *rows]))
    assert df.select("id", "rating").rows() == expected


def test_a_favourite_of_trakt_is_a_heart_and_a_list_called_favourites_is_none(read):
    assert ratings(read("favorites.json", TRAKT_HEARTS)) == {"Alien": 8, "Up": 8}
    csv = TRAKT_CSV.replace("rated_at", "listed_at")
    assert ratings(read("favourites.csv", csv)) == {"Alien": 4, "Heat": 8}
    files = {"ratings-movies.json": TRAKT, "lists-favorites.json": TRAKT_HEARTS}
    hearts = {"Alien": 9, "Heat": 5, "Up": 8}
    assert ratings(read("trakt.zip", make_zip(files))) == hearts
    files = {"ratings-movies.json": TRAKT, "lists-list-7-favorites.json": TRAKT_HEARTS}
    assert ratings(read("trakt.zip", make_zip(files))) == {"Alien": 9, "Heat": 5}


@pytest.mark.parametrize(
    "header",
    [
        "userRating",
        "user_rating",
        "User-Rating",
        "USER RATING",
        "myRating",
        "My_Score",
        "ratingValue",
    ],
)
def test_a_column_is_known_however_its_words_are_joined(read, header):
    with pytest.warns(UserWarning, match="out of 10"):
        df = read("mine.csv", f"tmdb-id,movieTitle,release_year,{header}\n949,Heat,1995,9\n")
    assert df.select("id", "title", "year", "rating").rows() == [("949", "Heat", "1995", 9)]
    assert ratings(read("imdb.csv", f"Const,Title,{header}\ntt0113277,Heat,4\n")) == {"Heat": 4}


def test_a_column_that_may_hold_what_others_gave_is_no_id(read):
    table = "Title,Year,TMDB,IMDB,Rating10\nHeat,1995,8,8.3,9\n"
    assert read("mine.csv", table).rows() == [("Heat", None, "1995", None, None, 9)]


def test_a_person_among_the_rows_is_no_movie(read, tmp_path):
    (tmp_path / "list.csv").write_text(PEOPLE + "2,tt0078748,,,,Alien,,\n")
    assert read_watchlist(tmp_path / "list.csv")["title"].to_list() == ["Alien"]
    assert len(read("ratings.csv", IMDB.replace("tt0078748", "nm0078748"))) == 2


@pytest.mark.parametrize(
    "kind",
    [
        *("Movie", "Film", "Feature Film", "tvMovie", "TV-Movie", "TV Special", "tvShort", "Short"),
        *("Video", "Documentary", "Musical", "Spielfilm", "Fernsehfilm", "Kurzfilm", "Musikfilm"),
        *("Episodenfilm", "Fernsehspecial", "Película", "Película de TV", "Cortometraje", "Corto"),
        *("Vídeo", "Filme", "Curta-metragem", "Especial de TV", "Film per la TV", "Speciale TV"),
        *(
            "Cortometraggio",
            "Long métrage",
            "Court métrage",
            "Téléfilm",
            "Vidéo",
            "Émission spéciale",
        ),
        *("फ़िल्म", "मूवी", "शॉर्ट", "MOVIE", "movie ", "Peli\u0301cula", ""),
    ],
)
def test_each_kind_of_movie_counts_whatever_the_language_of_the_page(read, kind):
    assert len(read("ratings.csv", ITALIAN.format(kind))) == 2


def test_what_is_of_an_unknown_kind_is_left_out_and_told(read):
    with pytest.warns(UserWarning, match="1 rows .* are left out: Breaking Bad of kind Gedicht$"):
        assert len(read("ratings.csv", ITALIAN.format("Gedicht"))) == 1


@pytest.mark.parametrize(
    "kind",
    [
        *(
            "tv",
            "TV Series",
            "tvMiniSeries",
            "show",
            "season",
            "anime",
            "game",
            "book",
            "Audiobook",
        ),
        *("Music Video", "musicVideo", "Video musicale", "Clip vidéo", "Podcast Episode", "Buch"),
        *("Short Story", "Kurzserie", "Filmserie", "Webserie", "Livre", "Comic", "person", "Musik"),
        *("टीवी सीरीज़", "वीडियो गेम"),
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
        ("watchlist.csv", TMDB, ["Alien", "Monsters, Inc."]),
        ("mine.csv", TMDB, ["Monsters, Inc."]),
        ("simkl.csv", SIMKL, ["Ran"]),
        ("lists-watchlist.json", [{"movie": trakt("Ran")}], ["Ran"]),
        ("watchlist-2.csv", TRAKT_CSV, ["Alien", "Heat"]),
        ("list.csv", TRAKT_CSV.replace("rated_at", "listed_at"), ["Heat"]),
        (
            "me.zip",
            {
                "ratings.csv": LETTERBOXD,
                "lists/old-watchlist-2020.csv": LIST,
                "lists/watchlist.csv": LIST,
                "lists/watchlist-2020.csv": SEEN,
                "watchlist.csv": WANTED,
            },
            ["Solaris"],
        ),
        (
            "trakt.zip",
            {
                "me/lists/watchlist.json": TRAKT_WANTED,
                "me/lists/lists-list-1-old-watchlist.json": TRAKT_HEARTS,
                "me/lists/favorites.json": TRAKT_HEARTS,
            },
            ["Ran"],
        ),
        (
            "tmdb.zip",
            {"ratings.csv": TMDB, "watchlist.csv": TMDB.replace(",4.0,", ",,")},
            ["Alien", "Monsters, Inc."],
        ),
        (
            "imdb.zip",
            {"WATCHLIST.csv": "const,title\ntt0113277,Heat\n", "list.csv": "const,title\ntt1,Up"},
            ["Heat"],
        ),
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
        ("my old watchlist.csv", WANTED, "a watchlist"),
        ("watchlist.csv", TMDB.replace(",4.0,", ",,"), "a watchlist"),
        ("simkl.csv", "\n".join([*SIMKL.splitlines()[:1], *SIMKL.splitlines()[3:]]), "a watchlist"),
        ("watchlist.csv", "Title,Year,Rating\nHeat,1995,\n", "a watchlist"),
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
            "rows.zip",
            make_zip({f"{n}.csv": LETTERBOXD + "a,b,c\n" * 70_000 for n in range(3)}),
            "rows.zip holds 200,000 rows",
        ),
        (
            "cells.zip",
            make_zip({f"{n}.csv": "Title,Rating\n" + "a,1\n" * 190_000 for n in range(14)}),
            "cells.zip holds more than 5,000,000 cells",
        ),
        (
            "nested.zip",
            make_zip({f"{n}.zip": make_zip({"a.json": "[{}" + ",{}" * 600_000}) for n in "abcde"}),
            "nested.zip holds more than 5,000,000 cells",
        ),
        (
            "long.zip",
            make_zip({"ratings.csv": LETTERBOXD + "a,b\n" * 2_600_000}),
            "5,000,000 cells",
        ),
        ("rows.csv", LETTERBOXD + "a,b\n" * 200_000, "200,000 rows"),
        ("wide.csv", ("a," * 1_000_000 + "\n") * 4, "no ratings in a form"),
        ("people.csv", PEOPLE, "no movie that one rated or saw"),
        ("books.csv", "Title,Type,Rating10\nDune,Book,9\n", "no movie that one rated or saw"),
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


@pytest.mark.parametrize(
    "path",
    ["~nobodyhere/x.csv", "x" * 5_000 + ".csv", "ratings.csv/x.csv", "x\0.csv", "\ud800.csv"],
)
def test_a_path_where_no_file_can_be_is_a_file_that_is_not_there(read, tmp_path, monkeypatch, path):
    read("ratings.csv", LETTERBOXD)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(FileNotFoundError, match="there is no file") as caught:
        read_ratings(path)
    assert len(str(caught.value)) < 1_000


def test_a_file_may_be_in_ones_home(read, tmp_path, monkeypatch):
    df = read("ratings.csv", LETTERBOXD)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    assert read_ratings("~/ratings.csv").equals(df)


@pytest.mark.skipif(os.name == "nt", reason="Windows has none of these")
@pytest.mark.parametrize("kind", ["pipe", "socket", "device"])
def test_what_is_no_file_is_told_by_its_name(tmp_path, monkeypatch, kind):
    monkeypatch.chdir(tmp_path)  # a socket's path may have some hundred letters
    path = "/dev/null" if kind == "device" else "it"
    if kind == "pipe":
        os.mkfifo(path)
    with socket.socket(socket.AF_UNIX) as server:
        if kind == "socket":
            server.bind(path)
        with pytest.raises(ValueError, match=f"{path} is a {kind}. Save what it gives"):
            read_ratings(path)


def test_nothing_of_a_zip_is_written(read, tmp_path):
    assert read("evil.zip", make_zip({"../../evil.csv": LETTERBOXD})).height == 4
    assert [path.name for path in tmp_path.iterdir()] == ["evil.zip"]
    assert not (tmp_path.parent / "evil.csv").exists()


def test_a_frame_that_was_read_by_hand_is_refused_with_a_word_of_read_ratings():
    for column in ("Title", "Name", "tmdbId"):
        with pytest.raises(ValueError, match=f"'id' or 'title'.*{column}.*read_ratings"):
            read_names(pl.DataFrame({column: ["Alien"]}))
