"""TMDb to a list of movies."""

import logging
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import traceback
from email.utils import formatdate
from pathlib import Path
from tempfile import TemporaryDirectory

import nbformat
import pytest
from conftest import playing_tmdb
from hypothesis import given, settings
from hypothesis import strategies as st
from IPython.core.ultratb import VerboseTB
from nbclient import NotebookClient
from tmdb_server import V3_KEY, V4_KEY, FakeTMDb, make_movie, send

import config
import main
from main import TMDbError, fetch_popular_movies, get_id_to_genre, search_movies
from notebooks.recommender import tmdb as tmdb_room


def ids(movies):
    return [movie["id"] for movie in movies]


def everything_shown(error: BaseException) -> str:
    """
    All that a failure can print: messages, reprs and tracebacks, down every
    chain of causes and contexts.
    """
    shown = "".join(traceback.format_exception(error))
    while error:
        shown += f"{error!r} {error} {vars(error)}"
        error = error.__cause__ or error.__context__
    return shown


def test_fetch_returns_every_movie_of_every_page_once_best_vote_average_first(tmdb):
    tmdb.movies = [make_movie(id) for id in range(1, 92)]
    movies = fetch_popular_movies()
    assert sorted(ids(movies)) == list(range(1, 92))
    averages = [movie["vote_average"] for movie in movies]
    assert averages == sorted(averages, reverse=True)
    assert movies[0] == make_movie(movies[0]["id"])


def test_fetch_leaves_out_movies_with_fewer_votes(tmdb):
    tmdb.movies = [
        make_movie(1, vote_count=999),
        make_movie(2, vote_count=1_000),
        make_movie(3, vote_count=5_000),
    ]
    assert sorted(ids(fetch_popular_movies())) == [2, 3]
    assert sorted(ids(fetch_popular_movies(min_votes=5_000))) == [3]
    assert sorted(ids(fetch_popular_movies(min_votes=0))) == [1, 2, 3]


def test_fetch_of_no_movies_is_an_empty_list(tmdb):
    assert fetch_popular_movies() == []


@pytest.mark.parametrize("min_votes", [-1, -1_000])
def test_a_negative_min_votes_is_a_value_error_with_the_value(min_votes):
    with pytest.raises(ValueError, match=str(min_votes)):
        fetch_popular_movies(min_votes)


def test_search_finds_movies_by_title(tmdb):
    tmdb.movies = [make_movie(1, title="Plan 9 from Outer Space"), make_movie(2, title="Ed Wood")]
    assert ids(search_movies("plan 9")) == [1]
    assert ids(search_movies("no such movie")) == []


@pytest.mark.parametrize("query", ["", "  \n", None])
def test_an_empty_search_is_a_value_error(tmdb, query):
    with pytest.raises(ValueError, match="query"):
        search_movies(query)
    assert tmdb.requests == []


def test_genres_come_from_tmdb_with_a_key_and_are_asked_for_once(tmdb):
    assert get_id_to_genre() == tmdb.genres
    assert get_id_to_genre() == tmdb.genres
    assert len(tmdb.requests) == 1


def test_genres_come_from_the_embedded_catalogue_without_a_key(tmdb, monkeypatch):
    monkeypatch.setattr(config, "TMDB_API_KEY", None)
    assert get_id_to_genre()[878] == "Science Fiction"
    assert tmdb.requests == []


def test_the_language_is_sent_with_every_request(tmdb, monkeypatch):
    monkeypatch.setattr(config, "TMDB_LANGUAGE", "nb-NO")
    tmdb.movies = [make_movie(id) for id in range(30)]
    fetch_popular_movies()
    search_movies("movie")
    get_id_to_genre()
    assert {query["language"] for _, query, _ in tmdb.requests} == {"nb-NO"}


