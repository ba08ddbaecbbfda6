"""Why a test file may be left out of a release's build."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cached_property
from typing import TYPE_CHECKING

from hullproof.lab.reach import can_reach
from hullproof.project import tree

if TYPE_CHECKING:
    from hullproof.lab.failing import Spot
    from hullproof.lab.output import Reported
    from hullproof.project.project import Project

_NEEDS_A_SYSTEM = frozenset(
    {"integration", "e2e", "endtoend", "functional", "container", "containers", "acceptance", "system", "browser"}
    | {"load", "performance", "benchmark", "benchmarks"}
)  # fmt: skip
_FOREIGN = frozenset(
    {"vendor", "vendored", "third_party", "fixtures", "data", "testdata", "samples", "examples", "templates", "docs"}
    | {"build", "dist"}
)  # fmt: skip
_DECLARES_A_PROJECT = frozenset(
    {"pyproject.toml", "setup.py", "setup.cfg", "requirements.txt", "Pipfile", "Dockerfile"}
)


class Excuses:
    """Judges files whose failing tests no build has told of, by what is known of the others."""

    def __init__(self, project: Project, reached: Callable[[Iterable[Spot]], frozenset[str]]) -> None:
        """Take the project, and how to find out which files get to the builder."""
        self._project, self._reached = project, reached
        self._withheld: set[str] = set()

    def accusable(self, spots: list[Spot], stopping: Mapping[Spot, Reported]) -> list[Spot]:
        """Pick the files that a build should fail on as it does on others; what the ignore file withholds is none."""
        left = [each for each in spots if self.of(each, stopping) is None]
        there = [each for each in left if each.before is not None]
        if there:
            self._withheld |= {each.path for each in there} - self._reached(there)
        return [each for each in left if each.path not in self._withheld]

    def of(self, spot: Spot, stopping: Mapping[Spot, Reported]) -> str | None:
        """Say what excuses a file, given those on which builds failed, and at which steps; None where nothing does."""
        return next(self._found(spot, stopping), None)

    def _found(self, spot: Spot, stopping: Mapping[Spot, Reported]) -> Iterator[str]:
        words = set(re.split(r"[/_.-]", spot.path.lower()))
        needs = sorted(_NEEDS_A_SYSTEM & (words | ({"endtoend"} if {"end", "to"} <= words else set())))
        if needs:
            yield f"by its name ({needs[0]}) it needs a running system"
        foreign = sorted(_FOREIGN.intersection(spot.path.lower().split("/")[:-1]))
        if foreign:
            yield f"by its folder's name ({foreign[0]}) it is an example, or somebody else's"
        if spot.skips_itself:
            yield "it says itself when its tests are skipped"
        if not stopping:
            return
        unlike = spot.labels.difference(*(each.labels for each in stopping))
        if unlike:
            yield f"its tests are marked {', '.join(sorted(unlike))}, unlike any that is run"
        if spot.path in self._withheld:
            yield "the ignore file withholds it"
        if not spot.is_looked_for:
            yield "runners do not look for tests in files of its name"
        if self._home(spot.path) not in {self._home(each.path) for each in stopping}:
            yield f"it belongs to another project, in {self._home(spot.path) or 'the folder above'}"
        if spot.before is None:
            yield from self._of_new(spot, stopping)

    def _of_new(self, spot: Spot, stopping: Mapping[Spot, Reported]) -> Iterator[str]:
        if spot.folder not in {each.folder for each in stopping}:
            yield "no test beside it is run"
        elif not self._is_taken(spot.path, stopping):
            yield "the Dockerfile copies the tests beside it by their names"

    def _is_taken(self, path: str, stopping: Mapping[Spot, Reported]) -> bool:
        """Whether a file can get into a step that is known to run tests."""
        steps = {each.line for each in stopping.values() if each.line is not None}
        return not steps or any(can_reach(self._project, line, path) for line in steps)

    def _home(self, path: str) -> str:
        """Find the nearest folder above a file that declares a project, "" for the top."""
        folder = posixpath.dirname(path)
        while folder and folder not in self._homes:
            folder = posixpath.dirname(folder)
        return folder

    @cached_property
    def _homes(self) -> frozenset[str]:
        paths = map(posixpath.split, tree.files(self._project.folder))
        return frozenset(folder for folder, name in paths if name in _DECLARES_A_PROJECT)
