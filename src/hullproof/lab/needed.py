"""Experiment: what the application needs when the project's own tests run it, and the release lacks.

An application may start well, and fail once somebody asks for the page whose template was not copied. The project's
tests ask. In a first build it is noted what they have the application open and import; in further ones, what the release
lacks of that is taken away, and only what the tests then fail without is said to be missing.
"""

from __future__ import annotations

import posixpath
import re
from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from hullproof import secrets
from hullproof.errors import Unobservable
from hullproof.lab import application
from hullproof.lab.gate import lines_of_tests
from hullproof.lab.outcomes import MissingFiles, NeededFacts
from hullproof.lab.scratch import content_of, put, remove
from hullproof.lab.shipped import Shipped
from hullproof.lab.watching import Watch
from hullproof.project import projectfiles, tree
from hullproof.project.arrivals import trace
from hullproof.project.sources import Takers, context_sources

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from hullproof.engine.connection import Engine
    from hullproof.engine.model.build import BuildFacts
    from hullproof.engine.model.image import FileFacts
    from hullproof.lab.recipe import Recipe
    from hullproof.lab.scratch import Bench
    from hullproof.lab.watching import Note
    from hullproof.project.project import Project

_MOST_TRIED = 6
"""So often something is taken away, one after the other: the first accusations are worth most."""
_MOST_ALONE = 3
"""So many files of one folder are taken away each by itself, more of them together."""
_FOR_DEVELOPMENT = re.compile(
    r"(?:^|[/._-])(?:tests?|testing|dev|develop(?:ment)?|debug|local|ci|mocks?|fakes?|stubs?|fixtures?|factor(?:y|ies)|samples?"
    r"|examples?|snapshots?|golden|cassettes?)(?:[/._-]|$)|(?:^|/)(?:test_[^/]*|[^/]*_test|conftest)\.py$",
    re.IGNORECASE,
)
"""What the application may have in its hands because tests or developers gave it that."""
_SETTINGS = (".py", ".toml", ".yaml", ".yml", ".ini", ".cfg", ".conf", ".json", ".env")


def run(engine: Engine, recipe: Recipe, bench: Bench, baseline: BuildFacts, files: FileFacts) -> NeededFacts:
    """Watch the tests, where the release lacks anything that they could ask for, and try what they did ask for."""
    if not baseline.ok:
        raise Unobservable(str(baseline.failure or baseline.error))
    project = recipe.project
    lines = lines_of_tests(project).test_lines
    shipped = Shipped(project.folder, files)
    left = _left_out(project, shipped) if lines else []
    if not any(map(application.is_code, left)):
        return NeededFacts()
    context = bench.copy("needed")
    watch = Watch(engine, recipe, context, bench.folder("watch"), lines)
    names = {posixpath.basename(path) for path in left}
    modules = {_last_part(path) for path in left if path.endswith(".py")}
    built, notes = watch.run(names, modules)
    if not built.ok:
        return NeededFacts()  # with the hook, the tests do not run as they do: nothing is said of them
    chosen = _Choice(project, shipped, frozenset(left), lines)
    trials = _Trials(watch, context, names, modules, lines)
    missing = tuple(found for group in chosen.groups(notes)[:_MOST_TRIED] if (found := trials.missing(group)))
    return NeededFacts(watch.lines, missing)


def _left_out(project: Project, shipped: Shipped) -> list[str]:
    """List the files that the build takes and the release lacks, but for what is empty, secret, or for development."""
    takers = Takers(context_sources(project))
    return [
        path
        for path in tree.files(project.folder)
        if takers.of(path)
        and not _FOR_DEVELOPMENT.search(path)
        and secrets.named(path) is None
        and (project.folder / path).stat().st_size
        and not shipped.has(path)
    ]


def _last_part(path: str) -> str:
    """Return the last part of a module's name: the folder's for a package."""
    folder, name = posixpath.split(path.removesuffix(".py"))
    return posixpath.basename(folder) if name == "__init__" else name


@dataclass
class _Group:
    """Files of one folder that one way of asking was seen for: `asked` are the names and paths in the stage."""

    paths: tuple[str, ...]
    by: str
    by_shipped: str
    test: str
    imported: bool
    asked: set[tuple[str, str]] = field(default_factory=set)


