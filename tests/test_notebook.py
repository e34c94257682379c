"""The first notebook: as it is committed, as it runs with nothing, and as it runs on another TMDb in two languages."""

import json
import os
import re
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient
from tmdb_server import V3_KEY, FakeTMDb, make_movie, serve

import main

pytestmark = pytest.mark.slow

NOTEBOOK = Path(main.__file__).parent / "notebooks" / "llm_movie_recommender.ipynb"
SAMPLE = NOTEBOOK.with_name("sample_movies.json")
DEAD = "http://127.0.0.1:9"  # every way out of this machine leads here


def code_cells(notebook):
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def outputs(notebook):
    return [output for cell in code_cells(notebook) for output in cell.outputs]


def execute(cells=None, **env):
    """Run the notebook, or its first cells, in a kernel of its own."""
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    notebook.cells = notebook.cells[:cells]
    client = NotebookClient(notebook, timeout=300, resources={"metadata": {"path": str(NOTEBOOK.parent)}})
    proxies = {"HTTP_PROXY": DEAD, "HTTPS_PROXY": DEAD, "NO_PROXY": "127.0.0.1"}
    client.execute(env={**os.environ, **proxies, "TMDB_API_KEY": "", "HF_HUB_OFFLINE": "", **env})
    return notebook


@pytest.fixture(scope="module")
def committed():
    return nbformat.read(NOTEBOOK, as_version=4)


@pytest.fixture(scope="module")
def executed():
    return execute()


def check_clean(notebook):
    assert not [output for output in outputs(notebook) if output.output_type == "error"]
    assert not [output.text for output in outputs(notebook) if output.get("name") == "stderr"]
    assert "it/s" not in str(outputs(notebook))
    assert "movie/s" not in str(outputs(notebook))


def test_the_notebook_runs_from_top_to_bottom_with_no_key_and_no_network(executed):
    check_clean(executed)
    assert "from the embedded catalogue" in str(outputs(executed))


def test_a_run_prints_what_is_committed(executed, committed, same_text):
    for now, then in zip(code_cells(executed), code_cells(committed), strict=True):
        same_text(now, then)


def test_the_notebook_is_committed_as_one_clean_run(committed):
    check_clean(committed)
    counts = [cell.execution_count for cell in code_cells(committed)]
    assert counts == list(range(1, len(counts) + 1))
    assert not re.search(r"/(home|root|Users|tmp|work)/\w", NOTEBOOK.read_text(encoding="utf-8"))
    assert max(len(cell.source.splitlines()) for cell in code_cells(committed)) <= 25


NB_GENRES = {35: "Komedie", 27: "Grøsser", 878: "Science fiction", 18: "Drama", 28: "Action"}
STORIES = [
    "A crew meets a creature from space.",
    "A robot learns what love is.",
    "Two families quarrel at a wedding.",
    "A bank robbery goes wrong.",
    "Soldiers cross a river at night.",
]


def make_other_movies(language):
    """Sixty movies that the embedded catalogue does not hold, two of them of one name, as TMDb would give them."""
    norwegian = language.startswith("nb")
    return [
        make_movie(
            900_000 + number,
            title="The Thing" if number < 2 else f"{'Fortellingen' if norwegian else 'The tale'} of {number}",
            overview="" if norwegian and number % 3 == 0 else f"{STORIES[number % 5]} It is story number {number}.",
            genre_ids=[[35, 18], [27], [878, 28]][number % 3],
            release_date=f"{1960 + number}-05-01",
        )
        for number in range(60)
    ]


@pytest.mark.parametrize("language", ["en-US", "nb-NO"])
def test_the_notebook_runs_on_another_tmdb_in_any_language(language):
    tmdb = FakeTMDb()
    tmdb.movies = make_other_movies(language)
    english = {genre["id"]: genre["name"] for genre in json.loads(SAMPLE.read_text(encoding="utf-8"))["genres"]}
    tmdb.genres = english | (NB_GENRES if language == "nb-NO" else {})
    with serve(tmdb) as url:
        notebook = execute(TMDB_URL=url, TMDB_API_KEY=V3_KEY, TMDB_LANGUAGE=language, CACHE_DIR="")
    check_clean(notebook)
    shown = json.dumps(outputs(notebook), ensure_ascii=False)
    assert "60 movies from TMDb" in shown
    assert "No movies" not in shown
    if language == "nb-NO":
        assert "Grøsser" in shown


@pytest.mark.parametrize("count", [0, 3, 10])
def test_a_tmdb_of_few_movies_is_said_to_be_too_small_and_the_embedded_catalogue_takes_its_place(count):
    tmdb = FakeTMDb()
    tmdb.movies = make_other_movies("en-US")[:count]
    with serve(tmdb) as url:
        notebook = execute(cells=5, TMDB_URL=url, TMDB_API_KEY=V3_KEY)
    check_clean(notebook)
    assert f"TMDb shows {count} movies" in str(outputs(notebook))
    assert "1,000 movies from the embedded catalogue" in str(outputs(notebook))


def test_without_its_project_the_notebook_says_what_to_get(tmp_path):
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    notebook.cells = code_cells(notebook)[:1]
    client = NotebookClient(notebook, timeout=60, allow_errors=True, resources={"metadata": {"path": str(tmp_path)}})
    client.execute()
    [error] = outputs(notebook)
    assert error.evalue.startswith("This notebook needs its project")
