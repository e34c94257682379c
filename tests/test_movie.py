"""What is read of a row that holds a movie: TMDb's documents, and odd ones."""

import json

import numpy as np
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
    assert movie["countries"] == ["US", "NO"]
    assert movie["studios"] == [f"Studio {number} of 7" for number in range(10)]
    assert movie["certification"] == "PG-13"


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
        ("Peter (young) Parker", ["Peter Parker"]),
        ("Ted (voice", ["Ted (voice"]),
        ("Stepmother, Lady Tremaine (voice)", ["Stepmother", "Lady Tremaine"]),
        ("Robert Fischer, Jr.", ["Robert Fischer, Jr."]),
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
        ("release_date", "0000-00-00", "year", None),
        ("release_date", "0000-00-00 00:00:00", "year", None),
        ("release_date", "00/00/0000", "year", None),
        ("release_date", "0001-01-01", "year", None),
        ("release_date", "9999-12-31", "year", None),
        ("year", 0, "year", None),
        ("year", "0", "year", None),
        ("year", 1888, "year", "1888"),
        ("genres", "(no genres listed)", "genres", {}),
        ("genres", ["(no genres listed)"], "genres", {}),
        ("genres", [{"name": "N/A"}, {"name": "Drama"}], "genres", {"Drama": "Drama"}),
        ("genres", "\\N", "genres", {}),
        ("keywords", "None", "keywords", []),
        ("cast", ["nan", "Nan Grey"], "cast", ["Nan Grey"]),
        ("directors", "Unknown", "directors", []),
        ("series", "N/A", "series", None),
        ("series", "[REC] Collection", "series", "[REC] Collection"),
        ("series", "(500) Days of Summer", "series", "(500) Days of Summer"),
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
        ("cast", 5),
        ("cast", [5]),
        ("cast", b"Al Pacino"),
        ("cast", [["Al Pacino", "Vincent"]]),
        ("cast", [{"actor": "Al Pacino"}]),
        ("cast", {"Al Pacino": "Vincent"}),
        ("cast", "[{'name': 'Al Pac"),
        ("crew", "Michael Mann, Dante Spinotti"),
        ("crew", ["Michael Mann"]),
        ("directors", {"first": "Michael Mann"}),
        ("characters", np.array([1, 2])),
        ("keywords", {"id": 1}),
        ("production_countries", "Mordor"),
        ("production_countries", [{"name": "France"}]),
        ("production_companies", 5),
        ("release_dates", "2001-01-01"),
    ],
)
def test_what_cannot_be_read_is_told_and_counts_as_missing(field, value):
    movie, unread = read_movie({"id": 1, field: value})
    assert unread == [field]
    assert movie["id"] == "1"


def test_a_row_of_ours_is_read_as_it_stands():
    ours = read(**make_movie(7) | make_details(7)) | {"genres": ["Drama"]}
    assert read_movie(ours)[0] == ours | {"genres": {"Drama": "Drama"}}


NAMES = ["Al Pacino", "Robert Downey, Jr.", "O'Shea Jackson"]
# Ways to write several names.
WRITTEN = {
    "a list": list,
    "a tuple": tuple,
    "an array": np.array,
    "an array of objects": lambda names: np.array(names, dtype=object),
    "a series": pl.Series,
    "an iterator": iter,
    "keys": dict.fromkeys,
    "dictionaries": lambda names: [{"name": name} for name in names],
    "a tuple of dictionaries": lambda names: tuple({"name": name} for name in names),
    "one text": ", ".join,
    "one text without blanks": ",".join,
    "one text with bars": "|".join,
    "one text with semicolons": "; ".join,
    "JSON": json.dumps,
    "what Python prints": repr,
    "what NumPy prints": lambda names: str(np.array(names)),
    "what NumPy prints of one": lambda names: str(np.array(names)).replace("\n", " "),
}
LISTS = ["cast", "directors", "characters", "keywords", "studios", "genres"]


@pytest.mark.parametrize("field", LISTS)
@pytest.mark.parametrize("way", WRITTEN)
def test_names_are_read_however_they_are_written(way, field):
    written = WRITTEN[way](NAMES)
    if way == "keys":
        written = written.keys()
    assert list(read(**{field: written})[field]) == NAMES


@pytest.mark.parametrize("way", WRITTEN)
def test_countries_are_read_however_they_are_written(way):
    if way == "keys" or "dictionaries" in way:
        return
    assert read(countries=WRITTEN[way](["US", "fr", "US"]))["countries"] == ["US", "FR"]
    names = ["United Kingdom", "United States of America", "Hong Kong", "France"]
    found = read(production_countries=WRITTEN[way](names))["countries"]
    assert found == ["GB", "US", "HK", "FR"]


@pytest.mark.parametrize(
    "name",
    [
        *["Robert Downey, Jr.", "Sammy Davis, jr", "Loudon Wainwright, III", "Oz Perkins, Sr."],
        *["Pixar, Inc.", "Toho Company, Ltd.", "Bedford Falls Company, The", "Legend, LLC"],
    ],
)
def test_a_comma_inside_of_a_name_parts_no_names(name):
    assert read(cast=f"Al Pacino, {name}, Amy Adams")["cast"] == ["Al Pacino", name, "Amy Adams"]
    assert read(studios=f"{name},{name}, A24")["studios"] == [name, "A24"]
    assert read(cast=name)["cast"] == [name]


