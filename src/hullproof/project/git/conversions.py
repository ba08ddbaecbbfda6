"""Which files git may convert on their way in, so that a file that differs from what is recorded need not have changed.

Filters are commands and are not run; what they would make of a file is not known here.
https://git-scm.com/docs/gitattributes
"""

from __future__ import annotations

import fnmatch
import os
from functools import cached_property
from typing import TYPE_CHECKING

from hullproof.project.git.repository import read

if TYPE_CHECKING:
    from pathlib import Path

    from hullproof.project.git.repository import Repository

_LARGEST = 1 << 20
_CONVERTING = ("filter=", "working-tree-encoding=")


class Conversions:
    """What the attributes of a tree say. Line ends are no matter of theirs: any configuration may convert them."""

    def __init__(self, repository: Repository) -> None:
        """Take the repository; nothing is read until a file is asked for."""
        self._repository = repository
        self._patterns: dict[bytes, tuple[str, ...]] = {}

    def may_apply(self, path: bytes) -> bool:
        """Whether any pattern that leads to a conversion fits the name of a file, however deep it lies."""
        folders = [path[:at] for at in range(len(path)) if path[at : at + 1] == b"/"]
        patterns = [*self._everywhere, *(each for folder in (b"", *folders) for each in self._of(folder))]
        name = os.fsdecode(path.rpartition(b"/")[2])
        return any(fnmatch.fnmatchcase(name, pattern) for pattern in patterns)

    @cached_property
    def _everywhere(self) -> tuple[str, ...]:
        own = os.environ.get("XDG_CONFIG_HOME") or os.path.expanduser("~/.config")  # noqa: PTH111 - may have no home
        places = (
            self._repository.common / "info" / "attributes",
            self._repository.top / own / "git/attributes",
        )
        return tuple(pattern for path in places for pattern in _patterns(path))

    def _of(self, folder: bytes) -> tuple[str, ...]:
        if folder not in self._patterns:
            self._patterns[folder] = _patterns(self._repository.top / os.fsdecode(folder) / ".gitattributes")
        return self._patterns[folder]


def _patterns(path: Path) -> tuple[str, ...]:
    """List the patterns for names of files that a file of attributes has converted."""
    found = []
    for line in (read(path, _LARGEST) or b"").decode("utf-8", "replace").splitlines():
        pattern, *attributes = line.split() or ["#"]
        if pattern.startswith("#") or not any(
            each.startswith(_CONVERTING) or each == "ident" for each in attributes
        ):
            continue
        simple = not pattern.startswith(
            ('"', "[attr]")
        )  # quoted, and a name for attributes: anything may fit
        found.append(pattern.rpartition("/")[2] if simple else "*")
    return tuple(found)
