"""The release image, booted once: what the kernel and the engine tell about it while it runs and when it stops.

No port is published: a published port accepts connections while nothing listens. Everything is seen from
inside the container's own namespaces, so that a remote engine serves as well as a local one.
"""

from __future__ import annotations

import logging
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from hullproof.engine.container.observer import Helper, Observer, log_config, open_stream
from hullproof.engine.container.words import (
    engine_errors,
    explain,
    frames,
    is_engines_fault,
    lived,
    log_lines,
    one_line,
)
from hullproof.engine.probe import Goal
from hullproof.errors import DeadlineError, EngineError
from hullproof.facts import ContainerFacts, Stopped, Unobservable

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from types import TracebackType

    from docker import DockerClient
    from typing_extensions import Self

    from hullproof.engine.connection import Engine

__all__ = ["BootedContainer", "Helper"]

_log = logging.getLogger(__name__)

STOP_DEADLINE_S = 10.0  # what the engine itself grants between the stop signal and SIGKILL
_LOG_LINES = 40
_LOG_BYTES = 1 << 20
_NOT_FOUND, _CONFLICT = 404, 409


class BootedContainer:
    """A running container of an image, and what can be seen of it. Gone when the `with` block is left."""

    def __init__(
        self, client: DockerClient, goal: Goal, stop_signal: str, interpreters: tuple[str, ...]
    ) -> None:
        """Know what is going to be waited for; use `start`."""
        self._api = client.api
        self._goal = goal
        self._stop_signal = stop_signal
        self._interpreters = interpreters
        self._helper: Helper | None = None
        self._id = ""
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
        interpreters: Sequence[str],
        stop_signal: str,
        helper: Helper | None = None,
        network: str | None = None,
    ) -> Self:
        """Start a container of `image` with no override but labels, environment and network.

        `ready`: an HTTP path, a TCP port, or None for the exposed ports. `interpreters`: absolute paths of
        Pythons in the image, the likeliest first. `helper`: what looks at it when none of them runs.
        `network`: the one that it joins, by name; None for the engine's default.
        An image that cannot be started is no error here but `ContainerFacts.start_error`.
        Raises EngineError when the engine goes away or has no such image.
        """
        goal = Goal(ready, ready_timeout_s, 0.0, tuple(exposed))
        booted = cls(engine.client, goal, stop_signal, tuple(interpreters))
        booted._helper = helper
        try:
            booted._boot(image, dict(env), dict(labels), network)
        except BaseException:
            booted.remove()
            raise
        return booted

    def _boot(self, image: str, env: dict[str, str], labels: dict[str, str], network: str | None) -> None:
        from docker.errors import APIError, ImageNotFound  # noqa: PLC0415 - the SDK is slow to import

        with engine_errors("starting the container"):
            try:
                host = self._api.create_host_config(log_config=log_config(), network_mode=network)
                made = self._api.create_container(image, environment=env, labels=labels, host_config=host)
                self._id = str(made["Id"])
                self._api.start(self._id)
            except ImageNotFound as error:
                raise EngineError(f"the engine has no image {image}: {explain(error)}") from error
            except APIError as error:
                said = explain(error)
                if is_engines_fault(said):
                    raise EngineError(f"the engine cannot start containers: {said}") from error
                self._start_error = said
                return
        self._observer = Observer(self._api, self._id, labels)

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

    def facts(self, *, watch_s: float, stop: bool = True) -> ContainerFacts:
        """Wait until it is ready, dead or late, watch it until `watch_s` after its start, then stop it.

        Raises EngineError when the engine goes away in the middle.
        """
        observer = self._observer
        if observer is None:
            return ContainerFacts(start_error=self._start_error or "it was not started")
        goal = replace(self._goal, watch_s=watch_s)
        unobservable = observer.observe(goal, self._interpreters, self._helper)
        watched = round(time.monotonic() - observer.started_at, 3)
        stopped = self._stop(observer) if stop and observer.death is None else None
        record = observer.record
        facts = ContainerFacts(
            ready=record is not None and record.ready,
            ready_after_s=record.ready_after_s if record else None,
            ready_by=_ready_by(observer, goal, died=observer.death is not None and stopped is None),
            watched_s=watched,
            processes=record.processes if record else (),
            listeners=record.listeners if record else (),
            answers=record.answers if record else (),
            log=self.logs(),
            stopped=stopped,
            unobservable=unobservable,
        )
        return facts if observer.death is None or stopped else self._as_died(facts, observer.death.exit_code)

    def _as_died(self, facts: ContainerFacts, exit_code: int) -> ContainerFacts:
        """Add how it ended to the facts of a container that ended by itself."""
        with engine_errors("looking at the container"):
            state: dict[str, Any] = self._api.inspect_container(self._id)["State"]
        seconds = lived(state)
        by = facts.ready_by
        if not facts.ready:
            age = "" if seconds is None else f" after {seconds:.1f} s"
            why = ", killed for want of memory" if state.get("OOMKilled") else ""
            by = f"{by}; ended with exit code {exit_code}{age}{why}".removeprefix("; ")
        watched = facts.watched_s if seconds is None else seconds
        return replace(facts, exit_code=exit_code, lived_s=seconds, watched_s=watched, ready_by=by)

    # --- the end -------------------------------------------------------------------------------------

    def _stop(self, observer: Observer) -> Stopped | None:
        """Send the stop signal and measure. None when it had ended by itself just before."""
        from docker.errors import APIError  # noqa: PLC0415 - the SDK is slow to import

        began = time.monotonic()
        try:
            with engine_errors("stopping the container", APIError):
                self._api.kill(self._id, self._stop_signal)
        except APIError as error:
            if error.status_code != _CONFLICT:
                raise EngineError(f"the engine would not stop the container: {explain(error)}") from error
            observer.await_end(began + STOP_DEADLINE_S)
            return None
        killed = not observer.await_end(began + STOP_DEADLINE_S)
        if killed:
            with engine_errors("killing the container"):
                self._api.kill(self._id, "SIGKILL")
            observer.await_end(time.monotonic() + STOP_DEADLINE_S)
        if observer.death is None:
            raise DeadlineError(f"the container did not end within {STOP_DEADLINE_S:g} s of SIGKILL")
        seconds = round(observer.death.at - began, 3)
        return Stopped(self._stop_signal, seconds, observer.death.exit_code, killed)

    def remove(self) -> None:
        """Remove the container with its anonymous volumes. Raises EngineError when it stays."""
        from docker.errors import APIError  # noqa: PLC0415 - the SDK is slow to import

        container_id, self._id = self._id, ""
        observer, self._observer = self._observer, None
        try:
            if container_id:
                with engine_errors(
                    f"removing container {container_id[:12]} (`hullproof clean` removes it)", APIError
                ):
                    self._api.remove_container(container_id, v=True, force=True)
        except APIError as error:
            if error.status_code not in (_NOT_FOUND, _CONFLICT):
                raise EngineError(f"container {container_id[:12]} stays: {explain(error)}") from error
        finally:
            if observer is not None:
                observer.close()

    # --- for tests that talk to it -------------------------------------------------------------------

    @property
    def id(self) -> str:
        """The container's id."""
        return self._id

    @property
    def address(self) -> str:
        """The container's address on the engine's network: reachable from the engine's own machine."""
        with engine_errors("looking at the container"):
            networks = self._api.inspect_container(self._id)["NetworkSettings"]["Networks"]
        return next((str(one["IPAddress"]) for one in networks.values() if one.get("IPAddress")), "")

    def base_url(self, port: int) -> str:
        """Return the URL of a port, on the engine's network."""
        return f"http://{self.address}:{port}"

    def logs(self, count: int = _LOG_LINES) -> tuple[str, ...]:
        """Return the last lines of its log, however much it has written."""
        path = f"/containers/{self._id}/logs?stdout=1&stderr=1&tail={count}"
        with engine_errors("reading the container's log"), open_stream(self._api, path) as response:
            return log_lines(response.raw.read, count, _LOG_BYTES) if response.ok else ()

    def exec_python(self, code: str, *arguments: str, user: str = "") -> str:
        """Run Python code inside the container with the image's own interpreter and return what it prints.

        Raises Unobservable when the image has none that runs, or the code fails.
        """
        complaint = "the image has no Python"
        for python in self._interpreters:
            said = {1: b"", 2: b""}
            with engine_errors("running Python in the container"):
                made = self._api.exec_create(self._id, [python, "-c", code, *arguments], user=user)["Id"]
                with open_stream(
                    self._api, f"/exec/{made}/start", {"Detach": False, "Tty": False}
                ) as response:
                    for kind, chunk in frames(response.raw.read):
                        said[kind] += chunk
                exit_code = self._api.exec_inspect(made)["ExitCode"]
            if exit_code == 0:
                return said[1].decode("utf-8", "replace")
            complaint = one_line((said[2] or said[1]).decode("utf-8", "replace"))
        raise Unobservable(complaint)


def _ready_by(observer: Observer, goal: Goal, *, died: bool) -> str:
    """Say what made it ready, or what was waited for and seen last."""
    record = observer.record
    if record is None:
        return ""
    if record.ready:
        return record.seen
    patience = "" if died else f"{goal.deadline_s:g} s "
    return f"waited {patience}for {record.goal}; last seen: {record.seen}"
