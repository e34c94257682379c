"""
Any row that holds a movie -> one of ours: TMDb's JSON, a CSV file's, a data
frame's.
"""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

import polars as pl

_MOST_NAMES, _MOST_KEYWORDS = 10, 20  # of each movie that are kept
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


# What reading a value that is not as TMDb writes it may raise.
_ODD = (
    *(ValueError, TypeError, LookupError, AttributeError, ArithmeticError),
    *(SyntaxError, RecursionError, MemoryError),
)


def read_movie(row: dict) -> tuple[dict, list[str]]:
    """Read the facts of a movie, and list the fields that cannot be read."""
    movie: dict[str, Any] = dict.fromkeys(FACTS)
    unread = []
    for name, fact in FACTS.items():
        for field in fact.fields:  # the first that holds something
            value = row.get(field)
            if movie[name] or _is_missing(value):
                continue
            try:
                movie[name] = fact.read(value)
            except _ODD:
                unread.append(field)
    return movie, list(dict.fromkeys(unread))


def _is_missing(value: object) -> bool:
    if isinstance(value, str | list | dict):
        return not value or (isinstance(value, str) and not value.strip())
    return str(value) in ("None", "nan", "<NA>", "NaT")  # the last three are pandas'


def _read_id(value: Any) -> str:
    return str(_read_whole(value))


def _read_text(value: object) -> str | None:
    if not isinstance(value, str):
        value = str(_read_whole(value))  # a title such as 1917
    return _UNUSABLE.sub("", value).strip() or None


def _read_line(value: object) -> str | None:
    return " ".join((_read_text(value) or "").split()) or None


def _read_whole(value: Any) -> int:
    whole = (
        int(float(value))
        if isinstance(value, str) and not value.strip().isdecimal()
        else int(value)
    )
    if isinstance(value, bool) or whole != float(value) or not 0 <= whole < 2**63:
        raise ValueError
    return whole


def _read_runtime(value: Any) -> int | None:
    return _read_whole(value) or None  # TMDb writes 0 where nobody knows


def _read_rating(value: Any) -> float:
    if isinstance(value, bool) or not 0 <= float(value) <= 10:
        raise ValueError
    return float(value)


def _read_year(value: object) -> str:
    """Read a date's year: 1995-10-30, 10/30/1995, 30.10.1995 or 1995."""
    if not (year := re.search(r"^\s*(\d{4})\b|\b(\d{4})\s*$", str(value), re.ASCII)):
        raise ValueError
    return year[1] or year[2]


def _parse(value: Any) -> Any:
    """Read a text that holds JSON, or what Python prints of it."""
    if not isinstance(value, str) or not value.lstrip().startswith(("[", "{")):
        return value
    try:
        return json.loads(value)
    except json.JSONDecodeError:
        return ast.literal_eval(value)  # in single quotes


def _read_genres(value: Any) -> dict[int | str, str | None]:
    """
    Map genres to names: ids, names or TMDb's `{"id": ..., "name": ...}`, also
    from one text that lists them.
    """
    value = _parse(value)
    if isinstance(value, str):
        value = re.split(r"[|,]", value)
    genres: dict[int | str, str | None] = {}
    for genre in [value] if isinstance(value, int | dict) else value:
        id, name = genre, None
        if isinstance(genre, dict):
            name = _read_line(genre["name"]) if genre.get("name") else None
            id = name if genre.get("id") is None else genre["id"]
        if isinstance(id, str) and not id.strip().isdecimal():
            genres |= {one: one for one in [name or _read_text(id)] if one}
        else:
            genres[_read_whole(id)] = name
    return genres


def _read_names(value: Any, part: str = "name", most: int = _MOST_NAMES) -> list[str]:
    """List names in their order, each once: texts, or TMDb's `{"name": ...}`."""
    names = [row.get(part) if isinstance(row, dict) else row for row in value]
    read = [_read_line(name) for name in names if isinstance(name, str)]
    return list(dict.fromkeys(name for name in read if name))[:most]


def _list_cast(value: Any) -> list[dict]:
    """List the cast by billing. Who has no place in it comes last."""
    value = _parse(value)
    rows = value.get("cast") or [] if isinstance(value, dict) else value
    cast = [row for row in rows if isinstance(row, dict) and row.get("name")]
    if not all(isinstance(row.get("order"), int | float | None) for row in cast):
        raise ValueError
    return sorted(cast, key=lambda row: float("inf") if row.get("order") is None else row["order"])


def _is_texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(name, str) for name in value)


def _read_directors(value: Any) -> list[str]:
    if _is_texts(value):
        return _read_names(value)
    value = _parse(value)
    crew = value.get("crew") or [] if isinstance(value, dict) else value
    return _read_names([row for row in crew if row.get("job") == "Director"])


def _read_cast(value: Any) -> list[str]:
    return _read_names(value if _is_texts(value) else _list_cast(value))


def _read_characters(value: Any) -> list[str]:
    if _is_texts(value):
        return _read_names(value)
    # "Ted / Bob (voice)" are two roles, and how they are played is no part of their names.
    roles = [row.get("character") for row in _list_cast(value)[:_MOST_NAMES]]
    texts = [re.sub(r"\s*\(.*?\)", "", role) for role in roles if isinstance(role, str)]
    return _read_names([name for text in texts for name in text.split(" / ")])


