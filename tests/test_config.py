"""Settings from the environment and from a .env file."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import config


def read_setting(folder: Path, name: str, dotenv: str = "", **env) -> str:
    """The value of a setting, as repr, in a project of its own."""
    shutil.copy(config.__file__, folder)
    (folder / ".env").write_text(dotenv, encoding="utf-8")
    clean = {key: value for key, value in os.environ.items() if not hasattr(config, key)}
    code = f"import config; v = config.{name}; print(repr(v.encode().decode() if isinstance(v, str) else v))"
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=folder,
        env={**clean, **env},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.strip()


def test_with_nothing_set_the_defaults_hold(tmp_path):
    assert read_setting(tmp_path, "TMDB_API_KEY") == "None"
    assert read_setting(tmp_path, "TMDB_URL") == "'https://api.themoviedb.org/3'"
    assert read_setting(tmp_path, "TMDB_LANGUAGE") == "'en-US'"
    assert read_setting(tmp_path, "EMBEDDING_MODEL") == "'all-MiniLM-L6-v2'"
    assert read_setting(tmp_path, "CHROMA_PATH") == "None"


def test_a_setting_is_read_from_dotenv_without_the_space_around_it(tmp_path):
    assert read_setting(tmp_path, "TMDB_API_KEY", dotenv='TMDB_API_KEY=" abc "\n') == "'abc'"


def test_a_dotenv_file_from_a_windows_editor_is_read(tmp_path):
    assert read_setting(tmp_path, "TMDB_API_KEY", dotenv="\ufeffTMDB_API_KEY=abc\r\n") == "'abc'"


def test_the_environment_beats_dotenv(tmp_path):
    assert (
        read_setting(tmp_path, "TMDB_LANGUAGE", dotenv="TMDB_LANGUAGE=nb-NO", TMDB_LANGUAGE="fr-FR")
        == "'fr-FR'"
    )


def test_an_empty_value_means_unset(tmp_path):
    assert read_setting(tmp_path, "TMDB_LANGUAGE", dotenv="TMDB_LANGUAGE=") == "'en-US'"
    assert (
        read_setting(tmp_path, "TMDB_API_KEY", dotenv="TMDB_API_KEY=abc", TMDB_API_KEY="") == "None"
    )


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        *[("EN-US", "en-US"), ("en_us", "en-US"), ("EN", "en"), ("En_gB", "en-GB")],
        *[("NB-no", "nb-NO"), ("nb_NO", "nb-NO"), ("FR", "fr"), (" pt-br ", "pt-BR")],
    ],
)
def test_a_language_is_read_in_any_case_and_with_either_mark(tmp_path, written, meant):
    assert read_setting(tmp_path, "TMDB_LANGUAGE", TMDB_LANGUAGE=written) == repr(meant)


@pytest.mark.parametrize(
    "language",
    ["english", "eng", "e", "en-", "en-USA", "qq", "nb-QQ", "en-US-x", "12", "ēn", "no;"],
)
def test_a_language_that_there_is_not_is_an_error_that_names_it_and_its_setting(tmp_path, language):
    shutil.copy(config.__file__, tmp_path)
    env = {**os.environ, "TMDB_LANGUAGE": language, "PYTHONIOENCODING": "utf-8"}
    run = {"cwd": tmp_path, "env": env, "capture_output": True, "timeout": 20}
    done = subprocess.run([sys.executable, "-c", "import config"], **run)
    last = done.stderr.decode().splitlines()[-1]
    assert last.startswith(f"ValueError: TMDB_LANGUAGE='{language}' is no language")
    assert "nb-NO" in last


FOREIGN = {
    "another program's": "DEBUG = True",
    "one that fails": "import os; os.environ['NO_SUCH_SETTING']",
    "an older one of ours": "from pathlib import Path; ROOT = Path()",
}


@pytest.mark.parametrize("imported", ["", "import config, sys; sys.path.append({!r}); "])
@pytest.mark.parametrize("file", ["config.py", "config/__init__.py"])
@pytest.mark.parametrize("content", FOREIGN.values(), ids=FOREIGN)
def test_another_config_that_comes_first_on_the_path_is_an_error_that_says_what_to_do(
    tmp_path, content, file, imported
):
    (tmp_path / "config").mkdir()
    (tmp_path / file).write_text(content)
    if imported and "environ" in content:
        return  # it has failed before
    path = os.pathsep.join([str(tmp_path), str(config.ROOT)])
    run = {"cwd": tmp_path, "env": {**os.environ, "PYTHONPATH": path}, "timeout": 20}
    code = f"{imported.format(str(config.ROOT))}import main"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, **run)
    last = done.stderr.splitlines()[-1]
    assert last.startswith("ImportError: main.py needs the config.py beside it, but Python finds")
    assert str(tmp_path / file) in last
    assert f"Start Python in {config.ROOT}" in last


def test_a_relative_folder_is_relative_to_the_project(tmp_path):
    assert str(tmp_path / "vectors") in read_setting(tmp_path, "CHROMA_PATH", CHROMA_PATH="vectors")


def test_a_key_and_a_token_hide_themselves_wherever_they_are_shown_and_are_whole_where_they_are_sent():
    key = config.Secret("abc")
    assert "abc" not in f"{key} {key!r} {key:>9} {[key]} %s" % key
    assert "Bearer " + key == "Bearer abc"
    assert key.encode() == b"abc"


@pytest.mark.parametrize("value", ["ab${HOME}", "ab #c", "ab$HOME\\n"])
def test_a_token_in_dotenv_is_taken_literally(tmp_path, value):
    assert read_setting(tmp_path, "CHROMA_TOKEN", dotenv=f"CHROMA_TOKEN={value}\n") == repr(value)


def test_other_settings_take_a_comment_after_their_value(tmp_path):
    assert (
        read_setting(tmp_path, "TMDB_LANGUAGE", dotenv="TMDB_LANGUAGE=nb-NO  # Norwegian\n")
        == "'nb-NO'"
    )


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "latin-1"])
def test_a_dotenv_that_is_not_utf_8_is_an_error_that_names_the_file_and_shows_nothing_of_it(
    tmp_path, encoding
):
    shutil.copy(config.__file__, tmp_path)
    (tmp_path / ".env").write_bytes("TMDB_API_KEY=sesamø\n".encode(encoding))
    done = subprocess.run(
        [sys.executable, "-c", "import config"], cwd=tmp_path, capture_output=True, timeout=20
    )
    assert b".env is not text in UTF-8" in done.stderr
    assert b"sesam" not in done.stderr


@pytest.mark.parametrize("quotes", ["", "'", '"'])
def test_a_windows_path_in_dotenv_keeps_its_backslashes(tmp_path, quotes):
    path = r"C:\temp\vectors\new"
    dotenv = f"EMBEDDING_MODEL={quotes}{path}{quotes}  # mine\n"
    assert read_setting(tmp_path, "EMBEDDING_MODEL", dotenv=dotenv) == repr(path)


@pytest.mark.parametrize(
    "line",
    [
        "TMDB_API_KEY: sesam",
        "set TMDB_API_KEY=sesam",
        "sesam",
        "TMDB_API_KEY='sesam",
        "$env:TMDB_API_KEY=sesam",
    ],
)
def test_a_line_of_dotenv_that_cannot_be_read_is_an_error_that_names_it_and_does_not_show_it(
    tmp_path, line
):
    shutil.copy(config.__file__, tmp_path)
    (tmp_path / ".env").write_text(f"# mine\nexport TMDB_LANGUAGE=nb-NO\n\n{line}\nCACHE_DIR=\n")
    done = subprocess.run(
        [sys.executable, "-c", "import config"], cwd=tmp_path, capture_output=True, timeout=20
    )
    assert b".env, line 4 cannot be read. Write NAME=value" in done.stderr
    assert b"sesam" not in done.stderr


@pytest.mark.parametrize("name", ["CACHE_DIR", "CHROMA_PATH"])
def test_a_folder_in_the_home_of_nobody_is_an_error_that_names_the_setting(tmp_path, name):
    with pytest.raises(subprocess.CalledProcessError) as caught:
        read_setting(tmp_path, name, **{name: "~nobodyhere/folder"})
    assert f"ValueError: {name}=~nobodyhere/folder: that user has no home" in caught.value.stderr
    assert "RuntimeError" not in caught.value.stderr
