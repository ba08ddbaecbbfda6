"""What a build does as it goes, one line a step: readable in a terminal, in a CI log and through a pipe."""

from __future__ import annotations

import time
from collections.abc import Callable

from hullproof.engine.model.build import BuildFacts, Step
from hullproof.terminal import say
from hullproof.text import clean, duration

_SHORT = 90


class BuildLines:
    """Says what a build does as it goes: each step when it starts to run, and how long it took."""

    def __init__(self, tell: Callable[[str], None] = say) -> None:
        """Take what is told each line."""
        self._tell = tell
        self._started: dict[str, float] = {}
        self._done: set[str] = set()

    def __call__(self, steps: tuple[Step, ...]) -> None:
        """Take the steps as they stand now."""
        for step in steps:
            if step.stage is None or step.name in self._done:
                continue  # BuildKit's own steps are of no interest
            if step.cached:
                self._finish(step, "cached")
            elif step.completed:
                spent = time.monotonic() - self._started.get(step.name, time.monotonic())
                self._finish(step, _failed(step.error) if step.error else duration(spent))
            elif step.started and step.name not in self._started:
                self._started[step.name] = time.monotonic()
                if step.instruction.startswith("RUN"):  # the others are done in no time
                    self._tell(f"  {clean(step.name, _SHORT)} ...")

    def _finish(self, step: Step, how: str) -> None:
        self._done.add(step.name)
        self._tell(f"  {clean(step.name, _SHORT)}  {how}")


def _failed(error: str) -> str:
    """Tell a step that failed from one that BuildKit gave up because another had failed."""
    return "given up" if "context canceled" in error else "failed"


def explain_failure(facts: BuildFacts, dockerfile: str, lines: int = 40) -> list[str]:
    """Return what a person needs of a failed build: the instruction, its line, its last output."""
    step = facts.failed_step
    if step is None:
        return [
            f"the build fails: {clean(facts.error or 'for no reason given')}",
            *map(clean, facts.output[-lines:]),
        ]
    at = f"{dockerfile}:{step.line}" if step.line else dockerfile
    output = [clean(each) for each in step.log[-lines:]]
    return [f"the build fails at {at}: {clean(step.instruction, _SHORT)}", *output, clean(step.error or "")]