class _Choice:
    """Tells of what was noted which may be missing: what the application, as it is released, asked for by itself."""

    def __init__(
        self, project: Project, shipped: Shipped, left: frozenset[str], lines: tuple[int, ...]
    ) -> None:
        self._project, self._shipped, self._left, self._lines = project, shipped, left, lines
        self._traced: dict[tuple[int, str], str] = {}
        self._for: dict[str, str] = {}
        """For each that is lacking, who of the release it is needed for: its path in the test stage."""

    def groups(self, notes: Iterable[Note]) -> list[_Group]:
        """Choose what to take away, and how."""
        candidates = [
            (path, note)
            for note in notes
            if (path := self._path(note.line, note.path)) in self._left
            and (note.module or not self._is_chosen(path))
        ]
        found: dict[tuple[str, bool], list[tuple[str, Note]]] = defaultdict(list)
        for path, note in self._asked_for(candidates):
            found[posixpath.dirname(path), bool(note.module)].append((path, note))
        return [
            self._group(rows, imported=imported)
            for (_, imported), every in sorted(found.items())
            for rows in _apart(every)
        ]

    def _asked_for(self, candidates: list[tuple[str, Note]]) -> list[tuple[str, Note]]:
        """Keep what the released application asks for, and what that asks for in turn: a page for its layout."""
        kept: list[tuple[str, Note]] = []
        waiting = candidates
        while more := [each for each in waiting if self._is_released(each[1])]:
            kept += more
            waiting = [each for each in waiting if not self._is_released(each[1])]
            for path, note in more:
                self._for.setdefault(path, self._for.get(self._path(note.line, note.by), note.by))
        return kept

    def _group(self, rows: list[tuple[str, Note]], *, imported: bool) -> _Group:
        note = next((each for _, each in rows if each.by and each.test), rows[0][1])
        asking = self._for.get(rows[0][0], note.by)
        by = self._path(note.line, asking) if asking else ""
        file, _, name = note.test.partition("::")
        test = self._path(note.line, file) if file else ""
        return _Group(
            tuple(sorted({path for path, _ in rows})),
            by,
            (self._shipped.place_of(by) or "") if by else "",
            f"{test}::{name}" if test and test != by else "",
            imported,
            {(note.module, note.by) for _, note in rows},
        )

    def _is_released(self, note: Note) -> bool:
        """Whether who asks is in the release, or is needed there; a framework that answers a request of a test's is."""
        by = self._path(note.line, note.by) if note.by else ""
        if not note.by or by in self._for:
            return True
        return by != "" and not _FOR_DEVELOPMENT.search(by) and self._shipped.place_of(by) is not None

    def _is_chosen(self, path: str) -> bool:
        """Whether the tests may have chosen a file, since they name it: then it is not the application that needs it."""
        name = posixpath.basename(path)
        stem = re.escape(name.split(".")[0])
        named = re.escape(name) + (rf"|[\"'=:.]{stem}(?:[\"'\s]|$)" if name.endswith(_SETTINGS) else "")
        return any(re.search(named, text, re.MULTILINE) for text in self._of_tests)

    @property
    def _of_tests(self) -> Iterator[str]:
        """Go through what tells the tests what to do: themselves, their settings, and what their stages set."""
        folder = self._project.folder
        for path in tree.files(folder):
            if _FOR_DEVELOPMENT.search(path) or path in {
                "pyproject.toml",
                "setup.cfg",
                "tox.ini",
                "noxfile.py",
            }:
                yield projectfiles.text(folder, path)
        stages = {self._project.dockerfile.by_line[line].stage_index for line in self._lines}
        for each in self._project.dockerfile.instructions:
            if each.stage_index in stages and each.keyword in {"ENV", "ARG", "RUN"}:
                yield each.original

    def _path(self, line: int, path: str) -> str:
        """Return where a file of a test stage is in the project, "" where it is not from there."""
        step = self._project.dockerfile.by_line.get(line)
        if step is None:
            return ""
        if (line, path) not in self._traced:
            stage = self._project.dockerfile.stages[step.stage_index]
            steps = [each for each in self._lines if each >= line]
            found = (trace(self._project, stage, each, path) for each in reversed(steps))
            self._traced[line, path] = next((each for each in found if each), "")
        return self._traced[line, path]


def _apart(rows: list[tuple[str, Note]]) -> list[list[tuple[str, Note]]]:
    """Divide what was noted of a folder's files into what is taken away at once."""
    by_path: dict[str, list[tuple[str, Note]]] = defaultdict(list)
    for row in rows:
        by_path[row[0]].append(row)
    return list(by_path.values()) if len(by_path) <= _MOST_ALONE else [rows]


class _Trials:
    """Takes files away, and runs the tests without them."""

    def __init__(
        self, watch: Watch, context: Path, names: set[str], modules: set[str], lines: tuple[int, ...]
    ) -> None:
        self._watch, self._context, self._lines = watch, context, lines
        self._names, self._modules = names, modules

    def missing(self, group: _Group) -> MissingFiles | None:
        """Run the tests without these files; what they fail without is missing. A failure that does not name them counts twice."""
        failed = self._failed(group)
        if failed is None:
            return None
        line, said, is_named = failed
        if not is_named and self._failed(group) is None:
            return None
        return MissingFiles(
            group.paths, group.by, group.by_shipped, group.test, group.imported, line=line, said=said
        )

    def _failed(self, group: _Group) -> tuple[int, str, bool] | None:
        built = self._without(group)
        step = built.failed_step
        if built.ok or step is None or step.line not in self._lines:
            return None
        names = {posixpath.basename(path) for path in group.paths} | {
            module for module, _ in group.asked if module
        }
        lines = [line.strip() for line in step.log if line.strip(" =\t_")]
        naming = [line for line in lines if any(each in line for each in names)]
        errors = [line for line in naming if re.search(r"Error|NotFound|No such|DoesNotExist", line)]
        said = [*lines[-1:], *naming[-1:], *errors[-1:]]
        return step.line, (said[-1] if said else step.error or "it failed"), bool(naming)

    def _without(self, group: _Group) -> BuildFacts:
        """Withhold modules from who imported them alone: tests may import them, too. Take other files away."""
        if group.imported:
            return self._watch.run(self._names, self._modules, group.asked)[0]
        before = {path: content_of(self._context, path) for path in group.paths}
        for path in before:
            remove(self._context, path)
        try:
            return self._watch.run(self._names, self._modules)[0]
        finally:
            for path, content in before.items():
                put(self._context, path, content)
