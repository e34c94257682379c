"""The README: its commands and its code are run as they stand there."""

import doctest
import re
from pathlib import Path

import pytest
from conftest import knowing

import main

ROOT = Path(main.__file__).parent
README = (ROOT / "README.md").read_text(encoding="utf-8")


@pytest.mark.slow
def test_the_code_blocks_print_what_the_readme_shows(monkeypatch, texts):
    monkeypatch.chdir(ROOT)
    [block] = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    test = doctest.DocTestParser().get_doctest(block, {}, "README.md", "README.md", 0)
    told: list[str] = []
    with knowing(texts.get(include=["documents", "embeddings"])):
        result = doctest.DocTestRunner(verbose=False).run(test, out=told.append)
    main.get_client().delete_collection("movies")
    assert result.attempted >= 5
    assert not result.failed, "".join(told)


def test_the_settings_in_the_readme_and_in_the_example_are_those_that_config_reads():
    read = set(
        re.findall(r'_read(?:_\w+)?\(\s*"(\w+)"', (ROOT / "config.py").read_text(encoding="utf-8"))
    )
    assert read == set(re.findall(r"^\| `([A-Z_]+)` \|", README, re.MULTILINE))
    assert read - {"TMDB_URL"} <= set(
        re.findall(r"^(\w+)=", (ROOT / ".env.example").read_text(), re.MULTILINE)
    )


def test_files_and_public_names_that_the_readme_mentions_exist():
    for path in re.findall(r"\]\(((?:notebooks|main|\.github)[^)#]*)\)", README):
        assert (ROOT / path).exists(), path
    named = set(
        re.findall(r"`((?:add|fetch|find|get|list|load|prep|read|recommend|search)_?\w*)`", README)
    )
    assert named <= set(main.__all__)


def test_each_requirement_is_pinned_and_says_why_it_is_there():
    lines = (ROOT / "requirements.txt").read_text(encoding="utf-8").splitlines()
    for line in lines:
        assert not line or line.startswith("#") or re.fullmatch(r"[\w.-]+==[\w.]+ +# .+", line), (
            line
        )
