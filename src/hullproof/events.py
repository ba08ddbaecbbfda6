"""What happens while a project is built and proven, for whoever shows it: plain data, one event at a time.

    def listen(event: Event) -> None:
        match event:
            case StepFinished(step=step, duration_s=seconds): ...
            case Judged(proof=proof): ...

A listener is called from the threads in which things happen, so that one of a single proof never runs twice at once; it
must not raise, and what it takes its time over, the proof waits for. In order: facts start and finish side by side,
among them `build`, within which the steps do; a practice is judged as soon as its facts are there, in no order of the
guide's; notes come at any time. Events stop where a proof is interrupted.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from hullproof.engine.model.build import Step
from hullproof.model import Proof


@dataclass(frozen=True)
class FactStarted:
    """A fact, by its name, begins to be gathered: `build`, `image`, `container`, `gate` and so on."""

    name: str


@dataclass(frozen=True)
class FactFinished:
    """A fact was gathered, or cannot be had for `reason`; one that lacks what it needs finishes without having started.

    `duration_s` is what it took by itself, once what it needs was there.
    """

    name: str
    duration_s: float
    reason: str | None = None


@dataclass(frozen=True)
class StepStarted:
    """A step of the project's own build begins to run. One that the cache answers only finishes."""

    step: Step


@dataclass(frozen=True)
class StepFinished:
    """A step of the project's own build is done: `step.cached`, or after `duration_s`, or `step.error` says why it failed."""

    step: Step
    duration_s: float


@dataclass(frozen=True)
class Judged:
    """A practice was judged."""

    proof: Proof


@dataclass(frozen=True)
class Note:
    """A line that the user should see while it goes on: a base is pulled, something is tried once more."""

    text: str


Event: TypeAlias = FactStarted | FactFinished | StepStarted | StepFinished | Judged | Note
Listener: TypeAlias = Callable[[Event], None]


def ignore(_event: Event) -> None:
    """Listen to nothing."""


def in_turn(listener: Listener) -> Listener:
    """Make a listener that may be called from several threads at once: it hears one event after the other."""
    lock = threading.Lock()

    def listen(event: Event) -> None:
        with lock:
            listener(event)

    return listen


class Steps:
    """Makes events of the steps of one build, as `engine.build` tells of those that change."""

    def __init__(self, tell: Listener) -> None:
        """Take who is told."""
        self._tell = tell
        self._started: dict[str, float] = {}
        self._finished: dict[str, Step] = {}

    def __call__(self, steps: tuple[Step, ...]) -> None:
        """Take steps as they stand now. BuildKit's own, which no stage has, are of no interest."""
        for step in steps:
            if step.stage is None or self._is_over(step):
                continue
            if step.cached or step.completed:
                began = self._started.get(step.name)
                self._finished[step.name] = step
                self._tell(StepFinished(step, 0.0 if began is None else time.monotonic() - began))
            elif step.started and step.name not in self._started:
                self._started[step.name] = time.monotonic()
                self._tell(StepStarted(step))

    def _is_over(self, step: Step) -> bool:
        """Whether no more is to be told of it. One that failed goes on where the build is tried again: see `engine.build`."""
        finished = self._finished.get(step.name)
        if finished is None or not finished.error or step.error or not (step.started or step.cached):
            return finished is not None
        del self._finished[step.name]
        self._started.pop(step.name, None)
        return False
