"""What is shown while it goes on: live on a terminal, lines with times elsewhere, nothing where nothing is wanted."""

from __future__ import annotations

import io
import re
import sys
import time
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from rich.console import Console

from hullproof.cli.display import TimedLines, display
from hullproof.cli.live import LiveScreen
from hullproof.cli.progress import Silent
from hullproof.events import FactFinished, FactStarted, Judged, Note, StepFinished, StepStarted
from hullproof.facts import Step
from hullproof.model import Proof, Verdict
from hullproof.project.config import Accepted
from hullproof.project.project import Project
from hullproof.report.several import Outcome

INSTALL = Step(
    "[deps 2/5] RUN --mount=type=secret,id=pip-conf --network=host pip install -r requirements.txt",
    stage="deps",
    instruction="RUN pip install",
)


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        """It is."""
        return True


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """A project that accepts a practice as broken."""
    (tmp_path / "Dockerfile").write_text("FROM python:3.11-slim\n")
    opened = Project.open(tmp_path)
    accepted = Accepted("expose", "because", date(2099, 1, 31))
    return replace(opened, name="shop", config=replace(opened.config, accept=(accepted,)))


def judged(identifier: str, verdict: Verdict) -> Judged:
    """A practice's verdict."""
    return Judged(Proof(identifier, "guide", "Title", verdict, "It was looked at."))


