"""Builds on an engine that may die of builds that are given up: none is given up beside another."""

from __future__ import annotations

import json
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest

from hullproof.engine import turns
from hullproof.engine.build import build
from hullproof.engine.calls import Calls
from hullproof.engine.connection import Engine
from hullproof.engine.flaws import build_flaw
from hullproof.engine.request import BuildRequest
from hullproof.engine.turns import turn
from hullproof.errors import DeadlineError, EngineError
from hullproof.lab.rebuild import rebuild
from hullproof.lab.recipe import Recipe
from hullproof.project.project import Project

ENGINE = "unix:///made/up.sock"
RUNNING = {"vertexes": [{"digest": "d", "name": "[1/2] RUN tests", "started": "t"}]}
LATER = {"vertexes": [{"digest": "e", "name": "[2/2] RUN more", "started": "t", "completed": "t"}]}
BUILDS = """
import pathlib, sys, time
print({running!r}, file=sys.stderr, flush=True)
time.sleep({wait_s})
print({later!r}, file=sys.stderr, flush=True)
pathlib.Path({mark!r}).write_text("to its end")
"""


@pytest.fixture(autouse=True)
def own_locks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep clear of builds that go on beside these tests."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))


def nothing() -> None:
    """Go on waiting."""


@contextmanager
def held(*, alone: bool) -> Iterator[threading.Event]:
    """Have somebody else build until the block is left."""
    has, over = threading.Event(), threading.Event()

    def hold() -> None:
        with turn(ENGINE, alone=alone, deadline_s=10, check=nothing):
            has.set()
            over.wait(10)

    thread = threading.Thread(target=hold)
    thread.start()
    assert has.wait(10)
    try:
        yield over
    finally:
        over.set()
        thread.join()


def test_builds_that_run_to_their_end_share_a_turn() -> None:
    """They do each other no harm."""
    with held(alone=False), turn(ENGINE, alone=False, deadline_s=1, check=nothing) as alone:
        assert not alone


def test_one_that_is_to_be_given_up_waits_for_the_others_to_end() -> None:
    """Then it has the engine to itself."""
    with held(alone=False) as over:
        threading.Timer(0.3, over.set).start()
        with turn(ENGINE, alone=True, deadline_s=10, check=nothing) as alone:
            assert over.is_set()
            assert alone


def test_it_shares_after_all_where_the_others_do_not_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """And is not given up then."""
    monkeypatch.setattr(turns, "PATIENCE_S", 0.1)
    with held(alone=False), turn(ENGINE, alone=True, deadline_s=10, check=nothing) as alone:
        assert not alone


def test_nobody_builds_beside_one_that_may_be_given_up() -> None:
    """The wait has a deadline, and says what it waited for."""
    with (
        held(alone=True),
        pytest.raises(DeadlineError, match=r"waited 0 s for a turn to build: .*-floor\.lock is still held"),
        turn(ENGINE, alone=False, deadline_s=0.1, check=nothing),
    ):
        pass


def test_who_waits_for_an_empty_floor_is_not_overtaken() -> None:
    """Whoever comes later, to share, waits behind it."""
    order: list[str] = []

    def take(name: str, *, alone: bool) -> None:
        with turn(ENGINE, alone=alone, deadline_s=10, check=nothing):
            order.append(name)

    with held(alone=False):
        threads = []
        for name, alone in (("to be given up", True), ("later", False)):
            threads.append(threading.Thread(target=take, args=(name,), kwargs={"alone": alone}))
            threads[-1].start()
            time.sleep(0.2)
        assert order == []
    for thread in threads:
        thread.join()
    assert order == ["to be given up", "later"]


def test_an_interrupted_run_does_not_wait_on() -> None:
    """What is asked while waiting may end it."""

    def end() -> None:
        raise EngineError("the run is ending")

    with (
        held(alone=True),
        pytest.raises(EngineError, match="the run is ending"),
        turn(ENGINE, alone=False, deadline_s=60, check=end),
    ):
        pass


