"""A list of movies to a frame."""

import json

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tmdb_server import make_details, make_movie

from main import add_movies, get_id_to_genre, load_sample_movies, prep_movies

SCHEMA = {
    "id": pl.String,
    "title": pl.String,
    "year": pl.String,
    "overview": pl.String,
    "genres": pl.List(pl.String),
    "text": pl.String,
    "original_title": pl.String,
    "original_language": pl.String,
    "vote_average": pl.Float64,
    "vote_count": pl.Int64,
    "poster_path": pl.String,
    "directors": pl.List(pl.String),
    "cast": pl.List(pl.String),
    "characters": pl.List(pl.String),
    "keywords": pl.List(pl.String),
    "runtime": pl.Int64,
    "series": pl.String,
    "imdb_id": pl.String,
    "countries": pl.List(pl.String),
    "studios": pl.List(pl.String),
    "certification": pl.String,
}


def prep_one(**fields) -> dict:
    return prep_movies(
        [make_movie(1, title="Alien", overview="In space.", genre_ids=[27, 878]) | fields]
    ).row(0, named=True)


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
    movie = prep_one(overview=overview, release_date="1979-05-25")
    assert movie["overview"] is None
    assert movie["text"] == "Movie title: Alien.\nYear: 1979.\nGenres: Horror, Science Fiction."


@pytest.mark.parametrize("date", [None, "", " "])
def test_a_missing_date_leaves_its_line_out(date):
    movie = prep_one(release_date=date)
    assert movie["year"] is None
    assert (
        movie["text"]
        == "Movie title: Alien.\nOverview: In space.\nGenres: Horror, Science Fiction."
    )


@pytest.mark.parametrize("genre_ids", [None, []])
def test_missing_genres_are_an_empty_list_and_leave_their_line_out(genre_ids):
    movie = prep_one(genre_ids=genre_ids)
    assert movie["genres"] == []
    assert movie["text"] == "Movie title: Alien.\nYear: 1999.\nOverview: In space."


def test_a_genre_id_without_a_name_is_left_out_with_a_warning_that_names_it():
    with pytest.warns(UserWarning, match=r"\[424242\]"):
        movie = prep_one(genre_ids=[424242, 27])
    assert movie["genres"] == ["Horror"]


def test_rows_may_lack_every_field_but_the_id():
    df = prep_movies([make_movie(1), {"id": 2}, {"id": 3, "title": "Three"}])
    assert df["id"].to_list() == ["1", "2", "3"]
    assert df["text"].to_list()[1:] == ["", "Movie title: Three."]
    assert df["genres"].to_list()[1:] == [[], []]


def test_a_movie_without_a_title_goes_by_its_original_title():
    assert prep_one(title=None, original_title="Obcy")["title"] == "Obcy"


def test_the_same_movie_twice_is_one_movie():
    assert prep_movies([make_movie(1), make_movie(2), make_movie(1, title="Again")])[
        "title"
    ].to_list() == [
        "Movie 1",
        "Movie 2",
    ]


@pytest.mark.parametrize(
    "movies",
    [
        [{"title": "No id"}],
        [{"id": "one"}],
        [{"id": 2**63}],
        [{"id": True}],
        [{"id": "1997-08-20", "title": "A row that slipped one column on"}],
        ["Alien"],
        [1],
        [None],
        None,
        "Alien",
        7,
        {"status_code": 7, "status_message": "Invalid API key"},
    ],
)
def test_rows_that_are_no_movies_are_a_value_error(movies):
    with pytest.raises(ValueError, match="movie"):
        prep_movies(movies)


def test_a_row_without_an_id_is_named_in_the_error():
    with pytest.raises(ValueError, match=r"movies\[1\] \(title 'Shifted', id '1997-08-20'\)"):
        prep_movies([make_movie(1), {"id": "1997-08-20", "title": "Shifted"}])


def test_a_movie_as_tmdb_describes_one_alone_keeps_its_genres_and_its_stored_ones(collection):
    row = make_movie(1, genre_ids=[27, 878])
    alone = {key: value for key, value in row.items() if key != "genre_ids"} | {
        "genres": [{"id": 27, "name": "Horror"}, {"id": 878, "name": "Science Fiction"}]
    }
    assert prep_movies(alone).equals(prep_movies([row]))
    add_movies(collection, prep_movies([row]), column="title")
    assert add_movies(collection, prep_movies([alone]), column="title") == 0


