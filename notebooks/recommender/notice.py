"""Warnings that point at the line of who called us."""

from __future__ import annotations

import sys
import warnings
from pathlib import Path

import config

_OURS = (str(config.ROOT / "main.py"), str(Path(__file__).parent))


def warn(message: str) -> None:
    """Warn of something at the nearest line that is none of main or its rooms."""
    level, frame = 2, sys._getframe(1)
    while frame.f_back and frame.f_code.co_filename.startswith(_OURS):
        level, frame = level + 1, frame.f_back
    warnings.warn(message, stacklevel=level)
