"""A file that somebody was handed, or a zip of them -> texts and cells, within limits."""

from __future__ import annotations

import codecs
import csv
import io
import os
import re
import stat
import zipfile
from collections.abc import Iterable
from itertools import islice
from pathlib import Path

# Ten thousand ratings take less than 5 MB in each format. Each limit is for all files of a zip
# together: a few KB unpack to hundreds of files that are each small.
_MOST_BYTES = 100 * 2**20
_MOST_FILES = 10_000
_MOST_MARKS = 5_000_000  # what stands between cells, or begins a list
MOST_ROWS = 200_000
_MARKS = (b",", b";", b"\t", b"\n", b"\r", b"[", b"{")
_KINDS = {
    stat.S_IFIFO: "a pipe",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
}
# What was deleted does not count, and macOS adds shadows of files.
_SKIPPED = r"(?i)^(?!(?:.*[/\\])?(?:deleted|orphaned|__MACOSX)[/\\])"


def unpack(path: str | Path) -> list[tuple[str, bytes]]:
    """
    Read the file, or the files in a zip and in the zips in it. Each comes with
    its name.
    """
    if not isinstance(path, str | os.PathLike):
        raise ValueError(f"path must be the path of a file, not {path!r:.80}.")
    # Windows copies a path with quotes. The home of a user who is not known stays as it is written.
    path = Path(os.path.expanduser(str(path).strip('" ')))
    files = [(path.name, _read(path))]
    left = _MOST_BYTES - len(files[0][1])
    for place, (name, data) in enumerate(files):  # which grows by what a zip holds
        if left < 0:
            raise ValueError(f"{path} holds more than {_MOST_BYTES >> 20} MiB.")
        if not data.startswith(b"PK\x03\x04"):
            continue
        if data.count(b"PK\x01\x02") + len(files) > _MOST_FILES:
            raise ValueError(f"{path} holds more than {_MOST_FILES:,} files.")
        kinds = re.compile(_SKIPPED + (r".*\.(csv|json)$" if place else r".*\.(csv|json|zip)$"))
        try:
            with zipfile.ZipFile(io.BytesIO(data)) as archive:
                for member in filter(kinds.search, archive.namelist()):
                    with archive.open(member) as file:
                        inside = file.read(max(left, 0) + 1)
                    files.append((member.replace("\\", "/")[-80:], inside))
                    left -= len(inside)
        except Exception as error:  # of a dozen kinds, by how it was packed and what is damaged
            raise ValueError(f"{name} cannot be unpacked: {error}. Download it again.") from error
    files = [(name, data) for name, data in files if not data.startswith(b"PK\x03\x04")]
    if sum(data.count(mark) for _, data in files for mark in _MARKS) > _MOST_MARKS:
        raise ValueError(f"{path} holds more than {_MOST_MARKS:,} cells.")
    return files


def _read(path: Path) -> bytes:
    """Read a file. What is no file is an error that says what it is."""
    try:
        found = path.stat()
        if stat.S_ISREG(found.st_mode):
            # One byte too many is told by the limit.
            with path.open("rb") as file:
                return file.read(_MOST_BYTES + 1)
    except PermissionError:
        raise ValueError(f"{path} may not be read: permission denied.") from None
    except (OSError, ValueError):  # a name may also be too long, or hold what no name may
        raise FileNotFoundError(f"there is no file {path!s:.300}.") from None
    if stat.S_ISDIR(found.st_mode):
        raise ValueError(f"{path} is a folder. Name the file or the zip in it.")
    what = _KINDS.get(stat.S_IFMT(found.st_mode), "no file")
    raise ValueError(f"{path} is {what}. Save what it gives as a file, and name that.")


def decode(data: bytes) -> str:
    """Decode UTF-8 and UTF-16; a byte that is neither is of Windows' code page."""
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return data.decode("utf-16", errors="replace").lstrip()
    # IMDb's files of former years, spreadsheets, lines pasted in
    return data.decode("utf-8-sig", errors="cp1252").lstrip()


def _decode_byte(error: UnicodeError) -> tuple[str, int]:
    assert isinstance(error, UnicodeDecodeError)
    return error.object[error.start : error.end].decode("cp1252", errors="replace"), error.end


codecs.register_error("cp1252", _decode_byte)


def split(text: str) -> tuple[list[list[str]], bool]:
    """Split a table into rows of cells, and tell whether all quotes in it are closed."""
    delimiter = max(",;\t", key=text.partition("\n")[0].count)

    def read(lines: Iterable[str], strict: bool) -> list[list[str]]:
        rows = csv.reader(lines, delimiter=delimiter, strict=strict)
        return list(islice(filter(any, rows), MOST_ROWS + 1))

    try:
        return read(io.StringIO(text, newline=""), True), True
    except csv.Error:  # an open quote would swallow all lines up to the next one
        lines = list(io.StringIO(text, newline=None))
    lines = [line.replace('"', "") if line.count('"') % 2 else line for line in lines]
    try:
        return read(lines, False), False
    except csv.Error:  # a cell of more than 100 KB
        return [], False
