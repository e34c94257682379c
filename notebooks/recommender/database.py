"""Chroma: a client, a collection, and what its errors mean."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import config
from notebooks.recommender.model import get_embedding_function

if TYPE_CHECKING:
    import chromadb

# Of the true 20 nearest among 100,000 movies these find 99.9 %, in 7 ms on 2 cores; a search 1,000
# wide 99.85 % in 4, half the neighbours 92 %, and Chroma's defaults 54 % in 1 ms, with 380 bytes
# fewer a movie. "l2" is squared.
_HNSW = {"space": "l2", "ef_construction": 200, "ef_search": 2_000, "max_neighbors": 64}
_FIRST_ANSWER, _ANSWER = (
    10,
    60,
)  # seconds that a Chroma server has for the first answer, and for each after it
_open_files: dict[Any, tuple[int, int] | None] = {}  # which file Chroma has open in each folder


def get_client() -> chromadb.ClientAPI:
    """
    Open the vector database: in memory, in the folder `CHROMA_PATH`, or on the
    Chroma server at `CHROMA_URL`.

    A folder is for one process at a time: another process searches an old
    index and misses movies. Several processes share a server.

    Returns
    -------
    chromadb.ClientAPI
        A client with telemetry off. In memory and in a folder, all clients of
        one process share their collections.

    Raises
    ------
    ConnectionError
        If no Chroma server answers at `CHROMA_URL`, or it refuses
        `CHROMA_TOKEN`, now or when a collection is used.
    OSError
        If nothing can be kept in `CHROMA_PATH`, now or when a collection is
        used.
    ValueError
        If `CHROMA_PATH` and `CHROMA_URL` are both set, or one of the settings
        cannot be right.
    """
    if config.CHROMA_PATH and config.CHROMA_URL:
        raise ValueError(
            f"use a folder or a server, not both: unset CHROMA_PATH={config.CHROMA_PATH} or "
            "CHROMA_URL"
        )
    if config.CHROMA_URL and not re.fullmatch(r"https?://[^\s@?#]+", config.CHROMA_URL):
        # A password or a token may stand there, so no variable holds it either.
        shown = re.sub(r"^.*@|[?#].*", "…", config.CHROMA_URL, flags=re.DOTALL)
        raise ValueError(
            f"CHROMA_URL must be like http://host:8000, not {shown!r}. A token goes into "
            "CHROMA_TOKEN."
        )
    if not re.fullmatch(r"[!-~]*", config.CHROMA_TOKEN or ""):
        raise ValueError(
            "CHROMA_TOKEN holds characters that no HTTP header takes. Copy it once more, in one "
            "piece."
        )

    # A grammar of web addresses that Chroma's imports compile where it is installed, with half of
    # their time. It serves a check that nothing here asks for.
    sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]

    place = config.CHROMA_PATH or config.CHROMA_URL
    client = _explain_errors(_open_client, place)(place)
    # The client and its collections ask everything through this object, whoever calls them.
    server, file = client._server, _open_files.get(place)
    methods = {
        name: getattr(server, name) for name in dir(server) if callable(getattr(server, name))
    }
    explained = {
        name: _explain_errors(ask, place, file)
        for name, ask in methods.items()
        if not name.startswith("__")
    }
    client._server = SimpleNamespace(**explained)
    return client


def _open_client(place: Path | str | None) -> Any:
    import chromadb
    import httpx
    from chromadb.api import ServerAPI
    from chromadb.api.client import Client
    from chromadb.config import Settings, System

    settings = Settings(anonymized_telemetry=False)
    if not place:
        return chromadb.EphemeralClient(settings=settings)
    if isinstance(place, Path):
        file = _identify_file(place)
        if file and file == _open_files.pop(place, None):
            client = chromadb.PersistentClient(place, settings=settings)
        else:
            # Chroma itself would share what it once opened at this path, even if the files are
            # gone.
            settings.is_persistent, settings.persist_directory = True, str(place)
            system = System(settings)
            system.instance(ServerAPI)
            system.start()
            client = Client.from_system(system)
        _open_files[place] = _identify_file(place)
        return client

    token = config.CHROMA_TOKEN
    # Servers and clouds read the one header or the other. The token's own class keeps it out of
    # sight.
    headers = (
        {"Authorization": type(token)("Bearer " + token), "X-Chroma-Token": token} if token else {}
    )
    # Chroma's client waits without end, even while it is made. So this asks first what it asks
    # last. Unlike Chroma's heartbeat, it needs the token and the database.
    with httpx.Client(headers=headers, timeout=_FIRST_ANSWER) as session:
        session.get(
            f"{place.rstrip('/')}/api/v2/tenants/default_tenant/databases/default_database"
        ).raise_for_status()
    client = chromadb.HttpClient(place, headers=headers, settings=settings)
    # A client and its collections send every request through this session. None takes so long: we
    # embed here.
    client._server._session.timeout = _ANSWER
    return client


def _identify_file(folder: Path) -> tuple[int, int] | None:
    """Tell Chroma's file in a folder from one that was there before."""
    file = folder / "chroma.sqlite3"
    return (file.stat().st_dev, file.stat().st_ino) if file.is_file() else None


