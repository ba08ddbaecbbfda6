"""Waitress, so that probes come through, no request is dropped at the end, and nothing unasked for is kept.

Waitress reads requests without a thread for each, so slow clients cannot block the board, and needs nothing
but Python. By itself it lets probes wait behind all other requests, drops answers that are not sent yet when a
signal ends it, and puts large bodies into temporary files, for which a read-only container has no place; here they
stay in memory, and only those that come with the board's token.
"""

from __future__ import annotations

import functools
import select
import signal
import socket
import time
from io import BytesIO
from typing import TYPE_CHECKING, Any

from waitress import wasyncore  # type: ignore[import-untyped]  # it ships no types
from waitress.channel import HTTPChannel  # type: ignore[import-untyped]
from waitress.parser import HTTPRequestParser  # type: ignore[import-untyped]
from waitress.server import create_server  # type: ignore[import-untyped]
from waitress.task import ThreadedTaskDispatcher  # type: ignore[import-untyped]
from waitress.utilities import Error as WaitressError  # type: ignore[import-untyped]

from app import bearer
from app.config import ConfigurationError
from app.probes import ALIVE, READY

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

THREADS = 8

WAITING = 224
"""How many requests may wait for a thread. Who comes on top is answered with 503 at once."""

LONGEST_WAIT_S = 20.0
"""How long a request may wait for a thread. One that waited longer is answered with 503."""

CONNECTIONS = 256
"""How many connections may be open: more than there can be requests, so that a probe always finds one."""

QUIET_S = 0.5
"""How long a connection may say nothing while there is room for no other."""

KEPT_BODY = 4 * 1024 * 1024
"""Bytes of a body that are kept for the application, of a request that brings the token. What is beyond is read and
dropped, so that a client that sends too much gets its 413 instead of a connection that breaks under it."""

LARGEST_BODY = 64 * 1024 * 1024
"""Bytes of a body beyond which the connection is closed after all."""

RUNNING_DEADLINE_S = 8.0
"""How long requests that are being worked on may take after a signal: `docker stop` kills after 10 s."""

ARRIVING_DEADLINE_S = 2.0
"""How long requests that have arrived in part may take to arrive in full after a signal."""


class Server:
    """The board's web server. It listens as soon as it is made."""

    def __init__(self, application: WSGIApplication, host: str, port: int, expected: str | None) -> None:
        """Listen on `host` and `port`, and keep no body of a request that does not bring the `expected` token.

        Raises `ConfigurationError` when listening there is impossible.
        """
        self._waitress: Any = create_server(
            application,
            sockets=[_listen(host, port)],
            _dispatcher=_Dispatcher(),
            connection_limit=CONNECTIONS,
            max_request_body_size=LARGEST_BODY,
            outbuf_overflow=LARGEST_BODY,  # answers, too, stay in memory: none is much larger than a report
            ident=None,
        )
        self._waitress.channel_class = functools.partial(_Channel, expected)
        self._signals = 0

    def run(self) -> bool:
        """Serve until SIGTERM or SIGINT, then answer what is in flight.

        Returns False when the deadline, or a second signal, came first.
        """
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._on_signal)
        while not self._signals:
            self._turn(1)
        self._stop_listening()
        is_complete = self._drain()
        # Its threads are daemons and idle by now; waiting for each to notice would only take time.
        self._waitress.task_dispatcher.set_thread_count(0)
        wasyncore.close_all(self._waitress._map)  # noqa: SLF001 - there is no other way to it
        return is_complete

    def _on_signal(self, _number: int, _frame: object) -> None:
        self._signals += 1
        self._waitress.pull_trigger()  # wakes the loop, which would sleep on

    def _turn(self, timeout_s: float) -> None:
        if len(self._waitress._map) >= CONNECTIONS:  # noqa: SLF001 - there is no other way to it
            self._hang_up()
            timeout_s = min(timeout_s, QUIET_S / 5)
        wasyncore.loop(timeout=timeout_s, map=self._waitress._map, count=1)  # noqa: SLF001

    def _hang_up(self) -> None:
        """Close the connections that say nothing, so that nobody keeps others out by doing nothing."""
        for channel in list(self._waitress.active_channels.values()):
            if not channel.requests and time.time() - channel.last_activity > QUIET_S:
                channel.handle_close()

    def _stop_listening(self) -> None:
        """Take in what the kernel has accepted for us already, then close the port."""
        while select.select([self._waitress.socket], [], [], 0)[0]:
            self._waitress.handle_accept()
        self._waitress.accepting = False
        self._waitress.del_channel()
        self._waitress.socket.close()
        self._turn(0)  # reads what those connections have sent so far

    def _drain(self) -> bool:
        start = time.monotonic()
        while (channels := list(self._waitress.active_channels.values())) and self._signals == 1:
            waited = time.monotonic() - start
            is_running = any(channel.requests or channel.total_outbufs_len for channel in channels)
            is_arriving = any(channel.request is not None for channel in channels)
            if not (is_running or is_arriving):
                return True
            if waited > (RUNNING_DEADLINE_S if is_running else ARRIVING_DEADLINE_S):
                return False
            self._turn(0.05)
        return self._signals == 1


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=1024)
    except (OSError, UnicodeError) as error:
        reason = getattr(error, "strerror", None) or error
        raise ConfigurationError(
            f"cannot listen on {host}:{port}: {reason}. Set BOARD_HOST and BOARD_PORT to an address that is free"
        ) from error


