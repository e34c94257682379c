"""
Files of one's own ratings and wishes, as Letterboxd, IMDb, Trakt, TMDb and
Simkl hand them out -> a frame.
"""

from __future__ import annotations

import json
import re
import warnings
from itertools import islice
from pathlib import Path
from typing import NamedTuple

import polars as pl

from notebooks.recommender.files import MOST_ROWS, decode, split, unpack

_TEXTS = ("title", "original_title", "year", "id", "imdb_id")
RATINGS_SCHEMA = dict.fromkeys(_TEXTS, pl.String) | {"rating": pl.Float64}
_KNOWN = (
    "What can be read: Letterboxd's zip, or its ratings.csv, watched.csv, likes/films.csv, "
    "diary.csv, reviews.csv, watchlist.csv and lists; IMDb's ratings.csv, lists and watchlist; "
    "Trakt's zip, or its ratings-movies.json, watched-movies.json, favorites and watchlist; what "
    "TMDb and Simkl export as CSV; any table with the columns Title and Rating."
)
_HEART = 8.0  # what a movie counts as that one gave a heart and no stars

# What the names of files tell, folders of a zip included. An old watchlist is a list, and so is
# each in Letterboxd's folder of lists, whatever its name.
_WATCHLIST = r"^(?!.*\blists/[^/]*\.csv$)(?:.*/)?(?:lists-)?watchlist[^/]*$"
_LIST = r"\blists/[^/]*$|watchlist[^/]*$"
_FAVOURITES = r"(?:^|/)(?:(?:lists|my|trakt|tmdb)[-_ ])*favou?rites?[^/]*$"


class _Format(NamedTuple):
    # The columns that tell it, in small letters without blanks and signs; "any title" is each that
    # `_COLUMNS` has for a title.
    columns: set[str]
    rated: str  # what a row with a rating tells
    unrated: str  # and one without; in each file that is named as the watchlist it is "wanted"
    best: float | None = None  # the highest rating that can be given; None: those given tell
    file: str = ""  # what its name looks like


