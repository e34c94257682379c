"""
What the tests share. They never read the developer's own settings, and never
leave this machine.
"""

import os
import time
from contextlib import contextmanager
from types import SimpleNamespace
from uuid import uuid4

import numpy as np
import pytest
from filelock import FileLock
from hypothesis import HealthCheck, settings

# Before `config` reads them: an empty value is unset, and beats whatever a .env file here says.
for name in (
    "TMDB_API_KEY",
    "TMDB_URL",
    "TMDB_LANGUAGE",
    "WATCH_COUNTRY",
    "EMBEDDING_MODEL",
    "CHROMA_PATH",
    "CHROMA_URL",
    "CHROMA_TOKEN",
    "CHROMA_TENANT",
    "CHROMA_DATABASE",
    "CACHE_DIR",
):
    os.environ[name] = ""
os.environ["HF_HUB_OFFLINE"] = "1"
if "PYTEST_XDIST_WORKER" in os.environ:  # or the cores of one would wait for another's
    os.environ["OMP_NUM_THREADS"] = "1"

from tmdb_server import V3_KEY, FakeTMDb, serve

import config
import main
from notebooks.recommender import tmdb as tmdb_room

# A machine that is busy is not a bug: no example has a deadline.
settings.register_profile("movies", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("movies")


def pytest_collection_modifyitems(items):
    """
    Mark what needs the embedded catalogue, or waits for a server that never
    answers.
    """
    for item in items:
        if {"texts", "titles"} & set(item.fixturenames) or "no answer" in item.name:
            item.add_marker(pytest.mark.slow)


@contextmanager
def playing_tmdb(folder):
    """
    Let `main` ask a TMDb of no movies yet, with a v3 key, a cache in `folder`,
    and no waiting between tries.
    """
    tmdb = FakeTMDb()
    tmdb.waits = []
    clock = SimpleNamespace(
        time=time.time, monotonic=time.monotonic, sleep=lambda s: s > 0.1 and tmdb.waits.append(s)
    )
    with serve(tmdb) as url, pytest.MonkeyPatch.context() as patch:
        patch.setattr(config, "TMDB_URL", url)
        patch.setattr(config, "TMDB_API_KEY", V3_KEY)
        patch.setattr(config, "CACHE_DIR", folder)
        patch.setattr(tmdb_room, "PER_SECOND", 100_000)
        patch.setattr(tmdb_room, "time", clock)
        yield tmdb
        tmdb_room.SESSION.close()  # or the server's end would leave open sockets behind


@pytest.fixture
def tmdb(tmp_path):
    with playing_tmdb(tmp_path) as tmdb:
        yield tmdb


@pytest.fixture
def collection():
    """An empty collection in memory."""
    client = main.get_client()
    collection = main.get_collection(client, f"test-{uuid4()}")
    yield collection
    # Chroma 1.5.9 leaves lists of a deleted collection behind, and the next one's movies get them.
    if ids := collection.get(include=[])["ids"]:
        collection.delete(ids=ids)
    client.delete_collection(collection.name)


@pytest.fixture(scope="session")
def catalogue():
    """The embedded catalogue, prepared."""
    return main.prep_movies(main.load_sample_movies())


@contextmanager
def knowing(stored):
    """
    Let the model look up what was embedded before in this run of the tests:
    `documents` with their `embeddings`.
    """
    known = dict(zip(stored["documents"], stored["embeddings"], strict=True))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            main.load_model(), "encode_document", lambda batch, **_: [known[text] for text in batch]
        )
        yield


def embed_once(catalogue, column, tmp_path_factory):
    """Embed a column of the catalogue once for all workers."""
    collection = main.get_collection(main.get_client(), f"{column}-of-the-catalogue")
    folder = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:  # for all of its workers
        folder = folder.parent
    file = folder / f"{column}.npz"
    with FileLock(f"{file}.lock"):  # one embeds, on all cores, and the others wait
        if not file.exists():
            main.add_movies(collection, catalogue, column)
            stored = collection.get(include=["documents", "embeddings"])
            np.savez(file, documents=stored["documents"], embeddings=stored["embeddings"])
    with knowing(np.load(file)):
        main.add_movies(collection, catalogue, column)
    return collection


@pytest.fixture(scope="session")
def texts(catalogue, tmp_path_factory):
    """The catalogue's texts, embedded. Not to be changed by a test."""
    return embed_once(catalogue, "text", tmp_path_factory)


@pytest.fixture(scope="session")
def titles(catalogue, tmp_path_factory):
    """The catalogue's titles, embedded. Not to be changed by a test."""
    return embed_once(catalogue, "title", tmp_path_factory)


@pytest.fixture(scope="session")
def vectors(tmp_path_factory, catalogue, texts, titles):
    """
    A folder for vectors that holds those of the embedded catalogue, so that no
    notebook embeds them again.
    """
    folder = tmp_path_factory.mktemp("vectors")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(config, "CHROMA_PATH", folder)
        client = main.get_client()
        for name, column, known in (
            ("embedded", "text", texts),
            ("embedded-titles", "title", titles),
        ):
            with knowing(known.get(include=["documents", "embeddings"])):
                main.add_movies(main.get_collection(client, name), catalogue, column)
        client.close()
    return str(folder)
