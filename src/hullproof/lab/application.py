"""Which file of the context is the application's code and certainly reaches the release."""

from __future__ import annotations

import hashlib
import posixpath
import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hullproof.lab.editing import can_edit
from hullproof.project import projectfiles, tree
from hullproof.project.sources import Takers, context_sources

if TYPE_CHECKING:
    from pathlib import Path

    from hullproof.engine.model.image import FileEntry, FileFacts
    from hullproof.project.project import Project

_NO_CODE = re.compile(
    r"(?:^|/)(?:tests?|testing|docs?|examples?)/|(?:^|/)(?:\.[^/]*|[^/]*dockerfile|(?:docker-)?compose\b|hullproof|test_[^/]*|[^/]*_test|tests|conftest|setup|noxfile"
    r"|fabfile|requirements[^/]*|constraints[^/]*|pyproject|uv|poetry|Pipfile|pdm|setup|tox|pytest|README[^/]*"
    r"|CHANGELOG[^/]*|LICENSE[^/]*|Makefile|environment)(?:\.[^/]*)?\Z",
    re.IGNORECASE,
)
_MARKER = re.compile(r"(?:^|/)(?:__init__|_?version|__version__|__about__)\.py\Z")
"""Modules that packaging reads for a version: copied along with what declares the dependencies on purpose."""
_CODE = re.compile(r"^[ \t]*(?:async )?(?:def|class) ", re.MULTILINE)
_MOST_OTHERS = 8


@dataclass(frozen=True)
class Choice:
    """The files to edit. `main` is the one to speak of; `others` get in by other ways, and matter as much.

    Without a main one, `reason` says why.
    """

    main: str | None
    others: tuple[str, ...] = ()
    reason: str = ""


def choose(project: Project, files: FileFacts | None, avoid: Iterable[str]) -> Choice:
    """Choose files of the application, one for each way by which its code gets in. `avoid`: never these."""
    sources = context_sources(project)
    if not sources:
        return Choice(None, reason="the Dockerfile copies nothing from the project's folder")
    avoided = set(avoid)
    takers = Takers(sources)
    ways: dict[str, frozenset[int]] = {}
    for path in tree.files(project.folder):
        taken = takers.of(path)
        if taken and path not in avoided and can_edit(path) and is_code(path):
            ways[path] = taken
    proven = _proven(project, files, list(ways)) if files is not None else []
    if proven:
        rest = [path for path in proven[1:] if path.endswith(".py") and not _is_marker(project.folder, path)]
        seen, others = {ways[proven[0]]}, []
        for path in rest:
            if ways[path] not in seen:
                seen.add(ways[path])
                others.append(path)
        return Choice(proven[0], tuple(others[:_MOST_OTHERS]))
    code = [path for path in ways if path.endswith(".py") and _size(project.folder / path)]
    if code:
        return Choice(min(code, key=_rank))
    return Choice(None, reason="no file that the Dockerfile copies was recognised as the application's code")


def is_code(path: str) -> bool:
    """Whether a path may be the application's: no test, document, or file of a tool's, by its name and folder."""
    return _NO_CODE.search(path) is None


def _is_marker(folder: Path, path: str) -> bool:
    """Whether a module is there for its version: an `__init__.py` with code in it is the application's."""
    return _MARKER.search(path) is not None and _CODE.search(projectfiles.text(folder, path)) is None


def _proven(project: Project, files: FileFacts, usable: list[str]) -> list[str]:
    """List the files whose very content is in the image, in a layer that the Dockerfile adds; the best first."""
    base = files.base
    workdir = project.release.contract.workdir
    root = workdir.path.rstrip("/") + "/" if workdir else "/"
    by_name: dict[tuple[str, int], dict[str, FileEntry]] = defaultdict(dict)
    for entry in files.final.values():
        if entry.sha256 and entry.size and entry.kind == "file" and base.get(entry.path) != entry:
            by_name[entry.name, entry.size].setdefault(entry.sha256, entry)
    ranked = []
    for path in usable:
        full = project.folder / path
        entries = by_name.get((posixpath.basename(path), _size(full)))
        match = entries.get(_sha256(project.folder, path) or "") if entries else None
        if match is not None:
            ranked.append(((not path.endswith(".py"), not match.path.startswith(root), _rank(path)), path))
    return [path for _, path in sorted(ranked)]


def _rank(path: str) -> tuple[int, int, str]:
    """Prefer plain modules to package markers, and what lies nearer to the top."""
    return (int(posixpath.basename(path).startswith("_")), path.count("/"), path)


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0


def _sha256(folder: Path, path: str) -> str | None:
    try:
        return hashlib.sha256(projectfiles.read(folder, path)).hexdigest()
    except (OSError, projectfiles.ProjectFileError):
        return None
