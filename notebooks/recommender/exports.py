"""
Files of one's own ratings and wishes, as Letterboxd, IMDb and Trakt hand them
out -> a frame.
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
    "Trakt's zip, or its ratings-movies.json, watched-movies.json and watchlist.json; any table "
    "with the columns Title and Rating."
)
_HEART = 8.0  # what a movie counts as that one gave a heart and no stars


class _Format(NamedTuple):
    columns: set[str]  # that tell it; "any title" is each that `_COLUMNS` has for a title
    rated: str  # what a row with a rating tells
    unrated: str  # and one without
    best: float | None = None  # the highest rating that can be given; None: those given tell
    file: str = ""  # what its name looks like


_LETTERBOXD = {"name", "year", "letterboxd uri"}
_FORMATS = (  # the first that fits counts
    _Format(_LETTERBOXD | {"rating", "watched date"}, "diary", "diary", 5),  # or reviews
    _Format(_LETTERBOXD | {"rating"}, "ratings", "watched", 5),
    # Without ratings, three files have the same columns, and only their names tell what they mean.
    _Format(_LETTERBOXD, "wanted", "wanted", file="watchlist"),
    _Format(_LETTERBOXD, "likes", "likes", file="^films"),
    _Format(_LETTERBOXD, "watched", "watched"),
    _Format({"position", "name", "year", "url"}, "wanted", "wanted"),  # a list of Letterboxd's
    _Format({"const"}, "ratings", "wanted", 10),  # IMDb's ratings, lists and watchlist
    _Format({"rating10"}, "ratings", "watched", 10),  # what Letterboxd imports
    # What `read_ratings` returned, written as CSV.
    _Format({"original_title", "tmdb_id", "imdb_id", "rating"}, "ratings", "watched", 10),
    _Format({"any title", "any rating"}, "ratings", "watched"),
    _Format({"any title", "any year"}, "wanted", "wanted"),
)
_COLUMNS = {  # ours, and what others call them, the best first
    "movie": ("letterboxd uri", "letterboxduri"),
    "title": ("title", "name", "movie", "film"),
    "original_title": ("original title", "original_title"),
    "year": ("year", "release year", "release date", "release_date"),
    "id": ("tmdbid", "tmdb id", "tmdb_id"),
    "imdb_id": ("const", "imdbid", "imdb id", "imdb_id"),
    "rating": ("your rating", "you rated", "my rating", "rating10", "rating", "score", "stars"),
    "date": ("date rated", "created", "date", "watched date", "watcheddate"),
    "kind": ("title type", "type"),
}
# IMDb's types of title that are no movies, in the languages of its pages.
_NO_MOVIE = (
    "(?i)s[eé]ri[ea]|[eé]pis[oó]d|folge|game|gioco|juego|jogo|jeu|spiel|podcast|m[uú]si[ck]"
    "|सीरीज|एपिसोड|गेम"
)
# IMDb's dates in former years, and what spreadsheets make of dates.
_DATES = ("%a %b %d %T %Y", "%d.%m.%Y", "%m/%d/%Y")


def read_ratings(path: str | Path) -> pl.DataFrame:
    """
    Read one's own ratings, as Letterboxd, IMDb and Trakt hand them out.

    What a file is, is told by what is in it: Letterboxd's `ratings.csv`,
    `diary.csv`, `reviews.csv`, `watched.csv` and `likes/films.csv`, IMDb's
    `ratings.csv`, Trakt's `ratings-movies.json` and `watched-movies.json`, the
    zips that hold them, what Letterboxd imports, and any table with a title
    and a rating. Nothing of a zip is written to disk.

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
        heart and no stars has 8. TV series, episodes, video games and what
        stands only on a list or a watchlist are left out. `recommend` takes
        the frame as it is.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If it is none of these files, is damaged, or holds no movie that was
        rated or seen.

    Warns
    -----
    UserWarning
        If a row names no movie and is left out, a rating cannot be read and
        the movie counts as seen, or only the highest rating tells the scale.
    """
    df = _read_files(path)
    # Letterboxd's ratings hold the diary's.
    unseen = ["wanted", "owned"] + ["diary"] * ("ratings" in df["source"])
    df = df.filter(~pl.col("source").is_in(unseen))
    return _keep_newest(df, path, "rated or saw; a watchlist does not tell that")


def read_watchlist(path: str | Path) -> pl.DataFrame:
    """
    Read what one means to see: a watchlist or a list, as Letterboxd, IMDb and
    Trakt hand them out.

    Parameters
    ----------
    path
        The file, or the zip as it was handed out. Of a zip that holds a
        watchlist and other lists, the watchlist counts.

    Returns
    -------
    polars.DataFrame
        One row a movie, with the columns of `read_ratings` but for `rating`.
        Errors and warnings are those of `read_ratings`.
    """
    df = _read_files(path).filter("listed")
    is_watchlist = pl.col("file").str.contains("(?i)watchlist")
    df = df.filter(is_watchlist | ~is_watchlist.any())
    return _keep_newest(df, path, "wants to see").drop("rating")


def _read_files(path: str | Path) -> pl.DataFrame:
    """Read the rows of a file, or of all files in a zip."""
    try:
        known = []
        for name, data in unpack(path):
            if (df := _parse(name, decode(name, data))) is not None:
                known.append(df)
        if not known:
            raise ValueError(f"{path} holds no ratings in a form that is known here.")
    except (ValueError, FileNotFoundError) as error:
        raise type(error)(f"{error} {_KNOWN}") from error.__cause__
    df = pl.concat(known).with_columns(pl.col(pl.String).str.strip_chars().replace("", None))
    return df.filter(~pl.col("kind").fill_null("").str.contains(_NO_MOVIE))


def _parse(name: str, text: str) -> pl.DataFrame | None:
    """
    Read the rows of a file, each with what it tells as `source`; None if the
    file is of another kind.
    """
    table = _parse_trakt(name, text) if text.startswith("[") else _parse_table(name, text)
    if table is None:
        return None
    rows, best = table
    if len(rows) >= MOST_ROWS:
        raise ValueError(f"{name} has {MOST_ROWS:,} rows or more.")
    schema = dict.fromkeys(_COLUMNS, pl.String) | {"source": pl.String, "listed": pl.Boolean}
    stars = pl.col("rating").str.replace(",", ".").str.strip_chars().cast(pl.Float64, strict=False)
    df = pl.DataFrame(rows, schema=schema).with_columns(number=stars.fill_nan(None))
    if best is None:
        highest = max(df["number"].drop_nulls(), default=0.0)
        best = next((best for best in (5, 10) if highest <= best), 100)
        if highest:
            told = f"count as ratings out of {best}, for the highest is {highest:g}"
            warnings.warn(f"the ratings in {name} {told}", stacklevel=4)
    number = pl.col("number") * 10 / best
    number = pl.when(number.is_between(0, 10, closed="right")).then(number)
    return df.with_columns(number=number, file=pl.lit(name))


def _parse_table(name: str, text: str) -> tuple[list[dict], float | None] | None:
    """Read the rows of a table, and its highest rating."""
    cells, closed = split(text)
    rows = iter(cells)
    for header in islice(rows, 10):  # a list of Letterboxd's begins with its own name
        keys = [cell.strip().casefold() for cell in header]
        if {"imdb_id", "poster_path"} & set(keys):  # a frame of ours
            keys = ["tmdb_id" if key == "id" else key for key in keys]
        places = {
            column: min(
                (names.index(key), place) for place, key in enumerate(keys) if key in names
            )[1]
            for column, names in _COLUMNS.items()
            if set(names) & set(keys)
        }
        told = {*keys, *(f"any {column}" for column in places)}
        fits = (f for f in _FORMATS if f.columns <= told and re.search(f.file, name.casefold()))
        if form := next(fits, None):
            break
    else:
        return None
    if not closed:
        warnings.warn(
            f"quotes in {name} are not closed: each of its lines is read as a row", stacklevel=5
        )
    found = []
    for row in rows:
        cell = {column: row[place] for column, place in places.items() if place < len(row)}
        source = form.rated if cell.get("rating", "").strip() else form.unrated
        found.append(cell | {"source": source, "listed": source == "wanted" or "position" in keys})
    return found, form.best


def _parse_trakt(name: str, text: str) -> tuple[list[dict], float] | None:
    """Read the rows of one of Trakt's files, and its highest rating."""
    try:
        items = [item for item in json.loads(text) if isinstance(item, dict)]
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{name} is half a file of JSON. Download it again.") from error
    if not any(isinstance(item.get("movie"), dict) or "show" in item for item in items):
        return None
    rows = []
    for item in items:
        if not isinstance(movie := item.get("movie"), dict):
            continue
        ids = movie["ids"] if isinstance(movie.get("ids"), dict) else {}
        seen = item.keys() & {"plays", "last_watched_at", "watched_at"}
        unrated = "watched" if seen else "wanted" if "listed_at" in item else "owned"
        row = {
            "movie": ids.get("trakt"),
            "title": movie.get("title"),
            "year": movie.get("year"),
            "id": ids.get("tmdb"),
            "imdb_id": ids.get("imdb"),
            "rating": item.get("rating"),
            "date": item.get("rated_at"),
            "source": unrated if item.get("rating") is None else "ratings",
        }
        texts = {key: str(value) for key, value in row.items() if value is not None}
        # Half an emoji is no text for polars.
        texts = {key: value.encode(errors="replace").decode() for key, value in texts.items()}
        rows.append(texts | {"listed": "listed_at" in item})
    return rows, 10


