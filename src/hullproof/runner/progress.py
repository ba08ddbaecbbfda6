"""What a build does as it goes, one line a step: readable in a terminal, in a CI log and through a pipe."""

from __future__ import annotations

from collections.abc import Callable

from hullproof.engine.model.build import BuildFacts
from hullproof.events import Event, FactFinished, Judged, Note, StepFinished, StepStarted
from hullproof.terminal import say
from hullproof.text import clean, duration

_SHORT = 90


class Lines:
    """Says what happens: each step of a build when it starts to run and how long it took, verdicts, and notes."""

    def __init__(self, tell: Callable[[str], None] = say) -> None:
        """Take what is told each line."""
        self._tell = tell

    def __call__(self, event: Event) -> None:
        """Say a line where the event is worth one."""
        match event:
            case Note(text):
                self._tell(text)
            case FactFinished("build"):
                self._tell("looking at the image and the container")
            case Judged(proof):
                self._tell(f"  {proof.id}: {proof.verdict.value}")
            case StepStarted(step) if step.instruction.startswith("RUN"):  # the others are done in no time
                self._tell(f"  {clean(step.name, _SHORT)} ...")
            case StepFinished(step, duration_s):
                how = "cached" if step.cached else _failed(step.error) if step.error else duration(duration_s)
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
