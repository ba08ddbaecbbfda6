"""Experiment: failing tests in every test file of the project, and whether the release's build fails on each."""

from __future__ import annotations

import os
import secrets
from collections import defaultdict
from dataclasses import replace
from typing import TYPE_CHECKING

from hullproof.dockerfile import test_commands
from hullproof.errors import Unobservable
from hullproof.lab import failing, teststyle
from hullproof.lab.excuses import Excuses
from hullproof.lab.outcomes import GateFacts, PlantedFile
from hullproof.lab.output import Output, Reported
from hullproof.lab.private import with_own_mounts
from hullproof.lab.rebuild import reaching, rebuild
from hullproof.lab.scratch import put, remove
from hullproof.project import projectfiles, scripts, suites

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from hullproof.engine.connection import Engine
    from hullproof.engine.model.build import BuildFacts, Step
    from hullproof.lab.failing import Ending, Spot
    from hullproof.lab.recipe import Recipe
    from hullproof.lab.scratch import Bench
    from hullproof.project.project import Project

_MOST_BUILDS = 5
"""So many builds with failing tests: a runner that stops at the first one tells of one file at a time."""
_OUTPUT_LINES = 20


def run(engine: Engine, recipe: Recipe, bench: Bench, baseline: BuildFacts) -> GateFacts:
    """Plant failing tests and build the release; what the output does not tell of is planted again, alone."""
    if not baseline.ok:
        raise Unobservable(str(baseline.failure or baseline.error))
    facts = lines_of_tests(recipe.project)
    spots = tuple(_spots(recipe.project))
    if not spots:
        return replace(facts, no_tests=f"no test was found: looked into {suites.LOOKED_FOR} in the project")
    return _Gate(engine, recipe, bench, spots, facts).settle()


def lines_of_tests(project: Project) -> GateFacts:
    """Note which steps run tests, in stages that the release needs and in others."""
    needed = {stage.index for stage in project.needed_stages}
    scripted = scripts.testing(project)
    lines = [
        (each.line, each.stage_index in needed)
        for each in project.dockerfile.instructions
        if test_commands(each) or each.line in scripted
    ]
    return GateFacts(
        test_lines=tuple(line for line, is_needed in lines if is_needed),
        unneeded_test_lines=tuple(line for line, is_needed in lines if not is_needed),
    )


def _spots(project: Project) -> Iterator[Spot]:
    """Plan what to plant: in each file that holds tests, and in a new one beside those of each folder."""
    folders = defaultdict(list)
    for found in suites.scan(project.folder, project.dockerfile.text):
        try:
            content = projectfiles.read(project.folder, found.path)
        except (OSError, projectfiles.ProjectFileError):
            continue
        plan = teststyle.plan_example if found.is_document else teststyle.plan
        spot = plan(found.path, content)
        if spot is not None:
            yield replace(spot, is_looked_for=found.is_named_so)
            if not found.is_document and not found.has_fixed_name:
                folders[spot.folder].append(spot)
    for folder, neighbours in folders.items():
        yield failing.beside([each for each in neighbours if each.is_looked_for] or neighbours, folder)


