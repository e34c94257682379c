"""A list of films to a frame."""

import json

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tmdb_server import make_movie

from main import get_id_to_genre, load_sample_movies, prep_movies

SCHEMA = {
    "id": pl.String,
    "title": pl.String,
    "year": pl.String,
    "overview": pl.String,
    "genres": pl.List(pl.String),
    "text": pl.String,
    "original_language": pl.String,
    "vote_average": pl.Float64,
    "vote_count": pl.Int64,
    "poster_path": pl.String,
}


def prep_one(**fields) -> dict:
    return prep_movies([make_movie(1, title="Alien", overview="In space.", genre_ids=[27, 878]) | fields]).row(
        0, named=True
    )


def test_the_text_has_the_published_format():
    assert prep_one(release_date="1979-05-25")["text"] == (
        "Movie title: Alien.\nYear: 1979.\nOverview: In space.\nGenres: Horror, Science Fiction."
    )


def test_the_columns_are_those_of_the_contract():
    df = prep_movies(load_sample_movies())
    assert dict(df.schema) == SCHEMA
    assert df.row(0, named=True)["genres"] == ["Drama", "Crime"]
    assert df.row(0, named=True)["year"] == "1994"


def test_an_empty_list_gives_an_empty_frame_of_the_same_schema():
    df = prep_movies([])
    assert df.height == 0
    assert dict(df.schema) == SCHEMA


@pytest.mark.parametrize("overview", [None, "", "  \n"])
def test_a_missing_overview_leaves_its_line_out(overview):
    film = prep_one(overview=overview, release_date="1979-05-25")
    assert film["overview"] is None
    assert film["text"] == "Movie title: Alien.\nYear: 1979.\nGenres: Horror, Science Fiction."


@pytest.mark.parametrize("date", [None, "", "unknown", "19"])
def test_a_missing_date_leaves_its_line_out(date):
    film = prep_one(release_date=date)
    assert film["year"] is None
    assert film["text"] == "Movie title: Alien.\nOverview: In space.\nGenres: Horror, Science Fiction."


@pytest.mark.parametrize("genre_ids", [None, []])
def test_missing_genres_are_an_empty_list_and_leave_their_line_out(genre_ids):
    film = prep_one(genre_ids=genre_ids)
    assert film["genres"] == []
    assert film["text"] == "Movie title: Alien.\nYear: 1999.\nOverview: In space."


def test_a_genre_id_without_a_name_is_left_out_with_a_warning_that_names_it():
    with pytest.warns(UserWarning, match=r"\[424242\]"):
        film = prep_one(genre_ids=[424242, 27])
    assert film["genres"] == ["Horror"]


def test_rows_may_lack_every_field_but_the_id():
    df = prep_movies([make_movie(1), {"id": 2}, {"id": 3, "title": "Three"}])
    assert df["id"].to_list() == ["1", "2", "3"]
    assert df["text"].to_list()[1:] == ["", "Movie title: Three."]
    assert df["genres"].to_list()[1:] == [[], []]


def test_a_film_without_a_title_goes_by_its_original_title():
    assert prep_one(title=None, original_title="Obcy")["title"] == "Obcy"


def test_the_same_film_twice_is_one_film():
    assert prep_movies([make_movie(1), make_movie(2), make_movie(1, title="Again")])["title"].to_list() == [
        "Film 1",
        "Film 2",
    ]


@pytest.mark.parametrize("movies", [[{"title": "No id"}], [{"id": "one"}], ["Alien"], [1]])
def test_rows_that_are_no_films_are_a_value_error(movies):
    with pytest.raises(ValueError, match="film"):
        prep_movies(movies)


text_or_none = st.none() | st.text(max_size=30)
dirty_rows = st.lists(
    st.fixed_dictionaries(
        {"id": st.integers(1, 50)},
        optional={
            "title": text_or_none,
            "original_title": text_or_none,
            "overview": text_or_none,
            "release_date": st.none() | st.just("") | st.dates().map(str),
            "genre_ids": st.none() | st.lists(st.sampled_from(sorted(get_id_to_genre())), max_size=4),
            "vote_average": st.none() | st.integers(0, 10) | st.floats(0, 10),
            "vote_count": st.none() | st.integers(0, 50_000),
            "poster_path": text_or_none,
            "popularity": st.floats(allow_nan=False),
            "something_new": text_or_none,
        },
    ),
    max_size=12,
)


@given(dirty_rows)
def test_however_dirty_the_rows_every_film_comes_once_with_a_text_of_what_it_has(rows):
    df = prep_movies(json.loads(json.dumps(rows)))
    assert dict(df.schema) == SCHEMA
    assert df["id"].to_list() == list(dict.fromkeys(str(row["id"]) for row in rows))
    assert df["text"].null_count() == 0
    for film in df.iter_rows(named=True):
        lines = [
            film["title"] and f"Movie title: {film['title']}.",
            film["year"] and f"Year: {film['year']}.",
            film["overview"] and f"Overview: {film['overview']}",
            film["genres"] and f"Genres: {', '.join(film['genres'])}.",
        ]
        assert film["text"] == "\n".join(line for line in lines if line)
