"""Proving one or several projects in one command, side by side, so that an interruption ends all in good order."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from hullproof import process
from hullproof.engine.connection import Engine
from hullproof.errors import HullproofError
from hullproof.events import Event, Note
from hullproof.interruption import END_DEADLINE_S, Interruption, current, signals_held
from hullproof.model import Report
from hullproof.project.project import Project
from hullproof.report.outputs import Subject
from hullproof.report.several import Outcome
from hullproof.run.run import Run
from hullproof.runner.given import is_stub
from hullproof.runner.kept import keeper_for
from hullproof.runner.prove import prove

_PAUSE_S = 0.2


def outcome_of(
    project: Subject,
    make: Callable[[], Report],
    deliver: Callable[[Subject, Report], None],
    *,
    several: bool,
) -> Outcome:
    """Make a project's report and deliver it; return what came of it. An error is raised, but that of one of `several`."""
    report, error, code = None, "", 0
    try:
        report = make()
        code = 0 if report.verdict.is_good else 1
        deliver(project, report)
    except HullproofError as raised:
        if not several:
            raise
        error, code = str(raised), raised.exit_code
    return Outcome(project.name, report, error, code)


@dataclass
class Proving:
    """One command's proving of one or several projects, which an interruption ends in good order.

    `image` is proven in the place of what a single project builds. `over` is told when nothing more is done for a project.
    """

    engine: Engine
    only: Sequence[str] | None
    experiments: bool
    deliver: Callable[[Subject, Report], None]
    several: bool
    hear: Callable[[Project, Event], None]
    over: Callable[[Project, Outcome], None] = lambda *_: None
    image: str | None = None
    is_fresh: bool = False
    _ending: threading.Event = field(default_factory=threading.Event)
    _interruption: Interruption = field(default_factory=current)
    _runs: list[Run] = field(default_factory=list)
    _outcomes: dict[Path, Outcome] = field(default_factory=dict)
    _faults: list[Exception] = field(default_factory=list)
    _threads: list[threading.Thread] = field(default_factory=list)

    def all(self, projects: Sequence[Project], jobs: int) -> dict[Path, Outcome]:
        """Prove the projects, `jobs` at a time; return what came of each, by its home.

        With several, an error of one is its outcome. What is a fault of ours is raised when the others are done.
        """
        try:
            if min(jobs, len(projects)) == 1:  # in this thread: an interruption unwinds it as it stands
                self._work(deque(projects))
            else:
                self._side_by_side(deque(projects), min(jobs, len(projects)))
        except BaseException:
            with signals_held():
                self._end()
            raise
        if self._faults:
            raise self._faults[0]
        return self._outcomes

    def _side_by_side(self, waiting: deque[Project], workers: int) -> None:
        ending: list[BaseException] = []

        def work() -> None:
            try:
                self._work(waiting)
            except BaseException as error:  # noqa: BLE001 - raised by the thread that waits
                ending.append(error)

        # Not a pool's threads, for which Python waits at its end, come what may.
        for number in range(workers):
            self._threads.append(threading.Thread(target=work, name=f"prove-{number}", daemon=True))
            self._threads[-1].start()
        while not ending and (working := [each for each in self._threads if each.is_alive()]):
            working[0].join(_PAUSE_S)
        if ending:
            raise ending[0]

    def _work(self, waiting: deque[Project]) -> None:
        """Prove one project after the other, as long as any is left."""
        while not self._ending.is_set():
            try:
                project = waiting.popleft()
            except IndexError:
                return
            try:
                self._outcomes[project.home] = self._one(project)
            except Exception as error:
                if not self.several or self._interruption.has_come:
                    raise
                self._faults.append(error)

    def _end(self) -> None:
        """End all that is under way, from the thread that was interrupted: programs, then what the runs made."""
        self._ending.set()
        if not self._runs and not self._threads:
            return  # it has unwound
        self.engine.calls.end()
        deadline = time.monotonic() + END_DEADLINE_S
        process.end_all()
        closing = [threading.Thread(target=run.close, daemon=True) for run in list(self._runs)]
        for thread in closing:
            thread.start()
        for thread in (*closing, *self._threads):
            thread.join(self._interruption.left_s(deadline - time.monotonic()) + _PAUSE_S)

    def _one(self, project: Project) -> Outcome:
        outcome = outcome_of(project, lambda: self._prove(project), self._deliver, several=self.several)
        if outcome.error:
            self._hear(project, Note(f"hullproof: {outcome.error}"))
        if not self._ending.is_set():
            self.over(project, outcome)
        return outcome

    def _prove(self, project: Project) -> Report:
        def hear(event: Event) -> None:
            self._hear(project, event)

        if self.image is None or not is_stub(project):
            hear(Note(f"building {project.config.dockerfile}"))
        with Run() as run, self._listed(run):
            run.uses(self.engine)
            return prove(
                project,
                self.engine,
                run,
                only=self.only,
                experiments=self.experiments,
                image=self.image,
                tell=hear,
                keeper=None if self.image else keeper_for(project, is_fresh=self.is_fresh),
            )

    def _deliver(self, project: Subject, report: Report) -> None:
        if not self._ending.is_set():
            self.deliver(project, report)

    @contextmanager
    def _listed(self, run: Run) -> Iterator[None]:
        self._runs.append(run)
        try:
            yield
        finally:
            self._runs.remove(run)

    def _hear(self, project: Project, event: Event) -> None:
        if not self._ending.is_set():
            self.hear(project, event)
