"""TMDb to a list of movies, and what its lists leave out."""

import json
import os
import signal
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from conftest import playing_tmdb
from hypothesis import given, settings
from hypothesis import strategies as st
from tmdb_server import FakeTMDb, make_movie, send

import config
import main
from main import TMDbError, fetch_details, fetch_popular_movies, get_id_to_genre, search_movies
from notebooks.recommender import tmdb as tmdb_room
from notebooks.recommender.movie import read_movie


def ids(movies):
    return [movie["id"] for movie in movies]


def make_movies(number):
    return [make_movie(id) for id in range(1, number + 1)]


def forbid(handler):
    send(handler, 403, {})


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


@pytest.mark.parametrize("query", ["", "  \n", None, "half an emoji \ud83d", "x" * 100_000])
def test_a_search_for_what_is_no_title_is_a_value_error(tmdb, query):
    with pytest.raises(ValueError, match="query") as caught:
        search_movies(query)
    assert len(str(caught.value)) < 200
    assert tmdb.requests == []


def test_genres_come_from_tmdb_with_a_key_and_are_asked_for_once(tmdb):
    assert get_id_to_genre() == tmdb.genres
    assert get_id_to_genre() == tmdb.genres
    assert len(tmdb.requests) == 1


def test_genres_come_from_the_embedded_catalogue_without_a_key(tmdb, monkeypatch):
    monkeypatch.setattr(config, "TMDB_API_KEY", None)
    assert get_id_to_genre()[878] == "Science Fiction"
    assert tmdb.requests == []


def test_a_genre_without_a_name_has_its_english_one_or_is_left_out(tmdb):
    tmdb.genres = {18: None, 35: "", 999_999: None, 16: "Animasjon", 1917: 1917}
    assert get_id_to_genre() == {18: "Drama", 35: "Comedy", 16: "Animasjon", 1917: "1917"}


def test_the_language_is_sent_with_every_request(tmdb, monkeypatch):
    monkeypatch.setattr(config, "TMDB_LANGUAGE", "nb-NO")
    tmdb.movies = [make_movie(id) for id in range(30)]
    fetch_popular_movies()
    search_movies("movie")
    get_id_to_genre()
    assert {query["language"] for _, query, _ in tmdb.requests} == {"nb-NO"}


def test_no_key_is_an_error_that_says_where_to_get_one_and_where_to_put_it(tmdb, monkeypatch):
    monkeypatch.setattr(config, "TMDB_API_KEY", None)
    with pytest.raises(TMDbError, match=r"themoviedb.org/settings/api.*\.env.*TMDB_API_KEY"):
        fetch_popular_movies()
    assert tmdb.requests == []


def test_a_second_fetch_costs_no_request(tmdb):
    tmdb.movies = [make_movie(id) for id in range(1, 92)]
    first = fetch_popular_movies()
    tmdb.requests.clear()
    assert fetch_popular_movies() == first
    assert tmdb.requests == []


# How many movies a fetch is tried with, and how many requests that takes.
FETCHES = {
    "movies": (fetch_popular_movies, 600, 30),
    "details": (lambda: fetch_details(make_movies(60)), 60, 60),
}


@pytest.mark.parametrize(("fetch", "movies", "requests"), FETCHES.values(), ids=FETCHES)
def test_a_fetch_that_was_cut_off_has_no_result_and_goes_on_where_it_stopped(
    tmdb, fetch, movies, requests
):
    tmdb.movies = make_movies(movies)
    tmdb.faults = dict.fromkeys(range(21, 100), lambda handler: send(handler, 403, {}))
    with pytest.raises(TMDbError):
        fetch()
    tmdb.faults = {}
    tmdb.requests.clear()
    assert len(fetch()) == movies
    # 20 were answered. What was under way when the others failed may not have been stored.
    assert requests - 20 <= len(tmdb.requests) <= requests - 20 + tmdb_room.AT_ONCE