def _keep_newest(df: pl.DataFrame, path: str | Path, what: str) -> pl.DataFrame:
    """Make one row of all that tell of a movie, with its newest rating."""
    date, title = pl.col("date"), pl.col("title")
    dates = [date.str.to_datetime(form, strict=False).dt.to_string("iso") for form in _DATES]
    df = df.with_row_index("place").with_columns(
        pl.col("year").str.extract(r"^(\d{4})\b"),
        pl.col("id").str.extract(r"^(\d+)(?:\.0)?$"),
        pl.col("imdb_id").str.extract(r"^(tt\d+)$"),
        pl.coalesce(date.str.extract(r"^(\d{4}-\d\d-\d\d.*)"), *dates),
    )
    named = pl.any_horizontal(pl.col("title", "id", "imdb_id").is_not_null())
    unread = pl.col("rating").is_not_null() & pl.col("number").is_null()
    for fault, rule in {
        "name no movie and are left out": ~named,
        "have a rating that cannot be read": named & unread,
    }.items():
        if len(bad := df.filter(rule)):
            rows = bad.select(pl.col("title", "rating").str.head(60)).head(5).iter_rows()
            shown = ", ".join(f"{name} rated {rating}" for name, rating in rows)
            warnings.warn(f"{len(bad)} rows of {Path(path).name} {fault}: {shown}", stacklevel=3)
    if (df := df.filter(named)).is_empty():
        raise ValueError(f"{path} holds no movie that one {what}. {_KNOWN}")
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
