"""What a build takes from its context: the sources of COPY, ADD and bind mounts, and where they go."""

from __future__ import annotations

import fnmatch
import posixpath
import re
from collections import defaultdict
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from hullproof import interruption
from hullproof.project import projectfiles

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from hullproof.dockerfile import Place, Resolution, Stage
    from hullproof.project.project import Project

_REMOTE = re.compile(r"(?:https?|ftp|ssh)://|git@|.*\.git(?:#.*)?\Z")
_GLOB = re.compile(r"[*?\[]")
_expansions: WeakKeyDictionary[Resolution, dict[str, tuple[str, ...]]] = WeakKeyDictionary()
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

    def takes(self, path: str) -> bool:
        """Whether it holds a file of the context."""
        return bool(Takers([self]).of(path))

    @property
    def top(self) -> str | None:
        """The one entry at the top of the context that it lies in; None where it may be any."""
        first = self.path.split("/", 1)[0]
        return None if not first or _GLOB.search(first) else first


class Takers:
    """Which of many sources take a file: found by its folders, so that not each source is asked of each file."""

    def __init__(self, sources: Iterable[Source]) -> None:
        """Take the sources; they are spoken of by their places in this row."""
        self._plain: dict[str, set[int]] = defaultdict(set)
        self._patterns: dict[str, dict[tuple[str, ...], set[int]]] = defaultdict(lambda: defaultdict(set))
        for place, source in enumerate(sources):
            parts = source.path.split("/")
            fixed = next((at for at, part in enumerate(parts) if _GLOB.search(part)), None)
            if fixed is None:
                self._plain[source.path].add(place)
            else:
                self._patterns["/".join(parts[:fixed])][tuple(parts[fixed:])].add(place)
        self._known = {"": frozenset(self._plain[""])}

    def of(self, path: str) -> frozenset[int]:
        """Return the places of those that take a file, directly or with a folder that it lies in."""
        waiting, at = [], path
        while at not in self._known:
            waiting.append(at)
            at = posixpath.dirname(at)
        for each in reversed(waiting):
            inherited = self._known[posixpath.dirname(each)]
            own = self._plain.get(each, set()) | self._matching(*posixpath.split(each))
            self._known[each] = inherited | own if own - inherited else inherited
        return self._known[path]

    def _matching(self, folder: str, name: str) -> set[int]:
        """Return the places of the patterns that match an entry of a folder, part by part."""
        found: set[int] = set()
        parts = [name]
        while True:
            for pattern, places in self._patterns.get(folder, {}).items():
                if len(pattern) == len(parts) and all(map(_part_matches, pattern, parts)):
                    found |= places
            if not folder:
                return found
            folder, name = posixpath.split(folder)
            parts.insert(0, name)


@lru_cache(maxsize=1 << 16)
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(fnmatch.translate(pattern))


def _part_matches(pattern: str, part: str) -> bool:
    return _compiled(pattern).match(part) is not None


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


def expanded(project: Project, source: Source) -> tuple[str, ...]:
    """List what a source stands for in the context, looked up once."""
    if not source.is_glob or source.origin is not None:
        return (source.path,)
    known = _expansions.setdefault(project.dockerfile.resolved(project.build_args), {})
    if source.path not in known:
        known[source.path] = tuple(_found(project.folder, source.path))
    return known[source.path]


def _found(folder: Path, path: str) -> list[str]:
    ending = interruption.current()
    pattern = re.sub(r"\*+", "*", path)  # to BuildKit, two are no more than one
    found = []
    try:
        for match in folder.glob(pattern):
            ending.require_none()
            found.append(str(match.relative_to(folder)))
    except (ValueError, OSError, NotImplementedError):
        return []
    return [each for each in sorted(found) if projectfiles.exists(folder, each)]
