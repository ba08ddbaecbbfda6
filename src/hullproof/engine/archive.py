"""What is in the archive that the engine saves an image as: JSON documents, and layers, each a tar of its own.

Nothing is unpacked: the archive, the layers in it and their files go by as one stream, and only facts are
kept. Formats: https://github.com/opencontainers/image-spec/blob/main/layer.md (whiteouts, hard links) and
https://github.com/moby/moby/blob/v24.0.9/image/spec/v1.2.md (the archive before Docker 25).
"""

from __future__ import annotations

import gzip
import hashlib
import posixpath
import re
import sys
import tarfile
import zlib
from dataclasses import dataclass, field
from typing import IO, TYPE_CHECKING, cast

from hullproof.engine.model.image import Bytecode, FileEntry, FileKind
from hullproof.secrets import held

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator
    from io import BufferedReader

    from typing_extensions import Self

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

_CHUNK = 1 << 20
_BUFFER = 1 << 15  # what the engine sends at a time; tarfile copies what is left of it with every read
MOST_HASHED = 1 << 20
"""So large a file is hashed; whoever compares two builds asks for all."""
_MOST_TEXT = 16 << 20

_TEXTS = frozenset(
    {"/etc/passwd", "/etc/group", "/etc/shadow", "/etc/sudoers", "/etc/doas.conf", "/var/lib/dpkg/status"}
    | {"/etc/os-release", "/usr/lib/os-release", "/lib/apk/db/installed", "/usr/lib/apk/db/installed"}
)
_MOST_OWN_TEXT = 1 << 16
# Where the system and packages put their files: what is small, and elsewhere or for the person who installs, is read.
_NOT_OWN = re.compile(
    r"/(?:site|dist)-packages/|/node_modules/|/lib(?:64)?/(?:python|pypy)\d"
    r"|^/(?:usr/(?!local/etc/)|s?bin/|lib(?:32|64|x32)?/|boot/|proc/|sys/|dev/|run/|var/(?:lib|cache|log)/"
    r"|etc/(?!pip\.conf$|uv/|npmrc$|netrc$|conda/))"
)
_PROGRAM = re.compile(r"/(?:usr/(?:local/)?)?s?bin/")
"""Where entry scripts are put among the system's programs: a text that says what runs it is read, too."""
_TEXT_FOLDERS = frozenset({"/etc/sudoers.d", "/var/lib/dpkg/status.d"})

# Types that are not named here, tarfile's own habit, are files.
_KINDS: dict[bytes, FileKind] = {
    tarfile.CHRTYPE: "device",
    tarfile.BLKTYPE: "device",
    tarfile.SYMTYPE: "symlink",
    tarfile.DIRTYPE: "directory",
    tarfile.FIFOTYPE: "fifo",
}
_CAPABILITY = ("SCHILY.xattr.security.capability", "LIBARCHIVE.xattr.security.capability")
_ADDS_TO_THE_NEXT = (
    tarfile.XHDTYPE,
    tarfile.XGLTYPE,
    tarfile.GNUTYPE_LONGNAME,
    tarfile.GNUTYPE_LONGLINK,
)

BROKEN = (tarfile.TarError, gzip.BadGzipFile, zlib.error, EOFError, zstd.ZstdError)
"""What is raised for content that is damaged, none of which is a connection that broke."""
_DAMAGED = (tarfile.InvalidHeaderError, tarfile.TruncatedHeaderError)  # type: ignore[attr-defined] # typeshed leaves them out


@dataclass
class LayerContents:
    """What one layer's tar holds. `links`: hard links, each with the path that it links to; `size_bytes`: of its files."""

    entries: dict[str, FileEntry] = field(default_factory=dict)
    removed: list[str] = field(default_factory=list)
    texts: dict[str, str] = field(default_factory=dict)
    links: dict[str, str] = field(default_factory=dict)
    size_bytes: int = 0


