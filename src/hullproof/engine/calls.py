"""The calls to one engine: how long each may take, how a silent engine is noticed, and how all of them end.

An engine that hangs accepts connections and never answers, or answers by half. A call gets what is left of its deadline.
What may rightly be silent for long (a build, the end of a container, a log that is followed) has none: while any of it
is waited for, the engine is asked now and then whether it is there.
"""

from __future__ import annotations

import math
import socket
import threading
import time
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any
from weakref import WeakSet

from requests.exceptions import Timeout

from hullproof import interruption
from hullproof.errors import DeadlineError, EndingError, EngineError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from docker.api.client import APIClient
    from urllib3 import HTTPResponse

CALL_S = 60.0
"""How long an answer may take, where nothing else is said: a loaded engine takes its time."""

PULSE_S = 10.0
"""How often an engine is asked whether it is there, while something waits for it that may take long."""

_PAUSE_S = 0.1

_deadline: ContextVar[float] = ContextVar("deadline", default=math.inf)


@contextmanager
def within(seconds: float) -> Iterator[None]:
    """Give all calls of this thread in the block what is left of `seconds`."""
    token = _deadline.set(min(_deadline.get(), time.monotonic() + seconds))
    try:
        yield
    finally:
        _deadline.reset(token)


class Calls:
    """The calls of one client, to an engine at `host`."""

    def __init__(self, host: str, *, cleaning: bool = False) -> None:
        """Let them end with the work that is done now when a signal comes; those that clean up go on."""
        self.host = host
        self._interruption = interruption.Interruption() if cleaning else interruption.current()
        self._ended_by: EngineError | None = None
        self._lock = threading.Lock()
        self._sockets: WeakSet[socket.socket] = WeakSet()
        self._streams: WeakSet[HTTPResponse] = WeakSet()
        self._waiting: list[Callable[[], None]] = []
        self._api: APIClient | None = None
        self._pulse: threading.Thread | None = None

    def attach(self, api: APIClient) -> None:
        """Take the client whose calls these are: the engine is asked by it whether it is still there."""
        self._api = api

    def note(self, end: socket.socket) -> None:
        """Take our end of a connection, which may have to be broken."""
        with self._lock:
            self._sockets.add(end)

    # --- their end -----------------------------------------------------------------------------------

    def require_open(self) -> None:
        """Raise EngineError where no call may begin any more: EndingError after an interruption."""
        self._interruption.require_none()
        if self._ended_by is not None:
            raise self._ended_by

    def end(self, error: EngineError | None = None) -> None:
        """Let no call begin any more: each raises `error`."""
        self._ended_by = (
            self._ended_by or error or EndingError("the work ends; the engine is asked for no more")
        )

    def abort(self) -> None:
        """End the calls that are under way, too: who waits for an answer gets an error now, or the stream's end."""
        self.end()
        with self._lock:
            sockets, waiting = list(self._sockets), list(self._waiting)
        for each in sockets:
            _break(each)
        for end in waiting:
            end()

    def pause(self, seconds: float) -> None:
        """Wait before something is tried again, unless no call may begin any more: see `require_open`."""
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            self.require_open()
            time.sleep(min(_PAUSE_S, left))

    # --- how long each may take ----------------------------------------------------------------------

    def allowed(self, timeout: Any) -> tuple[float, float | None]:  # noqa: ANN401 - as requests has it
        """Return the seconds to connect, and those between any two bytes, None without limit."""
        self.require_open()
        left = _deadline.get() - time.monotonic()
        if left <= 0:
            raise DeadlineError(f"the Docker engine at {self.host} did not answer in time")
        connect, read = timeout if isinstance(timeout, tuple) else (timeout, timeout)
        read = left if read is None else min(read, left)
        return min(connect or CALL_S, CALL_S, left), None if math.isinf(read) else read

    # --- what may take long --------------------------------------------------------------------------

    @contextmanager
    def attended(self, end: Callable[[], None] = lambda: None) -> Iterator[None]:
        """Notice, while the block waits for the engine, that it answers nobody any more; `end` is called then."""
        with self._lock:
            self._waiting.append(end)
        self._feel()
        try:
            yield
        finally:
            with self._lock:
                self._waiting.remove(end)

    def attend(self, stream: HTTPResponse) -> None:
        """Do so until a response was read to its end, or is closed."""
        with self._lock:
            self._streams.add(stream)
        self._feel()

    def _feel(self) -> None:
        """Feel the engine's pulse from here on, as long as anything is waited for."""
        with self._lock:
            if self._pulse is None:
                self._pulse = threading.Thread(target=self._beat, name="hullproof-pulse", daemon=True)
                self._pulse.start()

    def _beat(self) -> None:
        while True:
            time.sleep(PULSE_S)
            with self._lock:
                is_waited_for = self._waiting or not all(stream.closed for stream in self._streams)
                if not is_waited_for or self._ended_by is not None or self._interruption.has_come:
                    self._pulse = None
                    return
            if not self._answers():
                self.end(
                    EngineError(
                        f"the Docker engine at {self.host} has not answered for {CALL_S:.0f} s: "
                        "see whether it still runs (`docker info`), then run again"
                    )
                )
                self.abort()

    def _answers(self) -> bool:
        """Ask in a thread of its own, which is given up where no answer comes."""
        answered = threading.Event()

        def ask() -> None:
            try:
                if self._api is not None:
                    self._api.ping()
            except Timeout:
                return
            except Exception:  # noqa: BLE001, S110 - an engine that is gone: who waits for it is told so by the kernel
                pass
            answered.set()

        threading.Thread(target=ask, name="hullproof-ping", daemon=True).start()
        return answered.wait(CALL_S)


def _break(end: socket.socket) -> None:
    """Break a connection from beside: who reads from it is woken up."""
    with suppress(OSError):  # it was broken before
        end.shutdown(socket.SHUT_RDWR)
