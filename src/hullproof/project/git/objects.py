"""Reads a commit out of a repository's objects: loose, or in a pack, where it may stand as a change to another one.

The formats: https://git-scm.com/docs/gitformat-pack.
"""

from __future__ import annotations

import os
import re
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from hullproof.project.git.repository import UnknownError, read
from hullproof.project.projectfiles import opened

if TYPE_CHECKING:
    from hullproof.project.git.repository import Repository

_LARGEST_COMMIT = 1 << 20
_LARGEST_PACK = 1 << 40
_MOST_PACKS = 10_000
_DEEPEST = 64
"""git makes chains of 50 changes at the most, of 4095 where it is told to."""
_MOST_ALTERNATES = 16
_COMMIT, _OFFSET_DELTA, _REF_DELTA = 1, 6, 7
_TREE = re.compile(rb"tree ([0-9a-f]{40})\n")


def tree_of(repository: Repository, commit: str) -> str:
    """Return the id of a commit's tree. Raises UnknownError where the commit is not there or cannot be read."""
    wanted = repository.resolve(f"refs/replace/{commit}") or commit  # as `git replace` has it
    for folder in _folders(repository.common / "objects"):
        try:
            content = _loose(folder, wanted) or _packed(folder, bytes.fromhex(wanted))
        except (zlib.error, struct.error, IndexError, OSError) as error:
            raise UnknownError(f"commit {wanted} cannot be read: {error}") from error
        if content is not None:
            found = _TREE.match(content)
            if found is None:
                break
            return found[1].decode()
    raise UnknownError(f"commit {wanted} is not there")


def _folders(objects: Path) -> Iterator[Path]:
    """Yield the folders that hold objects: the repository's own, and those that it borrows from."""
    waiting, left = [objects], _MOST_ALTERNATES
    while waiting and left:
        folder, left = waiting.pop(0), left - 1
        yield folder
        listed = read(folder / "info" / "alternates", 1 << 16) or b""
        waiting += [
            folder / os.fsdecode(line) for line in listed.splitlines() if line and not line.startswith(b"#")
        ]


def _loose(folder: Path, wanted: str) -> bytes | None:
    packed = read(folder / wanted[:2] / wanted[2:], _LARGEST_COMMIT)
    if packed is None:
        return None
    return zlib.decompressobj().decompress(packed, _LARGEST_COMMIT).partition(b"\0")[2]


def _packed(folder: Path, wanted: bytes) -> bytes | None:
    try:
        names = [entry.name for entry in os.scandir(folder / "pack") if entry.name.endswith(".idx")]
    except OSError:
        return None
    for name in names[:_MOST_PACKS]:
        path = folder / "pack" / name
        with opened(path, _LARGEST_PACK) as index:
            offset = _offset(index, wanted)
        if offset is not None:
            with opened(path.with_suffix(".pack"), _LARGEST_PACK) as pack:
                return _Pack(pack, path).commit(offset)
    return None


def _offset(index: int, wanted: bytes) -> int | None:
    """Find where an object stands in a pack, by its index, which is sorted by name."""
    magic, version, *fanout = struct.unpack(">4sI256I", os.pread(index, 1032, 0))
    if (magic, version) != (b"\xfftOc", 2):
        raise UnknownError("a pack's index is of an old form")
    low, high, total = (fanout[wanted[0] - 1] if wanted[0] else 0), fanout[wanted[0]], fanout[255]
    while low < high:
        middle = (low + high) // 2
        name = os.pread(index, 20, 1032 + 20 * middle)
        if name == wanted:
            offsets = 1032 + 24 * total
            (offset,) = struct.unpack(">I", os.pread(index, 4, offsets + 4 * middle))
            if offset & 1 << 31:
                large = offsets + 4 * total + 8 * (offset & ~(1 << 31))
                (offset,) = struct.unpack(">Q", os.pread(index, 8, large))
            return int(offset)
        low, high = (middle + 1, high) if name < wanted else (low, middle)
    return None


@dataclass(frozen=True)
class _Pack:
    """An open pack, and the path of its index."""

    descriptor: int
    index: Path

    def commit(self, offset: int, depth: int = _DEEPEST) -> bytes:
        """Return the commit that stands at an offset."""
        head = os.pread(self.descriptor, 64, offset)
        kind, at = head[0] >> 4 & 7, _varint_end(head, 0)
        if kind == _COMMIT:
            return self._inflated(offset + at)
        if not depth or kind not in (_OFFSET_DELTA, _REF_DELTA):
            raise UnknownError("what should be a commit is none")
        if kind == _OFFSET_DELTA:
            back, at = _distance(head, at)
            base = self.commit(offset - back, depth - 1)
        else:
            with opened(self.index, _LARGEST_PACK) as index:
                found = _offset(index, head[at : at + 20])
            if found is None:
                raise UnknownError("a commit's other half is not in its pack")
            base, at = self.commit(found, depth - 1), at + 20
        return _applied(base, self._inflated(offset + at))

    def _inflated(self, offset: int) -> bytes:
        return zlib.decompressobj().decompress(
            os.pread(self.descriptor, _LARGEST_COMMIT, offset), _LARGEST_COMMIT
        )


def _varint_end(data: bytes, at: int) -> int:
    while data[at] & 0x80:
        at += 1
    return at + 1


def _distance(data: bytes, at: int) -> tuple[int, int]:
    """Read how far back a change's base stands, and where the change itself begins."""
    value = data[at] & 0x7F
    while data[at] & 0x80:
        at += 1
        value = (value + 1 << 7) | data[at] & 0x7F
    return value, at + 1


def _applied(base: bytes, delta: bytes) -> bytes:
    """Apply a change: copies out of the base, and bytes of its own."""
    at = _varint_end(delta, _varint_end(delta, 0))
    made = bytearray()
    while at < len(delta) and len(made) <= _LARGEST_COMMIT:
        command, at = delta[at], at + 1
        if not command & 0x80:
            made += delta[at : at + command]
            at += command
            continue
        numbers = []
        for bit in range(7):
            numbers.append(delta[at] if command & 1 << bit else 0)
            at += command >> bit & 1
        start = int.from_bytes(bytes(numbers[:4]), "little")
        size = int.from_bytes(bytes(numbers[4:]), "little") or 0x10000
        made += base[start : start + size]
    return bytes(made)
