"""The notebook: as it is committed, and as it runs on a machine with no key and no network."""

import math
import os
import re
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

import main

NOTEBOOK = Path(main.__file__).parent / "notebooks" / "llm_movie_recommender.ipynb"


def code_cells(notebook):
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def outputs(notebook):
    return [output for cell in code_cells(notebook) for output in cell.outputs]


@pytest.fixture(scope="module")
def committed():
    return nbformat.read(NOTEBOOK, as_version=4)


@pytest.fixture(scope="module")
def executed():
    """The notebook run from top to bottom, in a kernel of its own, where every way out leads to a dead port."""
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    dead = "http://127.0.0.1:9"
    env = {**os.environ, "TMDB_API_KEY": "", "HTTP_PROXY": dead, "HTTPS_PROXY": dead, "NO_PROXY": ""}
    env.pop("HF_HUB_OFFLINE", None)
    client = NotebookClient(notebook, timeout=300, resources={"metadata": {"path": str(NOTEBOOK.parent)}})
    client.execute(env=env)
    return notebook


def test_the_notebook_runs_from_top_to_bottom_with_no_key_and_no_network(executed):
    assert not [output for output in outputs(executed) if output.output_type == "error"]


def test_the_run_prints_no_warnings_and_leaves_no_progress_bars(executed):
    assert not [output for output in outputs(executed) if output.get("name") == "stderr"]
    assert not [output for output in outputs(executed) if "it/s" in str(output) or "batch/s" in str(output)]


def test_the_run_says_that_it_uses_the_embedded_catalogue(executed):
    assert "from the embedded catalogue" in str(outputs(executed))


def test_the_notebook_is_committed_as_one_clean_run(committed):
    counts = [cell.execution_count for cell in code_cells(committed)]
    assert counts == list(range(1, len(counts) + 1))
    assert not [output for output in outputs(committed) if output.output_type == "error"]
    assert not [output for output in outputs(committed) if output.get("name") == "stderr"]


def test_the_committed_notebook_shows_no_folder_of_a_machine(committed):
    assert not re.search(r"/(home|root|Users|tmp|work)/\w", NOTEBOOK.read_text(encoding="utf-8"))


def test_no_cell_is_so_long_that_it_scrolls(committed):
    assert max(len(cell.source.splitlines()) for cell in code_cells(committed)) <= 25


def printed(notebook):
    return "".join(output.text for output in outputs(notebook) if output.output_type == "stream")


def test_the_batch_of_twelve_films_has_less_loss_than_knowing_nothing(executed):
    loss, nothing = re.search(
        r"loss of the batch ([\d.]+), of knowing nothing: ln\(12\) = ([\d.]+)", printed(executed)
    ).groups()
    assert float(nothing) == pytest.approx(math.log(12), abs=0.01)
    assert float(loss) < math.log(12)


def test_training_finds_more_of_the_held_out_films_than_before_and_than_chance(executed):
    line = r"held-out recall@10: ([\d.]+) before, ([\d.]+) after, ([\d.]+) by chance"
    before, after, chance = map(float, re.search(line, printed(executed)).groups())
    assert chance == pytest.approx(10 / 200)
    assert after > before
    assert after > 3 * chance
