"""What is shown while projects are proven: a live display on a terminal, lines with times elsewhere, or nothing."""

from __future__ import annotations

import contextlib
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from hullproof.cli.live import LiveScreen
from hullproof.cli.progress import Progress, Silent, is_dull
from hullproof.events import Event, Judged
from hullproof.project.project import Project
from hullproof.report.several import Outcome
from hullproof.terminal import say, takes_color
from hullproof.text import clean, duration

if TYPE_CHECKING:
    from typing_extensions import Self

SILENCE_S = 15.0
"""The longest that nothing is said without a terminal: CI services end jobs that are silent, and people doubt."""

_EARLY_S = 1.0


class Display(Protocol):
    """Shows the events of projects that are proven, from whichever threads they come."""

    def __call__(self, project: Project, event: Event) -> None:
        """Take an event."""

    def over(self, project: Project, outcome: Outcome) -> None:
        """Take note that a project is done with."""

    def aside(self) -> contextlib.AbstractContextManager[None]:
        """Make room for what others write."""

    def __enter__(self) -> Self:
        """Begin."""

    def __exit__(self, *_: object) -> None:
        """End, and leave no trace on the screen but lines."""


def display(projects: Sequence[Project], asked: Sequence[str] = (), *, quiet: bool = False) -> Display:
    """Return what suits stderr. `asked` are the practices to be proven; none where projects are built only."""
    if quiet:
        return Silent()
    several = len(projects) > 1
    if takes_color(sys.stderr):
        return LiveScreen(asked, several=several, projects=len(projects))
    return TimedLines(asked, several=several)


class TimedLines(Silent):
    """A line on stderr for each step, note and verdict, with the time since the beginning, and one in 15 s at the least."""

    def __init__(self, asked: Sequence[str], *, several: bool, silence_s: float = SILENCE_S) -> None:
        """Take what is to be proven, and whether lines name their project."""
        self._asked = asked
        self._several = several
        self._pause_s = silence_s - min(_EARLY_S, silence_s / 2)
        self._began = self._said = time.monotonic()
        self._progress: dict[Path, Progress] = {}
        self._lock = threading.RLock()
        self._over = threading.Event()
        self._ticking = threading.Thread(target=self._tick, name="progress", daemon=True)

    def __enter__(self) -> Self:
        """Begin to watch for silence."""
        self._ticking.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Say no more."""
        self._over.set()

    def __call__(self, project: Project, event: Event) -> None:
        """Say a line where the event is worth one."""
        with self._lock:
            line = self._progress.setdefault(project.home, Progress(project)).take(event)
            if isinstance(event, Judged):
                line = f"{event.proof.id}: {event.proof.verdict.value}"
            if line is not None and not (self._several and is_dull(event)):
                self._say(project, line)

    def over(self, project: Project, outcome: Outcome) -> None:  # noqa: ARG002 - others say it
        """Say no more of a project; what came of it is said by others."""
        with self._lock:
            self._progress.pop(project.home, None)

    def _say(self, project: Project, text: str) -> None:
        minutes, seconds = divmod(round(time.monotonic() - self._began), 60)
        name = f"{clean(project.name)}: " if self._several else ""
        say(f"{minutes:2}:{seconds:02}  {name}{text}")
        self._said = time.monotonic()

    def _tick(self) -> None:
        while not self._over.wait(max(0.0, self._said + self._pause_s - time.monotonic())):
            with self._lock:
                if time.monotonic() - self._said < self._pause_s:
                    continue
                for progress in list(self._progress.values()):
                    self._say(progress.project, self._still(progress))
                self._said = time.monotonic()

    def _still(self, progress: Progress) -> str:
        doing = ", ".join(f"{what} ({duration(seconds)})" for what, seconds in progress.doing())
        count = f"; {len(progress.proofs)} of {len(self._asked)} verdicts so far" if self._asked else ""
        return f"still {doing or 'at work'}{count}"
