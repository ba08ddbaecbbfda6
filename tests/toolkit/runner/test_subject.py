"""The subject: a fact is gathered once, by whoever asks first, and is the same for all."""

from __future__ import annotations

import contextlib
import subprocess
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from hullproof.errors import EngineError
from hullproof.facts import BuildFacts, ContainerFacts, Process, Step, Stopped, Unobservable
from hullproof.host.bases import Base, BaseSet
from hullproof.project.project import Project
from hullproof.runner.subject import Subject


@pytest.fixture
def subject(tmp_path: Path) -> Subject:
    """A subject on no engine: a fact that asks for one fails."""
    (tmp_path / "Dockerfile").write_text("FROM python:3.11-slim\nWORKDIR /app\n")
    nothing: Any = None
    return Subject(Project.open(tmp_path), nothing, nothing)


def given(subject: Subject, monkeypatch: pytest.MonkeyPatch, name: str, gatherer: Any) -> None:  # noqa: ANN401
    """Let a fact be gathered in another way."""
    monkeypatch.setitem(subject._gatherers, name, gatherer)  # noqa: SLF001


def test_what_is_read_from_the_project_needs_no_engine(subject: Subject) -> None:
    """The configuration, and the Dockerfile as it is released."""
    assert subject["config"].dockerfile == "Dockerfile"
    release = subject["release"]
    assert (release.needed, release.build_args) == ((release.stage,), {})


def test_no_such_fact(subject: Subject) -> None:
    """A practice that asks for what is no fact is told so."""
    with pytest.raises(KeyError):
        subject["weather"]


def test_a_fact_is_gathered_once(subject: Subject, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many ask for it at once."""
    times: list[int] = []

    def gather() -> int:
        times.append(1)
        time.sleep(0.05)
        return 42

    given(subject, monkeypatch, "image", gather)
    seen: list[int] = []
    threads = [threading.Thread(target=lambda: seen.append(subject["image"])) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (seen, times) == ([42] * 8, [1])


IMPORTS = """
import sys, threading
import hullproof.runner.subject

def experiment():
    import hullproof.lab.lab, hullproof.lab.gate as gate
    whole.append(hasattr(gate.scripts, "testing"))

def read():
    from hullproof.project.scripts import testing

whole = []
threads = [threading.Thread(target=each) for each in (experiment, read)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
sys.exit(whole != [True])
"""


def test_the_labs_modules_can_be_imported_side_by_side() -> None:
    """Facts are: a thread that was handed half a module left test-gate unproven."""
    subprocess.run([sys.executable, "-c", IMPORTS], check=True, timeout=60)


def test_a_fact_that_fails_fails_for_all_who_ask(subject: Subject, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the same reason, and without trying again."""
    times: list[int] = []

    def gather() -> None:
        times.append(1)
        raise EngineError("the engine went away")

    given(subject, monkeypatch, "image", gather)
    for _ in range(3):
        with pytest.raises(EngineError, match="went away"):
            subject["image"]
    assert times == [1]


@pytest.mark.parametrize(
    ("step", "note", "copy", "excuse"),
    [
        (Step("RUN x", instruction="RUN x"), None, None, ""),
        (Step("COPY x", instruction="COPY x y"), "asked for a, got b", None, ""),
        (
            Step("RUN x", instruction="RUN x"),
            "asked for a, got b",
            None,
            ". It was built on a stand-in base image, which may be the cause: asked for a, got b",
        ),
        (None, "asked for a, got b", None, ""),
        (
            None,
            None,
            Path("copy"),
            ". It was read by BuildKit's own frontend instead of docker/dockerfile:labs, which may be the cause",
        ),
    ],
)
def test_a_build_that_fails_names_what_else_may_be_the_reason(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    *,
    step: Step | None,
    note: str | None,
    copy: Path | None,
    excuse: str,
) -> None:
    """A stand-in has not all that the official image has; nor has BuildKit's frontend what a newer one has."""
    (tmp_path / "Dockerfile").write_text("# syntax=docker/dockerfile:labs\nFROM a\n")
    nothing: Any = None
    subject = Subject(Project.open(tmp_path), nothing, nothing)
    failed = BuildFacts(ok=False, steps=(), duration_s=1.0, error="it failed", failed_step=step)
    monkeypatch.setattr("hullproof.runner.subject.build", lambda *_, **__: failed)
    given(subject, monkeypatch, "recipe", lambda: SimpleNamespace(request=lambda **_: None, dockerfile=copy))
    bases = BaseSet((Base("a", "a", "a", "present", note, 0, ()),))
    given(subject, monkeypatch, "bases", lambda: bases)
    assert subject["build"].error == f"it failed{excuse}"


def test_a_build_that_failed_makes_the_image_unobservable(
    subject: Subject, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the build's own error as the reason: a finding, not a fault."""
    failed = BuildFacts(ok=False, steps=(), duration_s=1.0, error="exit code: 1")
    given(subject, monkeypatch, "build", lambda: failed)
    monkeypatch.setattr(subject, "_release_base", lambda: None)
    given(subject, monkeypatch, "base", lambda: None)
    for name in ("files", "container"):
        with pytest.raises(Unobservable, match="the project's own build fails: exit code: 1"):
            subject[name]


UP = ContainerFacts(ready=True, stopped=Stopped("SIGTERM", 0.2, 0, killed=False))
SLOW = replace(UP, stopped=Stopped("SIGTERM", 9.0, 0, killed=False))
DEAF = replace(
    UP, stopped=Stopped("SIGTERM", 10.2, 137, killed=True), processes=(Process(1, 0, (0,) * 4, (0,) * 4, ()),)
)


@pytest.mark.parametrize(
    ("first", "boots"),
    [
        (UP, 1),
        (SLOW, 2),
        (ContainerFacts(), 2),
        (DEAF, 1),
        (ContainerFacts(exit_code=1), 1),
        (ContainerFacts(unobservable="there is no image to look from"), 1),
    ],
)
def test_what_only_a_clock_says_is_tried_again(
    subject: Subject, monkeypatch: pytest.MonkeyPatch, first: ContainerFacts, boots: int
) -> None:
    """Once; what was seen without one, as that the kernel ignores the signal, is seen."""
    seen = [first, UP]

    class Booted:
        def facts(self, **_: object) -> ContainerFacts:
            return seen.pop(0)

    monkeypatch.setattr(subject, "boot", lambda *_: contextlib.nullcontext(Booted()))
    assert subject["container"] is (first if boots == 1 else UP)
    assert len(seen) == 2 - boots
