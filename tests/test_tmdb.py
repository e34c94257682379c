"""A document of TMDb's: keys, faults and the rate limit."""

import gzip
import json
import logging
import os
import re
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import threading
import time
import traceback
import tracemalloc
import warnings
import zlib
from email.utils import formatdate

import pytest
from IPython.core.ultratb import VerboseTB
from tmdb_server import V3_KEY, V4_KEY, make_movie, send, serve

import config
from notebooks.recommender import tmdb as tmdb_room
from notebooks.recommender.tmdb import TMDbError, get_documents, get_json

PAGES = "/discover/movie"
GENRES = "/genre/movie/list"


def fetch_pages(last=5):
    return list(get_documents((PAGES, {"page": page}) for page in range(1, last + 1)))


def ids(documents):
    return [movie["id"] for document in documents for movie in document["results"]]


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


@pytest.mark.parametrize("last", [0, 1, 5])
def test_documents_come_in_the_order_of_the_questions(tmdb, last):
    tmdb.movies = [make_movie(id) for id in range(1, 92)]
    assert [document["page"] for document in fetch_pages(last)] == list(range(1, last + 1))


def test_a_v3_key_travels_as_a_parameter_and_a_v4_token_in_the_header(tmdb, monkeypatch):
    get_json(GENRES)
    monkeypatch.setattr(config, "TMDB_API_KEY", V4_KEY)
    get_json(PAGES)
    (_, v3_query, v3_headers), (_, v4_query, v4_headers) = tmdb.requests
    assert v3_query["api_key"] == V3_KEY
    assert "Authorization" not in v3_headers
    assert v4_headers["Authorization"] == f"Bearer {V4_KEY}"
    assert "api_key" not in v4_query


def test_a_key_with_stray_characters_is_refused_before_it_is_sent(tmdb, monkeypatch):
    monkeypatch.setattr(config, "TMDB_API_KEY", "eyJ\nnø key")
    with pytest.raises(TMDbError, match="TMDB_API_KEY") as caught:
        get_json(GENRES)
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
    "half of what is packed": answer(200, gzip.compress(bytes(999))[:-9], Content_Encoding="gzip"),
    "what was not packed": answer(200, b"{}", Content_Encoding="gzip"),
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


# Private names of the room in this file are limits and waits that nothing public tells or changes.
TIMEOUT = tmdb_room.TIMEOUT


@pytest.fixture(autouse=True)
def _impatient(request):
    """
    Wait for less than users do where nothing comes, but long enough for an
    answer on a busy machine.
    """
    nothing_comes = re.search("no answer|byte_at_a_time", request.node.name)
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
    assert sorted(ids(fetch_pages())) == list(range(1, 92))
    assert len(tmdb.requests) == 5 + 1


@pytest.mark.parametrize("fault", TRANSIENT)
def test_a_fault_that_stays_ends_after_a_few_tries_in_one_error(tmdb, fault):
    tmdb.faults = dict.fromkeys(range(1, 100), TRANSIENT[fault])
    with pytest.raises(TMDbError, match=r"TMDb at 127\.0\.0\.1 .*\."):
        get_json(PAGES)
    assert len(tmdb.requests) == tmdb_room.TRIES
    assert sum(tmdb.waits) < tmdb_room.PATIENCE


@pytest.mark.parametrize("fault", LASTING)
def test_a_fault_that_trying_cannot_help_is_reported_at_once(tmdb, fault):
    tmdb.faults = {1: LASTING[fault]}
    with pytest.raises(TMDbError, match=r"127\.0\.0\.1 .*\."):
        get_json(PAGES)
    assert len(tmdb.requests) == 1


