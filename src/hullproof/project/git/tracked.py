"""Which files of a folder git keeps, and which it may give other line ends to where they are checked out."""

from __future__ import annotations

import fnmatch
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from hullproof.project.git.index import DEADLINE_S, LARGEST_INDEX, parse, until
from hullproof.project.git.repository import UnknownError, find, read

_LARGEST_ATTRIBUTES = 1 << 20
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


def tracked(folder: Path, deadline_s: float = DEADLINE_S) -> Tracked | None:
    """Read which files of a folder are kept; None where it lies in no repository, or that cannot be told in this time."""
    folder = folder.resolve()
    require_time = until(time.monotonic() + deadline_s)
    try:
        repository = find(folder)
        content = repository and read(repository.own / "index", LARGEST_INDEX)
        if repository is None or not content:
            return None
        entries = parse(content, require_time).entries
        prefix = b"" if folder == repository.top else os.fsencode(f"{folder.relative_to(repository.top)}/")
        own = [each for each in entries if each.path.startswith(prefix) and not each.intended]
        names = {os.fsdecode(each.path[len(prefix) :]): each for each in own}
        files = frozenset(name for name, each in names.items() if each.mode != _SUBMODULE)
        whole = {name: os.fsdecode(prefix) + name for name in files}
        attributes = _Attributes(repository.top, require_time)
        return Tracked(
            files,
            tuple(f"{name}/" for name, each in names.items() if each.mode == _SUBMODULE),
            frozenset(name for name, path in whole.items() if attributes.settle(path)),
        )
    except UnknownError:
        return None


class _Attributes:
    """The .gitattributes of a tree: https://git-scm.com/docs/gitattributes."""

    def __init__(self, top: Path, require_time: Callable[[], None]) -> None:
        self._top, self._require_time = top, require_time
        self._lines: dict[str, list[tuple[str, list[str]]]] = {}

    def settle(self, path: str) -> bool:
        """Whether what speaks last of a file's text, or of its line ends, settles them."""
        is_plain = has_lf = False
        parts = path.split("/")
        for depth in range(len(parts)):
            folder, rest = "/".join(parts[:depth]), "/".join(parts[depth:])
            for pattern, attributes in self._of(folder):
                self._require_time()
                for each in attributes if _fits(rest, pattern) else ():
                    name, _, value = each.lstrip("-!").partition("=")
                    if name in {"text", "binary"}:
                        is_plain = each in {"-text", "binary"}
                    elif name == "eol":
                        has_lf = value == "lf"
        return is_plain or has_lf

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
