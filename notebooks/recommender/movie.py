"""
Any row that holds a movie -> one of ours: TMDb's JSON, a CSV file's, a data
frame's.
"""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Callable, Iterable
from functools import lru_cache
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
        rows = _open_answer(movies)
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


def _open_answer(answer: dict) -> Any:
    """Find the rows of a whole answer of TMDb; any other document is a movie itself."""
    if "title" in answer:
        return [answer]
    for place in ("results", "parts", "items"):  # a search, a collection, a list
        if place in answer:
            return answer[place]
    found = [rows for name, rows in answer.items() if name.endswith("_results")]  # /find
    if found:
        return [row for rows in found for row in rows or []]
    # Somebody's credits are movies. A movie's own credits are people, and part of that movie.
    for credits in (answer, answer.get("movie_credits"), answer.get("combined_credits")):
        parts = [credits.get("cast"), credits.get("crew")] if isinstance(credits, dict) else []
        rows = [row for part in parts if isinstance(part, list) for row in part]
        if any(isinstance(row, dict) and {"title", "first_air_date"} & row.keys() for row in rows):
            return rows
    return [answer]


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
        for field, read in fact.fields.items():  # the first that holds something
            value = row.get(field)
            if movie[name] or _is_missing(value):
                continue
            try:
                movie[name] = read(value)
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


_YEARS = range(1870, 2101)  # the first moving picture is of 1874


def _read_year(value: object) -> str | None:
    """Read a date's year: 1995-10-30, 10/30/1995, 30.10.1995 or 1995."""
    text = str(value)
    if not text.strip("0-/.: T"):
        text = "0000"  # such as 0: no date is known
    if not (found := re.search(r"^\s*(\d{4})\b|\b(\d{4})\s*$", text, re.ASCII)):
        raise ValueError
    year = found[1] or found[2]
    # Where no date is known, databases write 0000-00-00, 0001-01-01 or 9999-12-31.
    return year if int(year) in _YEARS else None


# A list of texts as NumPy prints it. To Python, 'a' 'b' is one text.
_PRINTED = re.compile(r"""\[\s*(?:(?:'[^']*'|"[^"]*")\s*)+\]""")


def _parse(value: Any) -> Any:
    """Read a text that holds JSON, or what Python prints of it."""
    if not isinstance(value, str) or not value.lstrip().startswith(("[", "{")):
        return value
    try:
        return json.loads(value)
    except json.JSONDecodeError:
        if _PRINTED.fullmatch(value.strip()):
            return [text[1:-1] for text in re.findall(r"""'[^']*'|"[^"]*\"""", value)]
        return ast.literal_eval(value)  # in single quotes


# What may follow a comma inside of a name, as in "Robert Downey, Jr." and "Monsters, Inc.".
_SUFFIX = (
    r"Jr|Sr|II|III|IV|Esq|M\.?D|Ph\.?D|Inc|Ltd|Limited|L\.?L\.?C|L\.?L\.?P|L\.?P|Corp|Co|GmbH|"
    r"S\.?A|S\.?L|S\.?p\.?A|A\.?I\.?E|The"
)
_COMMA = re.compile(rf",(?!\s*(?:{_SUFFIX})\.?\s*(?:,|$))", re.IGNORECASE)


def _list_values(value: Any) -> list:
    """List what a list holds, or any other row of values, or a text that parts them by a mark."""
    value = _parse(value)
    if isinstance(value, str):
        mark = next((mark for mark in "|;" if mark in value), None)
        value = value.split(mark) if mark else _COMMA.split(value)
    values = [value] if isinstance(value, int | dict) else list(value)
    return [one for one in values if not _is_missing(one)]


# How tables write that they know nothing.
_NOTHING = re.compile(
    r"\([^()]*\)|(?i:no genres?(?: listed)?|unknown|n/a|<na>|not available)|"
    r"[-\u2013\u2014?.]+|\\N|nan|NaN|none|None|null|NULL"
)


def _read_name(value: Any) -> str | None:
    name = _read_line(value)
    return None if name is None or _NOTHING.fullmatch(name) else name


def _read_genres(value: Any) -> dict[int | str, str | None]:
    """
    Map genres to names: ids, names or TMDb's `{"id": ..., "name": ...}`, also
    from one text that lists them.
    """
    genres: dict[int | str, str | None] = {}
    for genre in _list_values(value):
        row = genre if isinstance(genre, dict) else {"id": genre}
        name = _read_name(row["name"]) if row.get("name") else None
        id = row["name"] if row.get("id") is None else row["id"]
        if isinstance(id, str) and not id.strip().isdecimal():
            genres |= {one: one for one in [name or _read_name(id)] if one}
        else:
            genres[_read_whole(id)] = name
    return genres


