"""Answers in files: how long they are kept, and what may go wrong with a folder."""

import os
import shutil
import subprocess
import sys
import time

import pytest
from tmdb_server import V3_KEY, make_movie

import config
from main import fetch_details, fetch_popular_movies, get_id_to_genre, search_movies
from notebooks.recommender.cache import read, write

CODE = """
from notebooks.recommender.tmdb import get_documents
pages = get_documents(("/discover/movie", {"page": page}) for page in range(1, 21))
print(sum(len(page["results"]) for page in pages))
"""


def child_of(tmdb, tmp_path, code=CODE):
    """Start a process that fetches 20 pages, with a cache in `tmp_path`."""
    env = {
        **os.environ,
        "TMDB_URL": config.TMDB_URL,
        "TMDB_API_KEY": V3_KEY,
        "CACHE_DIR": str(tmp_path),
        "PYTHONWARNINGS": "always",
    }
    child = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    return subprocess.Popen([sys.executable, "-c", code], env=env, cwd=config.ROOT, **child)


def test_an_answer_is_kept_for_a_day_and_a_movies_details_for_thirty_then_removed(tmdb, tmp_path):
    tmdb.movies = [make_movie(1, title="Alien")]
    for days in (0, 0.99, 1.01, 29.9, 30.1):
        for file in tmp_path.iterdir():
            os.utime(file, (time.time() - days * 86_400,) * 2)
        tmdb.requests.clear()
        fetch_details(search_movies("Alien"))
        paths = [path for path, _, _ in tmdb.requests]
        assert ("/3/search/movie" in paths) == (days in (0, 1.01, 29.9, 30.1))
        assert ("/3/movie/1" in paths) == (days in (0, 30.1))
        assert len(list(tmp_path.iterdir())) == 2


def test_expired_answers_are_removed_by_the_next_fetch_and_files_of_others_are_not(tmdb, tmp_path):
    get_id_to_genre()
    [entry] = tmp_path.iterdir()
    (tmp_path / "other.json").touch()
    (tmp_path / f"{'0' * 64}.json").touch()  # as it was called before details were kept
    for file in tmp_path.iterdir():
        os.utime(file, (time.time() - 86_500,) * 2)
    search_movies("Alien")
    assert not entry.exists()
    assert len(list(tmp_path.iterdir())) == 2


@pytest.mark.parametrize("content", [b"", b"{", b"\xff", b"{}", b"[" * 100_000])
def test_a_broken_entry_of_the_cache_is_asked_for_again(tmdb, tmp_path, content):
    get_id_to_genre()
    [entry] = tmp_path.iterdir()
    entry.write_bytes(content)
    assert get_id_to_genre() == tmdb.genres
    assert len(tmdb.requests) == 2


def test_an_entry_of_the_cache_that_never_ends_is_not_waited_for(tmdb, tmp_path):
    get_id_to_genre()
    [entry] = tmp_path.iterdir()
    entry.unlink()
    os.mkfifo(entry)
    assert get_id_to_genre() == tmdb.genres
    assert entry.is_file()


def test_whatever_text_an_answer_holds_is_read_back(tmp_path, monkeypatch):
    monkeypatch.setattr(config, "CACHE_DIR", tmp_path)
    write(["question"], 1, {"title": "Amélie \ud83d \0 千と千尋"})
    assert read(["question"], 1) == '{"title":"Amélie \ud83d \\u0000 千と千尋"}'


def test_another_language_is_another_answer(tmdb, monkeypatch):
    get_id_to_genre()
    monkeypatch.setattr(config, "TMDB_LANGUAGE", "nb-NO")
    tmdb.genres = {16: "Animasjon"}
    assert get_id_to_genre() == {16: "Animasjon"}


def test_a_cache_that_is_removed_meanwhile_is_made_again_and_gives_no_old_answer(
    tmdb, tmp_path, monkeypatch
):
    monkeypatch.setattr(config, "CACHE_DIR", tmp_path / "cache")
    get_id_to_genre()
    shutil.rmtree(tmp_path / "cache")
    tmdb.genres = {1: "New"}
    assert get_id_to_genre() == {1: "New"}
    assert list((tmp_path / "cache").iterdir())


@pytest.mark.parametrize("folder", ["file", "x" * 300, "file/below", "nul\0"])
def test_a_folder_that_cannot_be_used_costs_one_warning_and_not_the_answer(
    tmdb, tmp_path, monkeypatch, folder
):
    (tmp_path / "file").touch()
    monkeypatch.setattr(config, "CACHE_DIR", tmp_path / folder)
    tmdb.movies = [make_movie(id) for id in range(1, 92)]
    with pytest.warns(UserWarning, match="without the cache in CACHE_DIR") as caught:
        assert len(fetch_popular_movies()) == 91
    assert len(caught) == 1


@pytest.mark.parametrize("blocks", [0, 1])
def test_a_full_disk_costs_one_warning_and_not_the_answer(tmdb, tmp_path, blocks):
    tmdb.movies = [make_movie(id) for id in range(400)]
    limit = f"import resource; resource.setrlimit(resource.RLIMIT_FSIZE, ({blocks * 1_024},) * 2)"
    shown, warned = child_of(tmdb, tmp_path, limit + CODE).communicate(timeout=30)
    assert shown == "400\n"
    assert warned.count("Warning") == 1
    assert not list(tmp_path.iterdir())


def test_processes_share_the_cache(tmdb, tmp_path):
    tmdb.movies = [make_movie(id) for id in range(400)]
    children = [child_of(tmdb, tmp_path) for _ in range(3)]
    assert [child.communicate(timeout=30) for child in children] == [("400\n", "")] * 3
    tmdb.requests.clear()
    assert child_of(tmdb, tmp_path).communicate(timeout=30) == ("400\n", "")
    assert tmdb.requests == []