_LETTERBOXD = {"name", "year", "letterboxduri"}
_TMDB = {"tmdbid", "imdbid", "type", "name"}
_TRAKT = {"traktid", "type", "title"}
_FORMATS = (  # the first that fits counts
    _Format(_LETTERBOXD | {"rating", "watcheddate"}, "diary", "diary", 5),  # or reviews
    _Format(_LETTERBOXD | {"rating"}, "ratings", "watched", 5),
    # Without ratings, three files have the same columns, and only their names tell what they mean.
    _Format(_LETTERBOXD, "listed", "listed", file=_LIST),
    _Format(_LETTERBOXD, "likes", "likes", file="(?:^|/)films[^/]*$"),
    _Format(_LETTERBOXD, "watched", "watched"),
    _Format({"position", "name", "year", "url"}, "listed", "listed"),  # a list of Letterboxd's
    _Format({"const"}, "ratings", "listed", 10),  # IMDb's ratings and lists
    _Format(_TMDB, "likes", "likes", 10, _FAVOURITES),
    _Format(_TMDB, "ratings", "listed", 10),
    _Format(_TRAKT, "likes", "likes", 10, _FAVOURITES),
    _Format(_TRAKT | {"listedat"}, "ratings", "listed", 10),
    _Format(_TRAKT | {"collectedat"}, "ratings", "owned", 10),
    _Format(_TRAKT, "ratings", "watched", 10),
    _Format({"watchlist", "lastepwatched"}, "ratings", "watched", 10),  # Simkl's
    _Format({"rating10"}, "ratings", "watched", 10),  # what Letterboxd imports
    # What `read_ratings` returned, written as CSV.
    _Format({"original_title", "tmdb_id", "imdb_id", "rating"}, "ratings", "watched", 10),
    _Format({"any title", "any rating"}, "ratings", "watched"),
    _Format({"any title", "any year"}, "listed", "listed"),
)
_COLUMNS = {  # ours, and what others call them, the best first
    "movie": ("letterboxduri",),
    "title": ("title", "name", "movie", "film", "movietitle", "moviename", "filmtitle", "filmname"),
    "original_title": ("originaltitle",),
    "year": ("year", "releaseyear", "releasedate"),
    "id": ("tmdbid",),
    "imdb_id": ("const", "imdbid", "imdb", "tconst"),
    "rating": (
        *("yourrating", "yourated", "myrating", "irated", "ownrating", "personalrating"),
        *("userrating", "myscore", "yourscore", "mystars", "rating10", "rating", "ratings"),
        *("ratingvalue", "score", "stars", "userscore"),
    ),
    "stars": ("rating", "rating5"),  # Letterboxd's, beside a rating out of ten
    "date": ("daterated", "created", "ratedat", "listedat", "watchedat", "date", "watcheddate"),
    "kind": ("titletype", "type", "mediatype", "itemtype", "contenttype", "kind"),
    "status": ("watchlist", "status", "watchstatus"),
    "position": ("position",),
}
# What Simkl and others call it that a movie waits to be seen.
_PLANNED = r"(?i)^(?:plan|want|wish|watchlist|watch later|to.?watch|un(?:seen|watched)|true$|yes$)"
# Words for a kind of movie, in the languages of IMDb's pages.
_MOVIE = "(?i)" + "|".join(
    (
        *("film", "movie", "feature", "short", "v[ií]d[eé]o", "sp[eé]cial", "musical"),
        *("do[ck]umenta", "pel[ií]cula", "m[eé]tra[gj]", r"\bcort[oi]", r"\bcurta", r"\bcourt"),
        *("िल्म", "मूवी", "शॉर्ट", "वीडियो", "स्पेशल"),
    )
)
# And for what is none, even if such a word stands beside: TV Mini Series, Video Game, Music Video.
_NO_MOVIE = "(?i)" + "|".join(
    (
        *(r"s[eé]rie[ns]?\b", r"serial\b", "sitcom", "novela", r"\bsoap", r"show\b"),
        *("[eé]pis[oó]d", r"folge\b", "season", "saison", "staffel", "temporad", "stagion"),
        *("game", "gioco", "giochi", "juego", "jogo", r"\bjeux?\b", r"spiele?\b", "podcast"),
        *("book", "comic", "manga", "short story", r"\b(?:buch|libro|livro|livre|novel|roman)\b"),
        *("v[ií]d[eé]o.*m[uú]si", "m[uú]si.*v[ií]d[eé]o", r"clipe?s?\b"),
        "^(?:tv|anime|person|people|album|song|m[uú]si(?:[ck]|ca|que))$",
        *("सीरी", "एपिसोड", "गेम", "पॉडकास्ट", "म्यू", "संगीत"),
    )
)
# IMDb's dates in former years, and what spreadsheets make of dates.
_DATES = ("%a %b %d %T %Y", "%d.%m.%Y", "%m/%d/%Y")
_SCHEMA = dict.fromkeys((*_COLUMNS, "source", "listed"), pl.String) | {"best": pl.Float64}


