"""One's own ratings, and the names that people give to movies."""

import io
import json
import zipfile

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tmdb_server import make_movie

import main
from main import add_movies, list_movies, prep_movies, read_ratings, recommend

LETTERBOXD = "Date,Name,Year,Letterboxd URI,Rating\n"
WATCHED = "Date,Name,Year,Letterboxd URI\n"
IMDB = (
    "Const,Your Rating,Date Rated,Title,Original Title,URL,Title Type,IMDb Rating,Runtime (mins),Year,Genres,"
    "Num Votes,Release Date,Directors\n"
)


def imdb_row(const="tt0078748", rating="9", title="Alien", kind="Movie", year="1979", date="2020-01-01"):
    return (
        f'{const},{rating},{date},"{title}","{title}",https://example.org,{kind},8.5,117,{year},Horror,1,1979-05-25,X\n'
    )


def trakt_row(title="Alien", year=1979, tmdb=348, rating=9, **fields):
    ids = {"trakt": 1, "slug": "alien-1979", "imdb": "tt0078748", "tmdb": tmdb}
    return {
        "rated_at": "2020-01-01T00:00:00.000Z",
        "rating": rating,
        "type": "movie",
        "movie": {"title": title, "year": year, "ids": ids},
        **fields,
    }


@pytest.fixture
def read(tmp_path):
    """Write a file and read it."""

    def write_and_read(content: str | bytes, name="ratings.csv"):
        file = tmp_path / name
        file.write_bytes(content if isinstance(content, bytes) else content.encode())
        return read_ratings(file).rows()

    return write_and_read


def pack(**files: str | bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in files.items():
            archive.writestr(name.replace("__", "/").replace("_dot_", "."), content)
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (LETTERBOXD + "2020-01-01,Alien,1979,https://boxd.it/a,4.5\n", ("Alien", "1979", None, None, 9.0)),
        (LETTERBOXD + "2020-01-01,Alien,1979,https://boxd.it/a,5\n", ("Alien", "1979", None, None, 10.0)),
        (LETTERBOXD + "2020-01-01,Alien,,https://boxd.it/a,\n", ("Alien", None, None, None, None)),
        (
            WATCHED + '2020-01-01,"Crouching Tiger, ""Hidden"" Dragon",2000,https://boxd.it/a\n',
            ('Crouching Tiger, "Hidden" Dragon', "2000", None, None, None),
        ),
        (
            "\ufeff" + LETTERBOXD.replace("\n", "\r\n") + "2020-01-01,Alien,1979,https://boxd.it/a,0.5\r\n",
            ("Alien", "1979", None, None, 1.0),
        ),
        (
            LETTERBOXD.replace(",", ";") + "2020-01-01;Alien;1979;https://boxd.it/a;4,5\n",
            ("Alien", "1979", None, None, 9.0),
        ),
        (IMDB + imdb_row(), ("Alien", "1979", None, "tt0078748", 9.0)),
        (IMDB + imdb_row(kind="movie", rating="5"), ("Alien", "1979", None, "tt0078748", 5.0)),
        (
            IMDB + imdb_row(kind="TV Series", title="A show", const="tt1") + imdb_row(),
            ("Alien", "1979", None, "tt0078748", 9.0),
        ),
        ((IMDB + imdb_row(title="Amélie")).encode("latin-1"), ("Amélie", "1979", None, "tt0078748", 9.0)),
        (json.dumps([trakt_row()]), ("Alien", "1979", "348", "tt0078748", 9.0)),
        (json.dumps([trakt_row(tmdb=None, year=None)]), ("Alien", None, None, "tt0078748", 9.0)),
        (
            json.dumps([{"plays": 2, "last_watched_at": "2020", "movie": trakt_row()["movie"]}]),
            ("Alien", "1979", "348", "tt0078748", None),
        ),
        (
            json.dumps([trakt_row(), {"type": "show", "rating": 9, "show": {"title": "A show"}}]),
            ("Alien", "1979", "348", "tt0078748", 9.0),
        ),
    ],
)
@pytest.mark.parametrize("name", ["ratings.csv", "something.txt"])
def test_each_export_is_told_by_what_is_in_it_and_read_on_one_scale(read, name, content, expected):
    assert read(content, name) == [expected]


def test_the_newest_of_several_ratings_counts(read):
    diary = "Date,Name,Year,Letterboxd URI,Rating,Rewatch,Tags,Watched Date\n"
    rows = "2021-05-01,Alien,1979,https://boxd.it/b,5,Yes,,2021-04-30\n2020-01-01,Alien,1979,https://boxd.it/a,2,,,2019-12-31\n"
    assert read(diary + rows) == [("Alien", "1979", None, None, 10.0)]


def test_a_review_may_span_lines(read):
    reviews = "Date,Name,Year,Letterboxd URI,Rating,Rewatch,Review,Tags,Watched Date\n"
    row = '2021-05-01,Alien,1979,https://boxd.it/b,5,,"In space,\n\nnobody.",,2021-04-30\n'
    assert read(reviews + row) == [("Alien", "1979", None, None, 10.0)]


