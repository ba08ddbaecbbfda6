"""All files of an image, layer by layer, from one pass over the archive that the engine saves.

A container's file system shows the last layer only; what an earlier layer holds is shipped all the same, so
it is read where it is. Nothing is unpacked: the archive, the layers in it and their files go by as a stream,
and only facts are kept. Headers are read here and not by tarfile, which takes three to four times the
processor time for the same facts. Formats:
https://github.com/opencontainers/image-spec/blob/main/layer.md (whiteouts, hard links),
https://github.com/moby/moby/blob/v24.0.9/image/spec/v1.2.md (the archive before Docker 25), and for headers
https://www.gnu.org/software/tar/manual/html_node/Standard.html with POSIX.1-2001's pax records.
"""

from __future__ import annotations

import hashlib
import importlib
import json
import posixpath
import re
import zlib
from contextlib import closing
from dataclasses import dataclass, field, replace
from functools import lru_cache
from itertools import chain
from typing import TYPE_CHECKING, Any

from hullproof.errors import DeadlineError, EngineError
from hullproof.facts import FileEntry, FileFacts, FileKind, Layer, Unobservable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from hullproof.engine.connection import Engine

# The engine gathers the whole archive on its disk before it sends the first byte.
_SAVE_TIMEOUT_S = 600
_CHUNK = 1 << 20
_MOST_HASHED = 1 << 20
_MOST_TEXT = 16 << 20
_MOST_DOCUMENTS = 64 << 20
_BLOCK = 512

_TEXTS = frozenset(
    {"/etc/passwd", "/etc/group", "/etc/sudoers", "/var/lib/dpkg/status"}
    | {"/lib/apk/db/installed", "/usr/lib/apk/db/installed"}
)
_TEXT_FOLDERS = frozenset({"/etc/sudoers.d", "/var/lib/dpkg/status.d"})

_KINDS: dict[bytes, FileKind] = {
    **dict.fromkeys((b"0", b"\0", b"7", b"S"), "file"),
    **dict.fromkeys((b"3", b"4"), "device"),
    b"2": "symlink",
    b"5": "directory",
    b"6": "fifo",
}
_CAPABILITY = ("SCHILY.xattr.security.capability", "LIBARCHIVE.xattr.security.capability")

# A header on a line of its own, or one inside a quoted value with the key's text after it. The bare words in
# the source of a program that reads keys are neither.
_PRIVATE_KEY_WORDS = (b"PRIVATE KEY", b"PuTTY-User-Key-File-")
_PRIVATE_KEY = re.compile(
    rb"^[ \t]*-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)?-----[ \t]*\r?$"
    rb"|-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY-----(?:\\r)?(?:\\n|\r?\n| )[A-Za-z0-9+/]{16}"
    rb"|^PuTTY-User-Key-File-\d:",
    re.MULTILINE,
)


class NoImageError(EngineError):
    """The engine does not have the image."""

    def __init__(self, image_id: str) -> None:
        """Say so in one line."""
        super().__init__(f"image {image_id} is not in the engine: build it again, or pull it")


def read_files(engine: Engine, image_id: str, *, base_diff_ids: Sequence[str]) -> FileFacts:
    """Read all files of an image in one pass.

    `base_diff_ids`: the layers of its base. Those that the image starts with count as the base's; with none,
    all layers are the project's own. Raises EngineError when the image is not there or the engine goes away,
    Unobservable when what it sends cannot be read.
    """
    from requests.exceptions import ReadTimeout, RequestException  # noqa: PLC0415 - slow to import
    from urllib3.exceptions import HTTPError  # noqa: PLC0415 - the same

    api = engine.client.api
    url = f"{api.base_url}/v{api.api_version}/images/{image_id}/get"
    try:
        with closing(api.get(url, stream=True, timeout=_SAVE_TIMEOUT_S)) as response:
            if response.status_code == 404:  # noqa: PLR2004 - as HTTP has it
                raise NoImageError(image_id)
            if response.status_code >= 400:  # noqa: PLR2004 - the same
                said = " ".join(response.text.split())[:200]
                raise EngineError(f"the engine would not save image {image_id}: {said}")
            return read_archive(response.iter_content(_CHUNK), base_diff_ids=base_diff_ids)
    except ReadTimeout as error:
        raise DeadlineError(
            f"the engine sent nothing of image {image_id} for {_SAVE_TIMEOUT_S} s: see whether it still answers"
        ) from error
    except (RequestException, HTTPError, OSError) as error:
        seen = " ".join(str(error).split())[:200]
        raise EngineError(f"the engine went away while it sent image {image_id} ({seen})") from error