def test_a_v3_key_travels_as_a_parameter_and_a_v4_token_in_the_header(tmdb, monkeypatch):
    get_id_to_genre()
    monkeypatch.setattr(config, "TMDB_API_KEY", V4_KEY)
    fetch_popular_movies()
    (_, v3_query, v3_headers), (_, v4_query, v4_headers) = tmdb.requests
    assert v3_query["api_key"] == V3_KEY
    assert "Authorization" not in v3_headers
    assert v4_headers["Authorization"] == f"Bearer {V4_KEY}"
    assert "api_key" not in v4_query


def test_no_key_is_an_error_that_says_where_to_get_one_and_where_to_put_it(tmdb, monkeypatch):
    monkeypatch.setattr(config, "TMDB_API_KEY", None)
    with pytest.raises(TMDbError, match=r"themoviedb.org/settings/api.*\.env.*TMDB_API_KEY"):
        fetch_popular_movies()
    assert tmdb.requests == []


def test_a_key_with_stray_characters_is_refused_before_it_is_sent(tmdb, monkeypatch):
    monkeypatch.setattr(config, "TMDB_API_KEY", "eyJ\nnø key")
    with pytest.raises(TMDbError, match="TMDB_API_KEY") as caught:
        fetch_popular_movies()
    assert "nø key" not in everything_shown(caught.value)
    assert tmdb.requests == []


def answer(status, body, **headers):
    return lambda handler: send(
        handler, status, body, {name.replace("_", "-"): value for name, value in headers.items()}
    )


def half_a_body(handler):
    send(handler, 200, b'{"page": 1, "results": [', {"Content-Length": 1_000})
    handler.close_connection = True


PAGE = {"page": 1, "results": [], "total_pages": 1, "total_results": 0}
TRANSIENT = {
    "429": answer(429, {}),
    "429 for seconds": answer(429, {}, Retry_After="7"),
    "429 until a date": lambda handler: send(
        handler, 429, {}, {"Retry-After": formatdate(time.time() + 9, usegmt=True)}
    ),
    "429 until nonsense": answer(429, {}, Retry_After="soon"),
    **{
        str(status): answer(status, b"oops") for status in (408, *range(500, 505), *range(520, 525))
    },
    "dropped connection": lambda handler: handler.connection.shutdown(socket.SHUT_RDWR),
    "half a body": half_a_body,
    "half a document": answer(200, b'{"page": 1, "results": ['),
    "nesting without end": answer(200, b'{"results": ' + b"[" * 100_000),
    "a number of 5,000 digits": answer(200, b'{"results": [{"id": ' + b"9" * 5_000 + b"}]}"),
    "no answer": lambda handler: time.sleep(0.5),
}
LASTING = {
    "refused key": answer(401, {"status_code": 7}),
    "forbidden": answer(403, {}),
    "no such path": answer(404, {}),
    "redirect": answer(302, b"", Location="http://127.0.0.1:9/login"),
    "login page": answer(
        200, b"<!doctype html><title>Log in to the wi-fi</title>", Content_Type="text/html"
    ),
    "a list": answer(200, [1, 2]),
    "no movies": answer(200, {"success": True}),
    "movies that are no list": answer(200, PAGE | {"results": {"id": 1}}),
    "movies that are no objects": answer(200, PAGE | {"results": [1]}),
    "movies without an id": answer(200, PAGE | {"results": [{"title": "Alien"}]}),
    "no counts": answer(200, {"results": []}),
    "counts that are null": answer(200, PAGE | {"total_pages": None}),
    "counts that are true": answer(200, PAGE | {"total_results": True}),
    "an id beyond 64 bits": answer(200, PAGE | {"results": [{"id": 2**63}]}),
    "an unknown charset": answer(200, PAGE, Content_Type="application/json; charset=klingon"),
    "bytes of no text": answer(200, b'{"results": "\xff"}'),
}
# All statuses go the same way, so one stands for them where many things are looked at.
KINDS = [fault for fault in TRANSIENT | LASTING if not re.fullmatch(r"408|50[1-4]|52\d", fault)]
WRONG_KEYS = {
    "v3": "f00dfacef00dfacef00dfacef00dface",
    "v4": "eyJmb29kZmFjZSI6MX0.ZmVlZGZhY2U.ZGVhZGJlZWY",
}


