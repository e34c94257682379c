"""
Files of one's own ratings, as Letterboxd, IMDb and Trakt hand them out -> a
frame.
"""

from __future__ import annotations

import csv
import io
import json
import re
import warnings
import zipfile
import zlib
from pathlib import Path

import polars as pl

_EXPORTS = (
    "What can be read: Letterboxd's zip, or its ratings.csv, watched.csv, likes/films.csv, "
    "diary.csv or reviews.csv; "
    "IMDb's ratings.csv; Trakt's zip, or its ratings-movies.json or watched-movies.json."
)

_EXPORT_BYTES = (
    100 * 2**20
)  # of all files in an export; ten thousand ratings take less than 5 MB in each format
RATINGS_SCHEMA = dict.fromkeys(("title", "year", "id", "imdb_id"), pl.String) | {
    "rating": pl.Float64
}
_HEART = 8.0  # what a movie counts as that one gave a heart and no stars
_DATES = (
    "%a %b %d %T %Y",
    "%d.%m.%Y",
    "%m/%d/%Y",
)  # IMDb's in former years, and what spreadsheets make of dates


def read_ratings(path: str | Path) -> pl.DataFrame:
    """
    Read one's own ratings, as Letterboxd, IMDb and Trakt hand them out.

    What a file is, is told by what is in it: Letterboxd's `ratings.csv`,
    `diary.csv`, `reviews.csv`, `watched.csv` and `likes/films.csv`, IMDb's
    `ratings.csv`, Trakt's `ratings-movies.json` and `watched-movies.json`, and
    the zips that hold them. Nothing of a zip is written to disk.

    Parameters
    ----------
    path
        The file, or the zip as it was handed out.

    Returns
    -------
    polars.DataFrame
        One row a movie, with its newest rating. Columns `title`, `year` (str),
        `id` (TMDb's, where the file has it), `imdb_id` and `rating`, from 0 to
        10: Letterboxd's stars count twice. A movie that was seen and not rated
        has no rating; one with a heart and no stars has 8. TV series,
        episodes, video games and what stands only on a list or a watchlist are
        left out. `recommend` takes the frame as it is.

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
        If a row names no movie and is left out, or a rating cannot be read and
        the movie counts as seen.
    """
    path = Path(path).expanduser()
    tables = [rows for name, data in _unpack(path) if (rows := _read_rows(name, data)) is not None]
    if not tables:
        raise ValueError(f"{path} holds no ratings in a form that is known here. {_EXPORTS}")
    columns = ("source", "movie", "date", "title", "year", "id", "imdb_id", "rating")
    schema = dict.fromkeys(columns, pl.String) | {"scale": pl.Float64}
    df = pl.DataFrame([row for rows in tables for row in rows], schema=schema).with_row_index(
        "place"
    )
    source, date, title = pl.col("source"), pl.col("date"), pl.col("title")
    stars = pl.col("rating").str.replace(",", ".").cast(pl.Float64, strict=False) * pl.col("scale")
    left_out = (
        ["watchlist", "diary"] if "ratings" in df["source"] else ["watchlist"]
    )  # ratings hold the diary's
    df = df.filter(~source.is_in(left_out)).with_columns(
        pl.col(pl.String).str.strip_chars().replace("", None)
    )
    dates = [date.str.to_datetime(form, strict=False).dt.to_string("iso") for form in _DATES]
    df = df.with_columns(
        pl.col("year").str.extract(r"^(\d{4})\b"),
        pl.col("id").str.extract(r"^(\d+)$"),
        pl.col("imdb_id").str.extract(r"^(tt\d+)$"),
        pl.coalesce(date.str.extract(r"^(\d{4}-\d\d-\d\d.*)"), *dates),
        number=pl.when(stars.is_between(0, 10, closed="right")).then(stars),
    )
    broken = title.fill_null("").str.contains(
        "\n"
    )  # a quote that is never closed makes one title of many rows
    named = pl.any_horizontal(pl.col("title", "id", "imdb_id").is_not_null()) & ~broken
    unread = pl.col("rating").is_not_null() & pl.col("number").is_null()
    rules = {
        "name no movie and are left out": ~named,
        "have a rating that cannot be read": named & unread,
    }
    for what, rule in rules.items():
        if len(bad := df.filter(rule)):
            shown = [
                f"{name} rated {rating}"
                for name, rating in bad.select("title", "rating").head(5).iter_rows()
            ]
            warnings.warn(
                f"{len(bad)} rows of {path.name} {what}: {', '.join(shown)}", stacklevel=2
            )
    if (df := df.filter(named)).is_empty():
        raise ValueError(
            f"{path} holds no movie that one rated or saw; a watchlist does not tell that. "
            f"{_EXPORTS}"
        )
    # Two movies of one title and year differ by their links. In a diary those are links of its
    # entries.
    nth = pl.when(source != "diary").then(
        pl.col("movie").rank("dense").over("source", "title", "year")
    )
    by_title = pl.format("{} {} {}", "title", pl.col("year").fill_null(""), nth.fill_null(1))
    return (
        df.with_columns(movie=pl.coalesce("id", "imdb_id", by_title))
        .sort(pl.col("number").is_not_null(), source == "likes", "date", maintain_order=True)
        .with_columns(
            rating=pl.when(source == "likes")
            .then(pl.coalesce("number", _HEART))
            .otherwise("number")
        )
        .unique("movie", keep="last", maintain_order=True)
        .sort("place")
        .select(*RATINGS_SCHEMA)
    )


