"""A document of TMDb's: asked for within the rate limit, tried again where that
may help, and without the key in anything that one sees.
"""

from __future__ import annotations

import contextlib
import gzip
import io
import json
import logging
import math
import os
import re
import threading
import time
import zlib
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future
from urllib.parse import urlsplit

import requests
from urllib3 import HTTPResponse
from urllib3.exceptions import HTTPError, InvalidHeader, ReadTimeoutError
from urllib3.util import Retry

import config
from notebooks.recommender import cache


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


AT_ONCE = 12  # requests under way: enough for the rate limit when TMDb takes 0.3 s to answer
PER_SECOND = 38.5  # TMDb allows 40; what leaves here evenly may arrive a little bunched
TIMEOUT = 10  # seconds for a try, from the first byte to the last
LARGEST = 4 * 2**20  # bytes of a document; those of TMDb with the longest cast have a tenth of it
TRIES = 5  # for each document, begun within PATIENCE seconds
PATIENCE = 45
SESSION: requests.Session
_turn_lock: threading.Lock
_next_turn = 0.0  # when the rate limit lets the next request begin, on the clock of time.monotonic


def get_json(path: str, **params) -> dict:
    """Get one document from the cache or from TMDb."""
    return next(get_documents([(path, params)]))


def get_documents(questions: Iterable[tuple[str, dict]]) -> Iterator[dict]:
    """
    Get a document for each path and its parameters, in their order, several at
    a time. A movie that TMDb does not have is an empty one.

    Only the caller's thread begins requests, so that none begins after an
    error or Ctrl-C.
    """
    begun: deque[tuple[str, dict, Future]] = deque()
    for path, params in questions:
        _check_settings()
        params = {"language": config.TMDB_LANGUAGE, **params}
        begun.append((path, params, _start(path, params)))
        while begun and (len(begun) == AT_ONCE or begun[0][2].done()):
            yield _wait_for(*begun.popleft())
    while begun:
        yield _wait_for(*begun.popleft())


def _check_settings() -> None:
    if not config.TMDB_API_KEY:
        raise TMDbError(
            "TMDb wants a key, and TMDB_API_KEY is not set. Get a free one at "
            "https://www.themoviedb.org/settings/api and put it into the file .env as "
            "TMDB_API_KEY=...; without a key, use load_sample_movies()."
        )
    if not re.fullmatch(r"[\w.~+/=-]+", config.TMDB_API_KEY, re.ASCII):
        raise TMDbError(
            "TMDB_API_KEY holds characters that no TMDb key has. Copy it once more, in one "
            "piece and alone on its line."
        )
    try:
        url = urlsplit(config.TMDB_URL)
        fits = url.scheme in ("http", "https") and url.hostname and url.port != 0
    except ValueError:  # brackets that do not match, or a port that is no number
        fits = False
    if not fits or re.search("[?#]", config.TMDB_URL):
        raise TMDbError("TMDB_URL must be an address, such as https://api.themoviedb.org/3.")


def _start(path: str, params: dict) -> Future:
    """
    Begin to get a document: from the cache, or with a request in a thread of its own.

    Nobody has to wait for that thread, neither Ctrl-C nor the end of the process. Its frames,
    some of which hold the key, are in no traceback.
    """
    answer: Future = Future()
    days = 30 if path.startswith(_MOVIE) and not path.endswith(_WATCH) else 1
    place = [config.TMDB_URL, path, params], days

    def run() -> None:
        try:
            document = _request(path, params)
            if document:
                cache.write(*place, document)
            answer.set_result(document)
        except BaseException as error:
            error.__context__ = None  # an exception of requests holds the URL, and so a v3 key
            answer.set_exception(error)

    with contextlib.suppress(TMDbError):  # it is not there, or it is broken
        answer.set_result(_read_document(cache.read(*place), path))
        return answer
    _wait_for_turn()
    threading.Thread(target=run, daemon=True).start()
    return answer


def _wait_for_turn() -> None:
    """
    Wait until the rate limit lets a request begin: they leave evenly, and one
    that is late by a turn does not delay those behind it.
    """
    global _next_turn
    with _turn_lock:
        turn = max(_next_turn, time.monotonic() - 1 / PER_SECOND)
        _next_turn = turn + 1 / PER_SECOND
    time.sleep(max(0, turn - time.monotonic()))


