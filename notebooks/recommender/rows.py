"""
Any row that holds a movie -> one of ours: TMDb's JSON, a CSV file's, a data
frame's.
"""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Callable, Iterable
from typing import Any

import polars as pl

# What is known of a movie beside its text: for filters, rankings and pictures.
FACTS: dict[str, Any] = {
    "original_language": pl.String,
    "vote_average": pl.Float64,
    "vote_count": pl.Int64,
    "poster_path": pl.String,
}
MOVIE_SCHEMA: dict[str, Any] = {
    **dict.fromkeys(("id", "title", "original_title", "year", "overview"), pl.String),
    "genres": pl.List(pl.String),
    **FACTS,
}
# What no text of use holds: control characters but for tab and line ends, half a surrogate pair,
# non-characters.
_UNUSABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")


def list_rows(movies: Any) -> list[dict]:
    """List the rows of whatever holds movies."""
    rows = movies
    if isinstance(movies, pl.DataFrame):
        rows = movies.to_dicts()
    elif hasattr(movies, "to_dict"):  # pandas
        rows = movies.to_dict("records")
    elif isinstance(movies, dict):
        rows = movies.get("results", [movies])
    if not isinstance(rows, Iterable) or isinstance(rows, str | bytes):
        raise ValueError(
            f"movies must be a list of movies as TMDb describes them, not {movies!r:.60}"
        )
    rows = list(rows)
    if strange := [row for row in rows if not isinstance(row, dict)]:
        raise ValueError(
            f"movies must be a list of movies as TMDb describes them, and holds {strange[0]!r:.60}"
        )
    return rows


def read_movie(row: dict) -> tuple[dict, list[str]]:
    """
    Read what is kept of a movie, and list the fields whose values cannot be
    read.
    """
    movie, unread = {}, []
    for field, read in _READERS.items():
        value = row.get(field)
        try:
            # pandas has several values that say "missing", and none of them is a text.
            missing = (
                not value.strip()
                if isinstance(value, str)
                else str(value) in ("None", "nan", "<NA>", "NaT")
            )
            movie[field] = None if missing else read(value)
        except (ValueError, TypeError, OverflowError, SyntaxError, RecursionError, MemoryError):
            movie[field] = None
            unread.append(field)
    return movie | {
        "id": None if movie["id"] is None else str(movie["id"]),
        "year": movie["release_date"],
        "genres": movie["genre_ids"] or movie["genres"] or {},
    }, unread


def _read_text(value: object) -> str | None:
    if not isinstance(value, str):
        value = str(_read_whole(value))  # a title such as 1917
    return _UNUSABLE.sub("", value).strip() or None


def _read_whole(value: Any) -> int:
    whole = (
        int(float(value))
        if isinstance(value, str) and not value.strip().isdecimal()
        else int(value)
    )
    if isinstance(value, bool) or whole != float(value) or not 0 <= whole < 2**63:
        raise ValueError
    return whole


def _read_rating(value: Any) -> float:
    if isinstance(value, bool) or not 0 <= float(value) <= 10:
        raise ValueError
    return float(value)


def _read_year(value: object) -> str:
    """
    Read the year of a date, written 1995-10-30, 10/30/1995, 30.10.1995 or
    1995.
    """
    if not (year := re.search(r"^\s*(\d{4})\b|\b(\d{4})\s*$", str(value), re.ASCII)):
        raise ValueError
    return year[1] or year[2]


def _read_genres(value: Any) -> dict[int | str, str | None]:
    """
    Map genres to names: ids, names or TMDb's `{"id": ..., "name": ...}`, also
    from one text that lists them.
    """
    if isinstance(value, str) and value.lstrip().startswith(("[", "{")):
        try:
            value = json.loads(value)
        except json.JSONDecodeError:
            value = ast.literal_eval(value)  # how Python prints it, in single quotes
    elif isinstance(value, str):
        value = re.split(r"[|,]", value)
    genres: dict[int | str, str | None] = {}
    for genre in [value] if isinstance(value, int | dict) else value:
        if isinstance(genre, dict):
            genres[_read_whole(genre["id"])] = genre.get("name") or None
        elif isinstance(genre, str) and not genre.strip().isdecimal():
            genres |= {name: name for name in [_read_text(genre)] if name}
        else:
            genres[_read_whole(genre)] = None
    return genres


_READERS: dict[str, Callable] = {
    "id": _read_whole,
    "title": _read_text,
    "original_title": _read_text,
    "release_date": _read_year,
    "overview": _read_text,
    "genre_ids": _read_genres,
    "genres": _read_genres,
    "original_language": _read_text,
    "vote_average": _read_rating,
    "vote_count": _read_whole,
    "poster_path": _read_text,
}
