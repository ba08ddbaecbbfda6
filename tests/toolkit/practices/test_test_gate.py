"""test-gate: what a planted failing test did to the build."""

from __future__ import annotations

from dataclasses import replace

import pytest

from hullproof.facts import BuildFacts, GateFacts, PlantedFile, Step

from .by_hand import BROKEN, GATE, GOOD, PROVEN, UNPROVEN, lines, prove, without

ONE, NEW = GATE.planted
RUN = "RUN python -m pytest && touch /passed"


def escaped(*planted: PlantedFile, **changes: object) -> GateFacts:
    """Let the build succeed in spite of failing tests, of which no output tells."""
    files = planted or tuple(replace(each, stops=False, line=None, said=None) for each in GATE.planted)
    return replace(GATE, planted=files, **changes)  # type: ignore[arg-type]


def test_a_build_that_stops_at_each_planted_test_is_proven() -> None:
    """The files are named, a new one by its folder, and the output is quoted."""
    proof = prove("test-gate", gate=GATE)
    assert proof.verdict is PROVEN
    assert "tests/test_a.py and a new file in tests/" in proof.summary
    assert "test_more" not in proof.summary
    assert "AssertionError: 42" in str(proof.evidence)


def test_a_silent_runner_is_proven_by_passing_tests_in_their_place() -> None:
    """Nothing names a test, and only the failing ones stop the build."""
    silent = replace(GATE, planted=(replace(ONE, stops=None),), failed_line=10)
    assert prove("test-gate", gate=replace(silent, passes_without=True)).verdict is PROVEN
    assert prove("test-gate", gate=replace(silent, passes_without=False)).verdict is UNPROVEN
    assert prove("test-gate", gate=replace(silent, error="it failed elsewhere")).verdict is UNPROVEN


def test_a_project_without_tests_has_a_broken_gate() -> None:
    """There is nothing that could stop anything."""
    proof = prove("test-gate", gate=GateFacts(no_tests="no test_*.py was found"))
    assert proof.verdict is BROKEN
    assert "no test_*.py was found" in proof.summary


def test_tests_of_an_unknown_kind_are_not_said_to_be_none() -> None:
    """A step runs some, such as those of behave: nothing could be planted among them."""
    assert prove("test-gate", gate=GateFacts(no_tests="none", test_lines=(10,))).verdict is UNPROVEN


def test_a_lost_exit_code_is_seen_and_quoted() -> None:
    """The output tells of the failure, and the step succeeded."""
    files = tuple(replace(each, stops=False) for each in GATE.planted)
    proof = prove("test-gate", GOOD.replace(RUN, "RUN python -m pytest || true"), gate=escaped(*files))
    assert proof.verdict is BROKEN
    assert "exit code was 0: Dockerfile:10 `RUN python -m pytest || true`" in proof.summary
    assert "FAILED tests/test_a.py" in str(proof.evidence)


def test_a_file_that_is_passed_over_is_named() -> None:
    """Others stop the build; of this one nothing is told."""
    other = PlantedFile("tests/test_b.py", stops=False)
    proof = prove("test-gate", gate=escaped(*GATE.planted, other))
    assert proof.verdict is BROKEN
    assert "in spite of a failing test in tests/test_b.py: Dockerfile:10" in proof.summary
    new = prove("test-gate", gate=escaped(ONE, replace(NEW, stops=False, line=None, said=None)))
    assert "a failing test in a new file in tests/" in new.summary


def test_what_is_excused_is_told_and_not_accused() -> None:
    """Unless nothing stops the build at all."""
    aside = PlantedFile("tests/e2e/test_b.py", excuse="by its name (e2e) it needs a running system")
    proof = prove("test-gate", gate=escaped(*GATE.planted, aside))
    assert proof.verdict is PROVEN
    assert "tests/e2e/test_b.py" in lines(proof)
    assert prove("test-gate", gate=escaped(replace(aside, stops=False))).verdict is BROKEN


def test_a_stage_that_buildkit_skips_is_the_explanation() -> None:
    """The release takes nothing from the test stage."""
    text = GOOD.replace("COPY --from=test /passed /tmp/passed\n", "")
    proof = prove("test-gate", text, gate=escaped(test_lines=(), unneeded_test_lines=(10,)))
    assert proof.verdict is BROKEN
    assert "does not depend on stage 'test'" in proof.summary
    assert "Dockerfile:10" in lines(proof)


def test_no_step_is_the_explanation() -> None:
    """Nothing in the build runs tests."""
    proof = prove("test-gate", GOOD.replace(RUN, "RUN touch /passed"), gate=escaped(test_lines=()))
    assert "no step of the build runs the tests" in proof.summary


@pytest.mark.parametrize("later", ['CMD ["pytest"]', "ONBUILD RUN pytest"])
def test_an_instruction_that_no_build_runs_is_the_explanation(later: str) -> None:
    """Tests as CMD or ONBUILD run some other time, if ever."""
    text = GOOD.replace(RUN, f"RUN touch /passed\n{later}")
    proof = prove("test-gate", text, gate=escaped(test_lines=()))
    assert proof.verdict is BROKEN
    assert later.partition(" ")[0] in proof.summary
    assert "Dockerfile:11" in lines(proof)


def test_withheld_tests_are_the_explanation() -> None:
    """No test file gets to the builder."""
    assert "do not reach the builder" in prove("test-gate", gate=escaped(reached=False)).summary


def test_a_step_that_reports_no_test_is_quoted_with_its_last_line() -> None:
    """Whatever the reason: a narrowed run, a listing, a conftest that skips."""
    proof = prove("test-gate", gate=escaped(endings={10: "3 skipped in 0.02s"}))
    assert proof.verdict is BROKEN
    assert f"`{RUN}`" in proof.summary
    assert "`3 skipped in 0.02s`" in proof.summary


def test_the_project_s_own_failing_tests_are_told_as_such() -> None:
    """A build that fails in the test step of the unmodified tree shows nothing, and says so."""
    step = Step("RUN pytest", stage="test", line=10, started=True, error="exit code: 1", log=("1 failed",))
    build = BuildFacts(ok=False, steps=(step,), duration_s=1, error="it failed", failed_step=step)
    proof = prove("test-gate", **without("gate"), build=build)
    assert proof.verdict is UNPROVEN
    assert "own tests fail" in proof.summary
    assert "Dockerfile:10" in lines(proof)


def test_a_dockerfile_of_nothing_but_its_base_has_no_gate() -> None:
    """There is no instruction to name; its FROM is."""
    gate = replace(GATE, planted=(), test_lines=(), unneeded_test_lines=(), no_tests="there is none")
    proof = prove("test-gate", "FROM python:3.11-slim\n", gate=gate)
    assert proof.verdict is BROKEN
    assert lines(proof) == {"Dockerfile:1"}
