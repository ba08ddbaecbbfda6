"""Watches one container: its end, and what the probe says, as they come."""

from __future__ import annotations

import threading
import time
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING

from docker.errors import APIError

from hullproof.engine.container.probe import Died, Ended, Event, Loss, Lost, Reader, Record
from hullproof.engine.container.sidecar import Helper, Sidecar
from hullproof.engine.container.watch import PATIENCE
from hullproof.engine.container.words import engine_errors, explain

if TYPE_CHECKING:
    from collections.abc import Mapping

    from docker.api.client import APIClient

    from hullproof.engine.container.probe import Goal

MARGIN_S = 30.0  # beyond what the probe was told: the engine's own time, and the asking
# How long the news of a container's end may take: the engine puts its network away first, and a dying
# container already refuses the sidecar by then.
NEWS_S = 3.0


class Observer:
    """Follows a container from its start. `death` and `record` are what is known so far.

    `lost_s`: for how long it waited for a processor in all, None where nobody counts.
    """

    def __init__(self, api: APIClient, container_id: str, labels: Mapping[str, str]) -> None:
        """Begin to wait for the end of a container that has just been started."""
        self.started_at = time.monotonic()
        self.death: Died | None = None
        self.record: Record | None = None
        self.lost_s: float | None = None
        self._api = api
        self._id = container_id
        self._events: SimpleQueue[Event] = SimpleQueue()
        self._sidecar = Sidecar(api, labels)
        self._reader: Reader | None = None
        self._waiter = threading.Thread(target=self._wait_for_end, name="hullproof-wait", daemon=True)
        self._waiter.start()

    def _wait_for_end(self) -> None:
        try:
            answer = self._api.wait(self._id, timeout=None)
            self._events.put(Died(int(answer["StatusCode"]), time.monotonic()))
        except Exception as error:  # noqa: BLE001 - somebody waits for whatever comes
            self._events.put(Lost(error))

    def observe(self, goal: Goal, helper: Helper | str) -> str | None:
        """Let the probe look from its sidecar, to its last word. Returns why nothing could be seen.

        `helper` is what the sidecar is made from, or the reason why it cannot be. It can be done again: the probe
        counts from the container's start, so that a later look waits for nothing.
        """
        until = self.started_at + PATIENCE * max(goal.deadline_s, goal.longest_watch_s)
        until = max(until, time.monotonic()) + MARGIN_S
        again = self.record is not None and self._sidecar.signal("SIGUSR1")
        self.record = None
        complaint = (None if again else self._start_probe(goal, helper)) or self._follow(until)
        if self.record is not None:
            return self._why_unfinished()
        self.await_end(max(self.started_at + goal.longest_watch_s, time.monotonic() + NEWS_S))
        return "it ended before it could be looked into" if self.death is not None else complaint

    def count_losses(self) -> None:
        """From now on let the probe tell of time that is lost to a busy machine."""
        if self.record is None or not self._sidecar.signal("SIGUSR2"):
            self.lost_s = None

    def await_end(self, until: float) -> bool:
        """Wait for the container's end, up to a reading of time.monotonic(). Whether it came."""
        while self.death is None:
            if self._next(until) is None:
                return False
        return True

    def close(self) -> None:
        """Remove what was made for watching, and let the threads end; the container is gone by now."""
        self._sidecar.remove()
        for thread in (self._waiter, self._reader):
            if thread is not None:
                thread.join(2.0)

    def _why_unfinished(self) -> str | None:
        """Say what is wrong with a record that is not the last one, of a container that lives."""
        if self.record is None or self.record.final or self.death is not None:
            return None
        # The container's end takes the probe with it, and the news of both come in any order.
        if self.await_end(time.monotonic() + NEWS_S):
            return None
        self.record = None
        return "the probe ended before its time"

    def _start_probe(self, goal: Goal, helper: Helper | str) -> str | None:
        """Start the probe beside the container. Returns why that cannot be."""
        self._forget()
        if isinstance(helper, str):
            return helper
        try:
            with engine_errors("looking into the container", APIError):
                output = self._sidecar.start(helper, goal.command(helper.python), self._id)
        except APIError as error:
            return f"a sidecar made from {helper.name} cannot look into it: {explain(error)}"
        self._reader = Reader(output, self._events)
        self._reader.start()
        return None

    def _forget(self) -> None:
        """Forget a probe that did not come to its end: its last words are not the next one's."""
        self._sidecar.remove()
        if self._reader is not None:
            self._reader.join(1.0)
            while not self._events.empty():
                self._next(0.0)
            self.record = None

    def _follow(self, until: float) -> str | None:
        """Listen to the probe up to its last word. Returns its complaint when it failed."""
        while True:
            event = self._next(until)
            if event is None:
                return "the probe did not answer in time"
            if isinstance(event, Ended):
                return event.complaint or "the probe ended without a word"
            if isinstance(event, Died) or (isinstance(event, Record) and event.final):
                return None

    def _next(self, until: float) -> Event | None:
        """Take the next event and keep what it says; None when the time is up."""
        try:
            event = self._events.get(timeout=max(0.0, until - time.monotonic()))
        except Empty:
            return None
        if isinstance(event, Lost):
            with engine_errors("waiting for the container"):
                raise event.error
        if isinstance(event, Died):
            self.death = event
            self._hear_out()
        self._keep(event)
        return event

    def _keep(self, event: Event) -> None:
        """Keep what the probe says."""
        if isinstance(event, Record):
            self.record = event
        if isinstance(event, (Record, Loss)):
            self.lost_s = event.lost_s

    def _hear_out(self) -> None:
        """Take what the probe of a dead container still had to say."""
        if self._reader is not None:
            self._reader.join(1.0)
        while not self._events.empty():
            self._keep(self._events.get())
