"""Progress: one safe line a step, and a failed build told in what a person needs of it."""

from __future__ import annotations

import sys

import pytest

from hullproof.events import Judged, Note, Steps
from hullproof.facts import BuildFacts, Step
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


def test_a_failed_step_is_told_with_its_place_and_its_last_words() -> None:
    """The instruction, its line, the end of its log, then the error."""
    failed = Step(
        "s", "test", 47, "RUN pytest", log=tuple(f"line {n}" for n in range(100)), error="exit code: 1"
    )
    facts = BuildFacts(ok=False, steps=(failed,), duration_s=1.0, error="x", failed_step=failed)
    told = explain_failure(facts, "Dockerfile", lines=2)
    assert told == ["the build fails at Dockerfile:47: RUN pytest", "line 98", "line 99", "exit code: 1"]


def test_a_build_that_fails_before_any_step_is_told_with_its_error() -> None:
    """There is no step to name."""
    facts = BuildFacts(ok=False, steps=(), duration_s=1.0, error="no such stage", output=("a", "b"))
    assert explain_failure(facts, "Dockerfile") == ["the build fails: no such stage", "a", "b"]
