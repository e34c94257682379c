"""How fast is it? Measures on this machine and prints a table; not a test, since
time depends on the machine.

.venv/bin/python tests/benchmark.py
"""

import multiprocessing
import os
import resource
import subprocess
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
for name in ("TMDB_API_KEY", "TMDB_URL", "EMBEDDING_MODEL", "CHROMA_PATH", "CHROMA_URL"):
    os.environ[name] = ""  # measured on the defaults, whatever .env says
os.environ["TQDM_DISABLE"] = "1"

import numpy as np
import polars as pl
from tmdb_server import V3_KEY, FakeTMDb, make_movie, serve

import config
import main
from notebooks.recommender import tmdb as tmdb_room
from notebooks.recommender.collection import find_changes, store, to_records
from notebooks.recommender.model import get_embedding_function
from notebooks.recommender.movie import check_frame

# Private names of `main` in this file are steps that are measured alone, or limits that are
# changed for it.
PAGES, LATENCY, LIMIT = 210, 0.1, 40  # seconds an answer takes; TMDb's requests a second
SIZES = 1_000, 10_000, 100_000  # movies
# The standard deviation of the noise that makes another movie of one, in each of an embedding's
# numbers. Among the catalogue's movies the median distance to the nearest falls by 0.05 with each
# doubling, from 0.92 among 1,000: among 100,000 it would be 0.58, and two movies that this noise
# makes of one are as far from each other.
NOISE = 0.033


class SlowTMDb(FakeTMDb):
    """Takes its time to answer, and notes when it was asked."""

    def __init__(self):
        super().__init__(make_movie(id) for id in range(20 * PAGES))
        self.times = []

    def handle(self, handler):
        self.times.append(time.monotonic())
        time.sleep(LATENCY)
        super().handle(handler)

    def busiest_second(self) -> int:
        times = sorted(self.times)
        return max(
            (sum(start <= other < start + 1 for other in times) for start in times), default=0
        )


def measure_fetch() -> None:
    """
    Fetch from a local TMDb: one page after another, as `main` does it, and
    from the cache.
    """
    bound = PAGES / LIMIT
    print(
        f"Fetching {PAGES} pages at {1_000 * LATENCY:.0f} ms each; at {LIMIT} a second that "
        f"takes {bound:.2f} s or more"
    )
    print(f"{'':22}{'seconds':>9}{'pages/s':>9}{'x bound':>9}{'most in a second':>18}")
    config.TMDB_API_KEY = V3_KEY
    threads = tmdb_room.AT_ONCE
    for label in ("one after another", "fetch_popular_movies"):
        tmdb_room.AT_ONCE = 1 if label == "one after another" else threads
        tmdb = SlowTMDb()
        with serve(tmdb) as config.TMDB_URL, TemporaryDirectory() as folder:
            config.CACHE_DIR = Path(folder)
            for times in (label, "a second time"):
                tmdb.times.clear()
                start = time.monotonic()
                assert len(main.fetch_popular_movies()) == 20 * PAGES
                seconds = time.monotonic() - start
                if times == label or tmdb_room.AT_ONCE > 1:
                    rates = f"{seconds:9.2f}{PAGES / seconds:9.1f}{seconds / bound:9.2f}{tmdb.busiest_second():18}"
                    print(f"{times:22}{rates}")
        tmdb_room.SESSION.close()


def seconds_for(function, *args, **kwargs) -> float:
    start = time.perf_counter()
    function(*args, **kwargs)
    return time.perf_counter() - start


def measure_import() -> float:
    """Seconds that `import main` takes in a new process."""
    code = (
        "import time; start = time.perf_counter(); import main; print(time.perf_counter() - start)"
    )
    root = Path(main.__file__).parent
    return median(
        float(subprocess.check_output([sys.executable, "-c", code], cwd=root)) for _ in range(5)
    )


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


