"""The project's own files of which a fix may name a line: sources, scripts, settings, lists of requirements, ignore files."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

from hullproof.project import projectfiles, tree

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hullproof.project.project import Project

_ENDINGS = (".py", ".sh", ".cfg", ".ini", ".toml", ".txt", ".in")
_NAMES = frozenset({"Makefile", "makefile", "GNUmakefile", ".dockerignore"})
_PACKAGE = "__init__.py"
_LARGEST = 1 << 16
_MOST = 2_000


def read(project: Project) -> Mapping[str, str]:
    """Give the texts of the first thousands of them by path; those that cannot be read, or are larger than 64 kB, are left out."""
    found = {}
    for path in tree.files(project.folder):
        name = posixpath.basename(path)
        if name.endswith(_ENDINGS) or name in _NAMES:
            text = projectfiles.text(project.folder, path, largest=_LARGEST)
            if text or name == _PACKAGE:  # an empty one says that its folder is a package
                found[path] = text
        if len(found) >= _MOST:
            break
    own = f"{project.config.dockerfile}.dockerignore"
    if own not in found and (text := projectfiles.text(project.home, own, largest=_LARGEST)):
        found[own] = text
    return found
