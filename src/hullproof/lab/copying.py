"""Copies a project's tree: faithful to what a build sees, and no larger than it has to be."""

from __future__ import annotations

import contextlib
import os
import stat
import sys
from typing import TYPE_CHECKING, TypeAlias

from hullproof import interruption
from hullproof.errors import Unobservable
from hullproof.project import projectfiles

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

_WHOLE = 1 << 30
_CHUNK = 1 << 20
_BLOCK = 512
"""The unit of `st_blocks`, whatever the disk's own is."""
_TOO_LARGE = (
    "experiments need a copy of what the build takes, which has more than {:.1f} GB, half of what is free in {}; have "
    "TMPDIR name a larger place, or leave out by the ignore file what no image needs"
)
Keep: TypeAlias = "Callable[[str], bool]"
"""Told a path within the tree: whether it is to be copied. A folder that is not takes all below with it."""


def copy_tree(
    source: Path,
    target: Path,
    *,
    keep: Keep | None = None,
    skip: Path | None = None,
    link: bool = False,
    most: int = sys.maxsize,
) -> None:
    """Copy a tree with modes, times and extended attributes, which decide whether the cache fits.

    What cannot be read becomes an entry that cannot be read either, so that a build fares as it would have.
    Symlinks stay as they are, wherever they lead; sockets become empty files, as BuildKit makes of them; what a
    sparse file leaves out stays left out. With `link`, files are hard links. Raises Unobservable where the files have
    more than `most` bytes of the disk.
    """
    waiting = [(str(source), str(target), "")]
    left = most
    ending = interruption.current()
    modes: list[tuple[str, os.stat_result]] = []
    while waiting:
        here, there, prefix = waiting.pop()
        os.mkdir(there)  # noqa: PTH102 - paths of 100,000 files are kept as plain strings
        modes.append((there, os.stat(here)))  # noqa: PTH116 - the same
        try:
            entries = list(os.scandir(here))
        except OSError:
            continue  # an unreadable folder: its mode says so in the copy, too
        for entry in entries:
            ending.require_none()
            path = prefix + entry.name
            if (keep and not keep(path)) or (skip and entry.path == str(skip)):
                continue
            if entry.is_dir(follow_symlinks=False):
                waiting.append((entry.path, f"{there}/{entry.name}", path + "/"))
                continue
            status = entry.stat(follow_symlinks=False)
            left -= min(status.st_size, status.st_blocks * _BLOCK)
            if left < 0:
                raise Unobservable(_TOO_LARGE.format(most / 1e9, target.parent))
            _copy_entry(entry, status, f"{there}/{entry.name}", link=link)
    for folder, status in reversed(modes):
        os.chmod(folder, stat.S_IMODE(status.st_mode))  # noqa: PTH101 - the same
        os.utime(folder, ns=(status.st_mtime_ns, status.st_mtime_ns))


def _copy_entry(entry: os.DirEntry[str], status: os.stat_result, target: str, *, link: bool) -> None:
    if entry.is_symlink():
        os.symlink(os.readlink(entry.path), target)  # noqa: PTH115, PTH211 - see above
        os.utime(target, ns=(status.st_mtime_ns, status.st_mtime_ns), follow_symlinks=False)
        return
    if link:
        with contextlib.suppress(OSError):
            os.link(entry.path, target, follow_symlinks=False)
            return
    if stat.S_ISFIFO(status.st_mode):
        os.mkfifo(target, stat.S_IMODE(status.st_mode))
    elif stat.S_ISREG(status.st_mode):
        _copy_file(entry.path, target, status)
    elif stat.S_ISCHR(status.st_mode) or stat.S_ISBLK(status.st_mode):
        with contextlib.suppress(PermissionError):  # a project that has one was made by root
            os.mknod(target, status.st_mode, status.st_rdev)
    elif stat.S_ISSOCK(status.st_mode):
        os.close(os.open(target, os.O_CREAT | os.O_WRONLY, 0o755))


def _copy_file(source: str, target: str, status: os.stat_result) -> None:
    """Copy a file, or make an empty one of the same mode where it cannot be read."""
    writing = os.open(target, os.O_CREAT | os.O_WRONLY | os.O_EXCL, 0o600)
    try:
        with contextlib.suppress(PermissionError), projectfiles.opened(source, sys.maxsize) as reading:
            _copy_bytes(reading, writing, status)
            _copy_attributes(reading, writing)
        os.fchmod(writing, stat.S_IMODE(status.st_mode))
        os.utime(writing, ns=(status.st_mtime_ns, status.st_mtime_ns))
    finally:
        os.close(writing)


def _copy_bytes(reading: int, writing: int, status: os.stat_result) -> None:
    for start, end in _extents(reading, status):
        os.lseek(writing, os.lseek(reading, start, os.SEEK_SET), os.SEEK_SET)
        left = end - start
        while left > 0 and (copied := _copied(reading, writing, left)):
            left -= copied
    os.ftruncate(writing, status.st_size)


def _copied(reading: int, writing: int, most: int) -> int:
    """Copy some bytes, and tell how many; 0 at the end. The kernel shares their blocks where the filesystem can."""
    if hasattr(os, "copy_file_range"):
        with contextlib.suppress(OSError):
            return os.copy_file_range(reading, writing, min(most, _WHOLE))
    chunk = os.read(reading, min(most, _CHUNK))
    with open(writing, "wb", closefd=False, buffering=0) as target:
        return target.write(chunk) or 0


def _extents(reading: int, status: os.stat_result) -> Iterator[tuple[int, int]]:
    """Yield where a file has data: from, and up to. A sparse file may be larger than any disk."""
    size, at = status.st_size, 0
    if status.st_blocks * _BLOCK >= size:
        yield 0, size
        return
    while at < size:
        try:
            start = os.lseek(reading, at, os.SEEK_DATA)
        except OSError:  # there is nothing more but a hole
            return
        at = os.lseek(reading, start, os.SEEK_HOLE)
        yield start, at


def _copy_attributes(reading: int, writing: int) -> None:
    if not hasattr(os, "listxattr"):
        return
    with contextlib.suppress(OSError):
        for name in os.listxattr(reading):
            with contextlib.suppress(OSError):
                os.setxattr(writing, name, os.getxattr(reading, name))
