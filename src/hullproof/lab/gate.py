"""Experiment: failing tests in every test file of the project, and whether the release's build fails on each."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from hullproof import projectfiles
from hullproof.dockerfile import test_commands
from hullproof.facts import GateFacts, PlantedFile, Unobservable
from hullproof.lab import failing, scripts, suites, teststyle
from hullproof.lab.excuses import Excuses
from hullproof.lab.rebuild import reaching, rebuild
from hullproof.lab.scratch import put, remove

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from hullproof.engine.connection import Engine
    from hullproof.facts import BuildFacts, Step
    from hullproof.lab.failing import Ending, Spot
    from hullproof.lab.scratch import Bench
    from hullproof.project import Project, Recipe

_MOST_BUILDS = 5
"""So many builds with failing tests: a runner that stops at the first one tells of one file at a time."""
_OUTPUT_LINES = 20
_TOKEN = re.compile(r"\w+")
_FAILS = re.compile(r"\b(?:FAIL|ERROR)", re.IGNORECASE)
_SESSION_ENDS = re.compile(r"\b(?:passed|failed|errors?|deselected|ran)\b.* in [\d.]+ ?s|^Ran \d+ tests? in ")
"""The last line of pytest, and of unittest: what follows is another runner's."""


def run(engine: Engine, recipe: Recipe, bench: Bench, baseline: BuildFacts) -> GateFacts:
    """Plant failing tests and build the release; what the output does not tell of is planted again, alone."""
    if not baseline.ok:
        raise Unobservable(f"the project's own build fails: {baseline.error}")
    facts = _test_lines(recipe.project)
    spots = tuple(_spots(recipe.project))
    if not spots:
        return replace(facts, no_tests=f"no test was found: looked into {suites.LOOKED_FOR} in the project")
    return _Gate(engine, recipe, bench, spots, facts).settle()


def _test_lines(project: Project) -> GateFacts:
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


@dataclass(frozen=True)
class _Telling:
    """What a step's output told of a planted test, and how many runners had ended before."""

    line: int | None
    said: str
    session: int = 0
    is_named: bool = False


class _Gate:
    """One scratch copy in which tests are planted, and what is known of each file so far."""

    def __init__(
        self, engine: Engine, recipe: Recipe, bench: Bench, spots: tuple[Spot, ...], facts: GateFacts
    ) -> None:
        self.engine, self.recipe, self.bench = engine, recipe, bench
        self.context = bench.copy("gate")
        self.spots, self.facts = spots, facts
        self.excuses = Excuses(recipe.project.folder, self._reached)
        self.by_number = {str(test.sum.value): spot for spot in spots for test in spot.tests}
        self.by_name = {test.name: spot for spot in spots for test in spot.tests}
        self.stopping: dict[Spot, _Telling] = {}
        self.speaking: set[int | None] = set()
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
            told = self._told(
                built.steps if built.ok or not built.failed_step else [built.failed_step], group
            )
            if built.ok and not told and any(len(each.tests) > most for each in group):
                waiting.append(group)  # what selects by names or marks may have passed over the first few
            elif built.ok:
                return self._facts(escaped=group, told=told, steps=built.steps)
            elif told:
                waiting += self._learn(group, told)
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

    def _learn(self, group: list[Spot], told: dict[Spot, _Telling]) -> list[list[Spot]]:
        """Note which files stopped a build, and return what is still open, by groups to be tried alone.

        Where several runners were at work in one step, its exit code may have been that of one alone.
        """
        by_session: dict[int, list[Spot]] = defaultdict(list)
        for spot, telling in told.items():
            by_session[telling.session].append(spot)
        rest = [each for each in group if each not in told]
        if len(by_session) > 1:
            return [*by_session.values(), rest]
        self.stopping |= told
        return [rest]

    def _settle_by_warnings(self, rest: list[Spot]) -> GateFacts:
        """Find out what else is run where a runner stops at the first failure: by tests that pass, and warn.

        A number in the output of a file that is known to be run shows that warnings are shown.
        """
        built = self._build([*self.stopping, *rest], "warns", failing.AT_FIRST)
        told = self._told(built.steps, [*self.stopping, *rest])
        silent = [each for each in rest if each not in told]
        if built.ok and silent and not told.keys().isdisjoint(self.stopping):
            again = self._build(silent, "fails")
            if again.ok:
                return self._facts(escaped=silent, told=self._told(again.steps, silent), steps=again.steps)
        return self._facts()

    def _build(self, spots: Iterable[Spot], ending: Ending, most: int | None = None) -> BuildFacts:
        """Build with tests planted in these files, and put the files back."""
        spots = list(spots)
        for spot in spots:
            put(self.context / spot.path, spot.content(ending, most))
        try:
            what = f"the build with tests planted in {len(spots)} files"
            return rebuild(self.engine, self.recipe, self.context, what, keep=self._is_telling)
        finally:
            for spot in spots:
                if spot.before is None:
                    remove(self.context / spot.path)
                else:
                    put(self.context / spot.path, spot.before)

    def _is_telling(self, line: str) -> bool:
        words = _TOKEN.findall(line)
        told = any(word in self.by_number or word in self.by_name for word in words)
        return told or _SESSION_ENDS.search(line) is not None

    def _told(self, steps: Iterable[Step], spots: Iterable[Spot]) -> dict[Spot, _Telling]:
        """Read which of the tests the output of steps tells of: by their numbers.

        Names are in the text, where linters read them. They count where they are said to fail, in a step that has
        told a number, or once it is known that passing tests get through.
        """
        told: dict[Spot, _Telling] = {}
        wanted = set(spots)
        for step in steps:
            session = 0
            words = [(line, _TOKEN.findall(line)) for line in step.kept]
            if any(word in self.by_number for _, each in words for word in each):
                self.speaking.add(step.line)
            for line, each in words:
                session += _SESSION_ENDS.search(line) is not None
                ran = {self.by_number[word] for word in each if word in self.by_number}
                named = {self.by_name[word] for word in each if word in self.by_name}
                counts = _FAILS.search(line) and (self.passes_without or step.line in self.speaking)
                for spot in wanted & (ran | (named if counts else set())):
                    if spot not in told or (counts and spot in named and not told[spot].is_named):
                        told[spot] = _Telling(step.line, line.strip(), session, is_named=spot in named)
        return told

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
        told: dict[Spot, _Telling] | None = None,
        steps: Iterable[Step] = (),
    ) -> GateFacts:
        """Sum up what is known of each file; of those that nothing is known of, what excuses them."""
        told, escaped = told or {}, set(escaped)
        planted = []
        for spot in self.spots:
            telling = self.stopping.get(spot) or told.get(spot)
            stops = True if spot in self.stopping else False if spot in escaped else None
            planted.append(
                PlantedFile(
                    spot.path,
                    is_new=spot.before is None,
                    stops=stops,
                    line=telling.line if telling else None,
                    said=telling.said if telling else None,
                    excuse=None if stops else self.excuses.of(spot, self.stopping),
                )
            )
        return replace(
            self.facts,
            planted=tuple(planted),
            passes_without=self.passes_without,
            endings=_endings(steps, self.facts.test_lines),
            reached=None if self.stopping or told or not escaped else bool(self._reached(self.spots)),
        )

    def _reached(self, spots: Iterable[Spot]) -> frozenset[str]:
        """List which of the files get to the builder at all, through its own ignore file."""
        context = self.bench.empty("gate-listing")
        for spot in spots:
            put(context / spot.path, b"")
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