def _read_keywords(value: Any) -> list[str]:
    value = _parse(value)
    value = value.get("keywords", value.get("results")) if isinstance(value, dict) else value
    value = re.split(r"[|,]", value) if isinstance(value, str) else value
    return _read_names(value, most=_MOST_KEYWORDS)


def _read_series(value: Any) -> str | None:
    value = _parse(value)
    return _read_line(value["name"] if isinstance(value, dict) else value)


class Fact(NamedTuple):
    """
    What is known of a movie: its type, the fields of a row that may tell it,
    how it is read, and whether TMDb's lists leave it out.
    """

    type: Any
    fields: tuple[str, ...]
    read: Callable[[Any], Any]
    is_detail: bool = False


_NAMES = pl.List(pl.String)
# All that is known of a movie, in the order of `prep_movies`. Who adds a fact adds a line here: the
# collection keeps it, answers show it, and filters know it. `fetch_details` keeps the fields of
# details that tmdb.py lists.
FACTS: dict[str, Fact] = {
    "id": Fact(pl.String, ("id",), _read_id),
    "title": Fact(pl.String, ("title",), _read_text),
    "year": Fact(pl.String, ("release_date", "year"), _read_year),
    "overview": Fact(pl.String, ("overview",), _read_text),
    "genres": Fact(_NAMES, ("genre_ids", "genres"), _read_genres),
    "original_title": Fact(pl.String, ("original_title",), _read_text, is_detail=True),
    "original_language": Fact(pl.String, ("original_language",), _read_text),
    "vote_average": Fact(pl.Float64, ("vote_average",), _read_rating),
    "vote_count": Fact(pl.Int64, ("vote_count",), _read_whole),
    "poster_path": Fact(pl.String, ("poster_path",), _read_text),
    "directors": Fact(_NAMES, ("directors", "credits", "crew"), _read_directors, is_detail=True),
    "cast": Fact(_NAMES, ("cast", "credits"), _read_cast, is_detail=True),
    "characters": Fact(_NAMES, ("characters", "credits"), _read_characters, is_detail=True),
    "keywords": Fact(_NAMES, ("keywords",), _read_keywords, is_detail=True),
    "runtime": Fact(pl.Int64, ("runtime",), _read_runtime, is_detail=True),
    "series": Fact(pl.String, ("series", "belongs_to_collection"), _read_series, is_detail=True),
    "imdb_id": Fact(pl.String, ("imdb_id",), _read_text, is_detail=True),
}
MOVIE_SCHEMA = {name: fact.type for name, fact in FACTS.items()}
STORED = MOVIE_SCHEMA | {"year": pl.Int64}  # so that filters can compare years
PEOPLE = ["directors", "cast", "characters"]
DETAILS = [name for name, fact in FACTS.items() if fact.is_detail]
REST = [name for name in FACTS if name not in ("id", "title", "year", "overview", "genres")]


def read_movies(movies: Any) -> tuple[list[tuple[str, dict, dict, list[str]]], list[str]]:
    """Read each movie: its name for messages, its row, facts and unread fields; and list others."""
    found, others = [], []
    for place, row in enumerate(list_rows(movies)):
        title = row.get("title", row.get("name"))
        label = f"movies[{place}] (title {title!r:.60}, id {row.get('id')!r:.40})"
        if row.get("media_type", "movie") != "movie" or ("name" in row and "title" not in row):
            others.append(label)
            continue
        facts, unread = read_movie(row)
        if facts["id"] is None:
            raise ValueError(
                f"a movie needs a whole number as its id, as TMDb gives it, and {label} has none"
            )
        found.append((label, row, facts, unread))
    return found, others


def check_frame(df: pl.DataFrame, column: str) -> pl.DataFrame:
    """Refuse a frame that cannot be stored whole, and give its facts the types that are stored."""
    for needed in ("id", column):
        if df.schema.get(needed) != pl.String:
            raise ValueError(f"the frame has no column {needed!r} of text; it has {df.columns}")
    known = [name for name in FACTS if name in df.columns]
    try:
        df = df.with_columns(pl.col(name).cast(STORED[name]) for name in known)
    except pl.exceptions.PolarsError as error:
        raise ValueError(f"the facts must be as prep_movies writes them: {error}") from None
    if twice := df.filter(pl.col("id").is_duplicated())["id"].unique(maintain_order=True).to_list():
        raise ValueError(
            f"these ids come more than once: {twice[:5]}. Keep one: df.unique('id', "
            "maintain_order=True)"
        )
    if blank := df.filter(pl.col(column).fill_null("").str.strip_chars() == "")["id"].to_list():
        raise ValueError(
            f"{len(blank)} movies have no {column!r} to embed, such as id {blank[0]}. "
            f"Leave them out: df.filter(pl.col({column!r}) != '')"
        )
    return df.with_columns(pl.col(pl.List(pl.String)).list.drop_nulls())


def rate(movie: dict) -> tuple[float, int]:
    known, _ = read_movie(movie)  # not all that TMDb sends is a number
    return known["vote_average"] or 0, known["vote_count"] or 0