# Private names of `main` in this file are limits and waits that nothing public tells or changes.
TIMEOUT = tmdb_room.TIMEOUT


@pytest.fixture(autouse=True)
def _impatient(request):
    """
    Wait for less than users do where nothing comes, but long enough for an
    answer on a busy machine.
    """
    nothing_comes = "no answer" in request.node.name or "byte_at_a_time" in request.node.name
    # Not by the `monkeypatch` fixture: made before `tmdb`, it would undo after it, and put the
    # server's key back.
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tmdb_room, "TIMEOUT", 0.5 if nothing_comes else TIMEOUT)
        yield


@pytest.mark.parametrize("fault", TRANSIENT)
@pytest.mark.parametrize("number", [1, 3], ids=["first page", "later page"])
def test_a_fault_that_passes_is_tried_again_and_the_movies_are_all_there(tmdb, fault, number):
    tmdb.movies = [make_movie(id) for id in range(1, 92)]
    tmdb.faults = {number: TRANSIENT[fault]}
    assert sorted(ids(fetch_popular_movies())) == list(range(1, 92))
    assert len(tmdb.requests) == 5 + 1


@pytest.mark.parametrize("fault", TRANSIENT)
def test_a_fault_that_stays_ends_after_a_few_tries_in_one_error_with_no_partial_result(tmdb, fault):
    tmdb.movies = [make_movie(id) for id in range(1, 30)]
    tmdb.faults = dict.fromkeys(
        range(2, 100), TRANSIENT[fault]
    )  # the first page arrives, the second never does
    with pytest.raises(TMDbError, match=r"TMDb at 127\.0\.0\.1 .*\."):
        fetch_popular_movies()
    assert len(tmdb.requests) == 1 + tmdb_room.TRIES
    assert sum(tmdb.waits) < tmdb_room.PATIENCE


@pytest.mark.parametrize("fault", LASTING)
def test_a_fault_that_trying_cannot_help_is_reported_at_once(tmdb, fault):
    tmdb.faults = {1: LASTING[fault]}
    with pytest.raises(TMDbError, match=r"127\.0\.0\.1 .*\."):
        fetch_popular_movies()
    assert len(tmdb.requests) == 1


def test_a_refused_key_names_the_setting(tmdb, monkeypatch):
    monkeypatch.setattr(config, "TMDB_API_KEY", WRONG_KEYS["v3"])
    with pytest.raises(TMDbError, match="TMDB_API_KEY"):
        fetch_popular_movies()


@pytest.mark.parametrize(
    ("fault", "seconds"), [("429", 0.5), ("429 for seconds", 7), ("429 until a date", 8)]
)
def test_a_busy_tmdb_is_left_alone_for_as_long_as_it_says(tmdb, fault, seconds):
    tmdb.faults = {1: TRANSIENT[fault]}
    fetch_popular_movies()
    assert len(tmdb.waits) == 1
    assert seconds - 0.5 <= tmdb.waits[0] <= seconds + 1.5


def test_a_tmdb_that_wants_to_be_left_alone_for_an_hour_is_reported_at_once(tmdb):
    tmdb.faults = {1: answer(429, {}, Retry_After="3600")}
    with pytest.raises(TMDbError, match="60 minutes"):
        fetch_popular_movies()
    assert tmdb.waits == []


def test_all_tries_of_a_document_together_end_within_a_minute():
    backoff = sum(0.5 * 2**n for n in range(tmdb_room.TRIES - 1))
    assert tmdb_room.TRIES * TIMEOUT + backoff < 60
    assert tmdb_room.PATIENCE + TIMEOUT < 60


