"""What stands around every request: limits, headers, a line in the log."""

from __future__ import annotations

import logging
import sys
import time
from urllib.parse import quote

import anyio
from anyio.to_thread import current_default_thread_limiter
from starlette.datastructures import MutableHeaders
from starlette.requests import ClientDisconnect, Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.probes import ALIVE, READY
from app.problems import ProblemError, answer, busy, mistake

log = logging.getLogger("board")

THREADS = 8
"""How many requests are worked on at once."""

MOST_REQUESTS = 256
"""How many requests may be there at once, most of them waiting for a thread. Who comes on top is answered with 503."""

_BAD = 400

LONGEST_S = 30.0
"""How long a request may take in all, its body's arrival included."""

HEADERS = {
    # No script, no plug-in, no frame: only the board's own style sheet, pictures and search.
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; "
        "base-uri 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    # Kept, but asked for again each time, unless a route knows better.
    "Cache-Control": "no-cache",
}


def log_to_stderr() -> None:
    """Send the board's log, and what the web server complains about, to stderr."""
    logging.basicConfig(stream=sys.stderr, format="%(asctime)s %(levelname)s %(message)s")
    log.setLevel(logging.INFO)


class Surroundings:
    """Gives every request its answer, whatever happens, every answer its headers, and the log its line."""

    def __init__(self, app: ASGIApp) -> None:
        """Stand around `app`."""
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request. A route's own choice of a header wins."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = time.perf_counter()
        status = 0

        async def send_on(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        try:
            await self._app(scope, receive, send_on)
        except ClientDisconnect:
            pass  # there is nobody to answer
        except Exception as error:
            if not isinstance(error, ProblemError):
                log.exception("unexpected error")
                error = mistake()
            if status:  # half an answer is out; the web server ends the connection
                raise
            await answer(Request(scope), error)(scope, receive, send_on)
        if scope["path"] not in (ALIVE, READY) or status >= _BAD:  # probes come every few seconds
            # Quoted, since a path may hold line breaks that would forge further lines. No header, so no token.
            path = quote(scope["path"], safe="/")
            elapsed_ms = (time.perf_counter() - started) * 1000
            log.info("%s %s %d %.1f ms", quote(scope["method"]), path, status, elapsed_ms)


class Limits:
    """Lets in only as many requests as can be answered in time. Probes always come through."""

    def __init__(self, app: ASGIApp) -> None:
        """Stand around `app`."""
        self._app = app
        self._requests = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass one request on. Raises a 503 where there are too many, or where it took too long."""
        if scope["type"] != "http" or scope["path"] in (ALIVE, READY):
            await self._app(scope, receive, send)
            return
        if self._requests >= MOST_REQUESTS:
            raise busy("The board has more to do than it can. Try again later.")
        current_default_thread_limiter().total_tokens = THREADS
        self._requests += 1
        try:
            with anyio.fail_after(LONGEST_S):
                await self._app(scope, receive, send)
        except TimeoutError:
            raise busy("The board did not get to it in time. Try again later.") from None
        finally:
            self._requests -= 1
