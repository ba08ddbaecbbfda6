"""Looks over a project's tree: which files there are, without what is no part of the project."""

from __future__ import annotations

import os
import posixpath
from collections.abc import Iterator
from typing import TYPE_CHECKING

from hullproof import interruption

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_FOREIGN = frozenset(
    {
        ".git", ".hg", ".svn", ".bzr", "_darcs", "node_modules", "site-packages", "dist-packages", "__pycache__",
        ".tox", ".nox", ".eggs", ".mypy_cache", ".pytest_cache", ".ruff_cache", "__pypackages__",
    }
)  # fmt: skip
MOST_FILES = 20_000
"""So many files are looked at: a project's own code and tests come well before that."""


def is_foreign(entry: os.DirEntry[str]) -> bool:
    """Whether this is a folder that is no part of the project: a repository's own, an environment, a cache."""
    return entry.is_dir(follow_symlinks=False) and (entry.name in _FOREIGN or is_environment(entry.path))


def is_environment(folder: str) -> bool:
    """Whether this is a virtual environment."""
    return os.path.lexists(f"{folder}/pyvenv.cfg")


def files(folder: Path, most: int = MOST_FILES) -> Iterator[str]:
    """List the regular files of a project, level by level, as paths relative to it; links are not followed.

    Raises EndingError after an interruption.
    """
    level, left = [(str(folder), "")], most
    ending = interruption.current()
    while level and left > 0:
        below = []
        for here, prefix in level:
            try:
                entries = sorted(os.scandir(here), key=lambda entry: entry.name)
            except OSError:
                continue
            ending.require_none()
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    if not is_foreign(entry):
                        below.append((entry.path, f"{prefix}{entry.name}/"))
                elif entry.is_file(follow_symlinks=False):
                    yield prefix + entry.name
                    left -= 1
                    if left <= 0:
                        return
        level = below


def with_folders(path: str) -> Iterator[str]:
    """Yield a path within the project, and each folder that it lies in, the nearest first."""
    while path:
        yield path
        path = posixpath.dirname(path)
