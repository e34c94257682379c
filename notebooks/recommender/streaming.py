"""
Where movies are to be had: the services of a country, and who streams, rents
and sells a movie. TMDb has it from JustWatch, and it changes from day to day.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterable
from itertools import combinations
from typing import Any

import polars as pl

import config
from notebooks.recommender.cache import remove_expired
from notebooks.recommender.progress import show_progress
from notebooks.recommender.tmdb import get_documents, get_json
from notebooks.recommender.words import fold_one

# Our columns, and TMDb's ways to have a movie that they hold.
_WAYS = {"stream": ("flatrate", "free", "ads"), "rent": ("rent",), "buy": ("buy",)}
_WHERE_SCHEMA = dict.fromkeys(_WAYS, pl.List(pl.String)) | {"where_link": pl.String}
_MOST_ROWS = 100  # of one `fetch_where`: each is a request
_MOST_TOLD = 40  # services that one error lists: the USA have some 250


def fetch_where(movies: pl.DataFrame, country: str | None = None) -> pl.DataFrame:
    """
    Fetch where movies are to be had.

    That is one request a movie. Answers are kept in `CACHE_DIR` for a day.
    Whoever shows them must say that they are from JustWatch, as `show_movies`
    does: TMDb's terms ask for it.

    Parameters
    ----------
    movies
        Answers of `find_movies` or `recommend`, or any other frame of at most
        100 rows with TMDb's `id`.
    country
        Two letters, such as NO. Unset, `WATCH_COUNTRY`; without that the
        region of `TMDB_LANGUAGE`, and without any US.

    Returns
    -------
    polars.DataFrame
        The same rows, with the names of services in `stream` (at no further
        price: by subscription, free or with ads), `rent` and `buy` (lists of
        str), and TMDb's page for it as `where_link`. The lists are empty where
        no service has a movie, or TMDb no longer knows it.

    Raises
    ------
    TMDbError
        As `fetch_popular_movies`. There is no partial result.
    ValueError
        If there is no `id`, a row has none, there are too many rows, or TMDb
        does not know the country.
    """
    ids = _read_ids(movies)
    remove_expired()
    code = find_country(country)
    asked = list(dict.fromkeys(ids))
    documents = get_documents((f"/movie/{id}/watch/providers", {}) for id in asked)
    bar = show_progress(documents, total=len(asked), desc="Asking where to watch", unit="movie")
    places = {id: _read_place(document, code) for id, document in zip(asked, bar, strict=True)}
    where = pl.DataFrame([places[id] for id in ids], schema=_WHERE_SCHEMA)
    return movies.with_columns(where.get_columns())


def _read_ids(movies: Any) -> list[str]:
    if not isinstance(movies, pl.DataFrame):
        raise ValueError(f"movies must be a frame with a column 'id', not {movies!r:.60}")
    kind = movies.schema.get("id", pl.List)
    if not (kind == pl.String or kind.is_numeric()):
        raise ValueError(f"the frame has no column 'id' of TMDb's ids; it has {movies.columns}")
    if len(movies) > _MOST_ROWS:
        raise ValueError(
            f"{len(movies):,} movies would be as many requests, and {_MOST_ROWS} are the most. "
            f"Take the first: movies.head({_MOST_ROWS}). Or ask the other way round, for movies "
            'that your services show: among=fetch_streaming(["Netflix"]).'
        )
    ids = movies["id"].cast(pl.String).str.extract(r"^\s*(\d+)(?:\.0*)?\s*$")
    if ids.has_nulls():
        value = movies["id"].filter(ids.is_null())[0]
        raise ValueError(f"a row has no whole number as its id, as TMDb gives it, but {value!r}")
    return ids.to_list()


def _read_place(document: dict, code: str) -> dict[str, Any]:
    """Read what a movie's document tells of a country; of a movie that is gone it is empty."""
    place = document.get("results", {}).get(code, {})
    names = {
        column: [row["provider_name"] for way in ways for row in place.get(way, [])]
        for column, ways in _WAYS.items()
    }
    # A service may show a movie in two ways: free, and with ads.
    once = {column: list(dict.fromkeys(filter(_is_name, names[column]))) for column in names}
    return once | {"where_link": place["link"] if _is_name(place.get("link")) else None}


def _is_name(value: object) -> bool:
    return isinstance(value, str) and bool(value.strip())


