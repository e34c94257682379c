"""From what people call a movie to the movie: frames in, frames out, no collection."""

import json
import unicodedata

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import config
from notebooks.recommender.titles import (
    Titles,
    explain_names,
    make_key,
    match_names,
    read_names,
    title_key,
)
from notebooks.recommender.words import fold

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


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("godfather 2", "the godfather part ii"),
        ("toy story iii", "toy story 3"),
        ("seven", "se7en"),
        ("doctor strangelove", "dr strangelove"),
        ("star wars episode 4 a new hope", "star wars iv new hope"),
        ("kill bill vol 1", "kill bill volume one"),
    ],
)
def test_keys_of_titles_are_the_same_however_they_count_and_whatever_small_words_they_leave_out(
    one, other
):
    keys = (
        pl.DataFrame({"title": [one, other]}).select(title_key(fold(pl.col("title")))).to_series()
    )
    assert keys[0] == keys[1] == make_key(one.split())


# --- Titles in what is typed ---------------------------------------------------------------------

SERIES = pl.DataFrame(
    [
        ("hp1", "Harry Potter and the Philosopher's Stone", None, 2001, "Harry Potter Collection"),
        ("hp2", "Harry Potter and the Chamber of Secrets", None, 2002, "Harry Potter Collection"),
        ("hp3", "Harry Potter and the Prisoner of Azkaban", None, 2004, "Harry Potter Collection"),
        ("dh1", "Harry Potter and the Deathly Hallows: Part 1", None, 2010, None),
        ("dh2", "Harry Potter and the Deathly Hallows: Part 2", None, 2011, None),
        ("h1", "The Hobbit: An Unexpected Journey", None, 2012, "The Hobbit Collection"),
        ("h2", "The Hobbit: The Desolation of Smaug", None, 2013, "The Hobbit Collection"),
        ("h3", "The Hobbit: The Battle of the Five Armies", None, 2014, "The Hobbit Collection"),
        ("amelie", "Amélie", "Le Fabuleux Destin d'Amélie Poulain", 2001, None),
        ("ombres", "Army of Shadows", "L'Armée des ombres", 1969, None),
        ("kong33", "King Kong", None, 1933, None),
        ("kong05", "King Kong", None, 2005, None),
        ("undated", "Lost", None, None, None),
    ],
    schema=["id", "title", "original_title", "year", "series"],
    orient="row",
).with_columns(vote_count=pl.lit(10))
TITLES = Titles(SERIES)


@pytest.mark.parametrize(
    ("typed", "ids"),
    [
        ("amelie", ["amelie"]),
        ("le fabuleux destin d amelie poulain", ["amelie"]),
        ("armee des ombres", []),
        ("l armee des ombres", ["ombres"]),
        ("the king kong", ["kong33", "kong05"]),
        ("king kong 1933", ["kong33"]),
        ("king kong 1999", []),
        ("lost 1999", []),
        ("hobbit battle of 5 armies", ["h3"]),
        ("1933", []),
        ("", []),
    ],
)
def test_a_title_is_found_among_words_perhaps_with_its_year(typed, ids):
    assert TITLES.find(typed.split()) == ids


@pytest.mark.parametrize(
    ("typed", "ids"),
    [
        ("harry potter", ["hp1", "hp2", "hp3"]),
        ("harry potter 3", ["hp3"]),
        ("hobbit two", ["h2"]),
        ("the hobbit part iii", ["h3"]),
        ("hobbit 4", []),
    ],
)
def test_a_series_is_found_by_its_name_and_a_movie_of_it_by_its_number(typed, ids):
    assert TITLES.find_series(typed.split()) == ids


def test_the_movies_of_a_series_are_told_by_one_of_them():
    assert sorted(set(TITLES.list_of_series(["h2"]))) == ["h1", "h2", "h3"]
    assert TITLES.list_of_series(["amelie"]) == ["amelie"]


@pytest.mark.parametrize(
    ("typed", "title"),
    [
        ("ameile", "amelie"),
        ("knig kong", "king kong"),
        ("army of shadow", "army of shadows"),
        ("harry potter and the deathly hallows part 3", None),  # another number
        ("kong", None),
        ("lots", None),  # too short
    ],
)
def test_a_title_is_corrected_as_a_whole_but_for_its_number(typed, title):
    assert TITLES.correct(typed.split()) == title


@pytest.mark.parametrize(
    ("typed", "id"),
    [("Harry Potter 3", "hp3"), ("Hobbit 3", "h3"), ("Deathly Hallows 2", "dh2")],
)
def test_a_number_of_a_series_gets_its_movie_as_a_hint(typed, id):
    assert f'"{id}"' in explain_names({typed: []}, SERIES)