def read_ratings(path: str | Path) -> pl.DataFrame:
    """
    Read one's own ratings, as Letterboxd, IMDb, Trakt, TMDb and Simkl hand
    them out.

    What a file is, is told by its columns: Letterboxd's `ratings.csv`,
    `diary.csv`, `reviews.csv`, `watched.csv` and `likes/films.csv`, IMDb's
    `ratings.csv`, Trakt's `ratings-movies.json`, `watched-movies.json` and
    favorites, the zips that hold them, the CSV of Trakt, TMDb and Simkl, what
    Letterboxd imports, and any table with a title and a rating. Nothing of a
    zip is written to disk.

    Parameters
    ----------
    path
        The file, or the zip as it was handed out.

    Returns
    -------
    polars.DataFrame
        One row a movie, with its newest rating. Columns `title`,
        `original_title`, `year` (str), `id` (TMDb's) and `imdb_id`, where the
        file has them, and `rating`, from 0 to 10: Letterboxd's stars count
        twice. A movie that was seen and not rated has no rating; one with a
        heart, or among the favorites of Trakt or TMDb, and not rated has 8. `recommend`
        takes the frame as it is.

        Of a file with a column of types, what is known to be a movie counts: a
        short, a video or a special, too, but no series, episode, game, book or
        person. Simkl's type `anime` may be a film or a series, and is left
        out. What stands only on a list or a watchlist was not seen.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If it is none of these files, is damaged or too large, or holds no
        movie that was rated or seen.

    Warns
    -----
    UserWarning
        If a row is of an unknown type or names no movie and is left out, a
        rating cannot be read and the movie counts as seen, or only the highest
        rating tells the scale.
    """
    df = _read_files(path)
    # Letterboxd's ratings hold the diary's.
    unseen = ["wanted", "listed", "owned"] + ["diary"] * ("ratings" in df["source"])
    df = df.filter(~pl.col("source").is_in(unseen))
    return _keep_newest(df, path, "rated or saw; a watchlist does not tell that")


def read_watchlist(path: str | Path) -> pl.DataFrame:
    """
    Read what one means to see: a watchlist or a list, as Letterboxd, IMDb,
    Trakt, TMDb and Simkl hand them out.

    Parameters
    ----------
    path
        The file, or the zip as it was handed out. Of a zip that holds the
        watchlist and other lists, an old watchlist among them, the watchlist
        counts.

    Returns
    -------
    polars.DataFrame
        One row a movie, with the columns of `read_ratings` but for `rating`.
        Errors and warnings are those of `read_ratings`.
    """
    df = _read_files(path).filter(pl.col("listed").is_in(["wanted", "listed"]))
    wanted = pl.col("listed") == "wanted"
    df = df.filter(wanted | ~wanted.any())
    return _keep_newest(df, path, "wants to see").drop("rating")


def _read_files(path: str | Path) -> pl.DataFrame:
    """Read the rows of a file, or of all files in a zip."""
    try:
        known, rows = [], 0
        for name, data in unpack(path):
            if (df := _parse(name, decode(data))) is not None:
                known.append(df)
                rows += len(df)
            if rows >= MOST_ROWS:
                raise ValueError(f"{path} holds {MOST_ROWS:,} rows or more.")
        if not known:
            raise ValueError(f"{path} holds no ratings in a form that is known here.")
    except (ValueError, FileNotFoundError) as error:
        raise type(error)(f"{error} {_KNOWN}") from error.__cause__
    return pl.concat(known)


def _parse(name: str, text: str) -> pl.DataFrame | None:
    """
    Read the rows of a file, each with what it tells as `source`, the list where
    it stands as `listed` and the rating out of ten as `number`; None if the
    file is of another kind.
    """
    df = _parse_trakt(name, text) if text.startswith("[") else _parse_table(name, text)
    if df is None:
        return None
    stars = pl.col("rating").str.replace(",", ".").cast(pl.Float64, strict=False)
    df = df.with_columns(number=stars.fill_nan(None))
    if df["best"].has_nulls():
        highest = max(df["number"].drop_nulls(), default=0.0)
        best = next((best for best in (5, 10) if highest <= best), 100)
        df = df.with_columns(best=pl.lit(best, pl.Float64))
        if highest:
            told = f"count as ratings out of {best}, for the highest is {highest:g}"
            warnings.warn(f"the ratings in {name} {told}", stacklevel=4)
    number = pl.col("number") * 10 / pl.col("best")
    return df.with_columns(number=pl.when(number.is_between(0, 10, closed="right")).then(number))


