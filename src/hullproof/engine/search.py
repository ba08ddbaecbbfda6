"""Searches all that an image is for certain bytes: the files of its layers, its configuration, what was signed about it."""

from __future__ import annotations

import tarfile
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, cast

from requests.exceptions import RequestException
from urllib3.exceptions import HTTPError

from hullproof.errors import EngineError, Unobservable

if TYPE_CHECKING:
    from hullproof.engine.connection import Engine

_CHUNK = 1 << 20
_SAVE_TIMEOUT_S = 600
_TAR_HEAD = 512


@dataclass(frozen=True)
class Found:
    """One of the things searched for, by its name, and where: a file's path in a layer, None for a document of the image's."""

    name: str
    path: str | None


def search_image(engine: Engine, image_id: str, needles: Mapping[str, tuple[bytes, ...]]) -> frozenset[Found]:
    """Search an image that the engine has; `needles` are by name the forms that each may have.

    Raises EngineError where the engine goes away, Unobservable where what it sends cannot be read.
    """
    api = engine.client.api
    url = f"{api.base_url}/v{api.api_version}/images/{image_id}/get"
    try:
        with closing(api.get(url, stream=True, timeout=_SAVE_TIMEOUT_S)) as response:
            response.raise_for_status()
            return search_archive(cast("IO[bytes]", response.raw), needles)
    except (RequestException, HTTPError, OSError) as error:
        raise EngineError(f"the engine went away while it sent image {image_id} ({error})") from error


def search_archive(file: IO[bytes], needles: Mapping[str, tuple[bytes, ...]]) -> frozenset[Found]:
    """Search an archive as `docker save` or BuildKit's OCI exporter writes it, from its beginning to its end."""
    found: set[Found] = set()
    try:
        with tarfile.open(fileobj=file, mode="r|") as outer:
            for member in outer:
                content = outer.extractfile(member)
                if content is not None:
                    found |= {Found(name, path) for path, name in _in_part(content, needles)}
    except tarfile.TarError as error:
        raise Unobservable(f"the image could not be searched: {error}") from error
    return frozenset(found)


def _in_part(
    content: IO[bytes], needles: Mapping[str, tuple[bytes, ...]]
) -> Iterator[tuple[str | None, str]]:
    """Search one file of the archive: a layer, packed or not, file by file; any other as it is."""
    head = cast("Peekable", content).peek(_TAR_HEAD)[:_TAR_HEAD]
    if head[257:262] == b"ustar" or head[:2] == b"\x1f\x8b" or head[:4] == b"\x28\xb5\x2f\xfd":
        with tarfile.open(fileobj=content, mode="r|*") as layer:
            for member in layer:
                path = "/" + member.name.removeprefix("./").strip("/")
                inner = layer.extractfile(member) if member.isreg() else None
                names = _in_stream(inner, needles) if inner is not None else _in_bytes(path.encode(), needles)
                yield from ((path, name) for name in names)
    else:
        yield from ((None, name) for name in _in_stream(content, needles))


def _in_stream(content: IO[bytes], needles: Mapping[str, tuple[bytes, ...]]) -> set[str]:
    keep = max((len(form) for forms in needles.values() for form in forms), default=1) - 1
    found, tail = set[str](), b""
    while chunk := content.read(_CHUNK):
        found |= _in_bytes(tail + chunk, needles)
        tail = (tail + chunk)[-keep:] if keep else b""
    return found


def _in_bytes(text: bytes, needles: Mapping[str, tuple[bytes, ...]]) -> set[str]:
    return {name for name, forms in needles.items() if any(form in text for form in forms)}


if TYPE_CHECKING:
    from typing import Protocol

    class Peekable(Protocol):
        """What `extractfile` returns can be looked into without being read."""

        def peek(self, size: int, /) -> bytes:
            """Return what comes next."""
