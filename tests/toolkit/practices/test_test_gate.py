"""test-gate: what a planted failing test did to the build."""

from __future__ import annotations

from dataclasses import replace

import pytest

from hullproof.facts import BuildFacts, GateFacts, Step

from .by_hand import BROKEN, GATE, GOOD, PROVEN, UNPROVEN, lines, prove, without

ESCAPED = replace(GATE, failed=False, failed_line=None, named_planted=False)
RUN = "RUN python -m pytest && touch /passed"


@pytest.mark.parametrize(
    "gate",
    [
        pytest.param(GATE, id="named"),
        pytest.param(
            replace(GATE, named_planted=False, twin_passed=True), id="its passing twin gets through"
        ),
        pytest.param(
            replace(GATE, failed_line=9, twin_passed=True, named_planted=False), id="in a script nobody reads"
        ),
    ],
)
def test_a_build_that_the_planted_test_stops_is_proven(gate: GateFacts) -> None:
    """The output names it, or a passing one in its place gets through."""
    assert prove("test-gate", gate=gate).verdict is PROVEN


def test_where_the_test_was_planted_is_told_as_it_is() -> None:
    """A file of its own, or the end of one that is there, whatever the project's folders are called."""
    assert "planted as tests/test_planted.py," in prove("test-gate", gate=GATE).summary
    inside = replace(GATE, planted="hullproof_demo/usage.md", planted_inside=True)
    assert "planted in hullproof_demo/usage.md," in prove("test-gate", gate=inside).summary


@pytest.mark.parametrize(
    "gate",
    [
        pytest.param(replace(GATE, named_planted=False, twin_passed=False), id="the twin fails as well"),
        pytest.param(replace(GATE, named_planted=False), id="nothing shows why"),
        pytest.param(replace(GATE, failed_line=4, named_planted=False, twin_passed=False), id="another step"),
        pytest.param(replace(GATE, error="the disk is full"), id="the experiment failed"),
    ],
)
def test_a_failure_for_another_reason_is_unproven(gate: GateFacts) -> None:
    """A build that fails with any test shows nothing of the gate."""
    assert prove("test-gate", gate=gate).verdict is UNPROVEN


def test_a_project_without_tests_has_a_broken_gate() -> None:
    """There is nothing that could stop anything."""
    proof = prove("test-gate", gate=GateFacts(no_tests="no test_*.py was found"))
    assert proof.verdict is BROKEN
    assert "no test_*.py was found" in proof.summary


@pytest.mark.parametrize(
    "run",
    [
        "python -m pytest || true",
        "python -m pytest; exit 0",
        "python -m pytest | tee log",
        "python -m pytest & sleep 1",
    ],
)
def test_a_lost_exit_code_is_the_explanation(run: str) -> None:
    """Where the text shows how the failure is swallowed, the summary says it."""
    proof = prove("test-gate", GOOD.replace(RUN, f"RUN {run}"), gate=ESCAPED)
    assert proof.verdict is BROKEN
    assert "exit code is lost" in proof.summary
    assert "Dockerfile:10" in lines(proof)


def test_a_stage_that_buildkit_skips_is_the_explanation() -> None:
    """The release takes nothing from the test stage."""
    text = GOOD.replace("COPY --from=test /passed /tmp/passed\n", "")
    proof = prove("test-gate", text, gate=replace(ESCAPED, test_lines=(), unneeded_test_lines=(10,)))
    assert proof.verdict is BROKEN
    assert "does not depend on stage 'test'" in proof.summary
    assert "Dockerfile:10" in lines(proof)


def test_no_step_is_the_explanation() -> None:
    """Nothing in the build runs tests."""
    proof = prove("test-gate", GOOD.replace(RUN, "RUN touch /passed"), gate=replace(ESCAPED, test_lines=()))
    assert "no step of the build runs the tests" in proof.summary


@pytest.mark.parametrize("later", ['CMD ["pytest"]', "ONBUILD RUN pytest"])
def test_an_instruction_that_no_build_runs_is_the_explanation(later: str) -> None:
    """Tests as CMD or ONBUILD run some other time, if ever."""
    text = GOOD.replace(RUN, f"RUN touch /passed\n{later}")
    proof = prove("test-gate", text, gate=replace(ESCAPED, test_lines=()))
    assert proof.verdict is BROKEN
    assert later.partition(" ")[0] in proof.summary
    assert "Dockerfile:11" in lines(proof)


def test_withheld_tests_are_the_explanation() -> None:
    """The planted file did not get to the builder."""
    assert "does not reach" in prove("test-gate", gate=replace(ESCAPED, reached=False)).summary


@pytest.mark.parametrize("args", ["tests/test_a.py", "tests/test_a.py::test_one", "-k fast", "-m smoke"])
def test_a_narrowed_run_is_the_explanation(args: str) -> None:
    """A single file, test, keyword or marker leaves out what is new."""
    text = GOOD.replace("python -m pytest", f"python -m pytest {args}")
    proof = prove("test-gate", text, gate=replace(ESCAPED, existing_tests_gate=True))
    assert proof.verdict is BROKEN
    assert f"only {args} is run" in proof.summary


def test_an_escape_without_an_explanation_is_broken_all_the_same() -> None:
    """The experiment decides, not the text."""
    assert prove("test-gate", gate=replace(ESCAPED, existing_tests_gate=False)).verdict is BROKEN
    assert prove("test-gate", gate=replace(ESCAPED, existing_tests_gate=True)).verdict is BROKEN


def test_the_project_s_own_failing_tests_are_told_as_such() -> None:
    """A build that fails in the test step of the unmodified tree shows nothing, and says so."""
    step = Step("RUN pytest", stage="test", line=10, started=True, error="exit code: 1", log=("1 failed",))
    build = BuildFacts(ok=False, steps=(step,), duration_s=1, error="it failed", failed_step=step)
    proof = prove("test-gate", **without("gate"), build=build)
    assert proof.verdict is UNPROVEN
    assert "own tests fail" in proof.summary
    assert "Dockerfile:10" in lines(proof)
