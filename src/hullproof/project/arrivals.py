"""Which file of the context lies at a path in a stage: traced back through what is copied and mounted, stage by stage."""

from __future__ import annotations

import heapq
import itertools
import posixpath
import sys
from bisect import bisect_left, bisect_right
from collections import defaultdict
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from hullproof.project import projectfiles
from hullproof.project.sources import Source, expanded, own_sources

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from hullproof.dockerfile import Resolution, Stage
    from hullproof.project.project import Project

MOST_TRIED = 100
"""So many folders and patterns that go to one place are looked into for a path, the last first: each is a look at the disk."""
_MOST_PASSED = 1_000
"""The same, those of other stages included, which cost next to nothing."""

_DEEPEST = 8

_known: WeakKeyDictionary[Resolution, _Arrivals] = WeakKeyDictionary()


def trace(project: Project, stage: Stage, before: int, path: str) -> str | None:
    """Find the file or directory of the context that lies at `path` in a stage, as of line `before`.

    None where nothing that is copied or mounted there leads back to the context.
    """
    resolution = project.dockerfile.resolved(project.build_args)
    if resolution not in _known:
        _known[resolution] = _Arrivals(project, resolution)
    return _Search(project, _known[resolution]).find(stage.index, before, path)


class _Arrivals:
    """What is copied and mounted in all stages, found by where it goes: not each source is asked of each path."""

    def __init__(self, project: Project, resolution: Resolution) -> None:
        """Look each source up once."""
        self._sources: list[Source] = []
        self._ends: list[int] = []
        """For each stage, how many sources there are up to its end."""
        self._files: dict[tuple[int, str], list[int]] = defaultdict(list)
        self._folders: dict[tuple[int, str], list[int]] = defaultdict(list)
        self._mounts: dict[tuple[int, str], list[int]] = defaultdict(list)
        """Sources by the path where they go: as one file and as whatever they hold, by the stage below all of theirs; and
        for the step of one line alone, by that line."""
        self._spans = _spans(resolution.parents)
        self._lowest: list[int] = []
        for index, parent in enumerate(resolution.parents):
            self._lowest.append(index if parent is None else self._lowest[parent.index])
        for stage in project.dockerfile.stages:
            for source in own_sources(project, stage):
                self._add(project, source)
            self._ends.append(len(self._sources))

    def _add(self, project: Project, source: Source) -> None:
        number, target, lowest = (
            len(self._sources),
            source.target.rstrip("/") or "/",
            self._lowest[source.stage],
        )
        self._sources.append(source)
        is_plain = source.origin is None and not source.is_glob
        if is_plain and not projectfiles.exists(project.folder, source.path):
            return
        if source.step is not None:
            self._mounts[source.step, target].append(number)
        elif is_plain and projectfiles.is_file(project.folder, source.path):
            for path in (target, posixpath.join(target, posixpath.basename(source.path))):
                self._files[lowest, path].append(number)
        else:
            self._folders[lowest, target].append(number)

    def at(self, stage: int, before: int, path: str) -> Iterator[Source]:
        """Yield what goes to a path or a folder above it, by line `before` in the stage or in those below it, the last first."""
        start, end = (self._ends[stage - 1] if stage else 0), self._ends[stage]
        end = bisect_right(self._sources, before, start, end, key=lambda source: source.line)
        lowest = self._lowest[stage]
        rows = [self._files.get((lowest, path), [])]
        for folder in _upwards(path):
            rows += [self._folders.get((lowest, folder), []), self._mounts.get((before, folder), [])]
        first, _ = self._spans[stage]
        found = heapq.merge(*(_from_the_end(row, end) for row in rows if row), reverse=True)
        for number in itertools.islice(found, _MOST_PASSED):
            its_first, its_last = self._spans[self._sources[number].stage]
            if its_first <= first <= its_last:
                yield self._sources[number]


class _Search:
    """One search for a file. `_tried`: stages and paths that lead nowhere."""

    def __init__(self, project: Project, arrivals: _Arrivals) -> None:
        self._project, self._arrivals = project, arrivals
        self._tried: set[tuple[int, str]] = set()
        self._left = itertools.repeat(None, MOST_TRIED)

    def find(self, stage: int, before: int, path: str, depth: int = 0) -> str | None:
        """Go through the sources: the last that has it is what counts."""
        for _, source in zip(self._left, self._arrivals.at(stage, before, path), strict=False):
            back = self._back(source, path)
            if back is None:
                continue
            if source.origin is None:
                if projectfiles.exists(self._project.folder, back):
                    return back
            elif (source.origin, back) not in self._tried and depth < _DEEPEST:
                self._tried.add((source.origin, back))
                found = self.find(source.origin, sys.maxsize, back, depth + 1)
                if found is not None:
                    return found
        return None

    def _back(self, source: Source, path: str) -> str | None:
        """Turn a path in the stage into one under the source, if that is where it comes from."""
        inside = path[len(source.target.rstrip("/")) + 1 :]
        for each in expanded(self._project, source):
            name = posixpath.basename(each)
            if source.origin is None and projectfiles.is_file(self._project.folder, each):
                if inside in {"", name}:
                    return each
            elif source.origin is not None and posixpath.basename(path) == name and inside in {"", name}:
                return each  # one file of another stage
            else:
                return posixpath.join(each, inside) if inside else each
        return None


def _upwards(path: str) -> Iterator[str]:
    """Yield a path and the folders above it."""
    yield path
    while path != (path := posixpath.dirname(path)):
        yield path


def _from_the_end(row: list[int], end: int) -> Iterator[int]:
    """Yield the numbers below `end` of an ascending row, the greatest first."""
    return (row[at] for at in range(bisect_left(row, end) - 1, -1, -1))


def _spans(parents: Sequence[Stage | None]) -> list[tuple[int, int]]:
    """Number the stages so that those built on one follow it at once; return for each its number and the last of those."""
    below: list[list[int]] = [[] for _ in parents]
    for index, parent in enumerate(parents):
        if parent is not None:
            below[parent.index].append(index)
    counts = [1] * len(parents)
    for index in reversed(range(len(parents))):  # a stage is built on earlier ones alone
        counts[index] += sum(counts[each] for each in below[index])
    firsts, following = [0] * len(parents), 0
    for index, parent in enumerate(parents):
        if parent is None:
            firsts[index], following = following, following + counts[index]
        at = firsts[index] + 1
        for each in below[index]:
            firsts[each], at = at, at + counts[each]
    return [(first, first + count - 1) for first, count in zip(firsts, counts, strict=True)]
