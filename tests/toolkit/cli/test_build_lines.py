"""Progress: one safe line a step, and a failed build told in what a person needs of it."""

from __future__ import annotations

import sys

import pytest

from hullproof.events import Judged, Note, Steps
from hullproof.facts import BuildFacts, Failure, Step
from hullproof.model import Proof, Verdict
from hullproof.runner.progress import Lines, explain_failure
from hullproof.terminal import say


def step(name: str, **how: bool | str) -> Step:
    """Make a step of the stage `test`."""
    return Step(name, stage="test", instruction=name, **how)  # type: ignore[arg-type]


def test_each_step_is_told_once_when_it_is_done(monkeypatch: pytest.MonkeyPatch) -> None:
    """Cached ones as such, others with their time; steps of BuildKit's own not at all."""
    clock = iter([10.0, 12.5, 12.5])
    monkeypatch.setattr("time.monotonic", lambda: next(clock))
    said: list[str] = []
    lines = Steps(Lines(said.append))
    internal = Step("[internal] load metadata", completed=True)
    copy = step("COPY . .", cached=True)
    lines((internal, copy, step("RUN pytest", started=True)))
    lines((internal, copy, step("RUN pytest", started=True)))
    lines((internal, copy, step("RUN pytest", started=True, completed=True)))
    lines((internal, copy, step("RUN pytest", started=True, completed=True)))
    assert said == ["  COPY . .  cached", "  RUN pytest  2.5 s"]


def test_a_step_that_fails_is_told_so() -> None:
    """Not by its time."""
    said: list[str] = []
    Steps(Lines(said.append))((step("COPY a b", started=True, completed=True, error="exit code 1"),))
    assert said == ["  COPY a b  failed"]


def test_a_build_that_is_tried_again_ends_as_its_last_try() -> None:
    """BuildKit's own faults are no failures of the project's: a step that failed by one is told of anew."""
    said: list[str] = []
    lines = Steps(Lines(said.append))
    failed = step("COPY a b", started=True, completed=True, error="inconsistent graph state")
    for seen in (failed, failed, step("COPY a b"), step("COPY a b", started=True)):
        lines((seen,))
    assert said == ["  COPY a b  failed"]
    for _ in range(2):
        lines((step("COPY a b", started=True, completed=True),))
    lines((step("COPY a b", cached=True),))
    assert said == ["  COPY a b  failed", "  COPY a b  0.0 s"]


def test_a_step_that_was_given_up_did_not_fail() -> None:
    """BuildKit ends what runs beside a step that fails; only that one is to be looked at."""
    said: list[str] = []
    Steps(Lines(said.append))(
        (step("RUN x", completed=True, error="process: context canceled: signal: killed"),)
    )
    assert said == ["  RUN x  given up"]


def test_a_long_hostile_name_stays_a_short_line() -> None:
    """A heredoc's whole text, with escapes, is cut and shown safely."""
    said: list[str] = []
    Steps(Lines(said.append))((step("RUN <<EOF\n\x1b[2J" + "x" * 10_000, cached=True),))
    assert len(said) == 1
    assert len(said[0]) < 150
    assert "\x1b" not in said[0]


def test_verdicts_and_notes_are_a_line_each() -> None:
    """As they come."""
    said: list[str] = []
    tell = Lines(said.append)
    tell(Note("pulling python:3.11-slim"))
    tell(Judged(Proof("expose", "guide", "Ports", Verdict.PROVEN, "It is so.")))
    assert said == ["pulling python:3.11-slim", "  expose: proven"]


@pytest.mark.parametrize("closed", ["none", "closed"])
def test_progress_that_nobody_can_read_stops_nothing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], closed: str
) -> None:
    """Stderr may be closed, or never have been there."""
    with capsys.disabled():
        stream = open("/dev/null", "w", encoding="utf-8") if closed == "closed" else None  # noqa: SIM115, PTH123
        if stream:
            stream.close()
        monkeypatch.setattr(sys, "stderr", stream)
        say("nobody hears this")


def test_a_failed_step_is_told_with_its_place_and_why() -> None:
    """The place and the reason, the instruction, the lines that tell it, the fix; in what else it may lie."""
    failed = Step("s", "test", 47, "RUN pytest", error="exit code: 1")
    failure = Failure(
        "Dockerfile:47", "1 test failed", "Fix it.", ("E   assert 1 == 2",), base_note="a look-alike"
    )
    facts = BuildFacts(ok=False, steps=(failed,), duration_s=1.0, failed_step=failed, failure=failure)
    assert explain_failure(facts) == [
        "the build fails at Dockerfile:47: 1 test failed",
        "RUN pytest",
        "E   assert 1 == 2",
        "fix: Fix it.",
        "stand-in base: a look-alike",
    ]


def test_a_build_that_fails_before_any_step_is_told_with_its_error() -> None:
    """There is no step to name."""
    failure = Failure("Dockerfile", "no such stage", output=("a", "b"))
    facts = BuildFacts(ok=False, steps=(), duration_s=1.0, error="no such stage", failure=failure)
    assert explain_failure(facts) == ["the build fails at Dockerfile: no such stage", "a", "b"]
