"""What is shown while projects are proven: a live display on a terminal, lines with times elsewhere, or nothing."""

from __future__ import annotations

import contextlib
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from rich.console import Console, Group
from rich.live import Live
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text

from hullproof.events import Event, FactFinished, FactStarted, Judged, Note, StepFinished, StepStarted
from hullproof.model import Proof
from hullproof.project.project import Project
from hullproof.report.as_terminal import one_row
from hullproof.runner.acceptance import accepted
from hullproof.runner.progress import BUILT, ended, shown
from hullproof.terminal import say, screen_width, takes_color
from hullproof.text import clean, duration

if TYPE_CHECKING:
    from typing_extensions import Self

SILENCE_S = 15.0
"""The longest that nothing is said without a terminal: CI services end jobs that are silent, and people doubt."""

_EARLY_S = 1.0
_MOST_ROWS = 5
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


class Display(Protocol):
    """Shows the events of projects that are proven, from whichever threads they come."""

    def __call__(self, project: Project, event: Event) -> None:
        """Take an event."""

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
        return LiveScreen(asked, several=several)
    return TimedLines(asked, several=several)


@dataclass
class Progress:
    """How far the proving of one project is: what runs since when, and what was judged."""

    project: Project
    running: dict[str, float] = field(default_factory=dict)
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
        """Say what runs and for how many seconds, the oldest first; a build is told by its steps."""
        now = time.monotonic()
        steps = len(self.running) > 1
        return [
            (what, now - since)
            for what, since in list(self.running.items())
            if not (steps and what == _DOING["build"])
        ]


class Silent:
    """Shows nothing."""

    def __call__(self, project: Project, event: Event) -> None:
        """Take no notice."""

    def aside(self) -> contextlib.AbstractContextManager[None]:
        """There is room."""
        return contextlib.nullcontext()

    def __enter__(self) -> Self:
        """Begin."""
        return self

    def __exit__(self, *_: object) -> None:
        """End."""


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
            if line is not None:
                self._say(project, line)

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


class LiveScreen(Silent):
    """A live display on stderr: verdicts as they come, what runs and for how long, and what is still to come.

    Steps of the build and notes stay as lines above it; the display itself goes when all is done.
    """

    def __init__(self, asked: Sequence[str], *, several: bool) -> None:
        """Take what is to be proven, and whether it is of several projects."""
        self._asked = asked
        self._several = several
        self._began = time.monotonic()
        self._progress: dict[Path, Progress] = {}
        self._spinner = Spinner("dots")
        self._lock = threading.RLock()
        self._writing = threading.Lock()  # not the same: it is waited for while rich holds its own
        self._live = self._made()

    def _made(self) -> Live:
        console = Console(stderr=True, highlight=False, emoji=False, markup=False, width=screen_width())
        return Live(
            get_renderable=self.now,
            console=console,
            transient=True,
            refresh_per_second=8,
            redirect_stdout=False,
            vertical_overflow="crop",
        )

    def __enter__(self) -> Self:
        """Begin to draw."""
        self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Take the display away."""
        self._live.stop()

    @contextlib.contextmanager
    def aside(self) -> Iterator[None]:
        """Take the display away for as long as others write, one at a time."""
        with self._writing:
            self._live.stop()
            try:
                yield
            finally:
                self._live = self._made()
                self._live.start()

    def __call__(self, project: Project, event: Event) -> None:
        """Note what the event says; keep steps and notes as lines above."""
        with self._lock:
            line = self._progress.setdefault(project.home, Progress(project)).take(event)
        if line is not None:
            name = f"{clean(project.name)}: " if self._several else ""
            self._live.console.print(Text(clean(f"{name}{line}"), "dim"), no_wrap=True, overflow="ellipsis")

    def now(self) -> Group:
        """Return what is shown at this moment."""
        with self._lock:
            shown_now = list(self._progress.values())
        return Group(*(self._summary(each) if self._several else self._in_full(each) for each in shown_now))

    def _in_full(self, progress: Progress) -> Group:
        """The verdicts so far, what is still to come, and what runs."""
        longest = max(map(len, self._asked), default=0)
        judged = {proof.id for proof in progress.proofs}
        to_come = ", ".join(each for each in self._asked if each not in judged)
        rows = [one_row(proof, longest) for proof in progress.proofs]
        count = f"{len(judged)} of {len(self._asked)} verdicts, " if self._asked else ""
        spent = duration(time.monotonic() - self._began)
        head = Text.assemble((clean(progress.project.name), "bold"), f"  {count}{spent}")
        rest = [Text(f"  to come: {to_come}", "dim")] if to_come else []
        return Group(Text(), head, *map(_cut, [*rows, *rest]), self._running(progress))

    def _running(self, progress: Progress) -> Table:
        table = Table.grid(padding=(0, 1))
        table.add_column()
        table.add_column(no_wrap=True, overflow="ellipsis")
        table.add_column(no_wrap=True, justify="right")
        for what, seconds in progress.doing()[-_MOST_ROWS:]:
            table.add_row(self._spinner, Text(clean(what)), Text(duration(seconds), "dim"))
        return table

    def _summary(self, progress: Progress) -> Text:
        """One line: how many verdicts there are, the bad ones by name, and what runs."""
        bad = "".join(
            f", {proof.id} {proof.standing.words}" for proof in progress.proofs if not proof.is_good
        )
        doing = "".join(f"; {what}" for what, _ in progress.doing()[:1])
        count = f"{len(progress.proofs)} of {len(self._asked)}"
        return _cut(Text.assemble((clean(progress.project.name), "bold"), f"  {count}{bad}{clean(doing)}"))


def _cut(text: Text) -> Text:
    text.no_wrap, text.overflow = True, "ellipsis"
    return text
