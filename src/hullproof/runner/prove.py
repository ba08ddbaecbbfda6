"""Proving a project: facts in, report out. Every door (command, Nox, pytest) comes through here."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from datetime import datetime, timezone
from typing import TYPE_CHECKING

from hullproof import __version__
from hullproof.engine.container.sidecar import CAPABILITY
from hullproof.engine.model.build import BuildFacts, Step
from hullproof.errors import Unobservable, UsageError
from hullproof.model import (
    BuildError,
    ImageInfo,
    ProjectInfo,
    Proof,
    Report,
    SidecarInfo,
)
from hullproof.practices import EXPERIMENTS, Practice, every, get, judge
from hullproof.project.git import look
from hullproof.runner.acceptance import accepted, remarks
from hullproof.runner.subject import Subject

if TYPE_CHECKING:
    from hullproof.engine.connection import Engine
    from hullproof.engine.model.container import ContainerFacts
    from hullproof.project.project import Project
    from hullproof.run.run import Run

_BUILD_OUTPUT_LINES = 40
_LONGEST_LINE = 500


def choose(only: Sequence[str] | None, *, experiments: bool) -> tuple[list[Practice], list[Practice]]:
    """Return the practices to prove and those left out, each in order.

    `only` names practices by id, all by default; without `experiments`, those that need one are left out.
    Raises UsageError for an id that is none, and where nothing is left to prove.
    """
    if only is not None and not only:
        raise UsageError("--only names no practice; `hullproof explain` lists them")
    asked = [get(name) for name in dict.fromkeys(only)] if only else list(every())
    chosen = [each for each in every() if each in asked and (experiments or not each.needs_experiment)]
    if not chosen:
        names = ", ".join(each.id for each in asked)
        raise UsageError(f"{names}: cannot be proven without experiments; leave out --no-experiments")
    return chosen, [each for each in every() if each not in chosen]


def prove(
    project: Project,
    engine: Engine,
    run: Run,
    *,
    only: Sequence[str] | None = None,
    experiments: bool = True,
    say: Callable[[str], None] = lambda _line: None,
    on_step: Callable[[tuple[Step, ...]], None] | None = None,
) -> Report:
    """Build the project, gather what the chosen practices need, judge them, and return the report.

    A project whose own build fails, or whose container dies, is a report, not an exception. Raises UsageError
    for an unknown practice, EngineError where the engine or a base image is not there. Whether an acceptance has
    expired is told by the day on which the proving started, in UTC.
    """
    started, clock = datetime.now(timezone.utc), time.monotonic()
    practices, left_out = choose(only, experiments=experiments)
    subject = Subject(project, engine, run, say=say, on_step=on_step)
    begin(subject, practices, say=say)
    proofs = []
    for practice in practices:
        proofs.append(judge(practice, subject))
        say(f"  {practice.id}: {proofs[-1].verdict.value}")
    for remark in remarks(proofs, project.config.accept, started.date()):
        say(remark)
    return put_together(
        subject,
        engine,
        proofs,
        started_at=started,
        duration_s=time.monotonic() - clock,
        left_out=left_out,
    )


def begin(subject: Subject, practices: Sequence[Practice], *, say: Callable[[str], None]) -> None:
    """Build the project, and start gathering all that the practices need, side by side."""
    needed = {name for practice in practices for name in practice.needs}
    if "container" in needed:  # its surroundings are made while the image is built
        subject.gather({"helper"} if subject["services"] is None else {"helper", "network"})
    _ = subject["build"]
    subject.gather(needed)
    say("looking at the image and the container" + (", experimenting" if needed & EXPERIMENTS else ""))


def put_together(
    subject: Subject,
    engine: Engine,
    proofs: Sequence[Proof],
    *,
    started_at: datetime,
    duration_s: float,
    left_out: Sequence[Practice],
) -> Report:
    """Make the report of what was judged; what the project accepts as broken is put to the proofs."""
    project = subject.project
    return Report(
        project=_project_info(project),
        image=image_info(subject),
        engine=engine.info(),
        hullproof_version=__version__,
        started_at=started_at,
        duration_s=duration_s,
        proofs=accepted(proofs, project.config.accept, started_at.date()),
        build_error=_build_error(subject["build"]),
        left_out=tuple(practice.id for practice in left_out),
        sidecar=_sidecar_info(subject),
        conditions=subject.known("conditions"),
    )


def _project_info(project: Project) -> ProjectInfo:
    checkout = look(project.folder)
    return ProjectInfo(
        name=project.name[:200],
        dockerfile=project.config.dockerfile,
        dockerfile_sha256=project.dockerfile_sha256,
        target=project.release.stage.name or str(project.release.stage.index),
        revision=checkout.revision,
        folder=checkout.prefix,
    )


def image_info(subject: Subject) -> ImageInfo | None:
    """Say which image it is; None where there is none."""
    try:
        image, base = subject["image"], subject["base"]
    except Unobservable:
        return None
    return ImageInfo(
        id=image.id,
        digest=image.digest,
        size_bytes=image.size_bytes,
        base=base.reference,
        base_is_stand_in=base.stand_in,
        base_size_bytes=base.size_bytes,
        base_note=base.note,
        platform=image.platform,
    )


def _sidecar_info(subject: Subject) -> SidecarInfo | None:
    container: ContainerFacts | None = subject.known("container")
    if container is None or container.sidecar is None:
        return None
    return SidecarInfo(container.sidecar, (CAPABILITY,))


def _build_error(build: BuildFacts) -> BuildError | None:
    if build.ok:
        return None
    step = build.failed_step
    output = step.log if step and step.log else build.output
    return BuildError(
        instruction=(step.instruction if step else build.error or "")[:_LONGEST_LINE] or None,
        line=step.line if step else None,
        output=tuple(line[:_LONGEST_LINE] for line in output[-_BUILD_OUTPUT_LINES:]),
    )
