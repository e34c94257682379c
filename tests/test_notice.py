"""A warning points at the line of who called us."""

import warnings
from pathlib import Path

import config
from notebooks.recommender import notice


def run_in(file, code, **known):
    """Run code as if it stood in a file."""
    exec(compile(code, str(file), "exec"), known)
    return known


def test_a_warning_points_at_the_nearest_line_that_is_not_ours_however_deep():
    room = config.ROOT / "notebooks" / "recommender" / "room.py"
    inner = run_in(room, "def inner(): warn('look')", warn=notice.warn)["inner"]
    outer = run_in(config.ROOT / "main.py", "def outer(): inner()", inner=inner)["outer"]
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        inner()
        outer()
    assert [Path(warning.filename) for warning in caught] == [Path(__file__)] * 2
    assert [str(warning.message) for warning in caught] == ["look"] * 2


def test_a_warning_of_code_that_is_all_ours_points_somewhere():
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        run_in(config.ROOT / "main.py", "warn('look')", warn=notice.warn)
    assert len(caught) == 1