def test_what_is_missing_in_a_movie_that_knows_less_is_not_erased(collection):
    add_movies(
        collection,
        prep_movies([make_movie(1, genre_ids=[27], poster_path="/a.jpg")]),
        column="title",
    )
    [before] = collection.get()["metadatas"]
    assert add_movies(collection, prep_movies([{"id": 1, "title": "Movie 1"}]), column="title") == 0
    assert collection.get()["metadatas"] == [before]


def test_the_readmes_csv_is_read_back_with_all_its_people(tmp_path):
    df = prep_movies(load_sample_movies())
    df.with_columns(pl.col(pl.List(pl.String)).list.join(", ")).write_csv(tmp_path / "list.csv")
    back = prep_movies(pl.read_csv(tmp_path / "list.csv"))
    assert back.equals(df)


def test_a_frame_of_ours_is_read_back_as_it_is():
    df = prep_movies([make_movie(1) | make_details(1), make_movie(2)])
    assert prep_movies(df).equals(df)
    assert prep_movies(df.with_columns(pl.col("year").cast(pl.Int64))).equals(df)


@pytest.mark.parametrize("people", [5, [["Al Pacino"]], {"Al Pacino": "Vincent"}, b"Al Pacino"])
def test_people_that_cannot_be_read_are_told(people):
    with pytest.warns(UserWarning, match=r"cast = .*Heat"):
        assert prep_movies([{"id": 949, "title": "Heat", "cast": people}])["cast"].to_list() == [[]]


def test_a_whole_answer_one_movie_and_a_data_frame_are_read_like_a_list():
    rows = [make_movie(1), make_movie(2)]
    expected = prep_movies(rows)
    assert prep_movies({"page": 1, "results": rows, "total_pages": 1}).equals(expected)
    assert prep_movies(rows[0]).equals(expected.head(1))
    assert prep_movies(iter(rows)).equals(expected)
    assert prep_movies(pl.DataFrame(rows)).equals(expected)


@pytest.mark.parametrize(
    "other",
    [
        {"id": 1, "media_type": "tv", "name": "A show"},
        {"id": 1, "media_type": "person", "name": "Somebody", "known_for": []},
        {"id": 1, "name": "A show", "first_air_date": "2001-01-01"},
        {"id": 1, "title": "A show", "first_air_date": "2001-01-01"},
        {"id": 1, "title": None, "name": "Somebody"},
        {"id": 1, "name": "Somebody", "gender": 2, "known_for_department": "Acting"},
        {"id": 1, "title": "Somebody", "gender": 0},
        {"id": 1, "title": "Somebody", "known_for_department": "Acting"},
        {"id": 1, "title": "Somebody", "known_for": [{"id": 2, "title": "Alien"}]},
        {"id": 1, "title": "Somebody", "imdb_id": "nm0000199"},
        {"id": 1, "title": "Somebody", "media_type": "person"},
    ],
)
def test_tv_shows_and_people_are_left_out_with_a_warning_and_swallow_no_movie(other):
    with pytest.warns(
        UserWarning, match=r"left out: movies\[0\] \(title '(A show|Somebody)', id 1\)"
    ):
        df = prep_movies([other, make_movie(1, title="Alien") | {"media_type": "movie"}])
    assert df["title"].to_list() == ["Alien"]


def test_a_row_that_imdb_numbers_as_a_person_is_left_out():
    with pytest.warns(UserWarning, match="left out: .*Al Pacino.*nm0000199"):
        assert prep_movies([{"id": "nm0000199", "title": "Al Pacino"}]).is_empty()


@pytest.mark.parametrize("media_type", ["movie", "Movie", None, float("nan"), ""])
def test_a_movie_in_a_table_that_has_people_as_well_stays_a_movie(media_type):
    lacking = dict.fromkeys(["name", "gender", "known_for", "first_air_date"])
    movie = make_movie(1) | lacking | {"media_type": media_type, "imdb_id": "tt0078748"}
    assert prep_movies([movie]).height == 1