def find_country(country: str | None = None) -> str:
    """Find the code of the country that is meant; if TMDb does not know it, say so."""
    region = re.search(r"[-_]([A-Za-z]{2})$", config.TMDB_LANGUAGE)
    if country is None:
        country = config.WATCH_COUNTRY or (region[1] if region else "US")
    rows = get_json("/watch/providers/regions")["results"]
    known = sorted(row["iso_3166_1"] for row in rows)
    code = country.strip().upper() if isinstance(country, str) else ""
    if code not in known:
        raise ValueError(
            f"country must be two letters that TMDb knows, not {country!r:.60}. Give country=, or "
            f"set WATCH_COUNTRY, to one of {', '.join(known)}."
        )
    return code


# --- Services ------------------------------------------------------------------------------------


def find_services(services: str | Iterable[str], country: str | None = None) -> dict[str, dict]:
    """
    Find the services that are meant: their names at TMDb, each with the filter
    of what it shows at no further price.
    """
    typed = [services] if isinstance(services, str) else services
    typed = list(typed) if isinstance(typed, Iterable) else []
    if not typed or not all(_is_name(name) for name in typed):
        raise ValueError(
            f"services must be names such as ['Netflix', 'NRK TV'], not {services!r:.80}"
        )
    code = find_country(country)
    rows = get_json("/watch/providers/movie", watch_region=code)["results"]
    known: dict[str, dict] = {}
    for row in rows:
        if _is_name(name := row.get("provider_name")):
            # TMDb may have two numbers for one name, after services have merged.
            others = known[name]["with_watch_providers"] + "|" if name in known else ""
            known[name] = {
                "watch_region": code,
                "with_watch_providers": f"{others}{row['provider_id']}",
                "with_watch_monetization_types": "|".join(_WAYS["stream"]),
            }
    chosen = {name: _choose(name, known, code) for name in typed}
    taken = [fits[0] for fits, _ in chosen.values()]
    for name, (fits, passed) in chosen.items():
        _tell_choice(name, fits, passed, taken)
    return {name: known[name] for name in taken}


def _choose(typed: str, known: dict[str, dict], code: str) -> tuple[list[str], list[str]]:
    """
    Choose the service that is meant: of those that a name fits, the nearest that
    streams. It comes first of them; and those that were passed over for it.
    """
    from rapidfuzz import fuzz

    asked = _fold(typed)
    near = sorted(known, key=lambda name: -fuzz.ratio(asked, _fold(name)))  # stable: TMDb's order
    # One that has all that was typed comes before one that has less: "netflix ads".
    fits = [name for name in near if _has_all(_fold(name), asked)]
    fits += [name for name in near if name not in fits and _is_part(_fold(name), asked)]
    for place, name in enumerate(fits):
        first = get_json("/discover/movie", page=1, sort_by="vote_count.desc", **known[name])
        if first["total_results"]:
            return fits[place:], fits[:place]
    what = f"{fits[0]} only rents and sells" if fits else "no service has that name"
    more = f" and {len(near) - _MOST_TOLD} more" if len(near) > _MOST_TOLD else ""
    raise ValueError(
        f"services: of {typed!r:.60} {code} has nothing to stream, since {what} there. Its "
        f"services, the nearest first: {', '.join(near[:_MOST_TOLD]) or 'none'}{more}."
    )


def _fold(name: str) -> str:
    usable = name.encode(errors="replace").decode()  # half an emoji is no text for polars
    return fold_one(usable.replace("+", " plus "))


def _is_part(part: str, name: str) -> bool:
    return bool(part) and set(part.split()) <= set(name.split())


def _has_all(name: str, asked: str) -> bool:
    """Whether a service has all words asked for, with their blanks or without: "disneyplus"."""
    words, joined = name.split(), asked.replace(" ", "")
    ends = combinations(range(len(words) + 1), 2)
    runs = {"".join(words[start:end]) for start, end in ends}
    return joined in runs or _is_part(asked, name)


def _tell_choice(typed: str, fits: list[str], passed: list[str], taken: list[str]) -> None:
    """Say which service was taken, where somebody may have meant another one."""
    others = [f"{name}, which only rents and sells" for name in passed]
    # A subscription with ads shows less, and TMDb has a list of its own for it.
    ads = [name for name in fits if "ads" in _fold(name).split() and name not in taken]
    others += [f"{name}, which has a list of its own: name it if that is yours" for name in ads]
    if others:
        warnings.warn(f"{typed!r} is {fits[0]} here, not {'; nor '.join(others)}", stacklevel=4)
