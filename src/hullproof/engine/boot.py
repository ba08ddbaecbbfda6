"""The release image, booted once: what the kernel and the engine tell about it while it runs and when it stops.

What is seen is seen from a sidecar in the container's own namespaces, so that a remote engine serves as well as a local
one, and a published port, which accepts connections while nothing listens, tells nothing here.
"""

from __future__ import annotations

import logging
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from docker.errors import APIError, ImageNotFound

from hullproof.engine.container.ending import state_of, stop
from hullproof.engine.container.health import check_health
from hullproof.engine.container.observer import Observer
from hullproof.engine.container.probe import Goal
from hullproof.engine.container.sidecar import Helper, log_config, open_stream, remove
from hullproof.engine.container.words import (
    engine_errors,
    explain,
    is_engines_fault,
    lived,
    log_lines,
)
from hullproof.engine.limits import as_options, limit_reached
from hullproof.engine.model.container import ContainerFacts
from hullproof.errors import EngineError
from hullproof.model import Limits

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from types import TracebackType

    from docker import DockerClient
    from typing_extensions import Self

    from hullproof.engine.connection import Engine
    from hullproof.engine.container.probe import Record
    from hullproof.engine.model.container import Stopped

_log = logging.getLogger(__name__)

_LOG_LINES = 40
_LOG_BYTES = 1 << 20


class NoStartError(EngineError):
    """The engine cannot start a container so, whatever its image."""