@dataclass
class Archive:
    """What the whole archive holds, by name. `aliases`: other names for the same; `unreadable`: layers, and why."""

    documents: dict[str, bytes] = field(default_factory=dict)
    layers: dict[str, LayerContents] = field(default_factory=dict)
    aliases: dict[str, str] = field(default_factory=dict)
    unreadable: dict[str, str] = field(default_factory=dict)


def unpack(file: IO[bytes], *, base_diff_ids: Collection[str], most_hashed: int = MOST_HASHED) -> Archive:
    """Read an archive to its end. Own layers are hashed, up to so many bytes a file; those that are surely the base's are not.

    Raises tarfile.TarError where it is none, or only a part of one.
    """
    archive = Archive()
    with _open(file) as outer:
        for member in outer:
            name = posixpath.normpath(_text(member.name))
            if member.issym():
                folder = posixpath.dirname(name)
                archive.aliases[name] = posixpath.normpath(posixpath.join(folder, _text(member.linkname)))
            elif member.islnk():
                archive.aliases[name] = posixpath.normpath(_text(member.linkname))
            elif content := outer.extractfile(member):
                # An uncompressed layer is named after its diff id, so that the base's need not be hashed.
                of_base = f"sha256:{posixpath.basename(name)}" in base_diff_ids
                _take(
                    archive,
                    name,
                    cast("BufferedReader", content),
                    size=member.size,
                    of_base=of_base,
                    most=most_hashed,
                )
    return archive


def _take(
    archive: Archive, name: str, content: BufferedReader, *, size: int, of_base: bool, most: int
) -> None:
    """Read one file of the archive, told by its content: a layer, packed or not, or a JSON document."""
    layer = unpacked(content, name)
    try:
        if layer is not None:
            archive.layers[name] = _layer(layer, of_base=of_base, most=most)
        elif size <= _MOST_TEXT and content.peek(1).lstrip()[:1] in (b"{", b"["):
            archive.documents[name] = content.read()
    except BROKEN as error:
        archive.unreadable[name] = str(error)  # counts only if the manifest names it


# --- tar -------------------------------------------------------------------------------------------


def unpacked(content: BufferedReader, name: str) -> IO[bytes] | None:
    """Return the tar of a layer, packed or not, which its content tells; None for what is no layer."""
    head = content.peek(tarfile.BLOCKSIZE)[: tarfile.BLOCKSIZE]
    if head.startswith(b"\x1f\x8b"):
        return cast("IO[bytes]", gzip.GzipFile(fileobj=content))
    if head.startswith(b"\x28\xb5\x2f\xfd"):
        return cast("IO[bytes]", zstd.ZstdFile(content))
    is_tar = head[257:262] == b"ustar" or (head and not head.strip(b"\0")) or name.endswith("/layer.tar")
    return content if is_tar else None


def members(file: IO[bytes]) -> Iterator[tuple[str, tarfile.TarInfo, tarfile.TarFile]]:
    """Go through a tar to its very end; yield each member's whole path, the member, and what reads it.

    Raises one of `BROKEN` where it is damaged, or a part of one.
    """
    with _open(file) as tar:
        for member in tar:
            tar.members.clear()  # type: ignore[attr-defined] # it would keep all to the end
            yield _path(_text(member.name)), member, tar
    while file.read(_CHUNK):  # a compressed layer has its checksum at its end
        pass


def _open(file: IO[bytes]) -> tarfile.TarFile:
    return tarfile.open(
        fileobj=file, mode="r|", tarinfo=_Header, encoding="utf-8", errors="surrogateescape", bufsize=_BUFFER
    )


