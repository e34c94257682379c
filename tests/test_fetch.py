"""TMDb to a list of films."""

import socket
import traceback

import pytest
from tmdb_server import V3_KEY, V4_KEY, make_movie, send

import config
import main
from main import TMDbError, fetch_popular_movies, get_id_to_genre, search_movies


def ids(movies):
    return [movie["id"] for movie in movies]


def everything_shown(error: BaseException) -> str:
    """All that a failure can print: messages, reprs and tracebacks, down every chain of causes and contexts."""
    shown = "".join(traceback.format_exception(error))
    while error:
        shown += f"{error!r} {error} {vars(error)}"
        error = error.__cause__ or error.__context__
    return shown


def test_fetch_returns_every_film_of_every_page_once_best_vote_average_first(tmdb):
    tmdb.movies = [make_movie(id) for id in range(1, 92)]
    movies = fetch_popular_movies()
    assert sorted(ids(movies)) == list(range(1, 92))
    averages = [movie["vote_average"] for movie in movies]
    assert averages == sorted(averages, reverse=True)
    assert movies[0] == make_movie(movies[0]["id"])


def test_fetch_leaves_out_films_with_fewer_votes(tmdb):
    tmdb.movies = [make_movie(1, vote_count=999), make_movie(2, vote_count=1_000), make_movie(3, vote_count=5_000)]
    assert sorted(ids(fetch_popular_movies())) == [2, 3]
    assert sorted(ids(fetch_popular_movies(min_votes=5_000))) == [3]
    assert sorted(ids(fetch_popular_movies(min_votes=0))) == [1, 2, 3]


def test_fetch_of_no_films_is_an_empty_list(tmdb):
    assert fetch_popular_movies() == []


@pytest.mark.parametrize("min_votes", [-1, -1_000])
def test_a_negative_min_votes_is_a_value_error_with_the_value(min_votes):
    with pytest.raises(ValueError, match=str(min_votes)):
        fetch_popular_movies(min_votes)


def test_search_finds_films_by_title(tmdb):
    tmdb.movies = [make_movie(1, title="Plan 9 from Outer Space"), make_movie(2, title="Ed Wood")]
    assert ids(search_movies("plan 9")) == [1]
    assert ids(search_movies("no such film")) == []


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
    search_movies("film")
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


WRONG_KEYS = ["f00dfacef00dfacef00dfacef00dface", "eyJmb29kZmFjZSI6MX0.ZmVlZGZhY2U.ZGVhZGJlZWY"]
FAULTS = {
    "refused key": lambda handler: send(handler, 401, {"status_code": 7}),
    "server error": lambda handler: send(handler, 501, {}),
    "a login page": lambda handler: send(handler, 200, b"<html>Log in to the wi-fi</html>"),
    "another shape": lambda handler: send(handler, 200, ["no", "films"]),
    "a redirect": lambda handler: send(handler, 302, b"", {"Location": "http://127.0.0.1:9/login"}),
    "a cut connection": lambda handler: handler.connection.shutdown(socket.SHUT_RDWR),
}


@pytest.mark.parametrize("key", WRONG_KEYS, ids=["v3", "v4"])
@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_ends_in_a_tmdb_error_that_shows_the_key_nowhere(tmdb, monkeypatch, fault, key):
    monkeypatch.setattr(config, "TMDB_API_KEY", key)
    tmdb.faults = dict.fromkeys(range(1, 100), FAULTS[fault])
    with pytest.raises(TMDbError, match=r"TMDb at 127\.0\.0\.1") as caught:
        fetch_popular_movies()
    shown = everything_shown(caught.value)
    assert key not in shown
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None
    if fault == "refused key":
        assert "TMDB_API_KEY" in shown


@pytest.mark.parametrize("key", WRONG_KEYS, ids=["v3", "v4"])
def test_an_unreachable_host_is_a_tmdb_error_that_names_it_and_not_the_key(monkeypatch, key):
    monkeypatch.setattr(config, "TMDB_URL", "http://127.0.0.1:9/3")
    monkeypatch.setattr(config, "TMDB_API_KEY", key)
    with pytest.raises(TMDbError, match=r"127\.0\.0\.1") as caught:
        search_movies("Alien")
    assert key not in everything_shown(caught.value)


def test_the_embedded_catalogue_needs_neither_key_nor_network(tmdb, monkeypatch):
    monkeypatch.setattr(config, "TMDB_API_KEY", None)
    movies = main.load_sample_movies()
    assert len(movies) >= 150
    assert movies[0].keys() == make_movie(1).keys()
    assert tmdb.requests == []