def _parse_table(name: str, text: str) -> pl.DataFrame | None:
    """Read the rows of a table."""
    lines, closed = split(text)
    rows = iter(lines)
    for header in islice(rows, 10):  # a list of Letterboxd's begins with its own name
        form, places = _read_header(name, header)
        if form:
            break
    else:
        return None
    if not closed:
        warnings.warn(
            f"quotes in {name} are not closed: each of its lines is read as a row", stacklevel=5
        )
    left = list(rows)
    cells = {
        column: [row[place] if place < len(row) else None for row in left]
        for column, place in places.items()
    }
    df = pl.DataFrame(cells, schema=dict.fromkeys(cells, pl.String))
    df = pl.concat([pl.DataFrame(schema=_SCHEMA), df], how="diagonal")
    df = df.with_columns(
        pl.col(pl.String).str.strip_chars().replace("", None), best=pl.lit(form.best, pl.Float64)
    )
    if "rating10" in form.columns:  # where one of the two columns is empty, the other counts
        out_of_five = pl.col("rating").is_null()
        df = df.with_columns(
            rating=pl.coalesce("rating", "stars"),
            best=pl.when(out_of_five).then(5.0).otherwise("best"),
        )
    wanted = re.search(_WATCHLIST, name.casefold()) is not None
    planned = pl.col("status").str.contains(_PLANNED).fill_null(False) | wanted
    unrated = pl.when(planned).then(pl.lit("wanted")).otherwise(pl.lit(form.unrated))
    rated = pl.col("rating").is_not_null()
    # IMDb's lists number their rows, and tell which of them are rated.
    return df.with_columns(
        source=pl.when(rated).then(pl.lit(form.rated)).otherwise(unrated),
        listed=pl.when(~rated | planned | pl.col("position").is_not_null()).then(unrated),
    )


def _read_header(name: str, header: list[str]) -> tuple[_Format | None, dict[str, int]]:
    """Tell the format of a table by a row that may be its header, and where its columns stand."""
    written = [cell.strip().casefold() for cell in header[:1_000]]
    if {"imdb_id", "poster_path"} & set(written):  # a frame of ours
        written = ["tmdb_id" if key == "id" else key for key in written]
    # "userRating", "user_rating" and "User rating" are one.
    keys = [re.sub(r"[\W_]+", "", key) for key in written]
    if "lastepwatched" in keys:  # in Simkl's; elsewhere "TMDb" may be what people there gave
        keys = ["tmdbid" if key == "tmdb" else key for key in keys]
    if set(keys) >= _TMDB:  # whose "Rating" is what all people gave
        keys = ["" if key == "rating" else key for key in keys]
    where = {key: place for place, key in reversed(list(enumerate(keys)))}
    places = {
        column: next(where[key] for key in names if key in where)
        for column, names in _COLUMNS.items()
        if where.keys() & set(names)
    }
    told = {*written, *keys, *(f"any {column}" for column in places)}
    fits = (f for f in _FORMATS if f.columns <= told and re.search(f.file, name.casefold()))
    return next(fits, None), places


def _parse_trakt(name: str, text: str) -> pl.DataFrame | None:
    """Read the rows of one of Trakt's files."""
    try:
        items = [item for item in json.loads(text) if isinstance(item, dict)]
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{name} is half a file of JSON. Download it again.") from error
    if not any(isinstance(item.get("movie"), dict) or "show" in item for item in items):
        return None
    movies = (item for item in items if isinstance(item.get("movie"), dict))
    rows = [_read_trakt(name, item) for item in islice(movies, MOST_ROWS)]
    df = pl.DataFrame(rows, schema=_SCHEMA)
    return df.with_columns(pl.col(pl.String).str.strip_chars().replace("", None), best=10.0)


