"""Chroma: a client, a collection, what it is asked, and what its errors mean."""

from __future__ import annotations

import json
import os
import re
import reprlib
import sys
from collections.abc import Callable, Iterator, Sequence
from functools import partial, wraps
from inspect import signature
from pathlib import Path
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar
from urllib.parse import quote
from weakref import WeakKeyDictionary

import config
from notebooks.recommender.model import get_embedding_function

if TYPE_CHECKING:
    import chromadb
    import httpx

P = ParamSpec("P")
T = TypeVar("T")
# Of the true 20 nearest among 100,000 movies these find 99.9 % in 7 ms, half the neighbours 92 %,
# and Chroma's defaults 54 % in 1 ms, with 380 bytes fewer a movie. "l2" is squared.
_HNSW = {"space": "l2", "ef_construction": 200, "ef_search": 2_000, "max_neighbors": 64}
_FIRST_ANSWER, _ANSWER = 10, 60  # seconds that a server has for its first answer and for others
# What a filter may hold. Chroma takes some 980 and 16,000; 9,000 conditions end the process.
_CONDITIONS, _VALUES = 900, 10_000
# The process that opened each client's server, the place, and the file if that is a folder.
_opened: WeakKeyDictionary[Any, tuple] = WeakKeyDictionary()


def explain_chroma_errors(ask: Callable[P, T]) -> Callable[P, T]:
    """
    Let a function that asks Chroma say in its errors what to do. Its argument
    `where` is checked before. Errors that this does not know pass unchanged.
    """
    told = signature(ask)

    @wraps(ask)
    def explained(*args: P.args, **kwargs: P.kwargs) -> T:
        given = told.bind(*args, **kwargs).arguments
        _check_open(*_find_opening(given))
        check_where(given.get("where"))
        try:
            return ask(*args, **kwargs)
        except Exception as error:
            explanation = _explain(error, given)
            if explanation is None:
                raise
        raise explanation  # out here, without httpx's request, which holds the token

    return explained


def _find_opening(given: dict) -> tuple:
    """Find who opened the first argument, a client or a collection, and where."""
    handle = next(iter(given.values()), None)
    server = getattr(handle, "_server", None) or getattr(handle, "_client", None)
    if server in _opened:
        return _opened[server]
    local = [process for process, place, _ in _opened.values() if not isinstance(place, str)]
    fresh = given or config.CHROMA_URL or not local  # else Chroma shares what it opened before
    return os.getpid() if fresh else local[0], config.CHROMA_PATH or config.CHROMA_URL, None


def _check_open(process: int, place: Path | str | None, file: tuple[int, int] | None) -> None:
    if process != os.getpid():
        raise RuntimeError(
            "this process was forked from one that had opened a client, and Chroma would not "
            "answer here. Start it by spawn, or load and open nothing before the fork."
        )
    if file and _identify_file(place) != file:
        raise OSError(
            f"the files in CHROMA_PATH={place} were deleted or replaced after they were opened. "
            "Rerun the cells that call get_client and get_collection."
        )


def _identify_file(place: Path | str | None) -> tuple[int, int] | None:
    """Tell Chroma's file in a folder from one that was there before."""
    file = isinstance(place, Path) and place / "chroma.sqlite3"
    return (file.stat().st_dev, file.stat().st_ino) if file and file.is_file() else None


def check_where(where: Any) -> None:
    """Refuse a filter that Chroma does not take, or would die of."""
    if where is None or where == {}:
        return
    import orjson
    from chromadb.api.types import validate_where

    try:
        orjson.dumps(where, option=orjson.OPT_SERIALIZE_NUMPY)  # also refuses what is too deep
        parts = [where]
        for part in parts:  # which grows on the way
            if isinstance(part, dict | list):
                parts += part.values() if isinstance(part, dict) else part
        listed = [one for part in parts if isinstance(part, list) for one in part]
        conditions = sum(isinstance(one, dict) for one in listed)
        if conditions > _CONDITIONS or len(listed) - conditions > _VALUES:
            raise ValueError(f"it has more than {_CONDITIONS} conditions or {_VALUES:,} values")
        validate_where(where)
    except (ValueError, TypeError) as error:
        raise _refuse({"where": where}, error) from None


def _refuse(given: dict, error: Exception) -> ValueError:
    asked = [f"{key}={reprlib.repr(given[key])}" for key in ("where", "name") if key in given]
    return ValueError(f"Chroma does not take {' or '.join(asked) or 'what it was asked'}: {error}")