@pytest.mark.parametrize("key", WRONG_KEYS.values(), ids=WRONG_KEYS)
@pytest.mark.parametrize("fault", KINDS)
def test_the_key_is_nowhere_in_what_a_failure_shows_logs_or_stores(
    tmdb, tmp_path, monkeypatch, caplog, fault, key
):
    monkeypatch.setattr(config, "TMDB_API_KEY", key)
    tmdb.faults = dict.fromkeys(range(1, 100), (TRANSIENT | LASTING)[fault])
    with caplog.at_level(logging.DEBUG), pytest.raises(TMDbError) as caught:
        fetch_popular_movies()
    assert key not in everything_shown(caught.value)
    assert "urllib3" in str(caplog.records)
    assert key not in "".join(f"{record.getMessage()} {vars(record)}" for record in caplog.records)
    assert not [file for file in tmp_path.iterdir() if key.encode() in file.read_bytes()]


@pytest.mark.parametrize("key", [V3_KEY, V4_KEY], ids=WRONG_KEYS)
def test_the_key_is_nowhere_in_the_cache_or_the_logs_of_a_fetch_that_works(
    tmdb, tmp_path, monkeypatch, caplog, key
):
    monkeypatch.setattr(config, "TMDB_API_KEY", key)
    tmdb.movies = [make_movie(id) for id in range(1, 92)]
    with caplog.at_level(logging.DEBUG):
        fetch_popular_movies()
    assert key not in "".join(f"{record.getMessage()} {vars(record)}" for record in caplog.records)
    assert not [file for file in tmp_path.iterdir() if key.encode() in file.read_bytes()]


@pytest.mark.parametrize("key", WRONG_KEYS.values(), ids=WRONG_KEYS)
def test_an_unreachable_host_is_named_and_the_key_is_not(tmdb, monkeypatch, key):
    monkeypatch.setattr(config, "TMDB_URL", "http://127.0.0.1:9/3")
    monkeypatch.setattr(config, "TMDB_API_KEY", key)
    with pytest.raises(TMDbError, match=r"127\.0\.0\.1.*load_sample_movies") as caught:
        search_movies("Alien")
    assert key not in everything_shown(caught.value)


def test_a_url_that_is_none_is_a_tmdb_error_that_names_the_setting(tmdb, monkeypatch):
    monkeypatch.setattr(config, "TMDB_URL", "api.themoviedb.org/3")
    with pytest.raises(TMDbError, match="TMDB_URL"):
        search_movies("Alien")


def test_a_second_fetch_costs_no_request(tmdb):
    tmdb.movies = [make_movie(id) for id in range(1, 92)]
    first = fetch_popular_movies()
    tmdb.requests.clear()
    assert fetch_popular_movies() == first
    assert tmdb.requests == []


def test_another_language_is_another_answer(tmdb, monkeypatch):
    get_id_to_genre()
    monkeypatch.setattr(config, "TMDB_LANGUAGE", "nb-NO")
    tmdb.genres = {16: "Animasjon"}
    assert get_id_to_genre() == {16: "Animasjon"}


def test_a_fetch_that_was_cut_off_goes_on_where_it_stopped(tmdb):
    tmdb.movies = [make_movie(id) for id in range(600)]
    tmdb.faults = dict.fromkeys(range(21, 100), LASTING["forbidden"])
    with pytest.raises(TMDbError):
        fetch_popular_movies()
    tmdb.faults = {}
    tmdb.requests.clear()
    assert len(fetch_popular_movies()) == 600
    # 20 of 30 pages were answered. What was under way when the others failed may not have been
    # stored.
    assert 10 <= len(tmdb.requests) <= 10 + tmdb_room.AT_ONCE


@pytest.mark.parametrize("fault", KINDS)
def test_a_wrong_answer_is_not_remembered(tmdb, fault):
    tmdb.faults = dict.fromkeys(range(1, 1 + tmdb_room.TRIES), (TRANSIENT | LASTING)[fault])
    with pytest.raises(TMDbError):
        get_id_to_genre()
    tmdb.faults = {}
    assert get_id_to_genre() == tmdb.genres


def test_a_cache_that_cannot_be_written_costs_speed_and_not_the_answer(tmdb, tmp_path, monkeypatch):
    (tmp_path / "file").touch()
    monkeypatch.setattr(config, "CACHE_DIR", tmp_path / "file")
    with pytest.warns(UserWarning, match="without the cache"):
        assert get_id_to_genre() == tmdb.genres


