"""Reads what a project provides: regular files that lie within it, up to a size, and nothing else.

A project is not trusted, and not all that bears a file's name is one: a FIFO has no end and may have no beginning, a
device does things when it is opened, a sparse file is as large as it says, and a link may lead to what is no affair
of the project's.
"""

from __future__ import annotations

import os
import stat
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from hullproof.errors import UsageError

LARGEST = 1 << 20
"""The most bytes that a Dockerfile, an ignore file, a settings file or a file of code may have."""
LARGEST_LOCK = 32 << 20
"""The same for lock files, which name every file of every package."""
DEADLINE_S = 30.0
"""How long the reading of one file may take."""

# A FIFO without a writer would be waited for, and a terminal become ours.
_FLAGS = os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY
_CHUNK = 1 << 20
_KINDS = {
    stat.S_IFDIR: "folder",
    stat.S_IFIFO: "FIFO",
    stat.S_IFCHR: "device",
    stat.S_IFBLK: "device",
    stat.S_IFSOCK: "socket",
    stat.S_IFLNK: "link that leads round in a circle",
}


class ProjectFileError(UsageError):
    """A file of a project that is not read. The text names the file, the reason and the way out."""


def locate(folder: Path, path: str, *, largest: int = LARGEST) -> str:
    """Return where the file at `path` below `folder` really lies; a link that stays within the project is followed.

    Raises FileNotFoundError where there is nothing, and ProjectFileError for what leads out of the project, is no
    regular file, or has more than `largest` bytes.
    """
    real = _real(folder, path)
    try:
        _require_regular(os.lstat(real), largest, path)
    except FileNotFoundError:
        if os.path.lexists(Path(folder, path)):
            raise ProjectFileError(f"{path}: is a link that leads nowhere; remove it, or fix it") from None
        raise
    except NotADirectoryError as error:
        raise FileNotFoundError(*error.args) from None
    except OSError as error:
        raise _unreadable(path, error) from error
    return real


def is_file(folder: Path, path: str) -> bool:
    """Whether there is a regular file, or a link to one, that lies within the project."""
    try:
        locate(folder, path, largest=sys.maxsize)
    except (OSError, ProjectFileError):
        return False
    return True


def read(folder: Path, path: str, *, largest: int = LARGEST) -> bytes:
    """Return the content of the file at `path` below `folder`.

    Raises as `locate` does, and ProjectFileError for what cannot be read, or not within `DEADLINE_S`.
    """
    real = locate(folder, path, largest=largest)
    try:
        return read_regular(real, largest, shown=path)
    except OSError as error:
        raise _unreadable(path, error) from error


def read_if_any(folder: Path, path: str, *, largest: int = LARGEST) -> bytes | None:
    """Return the same; None where there is nothing, or a folder."""
    if Path(folder, path).is_dir():
        return None
    try:
        return read(folder, path, largest=largest)
    except FileNotFoundError:
        return None


def text(folder: Path, path: str, *, largest: int = LARGEST) -> str:
    """Return the same as text, for what may be looked at but need not be: "" where it is not read."""
    try:
        return read(folder, path, largest=largest).decode("utf-8", "replace")
    except (OSError, ProjectFileError):
        return ""


def head(folder: Path, path: str, most: int) -> bytes:
    """Return the first `most` bytes of a file, of whatever size, that may be looked at; b"" where it is not read."""
    try:
        real = locate(folder, path, largest=sys.maxsize)
        with opened(real, sys.maxsize, shown=path) as descriptor:
            return os.read(descriptor, most)
    except (OSError, ProjectFileError):
        return b""


def exists(folder: Path, path: str) -> bool:
    """Whether there is anything at `path` that lies within the project."""
    try:
        return os.path.lexists(_real(folder, path))
    except ProjectFileError:
        return False


def read_regular(path: str | Path, largest: int, *, shown: str | None = None) -> bytes:
    """Return the content of a regular file, wherever it lies; `shown` is its name in messages.

    Raises OSError, and ProjectFileError as `read` does.
    """
    shown = shown or str(path)
    with opened(path, largest, shown=shown) as descriptor:
        return _content(descriptor, largest, shown)


@contextmanager
def opened(path: str | Path, largest: int, *, shown: str | None = None) -> Iterator[int]:
    """Open a regular file, for parts of it to be read. Raises as `read_regular` does."""
    shown = shown or str(path)
    _require_regular(os.lstat(path), largest, shown)  # before it is opened, which devices may take amiss
    descriptor = os.open(path, _FLAGS)
    try:
        _require_regular(os.fstat(descriptor), largest, shown)
        yield descriptor
    finally:
        os.close(descriptor)


def _real(folder: Path, path: str) -> str:
    if "\0" in path:
        raise ProjectFileError(f"{path!r}: is no path; leave out the NUL")
    top = os.path.realpath(folder)
    real = os.path.realpath(os.path.join(top, path))  # noqa: PTH118 - a Path for each of 20,000 files takes its time
    if real != top and not real.startswith(top.rstrip("/") + "/"):
        raise ProjectFileError(f"{path}: leads out of the project; put the file itself there")
    return real


def _require_regular(status: os.stat_result, largest: int, shown: str) -> None:
    if not stat.S_ISREG(status.st_mode):
        kind = _KINDS.get(stat.S_IFMT(status.st_mode), "special file")
        raise ProjectFileError(f"{shown}: is a {kind}, not a file; put a file there, or nothing")
    if status.st_size > largest:
        raise _too_large(largest, shown)


def _content(descriptor: int, largest: int, shown: str) -> bytes:
    """Read to the end, which is not always where it was when the file was opened."""
    deadline = time.monotonic() + DEADLINE_S
    chunks, left = [], largest
    while chunk := os.read(descriptor, min(_CHUNK, left + 1)):
        chunks.append(chunk)
        left -= len(chunk)
        if left < 0:
            raise _too_large(largest, shown)
        if time.monotonic() > deadline:
            raise ProjectFileError(f"{shown}: was not read within {DEADLINE_S:.0f} s; see to what it lies on")
    return b"".join(chunks)


def _too_large(largest: int, shown: str) -> ProjectFileError:
    return ProjectFileError(f"{shown}: has more than {largest:,} bytes, the most that is read; shorten it")


def _unreadable(shown: str, error: OSError) -> ProjectFileError:
    return ProjectFileError(f"{shown}: cannot be read ({error.strerror}); make it readable")
