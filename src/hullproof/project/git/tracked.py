"""Which files of a folder git keeps, and which it may give other line ends to where they are checked out."""

from __future__ import annotations

import fnmatch
import os
import time
from dataclasses import dataclass
from pathlib import Path

from hullproof.project.git.index import parse
from hullproof.project.git.repository import UnknownError, find, read

_LARGEST_INDEX = 64 << 20
_LARGEST_ATTRIBUTES = 1 << 20
_DEADLINE_S = 10.0
_SUBMODULE = 0o160000


@dataclass(frozen=True)
class Tracked:
    """What git keeps below a folder, by paths within it. `folders`: submodules, of which all is kept."""

    files: frozenset[str]
    folders: tuple[str, ...] = ()
    settled: frozenset[str] = frozenset()
    """Files whose line ends .gitattributes settles (`-text`, `binary`, `eol=lf`): they are the same everywhere."""

    def keeps(self, path: str) -> bool:
        """Whether a file is kept."""
        return path in self.files or path.startswith(self.folders)


def tracked(folder: Path) -> Tracked | None:
    """Read which files of a folder are kept; None where it lies in no repository, or that cannot be told."""
    folder = folder.resolve()
    deadline = time.monotonic() + _DEADLINE_S

    def require_time() -> None:
        if time.monotonic() > deadline:
            raise UnknownError("the index takes too long")

    try:
        repository = find(folder)
        content = repository and read(repository.own / "index", _LARGEST_INDEX)
        if repository is None or not content:
            return None
        entries = parse(content, require_time).entries
        prefix = b"" if folder == repository.top else os.fsencode(f"{folder.relative_to(repository.top)}/")
        own = [each for each in entries if each.path.startswith(prefix) and not each.intended]
        names = {os.fsdecode(each.path[len(prefix) :]): each for each in own}
        files = frozenset(name for name, each in names.items() if each.mode != _SUBMODULE)
        whole = {name: os.fsdecode(prefix) + name for name in files}
        attributes = _Attributes(repository.top)
        return Tracked(
            files,
            tuple(f"{name}/" for name, each in names.items() if each.mode == _SUBMODULE),
            frozenset(name for name, path in whole.items() if attributes.settle(path)),
        )
    except UnknownError:
        return None


class _Attributes:
    """The .gitattributes of a tree: https://git-scm.com/docs/gitattributes."""

    def __init__(self, top: Path) -> None:
        self._top = top
        self._lines: dict[str, list[tuple[str, list[str]]]] = {}

    def settle(self, path: str) -> bool:
        """Whether the last line that speaks of a file's ends settles them."""
        settled = False
        parts = path.split("/")
        for depth in range(len(parts)):
            folder, rest = "/".join(parts[:depth]), "/".join(parts[depth:])
            for pattern, attributes in self._of(folder):
                if _fits(rest, pattern):
                    for each in attributes:
                        if each in {"-text", "binary", "eol=lf"}:
                            settled = True
                        elif each == "eol=crlf":
                            settled = False
        return settled

    def _of(self, folder: str) -> list[tuple[str, list[str]]]:
        if folder not in self._lines:
            text = (read(self._top / folder / ".gitattributes", _LARGEST_ATTRIBUTES) or b"").decode(
                "utf-8", "replace"
            )
            lines = [line.split() for line in text.splitlines() if line.strip() and not line.startswith("#")]
            self._lines[folder] = [(words[0].strip('"'), words[1:]) for words in lines]
        return self._lines[folder]


def _fits(path: str, pattern: str) -> bool:
    if "/" not in pattern.strip("/"):
        return fnmatch.fnmatchcase(path.rpartition("/")[2], pattern.strip("/"))
    plain = pattern.lstrip("/")
    return fnmatch.fnmatchcase(path, plain) or fnmatch.fnmatchcase(path, plain.replace("**/", ""))