def _wait_for(path: str, params: dict, answer: Future) -> dict:
    """Wait for a document that was begun, and try again while that may help."""
    give_up = time.monotonic() + PATIENCE
    tries = 1
    while True:
        try:
            return answer.result(TIMEOUT)
        except TimeoutError:
            error = _say_late()
        except TMDbError as caught:
            error = caught
        if error.retry_at is None or tries == TRIES:
            raise error
        pause = max(2.0 ** (tries - 2), error.retry_at - time.monotonic())
        if time.monotonic() + pause > give_up:
            raise error
        time.sleep(pause)
        tries += 1
        answer = _start(path, params)


def _fault(what: str, retry_at: float | None = None) -> TMDbError:
    return TMDbError(f"TMDb at {urlsplit(config.TMDB_URL).hostname} {what}", retry_at)


def _say_late() -> TMDbError:
    return _fault(f"did not answer within {TIMEOUT} seconds. Try again in a minute.", 0)


_MOVIE, _WATCH = "/movie/", "/watch/providers"
_WAYS = ("flatrate", "free", "ads", "rent", "buy")  # to have a movie


def _request(path: str, params: dict) -> dict:
    """Ask TMDb once for a document."""
    try:
        # TMDb never redirects. Following a redirect would hand the key to a stranger.
        response = SESSION.get(
            config.TMDB_URL + path, params=params, timeout=TIMEOUT, allow_redirects=False
        )
    except Exception as error:
        raise _explain(error) from None
    if len(response.content) > LARGEST:
        raise _fault(f"sent more than {LARGEST // 2**20} MB, which TMDb never does. {_CHECK}")
    if response.status_code == 404 and path.startswith(_MOVIE) and _read_code(response) == _GONE:
        return {}
    _check_status(response, path)
    try:
        text = response.content.decode(response.encoding or "utf-8")
    except (LookupError, ValueError):
        raise _fault(
            f"sent text in an unknown or wrong encoding ({response.encoding}). {_CHECK}"
        ) from None
    return _read_document(text, path)


_CHECK = "Check TMDB_URL."
_OFFLINE = "load_sample_movies() needs no network."
_PROXY = "The proxy wants a name and a password: HTTPS_PROXY=http://NAME:PASSWORD@HOST:PORT."
# What keeps a request from its answer, by the name and the words of an exception: what may help,
# and whether it may pass. The first that fits counts.
_CAUSES = {
    "Tunnel connection failed: 407": (_PROXY, False),
    "^ProxyError": ("Check the proxy in HTTPS_PROXY, HTTP_PROXY or ALL_PROXY.", True),
    "CA certificate bundle|NO_CERTIFICATE_OR_CRL|NO_START_LINE|PEM lib": (
        "The file of certificates that REQUESTS_CA_BUNDLE (or CURL_CA_BUNDLE) names cannot be "
        "read. Correct that setting, or unset it.",
        False,
    ),
    "CERTIFICATE_VERIFY_FAILED": (
        "Its certificate is not trusted here. Check this machine's clock, and TMDB_URL; where a "
        "proxy reads along, name the file of its certificate in REQUESTS_CA_BUNDLE.",
        False,
    ),
    "^SSLError": (
        "The TLS handshake failed: perhaps TMDB_URL says https where http is spoken, or a firewall "
        "cuts the connection. Try another network.",
        True,
    ),
}
_NETWORK = (requests.ConnectionError, HTTPError)


def _explain(error: Exception) -> TMDbError:
    """Say what kept a request from its answer. The exception holds the URL, and so a v3 key."""
    name = type(error).__name__
    for words, (advice, may_pass) in _CAUSES.items():
        if re.search(words, f"{name}: {error}"):
            return _fault(f"cannot be reached ({name}). {advice}", 0 if may_pass else None)
    if isinstance(error, requests.ReadTimeout | ReadTimeoutError):
        return _say_late()
    if isinstance(error, _NETWORK):
        advice = f"Check the network, and TMDB_URL; {_OFFLINE}"
        return _fault(f"cannot be reached ({name}). {advice}", 0)
    return _fault(f"cannot be asked ({name}). Check TMDB_URL and the proxy.")