class _Gate:
    """One scratch copy in which tests are planted, and what is known of each file so far."""

    def __init__(
        self, engine: Engine, recipe: Recipe, bench: Bench, spots: tuple[Spot, ...], facts: GateFacts
    ) -> None:
        # What a runner keeps from one run to the next, the user's own runs are not to find.
        lines = {*facts.test_lines, *facts.unneeded_test_lines}
        self.engine, self.bench = engine, bench
        self.recipe = with_own_mounts(recipe, bench.folder("gate-dockerfile"), lines)
        self.context = bench.copy("gate")
        self.spots, self.facts = spots, facts
        self.excuses = Excuses(recipe.project, self._reached)
        self.output = Output(spots)
        own = [spot for spot in spots if spot.before is not None]
        times = {spot.path: (recipe.project.folder / spot.path).lstat().st_mtime_ns for spot in own}
        self.times_ns = {**{spot.folder: times[spot.path] for spot in own}, **times}
        self.stopping: dict[Spot, Reported] = {}
        self.passes_without: bool | None = None

    def settle(self) -> GateFacts:
        """Build until each file's failing test has stopped a build, or a build succeeded in spite of it."""
        waiting, most = [list(self.spots)], failing.AT_FIRST
        failed: BuildFacts | None = None
        for _ in range(_MOST_BUILDS):
            group = self._next(waiting)
            if not group:
                return self._facts()
            built = self._build(group, "fails", most)
            reported = self._reported(
                built.steps if built.ok or not built.failed_step else [built.failed_step], group
            )
            if built.ok and not reported and any(len(each.tests) > most for each in group):
                waiting.append(group)  # what selects by names or marks may have passed over the first few
            elif built.ok:
                return self._facts(escaped=group, reported=reported, steps=built.steps)
            elif reported:
                waiting += self._learn(group, reported)
            elif self.stopping:
                return self._facts()
            elif failed is not None:
                return self._unnamed(failed, built)
            else:
                # No word of a test: a runner that is silent, another step, or an index that did not answer.
                failed = built
                self.passes_without = self._build(group, "passes", most).ok
                if not self.passes_without:
                    return self._unnamed(failed, failed)
                waiting.append(group)
            most = teststyle.MOST
        return self._settle_by_warnings(self._next(waiting))

    def _next(self, waiting: list[list[Spot]]) -> list[Spot]:
        """Take the next files to plant in: those that nothing excuses, once it is known that others are run."""
        while waiting:
            group = waiting.pop(0)
            group = self.excuses.accusable(group, self.stopping) if self.stopping else group
            if group:
                return group
        return []

    def _learn(self, group: list[Spot], reported: dict[Spot, Reported]) -> list[list[Spot]]:
        """Note which files stopped a build, and return what is still open, by groups to be tried alone.

        Where several runners were at work in one step, its exit code may have been that of one alone.
        """
        by_session: dict[int, list[Spot]] = defaultdict(list)
        for spot, found in reported.items():
            by_session[found.session].append(spot)
        rest = [each for each in group if each not in reported]
        if len(by_session) > 1:
            return [*by_session.values(), rest]
        self.stopping |= reported
        return [rest]

    def _settle_by_warnings(self, rest: list[Spot]) -> GateFacts:
        """Find out what else is run where a runner stops at the first failure: by tests that pass, and warn.

        A number in the output of a file that is known to be run shows that warnings are shown.
        """
        built = self._build([*self.stopping, *rest], "warns", failing.AT_FIRST)
        reported = self._reported(built.steps, [*self.stopping, *rest])
        silent = [each for each in rest if each not in reported]
        if built.ok and silent and not reported.keys().isdisjoint(self.stopping):
            again = self._build(silent, "fails")
            if again.ok:
                return self._facts(
                    escaped=silent, reported=self._reported(again.steps, silent), steps=again.steps
                )
        return self._facts()

    def _build(self, spots: Iterable[Spot], ending: Ending, most: int | None = None) -> BuildFacts:
        """Build with tests planted in these files, and put the files back."""
        spots = list(spots)
        for spot in spots:
            self._put(spot, spot.content(ending, most), 1 + secrets.randbelow(10**9))
        try:
            what = f"the build with tests planted in {len(spots)} files"
            return rebuild(self.engine, self.recipe, self.context, what, keep=self.output.is_wanted)
        finally:
            for spot in spots:
                if spot.before is None:
                    remove(self.context, spot.path)
                else:
                    self._put(spot, spot.before)

    def _put(self, spot: Spot, content: bytes, later_ns: int = 0) -> None:
        """Write a file, as old as the project's own: a planted test is not to be known by its time.

        But for a part of a second: BuildKit takes files of the same size and time for the same.
        """
        put(self.context, spot.path, content)
        time_ns = self.times_ns[spot.folder if spot.before is None else spot.path]
        os.utime(self.context / spot.path, ns=(time_ns, time_ns + later_ns))

    def _reported(self, steps: Iterable[Step], spots: Iterable[Spot]) -> dict[Spot, Reported]:
        return self.output.read(steps, spots, by_name=bool(self.passes_without))

    def _unnamed(self, first: BuildFacts, second: BuildFacts) -> GateFacts:
        """Tell of builds that failed without a word of the planted tests."""
        step, again = first.failed_step, second.failed_step
        line = step.line if step else None
        output = (step.log if step and step.log else first.output)[-_OUTPUT_LINES:]
        facts = replace(self._facts(), failed_line=line, output=tuple(output))
        if line == (again.line if again else None):
            return facts
        where = f"line {line} and then at line {again.line if again else None} of the Dockerfile"
        return replace(facts, error=f"the build failed at {where}, and neither names a planted test")

    def _facts(
        self,
        escaped: Iterable[Spot] = (),
        reported: dict[Spot, Reported] | None = None,
        steps: Iterable[Step] = (),
    ) -> GateFacts:
        """Sum up what is known of each file; of those that nothing is known of, what excuses them."""
        reported, escaped = reported or {}, set(escaped)
        planted = []
        for spot in self.spots:
            found = self.stopping.get(spot) or reported.get(spot)
            stops = True if spot in self.stopping else False if spot in escaped else None
            planted.append(
                PlantedFile(
                    spot.path,
                    is_new=spot.before is None,
                    stops=stops,
                    line=found.line if found else None,
                    said=found.said if found else None,
                    excuse=None if stops else self.excuses.of(spot, self.stopping),
                )
            )
        return replace(
            self.facts,
            planted=tuple(planted),
            passes_without=self.passes_without,
            endings=_endings(steps, self.facts.test_lines),
            reached=None if self.stopping or reported or not escaped else bool(self._reached(self.spots)),
        )

    def _reached(self, spots: Iterable[Spot]) -> frozenset[str]:
        """List which of the files get to the builder at all, through its own ignore file."""
        context = self.bench.empty("gate-listing")
        for spot in spots:
            put(context, spot.path, b"")
        return reaching(self.engine, self.recipe, context, self.bench.folder("listing")) & {
            each.path for each in spots
        }


def _endings(steps: Iterable[Step], lines: tuple[int, ...]) -> dict[int, str]:
    """Tell how the output of each of these steps ended."""
    ends = {}
    for step in steps:
        said = [line for each in step.log if (line := each.strip(" =\t"))]
        if step.line in lines and said:
            ends[step.line] = said[-1]
    return ends
