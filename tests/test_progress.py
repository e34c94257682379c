"""A progress bar, in a notebook and in a terminal."""

import subprocess
import sys
from io import StringIO

import nbformat
import pytest
from nbclient import NotebookClient

import config
from notebooks.recommender.progress import show_progress


def test_a_bar_leaves_a_terminal_an_empty_line_with_the_cursor_at_its_start():
    terminal = StringIO()
    with show_progress(total=3, desc="Fetching", file=terminal) as bar:
        bar.start_t -= 5  # as if it had taken longer than a second
        bar.refresh()
    *_, shown, cleared, rest = terminal.getvalue().split("\r")
    assert "Fetching" in shown
    assert cleared.strip() == rest == ""


def test_work_of_less_than_a_second_shows_no_bar():
    terminal = StringIO()
    assert list(show_progress(range(3), file=terminal)) == [0, 1, 2]
    assert terminal.getvalue() == ""


@pytest.mark.parametrize("stream", ["None", "io.StringIO(); sys.stderr.close()"])
def test_where_nothing_can_be_shown_the_work_goes_on(stream):
    code = f"""import io, sys; sys.stderr = {stream}
from notebooks.recommender.progress import show_progress
with show_progress(total=3) as bar:
    bar.start_t = 0  # as if it had taken long
    bar.update(1); bar.refresh(); bar.update(2)
print(list(show_progress(iter("done"), total=4)))"""
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=config.ROOT, capture_output=True, text=True, check=False
    )
    assert done.stdout == "['d', 'o', 'n', 'e']\n"


@pytest.mark.slow
def test_a_bar_leaves_a_notebook_what_the_cell_printed_and_nothing_of_itself():
    code = f"""import sys, time; sys.path.insert(0, {str(config.ROOT)!r})
from notebooks.recommender.progress import show_progress
print("before")
with show_progress(total=30, desc="Fetching movies", unit="movie") as bar:
    for _ in range(3):
        time.sleep(0.5); bar.update(10)
print("after")"""
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(code)])
    NotebookClient(notebook, timeout=60).execute()
    shown = notebook.cells[0].outputs
    assert (
        "".join(output.text for output in shown if output.output_type == "stream")
        == "before\nafter\n"
    )
    assert [output.data for output in shown if output.output_type == "display_data"] == [
        {"text/plain": ""}
    ]
