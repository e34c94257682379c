"""From what people call a movie to the movie: frames in, frames out, no collection."""

import json
import unicodedata

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import config
from notebooks.recommender.titles import explain_names, match_names, read_names

MOVIES = json.loads((config.ROOT / "notebooks" / "sample_movies.json").read_text("utf-8"))[
    "results"
]
CATALOGUE = pl.DataFrame(
    [
        {
            "id": str(movie["id"]),
            "title": movie["title"],
            "original_title": movie["original_title"],
            "year": movie["release_date"][:4],
            "imdb_id": "tt0133093" if movie["title"] == "The Matrix" else None,
            "vote_count": movie["vote_count"],
        }
        for movie in MOVIES
    ]
)


def find(names, movies=CATALOGUE):
    """Find the ids that each name fits, in the order of names."""
    asked = read_names(names).with_columns(role=pl.lit("liked")).with_row_index("row")
    found = match_names(asked, movies)
    return [found.filter(row=row)["id"].to_list() for row in asked["row"]]


def name(id):
    return CATALOGUE.filter(id=id)["title"].item()


def table(*rows):
    """Movies of (id, title, year)."""
    return pl.DataFrame(rows, schema=["id", "title", "year"], orient="row")


@pytest.mark.parametrize(
    ("typed", "title"),
    [
        ("Amelie", "Amélie"),
        ("WALL-E", "WALL·E"),
        ("walle", "WALL·E"),
        ("Schindler's List", "Schindler's List"),
        ("Schindler\u2019s List", "Schindler's List"),
        ("schindlers list", "Schindler's List"),
        ("the godfather ", "The Godfather"),
        ("Godfather", "The Godfather"),
        ("Godfather, The", "The Godfather"),
        ("The  Godfather  Part 2", "The Godfather: Part II"),
        ("Rocky 2", "Rocky II"),
        ("Alien 3", "Alien³"),
        ("8 1/2", "8½"),
        ("spider man", "Spider-Man"),
        ("V for vendetta", "V for Vendetta"),
        ("Mr and Mrs Smith", "Mr. & Mrs. Smith"),
        ("Fast and Furious", "Fast & Furious"),
        ("The Fast & the Furious", "The Fast and the Furious"),
        ("Kill Bill 2", "Kill Bill: Vol. 2"),
        ("Ocean's 11", "Ocean's Eleven"),
        ("12 Monkeys", "Twelve Monkeys"),
        ("Seven", "Se7en"),
        ("Terminator 2", "Terminator 2: Judgment Day"),
        ("Birdman", "Birdman or (The Unexpected Virtue of Ignorance)"),
        (
            "Doctor Strangelove",
            "Dr. Strangelove or: How I Learned to Stop Worrying and Love the Bomb",
        ),
        ("Leon", "Léon: The Professional"),
        ("Fellowship of the Ring", "The Lord of the Rings: The Fellowship of the Ring"),
        ("Lord of the Rings: Return of the King", "The Lord of the Rings: The Return of the King"),
        ("Star Wars", "Star Wars"),
        ("Blade Runner 2049", "Blade Runner 2049"),
        ("Psycho (1960)", "Psycho"),
        ("1917", "1917"),
        ("1917 (2019)", "1917"),
        ("The Godfather, pt 2", "The Godfather: Part II"),
        ("Cidade de Deus", "City of God"),
        ("la vita e bella", "Life Is Beautiful"),
        ("El laberinto del fauno", "Pan's Labyrinth"),
        ("千と千尋の神隠し", "Spirited Away"),
        ("Star Wars: Episode VII - The Force Awakens", "Star Wars: The Force Awakens"),
        ("Ice Age 4: Continental Drift", "Ice Age: Continental Drift"),
        ("tt0133093", "The Matrix"),
        ("https://www.imdb.com/title/tt0133093/?ref_=nv_sr_1", "The Matrix"),
        ("https://www.themoviedb.org/movie/603-the-matrix?language=nb", "The Matrix"),
        ("https://letterboxd.com/film/the-matrix/", "The Matrix"),
        ("https://letterboxd.com/me/film/king-kong-2005/", "King Kong"),
    ],
)
def test_people_write_a_title_in_their_own_way(typed, title):
    ((id,),) = find(typed)
    assert name(id) == title


@pytest.mark.parametrize(
    "typed",
    [
        "King Kong (2005)",
        "king kong 2005",
        "King Kong, 2005",
        "King Kong [2005]",
        "254",
        254,
        254.0,
        "254.0",
        np.int64(254),
        np.float64(254),
    ],
)
def test_a_year_or_an_id_decides_between_movies_of_one_title(typed):
    assert find([typed]) == [["254"]]


@pytest.mark.parametrize(
    ("typed", "hint"),
    [
        ("Alien (Director's Cut)", "Alien (1979)"),
        ("Seven (a.k.a. Se7en) (1995)", "Se7en (1995)"),
        ("Mad Max 2: The Road Warrior", "Mad Max 2 (1981)"),
        ("The.Matrix.1999.1080p.BluRay.x264.mkv", "The Matrix (1999)"),
        ("Toy Stroy (1995)", "Toy Story (1995)"),
    ],
)
def test_a_name_that_holds_a_title_or_is_near_to_one_gets_that_as_its_hint(typed, hint):
    assert find(typed) == [[]]
    assert explain_names({typed: []}, CATALOGUE).splitlines()[1].endswith(f"# {hint}")


