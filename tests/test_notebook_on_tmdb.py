"""
The first notebook on another TMDb than the one that it was written on: in two
languages, and with few movies.
"""

import json

import pytest
from conftest import knowing
from kernels import FIRST, check_clean, execute, outputs
from tmdb_server import V3_KEY, FakeTMDb, make_movie, serve

import config
import main

pytestmark = pytest.mark.slow

NB_GENRES = {
    35: "Komedie",
    27: "Grøsser",
}  # of the other genres the catalogue keeps its texts, and embeddings
STORIES = [
    "A crew meets a creature from space.",
    "A robot learns what love is.",
    "Two families quarrel at a wedding.",
    "A bank robbery goes wrong.",
    "Soldiers cross a river at night.",
]


def make_other_movies(language):
    """
    Sixty movies that the embedded catalogue does not hold, two of them of one
    name, as TMDb would give them.
    """
    norwegian = language.startswith("nb")
    return [
        make_movie(
            900_000 + number,
            title="The Thing"
            if number < 2
            else f"{'Fortellingen' if norwegian else 'The tale'} of {number}",
            overview=""
            if norwegian and number % 3 == 0
            else f"{STORIES[number % 5]} It is story number {number}.",
            genre_ids=[[35, 18], [27], [878, 28]][number % 3],
            release_date=f"{1960 + number}-05-01",
        )
        for number in range(60)
    ]


@pytest.fixture(scope="module")
def vectors(tmp_path_factory, catalogue, texts):
    """
    A folder for vectors that holds those of the judged movies, so that no
    notebook embeds them again.
    """
    folder = tmp_path_factory.mktemp("vectors")
    stored = texts.get(include=["documents", "embeddings"])
    with pytest.MonkeyPatch.context() as patch, knowing(stored):
        patch.setattr(config, "CHROMA_PATH", folder)
        client = main.get_client()
        main.add_movies(main.get_collection(client, "judged"), catalogue)
        client.close()
    return str(folder)


@pytest.mark.parametrize("language", ["en-US", "nb-NO"])
def test_the_notebook_runs_on_another_tmdb_in_any_language(language, vectors):
    tmdb = FakeTMDb()
    tmdb.movies = make_other_movies(language)
    tmdb.genres = main.get_id_to_genre() | (NB_GENRES if language == "nb-NO" else {})
    with serve(tmdb) as url:
        notebook = execute(
            FIRST,
            TMDB_URL=url,
            TMDB_API_KEY=V3_KEY,
            TMDB_LANGUAGE=language,
            CACHE_DIR="",
            CHROMA_PATH=vectors,
        )
    check_clean(notebook)
    shown = json.dumps(outputs(notebook), ensure_ascii=False)
    assert "60 movies from TMDb" in shown
    assert "No movies" not in shown
    if language == "nb-NO":
        assert "Grøsser" in shown


@pytest.mark.parametrize("count", [0, 3, 10])
def test_a_tmdb_of_few_movies_is_said_to_be_too_small_and_the_embedded_catalogue_takes_its_place(
    count,
):
    tmdb = FakeTMDb()
    tmdb.movies = make_other_movies("en-US")[:count]
    with serve(tmdb) as url:
        notebook = execute(FIRST, cells=5, TMDB_URL=url, TMDB_API_KEY=V3_KEY)
    check_clean(notebook)
    assert f"TMDb shows {count} movies" in str(outputs(notebook))
    assert "1,000 movies from the embedded catalogue" in str(outputs(notebook))