def _explain(error: Exception, given: dict) -> Exception | None:
    """Say what to do about an error of Chroma's, if it is one of these."""
    import chromadb
    import httpx
    from chromadb import errors

    _, place, _ = _find_opening(given)
    if isinstance(error, errors.NotFoundError) and re.search(r"[\da-f]{8}-", str(error)):
        return errors.NotFoundError(
            "this collection was deleted, perhaps by another program. Rerun the cell that calls "
            "get_collection."
        )
    too_much = isinstance(error, errors.InternalError) and re.search("too (many|large)", str(error))
    if isinstance(error, errors.InvalidArgumentError) or too_much:
        return _refuse(given, error)
    if isinstance(place, Path) and isinstance(error, errors.InternalError):
        return OSError(
            f"Chroma cannot use the folder CHROMA_PATH={place} ({error}). Can it be written to, is "
            "there room? Use it in one process at a time: close the others and restart this one. "
            "If its files are damaged or not Chroma's, delete it or name another folder."
        )
    # Chroma hides some faults behind a bare Exception or a ValueError.
    cause = error.__context__ if type(error) in (Exception, ValueError) else error
    http = (httpx.HTTPError, httpx.InvalidURL, UnicodeError, json.JSONDecodeError)
    theirs = (errors.InternalError, errors.ChromaAuthError, errors.AuthorizationError)
    known = isinstance(cause, http + theirs) or type(error) is errors.ChromaError
    if isinstance(place, str) and known and "Quota" not in str(error):
        fault = f"{type(cause).__name__}: {cause}"
        if isinstance(cause, httpx.HTTPStatusError):
            fault = f"status {cause.response.status_code}"
        return ConnectionError(
            f"the Chroma server at {place} cannot be used ({fault}). Check CHROMA_URL, "
            f"CHROMA_TOKEN, CHROMA_TENANT and CHROMA_DATABASE. Chroma {chromadb.__version__} must "
            "run there: chroma run --path FOLDER --host HOST --port PORT"
        )
    return None


def in_parts(ask: Callable[[Any], T], rows: Sequence, size: int = 1_000) -> Iterator[T]:
    """
    Ask Chroma about many rows in several calls, and in smaller ones where it
    refuses so many at once.
    """
    while rows:
        try:
            yield ask(rows[:size])
            rows = rows[size:]
        except Exception as error:
            size = min(size, len(rows))
            # In words of Chroma's client, of a cloud's quota and of a gateway.
            if size == 1 or not re.search("exceed|413|Too Large", str(error)):
                raise
            size //= 2


@explain_chroma_errors
def get_client() -> chromadb.ClientAPI:
    """
    Open the vector database: in memory, in the folder `CHROMA_PATH`, or on the
    Chroma server at `CHROMA_URL`.

    A folder is for one process at a time. Several share a server.

    Returns
    -------
    chromadb.ClientAPI
        With telemetry off. In memory and in a folder, all clients of one
        process share their collections.

    Raises
    ------
    ConnectionError
        If the server cannot be used, now or when a collection is used.
    OSError
        If the folder cannot be used, now or when a collection is used.
    RuntimeError
        If this process was forked from one with a client in memory or a folder.
    ValueError
        If both are set, or a setting cannot be right.
    """
    if config.CHROMA_PATH and config.CHROMA_URL:
        raise ValueError("use a folder or a server, not both: unset CHROMA_PATH or CHROMA_URL")
    if config.CHROMA_URL and not re.fullmatch(r"https?://[^\s@?#]+", config.CHROMA_URL):
        # A password or a token may stand there, so it is not shown, and no variable holds it.
        raise ValueError("CHROMA_URL must be like http://host:8000; a token goes into CHROMA_TOKEN")
    if not re.fullmatch(r"[!-~]*", config.CHROMA_TOKEN or ""):
        raise ValueError("CHROMA_TOKEN holds what no HTTP header takes. Copy it in one piece.")
    place = config.CHROMA_PATH or config.CHROMA_URL
    client = _open_client(place)
    _opened[client._server] = os.getpid(), place, _identify_file(place)
    return client