def read_archive(chunks: Iterable[bytes], *, base_diff_ids: Sequence[str]) -> FileFacts:
    """Read all files from the bytes of an archive as `docker save` writes it, in either layout.

    Raises Unobservable when they are no such archive, or only a part of one.
    """
    archive = _Archive(frozenset(base_diff_ids))
    try:
        stream = _Stream(chunks)
        for member in _members(stream):
            archive.take(member, stream)
        return archive.facts(base_diff_ids)
    except (_CorruptError, ValueError, LookupError, TypeError, AttributeError) as error:
        reason = str(error) if isinstance(error, _CorruptError) else f"{type(error).__name__}: {error}"
        raise Unobservable(f"the image's files could not be read: {reason}") from error


class _CorruptError(Exception):
    """The archive is not what its format promises."""


# --- bytes -----------------------------------------------------------------------------------------


class _Stream:
    """Bytes that go by once: read or skipped, never gone back to."""

    def __init__(self, chunks: Iterable[bytes]) -> None:
        self._chunks = iter(chunks)
        self._chunk = b""
        self._at = 0
        self.position = 0

    def some(self, most: int) -> bytes:
        """Return what is at hand, up to `most` bytes; nothing means the end."""
        while self._at >= len(self._chunk):
            chunk = next(self._chunks, None)
            if chunk is None:
                return b""
            self._chunk, self._at = chunk, 0
        piece = self._chunk[self._at : self._at + most]
        self._at += len(piece)
        self.position += len(piece)
        return piece

    def read(self, size: int) -> bytes:
        """Return the next `size` bytes, fewer only where the stream ends."""
        piece = self.some(size) if size else b""
        if len(piece) == size or not piece:
            return piece
        return b"".join(chain([piece], self.part(size - len(piece))))

    def part(self, size: int) -> Iterator[bytes]:
        """Go through the next `size` bytes, as they come."""
        end = self.position + size
        while self.position < end and (piece := self.some(end - self.position)):
            yield piece

    def skip_to(self, position: int) -> None:
        """Leave out what comes before `position`."""
        while self.position < position:
            step = min(position - self.position, len(self._chunk) - self._at)
            if step > 0:
                self._at += step
                self.position += step
            elif not self.some(1):
                raise _CorruptError("it ends in the middle of a file")


def _gunzip(chunks: Iterable[bytes]) -> Iterator[bytes]:
    unzip = zlib.decompressobj(wbits=31)
    for chunk in chunks:
        rest = chunk
        while rest:
            if unzip.eof:  # one gzip after another is one file
                unzip = zlib.decompressobj(wbits=31)
            yield unzip.decompress(rest, _CHUNK)
            rest = unzip.unconsumed_tail or unzip.unused_data
    if not unzip.eof:
        raise _CorruptError("a compressed layer ends in the middle")


def _unzstd(chunks: Iterable[bytes]) -> Iterator[bytes]:
    try:
        zstd = importlib.import_module("compression.zstd")
    except ImportError:
        raise _CorruptError(
            "a layer is compressed with zstd, which needs Python 3.14 or newer to be read"
        ) from None
    unzip = zstd.ZstdDecompressor()
    for chunk in chunks:
        rest = chunk
        while rest or not unzip.needs_input:
            if unzip.eof:
                unzip = zstd.ZstdDecompressor()
            yield unzip.decompress(rest, _CHUNK)
            rest = unzip.unused_data if unzip.eof else b""
            if unzip.eof and not rest:
                break
    if not unzip.eof:
        raise _CorruptError("a compressed layer ends in the middle")


# --- tar headers -----------------------------------------------------------------------------------


@dataclass
class _Member:
    """One header, with those before it that only add to it."""

    name: str
    type: bytes
    mode: int
    uid: int
    gid: int
    size: int
    link: str
    pax: dict[str, bytes]
    real_size: int | None = None


