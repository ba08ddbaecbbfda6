"""The image: its base, its configuration, and its files layer by layer."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import PurePosixPath
from typing import Literal


@dataclass(frozen=True)
class BaseFacts:
    """The image that the release stage starts from. `line` is that of the FROM that names it.

    `digest` is the one by which a registry gave it, of its manifest or of an index; None for one that no registry gave.
    """

    reference: str
    line: int
    diff_ids: tuple[str, ...] = ()
    stand_in: bool = False
    note: str | None = None
    labels: Mapping[str, str] = field(default_factory=dict)
    digest: str | None = None


@dataclass(frozen=True)
class HistoryEntry:
    """One entry of the image's history. `line`: of the instruction that made it, where it is known."""

    created_by: str
    empty_layer: bool
    from_base: bool
    line: int | None = None


@dataclass(frozen=True)
class ImageFacts:
    """The release image's configuration, as the engine tells it.

    `id` is what the engine knows it by, `repo_digests` under which names and digests registries do, as far as the engine
    knows; an engine whose store keeps manifests has such a name for every image that it has a name for.
    `exposed` is in the engine's words: "5000/tcp". `command` and `entrypoint` are argument lists;
    a shell-form instruction shows there as ("/bin/sh", "-c", ...).
    """

    id: str
    user: str = ""
    workdir: str = ""
    exposed: tuple[str, ...] = ()
    command: tuple[str, ...] = ()
    entrypoint: tuple[str, ...] = ()
    env: Mapping[str, str] = field(default_factory=dict)
    labels: Mapping[str, str] = field(default_factory=dict)
    volumes: tuple[str, ...] = ()
    stop_signal: str = "SIGTERM"
    healthcheck: tuple[str, ...] = ()
    history: tuple[HistoryEntry, ...] = ()
    diff_ids: tuple[str, ...] = ()
    platform: str | None = None
    repo_digests: tuple[str, ...] = ()


_BYTECODE_HEAD = 16
FileKind = Literal["file", "directory", "symlink", "device", "fifo"]


@dataclass(frozen=True)
class Bytecode:
    """What the head of a `.pyc` says of the source that it was compiled from: its time and size, or that it has its hash.

    https://docs.python.org/3/reference/import.html#cached-bytecode-invalidation
    """

    by_hash: bool
    mtime: int = 0
    size: int = 0

    @classmethod
    def read(cls, content: bytes) -> Bytecode | None:
        """Read the head of a file; None where it is none."""
        if len(content) < _BYTECODE_HEAD or content[2:4] != b"\r\n":
            return None
        flags, mtime, size = (int.from_bytes(content[at : at + 4], "little") for at in (4, 8, 12))
        return cls(by_hash=True) if flags & 1 else cls(by_hash=False, mtime=mtime, size=size)

    def is_of(self, source: FileEntry) -> bool:
        """Whether Python takes it for that source's: for one that has a hash, which is not compared here, it may."""
        whole = 0xFFFFFFFF
        return self.by_hash or (self.mtime, self.size) == (source.mtime & whole, source.size & whole)


@dataclass(frozen=True)
class FileEntry:
    """One path in one layer. `mode` holds the permission bits with setuid, setgid and sticky.

    `sha256` is known for regular files that the project's own layers add, up to 1 MiB each.
    `capabilities`: the file carries capabilities of its own (`security.capability`).
    `holds`: what the content is by itself, as `hullproof.secrets.held` says: a private key, a database (own layers only).
    `mtime` is in seconds since 1970, and makes no difference between entries. `bytecode`: of a `.pyc` (own layers only).
    A hard link shows as the file that it links to.
    """

    path: str
    kind: FileKind
    uid: int
    gid: int
    mode: int
    size: int = 0
    target: str = ""
    sha256: str | None = None
    capabilities: bool = False
    holds: str | None = None
    mtime: int = field(default=0, compare=False)
    bytecode: Bytecode | None = field(default=None, compare=False)

    @property
    def name(self) -> str:
        """The last part of the path."""
        return PurePosixPath(self.path).name

    @property
    def setuid(self) -> bool:
        """Whether running it changes the user."""
        return bool(self.mode & 0o4000) and self.kind == "file"