def test_one_name_alone_is_read():
    movie = read(cast={"name": "Al Pacino", "character": "Vincent"}, directors="Michael Mann")
    assert (movie["cast"], movie["directors"]) == (["Al Pacino"], ["Michael Mann"])
    assert movie["characters"] == ["Vincent"]


def test_roles_in_one_text_are_parted_and_how_they_are_played_is_left_out():
    text = "Woody (voice, uncredited), Ted / Bob, Buzz (voice)"
    assert read(characters=text)["characters"] == ["Woody", "Ted", "Bob", "Buzz"]


def test_roles_are_read_of_a_cast_that_stands_alone():
    assert read(cast=[act("Al Pacino", 0, "Vincent")])["characters"] == ["Vincent"]
    assert not read(cast=["Al Pacino"])["characters"]


def us(*releases):
    releases = [dict(zip(("certification", "type"), one, strict=False)) for one in releases]
    return {"iso_3166_1": "US", "release_dates": releases}


OTHER = {"iso_3166_1": "GB", "release_dates": [{"certification": "PG", "type": 3}]}


@pytest.mark.parametrize(
    ("countries", "expected"),
    [
        ([us(("R", 3))], "R"),
        ([OTHER, us(("PG", 1), ("PG-13", 3))], "PG-13"),
        ([us(("NC-17", 4), ("", 3))], "NC-17"),
        ([us(("", 1), ("NR", 3), ("G", 5), ("PG", 6))], "G"),
        ([us(("R",))], "R"),
        ([us(("pg-13 ", 3))], "PG-13"),
        ([us(("TV-MA", 3))], None),
        ([us((None, 3))], None),
        ([us()], None),
        ([OTHER], None),
        ([], None),
    ],
)
def test_the_certification_is_that_of_the_us_in_theatres_or_else_the_first(countries, expected):
    assert read(release_dates={"results": countries})["certification"] == expected
    assert read(release_dates=json.dumps({"results": countries}))["certification"] == expected


def test_a_certification_of_a_flat_row_is_read_if_it_is_one_of_the_us():
    assert read(certification="PG-13")["certification"] == "PG-13"
    for other in ("12A", "Not Rated", "TV-14", "18", ""):
        assert read(certification=other)["certification"] is None


NONSENSE = [
    "(",
    " ",
    "( ",
    "(" + " " * 50,
    "()",
    ",",
    ", ",
    "'",
    "[",
    "-",
    "0",
    "1995 ",
    "\\N",
    "|",
]


@pytest.mark.parametrize("sign", NONSENSE)
def test_a_long_text_of_nonsense_is_read_in_one_pass(sign):
    # From each sign on to the end, that would take a minute.
    text = (sign * 100_000)[:100_000] + "x"
    people = [{"name": text, "character": text, "job": "Director"}]
    row = {field: text for fact in FACTS.values() for field in fact.fields if field != "id"}
    for fields in (row, {"credits": {"cast": people, "crew": people}}):
        assert read_movie({"id": 1, **fields})[0]["id"] == "1"


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


def test_the_movies_of_any_whole_answer_of_tmdb_are_listed():
    rows = [make_movie(1), make_movie(2) | {"media_type": "movie"}]
    show, person = {"id": 3, "name": "Lost", "media_type": "tv"}, {"id": 4, "name": "Somebody"}
    role, work = {"character": "Neo", "credit_id": "5"}, {"job": "Director", "credit_id": "6"}
    acted, made = [row | role for row in rows], [row | work for row in rows]
    for answer, expected in [
        ({"page": 1, "results": rows, "total_pages": 1}, rows),
        ({"id": 9, "name": "Alien Collection", "overview": "", "parts": rows}, rows),
        ({"id": "9", "name": "My list", "item_count": 2, "items": rows}, rows),
        ({"movie_results": rows, "person_results": [], "tv_results": []}, rows),
        ({"movie_results": [], "person_results": [person], "tv_results": [show]}, [person, show]),
        ({"id": 4, "cast": acted, "crew": made}, acted + made),
        ({"id": 4, "cast": [], "crew": made}, made),
        ({"id": 4, "cast": [show | role, *acted], "crew": []}, [show | role, *acted]),
        ({**person, "movie_credits": {"cast": acted, "crew": made}}, acted + made),
        ({**person, "combined_credits": {"cast": acted, "crew": made}}, acted + made),
    ]:
        assert list_rows(answer) == expected


def test_the_credits_of_a_movie_are_that_movie():
    cast = [act("Keanu Reeves", 0, "Neo") | {"gender": 2, "known_for_department": "Acting"}]
    crew = [{"id": 9, "name": "Lana Wachowski", "job": "Director", "gender": 1}]
    credits = {"id": 603, "cast": cast, "crew": crew}
    for movie in (credits, make_movie(603) | {"credits": credits}, make_movie(603) | credits):
        assert list_rows(movie) == [movie]
        facts = read(**list_rows(movie)[0])
        assert facts["cast"] == ["Keanu Reeves"]
        assert facts["directors"] == ["Lana Wachowski"]
    assert list_rows({"id": 603, "cast": ["Keanu Reeves"]}) == [
        {"id": 603, "cast": ["Keanu Reeves"]}
    ]


@pytest.mark.parametrize("movies", ["Alien", b"Alien", 5, None, ["Alien"], [{"id": 1}, None]])
def test_what_holds_no_movies_is_a_value_error_that_shows_it(movies):
    with pytest.raises(ValueError, match="a list of movies as TMDb describes them"):
        list_rows(movies)
