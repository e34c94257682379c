"""The second notebook, on how the model learnt: one run says again what is committed."""

import os
import re
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

import main

NOTEBOOK = Path(main.__file__).parent / "notebooks" / "contrastive_learning.ipynb"
NUMBER = re.compile(r"\d[\d,]*(?:\.\d+)?")


def read_texts(notebook):
    """What each cell printed, and its tables of figures."""
    outputs = [output for cell in notebook.cells if cell.cell_type == "code" for output in cell.outputs]
    assert not [output for output in outputs if output.output_type == "error" or output.get("name") == "stderr"]
    said = [output for output in outputs if output.output_type != "display_data"]  # all but the pictures
    texts = [output.get("text") or output.data["text/plain"] for output in said]
    return "".join(text for text in texts if "┌" not in text or "0." in text)  # what one cell prints may come in parts


@pytest.mark.slow
def test_the_second_notebook_says_the_same_with_a_useless_key_and_no_network_as_is_committed():
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    committed = read_texts(notebook)
    dead = "http://127.0.0.1:9"
    env = {**os.environ, "TMDB_API_KEY": "nonsense", "TMDB_LANGUAGE": "nb-NO", "TMDB_URL": f"{dead}/3"}
    env |= {"HTTP_PROXY": dead, "HTTPS_PROXY": dead, "NO_PROXY": ""}
    NotebookClient(notebook, timeout=300, resources={"metadata": {"path": str(NOTEBOOK.parent)}}).execute(env=env)
    executed = read_texts(notebook)

    def words(text):  # a figure may be narrower or wider, and a table with it
        return re.sub(r"[\s─]+", " ", NUMBER.sub("#", text)).replace("-#", "#")

    def numbers(text):
        return [float(number.replace(",", "")) for number in NUMBER.findall(text)]

    assert words(executed) == words(committed)
    assert numbers(executed) == pytest.approx(numbers(committed), rel=0.1, abs=0.03)
