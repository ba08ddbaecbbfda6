"""Proving one or several projects in one command, side by side, so that an interruption ends all in good order."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from hullproof import process
from hullproof.engine.connection import Engine
from hullproof.errors import HullproofError
from hullproof.events import Event, Note
from hullproof.interruption import END_DEADLINE_S, Interruption, current, signals_held
from hullproof.model import Report
from hullproof.project.project import Project
from hullproof.report.outputs import Delivery
from hullproof.run.run import Run
from hullproof.runner.given import is_stub
from hullproof.runner.kept import keeper_for
from hullproof.runner.prove import prove

_PAUSE_S = 0.2


@dataclass
class Proving:
    """One command's proving of one or several projects, which an interruption ends in good order.

    `image` is proven in the place of what a single project builds.
    """

    engine: Engine
    only: Sequence[str] | None
    experiments: bool
    deliver: Delivery
    several: bool
    hear: Callable[[Project, Event], None]
    image: str | None = None
    is_fresh: bool = False
    _ending: threading.Event = field(default_factory=threading.Event)
    _interruption: Interruption = field(default_factory=current)
    _runs: list[Run] = field(default_factory=list)
    _threads: list[threading.Thread] = field(default_factory=list)

    def all(self, projects: Sequence[Project], jobs: int) -> list[int]:
        """Prove the projects, `jobs` at a time; return an exit code for each."""
        try:
            if min(jobs, len(projects)) == 1:  # in this thread: an interruption unwinds it as it stands
                return [self._one(project) for project in projects]
            return self._side_by_side(deque(projects), min(jobs, len(projects)))
        except BaseException:
            with signals_held():
                self._end()
            raise

    def _side_by_side(self, waiting: deque[Project], workers: int) -> list[int]:
        codes: list[int] = []
        faults: list[BaseException] = []

        def work() -> None:
            while waiting and not self._ending.is_set():
                try:
                    project = waiting.popleft()
                except IndexError:
                    return
                try:
                    codes.append(self._one(project))
                except BaseException as error:  # noqa: BLE001 - told by the thread that waits
                    faults.append(error)

        # Not a pool's threads, for which Python waits at its end, come what may.
        for number in range(workers):
            self._threads.append(threading.Thread(target=work, name=f"prove-{number}", daemon=True))
            self._threads[-1].start()
        while not faults and (working := [each for each in self._threads if each.is_alive()]):
            working[0].join(_PAUSE_S)
        if faults:
            raise faults[0]
        return codes

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

    def _one(self, project: Project) -> int:
        try:
            report = self._prove(project)
            if not self._ending.is_set():
                self.deliver(project, report)
        except HullproofError as error:
            if not self.several:
                raise
            self._hear(project, Note(f"hullproof: {error}"))
            return error.exit_code
        return 0 if report.verdict.is_good else 1

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
