"""
The first notebook: as it is committed, and as it runs with no key and no
network.
"""

import pytest
from kernels import (
    FIRST,
    check_clean,
    check_committed,
    check_same,
    code_cells,
    execute,
    outputs,
    read,
    read_text,
)
from nbclient import NotebookClient

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def executed(vectors):
    return execute(FIRST, CHROMA_PATH=vectors)


def test_the_notebook_runs_from_top_to_bottom_with_no_key_and_no_network(executed):
    check_clean(executed)
    assert "from the embedded catalogue" in str(outputs(executed))


def test_a_run_prints_what_is_committed(executed):
    for now, then in zip(code_cells(executed), code_cells(read(FIRST)), strict=True):
        check_same(read_text(now), read_text(then), rel=0.02, abs=0.002)


def test_the_notebook_is_committed_as_one_clean_run():
    check_committed(FIRST)


def test_without_its_project_the_notebook_says_what_to_get(tmp_path):
    notebook = read(FIRST)
    notebook.cells = code_cells(notebook)[:1]
    client = NotebookClient(
        notebook, timeout=60, allow_errors=True, resources={"metadata": {"path": str(tmp_path)}}
    )
    client.execute()
    [error] = outputs(notebook)
    assert error.evalue.startswith("This notebook needs its project")