def _unpack(path: Path) -> list[tuple[str, bytes]]:
    """
    Read the file, or the files in a zip and in the zips in it. Each comes with
    its name.
    """
    if not path.exists():
        raise FileNotFoundError(f"there is no file {path}. {_EXPORTS}")
    if not path.is_file():
        raise ValueError(f"{path} is a folder. Name the file or the zip in it. {_EXPORTS}")
    left = _EXPORT_BYTES - path.stat().st_size
    files = [(path.name, path.read_bytes() if left > 0 else b"")]
    try:
        for name, data in files:  # which grows by what a zip holds
            if left < 0:
                raise ValueError(
                    f"{path} holds more than {_EXPORT_BYTES >> 20} MiB, too much for an export. "
                    f"{_EXPORTS}"
                )
            if not data.startswith(b"PK\x03\x04"):
                continue
            kinds = r"\.(csv|json|zip)$" if name == path.name else r"\.(csv|json)$"
            with zipfile.ZipFile(io.BytesIO(data)) as archive:
                for member in archive.namelist():
                    # What was deleted does not count, and macOS adds shadows of files.
                    if re.search(kinds, member) and not re.search(
                        r"(^|[/\\])(deleted|orphaned|__MACOSX)[/\\]", member
                    ):
                        with archive.open(member) as file:
                            files.append((f"{name}/{member}", file.read(max(left, 0) + 1)))
                        left -= len(files[-1][1])
    except (
        zipfile.BadZipFile,
        zlib.error,
        EOFError,
        RuntimeError,
    ) as error:  # the last one if it wants a password
        raise ValueError(
            f"{path} cannot be unpacked: {error}. Download it again. {_EXPORTS}"
        ) from error
    return [(name, data) for name, data in files if not data.startswith(b"PK\x03\x04")]


def _read_rows(name: str, data: bytes) -> list[dict] | None:
    """
    Read the rows of a file, with what they tell as `source`; None if the file
    is of another kind.
    """
    try:
        text = data.decode(
            "utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
        ).lstrip()
    except UnicodeDecodeError:
        text = data.decode(
            "cp1252", errors="replace"
        ).lstrip()  # IMDb's in former years, and spreadsheets
    if text.startswith("["):
        return _read_trakt(name, text)
    delimiter = max(",;\t", key=text.partition("\n")[0].count)
    try:
        header, *lines = list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)) or [
            []
        ]
    except csv.Error as error:
        raise ValueError(f"{name} cannot be read as a table: {error}. {_EXPORTS}") from error
    old = {"you rated": "your rating", "created": "date rated"}  # IMDb's names in former years
    keys = [cell.strip().casefold() for cell in header]
    rows = [
        dict(zip([old.get(key, key) for key in keys], line, strict=False))
        for line in lines
        if any(line)
    ]
    if {"name", "year"} <= set(keys) and {"letterboxd uri", "rating"} & set(keys):
        columns = {"movie": "letterboxd uri", "title": "name", "date": "date"}
        # Without ratings, three files have the same columns, and only their names tell what they
        # mean.
        file = re.split(r"[/\\]", name.casefold())[-1]
        source = (
            "watchlist"
            if "watchlist" in file
            else "likes"
            if file.startswith("films")
            else "watched"
        )
        if "rating" in keys:
            source = "diary" if "watched date" in keys else "ratings"
    elif "const" in keys and {"your rating", "you rated"} & set(keys):
        columns = {"movie": "const", "imdb_id": "const", "title": "title", "date": "date rated"}
        source = "watchlist" if {"position", "your rating"} <= set(keys) else "ratings"
        rows = [
            row
            for row in rows
            if not re.search("(?i)series|episode|game|podcast|music", row.get("title type", ""))
        ]
    else:
        return None
    columns |= {"year": "year", "rating": "your rating" if "imdb_id" in columns else "rating"}
    told = {"source": source, "scale": 1 if "imdb_id" in columns else 2}  # five stars are 10
    return [{ours: row.get(theirs) for ours, theirs in columns.items()} | told for row in rows]


def _read_trakt(name: str, text: str) -> list[dict] | None:
    """Read the rows of one of Trakt's files, as `_read_rows` does."""
    try:
        items = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{name} is half a file of JSON. Download it again. {_EXPORTS}") from error
    if not all(
        isinstance(item, dict) and (isinstance(item.get("movie"), dict) or "show" in item)
        for item in items
    ):
        return None
    rows = []
    for item in items:
        if "show" in item:
            continue
        ids = item["movie"].get("ids") or {}
        seen = (
            "watched" if item.keys() & {"plays", "last_watched_at", "watched_at"} else "watchlist"
        )
        row = {
            "source": "ratings" if "rating" in item else seen,
            "movie": ids.get("trakt"),
            "date": item.get("rated_at"),
            "title": item["movie"].get("title"),
            "year": item["movie"].get("year"),
            "id": ids.get("tmdb"),
            "imdb_id": ids.get("imdb"),
            "rating": item.get("rating"),
        }
        rows.append(
            {key: None if value is None else str(value) for key, value in row.items()}
            | {"scale": 1}
        )
    return rows