def _read_names(value: Any, most: int | None = _MOST_NAMES) -> list[str]:
    """List names in their order, each once: texts, or TMDb's `{"name": ...}`."""
    rows = _list_values(value)
    if not all(isinstance(row, str | dict) for row in rows):
        raise ValueError
    names = [row["name"] if isinstance(row, dict) else row for row in rows]
    read = [_read_name(name) for name in names if isinstance(name, str)]
    return list(dict.fromkeys(name for name in read if name))[:most]


def _list_credits(value: Any, part: str) -> list:
    """List the cast or the crew: of a movie's credits, or that part of them alone."""
    value = _parse(value)
    if isinstance(value, dict) and {"cast", "crew"} & value.keys():
        value = value.get(part) or []
    return _list_values(value)


def _read_directors(value: Any) -> list[str]:
    return _read_names(
        [row for row in _list_credits(value, "crew") if row.get("job") == "Director"]
    )


def _list_cast(value: Any) -> list:
    """List the cast by billing. Who has no place in it comes last."""

    def get_place(row: Any) -> float:
        place = row.get("order") if isinstance(row, dict) else None
        return float("inf") if place is None else float(place)

    return sorted(_list_credits(value, "cast"), key=get_place)


def _read_cast(value: Any) -> list[str]:
    return _read_names(_list_cast(value))


# Each bracket ends at the next one, and the blank before it is one: looked for from each "(" on to
# the end, 20 KB of them take seconds.
_HOW_PLAYED = re.compile(r" ?\([^()]*\)")


def _read_roles(value: Any) -> list[str]:
    """
    List roles: "Ted / Bob (voice)" and "Stepmother, Lady Tremaine" are two. How
    one is played is no part of its name.
    """
    value = _parse(value)
    if isinstance(value, str):  # how one is played may hold a comma
        value = _HOW_PLAYED.sub("", " ".join(value.split()))
    names = _read_names(value, most=None)
    texts = [text for name in names for text in _HOW_PLAYED.sub("", name).split(" / ")]
    return _read_names([role for text in texts for role in _COMMA.split(text)])


def _read_characters(value: Any) -> list[str]:
    cast = [row for row in _list_cast(value) if isinstance(row, dict) and row.get("name")]
    roles = [row.get("character") for row in cast[:_MOST_NAMES]]
    return _read_roles([role for role in roles if isinstance(role, str)])


def _read_keywords(value: Any) -> list[str]:
    value = _parse(value)
    value = value.get("keywords", value.get("results")) if isinstance(value, dict) else value
    return _read_names(value, _MOST_KEYWORDS)


def _read_series(value: Any) -> str | None:
    if isinstance(value, str) and value.lstrip().startswith("{"):  # not "[REC] Collection"
        value = _parse(value)
    return _read_name(value["name"] if isinstance(value, dict) else value)


# Names of countries that TMDb and other tables write otherwise than babel, and countries that are
# no more.
_OTHER_COUNTRIES = {
    "united states of america": "US",
    "usa": "US",
    "uk": "GB",
    "great britain": "GB",
    "hong kong": "HK",
    "macao": "MO",
    "czech republic": "CZ",
    "turkey": "TR",
    "soviet union": "SU",
    "yugoslavia": "YU",
    "serbia and montenegro": "CS",
    "czechoslovakia": "XC",
    "east germany": "XG",
    "palestinian territory": "PS",
    "macedonia": "MK",
}


@lru_cache
def _list_countries() -> dict[str, str]:
    """Map the names of countries in English to their codes of ISO 3166-1."""
    from babel import Locale

    names = {name: code for code, name in Locale("en").territories.items() if len(code) == 2}
    names = {name.replace("&", "and").casefold(): code for name, code in names.items()}
    return names | _OTHER_COUNTRIES


def _read_countries(value: Any) -> list[str]:
    """List the codes of countries: codes, English names or TMDb's `{"iso_3166_1": ...}`."""
    rows = _list_values(value)
    names = [row["iso_3166_1"] if isinstance(row, dict) else row for row in rows]
    codes = []
    for name in _read_names(names):
        is_code = len(name) == 2 and name.isascii() and name.isalpha() and name.lower() != "uk"
        codes.append(name.upper() if is_code else _list_countries()[name.casefold()])
    return list(dict.fromkeys(codes))


_CERTIFICATIONS = ("G", "PG", "PG-13", "R", "NC-17")  # of the US
_THEATRICAL = 3  # how TMDb numbers the kinds of releases


def _read_certification(value: Any) -> str | None:
    text = (_read_line(value) or "").upper()
    return text if text in _CERTIFICATIONS else None