def _members(stream: _Stream) -> Iterator[_Member]:
    """Go through a tar's members. A member's content may be read before the next one is asked for."""
    for_all: dict[str, bytes] = {}
    extra: dict[str, bytes] = {}
    while len(block := stream.read(_BLOCK)) == _BLOCK and block.strip(b"\0"):
        member = _header(block)
        start = stream.position
        if member.type in b"xgLK":
            if member.size > _MOST_TEXT:
                raise _CorruptError("it has a header of more than 16 MiB")
            data = stream.read(member.size)
            if member.type == b"x":
                extra |= _pax(data)
            elif member.type == b"g":
                for_all |= _pax(data)
            else:
                extra["path" if member.type == b"L" else "linkpath"] = data.partition(b"\0")[0]
        else:
            if member.type == b"S":
                start = _sparse(stream, block, member)
            if extra or for_all:
                _amend(member, {**for_all, **extra})
                extra = {}
            if member.type in b"12345" and "size" not in member.pax:
                member.size = 0
            yield member
        stream.skip_to(start + member.size + -member.size % _BLOCK)
    if block and len(block) < _BLOCK:
        raise _CorruptError("it ends in the middle of a header")


def _header(block: bytes) -> _Member:
    if sum(block) - sum(block[148:156]) + 256 != _number(block[148:156]):
        if block.startswith(b'{"errorDetail"'):  # the engine's last word, where it failed half-way
            raise _CorruptError(f"the engine broke off with {_text(block.partition(b'}')[0])}")
        raise _CorruptError("it holds a damaged header")
    name = block[:100].partition(b"\0")[0]
    if block[257:263] == b"ustar\0" and block[345]:
        name = block[345:500].partition(b"\0")[0] + b"/" + name
    return _Member(
        name=_text(name),
        type=block[156:157],
        mode=_number(block[100:108]),
        uid=_number(block[108:116]),
        gid=_number(block[116:124]),
        size=_number(block[124:136]),
        link=_text(block[157:257].partition(b"\0")[0]) if block[157] else "",
        pax={},
    )


def _amend(member: _Member, pax: dict[str, bytes]) -> None:
    member.pax = pax
    for key, value in pax.items():
        if key in ("path", "GNU.sparse.name"):
            member.name = _text(value)
        elif key == "linkpath":
            member.link = _text(value)
        elif key in ("uid", "gid", "size"):
            setattr(member, key, int(value))
        elif key in ("GNU.sparse.realsize", "GNU.sparse.size"):
            member.real_size = int(value)


def _sparse(stream: _Stream, block: bytes, member: _Member) -> int:
    """Pass the old GNU map of a sparse file; return where its content starts."""
    member.real_size = _number(block[483:495])
    more = block[482]
    while more:
        more = (stream.read(_BLOCK) or b"\0" * _BLOCK)[504]
    return stream.position


def _pax(data: bytes) -> dict[str, bytes]:
    records: dict[str, bytes] = {}
    at = 0
    while at < len(data) and data[at]:
        length, _, _ = data[at : at + 20].partition(b" ")
        if int(length) <= len(length):
            raise _CorruptError("it holds a damaged pax header")
        key, _, value = data[at + len(length) + 1 : at + int(length) - 1].partition(b"=")
        records[_text(key)] = value
        at += int(length)
    return records


@lru_cache(maxsize=8192)
def _number(field_: bytes) -> int:
    """Read a number: octal digits or, where the first bit is set, plain binary."""
    if field_[0] & 0x80:
        return int.from_bytes(bytes([field_[0] & 0x7F]) + field_[1:], "big")
    try:
        return int(field_.strip(b"\0 ") or b"0", 8)
    except ValueError:
        raise _CorruptError("it holds a damaged header") from None


def _text(raw: bytes) -> str:
    """Return a name as text that can be printed and stored, whatever its bytes are."""
    return raw.decode("utf-8", "backslashreplace")


# --- a layer ---------------------------------------------------------------------------------------


@dataclass
class _Contents:
    """What one layer's tar holds. `links`: hard links, each with the path that it links to."""

    entries: dict[str, FileEntry] = field(default_factory=dict)
    removed: list[str] = field(default_factory=list)
    texts: dict[str, str] = field(default_factory=dict)
    links: dict[str, str] = field(default_factory=dict)


