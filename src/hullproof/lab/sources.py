"""What a build takes from its context: the sources of COPY, ADD and bind mounts, and where they go."""

from __future__ import annotations

import posixpath
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from hullproof.dockerfile import Instruction, Scope, Stage
    from hullproof.project import Project

_REMOTE = re.compile(r"(?:https?|ftp|ssh)://|git@|.*\.git(?:#.*)?\Z")
_GLOB = re.compile(r"[*?\[]")
_DEEPEST = 8


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


@dataclass(frozen=True)
class Place:
    """An instruction where it stands: the working directory and the variables in effect there."""

    instruction: Instruction
    stage: Stage
    workdir: str
    values: dict[str, str]
    scope: Scope

    def absolute(self, path: str) -> str:
        """Say where a path leads from here."""
        return posixpath.normpath(posixpath.join(self.workdir, path))


def places(project: Project, stage: Stage) -> Iterator[Place]:
    """Walk all instructions that make a stage, its ancestors' first. The scope is only good while walking."""
    workdir = "/"
    dockerfile = project.dockerfile
    for instruction, scope in dockerfile.scopes(stage, project.build_args):
        owner = dockerfile.stages[instruction.stage_index]
        yield Place(instruction, owner, workdir, scope.values(), scope)
        if instruction.keyword == "WORKDIR":
            workdir = posixpath.normpath(posixpath.join(workdir, scope.expand(" ".join(instruction.args))))


def own_places(project: Project, stage: Stage) -> Iterator[Place]:
    """Walk the stage's own instructions."""
    return (place for place in places(project, stage) if place.instruction.stage_index == stage.index)


def sources_at(project: Project, place: Place) -> Iterator[Source]:
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
        for place in own_places(project, stage)
        for source in sources_at(project, place)
        if source.origin is None
    ]
    return tuple(sorted(found, key=lambda source: source.line))


def trace(project: Project, stage: Stage, before: int, path: str, depth: int = 0) -> str | None:
    """Find the file or directory of the context that lies at `path` in a stage, as of line `before`.

    None where nothing that is copied or mounted there leads back to the context.
    """
    if depth > _DEEPEST:
        return None
    found: str | None = None
    for place in places(project, stage):
        line, index = place.instruction.line, place.stage.index
        if index > stage.index or (index == stage.index and line > before):
            break
        for source in sources_at(project, place):
            if source.step not in (None, before):
                continue
            back = _back(project.folder, source, path)
            if back is None:
                continue
            if source.origin is not None:
                origin = project.dockerfile.stages[source.origin]
                back = trace(project, origin, 1 << 30, back, depth + 1)
            elif not (project.folder / back).exists():
                back = None
            found = back if back is not None else found
    return found


def _back(folder: Path, source: Source, path: str) -> str | None:
    """Turn a path in the stage into one under the source, if that is where it comes from."""
    candidates = _expanded(folder, source)
    for each in candidates:
        name = posixpath.basename(each)
        is_file = source.origin is None and (folder / each).is_file()
        if is_file and path in {posixpath.join(source.target, name), source.target}:
            return each
        if is_file:
            continue
        inside = _below(path, source.target)
        if inside is None:
            continue
        if source.origin is not None and posixpath.basename(path) == name and inside in {"", name}:
            return each  # one file of another stage
        return posixpath.join(each, inside) if inside else each
    return None


def _expanded(folder: Path, source: Source) -> list[str]:
    if not source.is_glob or source.origin is not None:
        return [source.path]
    try:
        return sorted(str(match.relative_to(folder)) for match in folder.glob(source.path))
    except (ValueError, OSError, NotImplementedError):
        return []


def _below(path: str, folder: str) -> str | None:
    """Give the rest of `path` below `folder`, "" if they are the same, None if it lies elsewhere."""
    if path == folder:
        return ""
    prefix = folder.rstrip("/") + "/"
    return path[len(prefix) :] if path.startswith(prefix) else None
