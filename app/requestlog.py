"""One line for each request, on stderr. No header is ever logged, so no token is."""

from __future__ import annotations

import logging
import sys
import time
from typing import TYPE_CHECKING
from urllib.parse import quote

from flask import g, request

from app.probes import ALIVE, READY

if TYPE_CHECKING:
    from flask import Flask, Response

log = logging.getLogger("board")

_GOOD = range(200, 400)


def log_to_stderr() -> None:
    """Send the board's log, and what the web server complains about, to stderr."""
    logging.basicConfig(stream=sys.stderr, format="%(asctime)s %(levelname)s %(message)s")
    log.setLevel(logging.INFO)


def install_request_log(app: Flask) -> None:
    """Make `app` log each request. A probe that succeeds is left out: it comes every few seconds."""

    @app.before_request
    def start_clock() -> None:
        g.started = time.perf_counter()

    @app.after_request
    def log_request(response: Response) -> Response:
        if request.path not in (ALIVE, READY) or response.status_code not in _GOOD:
            # Quoted, since a path may hold line breaks that would forge further lines.
            path = quote(request.path, safe="/")
            elapsed = (time.perf_counter() - g.started) * 1000
            log.info("%s %s %d %.1f ms", quote(request.method), path, response.status_code, elapsed)
        return response
