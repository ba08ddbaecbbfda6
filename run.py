"""Starts the release board: `python run.py`. It serves until SIGTERM or SIGINT, then exits with 0."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import sys

DRAINING_S = 8
"""How long requests that are in flight may take after a signal: `docker stop` kills after 10 s."""


def main() -> int:
    """Serve. Returns the exit code: 0 after a signal, 2 for bad settings."""
    # Before anything that takes time: process 1 of a container ignores a signal that it has no handler for.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: sys.exit(0))

    import uvicorn  # noqa: PLC0415

    from app.config import ConfigurationError, Settings  # noqa: PLC0415
    from app.limits import log, log_to_stderr  # noqa: PLC0415
    from app.main import create_app  # noqa: PLC0415

    log_to_stderr()
    try:
        settings = Settings.from_environ()
        app = create_app(settings)
        listening = listen(settings.host, settings.port)
    except ConfigurationError as error:
        log.error("%s", error)  # one line that says what to set; a traceback says less
        return 2
    log.info("the release board listens on %s:%d", settings.host, settings.port)
    config = uvicorn.Config(
        app,
        lifespan="off",
        ws="none",
        proxy_headers=False,
        server_header=False,
        log_config=None,
        access_log=False,  # the board has a line of its own for each request
        timeout_graceful_shutdown=DRAINING_S,
    )
    with contextlib.suppress(SystemExit):  # the handlers above, once all that was in flight is answered
        uvicorn.Server(config).run(sockets=[listening])
    app.state.store.close()
    return 0


def listen(host: str, port: int) -> socket.socket:
    """Return a socket that listens there. Raises `ConfigurationError` when that is impossible."""
    from app.config import ConfigurationError  # noqa: PLC0415

    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=1024)
    except (OSError, UnicodeError) as error:
        reason = getattr(error, "strerror", None) or error
        raise ConfigurationError(
            f"cannot listen on {host}:{port}: {reason}. Set BOARD_HOST and BOARD_PORT to an address that is free"
        ) from error


if __name__ == "__main__":
    code = main()
    # All is answered, written and closed. A thread that still waits for a database that hangs is not waited for.
    os._exit(code)
