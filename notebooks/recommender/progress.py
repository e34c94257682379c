"""A progress bar that a notebook shows well."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from typing import Any

from tqdm import tqdm


def in_notebook() -> bool:
    shell = sys.modules["IPython"].get_ipython() if "IPython" in sys.modules else None
    return hasattr(shell, "kernel")


class _Bar(tqdm):
    """
    A tqdm bar that a notebook shows as text in an output of its own, which is
    empty once the bar is closed.
    """

    output: Any = None

    def display(self, msg: str | None = None, pos: int | None = None) -> bool:
        if not in_notebook():
            return super().display(msg, pos)  # true if a terminal's cursor is to go back
        from IPython.display import display

        text = {"text/plain": str(self) if msg is None else msg}
        if self.output:
            self.output.update(text, raw=True)
        else:
            self.output = display(text, raw=True, display_id=True)
        return False


def show_progress(items: Iterable | None = None, **kwargs) -> tqdm:
    """
    Make a bar for `items`, or for `update(n)` inside `with`. Work of less than
    a second shows none.
    """
    nowhere = kwargs.get("file", sys.stderr) is None  # as under pythonw, which has no console
    return _Bar(items, leave=False, delay=1, miniters=1, disable=nowhere, **kwargs)
