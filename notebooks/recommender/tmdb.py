"""A document of TMDb's: asked for within the rate limit, tried again where that
may help, kept in a cache, and without the key in anything that one sees.
"""

from __future__ import annotations

import contextlib
import hashlib
import itertools
import json
import logging
import math
import os
import re
import reprlib
import threading
import time
import warnings
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future
from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import requests
from urllib3.exceptions import InvalidHeader
from urllib3.util import Retry

import config


class TMDbError(RuntimeError):
    """
    TMDb did not give what was asked for; the message says what failed and what
    to do about it.

    Attributes
    ----------
    retry_at
        The time, on the clock of `time.monotonic`, from which another try may
        help; None if it does not.
    """

    def __init__(self, message: str, retry_at: float | None = None):
        super().__init__(message)
        self.retry_at = retry_at


AT_ONCE = 8  # requests under way: enough for the rate limit when TMDb takes 0.2 s to answer
PER_SECOND = 38.5  # TMDb allows 40; what leaves here evenly may arrive a little bunched
TIMEOUT = 10  # seconds for a try, from the first byte to the last
TRIES = 5  # for each document, begun within PATIENCE seconds
PATIENCE = 45
_turn_lock = threading.Lock()
_next_turn = 0.0  # when the rate limit lets the next request begin, on the clock of time.monotonic


def get_json(path: str, **params) -> dict:
    """Get one document from the cache or from TMDb."""
    return next(get_documents(path, [params]))


def get_documents(path: str, questions: Iterable[dict]) -> Iterator[dict]:
    """
    Get a document for each set of parameters, in their order, several at a
    time.

    Only the caller's thread begins requests, so that none begins after an
    error or Ctrl-C.
    """
    _check_settings()
    _remove_expired()
    begun: deque[tuple[dict, Future]] = deque()
    for question in questions:
        params = {"language": config.TMDB_LANGUAGE, **question}
        begun.append((params, _start(path, params)))
        while begun and (len(begun) == AT_ONCE or begun[0][1].done()):
            yield _wait_for(path, *begun.popleft())
    while begun:
        yield _wait_for(path, *begun.popleft())


def _check_settings() -> None:
    if not config.TMDB_API_KEY:
        raise TMDbError(
            "TMDb wants a key, and TMDB_API_KEY is not set. Get a free one at "
            "https://www.themoviedb.org/settings/api "
            "and put it into the file .env as TMDB_API_KEY=...; without a key, use "
            "load_sample_movies()."
        )
    if not re.fullmatch(r"[\w.~+/=-]+", config.TMDB_API_KEY, re.ASCII):
        raise TMDbError(
            "TMDB_API_KEY holds characters that no TMDb key has. Copy it once more, in one "
            "piece and alone on its line."
        )
    try:
        url = urlsplit(config.TMDB_URL)
        fits = (
            url.scheme in ("http", "https")
            and url.hostname
            and url.port != 0
            and not url.query + url.fragment
        )
    except ValueError:  # brackets that do not match, or a port that is no number
        fits = False
    if not fits:
        raise TMDbError(
            "TMDB_URL is not an address such as https://api.themoviedb.org/3, with nothing "
            "after it."
        )


def _start(path: str, params: dict) -> Future:
    """
    Begin to get a document: from the cache, or with a request in a thread of
    its own.

    Nobody has to wait for that thread, neither Ctrl-C nor the end of the
    process. Its frames, some of which hold the key, are in no traceback.
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
    """
    Wait until the rate limit lets a request begin, so that requests leave
    evenly.
    """
    global _next_turn
    with _turn_lock:
        turn = max(_next_turn, time.monotonic())
        _next_turn = turn + 1 / PER_SECOND
    time.sleep(max(0, turn - time.monotonic()))


def _wait_for(path: str, params: dict, answer: Future) -> dict:
    """Wait for a document that was begun, and try again while that may help."""
    give_up = time.monotonic() + PATIENCE
    for number in itertools.count(1):
        try:
            return answer.result(TIMEOUT)
        except TimeoutError:
            host = urlsplit(config.TMDB_URL).hostname
            error = TMDbError(
                f"TMDb at {host} did not answer within {TIMEOUT} seconds. Try again in a minute.", 0
            )
        except TMDbError as caught:
            error = caught
        if error.retry_at is None or number == TRIES:
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
        response = SESSION.get(
            config.TMDB_URL + path, params=params, timeout=TIMEOUT, allow_redirects=False
        )
    except (
        requests.ConnectionError,
        requests.Timeout,
        requests.exceptions.ChunkedEncodingError,
    ) as error:
        raise TMDbError(
            f"TMDb at {host} cannot be reached ({type(error).__name__}). Check the network, and "
            "TMDB_URL; "
            "load_sample_movies() needs no network.",
            retry_at=0,
        ) from None
    except Exception as error:
        raise TMDbError(
            f"TMDb at {host} cannot be asked ({type(error).__name__}). Check TMDB_URL and the "
            "proxy."
        ) from None
    _check_status(response, path)
    try:
        text = response.content.decode(response.encoding or "utf-8")
    except (LookupError, ValueError):
        raise TMDbError(
            f"TMDb at {host} sent text in an unknown or wrong encoding ({response.encoding}). "
            "Check TMDB_URL."
        ) from None
    document = _read_document(text, path)
    _write_cache(path, params, text)
    return document


_UNITS = {"hours": 3_600, "minutes": 60}


def _check_status(response: requests.Response, path: str) -> None:
    """Raise what the status of an answer says."""
    host, status = urlsplit(config.TMDB_URL).hostname, response.status_code
    if status in (401, 403):
        raise TMDbError(
            f"TMDb at {host} refused the key. Check TMDB_API_KEY in the environment or in the "
            "file .env."
        )
    if (
        status in (408, 429) or 500 <= status <= 504 or 520 <= status <= 524
    ):  # 520 to 524 are Cloudflare's
        try:
            wait = (
                Retry(retry_after_max=10**9).get_retry_after(response.raw) or 0
            )  # reads seconds and dates
        except (InvalidHeader, ValueError, OverflowError):
            wait = 0
        unit, seconds = next(
            ((unit, size) for unit, size in _UNITS.items() if wait > 2 * size), ("seconds", 1)
        )
        when = f"in {math.ceil(wait / seconds):,} {unit}" if wait else "in a minute"
        raise TMDbError(
            f"TMDb at {host} is busy (status {status}). Try again {when}.", time.monotonic() + wait
        )
    if status == 404:
        raise TMDbError(
            f"TMDb at {host} has nothing at {path} (status 404). Check TMDB_URL, which should "
            "end in /3."
        )
    if status != 200:
        raise TMDbError(
            f"TMDb at {host} answered with status {status}. Check TMDB_URL, which should end in /3."
        )


def _read_document(text: str, path: str) -> dict:
    """Read one of TMDb's documents, and raise what is wrong with it."""
    host = urlsplit(config.TMDB_URL).hostname
    if text.lstrip().startswith("<"):
        raise TMDbError(
            f"A web page came instead of TMDb's movies. Perhaps {host} is behind a login: open "
            "a browser."
        )
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
            raise TMDbError(
                f"TMDb at {host} sent {path} with a row that has no whole number as id. Check "
                "TMDB_URL."
            )
        for field, fits in _FIELDS.items():
            if row.get(field) is not None and not fits(row[field]):
                raise TMDbError(
                    f"TMDb at {host} sent {path} with a field that cannot be used: id "
                    f"{row['id']} has "
                    f"{field}={reprlib.repr(row[field])}. Try again tomorrow, or correct it at "
                    "TMDb."
                )
    return document