def test_an_error_of_many_or_long_names_stays_short():
    names = {f"Qwertyuiop {number}": [] for number in range(32_000)} | {"x" * 10**6: []}
    told = explain_names(names, CATALOGUE)
    assert len(told) < 5_000
    assert told.endswith("and 31,981 more names")
    assert len(explain_names({"x y " * 250_000: []}, CATALOGUE)) < 1_000


@pytest.mark.parametrize(
    ("title", "year", "fits"),
    [
        ("The Disappearance of Eleanor Rigby: Her", "2013", []),  # an end of one word
        ("Spider-Man: Far From Home - Peter's To-Do List", "2019", []),  # a start with a part in it
        ("Star Wars: Episode V - The Empire Strikes Back", "1980", ["3"]),
        ("Star Wars: Episode IV - A New Hope", "1977", ["4"]),
        ("Baby Driver: Il genio della fuga", "2017", ["5"]),
        ("Baby Driver: Il genio della fuga", "2016", []),
        ("Baby Driver (2017)", None, ["5"]),
        ("Fallout", "2018", []),
    ],
)
def test_a_part_of_a_title_fits_a_row_only_if_it_tells_much_of_it(title, year, fits):
    movies = table(
        ("1", "Her", "2013"),
        ("2", "Spider-Man: Far From Home", "2019"),
        ("3", "The Empire Strikes Back", "1980"),
        ("4", "Star Wars", "1977"),
        ("5", "Baby Driver", "2017"),
        ("6", "Mission: Impossible - Fallout", "2018"),
    )
    assert find(pl.DataFrame({"title": [title], "year": [year]}), movies) == [fits]


def test_either_title_of_a_row_and_either_title_of_a_movie_counts():
    rows = pl.DataFrame(
        {
            "title": ["Il buio", "La vita è bella", "Salvate il soldato Ryan"],
            "original_title": [None, None, "Saving Private Ryan"],
            "year": ["1997", "1997", "1998"],
        }
    )
    assert [[name(id) for id in ids] for ids in find(rows)] == [
        [],
        ["Life Is Beautiful"],
        ["Saving Private Ryan"],
    ]


def test_a_title_counts_more_than_an_original_one():
    movies = pl.DataFrame({"id": ["1", "2"], "title": ["Raw", "Grave"]}).with_columns(
        original_title=pl.Series(["Grave", "Grave"]), year=pl.lit("2016")
    )
    assert find(["Grave", "Raw"], movies) == [["2"], ["1"]]


def test_imdbs_id_tells_the_movie_and_that_another_is_not_it():
    movies = table(("1", "Heat", "1995"), ("2", "Jaws", "1975"))
    movies = movies.with_columns(imdb_id=pl.Series(["tt0113277", "tt0073195"]))
    rows = pl.DataFrame({"title": ["Der weiße Hai", "Heat"], "imdb_id": ["tt0073195", "tt0000001"]})
    assert find(rows.with_columns(year=pl.lit("1995")), movies) == [["2"], []]
    assert find(rows, movies.drop("imdb_id")) == [[], ["1"]]


class Pandas:
    """A frame of pandas, as far as it is asked."""

    def __init__(self, cells):
        self.cells, self.columns = cells, list(cells)

    def notna(self):
        return None

    def astype(self, _):
        return self

    def where(self, _, __):
        return self

    def to_dict(self, _):
        return self.cells


@pytest.mark.parametrize("make", [pl.DataFrame, Pandas])
@pytest.mark.parametrize(
    "cells",
    [
        {"id": [862.0, None]},
        {"id": ["862.0", None]},
        {"id": [862, None], "title": ["Whatever", None]},
        {"title": ["Toy Story (1995)", None]},
        {"title": ["Toy Story", None], "year": [1995.0, None]},
        {"title": ["Toy Story", None], "year": ["1995-10-30", None]},
    ],
)
def test_a_frame_of_polars_or_pandas_tells_ids_and_titles_of_any_type(make, cells):
    assert find(make(cells)) == [["862"], []]


def test_ratings_of_text_and_what_is_no_number_are_read_as_such():
    rows = read_names(pl.DataFrame({"id": ["1"] * 4, "rating": ["9", "nan", "great", None]}))
    assert rows["rating"].to_list() == [9, None, None, None]


@settings(max_examples=60)
@given(
    movie=st.sampled_from(MOVIES),
    with_year=st.booleans(),
    change=st.sampled_from(
        [
            str,
            str.upper,
            str.lower,
            lambda name: f"  {name} ",
            lambda name: name.replace("'", "\u2019"),
            lambda name: name.replace("-", " ").replace(":", ""),
            lambda name: name.replace("&", "and"),
            lambda name: "".join(
                c for c in unicodedata.normalize("NFD", name) if not unicodedata.combining(c)
            ),
        ]
    ),
)
def test_each_title_shown_names_its_movie_in_any_spelling_maybe_beside_others(
    movie, with_year, change
):
    name = change(
        f"{movie['title']} ({movie['release_date'][:4]})" if with_year else movie["title"]
    )
    assert str(movie["id"]) in find([name])[0]