# How TMDb says what is wrong. A status alone may be of anything on the way to it.
_CODE = re.compile(rb'"status_code"\s*:\s*(\d{1,3})\b')
_GONE = 34
_REFUSED = {3, 7, 10, 14, 16, 17, 30, 31, 32, 33, 35, 36, 38, 39, 45}
_ON_THE_WAY = (
    "Not TMDb but something on the way to it, such as a firewall, refused the request, whatever "
    f"the key. Try another network, and check TMDB_URL; {_OFFLINE}"
)
_ADVICE = {
    401: _ON_THE_WAY,
    403: _ON_THE_WAY,
    407: _PROXY,
    451: f"A law forbids it where this network is. Try another network; {_OFFLINE}",
    511: "The network wants a login: open a browser.",
}


def _read_code(response: requests.Response) -> int | None:
    found = _CODE.search(response.content)
    return int(found[1]) if found else None


def _check_status(response: requests.Response, path: str) -> None:
    """Raise what the status of an answer says."""
    status = response.status_code
    if status in (401, 403) and _read_code(response) in _REFUSED:
        raise _fault("refused the key. Check TMDB_API_KEY in the environment or in the file .env.")
    if status in _ADVICE:
        raise _fault(f"cannot be reached (status {status}). {_ADVICE[status]}")
    # 520 to 530 are Cloudflare's
    if status in (408, 429) or 500 <= status <= 504 or 520 <= status <= 530:
        try:  # seconds or a date
            wait = Retry(retry_after_max=10**9).get_retry_after(response.raw) or 0
        except (InvalidHeader, ValueError, OverflowError):
            wait = 0
        units = (("hours", 3_600), ("minutes", 60))
        unit, seconds = next((unit for unit in units if wait > 2 * unit[1]), ("seconds", 1))
        when = f"in {math.ceil(wait / seconds):,} {unit}" if wait else "in a minute"
        raise _fault(f"is busy (status {status}). Try again {when}.", time.monotonic() + wait)
    if 300 <= status < 400:
        raise _fault(
            f"sends its visitors elsewhere (status {status}). Perhaps the network wants a login: "
            "open a browser. Or TMDB_URL says http in place of https."
        )
    if status != 200:
        raise _fault(f"answered {path} with status {status}. Check TMDB_URL: it ends in /3.")


def _read_document(text: str, path: str) -> dict:
    """Read one of TMDb's documents, and raise what is wrong with its shape, not with its fields."""
    if text.lstrip().startswith("<"):
        raise _fault("sent a web page. Perhaps the network wants a login: open a browser.")
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        raise _fault("sent half a document, or no JSON. Try again in a minute.", 0) from None
    document = document if isinstance(document, dict) else {}
    if f"{_MOVIE}{document.get('id')}" == path:
        return _trim(document)
    places = document.get("results")
    if f"{_MOVIE}{document.get('id')}{_WATCH}" == path and isinstance(places, dict):
        return _trim_places(document)
    names = {
        "/genre": "genres",
        "/find/": "movie_results",
        "/watch": "results",
        "/movie": "the right id",
    }
    rows = document.get(names.get(path[:6], "results"))
    counts: list = [document.get(count) for count in ("total_pages", "total_results")]
    counted = path[:6] in names or all(_is_whole(count) and count >= 0 for count in counts)
    if not isinstance(rows, list) or not counted:
        raise _fault(f"sent JSON of another shape than TMDb's. {_CHECK}")
    if not all(_is_row(row, path) for row in rows):
        raise _fault(f"sent {path} with a row that has no whole number as id. {_CHECK}")
    return document


def _is_row(row: object, path: str) -> bool:
    """Whether a row has what it is known by: a country, a service or a movie."""
    if not isinstance(row, dict):
        return False
    if path == f"{_WATCH}/regions":
        return isinstance(row.get("iso_3166_1"), str)
    return _is_whole(row.get("provider_id" if path == f"{_WATCH}/movie" else "id"))


def _is_whole(value: object) -> bool:
    return type(value) is int and -(2**63) <= value < 2**63


def _trim(movie: dict) -> dict:
    """Keep of a movie's details what is read of them: TMDb sends fifty times as much."""
    series, credits = movie.get("belongs_to_collection"), movie.get("credits")
    crew, cast = _list_objects(credits, "crew"), _list_objects(credits, "cast")
    directors = [row for row in crew if row.get("job") == "Director"]
    cast.sort(key=lambda row: row["order"] if _is_whole(row.get("order")) else math.inf)
    keywords = _list_objects(movie.get("keywords"), "keywords")
    countries = _list_objects(movie, "production_countries")
    studios = _list_objects(movie, "production_companies")
    return _pick(movie, "id", "imdb_id", "runtime") | {
        "belongs_to_collection": _pick(series, "id", "name") if isinstance(series, dict) else None,
        "credits": {
            "crew": [_pick(row, "job", "name") for row in directors[:10]],
            "cast": [_pick(row, "name", "character", "order") for row in cast[:10]],
        },
        "keywords": {"keywords": [_pick(row, "name") for row in keywords[:20]]},
        "production_countries": [_pick(row, "iso_3166_1") for row in countries[:10]],
        "production_companies": [_pick(row, "name") for row in studios[:10]],
        "release_dates": {"results": _trim_releases(movie.get("release_dates"))},
    }