def _contents(stream: _Stream, *, of_base: bool) -> _Contents:
    contents = _Contents()
    for member in _members(stream):
        path = _path(member.name)
        folder, _, name = path.rpartition("/")
        if not name.startswith(".wh."):
            contents.links.pop(path, None)
            contents.entries[path] = _entry(member, path, stream, contents, of_base=of_base)
        elif name == ".wh..wh..opq":
            contents.removed.append(f"{folder}/")
        elif not name.startswith(".wh..wh."):  # others are notes of a storage driver to itself
            contents.removed.append(f"{folder}/{name[4:]}")
    return contents


def _entry(member: _Member, path: str, stream: _Stream, contents: _Contents, *, of_base: bool) -> FileEntry:
    content = sha256 = None
    kind = _KINDS.get(member.type, "file")
    size = member.size if member.real_size is None else member.real_size
    if member.type == b"1":
        contents.links[path] = _path(member.link)
    elif kind == "file" and member.real_size is None:
        is_text = path in _TEXTS or posixpath.dirname(path) in _TEXT_FOLDERS
        is_hashed = not of_base and size <= _MOST_HASHED
        if is_hashed or (is_text and size <= _MOST_TEXT):
            content = stream.read(size)
        if is_text and content is not None:
            contents.texts[path] = content.decode("utf-8", "replace")
        if is_hashed and content is not None:
            sha256 = hashlib.sha256(content).hexdigest()
    return FileEntry(
        path=path,
        kind=kind,
        uid=member.uid,
        gid=member.gid,
        mode=member.mode & 0o7777,
        size=size if kind == "file" else 0,
        target=member.link if kind == "symlink" else "",
        sha256=sha256,
        capabilities=bool(member.pax) and any(key in member.pax for key in _CAPABILITY),
        private_key=sha256 is not None and content is not None and _holds_private_key(content),
    )


def _holds_private_key(content: bytes) -> bool:
    # Plain words first: the expression alone takes far longer than hashing the file.
    return any(words in content for words in _PRIVATE_KEY_WORDS) and bool(_PRIVATE_KEY.search(content))


def _path(name: str) -> str:
    """Return a member's name as an absolute path in the image: "./etc/" is "/etc"."""
    path = "/" + name.removeprefix("./").strip("/")
    if "/." in path or "//" in path:
        path = posixpath.normpath(path)
    return path


# --- the archive -----------------------------------------------------------------------------------