@pytest.mark.parametrize(
    ("flaw", "shared", "given_up"),
    [("it may die", True, False), ("it may die", False, True), (None, True, True)],
)
def test_a_build_is_given_up_where_that_does_no_harm(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, flaw: str | None, *, shared: bool, given_up: bool
) -> None:
    """Elsewhere it runs to its end; what is told of it are the steps that were seen when enough was known."""
    monkeypatch.setattr(turns, "PATIENCE_S", 0.1)
    mark = tmp_path / "mark"
    script = BUILDS.format(running=json.dumps(RUNNING), later=json.dumps(LATER), wait_s=1, mark=str(mark))
    engine = SimpleNamespace(
        cli=lambda *_: [sys.executable, "-c", script],
        flaw=flaw,
        endpoint=SimpleNamespace(host=ENGINE),
        calls=Calls(ENGINE),
    )
    request = BuildRequest(tmp_path, tmp_path / "Dockerfile", output="none")
    with held(alone=False) if shared else nullcontext():
        facts = build(cast("Engine", engine), request, stop_when=lambda steps: steps[0].ran)
    assert facts.stopped_early
    assert [step.name for step in facts.steps] == ["[1/2] RUN tests"]
    assert mark.exists() is not given_up


@pytest.mark.parametrize(
    ("wait_s", "said"), [(0.0, []), (0.6, ["waits for its turn to build, until others are done: it may die"])]
)
def test_a_wait_that_is_felt_is_said_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, wait_s: float, said: list[str]
) -> None:
    """With its reason; a build that begins at once says nothing."""
    monkeypatch.setattr("hullproof.engine.build._FELT_S", 0.2)
    engine = SimpleNamespace(
        cli=lambda *_: [sys.executable, "-c", ""],
        flaw="it may die",
        endpoint=SimpleNamespace(host=ENGINE),
        calls=Calls(ENGINE),
    )
    heard = list[str]()
    request = BuildRequest(tmp_path, tmp_path / "Dockerfile", output="none", say=heard.append)
    with held(alone=True) if wait_s else nullcontext(threading.Event()) as over:
        threading.Timer(wait_s, over.set).start()
        assert build(cast("Engine", engine), request).ok
    assert heard == said


def test_an_experiment_that_waits_says_so_as_well(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its builds come from the project's recipe, which knows whom to tell."""
    monkeypatch.setattr("hullproof.engine.build._FELT_S", 0.2)
    (tmp_path / "Dockerfile").write_text("FROM python:3.11-slim\n")
    engine = SimpleNamespace(
        cli=lambda *_: [sys.executable, "-c", ""],
        flaw="it may die",
        endpoint=SimpleNamespace(host=ENGINE),
        calls=Calls(ENGINE),
    )
    heard = list[str]()
    recipe = Recipe(Project.open(tmp_path), owner="", say=heard.append)
    with held(alone=True) as over:
        threading.Timer(0.6, over.set).start()
        rebuild(cast("Engine", engine), recipe, tmp_path, "an edit")
    assert heard == ["waits for its turn to build, until others are done: it may die"]


@pytest.mark.parametrize("version", ["26.1.5+dfsg1", "23.0.0", "27.5.1", "unknown", ""])
def test_an_engine_that_may_die_is_named(version: str) -> None:
    """With its version, and the one that has it fixed; one that tells no version is taken for old."""
    flaw = build_flaw(version)
    assert flaw is not None
    assert f"Docker {version} can die" in flaw
    assert "Docker 28" in flaw


@pytest.mark.parametrize("version", ["28.0.0", "28.5.2+dfsg4", "29.1.0-rc.1"])
def test_a_newer_engine_has_no_such_flaw(version: str) -> None:
    """Builds are ended there as soon as enough is known."""
    assert build_flaw(version) is None