class _Header(tarfile.TarInfo):
    """A header that says where it is damaged: tarfile takes one after the first for the archive's end."""

    @classmethod
    def frombuf(cls, buf: bytes | bytearray, encoding: str, errors: str) -> Self:
        if buf.startswith(b'{"errorDetail"'):  # the engine's last word, where it failed half-way
            said = buf.partition(b"}")[0].decode("utf-8", "backslashreplace")
            raise tarfile.ReadError(f"the engine broke off with {said}")
        header = super().frombuf(buf, encoding, errors)
        if header.type in _ADDS_TO_THE_NEXT and header.size > _MOST_TEXT:
            raise tarfile.ReadError("it has a header of more than 16 MiB")
        return header

    @classmethod
    def fromtarfile(cls, tarfile_: tarfile.TarFile) -> Self:
        try:
            return super().fromtarfile(tarfile_)
        except _DAMAGED as error:
            raise tarfile.ReadError(f"it holds a damaged header: {error}") from error


def _text(name: str) -> str:
    """Return a name as text that can be printed and stored, whatever its bytes are."""
    return name.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


# --- a layer ---------------------------------------------------------------------------------------


def _layer(file: IO[bytes], *, of_base: bool, most: int) -> LayerContents:
    contents = LayerContents()
    for path, member, layer in members(file):
        folder, _, name = path.rpartition("/")
        if not name.startswith(".wh."):
            _add(contents, path, member, layer, of_base=of_base, most=most)
        elif name == ".wh..wh..opq":
            contents.removed.append(f"{folder}/")
        elif not name.startswith(".wh..wh."):  # others are notes of a storage driver to itself
            contents.removed.append(f"{folder}/{name[4:]}")
    return contents


def _add(
    contents: LayerContents,
    path: str,
    member: tarfile.TarInfo,
    layer: tarfile.TarFile,
    *,
    of_base: bool,
    most: int,
) -> None:
    kind = _KINDS.get(member.type, "file")
    content = sha256 = None
    contents.links.pop(path, None)
    contents.size_bytes += member.size if kind == "file" and not member.islnk() else 0
    if member.islnk():
        contents.links[path] = _path(_text(member.linkname))
    elif kind == "file":
        is_text = tells_of_system(path)
        is_hashed = not of_base and member.size <= most
        is_own_text = is_hashed and (
            (member.size <= _MOST_OWN_TEXT and not _NOT_OWN.search(path))
            or path.endswith(".dist-info/RECORD")
        )
        is_text = is_text and member.size <= _MOST_TEXT
        if (is_text or not of_base) and (file := layer.extractfile(member)):
            content = file.read() if is_text or is_hashed else file.read(_MOST_OWN_TEXT)
            is_small_script = member.size <= _MOST_OWN_TEXT and content.startswith(b"#!")
            is_own_text = is_own_text or (is_hashed and is_small_script and bool(_PROGRAM.match(path)))
        if (is_text or is_own_text) and content is not None and b"\0" not in content:
            contents.texts[path] = content.decode("utf-8", "replace")
        if is_hashed and content is not None:
            sha256 = hashlib.sha256(content).hexdigest()
    contents.entries[path] = FileEntry(
        path=path,
        kind=kind,
        uid=member.uid,
        gid=member.gid,
        mode=member.mode & 0o7777,
        size=member.size if kind == "file" else 0,
        target=_text(member.linkname) if kind == "symlink" else "",
        sha256=sha256,
        capabilities=any(key in member.pax_headers for key in _CAPABILITY),
        holds=None if of_base or content is None else held(content),
        mtime=int(member.mtime),
        bytecode=Bytecode.read(content) if content is not None and path.endswith(".pyc") else None,
    )


def tells_of_system(path: str) -> bool:
    """Whether a file is read whosever it is: accounts, packages, what may become root."""
    return path in _TEXTS or posixpath.dirname(path) in _TEXT_FOLDERS


def _path(name: str) -> str:
    """Return a member's name as an absolute path in the image: "./etc/" is "/etc"."""
    path = "/" + name.removeprefix("./").strip("/")
    return posixpath.normpath(path) if "/." in path or "//" in path else path