def test_ctrl_c_stops_at_once_and_leaves_nothing_broken(tmdb):
    tmdb.movies = [make_movie(id) for id in range(1, 2_000)]
    tmdb.faults = {20: lambda handler: os.kill(os.getpid(), signal.SIGINT)}
    with pytest.raises(KeyboardInterrupt):
        fetch_popular_movies()
    assert len(tmdb.requests) < 50
    tmdb.faults = {}
    assert len(fetch_popular_movies()) == 1_999


def test_more_movies_than_tmdb_hands_out_are_read_in_windows_of_votes(tmdb, monkeypatch):
    monkeypatch.setattr(main, "_LAST_PAGE", 3)
    tmdb.last_page = 3
    tmdb.movies = [make_movie(id, vote_count=1_000 + id * id % 1_013) for id in range(1, 500)]
    assert sorted(ids(fetch_popular_movies())) == list(range(1, 500))


def test_too_many_movies_of_one_vote_count_are_an_error_that_says_what_to_do(tmdb, monkeypatch):
    monkeypatch.setattr(main, "_LAST_PAGE", 3)
    tmdb.last_page = 3
    tmdb.movies = [make_movie(id, vote_count=1_234) for id in range(1, 100)]
    with pytest.raises(TMDbError, match="min_votes=1235"):
        fetch_popular_movies()


def test_movies_that_tmdb_counts_and_does_not_hand_out_are_warned_of_with_both_numbers(tmdb):
    tmdb.movies = [make_movie(id) for id in range(1, 50)]
    tmdb.page = lambda found, page: FakeTMDb.page(tmdb, found, page) | {"total_results": 52}
    with pytest.warns(UserWarning, match="counts 52 movies.* hands out 49"):
        assert len(fetch_popular_movies()) == 49


@settings(max_examples=40)
@given(
    votes=st.lists(st.integers(0, 300) | st.integers(0, 40_000), max_size=130),
    min_votes=st.integers(0, 400),
    shifts=st.integers(0, 6),
)
def test_whatever_the_catalogue_and_however_pages_shift_the_fetch_returns_exactly_its_movies(
    votes, min_votes, shifts
):
    with (
        TemporaryDirectory() as folder,
        playing_tmdb(Path(folder)) as tmdb,
        pytest.MonkeyPatch.context() as patch,
    ):
        patch.setattr(main, "_LAST_PAGE", 2)
        tmdb.last_page, tmdb.shifts = 2, shifts
        tmdb.movies = [make_movie(id, vote_count=count) for id, count in enumerate(votes)]
        expected = sorted(id for id, count in enumerate(votes) if count >= min_votes)
        assert sorted(ids(fetch_popular_movies(min_votes))) == expected


def test_the_embedded_catalogue_needs_neither_key_nor_network(tmdb, monkeypatch):
    monkeypatch.setattr(config, "TMDB_API_KEY", None)
    movies = main.load_sample_movies()
    assert len(movies) >= 150
    assert movies[0].keys() == make_movie(1).keys()
    assert tmdb.requests == []


def test_an_answer_is_kept_for_a_day_and_then_removed_and_asked_for_again(tmdb, tmp_path):
    get_id_to_genre()
    [entry] = tmp_path.iterdir()
    search_movies("Alien")
    os.utime(entry, (time.time() - 86_500,) * 2)
    search_movies("Alien")
    assert not entry.exists()
    get_id_to_genre()
    assert len(tmdb.requests) == 3


@pytest.mark.parametrize("content", [b"", b"{", b"\xff", b"{}", b"[" * 100_000])
def test_a_broken_entry_of_the_cache_is_asked_for_again(tmdb, tmp_path, content):
    get_id_to_genre()
    [entry] = tmp_path.iterdir()
    entry.write_bytes(content)
    assert get_id_to_genre() == tmdb.genres
    assert len(tmdb.requests) == 2


