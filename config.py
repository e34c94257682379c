"""Every setting, read once: from the environment, or from `.env` beside this
file, or the default given here.

An empty value means unset. `TMDB_API_KEY=` in the environment therefore
switches off a key that `.env` holds.
"""

import os
import re
from io import StringIO
from pathlib import Path
from typing import Any

from dotenv.parser import parse_stream


class Secret(str):
    """
    A key or token. It is `***` wherever it is shown; joining (`"Bearer " +
    key`) and `encode` give the real one.
    """

    __slots__ = ()

    def __repr__(self) -> str:
        return "***"

    __str__ = __repr__

    def __format__(self, spec: str) -> str:
        return format("***", spec)


ROOT = Path(__file__).resolve().parent  # the project's folder
_SECRETS = ("TMDB_API_KEY", "CHROMA_TOKEN")


def _read_dotenv(file: Path) -> dict[str, str]:
    # Values only: loaded into os.environ, the key would be inherited by every process that a
    # notebook starts.
    try:
        text = file.read_text(encoding="utf-8-sig") if file.exists() and not file.is_dir() else ""
    except UnicodeDecodeError:
        text = "\0"
    if "\0" in text:  # as in UTF-16 without a mark at its start
        text = ""  # a traceback may show it
        raise ValueError(
            f"{file} is not text in UTF-8. Save it as UTF-8: in an editor by 'Save with "
            "encoding', in PowerShell by "
            "`(Get-Content .env) | Set-Content -Encoding utf8 .env`."
        )
    values, number, unread = {}, 1, 0
    for binding in parse_stream(StringIO(text)):
        line = binding.original.string
        named = not binding.key or (binding.key.isidentifier() and binding.value is not None)
        if not unread and (binding.error or not named):
            unread = number + line[: -len(line.lstrip())].count("\n")
        number += line.count("\n")
        value, rest = binding.value or "", line.partition("=")[2].strip()
        if rest[:1] in ("'", '"'):
            value = rest[1:].partition(rest[0])[0]  # a Windows path holds no escapes
        elif binding.key in _SECRETS:
            value = rest  # to the end of its line: after " #" other values have a comment
        if binding.key:
            values[binding.key] = Secret(value) if binding.key in _SECRETS else value
    if unread:
        text = line = value = rest = ""  # as above
        del binding, values
        raise ValueError(f"{file}, line {unread} cannot be read. Write NAME=value there.")
    return values


_DOTENV = _read_dotenv(ROOT / ".env")


def _read(name: str, default: str | None = None) -> Any:
    value = (os.environ.get(name, _DOTENV.get(name)) or "").strip() or default
    return Secret(value) if value and name in _SECRETS else value


def _read_path(name: str, default: str | None = None) -> Any:
    # Relative to the project, so that the notebook and a REPL, started in different folders, mean
    # the same place.
    value = _read(name, default)
    try:
        return ROOT / Path(value).expanduser() if value else None
    except RuntimeError:  # "~name" of a user who is not known here
        raise ValueError(
            f"{name}={value}: that user has no home here. Write the whole path."
        ) from None


def _read_language(name: str, default: str) -> str:
    """Read a language, with a country or without, and write it as TMDb does: en_us is en-US."""
    value = _read(name, default)
    if value == default:
        return default
    from babel import Locale  # takes a while, and few need it

    known = Locale("en")
    parts = re.fullmatch(r"([a-z]{2})(?:[-_]([a-z]{2}))?", value, re.ASCII | re.IGNORECASE)
    language, country = (parts[1].lower(), (parts[2] or "").upper()) if parts else ("", "")
    if language not in known.languages or (country and country not in known.territories):
        raise ValueError(
            f"{name}={value!r:.80} is no language. Write two letters, and two for a country if it "
            "matters: en-US, nb-NO or fr."
        )
    return f"{language}-{country}" if country else language


TMDB_API_KEY: Secret | None = _read("TMDB_API_KEY")  # a v3 key or a v4 read access token
TMDB_URL: str = _read("TMDB_URL", "https://api.themoviedb.org/3").rstrip("/")
TMDB_LANGUAGE: str = _read_language("TMDB_LANGUAGE", "en-US")
WATCH_COUNTRY: str | None = _read("WATCH_COUNTRY")  # where one watches; else the language's region
CACHE_DIR: Path = _read_path("CACHE_DIR", ".cache")  # TMDb's answers
EMBEDDING_MODEL: str = _read("EMBEDDING_MODEL", "all-MiniLM-L6-v2")  # on the hub, or a folder
CHROMA_PATH: Path | None = _read_path("CHROMA_PATH")  # keep the vectors in this folder
CHROMA_URL: str | None = _read("CHROMA_URL", "").rstrip("/") or None  # or on that Chroma server
CHROMA_TOKEN: Secret | None = _read("CHROMA_TOKEN")  # what that server wants to see, if any
CHROMA_TENANT: str = _read("CHROMA_TENANT", "default_tenant")  # whose data on that server
CHROMA_DATABASE: str = _read("CHROMA_DATABASE", "default_database")  # and which of theirs
