"""Where to plant a test: what the test steps name comes before what merely looks like a home of tests."""

from __future__ import annotations

import posixpath
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hullproof.dockerfile import test_commands
from hullproof.lab.sources import own_places, trace

if TYPE_CHECKING:
    from hullproof.dockerfile import TestRun
    from hullproof.lab.sources import Place
    from hullproof.lab.suites import Suites
    from hullproof.project import Project

_WORD = re.compile(r"[A-Za-z_]\w*\Z")
_PATTERN_OPTIONS = frozenset({"-p", "--pattern"})


@dataclass(frozen=True)
class Bed:
    """A directory of the context to plant in. `required`: the test step names it, so it must be gated.

    `patterns` are names of test files that the runner is told to look for; `marker` and `keyword` are what it
    selects by, where that is one plain word.
    """

    folder: str
    required: bool = False
    patterns: tuple[str, ...] = ()
    marker: str | None = None
    keyword: str | None = None


def find(project: Project, suites: Suites) -> tuple[Bed, ...]:
    """List where to plant: every bed that is required, or else likely ones, the best first."""
    stages = project.needed_stages
    places = [
        place for stage in stages for place in own_places(project, stage) if test_commands(place.instruction)
    ]
    required: list[Bed] = []
    likely: list[tuple[tuple[object, ...], Bed]] = []
    for place in places:
        for run in test_commands(place.instruction):
            named = [bed for path in run.paths for bed in _named(project, suites, place, run, path)]
            required += named
            if not named:
                likely += _likely(project, suites, place, run)
    if required:
        return tuple(dict.fromkeys(required))
    if not likely:
        likely = [(_rank(suites, folder, reached=True), Bed(folder)) for folder in suites.folders]
    ranked = [bed for _, bed in sorted(likely, key=lambda each: each[0])]
    return tuple({bed.folder: bed for bed in reversed(ranked)}.values())[::-1]


def _named(project: Project, suites: Suites, place: Place, run: TestRun, raw: str) -> list[Bed]:
    """Find the directories of tests behind one argument of a test runner; a file stands for its directory."""
    word = raw.split("::", 1)[0]
    plain = word.rstrip("/")
    spellings = [plain]
    if not plain.endswith(".py") and "/" not in plain:
        parts = plain.replace(".", "/")
        spellings += [parts, f"{parts}.py", posixpath.dirname(parts), f"{posixpath.dirname(parts)}.py"]
    for spelling in filter(None, spellings):
        for found in (trace(project, place.stage, run.line, place.absolute(spelling)), spelling):
            if found is None or found.startswith(("/", "..")):
                continue
            path = project.folder / found
            if path.is_file():
                return [_bed(run, posixpath.dirname(found), required=True)]
            folders = suites.below(posixpath.normpath(found) if found else "") if path.is_dir() else []
            if folders:
                return [_bed(run, folders[0], required=_is_narrow(found))]
    return []


def _is_narrow(found: str) -> bool:
    return found not in {"", "."}


def _likely(
    project: Project, suites: Suites, place: Place, run: TestRun
) -> list[tuple[tuple[object, ...], Bed]]:
    """Rank the directories that a runner without arguments may look into."""
    homes = [
        folder for path in suites.testpaths for folder in suites.below(posixpath.normpath(path).strip("./"))
    ]
    found = []
    for folder in homes or suites.folders:
        reached = any(
            _arrives(project, place, run, path) for path in suites.files if posixpath.dirname(path) == folder
        )
        found.append((_rank(suites, folder, reached=reached), _bed(run, folder)))
    return found


def _arrives(project: Project, place: Place, run: TestRun, path: str) -> bool:
    """Whether a file of the context lies under the step's working directory, as far as the text tells."""
    roots = {place.workdir}
    return any(
        trace(project, place.stage, run.line, posixpath.join(root, path[at:])) == path
        for root in roots
        for at in [0, *(match.end() for match in re.finditer("/", path))]
    )


def _rank(suites: Suites, folder: str, *, reached: bool) -> tuple[object, ...]:
    unit = "unit" in folder.lower().split("/")
    return (
        not reached,
        not suites.is_mentioned(folder),
        not unit,
        -suites.folders[folder],
        folder.count("/"),
        folder,
    )


def _bed(run: TestRun, folder: str, *, required: bool = False) -> Bed:
    argv = run.command.argv
    patterns = tuple(
        b for a, b in zip(argv, argv[1:], strict=False) if a in _PATTERN_OPTIONS and b.endswith(".py")
    )
    marker = run.marker if run.marker and _WORD.match(run.marker) else None
    keyword = run.keyword if run.keyword and _WORD.match(run.keyword) else None
    return Bed(folder, required, patterns, marker, keyword)
