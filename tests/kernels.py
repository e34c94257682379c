"""Notebooks, run in kernels of their own that reach nothing beyond this machine."""

import os
import re
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

import main

FIRST = Path(main.__file__).parent / "notebooks" / "llm_movie_recommender.ipynb"
SECOND = FIRST.with_name("contrastive_learning.ipynb")
DEAD = "http://127.0.0.1:9"  # every way out of this machine leads here


def read(path, long=True):
    """Read a notebook, or all but the cells with the tag *long*."""
    notebook = nbformat.read(path, as_version=4)
    notebook.cells = [
        cell for cell in notebook.cells if long or "long" not in cell.metadata.get("tags", [])
    ]
    return notebook


def execute(path, cells=None, long=True, **env):
    """Run a notebook, its first cells, or all but the long ones."""
    notebook = read(path, long)
    notebook.cells = notebook.cells[:cells]
    client = NotebookClient(
        notebook, timeout=300, resources={"metadata": {"path": str(path.parent)}}
    )
    proxies = {"HTTP_PROXY": DEAD, "HTTPS_PROXY": DEAD, "NO_PROXY": "127.0.0.1"}
    # polars keeps its settings in the environment, and `main` makes some in a terminal that a
    # notebook does not share.
    here = {name: value for name, value in os.environ.items() if not name.startswith("POLARS_")}
    client.execute(env={**here, **proxies, "TMDB_API_KEY": "", "HF_HUB_OFFLINE": "", **env})
    return notebook


def code_cells(notebook):
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def outputs(notebook):
    return [output for cell in code_cells(notebook) for output in cell.outputs]


def check_clean(notebook, warned=()):
    """No error, and no warning but those that hold these words, each once."""
    assert not [output for output in outputs(notebook) if output.output_type == "error"]
    said = [output.text for output in outputs(notebook) if output.get("name") == "stderr"]
    assert len(said) == len(warned)
    assert all(words in text for words, text in zip(warned, said, strict=True))
    assert "it/s" not in str(outputs(notebook))
    assert "movie/s" not in str(outputs(notebook))
    # A table shows all its columns, or the text beside it speaks of what no reader sees.
    assert "┆ … ┆" not in str(outputs(notebook))


def check_committed(path):
    """
    A notebook is committed as one clean run in a clean kernel, with nothing of
    the machine.
    """
    notebook = read(path)
    check_clean(notebook)
    counts = [cell.execution_count for cell in code_cells(notebook)]
    assert counts == list(range(1, len(counts) + 1))
    assert not re.search(r"/(home|root|Users|tmp|work)/\w", path.read_text(encoding="utf-8"))
    assert max(len(cell.source.splitlines()) for cell in code_cells(notebook)) <= 25


def read_text(cell):
    """What a cell printed and showed."""
    # Jupyter cuts what is printed where its clock ticks: only whole, it is the same in each run.
    printed = "".join(output.get("text", "") for output in cell.outputs)
    shown = [output["data"].get("text/plain", "") for output in cell.outputs if "data" in output]
    # A progress bar leaves an empty output, where there was something to do.
    told = "\n".join(text for text in [printed, *shown] if text)
    return re.sub(r"<Figure[^>]*>", "Figure", told)


def check_same(now, then, rel, abs):
    """
    Two runs told the same: the words exactly, and the numbers within these
    tolerances.
    """
    number = r"-?\d+(?:\.\d+)?(?:e-?\d+)?"
    now, then = (
        re.sub(r"[─═┌┐└┘├┤┬┴┼╞╡╪│┆ ]+", " ", text) for text in (now, then)
    )  # tables may be wider
    assert re.sub(number, "#", now) == re.sub(number, "#", then)
    numbers, old_numbers = (
        [float(found) for found in re.findall(number, text)] for text in (now, then)
    )
    assert numbers == pytest.approx(old_numbers, rel=rel, abs=abs)