@dataclass(frozen=True)
class Layer:
    """One layer of the image, from the base or added by the Dockerfile.

    `removed` lists the paths that this layer deletes; one that ends in "/" had all that lower layers
    put into that directory hidden. `texts` holds the small system files by path, wherever the layer
    has them: /etc/passwd, /etc/group, /etc/shadow, os-release, the rules of sudo and doas, package databases of dpkg and apk;
    and, in own layers, the small text files outside of what the system and packages bring, and what Python's
    distributions say that they brought (RECORD). `size_bytes` is what its files hold: of several names of one file that
    it brings, once.
    """

    diff_id: str
    from_base: bool
    entries: tuple[FileEntry, ...]
    created_by: str = ""
    line: int | None = None
    removed: tuple[str, ...] = ()
    texts: Mapping[str, str] = field(default_factory=dict)
    size_bytes: int = 0


@dataclass(frozen=True)
class FileFacts:
    """All files of the image, layer by layer, lowest first, and the digests by which such content is known.

    `config_digest` is of the configuration, which names all layers: the same on every engine and in every registry.
    `manifest_digest` is of the manifest for the image's platform, where the engine's store keeps one, else None: a store
    that keeps layers unpacked makes it with each push.
    """

    layers: tuple[Layer, ...]
    config_digest: str | None = None
    manifest_digest: str | None = None

    @property
    def size_bytes(self) -> int:
        """What all layers take unpacked, files of lower ones that upper ones replace or delete included."""
        return sum(layer.size_bytes for layer in self.layers)

    @property
    def base_size_bytes(self) -> int | None:
        """What the layers of the base take, None where none of the image's layers is known to be of a base."""
        of_base = [layer.size_bytes for layer in self.layers if layer.from_base]
        return sum(of_base) if of_base else None

    @property
    def added_layers(self) -> tuple[Layer, ...]:
        """The layers that the Dockerfile adds to its base."""
        return tuple(layer for layer in self.layers if not layer.from_base)

    @cached_property
    def final(self) -> Mapping[str, FileEntry]:
        """The files as a container sees them: path to entry, with deletions applied."""
        return self._merged(self.layers)

    @cached_property
    def base(self) -> Mapping[str, FileEntry]:
        """The files of the base alone."""
        return self._merged(tuple(layer for layer in self.layers if layer.from_base))

    def text(self, path: str) -> str | None:
        """Return the content of a system file (see `Layer.texts`) in the final view, None if absent."""
        entry = self.final.get(path)
        return None if entry is None else self._layer_of[id(entry)].texts.get(path)

    @cached_property
    def owning_layers(self) -> Mapping[str, Layer]:
        """Which layer gave each path the owner and mode that it has: later ones list a directory as it is."""
        found: dict[str, tuple[Layer, FileEntry]] = {}
        for layer in self.layers:
            for entry in layer.entries:
                before = found.get(entry.path)
                if before is None or before[0].from_base or entry.kind != "directory" or before[1] != entry:
                    found[entry.path] = (layer, entry)
        return {path: layer for path, (layer, _) in found.items()}

    @cached_property
    def _layer_of(self) -> Mapping[int, Layer]:
        return {id(entry): layer for layer in self.layers for entry in layer.entries}

    @staticmethod
    def _merged(layers: tuple[Layer, ...]) -> Mapping[str, FileEntry]:
        """Lay the layers over each other. A layer hides what lower ones have, never what it has itself."""
        view: dict[str, FileEntry] = {}
        for layer in layers:
            hidden = [gone.rstrip("/") for gone in layer.removed]
            for entry in layer.entries:
                below = view.get(entry.path)
                if below is not None and below.kind == "directory" != entry.kind:
                    hidden.append(entry.path)
            if hidden:
                paths = sorted(view)
                for folder in hidden:
                    # All that starts with "folder/": "0" is the character after "/".
                    for path in paths[bisect_left(paths, f"{folder}/") : bisect_left(paths, f"{folder}0")]:
                        if path != "/":
                            view.pop(path, None)
            for gone in layer.removed:
                view.pop(gone if gone != "/" else "", None)
            view.update((entry.path, entry) for entry in layer.entries)
        return view
