"""Which file of the context is the application's code and certainly reaches the release."""

from __future__ import annotations

import hashlib
import posixpath
import re
from collections import defaultdict
from collections.abc import Iterable
from typing import TYPE_CHECKING

from hullproof.dockerfile import contract
from hullproof.lab import tree
from hullproof.lab.editing import can_edit
from hullproof.lab.sources import Source, context_sources

if TYPE_CHECKING:
    from pathlib import Path

    from hullproof.facts import FileEntry, FileFacts
    from hullproof.project import Project

_NO_CODE = re.compile(
    r"(?:^|/)(?:tests?|testing|docs?|\.github|examples?)/|(?:^|/)(?:test_[^/]*|[^/]*_test|tests|conftest|setup|noxfile"
    r"|tasks|fabfile|requirements[^/]*|constraints[^/]*|pyproject|uv|poetry|Pipfile|pdm|setup|tox|pytest|README[^/]*"
    r"|CHANGELOG[^/]*|LICENSE[^/]*|Makefile|environment)(?:\.[^/]*)?\Z",
    re.IGNORECASE,
)
_LARGEST = 1 << 20


def choose(project: Project, files: FileFacts | None, avoid: Iterable[str]) -> tuple[str | None, str]:
    """Choose the file to edit, in the context; None, with the reason, where there is none. `avoid`: never these."""
    sources = [source for source in context_sources(project) if source.keyword != "mount"]
    if not sources:
        return None, "the Dockerfile copies nothing from the project's folder"
    avoided = set(avoid)
    usable = [
        path
        for path in tree.files(project.folder)
        if path not in avoided and can_edit(path) and not _NO_CODE.search(path) and _is_taken(sources, path)
    ]
    if files is not None:
        found = _proven(project, files, usable)
        if found is not None:
            return found, ""
    code = [path for path in usable if path.endswith(".py") and _size(project.folder / path)]
    if code:
        return min(code, key=_rank), ""
    return None, "no file that the Dockerfile copies was recognised as the application's code"


def _is_taken(sources: list[Source], path: str) -> bool:
    return any(
        source.path in {"", path}
        or path.startswith(source.path + "/")
        or (source.is_glob and _glob(source, path))
        for source in sources
    )


def _glob(source: Source, path: str) -> bool:
    from pathlib import PurePosixPath  # noqa: PLC0415 - the only use here

    head = "/".join(path.split("/")[: source.path.count("/") + 1])
    return PurePosixPath("/" + head).match("/" + source.path)


def _proven(project: Project, files: FileFacts, usable: list[str]) -> str | None:
    """Find a file whose very content is in the image, in a layer that the Dockerfile adds."""
    base = files.base
    workdir = contract(project.dockerfile, project.release, project.build_args).workdir
    root = workdir.path.rstrip("/") + "/" if workdir else "/"
    by_name: dict[tuple[str, int], list[FileEntry]] = defaultdict(list)
    for entry in files.final.values():
        if entry.sha256 and entry.size and entry.kind == "file" and base.get(entry.path) != entry:
            by_name[entry.name, entry.size].append(entry)
    best: tuple[tuple[bool, bool, tuple[int, int, str]], str] | None = None
    for path in usable:
        full = project.folder / path
        entries = by_name.get((posixpath.basename(path), _size(full)), [])
        match = next((entry for entry in entries if entry.sha256 == _sha256(full)), None) if entries else None
        if match is not None:
            rank = (not path.endswith(".py"), not match.path.startswith(root), _rank(path))
            best = min(best or (rank, path), (rank, path))
    return best[1] if best else None


def _rank(path: str) -> tuple[int, int, str]:
    """Prefer plain modules to package markers, and what lies nearer to the top."""
    return (int(posixpath.basename(path).startswith("_")), path.count("/"), path)


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0


def _sha256(path: Path) -> str | None:
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest() if _size(path) <= _LARGEST else None
    except OSError:
        return None
