"""The second notebook, on how the model learnt: one run says again what is committed."""

import re

import pytest
from kernels import DEAD, SECOND, check_clean, check_committed, execute, outputs, read

pytestmark = pytest.mark.slow

NUMBER = re.compile(r"\d[\d,]*(?:\.\d+)?")


def read_texts(notebook):
    """What is printed, and the tables of figures."""
    said = [output for output in outputs(notebook) if output.output_type != "display_data"]  # all but the pictures
    texts = [output.get("text") or output.data["text/plain"] for output in said]
    return "".join(text for text in texts if "┌" not in text or "0." in text)  # what one cell prints may come in parts


def test_the_second_notebook_says_the_same_with_a_useless_key_and_no_network_as_is_committed():
    notebook = execute(SECOND, TMDB_API_KEY="nonsense", TMDB_LANGUAGE="nb-NO", TMDB_URL=f"{DEAD}/3", NO_PROXY="")
    check_clean(notebook)
    executed, committed = read_texts(notebook), read_texts(read(SECOND))

    def words(text):  # a figure may be narrower or wider, and a table with it
        return re.sub(r"[\s─]+", " ", NUMBER.sub("#", text)).replace("-#", "#")

    def numbers(text):
        return [float(number.replace(",", "")) for number in NUMBER.findall(text)]

    assert words(executed) == words(committed)
    assert numbers(executed) == pytest.approx(numbers(committed), rel=0.1, abs=0.03)


def test_the_second_notebook_is_committed_as_one_clean_run():
    check_committed(SECOND)
