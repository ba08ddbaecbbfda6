"""Where to plant a test: what the test steps name comes before what merely looks like a home of tests."""

from __future__ import annotations

import itertools
import posixpath
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hullproof.dockerfile import test_commands
from hullproof.lab.sources import context_sources, own_places, trace

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hullproof.dockerfile import TestRun
    from hullproof.lab.sources import Place
    from hullproof.lab.suites import Suites
    from hullproof.project import Project

_WORD = re.compile(r"[A-Za-z_]\w*\Z")
_ASKED = re.compile(r"(?<!not )\b(?!(?:not|and|or)\b)[A-Za-z_]\w*")
"""The words of `unit and not slow` that a test must bear."""
_PATTERN_OPTIONS = frozenset({"-p", "--pattern"})
_HOME = re.compile(
    r"(?:^|/)(?:unit|functional|integration)?[-_]?(?:tests?|testing|specs?)(?:/|\Z)", re.IGNORECASE
)


@dataclass(frozen=True)
class Bed:
    """A directory of the context to plant in, and what the runner that looks there selects by.

    `patterns` are names of test files; `marker` and `keyword` are words that the tests there bear, too. `document` is
    a file whose doctests are the tests: a failing one is put to its end.
    """

    folder: str
    patterns: tuple[str, ...] = ()
    marker: str | None = None
    keyword: str | None = None
    document: str | None = None


Group = tuple[Bed, ...]
"""Beds of which one must be gated: which of them the runner looks into is its own affair."""


def patterns(project: Project) -> tuple[str, ...]:
    """List the names of test files that the Dockerfile tells runners to look for."""
    runs = [run for each in project.dockerfile.instructions for run in test_commands(each)]
    return tuple(pattern for run in runs for pattern in _patterns(run))


def find(project: Project, suites: Suites) -> tuple[Group, ...]:
    """List where to plant: groups that must each be gated, the likeliest bed of each first."""
    places = [
        place
        for stage in project.needed_stages
        for place in own_places(project, stage)
        if test_commands(place.instruction)
    ]
    groups: list[Group] = []
    for place in places:
        for run in test_commands(place.instruction):
            if run.runner == "doctest":
                continue  # it looks into the files that it is given, whatever lies beside them
            named = [group for path in run.paths if (group := _named(project, suites, place, run, path))]
            groups += named or _likely(project, suites, place, run)
    if not groups:
        everywhere = sorted(suites.folders, key=lambda folder: _rank(suites, folder, reached=True))
        groups = [tuple(Bed(folder) for folder in everywhere)]
    return tuple(dict.fromkeys(groups))


def _named(project: Project, suites: Suites, place: Place, run: TestRun, raw: str) -> Group:
    """Find the directories of tests behind one argument of a runner; a file stands for its directory."""
    for spelling in _spellings(raw):
        for found in (
            trace(project, place.stage, run.line, place.absolute(spelling)),
            posixpath.normpath(spelling),
        ):
            if found is None or found.startswith(("/", "..")) or found in {"", "."}:
                continue
            path = project.folder / found
            if path.is_file():
                return (_bed(suites, run, posixpath.dirname(found)),)
            folders = suites.below(found) if path.is_dir() else []
            if folders:
                return tuple(_bed(suites, run, folder) for folder in folders)
    return ()


def _spellings(raw: str) -> Iterator[str]:
    """Yield the paths that an argument may mean: a path, a node id, a module, a Django label."""
    plain = raw.split("::", 1)[0].rstrip("/")
    if plain:
        yield plain
    if plain and not plain.endswith(".py") and "/" not in plain.strip("."):
        parts = plain.strip(".").split(".")
        while parts:
            yield "/".join(parts)
            yield "/".join(parts) + ".py"
            parts.pop()


def _likely(project: Project, suites: Suites, place: Place, run: TestRun) -> list[Group]:
    """Group the directories that a runner without arguments may look into.

    Homes of tests that are copied one by one are each meant to be run; of what comes with everything, what the
    runner's configuration says.
    """
    homes = [folder for path in suites.testpaths for folder in suites.below(_plain(path))]
    arriving = {folder for folder in suites.folders if _arrives(project, suites, place, run, folder)}
    ranked = sorted(
        suites.folders, key=lambda each: _rank(suites, each, reached=each in arriving, is_home=each in homes)
    )
    groups = []
    for source in context_sources(project):
        if not _HOME.search(source.path):
            continue
        root = source.path if (project.folder / source.path).is_dir() else posixpath.dirname(source.path)
        below = [folder for folder in ranked if folder in arriving and folder in suites.below(root)]
        groups.append(tuple(_bed(suites, run, folder) for folder in below))
    main = tuple(_bed(suites, run, folder) for folder in ranked)
    found = [group for group in groups if group]
    return found or ([main] if main else [])


def _plain(path: str) -> str:
    return posixpath.normpath(path).strip("/").removeprefix("./").removesuffix(".")


def _arrives(project: Project, suites: Suites, place: Place, run: TestRun, folder: str) -> bool:
    """Whether the test files of a directory lie under the step's working directory, as far as the text tells."""
    path = next(path for path in suites.files if posixpath.dirname(path) == folder)
    tails = [0, *(match.end() for match in re.finditer("/", path))]
    return any(
        trace(project, place.stage, run.line, posixpath.join(place.workdir, path[at:])) == path
        for at in tails
    )


def _rank(suites: Suites, folder: str, *, reached: bool, is_home: bool = False) -> tuple[object, ...]:
    unit = "unit" in folder.lower().split("/")
    mentioned = suites.is_mentioned(folder)
    return (
        not reached,
        not is_home,
        not mentioned,
        not unit,
        -suites.folders[folder],
        folder.count("/"),
        folder,
    )


def _bed(suites: Suites, run: TestRun, folder: str) -> Bed:
    selected = run.marker or (suites.marker if run.runner == "pytest" else None)
    keyword = run.keyword if run.keyword and _WORD.match(run.keyword) else None
    texts = suites.text_of(folder) if selected or keyword else ""
    # A selection that none of the tests meets selects nothing: the planted one must fare no better.
    markers = [word for word in _ASKED.findall(selected or "") if re.search(rf"\bmark\.{word}\b", texts)]
    keyword = keyword if keyword and re.search(rf"(?i)(?:def|class)\s+\w*{keyword}", texts) else None
    return Bed(folder, _patterns(run), markers[0] if markers else None, keyword)


def _patterns(run: TestRun) -> tuple[str, ...]:
    return tuple(
        value
        for option, value in itertools.pairwise(run.command.argv)
        if option in _PATTERN_OPTIONS and value.endswith(".py")
    )
