"""What is shown on a terminal while projects are proven: a live display, drawn by rich."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console, Group
from rich.live import Live
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text

from hullproof.cli.progress import Progress, Silent, is_dull
from hullproof.events import Event
from hullproof.model import Proof
from hullproof.project.project import Project
from hullproof.report.as_terminal import one_row
from hullproof.report.several import Outcome
from hullproof.terminal import screen_height, screen_width
from hullproof.text import clean, duration

if TYPE_CHECKING:
    from typing_extensions import Self

_MOST_ROWS = 5
_ROWS_BESIDE = _MOST_ROWS + 4
"""What the live display has beside verdicts: an empty row, its head, what is to come, what runs, and room for the cursor."""


class LiveScreen(Silent):
    """A live display on stderr: verdicts as they come, what runs and for how long, and what is still to come.

    Steps of the build and notes stay as lines above it; the display itself goes when all is done.
    """

    def __init__(self, asked: Sequence[str], *, several: bool, projects: int = 1) -> None:
        """Take what is to be proven, and whether it is of several projects; and how many they are."""
        self._asked = asked
        self._several = several
        self._projects = projects
        self._outcomes: list[Outcome] = []
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
        if line is not None and not (self._several and is_dull(event)):
            name = f"{clean(project.name)}: " if self._several else ""
            self._live.console.print(Text(clean(f"{name}{line}"), "dim"), no_wrap=True, overflow="ellipsis")

    def over(self, project: Project, outcome: Outcome) -> None:
        """Count a project, and show no more of it."""
        with self._lock:
            self._progress.pop(project.home, None)
            self._outcomes.append(outcome)

    def now(self) -> Group:
        """Return what is shown at this moment: no more rows than the terminal has, so that what runs is always seen."""
        with self._lock:
            shown_now, done = list(self._progress.values()), list(self._outcomes)
        height = screen_height()
        if self._several:
            return Group(Text(), self._count(done), *map(self._summary, shown_now[3 - height :]))
        return Group(*(self._in_full(each, height) for each in shown_now))

    def _in_full(self, progress: Progress, height: int) -> Group:
        """The verdicts so far, as far as there is room for them, what is still to come, and what runs."""
        longest = max(map(len, self._asked), default=0)
        judged = {proof.id for proof in progress.proofs}
        to_come = ", ".join(each for each in self._asked if each not in judged)
        rows = _that_fit(progress.proofs, height - _ROWS_BESIDE, longest)
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

    def _count(self, done: Sequence[Outcome]) -> Text:
        """One line: how many projects are done, and which of them are not good, the last in front."""
        bad = [clean(each.name) for each in done if not each.is_good]
        named = f", {len(bad)} not proven: {', '.join(bad[::-1])}" if bad else ""
        spent = duration(time.monotonic() - self._began)
        return _cut(Text.assemble((f"{len(done)} of {self._projects} projects", "bold"), f"  {spent}{named}"))

    def _summary(self, progress: Progress) -> Text:
        """One line: how many verdicts there are, the bad ones by name, and what runs."""
        bad = "".join(f", {proof.id} {proof.status.text}" for proof in progress.proofs if not proof.is_good)
        doing = "".join(f"; {what}" for what, _ in progress.doing()[:1])
        count = f"{len(progress.proofs)} of {len(self._asked)}"
        return _cut(Text.assemble((clean(progress.project.name), "bold"), f"  {count}{bad}{clean(doing)}"))


def _that_fit(proofs: Sequence[Proof], most: int, longest: int) -> list[Text]:
    """Return at most so many rows for these verdicts: what is bad goes before what is good, and new before old."""
    if len(proofs) <= most:
        return [one_row(proof, longest) for proof in proofs]
    by_interest = sorted(range(len(proofs)), key=lambda at: (proofs[at].is_good, -at))
    kept = sorted(by_interest[: max(0, most - 1)])
    more = Text(f"  {len(proofs) - len(kept)} more", "dim")
    return [more, *(one_row(proofs[at], longest) for at in kept)]


def _cut(text: Text) -> Text:
    text.no_wrap, text.overflow = True, "ellipsis"
    return text