def _open_client(place: Path | str | None) -> Any:
    # Importing Chroma imports jsonschema, and that, where Jupyter has brought it, a grammar of web
    # addresses that nothing here asks for. It takes two thirds of the time.
    unused = "rfc3987_syntax"
    sys.modules.setdefault(unused, None)  # type: ignore[arg-type]  # as if it were not there
    import chromadb

    if sys.modules[unused] is None:
        del sys.modules[unused]
    from chromadb.api import ServerAPI
    from chromadb.api.client import Client
    from chromadb.config import Settings, System

    settings = Settings(anonymized_telemetry=False)
    if not place:
        return chromadb.EphemeralClient(settings=settings)
    if isinstance(place, Path):
        # Chroma itself would share what it once opened at this path, even if the files are gone.
        if (os.getpid(), place, _identify_file(place)) not in _opened.values():
            settings.is_persistent, settings.persist_directory = True, str(place)
            system = System(settings)
            system.instance(ServerAPI)  # type: ignore[type-abstract]  # Chroma's own way
            system.start()
            return Client.from_system(system)
        return chromadb.PersistentClient(place, settings=settings)

    token, tenant, database = config.CHROMA_TOKEN, config.CHROMA_TENANT, config.CHROMA_DATABASE
    headers: dict[str, str] = {}
    if token:  # some servers read the one and some the other; the token's class hides both
        headers = {"Authorization": type(token)("Bearer " + token), "X-Chroma-Token": token}
    _check_server(place, headers, tenant, database)
    client = chromadb.HttpClient(
        place, headers=headers, settings=settings, tenant=tenant, database=database
    )
    # A client and its collections send every request through this session. It would show the token,
    # of which httpx hides one header only. So each request gets the headers as it goes.
    session = client._server._session  # type: ignore[attr-defined]
    session.timeout = _ANSWER
    session.auth = partial(_add_headers, headers)
    for name in headers:
        del session.headers[name]
    return client


def _check_server(place: str, headers: dict[str, str], tenant: str, database: str) -> None:
    """Ask a server whether it is there, and of our version."""
    import chromadb
    import httpx

    # Chroma's client waits without end, even while it is made. So this asks first what it asks
    # last. Unlike Chroma's heartbeat, it needs the token and the database.
    api = place + "/api/v2"
    asked = f"/tenants/{quote(tenant, safe='')}/databases/{quote(database, safe='')}"
    with httpx.Client(headers=headers, timeout=_FIRST_ANSWER) as session:
        session.get(api + asked).raise_for_status()
        version, ours = session.get(api + "/version").json(), chromadb.__version__
    # All servers since 1.0 say 1.0.0 (chroma #4849), so nothing tells one of those from ours.
    if version != "1.0.0" and str(version).split(".")[:2] != ours.split(".")[:2]:
        raise httpx.HTTPError(f"Chroma {version!s:.20} runs there, and {ours} here")


def _add_headers(headers: dict[str, str], request: httpx.Request) -> httpx.Request:
    request.headers.update(headers)
    return request


@explain_chroma_errors
def get_collection(client: chromadb.ClientAPI, name: str) -> chromadb.Collection:
    """
    Get a collection, or create it, that embeds with `EMBEDDING_MODEL` and
    measures squared L2 distance.

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
        If another model or another program made the collection, or Chroma
        takes no such name. A model in a folder is known by its weights,
        wherever the folder lies.
    """
    embed = get_embedding_function(config.EMBEDDING_MODEL)
    new: Any = {"hnsw": _HNSW, "embedding_function": embed}
    # An existing collection keeps its configuration. It is opened without a function first, since
    # Chroma's own error about another program's would not help, and it accepts another model.
    there = client.get_or_create_collection(name, embedding_function=None, configuration=new)
    made_by = there.configuration_json.get("embedding_function") or {"name": "none"}
    known = made_by.get("name") == embed.name()
    theirs = made_by.get("config", {}).get("model_name") if known else None
    ours = embed.get_config()["model_name"]
    if theirs and theirs != ours and not there.count():
        # Nothing can be mixed yet. The name may have been misspelt, which shows when it is loaded.
        there.modify(configuration={"embedding_function": embed})
    elif theirs != ours:
        made = f"with the model {theirs!r}"
        way_out = "Set EMBEDDING_MODEL to the former again, or give"
        if not theirs:
            made = f"by another program (embedding function: {made_by.get('name')})"
            way_out = "Give"
        raise ValueError(
            f"the collection {name!r} was made {made}, and EMBEDDING_MODEL is "
            f"{config.EMBEDDING_MODEL!r}: their embeddings cannot be compared. {way_out} "
            f"the latter a collection of its own: get_collection(client, {name + '-2'!r})."
        )
    return client.get_collection(name, embedding_function=embed)