def _trim_places(movie: dict) -> dict:
    """Keep of where a movie is to be had what is read of it: the names, by country and way."""
    places = {}
    for code, place in movie["results"].items():
        rows = {way: _list_objects(place, way) for way in _WAYS}
        names = {way: [_pick(row, "provider_name") for row in rows[way]] for way in _WAYS}
        places[code] = names | {"link": place.get("link") if isinstance(place, dict) else None}
    return {"id": movie["id"], "results": places}


def _trim_releases(document: object) -> list[dict]:
    """Keep what the US says of who may see a movie."""
    countries = _list_objects(document, "results")
    return [
        {
            "iso_3166_1": "US",
            "release_dates": [
                _pick(release, "certification", "type")
                for release in _list_objects(country, "release_dates")
                if release.get("certification")
            ],
        }
        for country in countries
        if country.get("iso_3166_1") == "US"
    ]


def _list_objects(document: object, name: str) -> list[dict]:
    rows = document.get(name) if isinstance(document, dict) else None
    return [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []


def _pick(row: dict, *fields: str) -> dict:
    return {field: row.get(field) for field in fields}


class _Adapter(requests.adapters.HTTPAdapter):
    """
    Signs each request as it leaves, so that session, cache and logs never see
    the key, and reads of the answer no more than it may have.
    """

    def send(self, request: requests.PreparedRequest, *args, **kwargs) -> requests.Response:
        end = time.monotonic() + TIMEOUT
        signed = request.copy()
        assert config.TMDB_API_KEY  # _check_settings saw it
        if config.TMDB_API_KEY.startswith("eyJ"):  # a v4 token is a JSON Web Token
            signed.headers["Authorization"] = "Bearer " + config.TMDB_API_KEY
        else:
            signed.prepare_url(signed.url, {"api_key": config.TMDB_API_KEY})
        response = super().send(signed, *args, **kwargs)
        response.request, response.url = request, request.url or ""
        # Here, because requests itself reads the body of a redirect to its end.
        response._content = _read_body(response.raw, end)
        response._content_consumed = True  # type: ignore[attr-defined]
        return response


def _read_body(raw: HTTPResponse, end: float) -> bytes:
    """Read a body until it is too large or too late, and unpack no more of it than that."""
    body = bytearray()
    try:
        # What has arrived, unpacked below: urllib3's own ways wait for more, or unpack without end.
        while len(body) <= LARGEST and (part := raw.read1(2**16, decode_content=False)):
            body += part
            if time.monotonic() > end:
                raise requests.ReadTimeout
    finally:
        if not raw.isclosed():  # or the server goes on sending
            raw.close()
    if raw.headers.get("Content-Encoding", "").lower() != "gzip" or len(body) > LARGEST:
        return bytes(body)
    try:
        return gzip.GzipFile(fileobj=io.BytesIO(body)).read(LARGEST + 1)
    except (OSError, EOFError, zlib.error):
        return b""  # as good as half a document


def _hide_key(record: logging.LogRecord) -> bool:
    """Take the key out of what urllib3, below the adapter, logs at DEBUG."""
    record.msg, record.args = re.sub(r"api_key=[^&\s]+", "api_key=***", record.getMessage()), ()
    return True


def _open_session() -> None:
    """Open what no process shares: on its parent's sockets a child reads its parent's answers."""
    global SESSION, _turn_lock
    _turn_lock = threading.Lock()
    SESSION = requests.Session()
    SESSION.auth = lambda request: request  # or ~/.netrc would have its say
    SESSION.headers["Accept-Encoding"] = "gzip"  # the one that is read within limits
    SESSION.mount("http://", _Adapter())
    SESSION.mount("https://", _Adapter())


_open_session()
if hasattr(os, "register_at_fork"):  # not on Windows, which does not fork
    os.register_at_fork(after_in_child=_open_session)
logging.getLogger("urllib3.connectionpool").addFilter(_hide_key)
