"""
The second notebook, on how the model learnt: one run says again what is
committed.
"""

import pytest
from kernels import DEAD, SECOND, check_clean, check_committed, check_same, execute, outputs, read

pytestmark = pytest.mark.slow


def read_figures(notebook):
    """What is printed, and the tables of figures."""
    said = [
        output for output in outputs(notebook) if output.output_type != "display_data"
    ]  # all but the pictures
    texts = [output.get("text") or output.data["text/plain"] for output in said]
    return "".join(
        text for text in texts if "┌" not in text or "0." in text
    )  # what one cell prints may come in parts


def test_the_second_notebook_says_the_same_with_a_useless_key_and_no_network_as_is_committed():
    notebook = execute(
        SECOND, TMDB_API_KEY="nonsense", TMDB_LANGUAGE="nb-NO", TMDB_URL=f"{DEAD}/3", NO_PROXY=""
    )
    check_clean(notebook)
    check_same(read_figures(notebook), read_figures(read(SECOND)), rel=0.1, abs=0.03)


def test_the_second_notebook_is_committed_as_one_clean_run():
    check_committed(SECOND)
