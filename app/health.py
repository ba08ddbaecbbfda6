"""The container's health check: `python -m app.health` exits 0 when the board is ready, else 1.

Standard library only, and little of it, since it runs every few seconds. Nothing is looked up in the image:
no curl, no shell.
"""

from __future__ import annotations

import os
import socket
import sys
from time import monotonic
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

DEADLINE_S = 2.0
_MUCH = 64 * 1024


def ask(environ: Mapping[str, str] = os.environ) -> str | None:
    """Ask the board of this container whether it is ready. Returns None when it is, else the reason."""
    # The address it was told to listen on, unless that stands for all of them.
    host = environ.get("BOARD_HOST") or ""
    host = {"": "127.0.0.1", "0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - compared only
    port = environ.get("BOARD_PORT") or "5000"
    try:
        answer = _get(host, int(port))
    except (OSError, ValueError, OverflowError) as error:
        return f"{host}:{port} does not answer: {error}"
    head, _, body = answer.partition(b"\r\n\r\n")
    if head.startswith((b"HTTP/1.0 200 ", b"HTTP/1.1 200 ")):
        return None
    return body.decode("utf-8", "replace").strip() or "the answer is no HTTP"


def _get(host: str, port: int) -> bytes:
    """Return the whole answer of GET /readyz. Raises `OSError` past the deadline."""
    end = monotonic() + DEADLINE_S
    with socket.create_connection((host, port), timeout=DEADLINE_S) as connection:
        connection.sendall(b"GET /readyz HTTP/1.0\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        answer = b""
        while len(answer) < _MUCH:
            # For all of it, not for each piece: a server that trickles must not pass the deadline.
            connection.settimeout(max(end - monotonic(), 0.001))
            piece = connection.recv(_MUCH)
            if not piece:
                break
            answer += piece
    return answer


def main() -> int:
    """Print why the board is not ready, where it is not. Returns the exit code."""
    reason = ask()
    if reason is not None:
        print(reason, file=sys.stderr)  # noqa: T201 - what `docker inspect` shows of a failed check
    return 0 if reason is None else 1


if __name__ == "__main__":
    sys.exit(main())
