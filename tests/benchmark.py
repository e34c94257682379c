"""How fast is it? Measures on this machine and prints a table; not a test, for time depends on the machine.

.venv/bin/python tests/benchmark.py
"""

import os
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
for name in ("TMDB_API_KEY", "TMDB_URL", "EMBEDDING_MODEL", "CHROMA_PATH"):
    os.environ[name] = ""  # measured on the defaults, whatever .env says

from tmdb_server import V3_KEY, FakeTMDb, make_movie, serve

import config
import main

PAGES, LATENCY, LIMIT = 210, 0.1, 40  # pages; seconds an answer takes; requests a second that TMDb allows


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
    threads = main._THREADS
    for label in ("one after another", "fetch_popular_movies"):
        main._THREADS = 1 if label == "one after another" else threads
        tmdb = SlowTMDb()
        with serve(tmdb) as config.TMDB_URL, TemporaryDirectory() as folder:
            config.CACHE_DIR = Path(folder)
            for times in (label, "a second time"):
                tmdb.times.clear()
                start = time.monotonic()
                assert len(main.fetch_popular_movies()) == 20 * PAGES
                seconds = time.monotonic() - start
                if times == label or main._THREADS > 1:
                    rates = f"{seconds:9.2f}{PAGES / seconds:9.1f}{seconds / bound:9.2f}{tmdb.busiest_second():18}"
                    print(f"{times:22}{rates}")
            main._get_session(config.TMDB_URL, config.CACHE_DIR).close()


if __name__ == "__main__":
    measure_fetch()
