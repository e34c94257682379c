"""What is read of a row that holds a movie: TMDb's documents, and odd ones."""

import json

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tmdb_server import make_details, make_movie

from notebooks.recommender.movie import FACTS, list_rows, read_movie


def read(**fields) -> dict:
    movie, unread = read_movie({"id": 1, **fields})
    assert unread == []
    return movie


def act(name, order, role="Someone"):
    return {"name": name, "order": order, "character": role}


def test_the_details_of_tmdbs_document_are_read():
    movie = read(**make_movie(7) | make_details(7))
    assert movie["directors"] == ["Director 7", "Other director 7"]
    assert movie["cast"] == [f"Actor {number} of 7" for number in range(10)]
    assert movie["characters"] == [f"Role {number}" for number in range(10)]
    assert movie["keywords"] == [f"keyword {number}" for number in range(20)]
    assert (movie["runtime"], movie["series"], movie["imdb_id"]) == (120, "Series 7", "tt0000007")


def test_a_cast_stands_in_the_order_of_billing_and_who_has_no_place_comes_last():
    cast = [act("Last", None), act("Second", 3), act("First", 0), act("Later", None)]
    assert read(credits={"cast": cast})["cast"] == ["First", "Second", "Last", "Later"]


def test_ten_of_a_cast_of_500_are_kept_the_first_that_are_billed():
    cast = [act(f"Actor {number}", number, f"Role {number}") for number in range(500)]
    movie = read(credits={"cast": cast[::-1], "crew": []})
    assert movie["cast"] == [f"Actor {number}" for number in range(10)]
    assert movie["characters"] == [f"Role {number}" for number in range(10)]


def test_the_same_person_twice_is_named_once():
    cast = [act("Peter", 0, "A"), act("Peter", 1, "B"), act("George", 2, "A")]
    crew = [{"name": "Joel", "job": "Director"}, {"name": "Joel", "job": "Director"}]
    movie = read(credits={"cast": cast, "crew": crew})
    assert (movie["cast"], movie["directors"]) == (["Peter", "George"], ["Joel"])
    assert movie["characters"] == ["A", "B"]


@pytest.mark.parametrize("name", [None, "", "  ", "\x00\n", 5])
def test_a_person_without_a_name_is_left_out(name):
    cast, crew = [act(name, 0), act("Someone", 1)], [{"name": name, "job": "Director"}]
    movie = read(credits={"cast": cast, "crew": crew})
    assert movie["cast"][-1:] == ["Someone"]
    assert not movie["directors"]


def test_only_directors_are_read_of_a_crew():
    jobs = ["Producer", "Director of Photography", "Director", "Assistant Director", None]
    crew = [{"name": f"The {job}", "job": job} for job in jobs]
    assert read(credits={"crew": [*crew, {"name": "Nobody"}]})["directors"] == ["The Director"]


def test_a_genre_with_a_name_needs_no_id():
    genres = [{"id": None, "name": "Drama"}, {"name": "War"}, {"id": 35, "name": "Comedy"}]
    assert read(genres=genres)["genres"] == {"Drama": "Drama", "War": "War", 35: "Comedy"}


@pytest.mark.parametrize(
    ("written", "roles"),
    [
        ("Ted / Bob (voice)", ["Ted", "Bob"]),
        ("Self (archive footage) (uncredited)", ["Self"]),
        ("(voice)", []),
        ("", []),
        (None, []),
        ("Dr.\tStrange\n", ["Dr. Strange"]),
    ],
)
def test_two_roles_are_parted_and_how_they_are_played_is_left_out(written, roles):
    assert (read(credits={"cast": [act("Someone", 0, written)]})["characters"] or []) == roles


@pytest.mark.parametrize(
    ("field", "value", "fact", "expected"),
    [
        ("runtime", 0, "runtime", None),
        ("runtime", 136, "runtime", 136),
        ("runtime", "136.0", "runtime", 136),
        ("runtime", None, "runtime", None),
        ("belongs_to_collection", None, "series", None),
        ("belongs_to_collection", {"id": 1, "name": "Alien"}, "series", "Alien"),
        ("belongs_to_collection", "{'id': 1, 'name': 'Alien'}", "series", "Alien"),
        ("imdb_id", "", "imdb_id", None),
        ("imdb_id", None, "imdb_id", None),
        ("imdb_id", "tt0078748", "imdb_id", "tt0078748"),
        ("original_title", "  Das\u0000 Boot ", "original_title", "Das Boot"),
        ("keywords", {"results": [{"name": "heist"}]}, "keywords", ["heist"]),
        ("keywords", "heist, twist ending", "keywords", ["heist", "twist ending"]),
    ],
)
def test_a_detail_is_read_and_what_says_nothing_is_missing(field, value, fact, expected):
    assert read(**{field: value})[fact] == expected


@pytest.mark.parametrize("write", [json.dumps, repr])
def test_details_are_read_from_the_texts_of_a_csv_file(write):
    cast = [act("Tom Hanks", 0, "Woody (voice)"), act("Tim Allen", 1, "Buzz")]
    crew = [{"name": "John Lasseter", "job": "Director"}, {"name": "Else", "job": "Editor"}]
    movie = read(
        cast=write(cast), crew=write(crew), keywords=write([{"id": 1, "name": "toy"}]), runtime=81.0
    )
    assert movie["directors"] == ["John Lasseter"]
    assert movie["cast"] == ["Tom Hanks", "Tim Allen"]
    assert (movie["keywords"], movie["runtime"]) == (["toy"], 81)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("runtime", -5),
        ("runtime", "long"),
        ("runtime", True),
        ("credits", {"cast": [act("Someone", "first")]}),
        ("keywords", 5),
        ("credits", {"crew": ["Ridley Scott"]}),
        ("belongs_to_collection", {"id": 1}),
        ("vote_average", 11),
        ("release_date", "soon"),
    ],
)
def test_what_cannot_be_read_is_told_and_counts_as_missing(field, value):
    movie, unread = read_movie({"id": 1, field: value})
    assert unread == [field]
    assert movie["id"] == "1"


def test_a_row_of_ours_is_read_as_it_stands():
    ours = read(**make_movie(7) | make_details(7)) | {"genres": ["Drama"]}
    assert read_movie(ours)[0] == ours | {"genres": {"Drama": "Drama"}}


junk = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["cast", "crew", "name", "job", "order"]), inner)
    ),
    max_leaves=8,
)
fields = sorted({field for fact in FACTS.values() for field in fact.fields} - {"id"})


@given(st.dictionaries(st.sampled_from(fields), junk))
def test_any_row_is_read_without_an_error_into_what_a_frame_takes(row):
    movie, unread = read_movie({"id": 1, **row})
    assert set(unread) <= set(row)
    movie["genres"] = list(map(str, movie["genres"] or {}))
    schema = {name: fact.type for name, fact in FACTS.items()}
    assert pl.DataFrame([movie], schema=schema).height == 1


def test_rows_are_listed_of_whatever_holds_movies():
    rows = [{"id": 1}, {"id": 2}]
    for given_ in (rows, tuple(rows), {"results": rows}, pl.DataFrame(rows), iter(rows)):
        assert list_rows(given_) == rows
    assert list_rows({"id": 1}) == [{"id": 1}]


@pytest.mark.parametrize("movies", ["Alien", b"Alien", 5, None, ["Alien"], [{"id": 1}, None]])
def test_what_holds_no_movies_is_a_value_error_that_shows_it(movies):
    with pytest.raises(ValueError, match="a list of movies as TMDb describes them"):
        list_rows(movies)
