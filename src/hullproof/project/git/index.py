"""Reads the index: what of a tree is recorded, how each file looked when it was, and which tree that comes to.

The format: https://git-scm.com/docs/gitformat-index.
"""

from __future__ import annotations

import hashlib
import struct
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from hullproof.project.git.repository import UnknownError

_FIXED = struct.Struct(">10I20sH")
_SHA1 = 20
_ASSUMED, _EXTENDED, _STAGE = 0x8000, 0x4000, 0x3000
_SKIPPED, _INTENDED = 0x4000, 0x2000  # of the extended flags
_LONGEST_PATH = 4096
LARGEST_INDEX = 64 << 20
DEADLINE_S = 10.0
"""So long a look at what git keeps may take."""
_MOST_OF_PATHS = 64 << 20
"""All paths together, which an index of version 4 has in a small part of that."""

_KNOWN_MUST = (b"sdir",)
"""Extensions that have to be understood begin with a small letter; this one says that folders may stand for files."""


class Entry(NamedTuple):
    """One path of the index. `looked` is how the file looked when it was recorded: see `Entry.of`."""

    path: bytes
    mode: int
    id: bytes
    looked: tuple[int, ...]
    assumed: bool
    """Whether git was asked to believe that it never changes."""
    skipped: bool
    """Whether it is none of those that are checked out."""
    intended: bool
    """Whether only its name was added so far."""


@dataclass(frozen=True)
class Index:
    """What is recorded, in the order of paths. `merging`: whether a merge has left paths open."""

    entries: Sequence[Entry]
    merging: bool

    def tree(self, require_time: Callable[[], None]) -> str:
        """Return the id of the tree that a commit of this index would get; `require_time` raises where that takes too long."""
        return _tree(self.entries, require_time)


def until(deadline: float) -> Callable[[], None]:
    """Return what raises UnknownError after `deadline`, by the monotonic clock."""

    def require_time() -> None:
        if time.monotonic() > deadline:
            raise UnknownError("what git keeps takes too long to be read")

    return require_time


def parse(data: bytes, require_time: Callable[[], None]) -> Index:
    """Read an index. Raises UnknownError for one that is damaged, split in two, or of another kind of repository.

    `require_time` raises where that takes too long.
    """
    try:
        magic, version, count = struct.unpack_from(">4sII", data)
        if magic != b"DIRC" or version not in (2, 3, 4):
            raise UnknownError(f"an index of version {version} is not known")
        entries, merging, at = [], False, 12
        path, characters = b"", 0
        for _ in range(count):
            require_time()
            entry, stage, at = _entry(data, at, path, version)
            merging |= stage != 0
            path = entry.path
            characters += len(path)
            if characters > _MOST_OF_PATHS:
                raise UnknownError("the paths of the index are too much together")
            entries.append(entry)
        _require_known(data, at)
    except (struct.error, IndexError, ValueError) as error:
        raise UnknownError(f"the index is damaged: {error}") from error
    return Index(entries, merging)


def _entry(data: bytes, start: int, before: bytes, version: int) -> tuple[Entry, int, int]:
    """Return the entry at `start`, its stage in a merge, and where the next one begins."""
    *looked, name, flags = _FIXED.unpack_from(data, start)
    at, more = start + _FIXED.size, 0
    if flags & _EXTENDED:
        (more,) = struct.unpack_from(">H", data, at)
        at += 2
    if version == 4:  # noqa: PLR2004 - the one that leaves out what the path before has, too
        dropped, at = _varint(data, at)
        end = data.index(b"\0", at)
        path = before[: len(before) - dropped] + data[at:end]
        following = end + 1
    else:
        end = data.index(b"\0", at)
        path = data[at:end]
        following = start + (end - start + 8) // 8 * 8
    if len(path) > _LONGEST_PATH:
        raise ValueError("it has a path that no system knows")
    entry = Entry(
        path,
        looked[6],
        name,
        (*looked[:4], looked[5], *looked[7:]),
        bool(flags & _ASSUMED),
        bool(more & _SKIPPED),
        bool(more & _INTENDED),
    )
    return entry, flags & _STAGE, following


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = data[at] & 0x7F
    while data[at] & 0x80:
        at += 1
        value = (value + 1 << 7) | data[at] & 0x7F
    return value, at + 1


def _require_known(data: bytes, at: int) -> None:
    """Raise UnknownError where something follows that changes what the entries mean."""
    while at < len(data) - _SHA1:
        name, size = struct.unpack_from(">4sI", data, at)
        if not name[:1].isupper() and name not in _KNOWN_MUST:
            raise UnknownError(f"the index has a part {name!r}, which is not known")
        at += 8 + size
    if at != len(data) - _SHA1:
        raise UnknownError("the index ends too early, or is that of a repository with another hash")


def _tree(entries: Sequence[Entry], require_time: Callable[[], None]) -> str:
    """Hash the folders from the inside out, as the entries come: sorted by path, and so by folder."""
    waiting: list[tuple[bytes, bytearray]] = [(b"", bytearray())]

    def close() -> None:
        folder, content = waiting.pop()
        name = folder[:-1].rpartition(b"/")[2]
        if content:
            waiting[-1][1].extend(b"40000 " + name + b"\0" + _hash(content))

    for entry in entries:
        require_time()
        if entry.intended:
            continue
        path = entry.path.rstrip(b"/")
        while not path.startswith(waiting[-1][0]):
            close()
        waiting += [(folder, bytearray()) for folder in _between(waiting[-1][0], path)]
        name = path.rpartition(b"/")[2]
        waiting[-1][1].extend(f"{entry.mode:o} ".encode() + name + b"\0" + entry.id)
    while len(waiting) > 1:
        close()
    return _hash(waiting[0][1]).hex()


def _between(folder: bytes, path: bytes) -> Iterator[bytes]:
    """Yield the folders from one to a path's own, outermost first."""
    at = path.find(b"/", len(folder))
    while at >= 0:
        yield path[: at + 1]
        at = path.find(b"/", at + 1)


def _hash(content: bytearray) -> bytes:
    return hashlib.sha1(b"tree %d\0" % len(content) + content, usedforsecurity=False).digest()
