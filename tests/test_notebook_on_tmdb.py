"""
The first notebook on another TMDb than the one that it was written on, in
another language.
"""

import json
import re

import pytest
from kernels import (
    FIRST,
    check_clean,
    check_same,
    code_cells,
    execute,
    outputs,
    read,
    read_text,
)
from tmdb_server import V3_KEY, FakeTMDb, Service, serve

import main

pytestmark = pytest.mark.slow

NB_GENRES = {35: "Komedie", 27: "Grøsser"}
# What the notebook and its example ratings name, Toy Story and so on, and old comedies.
NAMED = {862, 12, 857, 153, 935, 583, 239, 348, 78, 603, 10681, 194, 137, 62, 694, 585, 13, 597}
NAMED |= {8966, 420818, 1091, 531428, 38}
DETAILS = ["credits", "keywords", "runtime", "belongs_to_collection", "imdb_id"]
DETAILS += ["production_countries", "production_companies", "release_dates"]


def make_tmdb():
    """
    A TMDb in Norwegian, of a hundred movies of the embedded catalogue, some
    with other titles and some without an overview.
    """
    movies = sorted(main.load_sample_movies(), key=lambda movie: movie["id"] not in NAMED)[:100]
    tmdb = FakeTMDb()
    for movie in movies:
        tmdb.details[movie["id"]] = {name: movie.pop(name, None) for name in DETAILS}
        if movie["id"] not in NAMED:
            movie["title"] = movie["original_title"]
            movie["overview"] = "" if movie["id"] % 3 == 0 else movie["overview"]
    tmdb.movies = movies
    ids = {movie["id"] for movie in movies}
    tmdb.services = [Service("Netflix", 8, ("flatrate",), ids)]
    tmdb.genres = main.get_id_to_genre() | NB_GENRES
    return tmdb


@pytest.fixture(scope="module")
def executed(vectors):
    language = {"TMDB_LANGUAGE": "nb-NO", "CACHE_DIR": "", "CHROMA_PATH": vectors}
    with serve(make_tmdb()) as url:
        return execute(FIRST, long=False, TMDB_URL=url, TMDB_API_KEY=V3_KEY, **language)


def test_the_notebook_runs_on_another_tmdb_in_another_language(executed):
    check_clean(executed, warned=["all-MiniLM-L6-v2 reads English"])
    shown = json.dumps(outputs(executed), ensure_ascii=False)
    assert "100 movies from TMDb" in shown
    assert "No movies" not in shown


def test_the_judged_part_tells_with_a_key_what_it_tells_without(executed):
    for now, then in zip(code_cells(executed), code_cells(read(FIRST, long=False)), strict=True):
        if re.search(r"tested|every|titles\b|compare", now.source):
            check_same(read_text(now), read_text(then), rel=0.02, abs=0.002)