@pytest.mark.parametrize(("fetch", "movies", "requests"), FETCHES.values(), ids=FETCHES)
def test_ctrl_c_stops_at_once_and_leaves_nothing_broken(tmdb, fetch, movies, requests):
    tmdb.movies = make_movies(movies)
    tmdb.faults = {10: lambda handler: os.kill(os.getpid(), signal.SIGINT)}
    with pytest.raises(KeyboardInterrupt):
        fetch()
    assert len(tmdb.requests) < requests
    tmdb.faults = {}
    assert sorted(ids(fetch())) == ids(tmdb.movies)


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


def test_more_movies_of_many_votes_than_can_be_are_an_error_and_are_not_asked_for_without_end(tmdb):
    tmdb.page = lambda found, page: {
        "results": [],
        "total_pages": 1 if "vote_count.lte" in tmdb.requests[-1][1] else 501,
        "total_results": 0,
    }
    with pytest.raises(TMDbError, match="TMDB_URL"):
        fetch_popular_movies()
    assert len(tmdb.requests) < 100


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


UNUSABLE = {
    "vote_count": ["many", [1], 99999999999999999999, None],
    "vote_average": [True, 1e999, "good", {}],
    "title": [5, []],
    "genre_ids": ["x", {"id": 1}, [{"name": "Drama"}]],
}


@pytest.mark.parametrize(
    ("field", "value"), [(field, value) for field in UNUSABLE for value in UNUSABLE[field]]
)
def test_a_field_that_cannot_be_used_is_no_matter_of_the_fetch(tmdb, field, value):
    row = make_movie(603, **{field: value})
    tmdb.page = lambda found, page: FakeTMDb.page(tmdb, [row, make_movie(604)], page)
    assert sorted(ids(fetch_popular_movies())) == sorted(ids(search_movies("Matrix"))) == [603, 604]


def test_details_add_what_the_lists_leave_out_and_change_nothing_else(tmdb):
    tmdb.movies = make_movies(30)
    movies = [movie | {"title": f"Film {movie['id']}"} for movie in reversed(tmdb.movies)]
    detailed = fetch_details(movies)
    assert ids(detailed) == ids(movies)
    for before, after in zip(movies, detailed, strict=True):
        assert before == {field: after[field] for field in before}
        assert after.keys() - before.keys() == DETAILS.keys()
    first = main.prep_movies(detailed).row(0, named=True)
    assert first["directors"] == ["Director 30", "Other director 30"]
    assert first["cast"] == [f"Actor {number} of 30" for number in range(10)]
    assert first["characters"] == [f"Role {number}" for number in range(10)]
    assert first["keywords"] == [f"keyword {number}" for number in range(20)]
    assert (first["runtime"], first["series"], first["imdb_id"]) == (120, "Series 30", "tt0000030")
    assert first["countries"] == ["US", "NO"]
    assert first["studios"] == [f"Studio {number} of 30" for number in range(10)]
    assert first["certification"] == "PG-13"


def test_details_are_asked_for_once_and_only_what_is_read_of_them_is_kept(tmdb, tmp_path):
    tmdb.movies = make_movies(30)
    detailed = fetch_details(tmdb.movies)
    assert len(tmdb.requests) == len(list(tmp_path.iterdir())) == 30
    assert max(file.stat().st_size for file in tmp_path.iterdir()) <= 2_560
    assert fetch_details(tmdb.movies) == fetch_details(tmdb.movies * 2)[:30] == detailed
    assert len(tmdb.requests) == 30


def test_movies_that_have_their_details_need_neither_key_nor_network(tmdb, monkeypatch):
    monkeypatch.setattr(config, "TMDB_API_KEY", None)
    movies = main.load_sample_movies()
    assert len(movies) >= 150
    assert movies[0].keys() >= make_movie(1).keys()
    assert fetch_details(movies) == movies
    assert fetch_details([]) == []
    assert tmdb.requests == []
    with pytest.raises(TMDbError, match="TMDB_API_KEY"):
        fetch_details([*movies, make_movie(1)])


def test_a_movie_that_tmdb_no_longer_has_keeps_its_row_with_a_warning(tmdb):
    tmdb.movies = make_movies(2)
    with pytest.warns(UserWarning, match="no longer has .*Movie 7"):
        detailed = fetch_details([make_movie(1), make_movie(7), make_movie(2)])
    assert ids(detailed) == [1, 7, 2]
    assert detailed[1] == make_movie(7)
    assert "credits" in detailed[2]