def _find_certification(value: Any) -> str | None:
    """Find the US certification among the releases of all countries; in theatres is first."""
    value = _parse(value)
    countries = value["results"] if isinstance(value, dict) else value
    releases = [
        release
        for country in countries
        if country.get("iso_3166_1") == "US"
        for release in country.get("release_dates") or []
    ]
    releases.sort(key=lambda release: release.get("type") != _THEATRICAL)
    found = [_read_certification(release.get("certification") or "") for release in releases]
    return next(filter(None, found), None)


class Fact(NamedTuple):
    """
    What is known of a movie: its type, the fields of a row that may tell it and
    how each is read, and whether TMDb's lists leave it out.
    """

    type: Any
    fields: dict[str, Callable[[Any], Any]]
    is_detail: bool = False


_NAMES = pl.List(pl.String)
# All that is known of a movie, in the order of `prep_movies`. Who adds a fact adds a line here: the
# collection keeps it, answers show it, and filters know it. `fetch_details` keeps the fields of
# details that tmdb.py lists.
FACTS: dict[str, Fact] = {
    "id": Fact(pl.String, {"id": _read_id}),
    "title": Fact(pl.String, {"title": _read_text}),
    "year": Fact(pl.String, {"release_date": _read_year, "year": _read_year}),
    "overview": Fact(pl.String, {"overview": _read_text}),
    "genres": Fact(_NAMES, {"genre_ids": _read_genres, "genres": _read_genres}),
    "original_title": Fact(pl.String, {"original_title": _read_text}, is_detail=True),
    "original_language": Fact(pl.String, {"original_language": _read_text}),
    "vote_average": Fact(pl.Float64, {"vote_average": _read_rating}),
    "vote_count": Fact(pl.Int64, {"vote_count": _read_whole}),
    "poster_path": Fact(pl.String, {"poster_path": _read_text}),
    "directors": Fact(
        _NAMES,
        {"directors": _read_names, "credits": _read_directors, "crew": _read_directors},
        is_detail=True,
    ),
    "cast": Fact(_NAMES, {"cast": _read_cast, "credits": _read_cast}, is_detail=True),
    "characters": Fact(
        _NAMES,
        {"characters": _read_roles, "credits": _read_characters, "cast": _read_characters},
        is_detail=True,
    ),
    "keywords": Fact(_NAMES, {"keywords": _read_keywords}, is_detail=True),
    "runtime": Fact(pl.Int64, {"runtime": _read_runtime}, is_detail=True),
    "series": Fact(
        pl.String, {"series": _read_series, "belongs_to_collection": _read_series}, is_detail=True
    ),
    "imdb_id": Fact(pl.String, {"imdb_id": _read_text}, is_detail=True),
    "countries": Fact(
        _NAMES,
        {"countries": _read_countries, "production_countries": _read_countries},
        is_detail=True,
    ),
    "studios": Fact(
        _NAMES, {"studios": _read_names, "production_companies": _read_names}, is_detail=True
    ),
    "certification": Fact(
        pl.String,
        {"certification": _read_certification, "release_dates": _find_certification},
        is_detail=True,
    ),
}
MOVIE_SCHEMA = {name: fact.type for name, fact in FACTS.items()}
STORED = MOVIE_SCHEMA | {"year": pl.Int64}  # so that filters can compare years
LISTS = [name for name, fact in FACTS.items() if fact.type == _NAMES]
PEOPLE = ["directors", "cast", "characters"]
DETAILS = [name for name, fact in FACTS.items() if fact.is_detail]
REST = [name for name in FACTS if name not in ("id", "title", "year", "overview", "genres")]

# What only people and TV shows have.
_OTHERS = ("gender", "known_for", "known_for_department", "first_air_date")


def _is_movie(row: dict) -> bool:
    """Tell a movie from the TV shows and people that stand in TMDb's lists beside it."""
    if not _is_missing(kind := row.get("media_type")):
        return str(kind).strip().lower() == "movie"
    ids = f"{row.get('id')} {row.get('imdb_id')}"
    named = not _is_missing(row.get("name")) and _is_missing(row.get("title"))
    others = named or any(not _is_missing(row.get(field)) for field in _OTHERS)
    return not others and not re.search(r"\bnm\d", ids)  # as IMDb numbers people


def read_movies(movies: Any) -> tuple[list[tuple[str, dict, dict, list[str]]], list[str]]:
    """Read each movie: its name for messages, its row, facts and unread fields; and list others."""
    found, others = [], []
    for place, row in enumerate(list_rows(movies)):
        title = row.get("title") or row.get("name")
        label = f"movies[{place}] (title {title!r:.60}, id {row.get('id')!r:.40})"
        if not _is_movie(row):
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
