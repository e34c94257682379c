"""
The second notebook, on how the model learnt: one run says again what is
committed.
"""

import re

import pytest
from kernels import DEAD, SECOND, check_clean, check_committed, check_same, execute, outputs, read

pytestmark = pytest.mark.slow

USELESS = {"TMDB_API_KEY": "nonsense", "TMDB_LANGUAGE": "nb-NO", "TMDB_URL": f"{DEAD}/3"}


def read_figures(notebook):
    """What is printed and quoted, and the tables of figures."""
    texts = []
    for output in outputs(notebook):
        # Which are the pictures, and warnings.
        if output.output_type != "display_data" and output.get("name") != "stderr":
            data = output.get("data", {})
            texts.append(output.get("text") or data.get("text/markdown") or data["text/plain"])
    # What one cell prints may come in parts.
    return "".join(text for text in texts if "┌" not in text or "0." in text)


def test_the_second_notebook_says_the_same_with_a_useless_key_and_no_network_as_is_committed():
    # Without the trainings that take as long as all else: they repeat what a cell before them does.
    notebook = execute(SECOND, long=False, **USELESS, NO_PROXY="")
    check_clean(notebook, warned=["all-MiniLM-L6-v2 reads English"])
    check_same(read_figures(notebook), read_figures(read(SECOND, long=False)), rel=0.1, abs=0.03)


def test_the_second_notebook_is_committed_as_one_clean_run():
    check_committed(SECOND)


def test_each_figure_in_the_prose_of_the_second_notebook_stands_in_an_output():
    notebook = read(SECOND)
    prose = " ".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")
    shown = {f"{float(number):.3f}" for number in re.findall(r"-?\d+\.\d+", read_figures(notebook))}
    told = set(re.findall(r"\b0\.\d{3}\b", prose))
    assert told
    assert told <= shown
