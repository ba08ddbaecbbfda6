"""Searches all that an image is for certain bytes: the files of its layers, its configuration, what was signed about it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, cast

from hullproof.engine.archive import BROKEN, members, unpacked
from hullproof.engine.layers import saved
from hullproof.errors import Unobservable

if TYPE_CHECKING:
    from io import BufferedReader

    from hullproof.engine.connection import Engine

_CHUNK = 1 << 20


@dataclass(frozen=True)
class Found:
    """One of the things searched for, by its name, and where: a file's path in a layer, None for a document of the image's."""

    name: str
    path: str | None


def search_image(engine: Engine, image_id: str, needles: Mapping[str, tuple[bytes, ...]]) -> frozenset[Found]:
    """Search an image that the engine has; `needles` are by name the forms that each may have.

    Raises EngineError where the engine goes away, Unobservable where what it sends cannot be read.
    """
    with saved(engine, image_id) as file:
        return search_archive(file, needles)


def search_archive(file: IO[bytes], needles: Mapping[str, tuple[bytes, ...]]) -> frozenset[Found]:
    """Search an archive as `docker save` or BuildKit's OCI exporter writes it, from its beginning to its end.

    Raises Unobservable where a part of it cannot be read: nothing is said of an image of which not all was seen.
    """
    found: set[Found] = set()
    try:
        for name, member, archive in members(file):
            if member.isreg() and (content := archive.extractfile(member)) is not None:
                found.update(_in_part(cast("BufferedReader", content), name, needles))
    except BROKEN as error:
        raise Unobservable(f"the image could not be searched: {error}") from error
    return frozenset(found)


def _in_part(content: BufferedReader, name: str, needles: Mapping[str, tuple[bytes, ...]]) -> Iterator[Found]:
    """Search one file of the archive: a layer, packed or not, file by file, with their paths; any other as it is."""
    layer = unpacked(content, name)
    if layer is None:
        yield from (Found(each, None) for each in _in_stream(content, needles))
        return
    for path, member, reads in members(layer):
        names = _in_bytes(f"{path}\n{member.linkname}".encode("utf-8", "surrogateescape"), needles)
        if member.isreg() and (file := reads.extractfile(member)) is not None:
            names |= _in_stream(file, needles)
        yield from (Found(each, path) for each in names)


def _in_stream(content: IO[bytes], needles: Mapping[str, tuple[bytes, ...]]) -> set[str]:
    keep = max((len(form) for forms in needles.values() for form in forms), default=1) - 1
    found, tail = set[str](), b""
    while chunk := content.read(_CHUNK):
        found |= _in_bytes(tail + chunk, needles)
        tail = (tail + chunk)[-keep:] if keep else b""
    return found


def _in_bytes(text: bytes, needles: Mapping[str, tuple[bytes, ...]]) -> set[str]:
    return {name for name, forms in needles.items() if any(form in text for form in forms)}