class BootedContainer:
    """A running container of an image, and what can be seen of it. Gone when the `with` block is left."""

    def __init__(self, client: DockerClient, goal: Goal, stop_signal: str, helper: Helper | str) -> None:
        """Know what is going to be waited for; use `start`."""
        self._client = client
        self._api = client.api
        self._goal = goal
        self._stop_signal = stop_signal
        self._helper = helper
        self._id = ""
        self._labels: dict[str, str] = {}
        self._start_error: str | None = None
        self._observer: Observer | None = None

    @classmethod
    def start(  # noqa: PLR0913 - each is a fact about the project that only the caller knows
        cls,
        engine: Engine,
        image: str,
        *,
        labels: Mapping[str, str],
        env: Mapping[str, str],
        ready: str | int | None,
        ready_timeout_s: float,
        exposed: Sequence[str],
        stop_signal: str,
        helper: Helper | str,
        network: str | None = None,
        limits: Limits | None = None,
        options: Mapping[str, Any] | None = None,
    ) -> Self:
        """Start a container of `image` with no override but labels, environment and network, and `options`.

        `ready`: an HTTP path, a TCP port, or None for the exposed ports. `helper`: what it is looked at from, or
        the reason why there is nothing. `network`: the one that it joins, by name; None for the engine's default.
        `limits`: what it may have at the most. `options` are those of the SDK's `containers.create`; none where the
        image itself is under proof.
        An image that cannot be started is no error here but `ContainerFacts.start_error`.
        Raises EngineError when the engine goes away or has no such image.
        """
        goal = Goal(ready, ready_timeout_s, 0.0, tuple(exposed))
        booted = cls(engine.client, goal, stop_signal, helper)
        booted._labels = dict(labels)
        try:
            given = {"environment": dict(env), "network_mode": network, **as_options(limits or Limits())}
            booted._boot(image, {**given, **(options or {})})
        except BaseException:
            booted.remove()
            raise
        return booted

    def _boot(self, image: str, options: dict[str, Any]) -> None:
        def make() -> None:
            made = self._client.containers.create(
                image, labels=self._labels, log_config=log_config(), **options
            )
            self._id = str(made.id)

        try:
            if self._tried(make):
                self._begin()
        except ImageNotFound as error:
            raise EngineError(f"the engine has no image {image}: {explain(error)}") from error

    def _begin(self) -> None:
        """Start the container that was made, or that has ended, and follow it from here on."""
        if self._tried(lambda: self._api.start(self._id)):
            self._observer = Observer(self._api, self._id, self._labels)

    def _tried(self, step: Callable[[], None]) -> bool:
        """Take a step towards a running container; whether that was done. What the image is refused for is kept."""
        try:
            with engine_errors("starting the container", APIError):
                step()
        except ImageNotFound:
            raise
        except APIError as error:
            self._start_error = explain(error)
            if is_engines_fault(self._start_error):
                raise NoStartError(f"the engine cannot start containers: {self._start_error}") from error
            return False
        self._start_error = None
        return True

    def __enter__(self) -> Self:
        """Use it as a context manager: the container is removed at the end."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Remove the container, however the block ended."""
        try:
            self.remove()
        except EngineError as trouble:
            if error is None:
                raise
            _log.warning("%s", str(trouble))  # not the error itself: it holds on to the connection

    # --- the facts -----------------------------------------------------------------------------------

    def facts(
        self, *, watch_s: float, unsettled_s: float = 0.0, stop: bool = True, ask: bool = True
    ) -> ContainerFacts:
        """Wait until it is ready, dead or late, watch it until `watch_s` after its start, then stop it.

        `unsettled_s`: until when it is watched on that does more by then than to listen (see `container.settling`).

        Without `ask`, no port is asked for anything: it is ready once it listens.

        Raises EngineError when the engine goes away in the middle.
        """
        observer = self._observer
        if observer is None:
            return ContainerFacts(start_error=self._start_error or "it was not started")
        goal = replace(self._goal, watch_s=watch_s, unsettled_s=unsettled_s)
        goal = goal if ask else goal.unasked()
        unobservable = observer.observe(goal, self._helper)
        watched = round(time.monotonic() - observer.started_at, 3)
        last_words = () if observer.death is None else self.logs()
        complaints = () if observer.death is None else self.logs(stdout=False)
        with engine_errors("looking at the container"):
            limit = limit_reached(self._api, self._id, last_words)
        record = observer.record
        is_ready = record is not None and record.ready
        health = check_health(self._api, self._id) if stop and is_ready and observer.death is None else None
        stopped = self._stop(observer) if stop and observer.death is None else None
        facts = ContainerFacts(
            ready=is_ready,
            ready_after_s=record.ready_after_s if record else None,
            ready_by=_ready_by(observer, goal, died=observer.death is not None and stopped is None),
            watched_s=watched,
            processes=record.processes if record else (),
            listeners=record.listeners if record else (),
            answers=record.answers if record else (),
            log=last_words or self.logs(),
            stopped=stopped,
            unobservable=unobservable,
            slowed=_slowed(record, goal),
            sidecar=None if isinstance(self._helper, str) or record is None else self._helper.name,
            limit=limit,
            sockets=record.sockets if record else (),
            stderr=complaints,
            health=health,
        )
        return facts if observer.death is None or stopped else self._as_died(facts, observer.death.exit_code)

    def _as_died(self, facts: ContainerFacts, exit_code: int) -> ContainerFacts:
        """Add how it ended to the facts of a container that ended by itself."""
        state = state_of(self._api, self._id)
        seconds = lived(state)
        by = facts.ready_by
        if not facts.ready:
            age = "" if seconds is None else f" after {seconds:.1f} s"
            by = f"{by}; ended with exit code {exit_code}{age}".removeprefix("; ")
        watched = facts.watched_s if seconds is None else seconds
        return replace(facts, exit_code=exit_code, lived_s=seconds, watched_s=watched, ready_by=by)

    # --- the end -------------------------------------------------------------------------------------

    def _stop(self, observer: Observer) -> Stopped | None:
        """Stop it; None when it had ended by itself just before."""
        return stop(self._api, self._id, self._stop_signal, observer)

    def remove(self) -> None:
        """Remove the container with its anonymous volumes. Raises EngineError when it stays."""
        container_id, self._id = self._id, ""
        observer, self._observer = self._observer, None
        try:
            if container_id:
                remove(self._api, container_id)
        except EngineError:
            if observer is None:
                raise
            observer.close()  # Podman keeps a container that another one shares namespaces with
            remove(self._api, container_id)
        finally:
            if observer is not None:
                observer.close()

    @property
    def id(self) -> str:
        """The container's id, empty when it was removed."""
        return self._id

    def logs(self, count: int = _LOG_LINES, *, stdout: bool = True) -> tuple[str, ...]:
        """Return the last lines of its log, however much it has written; those of stderr alone without `stdout`."""
        path = f"/containers/{self._id}/logs?stdout={int(stdout)}&stderr=1&tail={count}"
        with engine_errors("reading the container's log"), open_stream(self._api, path) as response:
            return log_lines(response.raw.read, count, _LOG_BYTES) if response.ok else ()


def _ready_by(observer: Observer, goal: Goal, *, died: bool) -> str:
    """Say what made it ready, or what was waited for and seen last."""
    record = observer.record
    if record is None:
        return ""
    if record.ready:
        return record.seen
    waited = "waited" if died else f"timed out after {goal.deadline_s:g} s waiting"
    return f"{waited} for {record.goal}; last seen: {record.seen}"


def _slowed(record: Record | None, goal: Goal) -> str | None:
    """Say what a container is not ready for that had less time than it may take."""
    if record is None or record.ready or not record.final or record.had_s >= goal.deadline_s:
        return None
    return f"for {record.lost_s:.0f} s the machine had no processor for it"
