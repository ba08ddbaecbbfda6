"""Watches one container: its end, and what the probe says, as they come."""

from __future__ import annotations

import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Any

from hullproof.engine.container.words import engine_errors, explain
from hullproof.engine.probe import Died, Ended, Event, Lost, Reader, Record

if TYPE_CHECKING:
    from collections.abc import Mapping

    from docker.api.client import APIClient
    from requests import Response

    from hullproof.engine.probe import Goal

MARGIN_S = 30.0  # beyond what the probe was told: the engine's own time, and the asking
# How long the news of a container's end may take: the engine puts its network away first, and a dying
# container already refuses the probe by then.
NEWS_S = 3.0


@dataclass(frozen=True)
class Helper:
    """An image with a Python that runs the probe beside a container which has none."""

    image: str
    python: str = "python3"


def log_config() -> Any:  # noqa: ANN401 - the SDK's type, imported late
    """Limit the log: a flood must not fill the engine's disk."""
    from docker.types import LogConfig  # noqa: PLC0415 - the SDK is slow to import

    # Two files, since cutting off the only one would lose the last lines.
    return LogConfig(type="json-file", config={"max-size": "2m", "max-file": "2"})


def open_stream(api: APIClient, path: str, body: dict[str, Any] | None = None) -> Response:
    """Open a stream as plain HTTP: the SDK's reader of raw sockets can lose first bytes, and hang on TLS."""
    url = f"{api.base_url}/v{api.api_version}{path}"
    if body is None:
        return api.get(url, stream=True, timeout=(api.timeout, None))
    return api.post(url, json=body, stream=True, timeout=(api.timeout, None))


class Observer:
    """Follows a container from its start. `death` and `record` are what is known so far."""

    def __init__(self, api: APIClient, container_id: str, labels: Mapping[str, str]) -> None:
        """Begin to wait for the end of a container that has just been started."""
        self.started_at = time.monotonic()
        self.death: Died | None = None
        self.record: Record | None = None
        self._api = api
        self._id = container_id
        self._labels = dict(labels)
        self._events: SimpleQueue[Event] = SimpleQueue()
        self._threads: list[threading.Thread] = []
        self._sidecar_id: str | None = None
        self._spawn(threading.Thread(target=self._wait_for_end, name="hullproof-wait", daemon=True))

    def _spawn(self, thread: threading.Thread) -> None:
        self._threads.append(thread)
        thread.start()

    def _wait_for_end(self) -> None:
        try:
            answer = self._api.wait(self._id, timeout=None)
            self._events.put(Died(int(answer["StatusCode"]), time.monotonic()))
        except Exception as error:  # noqa: BLE001 - somebody waits for whatever comes
            self._events.put(Lost(error))

    def observe(self, goal: Goal, interpreters: tuple[str, ...], helper: Helper | None) -> str | None:
        """Run the probe where it can be run, to its end. Returns why nothing could be seen.

        It can be done again: the probe counts from the container's start, so that a later one waits for nothing.
        """
        self._forget()
        until = max(self.started_at + max(goal.deadline_s, goal.watch_s), time.monotonic()) + MARGIN_S
        complaints = []
        for python in (*interpreters, None):
            complaint = self._start_probe(goal, python, helper) or self._follow(until)
            if complaint is None or self.record is not None or self.death is not None:
                break
            complaints.append(f"{python}: {complaint}" if python else complaint)
        if self.record is not None:
            return self._why_unfinished()
        self.await_end(max(self.started_at + goal.watch_s, time.monotonic() + NEWS_S))
        if self.death is not None:
            return "it ended before it could be looked into"
        return "; ".join(complaints)

    def _forget(self) -> None:
        """Forget an earlier probe: it has ended, and its last words are not the next one's."""
        self.record = None
        self._remove_sidecar()
        for reader in [thread for thread in self._threads if isinstance(thread, Reader)]:
            reader.join(1.0)
            self._threads.remove(reader)
        while not self._events.empty():
            self._next(0.0)
        self.record = None

    def await_end(self, until: float) -> bool:
        """Wait for the container's end, up to a reading of time.monotonic(). Whether it came."""
        while self.death is None:
            if self._next(until) is None:
                return False
        return True

    def close(self) -> None:
        """Remove what was made for watching, and let the threads end; the container is gone by now."""
        self._remove_sidecar()
        for thread in self._threads:
            thread.join(2.0)

    def _remove_sidecar(self) -> None:
        from docker.errors import NotFound  # noqa: PLC0415 - the SDK is slow to import

        sidecar_id, self._sidecar_id = self._sidecar_id, None
        if sidecar_id:
            with (
                suppress(NotFound),
                engine_errors(
                    f"removing container {sidecar_id[:12]} (`hullproof clean` removes it)", NotFound
                ),
            ):
                self._api.remove_container(sidecar_id, v=True, force=True)

    def _why_unfinished(self) -> str | None:
        """Say what is wrong with a record that is not the last one, of a container that lives."""
        if self.record is None or self.record.final or self.death is not None:
            return None
        # The container's end takes the probe with it, and the news of both come in any order.
        if self.await_end(time.monotonic() + NEWS_S):
            return None
        self.record = None
        return "the probe ended before its time"

    def _start_probe(self, goal: Goal, python: str | None, helper: Helper | None) -> str | None:
        """Start the probe inside the container, or beside it. Returns why that cannot be."""
        from docker.errors import APIError  # noqa: PLC0415 - the SDK is slow to import

        if python is None and helper is None:
            return "no Python runs inside the container, and there is no helper image"
        try:
            with engine_errors("looking into the container", APIError):
                if python is not None:
                    path, body = self._make_exec(goal.command(python))
                elif helper is not None:
                    path, body = self._make_sidecar(helper.image, goal.command(helper.python))
        except APIError as error:
            return explain(error)
        self._spawn(Reader(lambda: open_stream(self._api, path, body), self._events))
        return None

    def _make_exec(self, command: list[str]) -> tuple[str, dict[str, Any] | None]:
        # Privileged, since the kernel shows /proc/PID/cwd, exe and fd of other users only to CAP_SYS_PTRACE.
        made = self._api.exec_create(self._id, command, user="0", privileged=True, workdir="/")
        return f"/exec/{made['Id']}/start", {"Detach": False, "Tty": False}

    def _make_sidecar(self, image: str, command: list[str]) -> tuple[str, dict[str, Any] | None]:
        target = f"container:{self._id}"
        made = self._api.create_container(
            image,
            entrypoint=command,
            user="0",
            working_dir="/",
            labels=self._labels,
            healthcheck={"test": ["NONE"]},
            host_config=self._api.create_host_config(
                pid_mode=target,
                network_mode=target,
                cap_add=["SYS_PTRACE"],
                security_opt=["apparmor=unconfined"],
                log_config=log_config(),
            ),
        )
        self._sidecar_id = str(made["Id"])
        self._api.start(self._sidecar_id)
        return f"/containers/{self._sidecar_id}/logs?stdout=1&stderr=1&follow=1", None

    def _follow(self, until: float) -> str | None:
        """Listen to the probe to its end. Returns its complaint when it failed."""
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
        if isinstance(event, Record):
            self.record = event
        return event

    def _hear_out(self) -> None:
        """Take what the probe of a dead container still had to say."""
        for thread in self._threads:
            if isinstance(thread, Reader):
                thread.join(1.0)
        while not self._events.empty():
            event = self._events.get()
            if isinstance(event, Record):
                self.record = event
