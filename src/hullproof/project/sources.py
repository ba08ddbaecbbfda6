"""What a build takes from its context: the sources of COPY, ADD and bind mounts, and where they go."""

from __future__ import annotations

import posixpath
import re
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from hullproof.project import projectfiles

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from hullproof.dockerfile import Place, Resolution, Stage
    from hullproof.project.project import Project

_REMOTE = re.compile(r"(?:https?|ftp|ssh)://|git@|.*\.git(?:#.*)?\Z")
_GLOB = re.compile(r"[*?\[]")
_DEEPEST = 8
_own_sources: WeakKeyDictionary[Resolution, dict[int, tuple[Source, ...]]] = WeakKeyDictionary()


@dataclass(frozen=True)
class Source:
    """One path taken from the context. `path` is relative, "" for all of it; `target` is where it goes.

    `into` says that the target is surely a directory. `origin` is the stage that it comes from, None for the
    context; then `path` is absolute in that stage.
    """

    line: int
    keyword: str
    path: str
    target: str
    stage: int
    into: bool = False
    origin: int | None = None
    step: int | None = None
    """For a bind mount: the line of the only step that sees it."""

    @property
    def is_glob(self) -> bool:
        """Whether it is a pattern."""
        return _GLOB.search(self.path) is not None

    @property
    def top(self) -> str | None:
        """The one entry at the top of the context that it lies in; None where it may be any."""
        first = self.path.split("/", 1)[0]
        return None if not first or _GLOB.search(first) else first


def own_places(project: Project, stage: Stage) -> tuple[Place, ...]:
    """Return the stage's own instructions where they stand."""
    return project.dockerfile.own_places(stage, project.build_args)


def own_sources(project: Project, stage: Stage) -> tuple[Source, ...]:
    """List what the stage's own instructions take, in order."""
    resolution = project.dockerfile.resolved(project.build_args)
    known = _own_sources.setdefault(resolution, {})
    if stage.index not in known:
        places = resolution.places[stage.index]
        known[stage.index] = tuple(source for place in places for source in _taken(project, place))
    return known[stage.index]


def sources(project: Project, stage: Stage) -> Iterator[Source]:
    """List what all instructions take that make a stage, its ancestors' first."""
    for each in reversed(project.dockerfile.ancestors(stage, project.build_args)):
        yield from own_sources(project, each)


def _taken(project: Project, place: Place) -> Iterator[Source]:
    """List what one instruction takes, from the context or from other stages; what is remote is left out."""
    instruction = place.instruction
    if instruction.keyword in {"COPY", "ADD"}:
        origin, known = _origin(project, place, instruction.flag("from"))
        if not known:
            return
        raw_target = place.scope.expand(instruction.destination or ".")
        into = raw_target.endswith("/") or raw_target in {".", ".."} or len(instruction.sources) > 1
        for raw in instruction.sources:
            path = place.scope.expand(raw)
            if not (instruction.keyword == "ADD" and _REMOTE.match(path)):
                relative = _clean(path) if origin is None else posixpath.normpath(posixpath.join("/", path))
                target = place.absolute(raw_target)
                yield Source(
                    instruction.line, instruction.keyword, relative, target, place.stage.index, into, origin
                )
    for mount in instruction.mounts:
        origin, known = _origin(project, place, mount.from_)
        if mount.type == "bind" and known and mount.target:
            path = place.scope.expand(mount.source or ".")
            relative = _clean(path) if origin is None else posixpath.normpath(posixpath.join("/", path))
            target = place.absolute(place.scope.expand(mount.target))
            line = instruction.line
            yield Source(line, "mount", relative, target, place.stage.index, origin=origin, step=line)


def _origin(project: Project, place: Place, raw: str | None) -> tuple[int | None, bool]:
    """Find the stage a `from` names: its number, and whether it is the context or a stage of this file."""
    if raw is None:
        return None, True
    stage = project.dockerfile.find(place.scope.expand(raw))
    return (stage.index, True) if stage is not None else (None, False)


def _clean(path: str) -> str:
    """Bring a path in the context into its plain form: no leading slash, no `./`, "" for all of it."""
    return posixpath.normpath(posixpath.join("/", path)).lstrip("/")


def context_sources(project: Project) -> tuple[Source, ...]:
    """List all that the release's build takes from the context, in the order of the Dockerfile."""
    found = [
        source
        for stage in project.needed_stages
        for source in own_sources(project, stage)
        if source.origin is None
    ]
    return tuple(sorted(found, key=lambda source: source.line))


def trace(project: Project, stage: Stage, before: int, path: str) -> str | None:
    """Find the file or directory of the context that lies at `path` in a stage, as of line `before`.

    None where nothing that is copied or mounted there leads back to the context.
    """
    return _trace(project, stage, before, path, set(), depth=0)


def _trace(
    project: Project, stage: Stage, before: int, path: str, tried: set[tuple[int, str]], *, depth: int
) -> str | None:
    """Go through the sources, the last that fits being what counts. `tried`: stages and paths that lead nowhere."""
    for source in reversed(list(sources(project, stage))):
        if source.stage == stage.index and source.line > before:
            continue
        if source.step not in (None, before):
            continue
        back = _back(project.folder, source, path)
        if back is None:
            continue
        if source.origin is None:
            if projectfiles.exists(project.folder, back):
                return back
        elif (source.origin, back) not in tried and depth < _DEEPEST:
            tried.add((source.origin, back))
            origin = project.dockerfile.stages[source.origin]
            found = _trace(project, origin, sys.maxsize, back, tried, depth=depth + 1)
            if found is not None:
                return found
    return None


def _back(folder: Path, source: Source, path: str) -> str | None:
    """Turn a path in the stage into one under the source, if that is where it comes from."""
    inside = _below(path, source.target)
    if inside is None:
        return None
    for each in _expanded(folder, source):
        name = posixpath.basename(each)
        if source.origin is None and projectfiles.is_file(folder, each):
            if inside in {"", name}:
                return each
        elif source.origin is not None and posixpath.basename(path) == name and inside in {"", name}:
            return each  # one file of another stage
        else:
            return posixpath.join(each, inside) if inside else each
    return None


def _expanded(folder: Path, source: Source) -> list[str]:
    if not source.is_glob or source.origin is not None:
        return [source.path]
    pattern = re.sub(r"\*+", "*", source.path)  # to BuildKit, two are no more than one
    try:
        found = sorted(str(match.relative_to(folder)) for match in folder.glob(pattern))
    except (ValueError, OSError, NotImplementedError):
        return []
    return [path for path in found if projectfiles.exists(folder, path)]


def _below(path: str, folder: str) -> str | None:
    """Give the rest of `path` below `folder`, "" if they are the same, None if it lies elsewhere."""
    if path == folder:
        return ""
    prefix = folder.rstrip("/") + "/"
    return path[len(prefix) :] if path.startswith(prefix) else None