def _read_trakt(name: str, item: dict) -> dict[str, str]:
    """Read what an item of Trakt's tells of a movie."""
    movie = item["movie"]
    ids = movie["ids"] if isinstance(movie.get("ids"), dict) else {}
    if item.keys() & {"plays", "last_watched_at", "watched_at"}:
        unrated = "watched"
    elif re.search(_FAVOURITES, name.casefold()):
        unrated = "likes"
    elif re.search(_WATCHLIST, name.casefold()):
        unrated = "wanted"
    else:
        unrated = "listed" if "listed_at" in item else "owned"
    row = {
        "movie": ids.get("trakt"),
        "title": movie.get("title"),
        "year": movie.get("year"),
        "id": ids.get("tmdb"),
        "imdb_id": ids.get("imdb"),
        "rating": item.get("rating"),
        "date": item.get("rated_at"),
        "source": unrated if item.get("rating") is None else "ratings",
        "listed": unrated,
    }
    texts = {key: str(value) for key, value in row.items() if value is not None}
    # Half an emoji is no text for polars.
    return {key: value.encode(errors="replace").decode() for key, value in texts.items()}


def _keep_newest(df: pl.DataFrame, path: str | Path, what: str) -> pl.DataFrame:
    """Make one row of all that tell of a movie, with its newest rating."""
    df = _keep_movies(df.with_row_index("place"), path)
    if df.is_empty():
        raise ValueError(f"{path} holds no movie that one {what}. {_KNOWN}")
    date, title = pl.col("date"), pl.col("title")
    dates = [date.str.to_datetime(form, strict=False).dt.to_string("iso") for form in _DATES]
    df = df.with_columns(pl.coalesce(date.str.extract(r"^(\d{4}-\d\d-\d\d.*)"), *dates))
    # Two movies of one title and year differ by their links. In a diary those are links of its
    # entries.
    link = pl.when(pl.col("source") != "diary").then("movie")
    nth = link.rank("dense").over("source", "title", "year").fill_null(1)
    by_title = pl.format("{} {} {}", title, pl.col("year").fill_null(""), nth)
    heart = pl.when((pl.col("source") == "likes").any()).then(_HEART)
    return (
        df.with_columns(movie=pl.coalesce("id", "imdb_id", by_title))
        .sort("date", maintain_order=True)  # without a date first
        .group_by("movie")
        .agg(
            pl.min("place"),
            pl.col(_TEXTS).drop_nulls().last(),
            rating=pl.coalesce(pl.col("number").drop_nulls().last(), heart),
        )
        .sort("place")
        .select(*RATINGS_SCHEMA)
    )


def _keep_movies(df: pl.DataFrame, path: str | Path) -> pl.DataFrame:
    """Leave out what is no movie or names none, and tell of the rows that may have been meant."""
    # In German the last part of a word tells what it is: an Episodenfilm is no episode.
    kind = pl.col("kind").str.normalize("NFC").str.replace_all(r"(?i)\w+(film|movie)\b", "$1")
    person = pl.col("imdb_id").str.contains(r"(?i)^(?:nm|co|ch|ev)\d")  # or company, role, event
    other = kind.str.contains(_NO_MOVIE).fill_null(False) | person.fill_null(False)
    df = df.filter(~other).with_columns(
        pl.col("year").str.extract(r"^(\d{4})\b"),
        pl.col("id").str.extract(r"^(\d+)(?:\.0)?$"),
        pl.col("imdb_id").str.extract(r"^(tt\d+)$"),
    )
    known = kind.str.contains(_MOVIE).fill_null(True)
    named = pl.any_horizontal(pl.col("title", "id", "imdb_id").is_not_null())
    unread = pl.col("rating").is_not_null() & pl.col("number").is_null()
    for fault, rule, cell, word in (
        ("are of a kind not known to be a movie and are left out", ~known, "kind", "of kind"),
        ("name no movie and are left out", known & ~named, "rating", "rated"),
        ("have a rating that cannot be read", known & named & unread, "rating", "rated"),
    ):
        if len(bad := df.filter(rule)):
            rows = bad.select(pl.col("title", cell).str.head(60)).head(5).iter_rows()
            shown = ", ".join(f"{name} {word} {value}" for name, value in rows)
            warnings.warn(f"{len(bad)} rows of {Path(path).name} {fault}: {shown}", stacklevel=4)
    # `pl.format` of polars 2.1 panics where nothing is left of the first file.
    return df.filter(known, named).rechunk()