@pytest.mark.parametrize(
    "movies", [[{"title": "Alien"}], ["Alien"], "Alien", [603], None, [{"id": "x"}]]
)
def test_details_of_what_holds_no_ids_are_a_value_error_that_says_what_to_give(tmdb, movies):
    with pytest.raises(ValueError, match=r"TMDb.*(Alien|603|None|x)"):
        fetch_details(movies)
    assert tmdb.requests == []


def test_details_of_a_tv_show_are_not_those_of_the_movie_with_its_number(tmdb):
    tmdb.movies = make_movies(2)
    shows = [{"id": 1, "name": "Lost"}, make_movie(2, media_type="tv")]
    with pytest.warns(UserWarning, match="left out: .*Lost.*Movie 2"):
        assert fetch_details(shows) == []
    assert tmdb.requests == []


def test_details_are_fetched_for_any_rows_that_prep_movies_reads(tmdb):
    tmdb.movies = make_movies(3)
    frame = main.prep_movies(tmdb.movies)
    for movies in (frame, frame.select("id"), {"results": tmdb.movies}, [{"id": "1.0"}, {"id": 2}]):
        assert {len(movie["credits"]["cast"]) for movie in fetch_details(movies)} == {10}


ODD = st.sampled_from([None, True, 7, -1.5, float("nan"), "", "Ann", [], [None], ["Ann"], {}])
PEOPLE = st.lists(
    ODD
    | st.fixed_dictionaries(
        {},
        optional={
            "name": ODD | st.text(max_size=3),
            "job": ODD | st.just("Director"),
            "order": ODD | st.integers(-1, 3),
            "character": ODD | st.text(max_size=3),
        },
    ),
    max_size=4,
)
CREDITS = st.fixed_dictionaries({}, optional={"cast": ODD | PEOPLE, "crew": ODD | PEOPLE})
COUNTRIES = st.lists(ODD | st.fixed_dictionaries({"iso_3166_1": ODD | st.just("US")}), max_size=3)
RELEASES = st.lists(
    ODD | st.fixed_dictionaries({"certification": ODD | st.just("PG"), "type": ODD | st.just(3)})
)
US = st.fixed_dictionaries({"iso_3166_1": st.just("US"), "release_dates": ODD | RELEASES})
DETAILS = {
    "credits": ODD | CREDITS,
    "keywords": ODD | st.fixed_dictionaries({"keywords": ODD | PEOPLE}),
    "runtime": ODD,
    "belongs_to_collection": ODD | st.fixed_dictionaries({}, optional={"id": ODD, "name": ODD}),
    "imdb_id": ODD,
    "production_countries": ODD | COUNTRIES,
    "production_companies": ODD | PEOPLE,
    "release_dates": ODD | st.fixed_dictionaries({"results": ODD | st.lists(ODD | US, max_size=3)}),
}


@settings(max_examples=60)
@given(details=st.fixed_dictionaries({}, optional=DETAILS))
def test_whatever_a_movies_details_hold_they_are_read_or_left_out(details):
    read = partial(tmdb_room._read_document, path="/movie/1")
    trimmed = read(json.dumps({"id": 1, **details}))
    assert trimmed.keys() == {"id", *DETAILS}
    assert json.dumps(read(json.dumps(trimmed))) == json.dumps(trimmed)  # as from the cache
    facts, _ = read_movie(trimmed)
    assert None not in (facts["directors"] or []) + (facts["cast"] or [])


def test_of_a_cast_of_500_the_first_ten_by_billing_are_kept_and_who_has_no_place_comes_last(tmdb):
    cast = [{"name": f"Actor {n}", "character": "", "order": n} for n in range(500)]
    cast = [{"name": "Nobody", "order": None}, cast[0], *reversed(cast)]
    tmdb.movies = [make_movie(1)]
    tmdb.details = {1: {"credits": {"cast": cast, "crew": None}}}
    [movie] = fetch_details(tmdb.movies)
    assert [row["order"] for row in movie["credits"]["cast"]] == [0, 0, *range(1, 9)]
    assert movie["credits"]["crew"] == []