class _Archive:
    """What the outer archive holds, by name, in whatever order it comes."""

    def __init__(self, base_diff_ids: frozenset[str]) -> None:
        self._base = base_diff_ids
        self._documents: dict[str, bytes] = {}
        self._layers: dict[str, _Contents] = {}
        self._aliases: dict[str, str] = {}
        self._unreadable: dict[str, _CorruptError] = {}

    def take(self, member: _Member, stream: _Stream) -> None:
        """Read one member: a layer, a JSON document, or another name for one."""
        name = posixpath.normpath(member.name)
        if member.type == b"2":
            self._aliases[name] = posixpath.normpath(posixpath.join(posixpath.dirname(name), member.link))
        elif member.type == b"1":
            self._aliases[name] = posixpath.normpath(member.link)
        elif member.type in (b"0", b"\0") and member.size:
            head = stream.read(min(_BLOCK, member.size))
            rest = chain([head], stream.part(member.size - len(head)))
            if head[257:262] == b"ustar" or not head.strip(b"\0") or name.endswith("/layer.tar"):
                self._take_layer(name, rest)
            elif head.startswith(b"\x1f\x8b"):
                self._take_layer(name, _gunzip(rest))
            elif head.startswith(b"\x28\xb5\x2f\xfd"):
                self._take_layer(name, _unzstd(rest))
            elif head.lstrip()[:1] in (b"{", b"["):
                self._documents[name] = b"".join(rest)
                if sum(map(len, self._documents.values())) > _MOST_DOCUMENTS:
                    raise _CorruptError("it holds more than 64 MiB of JSON")

    def _take_layer(self, name: str, chunks: Iterable[bytes]) -> None:
        # An uncompressed layer is named after its diff id, so that the base's need not be hashed.
        diff_id = f"sha256:{posixpath.basename(name)}"
        stream = _Stream(chunks)
        try:
            self._layers[name] = _contents(stream, of_base=diff_id in self._base)
            while stream.some(_CHUNK):  # a compressed layer has its checksum at its end
                pass
        except (_CorruptError, zlib.error) as error:  # counts only if the manifest names it
            self._unreadable[name] = _CorruptError(str(error))

    def facts(self, base_diff_ids: Sequence[str]) -> FileFacts:
        """Put the layers in their order, now that all has been seen."""
        config, names = self._manifest()
        diff_ids = [str(diff_id) for diff_id in config.get("rootfs", {}).get("diff_ids") or ()]
        if len(diff_ids) != len(names):
            raise _CorruptError(f"it names {len(names)} layers, the image's configuration {len(diff_ids)}")
        of_base = base_layers(diff_ids, base_diff_ids)
        told = [entry for entry in config.get("history") or () if not entry.get("empty_layer")]
        history = [str(entry.get("created_by", "")) for entry in told]
        if len(history) != len(diff_ids):
            history = [""] * len(diff_ids)
        layers: list[Layer] = []
        seen: list[dict[str, FileEntry]] = []
        for at, (diff_id, name) in enumerate(zip(diff_ids, names, strict=True)):
            contents = self._layer(name)
            seen.append(_linked(contents, seen))
            entries = tuple(seen[-1].values())
            layers.append(
                Layer(
                    diff_id=diff_id,
                    from_base=at < of_base,
                    entries=_unhashed(entries) if at < of_base else entries,
                    created_by=history[at],
                    removed=tuple(contents.removed),
                    texts=contents.texts,
                )
            )
        return FileFacts(tuple(layers))

    def _layer(self, name: str) -> _Contents:
        name = self._aliases.get(name, name)
        if name in self._unreadable:
            raise self._unreadable[name]
        if name not in self._layers:
            raise _CorruptError(f"layer {name} is missing")
        return self._layers[name]

    def _manifest(self) -> tuple[dict[str, Any], list[str]]:
        """Return the image's configuration and the names of its layers, lowest first."""
        if "manifest.json" in self._documents:
            manifest = self._document("manifest.json")[0]
            names = [posixpath.normpath(str(name)) for name in manifest.get("Layers") or ()]
            return self._document(posixpath.normpath(str(manifest["Config"]))), names
        if "index.json" in self._documents:
            for manifest in self._oci_manifests(self._document("index.json")):
                config, names = _blob(manifest["config"]), [_blob(part) for part in manifest["layers"]]
                if config in self._documents and all(map(self._has, names)):
                    return self._document(config), names
        raise _CorruptError("it has no manifest")

    def _oci_manifests(self, index: dict[str, Any], depth: int = 0) -> Iterator[dict[str, Any]]:
        """Go through an index's image manifests; an index may hold further ones, and notes on its images."""
        for part in index.get("manifests") or ():
            is_note = "vnd.docker.reference.type" in (part.get("annotations") or {})
            document = {} if is_note else self._document(_blob(part), optional=True)
            if "layers" in document:
                yield document
            elif depth < 4:  # noqa: PLR2004 - one or two are usual; it ends for any input
                yield from self._oci_manifests(document, depth + 1)

    def _has(self, name: str) -> bool:
        return name in self._layers or name in self._unreadable or name in self._aliases

    def _document(self, name: str, *, optional: bool = False) -> Any:  # noqa: ANN401 - JSON
        if name not in self._documents:
            if optional:
                return {}
            raise _CorruptError(f"{name} is missing")
        return json.loads(self._documents[name])


def _blob(descriptor: dict[str, Any]) -> str:
    return "blobs/" + str(descriptor["digest"]).replace(":", "/")


def base_layers(diff_ids: Sequence[str], base_diff_ids: Sequence[str]) -> int:
    """Count the layers that an image has from its base: as many as both start with."""
    count = 0
    for own, base in zip(diff_ids, base_diff_ids, strict=False):
        if own != base:
            break
        count += 1
    return count


def _linked(contents: _Contents, lower: Sequence[dict[str, FileEntry]]) -> dict[str, FileEntry]:
    """Return a layer's entries with each hard link shown as the file that it links to."""
    entries = dict(contents.entries)
    for path, target in contents.links.items():
        for candidates in (entries, *reversed(lower)):
            if target in candidates and target != path:
                entries[path] = replace(candidates[target], path=path)
                break
    return entries


def _unhashed(entries: tuple[FileEntry, ...]) -> tuple[FileEntry, ...]:
    """Forget what is told of own layers only: where a name did not tell whose a layer is, it was read in full."""
    if all(entry.sha256 is None for entry in entries):
        return entries
    return tuple(replace(entry, sha256=None, private_key=False) for entry in entries)