def test_a_cache_that_is_removed_meanwhile_is_made_again_and_gives_no_old_answer(
    tmdb, tmp_path, monkeypatch
):
    monkeypatch.setattr(config, "CACHE_DIR", tmp_path / "cache")
    get_id_to_genre()
    shutil.rmtree(tmp_path / "cache")
    tmdb.genres = {1: "New"}
    assert get_id_to_genre() == {1: "New"}
    assert list((tmp_path / "cache").iterdir())


@pytest.mark.parametrize("blocks", [0, 1])
def test_a_full_disk_costs_one_warning_and_not_the_answer(tmdb, tmp_path, blocks):
    tmdb.movies = [make_movie(id) for id in range(1, 92)]
    env = {
        **os.environ,
        "TMDB_URL": config.TMDB_URL,
        "TMDB_API_KEY": V3_KEY,
        "CACHE_DIR": str(tmp_path),
    }
    code = (
        f"import resource; resource.setrlimit(resource.RLIMIT_FSIZE, ({blocks * 1_024},) * 2); "
        "import main; "
        + (
            "import warnings; warnings.simplefilter('always'); "
            "print(len(main.fetch_popular_movies()))"
        )
    )
    done = subprocess.run(
        [sys.executable, "-c", code], env=env, capture_output=True, text=True, timeout=30
    )
    assert done.stdout == "91\n"
    assert done.stderr.count("Warning") == 1
    assert not list(tmp_path.iterdir())


def test_a_cache_that_cannot_be_used_costs_one_warning(tmdb, tmp_path, monkeypatch):
    (tmp_path / "other").touch()
    monkeypatch.setattr(config, "CACHE_DIR", tmp_path / "other")
    tmdb.movies = [make_movie(id) for id in range(1, 92)]
    with pytest.warns(UserWarning, match="CACHE_DIR") as caught:
        fetch_popular_movies()
    assert len(caught) == 1