def test_letterboxds_zip_gives_ratings_hearts_and_what_was_seen_but_not_the_watchlist(read):
    content = pack(
        ratings_dot_csv=LETTERBOXD + "2020-01-01,Alien,1979,https://boxd.it/a,4\n",
        watched_dot_csv=WATCHED + "2020-01-01,Alien,1979,u\n2020-01-01,Heat,1995,u\n2020-01-01,Big,1988,u\n",
        likes__films_dot_csv=WATCHED + "2022-01-01,Alien,1979,u\n2022-01-01,Big,1988,u\n",
        watchlist_dot_csv=WATCHED + "2020-01-01,Up,2009,u\n",
        deleted__ratings_dot_csv=LETTERBOXD + "2020-01-01,Cats,2019,u,5\n",
    )
    for packed in (content, pack(inner_dot_zip=content)):
        ratings = {title: rating for title, *_, rating in read(packed, "letterboxd-me.zip")}
        assert ratings == {"Alien": 8.0, "Heat": None, "Big": 8.0}


@pytest.mark.parametrize("folder", ["", "me__ratings__"])
def test_trakts_zip_is_read_wherever_its_files_lie(read, folder):
    files = {f"{folder}ratings-movies_dot_json": json.dumps([trakt_row()]), "ratings-shows_dot_json": "[]"}
    assert read(pack(**files), "trakt.zip") == [("Alien", "1979", "348", "tt0078748", 9.0)]


@pytest.mark.parametrize(
    ("content", "name"),
    [
        ("", "ratings.csv"),
        (LETTERBOXD, "ratings.csv"),
        ("a,b\n1,2\n", "ratings.csv"),
        ("[]", "ratings-movies.json"),
        ('{"a": 1}', "ratings-movies.json"),
        ('[{"rating": 9', "ratings-movies.json"),
        ("[" * 100_000, "ratings-movies.json"),
        (WATCHED + "2020-01-01,Alien,1979,u\n", "watchlist.csv"),
        (IMDB.replace("Const", "Position,Const") + "1," + imdb_row(), "ratings.csv"),
        (bytes(range(256)) * 4, "ratings.csv"),
        (pack(notes_dot_txt="hello"), "letterboxd.zip"),
    ],
)
def test_what_is_no_export_of_ratings_is_an_error_that_says_what_can_be_read(read, content, name):
    with pytest.raises(ValueError, match=r"What can be read: Letterboxd|Download it again"):
        read(content, name)


def test_a_folder_and_a_missing_file_are_errors_that_name_them(tmp_path):
    with pytest.raises(ValueError, match="is a folder"):
        read_ratings(tmp_path)
    with pytest.raises(FileNotFoundError, match=r"nothing\.csv"):
        read_ratings(tmp_path / "nothing.csv")


@pytest.mark.parametrize("stars", ["11", "five", "-1", "nan"])
def test_a_rating_that_cannot_be_read_is_named_and_the_movie_counts_as_seen(read, stars):
    with pytest.warns(UserWarning, match="1 rows of ratings.csv have a rating that cannot be read: .*Alien"):
        assert read(LETTERBOXD + f"2020-01-01,Alien,1979,u,{stars}\n") == [("Alien", "1979", None, None, None)]


def test_a_row_that_names_no_movie_is_counted_in_a_warning(read):
    with pytest.warns(UserWarning, match="1 rows of ratings.csv name no movie"):
        assert len(read(LETTERBOXD + "2020-01-01,,1979,u,4\n2020-01-01,Alien,1979,u,4\n")) == 1


MOVIES = [
    (1, "Alien", 1979),
    (2, "King Kong", 1933),
    (3, "King Kong", 2005),
    (4, "Amélie", 2001),
    (5, "WALL·E", 2008),
    (6, "The Godfather", 1972),
    (7, "The Godfather: Part II", 1974),
    (8, "Schindler's List", 1993),
    (9, "Mr. & Mrs. Smith", 2005),
    (10, "Dr. Strangelove or: How I Learned to Stop Worrying and Love the Bomb", 1964),
    (11, "Twins", 1988),
    (12, "Twins", 1988),
    (13, "7", 2001),
    (14, "Rocky II", 1979),
    (1911, "Nineteen Hundred and Something", 1950),
    (16, "1911", 2011),
]


@pytest.fixture(scope="module")
def movies():
    client = main.get_client()
    collection = main.get_collection(client, "names")
    rows = [make_movie(id, title=title, release_date=f"{year}-05-05") for id, title, year in MOVIES]
    add_movies(collection, prep_movies(rows), column="title")
    yield collection
    client.delete_collection("names")


def resolve(collection, names):
    return main._resolve(collection, names)  # what `recommend` does with each of its names