def test_the_movies_of_a_collection_of_a_list_and_of_somebody_are_prepared():
    rows = [make_movie(1), make_movie(2)]
    expected = prep_movies(rows)
    assert prep_movies({"id": 9, "name": "A collection", "parts": rows}).equals(expected)
    assert prep_movies({"id": 9, "name": "A list", "items": rows}).equals(expected)
    assert prep_movies({"movie_results": rows, "tv_results": []}).equals(expected)
    assert prep_movies({"id": 9, "cast": rows, "crew": rows[:1]}).equals(expected)


@pytest.mark.parametrize(
    ("field", "value", "column", "expected"),
    [
        ("genre_ids", "[27, 878]", "genres", ["Horror", "Science Fiction"]),
        ("genre_ids", "27|878", "genres", ["Horror", "Science Fiction"]),
        ("genre_ids", ["27", 878.0], "genres", ["Horror", "Science Fiction"]),
        (
            "genres",
            '[{"id": 27, "name": "Horror"}, {"id": 5, "name": "Noir"}]',
            "genres",
            ["Horror", "Noir"],
        ),
        ("genres", "[{'id': 27, 'name': 'Horror'}]", "genres", ["Horror"]),
        ("genres", "Horror, Science Fiction", "genres", ["Horror", "Science Fiction"]),
        ("release_date", "10/30/1995", "year", "1995"),
        ("release_date", "1995-10-30 00:00:00", "year", "1995"),
        ("release_date", 1995, "year", "1995"),
        ("release_date", "0000-00-00", "year", None),
        ("genres", "(no genres listed)", "genres", []),
        ("release_date", float("nan"), "year", None),
        ("overview", float("nan"), "overview", None),
        ("title", 1917, "title", "1917"),
        ("title", "A\x00li\ud800en\uffff", "title", "Alien"),
        ("vote_count", "5415.0", "vote_count", 5415),
        ("vote_average", "7.7", "vote_average", 7.7),
        ("id", "862", "id", "862"),
        ("id", 862.0, "id", "862"),
    ],
)
def test_rows_of_csv_files_and_of_pandas_are_read(field, value, column, expected):
    row = {
        key: value
        for key, value in make_movie(1).items()
        if key != "genre_ids" or field != "genres"
    }
    assert prep_movies([row | {field: value}])[column].to_list() == [expected]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("vote_count", float("inf")),
        ("vote_count", 12.5),
        ("vote_count", "Animation"),
        ("vote_count", 2**70),
        ("vote_count", True),
        ("vote_average", 78),
        ("vote_average", [7]),
        ("release_date", "unknown"),
        ("release_date", "19"),
        ("genre_ids", "[27, "),
        ("overview", {"text": "In space."}),
        ("title", ["Alien"]),
        ("poster_path", 1.5),
    ],
)
def test_a_value_that_cannot_be_read_counts_as_missing_with_a_warning_that_names_movie_and_field(
    field, value
):
    with pytest.warns(UserWarning, match=rf"{field} = .*movies\[0\] \(title .*, id 7\)"):
        [movie] = prep_movies([make_movie(7) | {field: value}]).to_dicts()
    assert movie["id"] == "7"
    assert (
        not movie[{"release_date": "year", "genre_ids": "genres"}.get(field, field)]
        or field == "title"
    )


text_or_none = st.none() | st.text(max_size=30)
dirty_rows = st.lists(
    st.fixed_dictionaries(
        {"id": st.integers(1, 50)},
        optional={
            "title": text_or_none,
            "original_title": text_or_none,
            "overview": text_or_none,
            "release_date": st.none() | st.just("") | st.dates().map(str),
            "genre_ids": st.none()
            | st.lists(st.sampled_from(sorted(get_id_to_genre())), max_size=4),
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
def test_however_dirty_the_rows_every_movie_comes_once_with_a_text_of_what_it_has(rows):
    df = prep_movies(json.loads(json.dumps(rows)))
    assert dict(df.schema) == SCHEMA
    assert df["id"].to_list() == list(dict.fromkeys(str(row["id"]) for row in rows))
    assert df["text"].null_count() == 0
    for movie in df.iter_rows(named=True):
        lines = [
            movie["title"] and f"Movie title: {movie['title']}.",
            movie["year"] and f"Year: {movie['year']}.",
            movie["overview"] and f"Overview: {movie['overview']}",
            movie["genres"] and f"Genres: {', '.join(movie['genres'])}.",
        ]
        assert movie["text"] == "\n".join(line for line in lines if line)
