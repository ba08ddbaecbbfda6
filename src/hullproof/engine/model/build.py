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
class BuildFacts:
    """A build and how it went. `error` is one line; `failed_step` the step that failed, where there is one.

    `stopped_early`: we ended the build ourselves because what we wanted to know was known.
    """

    ok: bool
    steps: tuple[Step, ...]
    duration_s: float
    image_id: str | None = None
    error: str | None = None
    failed_step: Step | None = None
    stopped_early: bool = False
    output: tuple[str, ...] = ()

    def at_line(self, line: int) -> Step | None:
        """Return the step made by the instruction that starts at `line` of the Dockerfile."""
        return next((step for step in self.steps if step.line == line), None)
