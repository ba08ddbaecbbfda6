"""Starts the release board: `python run.py`. It serves until SIGTERM or SIGINT, then exits with 0."""

from __future__ import annotations

import gc
import os
import signal
import sys


def main() -> int:
    """Serve. Returns the exit code: 0 after a signal, 1 when requests had to be dropped, 2 for bad settings."""
    # Before anything that takes time: process 1 of a container ignores a signal that it has no handler for.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: sys.exit(0))

    # Nothing that is imported is garbage: looking through it again and again takes a tenth of the start.
    gc.disable()
    from app import create_app  # noqa: PLC0415
    from app.board import EXTENSION  # noqa: PLC0415
    from app.config import ConfigurationError, Settings  # noqa: PLC0415
    from app.requestlog import log, log_to_stderr  # noqa: PLC0415
    from app.server import Server  # noqa: PLC0415

    gc.freeze()
    gc.enable()
    log_to_stderr()
    try:
        settings = Settings.from_environ()
        app = create_app(settings)
        server = Server(app, settings.host, settings.port, settings.token)
    except ConfigurationError as error:
        log.error("%s", error)  # one line that says what to set; a traceback says less
        return 2
    log.info("the release board listens on %s:%d", settings.host, settings.port)
    is_complete = server.run()
    app.extensions[EXTENSION].store.close()
    if not is_complete:
        log.warning("stopped with requests unanswered")
    return 0 if is_complete else 1


if __name__ == "__main__":
    code = main()
    # All is answered, written and closed. To take the interpreter apart as well would take 0.1 s and change nothing.
    os._exit(code)