@pytest.mark.parametrize(
    ("name", "id"),
    [
        ("Alien", "1"),
        (" aLiEn ", "1"),
        ("King Kong (2005)", "3"),
        ("king kong 1933", "2"),
        ("Amelie", "4"),
        ("AMÉLIE", "4"),
        ("WALL-E", "5"),
        ("wall e", "5"),
        ("walle", "5"),
        ("the godfather ", "6"),
        ("Godfather", "6"),
        ("godfather 2", "7"),
        ("The Godfather Part 2", "7"),
        ("Schindler\u2019s List", "8"),
        ("schindlers list", "8"),
        ("mr and mrs smith", "9"),
        ("Dr. Strangelove", "10"),
        ("Rocky 2", "14"),
        ("1", "1"),
        (1, "1"),
        (np.int64(1), "1"),
        (pl.Series([1])[0], "1"),
        ("7", "7"),
        ("1911", "1911"),
    ],
)
def test_a_movie_may_be_called_what_people_call_it_and_an_id_is_an_id_first(movies, name, id):
    assert resolve(movies, name) == [id]
    assert resolve(movies, [name, id]) == [id]


def test_answers_of_a_search_name_movies_too(movies):
    assert resolve(movies, list_movies(movies).head(2)) == ["1", "2"]


@pytest.mark.parametrize(
    ("names", "told"),
    [
        (
            "King Kong",
            r'2 movies are called .King Kong.*\n    "2",  # King Kong \(1933\)\n    "3",  # King Kong \(2005\)',
        ),
        ("Twins (1988)", r'"11",  # Twins \(1988\)\n    "12",  # Twins'),
        (
            ["Alein", "Godfahter"],
            r"no movie here is called 'Alein'(.|\n)*Alien(.|\n)*no movie here is called 'Godfahter'",
        ),
        ("zzzzzz", "no movie here is called 'zzzzzz'. add_movies adds"),
    ],
)
def test_an_ambiguous_or_unknown_name_is_an_error_with_lines_to_paste_back(movies, names, told):
    with pytest.raises(ValueError, match=told):
        resolve(movies, names)


@pytest.mark.parametrize("names", [None, 3.5, True, [None], ["Alien", 3.5], [b"Alien"]])
def test_what_is_no_name_is_a_value_error(movies, names):
    with pytest.raises(ValueError, match="name a movie by its id or its title"):
        resolve(movies, names)


@given(st.sampled_from(MOVIES), st.sampled_from([str.lower, str.upper, str.title, str]), st.booleans(), st.booleans())
def test_a_title_in_any_case_with_its_year_or_without_names_its_movie_or_is_told_to_be_ambiguous(
    movies, movie, case, dated, blanks
):
    id, title, year = movie
    name = case(title) + (f" ({year})" if dated else "")
    name = f"  {name.replace(' ', '  ')} " if blanks else name
    if title in ("King Kong", "Twins", "7", "1911") and not (dated and title != "Twins"):
        return  # ambiguous, or another movie's id
    assert resolve(movies, name) == [str(id)]


def test_many_names_cost_one_reading_of_the_collection(movies, monkeypatch):
    reads = []
    monkeypatch.setattr(main, "list_movies", lambda collection: reads.append(1) or list_movies(collection))
    resolve(movies, ["alien", "AMELIE", "godfather", "wall-e"])
    assert len(reads) == 1
    resolve(movies, ["1", "Alien"])
    assert len(reads) == 1


def make_ratings(*rows):
    return pl.DataFrame(rows, schema=main._RATINGS_SCHEMA, orient="row")  # the schema of what read_ratings gives


def test_ratings_are_matched_by_id_then_by_title_and_year_and_what_has_no_match_is_named(movies):
    ratings = make_ratings(
        ("another title", None, "1", None, 9.0),
        ("king kong", "2006", None, None, 8.0),  # a year off
        ("Amelie", None, None, None, 7.0),
        ("King Kong", None, None, None, 6.0),  # ambiguous without a year
        ("Twins", "1988", None, None, 5.0),  # two of one year
        ("Alien", "1999", None, None, 4.0),  # another movie
    )
    with pytest.warns(UserWarning, match="3 of 6 rated movies are not in names, .*: King Kong, Twins, Alien$"):
        found = main._match_ratings(movies, ratings)
    assert dict(found.rows()) == {"1": 9.0, "3": 8.0, "4": 7.0}


def test_with_a_key_imdb_ids_find_movies_whose_titles_are_in_another_language(movies, monkeypatch):
    answers = {"/find/tt1": {"movie_results": [{"id": 6}]}, "/find/tt2": {"movie_results": []}}
    monkeypatch.setattr(main.config, "TMDB_API_KEY", "x" * 32)
    monkeypatch.setattr(main, "_get_json", lambda path, external_source: answers[path])
    ratings = make_ratings(("Gudfaren", "1972", None, "tt1", 9.0), ("Ukjent", "1972", None, "tt2", 9.0))
    with pytest.warns(UserWarning, match="1 of 2 rated movies are not in names.*Ukjent"):
        assert main._match_ratings(movies, ratings).rows() == [("6", 9.0)]


def test_from_a_file_to_recommendations_in_one_line(movies, tmp_path):
    file = tmp_path / "ratings.csv"
    file.write_text(LETTERBOXD + "2020-01-01,The Godfather,1972,u,5\n2020-01-01,Alien,1979,u,1\n")
    answers = recommend(movies, read_ratings(file), n=20)
    assert not {"1", "6"} & set(answers["id"])
    assert answers["id"][0] == "7"
