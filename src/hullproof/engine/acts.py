"""A booted container that something is done to, as it happens where it runs: it is frozen, or stopped while it is asked."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

from hullproof.engine.container.ending import STOP_DEADLINE_S
from hullproof.engine.container.health import check_health, patience
from hullproof.engine.container.probe import program
from hullproof.engine.container.sidecar import Sidecar
from hullproof.engine.container.words import engine_errors, frames
from hullproof.engine.visit import VisitedContainer
from hullproof.errors import Unobservable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from requests import Response

    from hullproof.engine.model.container import HealthCheck

Half: TypeAlias = Literal["head", "body"]
SIGNAL_ARRIVES_S = 0.5
"""How long an application is given to hear its stop signal before the rest of a request follows."""
_FAILURE = 500


@dataclass(frozen=True)
class HalfSent:
    """What came of a request that was half sent when the stop signal came.

    `answer` is its first line, or `closed` (in good order, before the rest was sent), `lost` (after it), `reset` or
    `silent: …`. Where the connection was closed before the head was whole, `body` is what came of one whose body was half
    sent; `early` of one that was answered before. `exit_code` is the container's, None where it did not end in its grace.
    """

    port: int
    answer: str
    exit_code: int | None
    body: str | None = None

    @property
    def last(self) -> str:
        """What came of the request that tells most."""
        return self.answer if self.body in (None, "early") else str(self.body)

    @property
    def is_answered(self) -> bool:
        """Whether it was answered, and not by a failure; or refused before it was a whole request."""
        words = self.last.split()
        if len(words) > 1 and words[0].startswith("HTTP/") and words[1].isdigit():
            return int(words[1]) < _FAILURE
        return self.answer == "closed" and self.body == "early"

    @property
    def is_graceful(self) -> bool:
        """Whether it was, and the container ended in time."""
        return self.is_answered and self.exit_code is not None


class ActedOn(VisitedContainer):
    """A container that is frozen, or stopped in the middle of a request."""

    def freeze(self) -> None:
        """Let all its processes stand still; what is executed in it later runs. Raises Unobservable where that cannot be."""
        self.kill("SIGSTOP")  # PID 1 first, which would replace the others; none but the engine can stop it
        sidecar = Sidecar(self._api, self._labels)
        try:
            said = "".join(self._lines(sidecar, program("kernel.py", "freeze.py"), capability="KILL"))
        finally:
            sidecar.remove()
        if said:
            raise Unobservable(f"its processes cannot be stopped: {said}")

    def leave_orphan(self) -> str:
        """Leave an orphan to PID 1; return what became of it: `gone`, `zombie` or where it is instead."""
        sidecar = Sidecar(self._api, self._labels)
        try:
            return "".join(self._lines(sidecar, program("orphan.py")))
        finally:
            sidecar.remove()

    def health(self, *, tries: int, timeout_s: float) -> HealthCheck | None:
        """Run the image's health check, again while it fails; None where there is none, or the container has ended."""
        return check_health(self._api, self._id, tries=tries, timeout_s=timeout_s)

    @property
    def health_patience_s(self) -> float:
        """How long the engine takes to call it unhealthy once its check fails."""
        return patience(self._api, self._id)

    def stop_half_way(self, address: str, port: int, path: str, half: Half) -> HalfSent:
        """Send half a request (half of its head, or of its body), then the stop signal, then the rest; wait for the end. Raises Unobservable."""
        sidecar = Sidecar(self._api, self._labels)
        try:
            lines = self._lines(sidecar, program("halfsent.py"), address, str(port), path, half, pids=False)
            if (held := next(lines, "")) != "held":
                return HalfSent(port, held or "silent: no connection", 0)
            time.sleep(SIGNAL_ARRIVES_S)  # for it to be taken
            self.kill(self._stop_signal)
            asked = time.monotonic()
            time.sleep(SIGNAL_ARRIVES_S)
            sidecar.signal("SIGUSR1")
            answer = next(lines, "silent: nothing was said")
            code = self.await_end(asked + STOP_DEADLINE_S - time.monotonic())
        finally:
            sidecar.remove()
        return HalfSent(port, answer, code)

    def _lines(
        self, sidecar: Sidecar, script: str, *arguments: str, capability: str | None = None, pids: bool = True
    ) -> Iterator[str]:
        """Run a script of ours beside it, and yield the lines that it prints as they come."""
        if isinstance(self._helper, str):
            raise Unobservable(self._helper)
        command = [self._helper.python, "-I", "-S", "-c", script, *arguments]
        with engine_errors("looking into the container"):
            output = sidecar.start(self._helper, command, self._id, capability=capability, pids=pids)
        return _read(output)


def _read(output: Callable[[], Response]) -> Iterator[str]:
    with engine_errors("looking into the container"), output() as response:
        left = b""
        for _, chunk in frames(response.raw.read):
            *whole, left = (left + chunk).split(b"\n")
            for line in whole:
                yield line.decode("utf-8", "replace")
