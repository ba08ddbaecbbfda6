"""Builds as a process: how one ends, and that nothing of it is left. A script stands in for buildx."""

from __future__ import annotations

import json
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import pytest

from hullproof.engine.build import build
from hullproof.engine.calls import Calls
from hullproof.engine.request import BuildRequest
from hullproof.errors import DeadlineError, EngineError

if TYPE_CHECKING:
    from hullproof.engine.connection import Engine

RUN_STEP = {"digest": "d", "name": "[1/1] RUN tests", "started": "t"}
STUBBORN = """
import os, signal, sys, time
for number in (signal.SIGINT, signal.SIGTERM):
    signal.signal(number, signal.SIG_IGN)
if not os.fork():
    time.sleep(60)
print({status!r}, file=sys.stderr, flush=True)
for _ in range(600):
    print("noise " * 200, file=sys.stderr, flush=True)
    time.sleep(0.1)
"""


@dataclass
class _Api:
    alive: bool = True

    def ping(self) -> None:
        if not self.alive:
            raise OSError("gone")


@dataclass
class _Client:
    api: _Api


@dataclass
class _FakeEngine:
    """An engine whose buildx is a Python script."""

    script: str
    client: _Client
    calls: Calls = field(default_factory=lambda: Calls("unix:///engine"))
    flaw: str | None = None

    def cli(self, *_args: str) -> list[str]:
        return [sys.executable, "-c", self.script]


def engine(script: str, *, alive: bool = True) -> Engine:
    """Make an engine that builds by running a script."""
    return cast("Engine", _FakeEngine(script, _Client(_Api(alive))))


def says(*objects: dict[str, Any], text: str = "", code: int = 0) -> str:
    """Write a script that prints a stream and ends."""
    lines = [json.dumps(each) for each in objects] + ([text] if text else [])
    return f"import sys\nprint({chr(10).join(lines)!r}, file=sys.stderr)\nsys.exit({code})"


def request(folder: Path) -> BuildRequest:
    """Ask for a build that leaves nothing."""
    return BuildRequest(folder, folder / "Dockerfile", output="none")


def left_of(marker: Path) -> list[str]:
    """List the processes that work in a folder still."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if (process / "cwd").resolve() == marker.resolve():
                found.append(process.name)
        except OSError:  # noqa: PERF203 - processes end while they are looked at
            continue
    return found


def all_gone(marker: Path, before: set[str]) -> bool:
    """Tell whether what was started since has ended; the kernel takes a moment to bury what was killed."""
    deadline = time.monotonic() + 10
    while not set(left_of(marker)) <= before:
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def test_paths_with_commas_and_quotes_are_whole(tmp_path: Path) -> None:
    """Docker reads options of several fields as CSV."""
    asked = BuildRequest(tmp_path, tmp_path, output=Path('/a,"b"'), secrets={"token": Path("/c,d/e\nf")})
    arguments = asked.argv(tmp_path / "metadata")
    assert '--output=type=tar,"dest=/a,""b"""' in arguments
    assert '--secret=id=token,"src=/c,d/e\nf"' in arguments


def test_build_that_succeeds(tmp_path: Path) -> None:
    """A good end gives the steps, and no error."""
    facts = build(engine(says({"vertexes": [{**RUN_STEP, "completed": "t"}]})), request(tmp_path))
    assert facts.ok
    assert [step.completed for step in facts.steps] == [True]


def test_build_that_fails_is_a_result(tmp_path: Path) -> None:
    """A failing step is told, with its line and the error in one line."""
    script = says(
        {"vertexes": [{**RUN_STEP, "error": "exit code: 2"}]},
        text="Dockerfile:5\nERROR: failed to solve: exit code: 2",
        code=1,
    )
    facts = build(engine(script), request(tmp_path))
    assert not facts.ok
    assert facts.error == "exit code: 2"
    assert facts.failed_step is not None
    assert facts.failed_step.line == facts.failed_line == 5


def test_a_build_that_fails_before_any_step_has_a_line(tmp_path: Path) -> None:
    """That which BuildKit's account names: a kind of mount that there is not, a stage without a base."""
    loaded = {"digest": "i", "name": "[internal] load build definition", "started": "t", "completed": "t"}
    text = 'Dockerfile:3\nERROR: failed to solve: unsupported mount type "x"'
    facts = build(engine(says({"vertexes": [loaded]}, text=text, code=1)), request(tmp_path))
    assert facts.failed_step is None
    assert (facts.failed_line, facts.error) == (3, 'unsupported mount type "x"')


def test_engine_that_went_away_is_no_result(tmp_path: Path) -> None:
    """Where the engine does not answer any more, the project is not to blame."""
    with pytest.raises(EngineError, match="went away"):
        build(engine(says(text="ERROR: EOF", code=1), alive=False), request(tmp_path))


CONFUSED = """
import pathlib, sys
tries = pathlib.Path("tries")
tries.write_text(tries.read_text() + "x" if tries.exists() else "x")
if len(tries.read_text()) < {needed}:
    print("ERROR: failed to solve: {fault}", file=sys.stderr)
    sys.exit(1)
"""


@pytest.mark.parametrize(
    "fault",
    [
        "failed to get edge: inconsistent graph state",
        "failed to compute cache key: failed to get state for index 1 on [release 3/5] COPY --from=deps /venv /venv",
    ],
)
def test_a_confused_builder_is_asked_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fault: str
) -> None:
    """It is no fault of the project's, and passes."""
    monkeypatch.chdir(tmp_path)
    assert build(engine(CONFUSED.format(needed=2, fault=fault)), request(tmp_path)).ok


def test_stopping_ends_even_a_stubborn_builder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Once what was to be known is known, nothing waits for the builder, and nothing of it stays."""
    monkeypatch.chdir(tmp_path)
    script = STUBBORN.format(status=json.dumps({"vertexes": [RUN_STEP]}))
    mine = set(left_of(tmp_path))
    facts = build(engine(script), request(tmp_path), stop_when=lambda steps: steps[0].ran)
    assert facts.stopped_early
    assert all_gone(tmp_path, mine)


def test_deadline_names_what_ran_last(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A build that takes too long is ended, and says which step it was at."""
    monkeypatch.chdir(tmp_path)
    mine = set(left_of(tmp_path))
    script = STUBBORN.format(status=json.dumps({"vertexes": [RUN_STEP]}))
    with pytest.raises(DeadlineError, match=r"last seen running: .*RUN tests"):
        build(engine(script), request(tmp_path), deadline_s=1.0)
    assert all_gone(tmp_path, mine)


def test_interrupt_takes_the_builder_along(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever is raised while a build is followed, its process goes."""
    monkeypatch.chdir(tmp_path)
    mine = set(left_of(tmp_path))

    def interrupt(_steps: object) -> None:
        raise KeyboardInterrupt

    script = STUBBORN.format(status=json.dumps({"vertexes": [RUN_STEP]}))
    with pytest.raises(KeyboardInterrupt):
        build(engine(script), request(tmp_path), on_change=interrupt)
    assert all_gone(tmp_path, mine)