class _Dispatcher(ThreadedTaskDispatcher):  # type: ignore[misc]  # untyped base
    """Gives requests to threads. Each probe has a thread of its own, so that no request can hold it up."""

    def __init__(self) -> None:
        super().__init__()
        self.set_thread_count(THREADS)
        self._own = {path: ThreadedTaskDispatcher() for path in (ALIVE, READY)}
        for own in self._own.values():
            own.set_thread_count(1)

    def add_task(self, channel: HTTPChannel) -> None:
        request = channel.requests[0]
        own = self._own.get(request.path)
        if own is None and len(self.queue) >= WAITING:
            request.error = _BusyError("The board has more to do than it can. Try again later.")
            own = self._own[ALIVE]
        request.arrived = time.monotonic()
        if own is None:
            super().add_task(channel)
        else:
            own.add_task(channel)


class _BusyError(WaitressError):  # type: ignore[misc]  # untyped base
    def to_response(self, ident: str | None = None) -> tuple[str, list[tuple[str, str]], bytes]:
        _, headers, _ = super().to_response(ident)
        return "503 Service Unavailable", [*headers, ("Retry-After", "5")], f"{self.body}\n".encode()


class _Body:
    """A request's body in memory, up to so many bytes. Counts the rest without keeping it."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._kept = BytesIO()
        self._received = 0

    def __len__(self) -> int:
        return self._received

    def append(self, data: bytes) -> None:
        self._kept.write(data[: max(self._most - self._received, 0)])
        self._received += len(data)

    def getfile(self) -> BytesIO:
        self._kept.seek(0)
        return self._kept

    def close(self) -> None:
        self._kept.close()


class _Parser(HTTPRequestParser):  # type: ignore[misc]  # untyped base
    def __init__(self, expected: str | None, adjustments: object) -> None:
        super().__init__(adjustments)
        self._expected = expected

    def parse_header(self, header_plus: bytes) -> None:
        super().parse_header(header_plus)
        if self.body_rcv is not None:
            is_wanted = bearer.is_right(self.headers.get("AUTHORIZATION", ""), self._expected)
            self.body_rcv.buf = _Body(KEPT_BODY if is_wanted else 0)


class _Channel(HTTPChannel):  # type: ignore[misc]  # untyped base
    def __init__(self, expected: str | None, *arguments: object, **options: object) -> None:
        self.parser_class = functools.partial(_Parser, expected)
        super().__init__(*arguments, **options)

    def service(self) -> None:
        request = self.requests[0]
        if not request.error and time.monotonic() - request.arrived > LONGEST_WAIT_S:
            request.error = _BusyError("The board did not get to it in time. Try again later.")
        super().service()