def _is_whole(value: object) -> bool:
    return type(value) is int and -(2**63) <= value < 2**63


_TEXTS = [
    "title",
    "original_title",
    "overview",
    "release_date",
    "original_language",
    "poster_path",
    "name",
]
# What a field of a row must be, unless it is null.
_FIELDS: dict[str, Callable[[Any], bool]] = {
    **dict.fromkeys(_TEXTS, lambda value: isinstance(value, str)),
    "vote_average": lambda value: (
        _is_whole(value) or (isinstance(value, float) and math.isfinite(value))
    ),
    "vote_count": _is_whole,
    "genre_ids": lambda value: isinstance(value, list) and all(map(_is_whole, value)),
}
# The cache: a file for each answer, without a lock. requests-cache's own files are not written
# aside, and its redirects lie in SQLite, which waits for a lock without limit.
_DAY = 86_400  # seconds that an answer is kept


def _find_cache_file(path: str, params: dict) -> Path:
    question = json.dumps([config.TMDB_URL, path, params], sort_keys=True)
    return config.CACHE_DIR / f"{hashlib.sha256(question.encode()).hexdigest()}.json"


def _read_cache(path: str, params: dict) -> dict | None:
    """
    Read a document that is less than a day old; None if there is none, or it
    is broken.
    """
    file = _find_cache_file(path, params)
    try:
        fresh = 0 <= time.time() - file.stat().st_mtime < _DAY
        return _read_document(file.read_text(encoding="utf-8"), path) if fresh else None
    except (OSError, ValueError, TMDbError):
        return None


def _write_cache(path: str, params: dict, text: str) -> None:
    """
    Write a document to another file and rename it, so that another process
    finds it whole or not at all.
    """
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
    warnings.warn(
        f"going on without the cache in CACHE_DIR={folder}, which cannot be used: {reason}",
        stacklevel=2,
    )


def _remove_expired() -> None:
    """Remove our answers that are older than a day."""
    for file in config.CACHE_DIR.glob("[0-9a-f]" * 64 + ".json*"):
        with contextlib.suppress(OSError):
            if time.time() - file.stat().st_mtime >= _DAY:
                file.unlink()


class _SigningAdapter(requests.adapters.HTTPAdapter):
    """
    Signs each request as it leaves, so that what lies above (session, cache,
    logs) never sees the key.
    """

    def send(self, request: requests.PreparedRequest, *args, **kwargs) -> requests.Response:
        signed = request.copy()
        assert config.TMDB_API_KEY  # _check_settings saw it
        if config.TMDB_API_KEY.startswith(
            "eyJ"
        ):  # a v4 token is a JSON Web Token, and those start like this
            signed.headers["Authorization"] = "Bearer " + config.TMDB_API_KEY
        else:
            signed.prepare_url(signed.url, {"api_key": config.TMDB_API_KEY})
        response = super().send(signed, *args, **kwargs)
        response.request, response.url = request, request.url or ""
        return response


def _hide_key(record: logging.LogRecord) -> bool:
    """
    Take the key out of what urllib3, which lies below the adapter, logs at
    DEBUG.
    """
    record.msg, record.args = re.sub(r"api_key=[^&\s]+", "api_key=***", record.getMessage()), ()
    return True


SESSION = requests.Session()
SESSION.mount("http://", _SigningAdapter())
SESSION.mount("https://", _SigningAdapter())
logging.getLogger("urllib3.connectionpool").addFilter(_hide_key)
