"""Experiment: plant a failing test where the project's tests live, and see whether the release's build fails."""

from __future__ import annotations

import posixpath
import secrets
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from hullproof.dockerfile import test_commands
from hullproof.facts import GateFacts, Unobservable
from hullproof.lab import beds, doctests, scripts, suites
from hullproof.lab.rebuild import reaching, rebuild
from hullproof.lab.scratch import put, remove

if TYPE_CHECKING:
    from pathlib import Path

    from hullproof.engine.connection import Engine
    from hullproof.facts import BuildFacts
    from hullproof.lab.beds import Bed
    from hullproof.lab.scratch import Bench
    from hullproof.lab.suites import Suites
    from hullproof.project import Project, Recipe

_MOST_GROUPS = 3
_MOST_BEDS = 3
_OUTPUT_LINES = 20


def run(engine: Engine, recipe: Recipe, bench: Bench, baseline: BuildFacts) -> GateFacts:
    """Plant a failing test and build the release; explain what comes of it with as few more builds as it takes."""
    if not baseline.ok:
        raise Unobservable(f"the project's own build fails: {baseline.error}")
    project = recipe.project
    facts = _test_lines(project)
    found = suites.find(project.folder, beds.patterns(project))
    groups = beds.find(project, found) if found.files else doctests.find(project)
    if not groups:
        return replace(
            facts, no_tests=f"no test file was found: looked for {suites.LOOKED_FOR} in the project"
        )
    gardener = _Gardener(engine, recipe, bench, bench.copy("gate"), found)
    outcomes: list[GateFacts] = []
    for group in groups[:_MOST_GROUPS]:
        outcome = facts
        for bed in group[:_MOST_BEDS]:
            outcome = gardener.plant(bed, facts)
            if outcome.failed:
                break
        if not outcome.failed:
            return gardener.explain(outcome)
        outcomes.append(outcome)
    return outcomes[0]


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


@dataclass(frozen=True)
class _Seed:
    path: str
    nonce: str
    bed: Bed

    def text(self, *, passing: bool = False) -> bytes:
        """Write a test that unittest, pytest and Django's runner collect alike; an example where those are the tests."""
        if self.bed.document is not None:
            return doctests.example(self.path, self.nonce, passing=passing)
        word = f"{self.bed.keyword}_" if self.bed.keyword else ""
        marked = (
            f"import pytest\n\npytestmark = pytest.mark.{self.bed.marker}\n\n\n" if self.bed.marker else "\n"
        )
        body = (
            "self.assertTrue(self.id())"
            if passing
            else f'self.fail("hullproof planted this failing test: {self.nonce}")'
        )
        return (
            f'"""Planted by Hullproof in a scratch copy: {self.nonce}."""\n\n'
            f"import unittest\n\n{marked}"
            f"class TestHullproof{self.nonce}(unittest.TestCase):\n"
            f'    """Shows whether a failing test stops the build."""\n\n'
            f"    def test_{word}planted_{self.nonce}(self) -> None:\n"
            f'        """Fail, unless this is the twin that passes."""\n'
            f"        {body}\n"
        ).encode()


class _Gardener:
    """Plants tests in one scratch copy, and pulls them out again."""

    def __init__(self, engine: Engine, recipe: Recipe, bench: Bench, context: Path, found: Suites) -> None:
        self.engine, self.recipe, self.bench, self.context, self.suites = (
            engine,
            recipe,
            bench,
            context,
            found,
        )

    def plant(self, bed: Bed, facts: GateFacts) -> GateFacts:
        """Build with a failing test; where the failure does not name it, once more, and with a passing twin.

        A step that is not known to run tests may name the file for another reason, as linters do: the twin tells.
        """
        outcome = self._try(bed, facts)
        if not outcome.failed or (outcome.named_planted and outcome.failed_line in facts.test_lines):
            return outcome
        if outcome.named_planted:
            return replace(outcome, twin_passed=self._build_with(self._seed(bed), passing=True).ok)
        # An index that did not answer fails a build as well: only what fails twice in one place is no accident.
        again = self._try(bed, facts)
        if not again.failed or again.named_planted:
            return again
        if again.failed_line != outcome.failed_line:
            where = f"line {outcome.failed_line} and then at line {again.failed_line} of the Dockerfile"
            return replace(again, error=f"the build failed at {where}, and neither names the planted test")
        return replace(again, twin_passed=self._build_with(self._seed(bed), passing=True).ok)

    def _try(self, bed: Bed, facts: GateFacts) -> GateFacts:
        seed = self._seed(bed)
        built = self._build_with(seed)
        step = built.failed_step
        output = step.log if step and step.log else built.output
        named = step is not None and any(seed.nonce in line for line in output)
        return replace(
            facts,
            planted=seed.path,
            planted_inside=(self.context / seed.path).is_file(),
            failed=not built.ok,
            failed_line=step.line if step else None,
            failed_instruction=step.instruction if step else "",
            named_planted=named,
            output=tuple(output[-_OUTPUT_LINES:]) if not built.ok else (),
            reached=True if named else None,
        )

    def explain(self, facts: GateFacts) -> GateFacts:
        """Find out why a failing test did not stop the build: whether it got there, and whether the others would."""
        if facts.planted is None:
            return facts
        context = self.bench.empty("gate-listing")
        put(context / facts.planted, b"")
        reached = facts.planted in reaching(self.engine, self.recipe, context, self.bench.folder("listing"))
        gates = self._existing_tests_gate() if facts.test_lines else None
        return replace(facts, reached=reached, existing_tests_gate=gates)

    def _seed(self, bed: Bed) -> _Seed:
        nonce = secrets.token_hex(6)
        if bed.document is not None:
            return _Seed(bed.document, nonce, bed)
        name = self.suites.name_for(bed.folder, nonce, bed.patterns)
        return _Seed(posixpath.join(bed.folder, name), nonce, bed)

    def _build_with(self, seed: _Seed, *, passing: bool = False) -> BuildFacts:
        target = self.context / seed.path
        before = target.read_bytes() if target.is_file() else None
        put(target, (before or b"") + seed.text(passing=passing))
        try:
            return rebuild(self.engine, self.recipe, self.context, f"the build with {seed.path} planted")
        finally:
            if before is None:
                remove(target)
            else:
                put(target, before)

    def _existing_tests_gate(self) -> bool:
        """Break every existing test file instead, and tell whether the build fails."""
        nonce = secrets.token_hex(6)
        broken = f'\n\nraise AssertionError("hullproof broke this test file on purpose: {nonce}")\n'.encode()
        for path in self.suites.files:
            target = self.context / path
            if target.is_file():
                put(target, target.read_bytes() + broken)
        return not rebuild(self.engine, self.recipe, self.context, "the build with its tests broken").ok