HTML = b"<html>Blocked in your country</html>"
REFUSALS = {
    "an invalid key": (401, {"status_code": 7, "success": False}),
    "a suspended key": (401, {"status_code": 10}),
    "no permission": (401, {"status_code": 3}),
    "a failed login": (401, b'{"success":false,"status_code" : 14}'),
    "a suspended user": (403, {"status_code": 45}),
}
# What something on the way to TMDb says, and the words of the advice.
ON_THE_WAY = {
    "a firewall": (403, HTML, "another network"),
    "a firewall in JSON": (403, {"error": "blocked", "status_code": 403}, "another network"),
    "a firewall of few words": (403, b"", "another network"),
    "another login": (401, b"Unauthorized", "another network"),
    "a proxy": (407, HTML, "proxy wants .*HTTPS_PROXY"),
    "a law": (451, HTML, "law .*network"),
    "a portal": (511, HTML, "open a browser"),
    "a portal that redirects": (302, HTML, "open a browser"),
    "a handshake behind it that fails": (525, HTML, "is busy"),
}


@pytest.mark.parametrize("refusal", REFUSALS)
def test_only_tmdbs_own_words_say_that_the_key_is_refused(tmdb, refusal):
    tmdb.faults = {1: answer(*REFUSALS[refusal])}
    with pytest.raises(TMDbError, match=r"refused the key.*TMDB_API_KEY"):
        get_json(GENRES)


@pytest.mark.parametrize("cause", ON_THE_WAY)
def test_what_stands_on_the_way_to_tmdb_is_told_and_the_key_is_not_blamed(tmdb, cause):
    status, body, advice = ON_THE_WAY[cause]
    tmdb.faults = dict.fromkeys(range(1, 9), answer(status, body))
    with pytest.raises(TMDbError, match=advice) as caught:
        get_json(GENRES)
    assert f"status {status}" in str(caught.value)
    assert "TMDB_API_KEY" not in str(caught.value)


def test_a_proxy_that_wants_a_password_for_a_tunnel_is_told(tmdb, monkeypatch):
    monkeypatch.setenv("https_proxy", config.TMDB_URL.removesuffix("/3"))
    monkeypatch.setenv("no_proxy", "")
    monkeypatch.setattr(config, "TMDB_URL", "https://tmdb.invalid/3")
    tmdb.faults = {1: answer(407, b"")}
    with pytest.raises(TMDbError, match=r"proxy wants a name and a password.*HTTPS_PROXY"):
        get_json(GENRES)
    assert tmdb.waits == []


def test_a_proxy_that_is_not_there_is_told(tmdb, monkeypatch):
    monkeypatch.setenv("https_proxy", "http://127.0.0.1:9")
    monkeypatch.setenv("no_proxy", "")
    monkeypatch.setattr(config, "TMDB_URL", "https://tmdb.invalid/3")
    with pytest.raises(TMDbError, match="Check the proxy in HTTPS_PROXY") as caught:
        get_json(GENRES)
    assert V3_KEY not in everything_shown(caught.value) + shown_variables(caught.value)


@pytest.mark.parametrize("name", ["REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"])
@pytest.mark.parametrize("content", [None, "", "no certificate"])
def test_a_file_of_certificates_that_cannot_be_read_names_its_setting(
    tmdb, tmp_path, monkeypatch, name, content
):
    file = tmp_path / "certificates.pem"
    if content is not None:
        file.write_text(content)
    monkeypatch.delenv("REQUESTS_CA_BUNDLE", raising=False)
    monkeypatch.setenv(name, str(file))
    monkeypatch.setattr(config, "TMDB_URL", config.TMDB_URL.replace("http:", "https:"))
    with pytest.raises(TMDbError, match=f"file of certificates .*{name}"):
        get_json(GENRES)
    assert tmdb.waits == []


def test_a_handshake_that_fails_is_told(tmdb, monkeypatch):
    monkeypatch.setattr(config, "TMDB_URL", config.TMDB_URL.replace("http:", "https:"))
    with pytest.raises(TMDbError, match=r"TLS handshake failed.*TMDB_URL says https") as caught:
        get_json(GENRES)
    assert V3_KEY not in everything_shown(caught.value) + shown_variables(caught.value)


