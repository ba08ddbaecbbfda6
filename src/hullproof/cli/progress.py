"""How far the proving of a project is, for whatever shows it, and the display that shows nothing."""

from __future__ import annotations

import contextlib
import time
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import TYPE_CHECKING

from hullproof.events import Event, FactFinished, FactStarted, Judged, Note, StepFinished, StepStarted
from hullproof.model import Proof
from hullproof.project.project import Project
from hullproof.report.several import Outcome
from hullproof.runner.acceptance import accepted
from hullproof.runner.progress import BUILT, ended, shown

if TYPE_CHECKING:
    from typing_extensions import Self

_DOING = {
    "bases": "looking for the base image",
    "build": "building the release",
    "files": "reading the image's files",
    "helper": "preparing the container that looks on",
    "network": "starting the services beside the container",
    "container": "watching the container",
    "changed_paths": "booting it once more: what it writes",
    "read_only_boot": "booting it with a read-only root",
    "root_group_boot": "booting it as any user",
    "offline_boot": "booting it without a network",
    "held_lines": "booting it without buffers",
    "shares": "booting it on a part of the machine",
    "privileges": "booting it without capabilities",
    "health_trial": "freezing it, and asking its health check",
    "half_sent": "stopping it within a request",
    "restarts": "killing it, and starting it again",
    "edits": "experiment: edits to code and requirements",
    "gate": "experiment: failing tests planted in every test file",
    "canaries": "experiment: files planted that the builder must not get",
}
"""What it is called while a fact is gathered; those that take no time have no name."""


@dataclass
class Progress:
    """How far the proving of one project is: what runs since when, and what was judged."""

    project: Project
    running: dict[str, float] = field(default_factory=dict)
    steps: set[str] = field(default_factory=set)
    proofs: list[Proof] = field(default_factory=list)

    def take(self, event: Event) -> str | None:
        """Take an event; return the line that is worth saying for it, None for none."""
        now = time.monotonic()
        match event:
            case FactStarted(name=name) if name in _DOING:
                self.running[_DOING[name]] = now
            case FactFinished(name=name):
                self.running.pop(_DOING.get(name, ""), None)
                return BUILT if name == "build" else None
            case StepStarted(step=step):
                self.steps.add(shown(step))
                self.running[shown(step)] = now
            case StepFinished(step=step, duration_s=seconds):
                self.running.pop(shown(step), None)
                return f"{shown(step)}  {ended(step, seconds)}"
            case Judged(proof=proof):
                today = datetime.now(timezone.utc).date()
                self.proofs += accepted([proof], self.project.config.accept, today)
            case Note(text=text):
                return text
        return None

    def doing(self) -> list[tuple[str, float]]:
        """Say what runs and for how many seconds, the oldest first; a build is told by those of its steps that run."""
        now = time.monotonic()
        running = list(self.running.items())
        has_steps = any(what in self.steps for what, _ in running)
        return [(what, now - since) for what, since in running if not (has_steps and what == _DOING["build"])]


def is_dull(event: Event) -> bool:
    """Whether nobody who waits for several projects need read of it: a step from the cache, a practice that holds."""
    if isinstance(event, StepFinished):
        return event.step.cached
    return isinstance(event, Judged) and event.proof.is_good


class Silent:
    """Shows nothing."""

    def __call__(self, project: Project, event: Event) -> None:
        """Take no notice."""

    def over(self, project: Project, outcome: Outcome) -> None:
        """Nor of that."""

    def aside(self) -> contextlib.AbstractContextManager[None]:
        """There is room."""
        return contextlib.nullcontext()

    def __enter__(self) -> Self:
        """Begin."""
        return self

    def __exit__(self, *_: object) -> None:
        """End."""
