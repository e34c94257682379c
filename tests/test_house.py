"""The house rules of the code: which room may know which, and how long things may get."""

import ast
import subprocess
import sys
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

import config

ROOMS = {file.stem: file for file in (config.ROOT / "notebooks" / "recommender").glob("*.py")}
# They run down: asking, then keeping, then the ground.
ARROWS = {
    "candidates": {
        "collection",
        "facts",
        "filters",
        "people",
        "question",
        "rank",
        "spans",
        "titles",
        "words",
    },
    "keywords": {"collection", "question", "words"},
    "facts": {"words"},
    "reasons": {"facts", "filters", "question", "taste", "words"},
    "rank": {"question", "titles", "words"},
    "question": {"facts", "spans", "words"},
    "spans": {"facts", "people", "titles", "words"},
    "starters": {"taste", "titles"},
    "taste": {"titles", "words"},
    "profile": {"collection", "notice", "titles"},
    "collection": {"chroma", "movie", "notice"},
    "people": {"words"},
    "titles": {"words"},
    "chroma": {"model"},
    "model": {"notice"},
    "exports": {"files"},
    "tmdb": {"cache"},
    "streaming": {"cache", "progress", "tmdb", "words"},
    "chart": {"tiles"},
}


def read(file: Path) -> ast.Module:
    return ast.parse(file.read_text(encoding="utf-8"))


def list_imports(file: Path) -> set[str]:
    """Every module that a file imports anywhere, but for what only a type checker reads."""
    tree = read(file)
    unread = {
        inner
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
        for inner in ast.walk(node)
    }
    found = set()
    for node in set(ast.walk(tree)) - unread:
        if isinstance(node, ast.Import):
            found |= {name.name for name in node.names}
        elif isinstance(node, ast.ImportFrom):
            found |= {node.module} | {f"{node.module}.{name.name}" for name in node.names}
    return found


def list_rooms_used(file: Path) -> set[str]:
    parts = [name.split(".") for name in list_imports(file)]
    return {part[2] for part in parts if part[:2] == ["notebooks", "recommender"] and part[2:]}


@pytest.mark.parametrize("room", ROOMS)
def test_no_room_imports_main_and_none_knows_another_but_by_the_arrows(room):
    assert not {"main", "notebooks.pictures", "notebooks.panel"} & list_imports(ROOMS[room])
    assert list_rooms_used(ROOMS[room]) <= ARROWS.get(room, set())


def test_the_arrows_between_rooms_make_no_circle():
    assert list(TopologicalSorter(ARROWS).static_order())


def test_of_the_rooms_only_one_opens_chroma():
    def knows(file):  # the model's embedding function has a base class of Chroma's
        return {name for name in list_imports(file) if name.split(".")[0] == "chromadb"}

    knowing = {room for room, file in ROOMS.items() if knows(file)}
    assert knowing <= {"chroma", "model"}
    assert knows(ROOMS["model"]) <= {"chromadb", "chromadb.EmbeddingFunction"}


def test_pictures_know_main_but_main_does_not_know_pictures():
    assert not {"notebooks.pictures", "notebooks.panel"} & list_imports(config.ROOT / "main.py")


def count_lines(function: ast.FunctionDef) -> int:
    """The lines of a body, without its docstring."""
    body = function.body[1:] if ast.get_docstring(function) else function.body
    return body[-1].end_lineno - body[0].lineno + 1 if body else 0


@pytest.mark.parametrize("name", ["main", *ROOMS])
def test_no_body_of_a_function_is_longer_than_40_lines(name):
    functions = ast.walk(read(ROOMS.get(name, config.ROOT / "main.py")))
    lines = {
        node.name: count_lines(node) for node in functions if isinstance(node, ast.FunctionDef)
    }
    assert {name: count for name, count in lines.items() if count > 40} == {}


def test_importing_main_loads_nothing_heavy_and_leaves_polars_as_it_was():
    code = (
        "import sys, polars; before = polars.Config.state(); import main;"
        "assert polars.Config.state() == before, 'Config';"
        "heavy = {'chromadb', 'torch', 'sentence_transformers', 'sklearn', 'altair'};"
        "assert not heavy & set(sys.modules), heavy & set(sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=config.ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