def test_lines_have_times_and_each_step_is_said_once(
    project: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    """With its command, and without its mounts; verdicts as they come."""
    with TimedLines(["workdir"], several=False) as shown:
        shown(project, Note("building Dockerfile"))
        shown(project, FactStarted("build"))
        shown(project, StepStarted(INSTALL))
        shown(project, StepFinished(INSTALL, 2.5))
        shown(project, FactFinished("build", 2.5))
        shown(project, judged("workdir", Verdict.PROVEN))
    assert capsys.readouterr().err == (
        " 0:00  building Dockerfile\n"
        " 0:00  [deps 2/5] RUN pip install -r requirements.txt  2.5 s\n"
        " 0:00  looking at the image and the container\n"
        " 0:00  workdir: proven\n"
    )


def test_without_a_terminal_nobody_waits_long_for_a_sign(
    project: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    """What runs, for how long, and how far it is, also between two facts; no more once all is done."""
    with TimedLines(["workdir", "expose"], several=True, silence_s=0.2) as shown:
        shown(project, FactStarted("build"))
        shown(project, StepStarted(INSTALL))
        time.sleep(0.5)
        shown(project, StepFinished(INSTALL, 0.5))
        shown(project, FactFinished("build", 0.5))
        time.sleep(0.3)
        said = capsys.readouterr().err.splitlines()
    time.sleep(0.3)
    assert capsys.readouterr().err == ""
    assert 4 <= len(said) <= 10
    assert said[-1].endswith("still at work; 0 of 2 verdicts so far")


def test_the_line_in_between_says_what_runs(project: Project, capsys: pytest.CaptureFixture[str]) -> None:
    """A build is told by its step."""
    with TimedLines(["workdir", "expose"], several=True, silence_s=0.1) as shown:
        shown(project, FactStarted("build"))
        shown(project, StepStarted(INSTALL))
        time.sleep(0.3)
    line = capsys.readouterr().err.splitlines()[0]
    assert re.fullmatch(
        r" 0:00  shop: still \[deps 2/5\] RUN pip install -r requirements\.txt \([\d.]+ s\); 0 of 2 verdicts so far",
        line,
    )


def test_a_terminal_gets_a_live_display(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    """Quiet wins; a pipe and a terminal that can do nothing get lines."""
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setattr(sys, "stderr", Terminal())
    assert isinstance(display([project]), LiveScreen)
    assert type(display([project], quiet=True)) is Silent
    monkeypatch.setenv("TERM", "dumb")
    assert isinstance(display([project]), TimedLines)
    monkeypatch.setattr(sys, "stderr", io.StringIO())
    assert isinstance(display([project]), TimedLines)


def drawn(screen: LiveScreen) -> str:
    """Return what a terminal of 80 columns shows of the display now."""
    console = Console(file=io.StringIO(), width=80, color_system=None)
    console.print(screen.now())
    shown = console.file
    assert isinstance(shown, io.StringIO)
    return shown.getvalue()


def test_the_display_says_what_came_what_runs_and_what_is_to_come(project: Project) -> None:
    """A row each for what was judged, what is accepted marked so; all of it fits a small terminal."""
    asked = ["slim-base", "expose", "test-gate", *(f"practice-{number}" for number in range(8))]
    screen = LiveScreen(asked, several=False)
    for event in (
        judged("slim-base", Verdict.PROVEN),
        judged("expose", Verdict.BROKEN),
        FactStarted("gate"),
        FactStarted("container"),
    ):
        screen(project, event)
    lines = drawn(screen).splitlines()
    assert lines[1].startswith("shop  2 of 11 verdicts, ")
    assert lines[2].split() == ["✓", "slim-base", "It", "was", "looked", "at."]
    assert lines[3].startswith("! expose      broken, accepted until 2099-01-31")
    assert lines[4].startswith("  to come: test-gate, practice-0")
    assert "failing tests planted" in lines[5]
    assert "watching the container" in lines[6]
    for number in range(8):
        screen(project, judged(f"practice-{number}", Verdict.BROKEN))
        screen(project, StepStarted(replace(INSTALL, name=f"[{number}] RUN x")))
    assert len(drawn(screen).splitlines()) < 24


def test_a_build_without_a_step_is_seen_beside_experiments(project: Project) -> None:
    """As while it waits for its turn, or hands over its result; once a step runs, that says more."""
    screen = LiveScreen(["workdir"], several=False)
    screen(project, FactStarted("build"))
    screen(project, FactStarted("canaries"))
    assert "building the release" in drawn(screen)
    screen(project, StepStarted(INSTALL))
    assert "building the release" not in drawn(screen)
    screen(project, StepFinished(INSTALL, 2.5))
    assert "building the release" in drawn(screen)


def test_of_many_verdicts_those_are_shown_that_a_small_terminal_has_room_for(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What runs is always seen, and so is what is bad; of the rest, what came last."""
    monkeypatch.setenv("LINES", "24")
    screen = LiveScreen([f"practice-{number}" for number in range(31)], several=False)
    screen(project, judged("practice-0", Verdict.BROKEN))
    for number in range(1, 30):
        screen(project, judged(f"practice-{number}", Verdict.PROVEN))
    screen(project, FactStarted("gate"))
    lines = drawn(screen).splitlines()
    assert len(lines) < 24
    assert lines[2:4] == ["  16 more", "✗ practice-0   broken: It was looked at."]
    assert lines[-3].startswith("✓ practice-29")
    assert lines[-2] == "  to come: practice-30"
    assert "failing tests planted" in lines[-1]


def test_several_projects_have_a_line_each(project: Project, tmp_path: Path) -> None:
    """With what is bad, and what runs."""
    (tmp_path / "other").mkdir()
    other = replace(project, name="other", folder=tmp_path / "other")
    screen = LiveScreen(["workdir", "expose"], several=True, projects=50)
    screen(project, judged("workdir", Verdict.BROKEN))
    screen(other, FactStarted("container"))
    _, count, *rows = drawn(screen).splitlines()
    assert count.startswith("0 of 50 projects  ")
    assert rows == ["shop  1 of 2, workdir broken", "other  0 of 2; watching the container"]


def test_projects_that_are_done_make_room_for_others(project: Project, tmp_path: Path) -> None:
    """Of fifty, those are shown that are being proven; the others are counted, and named where they are not good."""
    screen = LiveScreen(["workdir"], several=True, projects=50)
    for number in range(30):
        one = replace(project, name=f"p{number}", folder=tmp_path / str(number))
        screen(one, judged("workdir", Verdict.PROVEN))
        screen.over(one, Outcome(one.name, error="no base" if number == 7 else "", exit_code=3))
    screen(project, FactStarted("container"))
    _, count, *rows = drawn(screen).splitlines()
    assert count.startswith("30 of 50 projects  ")
    assert rows == ["shop  0 of 1; watching the container"]


def test_of_several_projects_no_more_is_said_than_helps(
    project: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    """No step from the cache, no practice that holds; and nothing of one that is done with."""
    with TimedLines(["workdir", "expose"], several=True, silence_s=0.1) as shown:
        shown(project, StepFinished(replace(INSTALL, cached=True), 0.0))
        shown(project, judged("workdir", Verdict.PROVEN))
        shown(project, judged("expose", Verdict.BROKEN))
        shown.over(project, Outcome("shop"))
        time.sleep(0.3)
    assert capsys.readouterr().err == " 0:00  shop: expose: broken\n"
