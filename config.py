"""Every setting, read once: from the environment, else from `.env` beside this file, else the default given here.

An empty value means unset. `TMDB_API_KEY=` in the environment therefore switches off a key that `.env` holds.
"""

import os
from pathlib import Path

from dotenv import dotenv_values

_ROOT = Path(__file__).resolve().parent
# Values only: loaded into os.environ, the key would be inherited by every process that a notebook starts.
_DOTENV = dotenv_values(_ROOT / ".env", encoding="utf-8-sig")


def _read(name: str, default: str | None = None) -> str | None:
    value = os.environ.get(name, _DOTENV.get(name)) or ""
    return value.strip() or default


def _read_path(name: str, default: str | None = None) -> Path | None:
    # Relative to the project, so that the notebook and a REPL, started in different folders, mean the same place.
    value = _read(name, default)
    return _ROOT / Path(value).expanduser() if value else None


TMDB_API_KEY = _read("TMDB_API_KEY")  # a v3 key or a v4 read access token
TMDB_URL = _read("TMDB_URL", "https://api.themoviedb.org/3").rstrip("/")
TMDB_LANGUAGE = _read("TMDB_LANGUAGE", "en-US")
CACHE_DIR = _read_path("CACHE_DIR", ".cache")  # TMDb's answers, for a day
EMBEDDING_MODEL = _read("EMBEDDING_MODEL", "all-MiniLM-L6-v2")  # a name on the Hugging Face hub, or a folder
CHROMA_PATH = _read_path("CHROMA_PATH")  # keep the vectors in this folder
CHROMA_URL = _read("CHROMA_URL")  # or on the Chroma server there
CHROMA_TOKEN = _read("CHROMA_TOKEN")  # what that server wants to see, if it wants a token
