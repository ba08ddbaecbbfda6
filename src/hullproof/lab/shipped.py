"""Which files of the project a release has: by their content, by their path, or made into something else."""

from __future__ import annotations

import hashlib
import posixpath
import re
from collections import defaultdict
from typing import TYPE_CHECKING

from hullproof.project import projectfiles

if TYPE_CHECKING:
    from pathlib import Path

    from hullproof.engine.model.image import FileEntry, FileFacts

_COMPILED = re.compile(r"(?:/__pycache__)?/([^/.]+)\.(?:[^/]*\.)?(?:py[cd]?|so)$")
_MADE = re.compile(r"\.(?:gz|br|zst)$|(?<=\.)(?:min|[0-9a-f]{8,32})\.")
"""What building adds to a name: of what packs it, minifies it, or puts its hash there."""


class Shipped:
    """What a release has in the files that its container sees."""

    def __init__(self, folder: Path, files: FileFacts) -> None:
        """Take the project's folder, and all files of the release."""
        self._folder = folder
        self._by_content: dict[str, FileEntry] = {}
        self._sizes: set[int] = set()
        self._names: dict[str, set[str]] = defaultdict(set)
        for entry in files.final.values():
            if entry.kind not in {"file", "symlink"} or files.base.get(entry.path) == entry:
                continue
            self._sizes.add(entry.size)
            if entry.sha256 is not None:
                self._by_content.setdefault(entry.sha256, entry)
            for path in (entry.path, _COMPILED.sub(r"/\1.py", entry.path), _MADE.sub("", entry.path)):
                folder_there, name = posixpath.split(path)
                self._names[name].add(posixpath.basename(folder_there))

    def place_of(self, path: str) -> str | None:
        """Return where a file of the project lies in the release, by its content; None where it does not."""
        try:
            if (self._folder / path).stat().st_size not in self._sizes:
                return None
            content = projectfiles.read(self._folder, path)
        except (OSError, projectfiles.ProjectFileError):
            return None
        entry = self._by_content.get(hashlib.sha256(content).hexdigest())
        return entry.path if entry is not None else None

    def has(self, path: str) -> bool:
        """Whether the release has it, perhaps compiled, packed or minified: by its content, else by its name and folder."""
        folder, name = posixpath.split(path)
        folders = self._names.get(name, set())
        within = posixpath.basename(folder)
        return bool(folders and (not within or within in folders)) or self.place_of(path) is not None