@pytest.mark.skipif(not shutil.which("openssl"), reason="makes the certificate")
def test_a_certificate_that_is_not_trusted_is_told_and_one_that_is_named_is_trusted(
    tmdb, tmp_path, monkeypatch
):
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    make = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"]
    make += ["-keyout", key, "-out", certificate, "-subj", "/CN=localhost"]
    make += ["-addext", "subjectAltName=IP:127.0.0.1"]
    subprocess.run(make, check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    with serve(tmdb, context) as url:
        monkeypatch.setattr(config, "TMDB_URL", url)
        with pytest.raises(TMDbError, match=r"not trusted here.*clock.*REQUESTS_CA_BUNDLE"):
            get_json(GENRES)
        assert tmdb.waits == []
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate))
        assert get_json(GENRES)["genres"]
        tmdb_room.SESSION.close()


def test_a_refused_key_names_the_setting(tmdb, monkeypatch):
    monkeypatch.setattr(config, "TMDB_API_KEY", WRONG_KEYS["v3"])
    with pytest.raises(TMDbError, match="TMDB_API_KEY"):
        get_json(PAGES)


@pytest.mark.parametrize(
    ("fault", "seconds"), [("429", 0.5), ("429 for seconds", 7), ("429 until a date", 8)]
)
def test_a_busy_tmdb_is_left_alone_for_as_long_as_it_says(tmdb, fault, seconds):
    tmdb.faults = {1: TRANSIENT[fault]}
    get_json(PAGES)
    assert len(tmdb.waits) == 1
    assert seconds - 0.5 <= tmdb.waits[0] <= seconds + 1.5


def test_a_tmdb_that_wants_to_be_left_alone_for_an_hour_is_reported_at_once(tmdb):
    tmdb.faults = {1: answer(429, {}, Retry_After="3600")}
    with pytest.raises(TMDbError, match="60 minutes"):
        get_json(PAGES)
    assert tmdb.waits == []


@pytest.mark.parametrize("date", ["Wed, 99 Oct 99999", "9" * 5_000, "-1"])
def test_a_date_to_try_again_that_is_none_is_as_good_as_no_date(tmdb, date):
    tmdb.faults = {1: answer(429, {}, Retry_After=date)}
    assert get_json(GENRES)["genres"]


def test_all_tries_of_a_document_together_end_within_a_minute():
    backoff = sum(0.5 * 2**n for n in range(tmdb_room.TRIES - 1))
    assert tmdb_room.TRIES * TIMEOUT + backoff < 60
    assert tmdb_room.PATIENCE + TIMEOUT < 60


@pytest.mark.slow
def test_a_page_that_comes_a_byte_at_a_time_is_given_up(tmdb):
    def drip(handler):
        send(handler, 200, b"{", {"Content-Length": 1_000})
        for _ in range(20):
            handler.wfile.write(b" ")
            time.sleep(0.1)
        handler.close_connection = True

    tmdb.faults = dict.fromkeys(range(1, 9), drip)
    with pytest.raises(TMDbError, match="did not answer within"):
        get_json(GENRES)
    wait_for_threads()


def wait_for_threads():
    """Wait until no thread reads an answer any more."""
    end = time.monotonic() + 20
    while [thread for thread in threading.enumerate() if "(run)" in thread.name]:
        assert time.monotonic() < end
        time.sleep(0.01)


def send_without_end(status=200, part=b" " * 2**16, **headers):
    """Answer for as long as the other side listens."""

    def answer(handler):
        handler.send_response(status)
        for name, value in headers.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.end_headers()
        while True:
            handler.wfile.write(part)

    return answer


