"""Experiment: edits to the application and to its requirements, and which steps run again."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from hullproof.dockerfile import test_commands
from hullproof.errors import Unobservable
from hullproof.lab import application, installed, installing
from hullproof.lab.editing import can_edit, edited
from hullproof.lab.installing import Candidate
from hullproof.lab.outcomes import EditOutcome, EditsFacts, InstallStep
from hullproof.lab.reach import can_reach
from hullproof.lab.rebuild import rebuild
from hullproof.lab.scratch import content_of, put
from hullproof.project import scripts

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from hullproof.engine.build import StopWhen
    from hullproof.engine.connection import Engine
    from hullproof.engine.model.build import BuildFacts, Step
    from hullproof.engine.model.image import FileFacts
    from hullproof.lab.recipe import Recipe
    from hullproof.lab.scratch import Bench

_MOST_FILES = 4
_DECLARATIONS = ("requirements.txt", "Pipfile", "poetry.lock", "uv.lock", "pdm.lock", "environment.yml")
State = Literal["ran", "cached", "not-built", "forgotten"]


def run(
    engine: Engine, recipe: Recipe, bench: Bench, baseline: BuildFacts, files: FileFacts | None
) -> EditsFacts:
    """Make the edits, one rebuild for each, and a second one where the first accuses."""
    if not baseline.ok:
        raise Unobservable(str(baseline.failure or baseline.error))
    project = recipe.project
    steps = installing.candidates(project)
    declaring = _to_edit(steps)
    avoid = {path for each in steps for path in each.step.files}
    chosen = application.choose(project, files, avoid)
    editor = Editor(engine, recipe, bench.copy("edits"), steps, installed.own_names(project.folder))
    application_outcome = editor.application(chosen) if chosen.main else None
    if not editor.installing and not steps:
        return _without_steps(project.folder)
    requirements = tuple(editor.requirements(path) for path in declaring)
    return EditsFacts(
        install_steps=tuple(each.step for each in editor.installing),
        application=application_outcome,
        requirements=requirements,
        no_application=chosen.reason or None,
        no_requirements=None if requirements else _why_none(editor.installing),
    )


def _without_steps(folder: Path) -> EditsFacts:
    """Tell a project that declares dependencies, which nothing seems to install, from one that has none."""
    declared = tuple(EditOutcome(name, {}) for name in _DECLARATIONS if (folder / name).is_file())
    return EditsFacts(
        (), requirements=declared, no_requirements="no step was recognised that installs dependencies"
    )


def _to_edit(steps: tuple[Candidate, ...]) -> list[str]:
    """Choose the declaring files to edit: the first of each step, then the others, up to a few."""
    rows = [[path for path in each.step.files if can_edit(path)] for each in steps]
    firsts = [row[0] for row in rows if row]
    rest = [path for row in rows for path in row[1:]]
    return list(dict.fromkeys([*firsts, *rest]))[:_MOST_FILES]


def _why_none(steps: Sequence[Candidate]) -> str:
    lines = ", ".join(str(each.line) for each in steps)
    return f"no file of the project declares what is installed at line {lines} of the Dockerfile"


@dataclass(frozen=True)
class _Seen:
    """What is known of the installing steps at one moment. Lines that are in no set are not known yet."""

    ran: frozenset[int]
    cached: frozenset[int]
    absent: frozenset[int]
    others: tuple[int, ...]

    def installs(self) -> dict[int, State]:
        states: dict[int, State] = dict.fromkeys(sorted(self.ran), "ran")
        return (
            states
            | dict.fromkeys(sorted(self.cached), "cached")
            | dict.fromkeys(sorted(self.absent), "not-built")
        )


def _accused(outcome: EditOutcome) -> bool:
    return "ran" in outcome.installs.values()


class Editor:
    """Edits one scratch copy, rebuilds, and puts things back. Steps turn out to install or not on the way."""

    def __init__(
        self, engine: Engine, recipe: Recipe, context: Path, steps: tuple[Candidate, ...], own: frozenset[str]
    ) -> None:
        """Take the scratch copy to edit, the steps that may install, and the project's own distributions."""
        self.engine, self.recipe, self.context, self.own = engine, recipe, context, own
        self.installing = list(steps)
        self.paths: tuple[str, ...] = ()  # what is edited at the moment
        self.testing = {each.line for each in recipe.project.dockerfile.instructions if test_commands(each)}
        self.testing |= scripts.testing(recipe.project).keys()
        self.out_of_reach: frozenset[int] = frozenset()  # lines that the edit of the moment cannot get to

    def application(self, chosen: application.Choice) -> EditOutcome:
        """Edit the application: no installing step may run. Where one did, see it twice, and for one file."""
        every = [path for path in (chosen.main, *chosen.others) if path]
        outcome = self._edit_application(every)
        if not _accused(outcome):
            return outcome
        # A busy engine now and then runs a cached step again: what a second rebuild leaves alone is not accused.
        for path in every:
            again = self._edit_application([path])
            if _accused(again):
                return again
        return again

    def _edit_application(self, paths: list[str]) -> EditOutcome:
        """Edit files of the application. An export that runs again installs nothing: its list may well be the same."""
        outcome = self._edit(paths, self._application_is_known, discover=True)
        exports = {each.line for each in self.installing if each.exports}
        again = {line for line in exports if outcome.installs.get(line) == "ran"}
        if not again or all(line in exports for line in outcome.installs):
            return outcome
        installs = {line: state for line, state in outcome.installs.items() if line not in again}
        return replace(
            outcome, installs=installs, other_steps_ran=tuple(sorted({*outcome.other_steps_ran, *again}))
        )

    def requirements(self, path: str) -> EditOutcome:
        """Edit what declares the dependencies: a step that declares it must run. Where none did, see it twice."""
        lines = {each.line for each in self.installing if path in each.step.files}

        def known(steps: tuple[Step, ...]) -> bool:
            seen = self._look(steps)
            return bool(seen.ran & lines) or (bool(lines) and lines <= seen.cached)

        outcome = self._edit([path], known)
        if any(outcome.installs.get(line) == "ran" for line in lines) or outcome.error:
            return outcome
        again = self._edit([path], known)
        ran = any(again.installs.get(line) == "ran" for line in lines)
        return again if ran else replace(again, confirmed=again.error is None)

    def _edit(self, paths: list[str], known: StopWhen, *, discover: bool = False) -> EditOutcome:
        self.paths = tuple(paths)
        self.out_of_reach = frozenset(
            each.line
            for each in self.installing
            if not any(
                path in each.step.files or can_reach(self.recipe.project, each.line, path) for path in paths
            )
        )
        # What no step takes is not in the copy: an edit to it is one that nothing of the build sees.
        taken = [path for path in paths if os.path.lexists(self.context / path)]
        before = {path: content_of(self.context, path) for path in taken}
        for path, content in before.items():
            put(self.context, path, edited(path, content))
        try:
            facts = rebuild(self.engine, self.recipe, self.context, f"an edit to {paths[0]}", stop_when=known)
        finally:
            for path, content in before.items():
                put(self.context, path, content)
        self.installing += self._discovered(facts.steps) if discover else []
        seen = self._look(facts.steps, final=facts.ok and not facts.stopped_early)
        self._drop_own_steps(facts.steps)
        # A step that may only add the project is not accused before its output is complete.
        open_ = {
            line
            for line in self._tentative() & seen.ran
            if discover and line not in {each.line for each in self.installing if each.exports}
            if not self._is_done(facts.steps, line) and not self._installed(facts.steps, line)
        }
        kept = {each.line for each in self.installing} - open_
        return EditOutcome(
            edited=paths[0],
            installs={
                line: "forgotten" if state == "ran" and line in self.out_of_reach else state
                for line, state in seen.installs().items()
                if line in kept
            },
            other_steps_ran=tuple(sorted({*seen.others, *(seen.ran - kept)})),
            error=None if facts.ok or facts.stopped_early else facts.error,
        )

    def _application_is_known(self, steps: tuple[Step, ...]) -> bool:
        """Whether an installing step surely runs, or all are surely left alone while the edit took effect."""
        if not self.installing:  # what nobody recognised as an installer can only be known by its output
            return bool(self._discovered(steps))
        seen = self._look(steps)
        unknown = {each.line for each in self.installing} - seen.ran - seen.cached
        waiting = {line for line in self._tentative() & seen.ran if not self._is_done(steps, line)}
        if seen.ran - self._tentative() - self.out_of_reach:
            return True
        if any(self._installed(steps, line) for line in seen.ran - self.out_of_reach):
            return True
        return not unknown and not waiting and bool(seen.others or seen.ran - self.out_of_reach)

    def _discovered(self, steps: tuple[Step, ...]) -> list[Candidate]:
        """Find steps that no text gives away, and whose output says that they installed packages of others.

        Steps that run tests install what those need.
        """
        known = {each.line for each in self.installing} | self.testing
        found = {
            step.line: Candidate(InstallStep(step.line, step.instruction, step.stage or "", is_seen=True))
            for step in steps
            if step.line is not None
            and step.line not in known
            and step.ran
            and installed.foreign_packages(step, self.own)
            and any(can_reach(self.recipe.project, step.line, path) for path in self.paths)
        }
        return list(found.values())

    def _look(self, steps: tuple[Step, ...], *, final: bool = False) -> _Seen:
        """Sort the installing steps. One that was never named is no part of the release's build.

        That is known at the end only: BuildKit names a build's steps bit by bit.
        """
        lines = {each.line for each in self.installing}
        by_line: dict[int, list[Step]] = {line: [] for line in lines}
        for step in steps:
            if step.line in by_line:
                by_line[step.line].append(step)
        named = any(step.line is not None for step in steps)
        ran = {line for line, own in by_line.items() if any(step.ran for step in own)}
        cached = {line for line, own in by_line.items() if own and all(step.cached for step in own)}
        absent: set[int] = set()
        if final and not named:
            raise Unobservable("no step of the rebuild could be traced to a line of the Dockerfile")
        if final:
            absent = {line for line, own in by_line.items() if not own}
            cached |= lines - ran - absent
        others = tuple(
            sorted({s.line for s in steps if s.line is not None and s.line not in lines and s.ran})
        )
        return _Seen(frozenset(ran), frozenset(cached - ran), frozenset(absent), others)

    def _tentative(self) -> set[int]:
        return {each.line for each in self.installing if each.tentative}

    @staticmethod
    def _is_done(steps: tuple[Step, ...], line: int) -> bool:
        return all(step.completed or step.error for step in steps if step.line == line)

    def _installed(self, steps: tuple[Step, ...], line: int) -> bool:
        """Whether a step says that it installed packages of others."""
        return any(installed.foreign_packages(step, self.own) for step in steps if step.line == line)

    def _drop_own_steps(self, steps: tuple[Step, ...]) -> None:
        """Forget the tentative steps that ran and installed nothing but the project: those are its own."""
        dropped = {
            line
            for line in self._tentative() - {each.line for each in self.installing if each.exports}
            if any(step.ran and step.completed and not step.error for step in steps if step.line == line)
            and not self._installed(steps, line)
        }
        self.installing = [each for each in self.installing if each.line not in dropped]
