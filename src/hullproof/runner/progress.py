"""What happens, in words: one line for each step, verdict and note."""

from __future__ import annotations

import re
from collections.abc import Callable

from hullproof.engine.model.build import BuildFacts, Step
from hullproof.events import Event, FactFinished, Judged, Note, StepFinished
from hullproof.terminal import say
from hullproof.text import clean, duration

BUILT = "looking at the image and the container"
"""What is said when the build is done."""

_SHORT = 90
_FLAGS = re.compile(r"(\bRUN )(?:--\w[\w-]*(?:=\S*)?\s+)+", re.IGNORECASE)


class Lines:
    """Says what happens: each step of a build once, when it is done, verdicts, and notes."""

    def __init__(self, tell: Callable[[str], None] = say) -> None:
        """Take what is told each line."""
        self._tell = tell

    def __call__(self, event: Event) -> None:
        """Say a line where the event is worth one."""
        match event:
            case Note(text):
                self._tell(text)
            case FactFinished("build"):
                self._tell(BUILT)
            case Judged(proof):
                self._tell(f"  {proof.id}: {proof.verdict.value}")
            case StepFinished(step, duration_s):
                self._tell(f"  {shown(step)}  {ended(step, duration_s)}")


def shown(step: Step) -> str:
    """Return what a step is called on a line: its stage, its number and its command, without the mounts."""
    return clean(_FLAGS.sub(r"\1", step.name), _SHORT)


def ended(step: Step, duration_s: float) -> str:
    """Say how a step ended: from the cache, after how long, or badly."""
    if step.error:  # BuildKit gives up what runs beside a step that fails
        return "given up" if "context canceled" in step.error else "failed"
    return "cached" if step.cached else duration(duration_s)


def explain_failure(facts: BuildFacts) -> list[str]:
    """Return what a person needs of a failed build: why, the instruction, the lines that tell it, the fix."""
    failure, step = facts.failure, facts.failed_step
    if failure is None:
        return [f"the build fails: {clean(facts.error or 'for no reason given')}"]
    lines = [clean(step.instruction, _SHORT)] if step else []
    lines += map(clean, failure.output)
    lines += [f"fix: {clean(failure.fix)}"] if failure.fix else []
    lines += [f"stand-in base: {clean(failure.base_note)}"] if failure.base_note else []
    return [f"the build fails at {clean(failure.where)}: {clean(failure.summary)}", *lines]