CHUNK = b"10000\r\n" + b" " * 2**16 + b"\r\n"
MEMBERS = gzip.compress(bytes(2**20)) * 100
ENDLESS = {
    "blanks": send_without_end(),
    "the page of a fault": send_without_end(500),
    "a refusal": send_without_end(403),
    "a redirect": send_without_end(302, Location="/login"),
    "a length of 100 GB": send_without_end(Content_Length=10**11),
    "chunks": send_without_end(part=CHUNK, Transfer_Encoding="chunked"),
    "nothing after gzip": send_without_end(part=MEMBERS[:2_000], Content_Encoding="gzip"),
    "gzip": send_without_end(part=MEMBERS, Content_Encoding="gzip"),
    "a gzip bomb": answer(200, MEMBERS * 5, Content_Encoding="gzip"),
    "a bomb in one piece": answer(200, gzip.compress(bytes(2**28)), Content_Encoding="gzip"),
    "a bomb of zlib": answer(200, zlib.compress(bytes(2**28)), Content_Encoding="deflate"),
}


@pytest.mark.parametrize("fault", ENDLESS)
def test_of_a_document_without_end_some_megabytes_are_read_and_then_the_thread_ends(tmdb, fault):
    tmdb.faults = dict.fromkeys(range(1, 9), ENDLESS[fault])
    tracemalloc.start()
    with pytest.raises(TMDbError, match=r"127\.0\.0\.1"):
        get_json(GENRES)
    wait_for_threads()
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 50 * 2**20


@pytest.mark.parametrize("fault", ["blanks", "chunks", "a gzip bomb"])
def test_a_document_without_end_is_an_error_that_says_so_at_once(tmdb, fault):
    tmdb.faults = {1: ENDLESS[fault]}
    with pytest.raises(TMDbError, match=r"more than 4 MB.*TMDB_URL"):
        get_json(GENRES)
    assert tmdb.waits == []


def test_a_document_is_read_however_it_was_packed(tmdb):
    page = json.dumps(PAGE).encode()
    halves = gzip.compress(page[:9]) + gzip.compress(page[9:])
    for packed in (gzip.compress(page), halves):
        tmdb.faults = {len(tmdb.requests) + 1: answer(200, packed, Content_Encoding="gzip")}
        assert get_json(PAGES, page=len(tmdb.requests)) == PAGE
    assert len(tmdb.requests) == 2
    assert {headers["Accept-Encoding"] for _, _, headers in tmdb.requests} == {"gzip"}


@pytest.mark.parametrize("key", WRONG_KEYS.values(), ids=WRONG_KEYS)
@pytest.mark.parametrize("fault", KINDS)
def test_the_key_is_nowhere_in_what_a_failure_shows_logs_or_stores(
    tmdb, tmp_path, monkeypatch, caplog, fault, key
):
    monkeypatch.setattr(config, "TMDB_API_KEY", config.Secret(key))
    tmdb.faults = dict.fromkeys(range(1, 100), (TRANSIENT | LASTING)[fault])
    with caplog.at_level(logging.DEBUG), pytest.raises(TMDbError) as caught:
        get_json(PAGES)
    assert type(caught.value) is TMDbError
    assert key not in everything_shown(caught.value)
    assert key not in shown_variables(caught.value)
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
        fetch_pages()
    assert key not in "".join(f"{record.getMessage()} {vars(record)}" for record in caplog.records)
    assert not [file for file in tmp_path.iterdir() if key.encode() in file.read_bytes()]


@pytest.mark.parametrize("key", WRONG_KEYS.values(), ids=WRONG_KEYS)
def test_an_unreachable_host_is_named_and_the_key_is_not(tmdb, monkeypatch, key):
    monkeypatch.setattr(config, "TMDB_URL", "http://127.0.0.1:9/3")
    monkeypatch.setattr(config, "TMDB_API_KEY", key)
    with pytest.raises(TMDbError, match=r"127\.0\.0\.1.*load_sample_movies") as caught:
        get_json(GENRES)
    assert key not in everything_shown(caught.value)