def test_processes_share_the_cache(tmdb, tmp_path):
    tmdb.movies = [make_movie(id) for id in range(1, 400)]
    env = {
        **os.environ,
        "TMDB_URL": config.TMDB_URL,
        "TMDB_API_KEY": V3_KEY,
        "CACHE_DIR": str(tmp_path),
    }
    code = "import main; print(len(main.fetch_popular_movies()))"
    child = {"env": env, "stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
    children = [subprocess.Popen([sys.executable, "-c", code], **child) for _ in range(3)]
    assert [child.communicate(timeout=30)[0] for child in children] == ["399\n"] * 3
    tmdb.requests.clear()
    assert len(fetch_popular_movies()) == 399
    assert tmdb.requests == []


@pytest.mark.slow
def test_a_page_that_comes_a_byte_at_a_time_is_given_up(tmdb):
    def drip(handler):
        send(handler, 200, b"{", {"Content-Length": 1_000})
        for _ in range(20):
            handler.wfile.write(b" ")
            time.sleep(0.1)
        handler.close_connection = True

    tmdb.faults = dict.fromkeys(range(1, 9), drip)
    start = time.monotonic()
    with pytest.raises(TMDbError, match="did not answer within"):
        get_id_to_genre()
    assert time.monotonic() - start < 5


def test_a_genre_without_a_name_has_its_english_one_or_is_left_out(tmdb):
    tmdb.genres = {18: None, 35: "", 999_999: None, 16: "Animasjon"}
    assert get_id_to_genre() == {18: "Drama", 35: "Comedy", 16: "Animasjon"}


UNUSABLE = {
    "votes as text": b'{"vote_count": "many"}',
    "votes as a list": b'{"vote_count": [1]}',
    "votes beyond 64 bits": b'{"vote_count": 99999999999999999999}',
    "a bool as number": b'{"vote_average": true}',
    "an infinite average": b'{"vote_average": 1e999}',
    "a title that is a number": b'{"title": 5}',
    "genres as text": b'{"genre_ids": "18"}',
}


@pytest.mark.parametrize("row", UNUSABLE.values(), ids=UNUSABLE)
def test_a_row_that_cannot_be_used_is_an_error_that_names_movie_and_field(tmdb, row):
    body = (
        b'{"page": 1, "total_pages": 1, "total_results": 1, "results": ['
        + row.replace(b"{", b'{"id": 603, ')
        + b"]}"
    )
    tmdb.faults = dict.fromkeys(range(1, 9), answer(200, body))
    field = row.split(b'"')[1].decode()
    with pytest.raises(TMDbError, match=f"id 603 has {field}="):
        fetch_popular_movies()
    with pytest.raises(TMDbError, match=f"id 603 has {field}="):
        search_movies("Matrix")


def test_an_address_that_is_none_names_its_setting(tmdb, monkeypatch):
    for url in ("http://[::1/3", "http://localhost:99999/3", "ftp://localhost/3"):
        monkeypatch.setattr(config, "TMDB_URL", url)
        with pytest.raises(TMDbError, match="TMDB_URL"):
            get_id_to_genre()


@pytest.mark.parametrize("date", ["Wed, 99 Oct 99999", "9" * 5_000, "-1"])
def test_a_date_to_try_again_that_is_none_is_as_good_as_no_date(tmdb, date):
    tmdb.faults = {1: answer(429, {}, Retry_After=date)}
    assert get_id_to_genre() == tmdb.genres


def shown_variables(error: BaseException) -> str:
    """
    The variables of every frame of a traceback, and what IPython's verbose
    form makes of it.
    """
    frames = [
        frame
        for frame, _ in traceback.walk_tb(error.__traceback__)
        if "/tests/" not in frame.f_code.co_filename
    ]
    form = VerboseTB(theme_name="nocolor").text(type(error), error, error.__traceback__.tb_next)
    return form + "".join(repr(frame.f_locals) for frame in frames)


@pytest.mark.parametrize("key", WRONG_KEYS.values(), ids=WRONG_KEYS)
@pytest.mark.parametrize("fault", KINDS)
def test_no_variable_of_a_traceback_holds_the_key(tmdb, monkeypatch, fault, key):
    monkeypatch.setattr(config, "TMDB_API_KEY", config.Secret(key))
    tmdb.faults = dict.fromkeys(range(1, 100), (TRANSIENT | LASTING)[fault])
    with pytest.raises(TMDbError) as caught:
        search_movies("Alien")
    assert type(caught.value) is TMDbError
    assert key not in shown_variables(caught.value)


def test_ctrl_c_begins_no_request_and_the_process_ends_whatever_the_server_does(tmdb, tmp_path):
    tmdb.movies = [make_movie(id) for id in range(1, 2_000)]
    tmdb.faults = dict.fromkeys(range(5, 100), lambda handler: time.sleep(20))
    env = {
        **os.environ,
        "TMDB_URL": config.TMDB_URL,
        "TMDB_API_KEY": V3_KEY,
        "CACHE_DIR": str(tmp_path),
    }
    code = "import main; main.fetch_popular_movies()"
    with subprocess.Popen(
        [sys.executable, "-c", code], env=env, stderr=subprocess.PIPE, text=True
    ) as child:
        while len(tmdb.requests) < 6:
            time.sleep(0.05)
        child.send_signal(signal.SIGINT)
        seen = len(tmdb.requests)
        _, shown = child.communicate(timeout=10)
    assert "KeyboardInterrupt" in shown
    assert "requests/" not in shown
    assert len(tmdb.requests) <= seen + 1


@pytest.mark.slow
def test_a_bar_leaves_a_notebook_what_the_cell_printed_and_nothing_of_itself():
    code = f"""import sys, time; sys.path.insert(0, {str(Path(main.__file__).parent)!r})
from notebooks.recommender.progress import show_progress
print("before")
with show_progress(total=30, desc="Fetching movies", unit="movie") as bar:
    for _ in range(3):
        time.sleep(0.5); bar.update(10)
print("after")"""
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(code)])
    NotebookClient(notebook, timeout=60).execute()
    shown = notebook.cells[0].outputs
    assert (
        "".join(output.text for output in shown if output.output_type == "stream")
        == "before\nafter\n"
    )
    assert [output.data for output in shown if output.output_type == "display_data"] == [
        {"text/plain": ""}
    ]