def _explain_errors(ask: Callable, place: Any, file: tuple[int, int] | None = None) -> Callable:
    """
    Let `ask`, which asks Chroma, say in its errors what to do. Errors that
    this does not know pass unchanged.
    """
    import chromadb
    import httpx
    from chromadb import errors

    server_faults: tuple = (
        httpx.HTTPError,
        httpx.InvalidURL,
        UnicodeError,
        json.JSONDecodeError,
        errors.InternalError,
    )
    server_faults += (errors.ChromaAuthError, errors.AuthorizationError)

    @wraps(ask)
    def explained(*args, **kwargs):
        if file and _identify_file(place) != file:
            raise OSError(
                f"the files in CHROMA_PATH={place} were deleted or replaced after they were "
                "opened. "
                "Rerun the cells that call get_client and get_collection."
            )
        try:
            return ask(*args, **kwargs)
        except Exception as error:
            # Chroma hides some faults behind a bare Exception or a ValueError.
            cause: Any = error.__context__ if type(error) in (Exception, ValueError) else error
            filters = {
                name: kwargs[name] for name in ("where", "where_document") if kwargs.get(name)
            }
            if isinstance(error, errors.NotFoundError) and re.search(
                r"[\da-f]{8}(-[\da-f]{4}){3}-", str(error)
            ):
                explanation: Exception = errors.NotFoundError(
                    "this collection was deleted, perhaps by another program. Rerun the cell "
                    "that calls get_collection."
                )
            elif filters and isinstance(error, (errors.InvalidArgumentError, TypeError)):
                explanation = ValueError(f"Chroma does not take the filter {filters}: {error}")
            elif isinstance(place, Path) and isinstance(error, errors.InternalError):
                explanation = OSError(
                    f"Chroma cannot use the folder CHROMA_PATH={place} ({error}). Check that it "
                    "can be written to and "
                    "its disk has room. It must be open in one process at a time: close the "
                    "others and restart this "
                    "one. If its files are damaged or not Chroma's, delete it or name another "
                    "folder."
                )
            elif isinstance(place, str) and (
                isinstance(cause, server_faults) or type(error) is errors.ChromaError
            ):
                status = isinstance(cause, httpx.HTTPStatusError)
                fault = (
                    f"status {cause.response.status_code}"
                    if status
                    else f"{type(cause).__name__}: {cause}"
                )
                explanation = ConnectionError(
                    f"the Chroma server at {place} cannot be used ({fault}). Check CHROMA_URL "
                    "and CHROMA_TOKEN. "
                    f"Chroma {chromadb.__version__} must run there: chroma run --path FOLDER "
                    "--host HOST --port PORT"
                )
            else:
                raise
        # Raised out here, where it does not carry along httpx's request, which holds the token.
        raise explanation

    return explained


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
    from chromadb.errors import InvalidArgumentError

    embed = get_embedding_function(config.EMBEDDING_MODEL)
    new = {"hnsw": _HNSW, "embedding_function": embed}
    try:
        # An existing collection keeps its configuration. It is opened without a function first:
        # Chroma's own error about another program's would not help, and Chroma would accept
        # another model.
        there = client.get_or_create_collection(name, embedding_function=None, configuration=new)
    except InvalidArgumentError as error:
        raise ValueError(f"{name!r} cannot be a collection's name. {error}") from None
    function = there.configuration_json.get("embedding_function") or {}
    theirs = (
        function.get("config", {}).get("model_name")
        if function.get("name") == embed.name()
        else None
    )
    ours = embed.get_config()["model_name"]
    if theirs and theirs != ours and not there.count():
        # Nothing can be mixed yet. The model's name may have been misspelt, which shows when it is
        # loaded.
        there.modify(configuration={"embedding_function": embed})
    elif theirs != ours:
        if theirs:
            made, way_out = (
                f"with the model {theirs!r}",
                "Set EMBEDDING_MODEL to the former again, or give",
            )
        else:
            made, way_out = (
                f"by another program (embedding function: {function.get('name', 'none')})",
                "Give",
            )
        raise ValueError(
            f"the collection {name!r} was made {made}, and EMBEDDING_MODEL is "
            f"{config.EMBEDDING_MODEL!r}: distances "
            f"between their embeddings mean nothing. {way_out} the latter a collection of its own: "
            f"get_collection(client, {name + '-2'!r})."
        )
    return client.get_collection(name, embedding_function=embed)