def test_an_address_that_is_none_names_its_setting(tmdb, monkeypatch):
    for url in (
        "api.themoviedb.org/3",
        "http://[::1/3",
        "http://localhost:99999/3",
        "ftp://localhost/3",
    ):
        monkeypatch.setattr(config, "TMDB_URL", url)
        with pytest.raises(TMDbError, match="TMDB_URL"):
            get_json(GENRES)


@pytest.mark.parametrize("fault", KINDS)
def test_a_wrong_answer_is_not_remembered(tmdb, fault):
    tmdb.faults = dict.fromkeys(range(1, 1 + tmdb_room.TRIES), (TRANSIENT | LASTING)[fault])
    with pytest.raises(TMDbError):
        get_json(PAGES)
    tmdb.faults = {}
    assert get_json(PAGES)["results"] == []


def test_ctrl_c_begins_no_request_and_the_process_ends_whatever_the_server_does(tmdb, tmp_path):
    tmdb.movies = [make_movie(id) for id in range(1, 2_000)]
    tmdb.faults = dict.fromkeys(range(5, 100), lambda handler: time.sleep(20))
    env = {
        **os.environ,
        "TMDB_URL": config.TMDB_URL,
        "TMDB_API_KEY": V3_KEY,
        "CACHE_DIR": str(tmp_path),
    }
    code = (
        "from notebooks.recommender.tmdb import get_documents; "
        "list(get_documents(('/discover/movie', {'page': page}) for page in range(1, 100)))"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code], env=env, cwd=config.ROOT, stderr=subprocess.PIPE, text=True
    ) as child:
        while len(tmdb.requests) < 6:
            time.sleep(0.05)
        child.send_signal(signal.SIGINT)
        seen = len(tmdb.requests)
        _, shown = child.communicate(timeout=10)
    assert "KeyboardInterrupt" in shown
    assert "requests/" not in shown
    assert len(tmdb.requests) <= seen + 1


def test_a_movie_that_tmdb_does_not_have_is_an_empty_document_and_is_not_remembered(tmdb, tmp_path):
    assert get_json("/movie/603") == {}
    assert not list(tmp_path.iterdir())
    tmdb.movies = [make_movie(603)]
    assert get_json("/movie/603")["id"] == 603


def test_an_address_where_nothing_is_like_tmdb_is_no_movie_that_tmdb_does_not_have(tmdb):
    tmdb.faults = {1: answer(404, b"<h1>Not Found</h1>")}
    with pytest.raises(TMDbError, match="TMDB_URL"):
        get_json("/movie/603")


def test_the_answer_to_another_question_is_no_answer(tmdb):
    tmdb.movies = [make_movie(603), make_movie(604)]
    tmdb.faults = {1: answer(200, tmdb.describe(tmdb.movies[1]))}
    with pytest.raises(TMDbError, match="shape"):
        get_json("/movie/603")
    assert get_json("/movie/603")["id"] == 603


def test_a_forked_process_has_connections_of_its_own(tmdb):
    get_json(GENRES)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # Python 3.12's, about any fork
        child = os.fork()
    if not child:
        get_json(PAGES)
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0
    get_json("/movie/603")
    parent, child, parent_again = tmdb.clients
    assert parent == parent_again != child


def test_a_password_for_any_host_in_netrc_is_not_sent(tmdb, tmp_path, monkeypatch):
    (tmp_path / "netrc").write_text("default login someone password secret")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    get_json(GENRES)
    assert "Authorization" not in tmdb.requests[0][2]


def test_a_proxy_of_the_environment_is_asked(tmdb, monkeypatch):
    monkeypatch.setenv("http_proxy", config.TMDB_URL.removesuffix("/3"))
    monkeypatch.setenv("no_proxy", "")
    monkeypatch.setattr(config, "TMDB_URL", "http://tmdb.invalid/3")
    assert get_json(GENRES)["genres"]
    assert tmdb.requests[0][2]["Host"] == "tmdb.invalid"