def measure_embedding() -> tuple[dict, np.ndarray]:
    """
    Embed the catalogue's texts by `main` and by one plain `encode`, on a quiet
    machine and on a busy one.
    """
    texts = main.prep_movies(main.load_sample_movies())["text"].to_list()
    ours, model = get_embedding_function(config.EMBEDDING_MODEL), main.load_model()
    vectors = np.array(ours(texts))
    some = texts[:320]
    figures = {
        "tokens": np.mean(
            [len(ids) for ids in model.tokenizer(texts, truncation=True)["input_ids"]]
        )
    }
    for busy in range(os.cpu_count() + 1):
        with busy_cores(busy):
            # In turns, so that both meet the same machine.
            times = [
                (seconds_for(ours, some), seconds_for(model.encode, some, batch_size=16))
                for _ in range(3)
            ]
        rates = [len(some) / median(column) for column in zip(*times, strict=True)]
        print(
            f"{busy} cores busy: {rates[0]:.0f} movies/s, one plain encode {rates[1]:.0f}: x "
            f"{rates[0] / rates[1]:.2f}"
        )
        figures.setdefault("rate", rates[0])
    return figures, vectors


def make_noisy(vectors: np.ndarray, size: int) -> np.ndarray:
    """Make embeddings of so many movies: the real ones, then copies with noise."""
    copies = np.tile(vectors, (size // len(vectors), 1))
    copies[len(vectors) :] += np.random.default_rng(0).normal(
        0, NOISE, copies[len(vectors) :].shape
    )
    return copies / np.linalg.norm(copies, axis=1, keepdims=True)


def make_catalogue(size: int) -> pl.DataFrame:
    df = main.prep_movies(main.load_sample_movies())
    return pl.concat(
        df.with_columns(pl.col("id") + (f"-{copy}" if copy else ""))
        for copy in range(size // len(df))
    )


def measure_size(size: int, vectors: np.ndarray, folder: Path) -> dict:
    """Store so many movies in a folder, and ask for some."""
    config.CHROMA_PATH = folder
    df = make_catalogue(size)
    main.load_model().encode("warm")
    collection = main.get_collection(main.get_client(), "movies")
    embeddings = make_noisy(vectors, size)
    # What `add_movies` does, but for the embedding: that would take hours.
    start = time.perf_counter()
    records = to_records(check_frame(df, "text"), "text")
    for place in range(0, size, main._CHUNK):
        movies, _ = find_changes(collection, records[place : place + main._CHUNK])
        for movie, embedding in zip(movies, embeddings[place:], strict=False):
            movie["embedding"] = embedding
        store(collection, movies, [])
    stored = time.perf_counter() - start

    wish, liked = "a robot that wants to be human", df["id"].head(100).to_list()
    asked = {
        "find_similar": lambda: main.find_similar(collection, wish),
        "find_movies": lambda: main.find_movies(collection, wish),
        "find_movies, a person": lambda: main.find_movies(collection, "tom hanks movies"),
        "recommend": lambda: main.recommend(collection, liked[:1]),
        "recommend from 100": lambda: main.recommend(collection, liked),
        "recommend with a wish": lambda: main.recommend(collection, liked[:1], wish="funny"),
    }
    figures = {"store": stored}
    for name, ask in asked.items():
        ask()
        figures[name] = 1_000 * median(seconds_for(ask) for _ in range(20))
    figures["memory"] = (
        resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    )  # in MiB, as Linux counts
    # The questions are titles: real, and not stored.
    questions = collection._embedding_function(df["title"].head(len(vectors)).to_list()[::5])
    answer = collection.query(query_embeddings=questions, n_results=20, include=["distances"])[
        "distances"
    ]
    true = np.sort(2 - 2 * np.array(questions) @ embeddings.T)[:, :20]
    # By distance, since of two that are equally near either may come.
    return figures | {"recall": np.mean(np.array(answer) <= true[:, -1:] + 1e-5)}


def measure_second_run(size: int, folder: Path) -> float:
    """
    Seconds that a new process takes from the folder to the first answer, when
    there is nothing to embed.
    """
    config.CHROMA_PATH = folder
    df = make_catalogue(size)
    main.load_model().encode("warm")
    import chromadb  # noqa: F401  # loaded before the clock starts, like the model: that takes the same at every size

    start = time.perf_counter()
    collection = main.get_collection(main.get_client(), "movies")
    assert main.add_movies(collection, df) == 0
    main.find_similar(collection, "a robot that wants to be human")
    return time.perf_counter() - start


def measure_first_answer(vectors: np.ndarray) -> float:
    """
    Seconds from starting Python to the first answer in a folder that holds the
    catalogue.
    """
    code = """
from main import *
movies = get_collection(get_client(), "movies")
assert add_movies(movies, prep_movies(load_sample_movies())) == 0
find_movies(movies, "a robot that wants to be human")
"""
    with TemporaryDirectory() as folder:
        in_new_process(measure_size, len(vectors), vectors, Path(folder))
        environment = os.environ | {"CHROMA_PATH": folder}
        command = [sys.executable, "-c", code]
        root = Path(main.__file__).parent
        return median(
            seconds_for(subprocess.check_call, command, cwd=root, env=environment) for _ in range(3)
        )


def in_new_process(function, *args):
    """
    Call a function in a process of its own, so that its peak of memory is its
    own.
    """
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        return pool.submit(function, *args).result()


def measure_growth() -> None:
    """
    Embed, store and ask for more and more movies, and extend the line through
    the last two sizes to a million.
    """
    print(f"\nimport main takes {measure_import():.2f} s")
    embedding, vectors = in_new_process(measure_embedding)
    print(
        f"Embedding texts of {embedding['tokens']:.0f} tokens: {embedding['rate']:.0f} movies/s; "
        "first answer in a new process over a filled folder: "
        f"{measure_first_answer(vectors):.1f} s\n"
    )
    columns = []
    for size in SIZES:
        with TemporaryDirectory() as folder:
            column = in_new_process(measure_size, size, vectors, Path(folder))
            column["second run"] = in_new_process(measure_second_run, size, Path(folder))
        columns.append(column | {"embed": size / embedding["rate"]})
    *_, before, last = columns
    steps = (1_000_000 - SIZES[-1]) / (SIZES[-1] - SIZES[-2])
    columns.append({name: last[name] + steps * (last[name] - before[name]) for name in last})
    rows = {
        "embed, in seconds": ("embed", ",.0f"),
        "store, in seconds": ("store", ",.1f"),
        "second run, in seconds": ("second run", ",.1f"),
        "`find_similar`, in milliseconds": ("find_similar", ",.0f"),
        "`find_movies`, in milliseconds": ("find_movies", ",.0f"),
        "`find_movies` with a person, in milliseconds": ("find_movies, a person", ",.0f"),
        "`recommend` from one, in milliseconds": ("recommend", ",.0f"),
        "`recommend` from a hundred, in milliseconds": ("recommend from 100", ",.0f"),
        "`recommend` with a wish, in milliseconds": ("recommend with a wish", ",.0f"),
        "peak memory, in MiB": ("memory", ",.0f"),
        "recall@20": ("recall", ".4f"),
    }
    print("| movies | " + " | ".join(f"{size:,}" for size in SIZES) + " | 1,000,000 (estimate) |")
    print("|---|" + "--:|" * len(columns))
    for label, (name, form) in rows.items():
        *measured, estimate = (column[name] for column in columns)
        cells = [format(figure, form) for figure in measured]
        if name == "embed":
            cells[1:] = [f"≈ {cell}" for cell in cells[1:]]
        cells.append("?" if name == "recall" else f"≈ {float(f'{estimate:.2g}'):,.0f}")
        print(f"| {label} | {' | '.join(cells)} |")


if __name__ == "__main__":
    measure_fetch()
    measure_growth()
