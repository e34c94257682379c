"""Answers, kept in files of `CACHE_DIR` for some days. What cannot be kept or read
again is no error: the question is asked again.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import threading
import time
import warnings
from functools import lru_cache
from pathlib import Path

import config

# A file for each answer, without a lock. requests-cache's own files are not written aside, and its
# redirects lie in SQLite, which waits for a lock without limit.


def read(question: list, days: int) -> str:
    """Read an answer that is still fresh; an empty text if there is none."""
    file = _find_file(question, days)
    try:
        return file.read_text("utf-8", "surrogatepass") if _is_fresh(file) else ""
    except (OSError, ValueError):
        return ""


def write(question: list, days: int, document: dict) -> None:
    """
    Write an answer to another file and rename it, so that another process finds
    it whole or not at all.
    """
    file = _find_file(question, days)
    aside = file.with_name(f"{file.name}.{os.getpid()}-{threading.get_ident()}")
    try:
        text = json.dumps(document, ensure_ascii=False, separators=(",", ":"))
        file.parent.mkdir(parents=True, exist_ok=True)
        aside.write_text(text, "utf-8", "surrogatepass")  # it may hold half an emoji
        os.replace(aside, file)
    except FileNotFoundError:
        pass  # `rm -r .cache` ran at the same moment
    except (OSError, ValueError, RecursionError) as error:
        with contextlib.suppress(OSError, ValueError):
            aside.unlink()
        with _one_warns:  # of the threads that meet the same fault
            _warn(file.parent, getattr(error, "strerror", None) or str(error))


_one_warns = threading.Lock()


@lru_cache  # one warning is enough
def _warn(folder: Path, reason: str) -> None:
    warnings.warn(
        f"going on without the cache in CACHE_DIR={folder!s:.200}, which cannot be used: {reason}",
        stacklevel=2,
    )


def remove_expired() -> None:
    """Remove our answers that are no longer fresh."""
    with contextlib.suppress(OSError, ValueError):  # another process may do the same
        for file in config.CACHE_DIR.glob("[0-9a-f]" * 64 + "*.json*"):
            if not _is_fresh(file):
                file.unlink()


def _find_file(question: list, days: int) -> Path:
    name = json.dumps(question, sort_keys=True)
    return config.CACHE_DIR / f"{hashlib.sha256(name.encode()).hexdigest()}.{days}.json"


def _is_fresh(file: Path) -> bool:
    days = file.name.split(".")[1]
    kept = 86_400 * (int(days) if days.isdecimal() else 1)
    return file.is_file() and 0 <= time.time() - file.stat().st_mtime < kept  # not a FIFO
