"""The build, step by step."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Step:
    """One step of a build, as BuildKit reported it.

    `stage` and `line` are None where the step could not be traced to the Dockerfile (internal steps).
    `cached` steps were not run; a step that is neither cached nor `started` was never reached. `log` is the end of its
    output; `kept` are the lines of all of it that whoever asked for the build looks for.
    """

    name: str
    stage: str | None = None
    line: int | None = None
    instruction: str = ""
    cached: bool = False
    started: bool = False
    completed: bool = False
    error: str | None = None
    log: tuple[str, ...] = ()
    kept: tuple[str, ...] = ()

    @property
    def ran(self) -> bool:
        """Whether the step was really executed (or began to be), not answered from the cache."""
        return self.started and not self.cached


@dataclass(frozen=True)
class Failure:
    """Why a project's own build failed. `reason` is a clause; `where` the place of the instruction, as far as it is known.

    `hint` says what else than the project may be the cause, `output` are the lines that tell why, `fix` what to do where that is plain. `base_note`: what a stand-in stands for.
    """

    where: str
    reason: str
    fix: str | None = None
    output: tuple[str, ...] = ()
    hint: str | None = None
    base_note: str | None = None

    @property
    def summary(self) -> str:
        """The reason, and what else may be the cause."""
        return f"{self.reason}; {self.hint}" if self.hint else self.reason

    def __str__(self) -> str:
        """Say it, as a clause."""
        return f"the project's own build fails at {self.where}: {self.reason}"


@dataclass(frozen=True)
class BuildFacts:
    """A build and how it went. `error` is BuildKit's own line; `failed_step` the step that failed, where there is one.

    `error_line`: the line of the Dockerfile that BuildKit's account of a failure names. `stopped_early`: we ended the
    build ourselves because what we wanted to know was known. `failure` is known of a project's own build.
    """

    ok: bool
    steps: tuple[Step, ...]
    duration_s: float
    image_id: str | None = None
    error: str | None = None
    failed_step: Step | None = None
    error_line: int | None = None
    stopped_early: bool = False
    output: tuple[str, ...] = ()
    failure: Failure | None = None

    @property
    def failed_line(self) -> int | None:
        """The line that it failed at, be it before any step began; None where that is not known."""
        return self.error_line if self.failed_step is None else self.failed_step.line
