"""Providers: what they make of what they are handed, without an engine."""

from __future__ import annotations

import contextlib
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from hullproof.errors import Unobservable
from hullproof.events import ignore
from hullproof.facts import BuildFacts, ContainerFacts, Process, Step, Stopped, builds, containers, sources
from hullproof.host.bases import Base, BaseSet
from hullproof.project.project import Project


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """A project of one stage, with another frontend."""
    (tmp_path / "Dockerfile").write_text("# syntax=docker/dockerfile:labs\nFROM a\n")
    return Project.open(tmp_path)


def test_what_is_read_from_the_project_needs_no_engine(project: Project) -> None:
    """The configuration, and the Dockerfile as it is released."""
    assert sources.config(project).dockerfile == "Dockerfile"
    release = sources.release(project)
    assert (release.needed, release.build_args) == ((release.stage,), {})


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
    project: Project,
    monkeypatch: pytest.MonkeyPatch,
    *,
    step: Step | None,
    note: str | None,
    copy: Path | None,
    excuse: str,
) -> None:
    """A stand-in has not all that the official image has; nor has BuildKit's frontend what a newer one has."""
    failed = BuildFacts(ok=False, steps=(), duration_s=1.0, error="it failed", failed_step=step)
    monkeypatch.setattr(builds, "run_build", lambda *_, **__: failed)
    recipe: Any = SimpleNamespace(request=lambda **_: None, dockerfile=copy, project=project)
    bases = BaseSet((Base("a", "a", "a", "present", note, 0, ()),))
    engine: Any = None
    assert builds.build(engine, recipe, bases, ignore).error == f"it failed{excuse}"


def test_there_is_no_image_where_the_build_failed() -> None:
    """With the build's own error as the reason: a finding, not a fault."""
    failed = BuildFacts(ok=False, steps=(), duration_s=1.0, error="exit code: 1")
    with pytest.raises(Unobservable, match="the project's own build fails: exit code: 1"):
        builds.image_id(failed)


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
def test_what_only_a_clock_says_is_tried_again(project: Project, first: ContainerFacts, boots: int) -> None:
    """Once; what was seen without one, as that the kernel ignores the signal, is seen."""
    seen = [first, UP]

    class Booted:
        def facts(self, **_: object) -> ContainerFacts:
            return seen.pop(0)

    boot: Any = lambda *_: contextlib.nullcontext(Booted())  # noqa: E731 - in the place of what boots containers
    assert containers.container(boot, project, 0.0, ignore) is (first if boots == 1 else UP)
    assert len(seen) == 2 - boots
