"""Passes on what comes in at a socket file to an engine: `python relay.py SOCKET unix:///PATH|tcp://HOST:PORT`.

With `TEXT SECONDS` behind that, a request that has the text in it is passed on so many seconds late.
"""

from __future__ import annotations

import contextlib
import socket
import sys
import threading
import time
from pathlib import Path
from urllib.parse import urlsplit


def reach(host: str) -> socket.socket:
    """Connect to the engine."""
    address = urlsplit(host)
    if address.scheme != "unix":
        return socket.create_connection((address.hostname or "localhost", address.port or 2375))
    far = socket.socket(socket.AF_UNIX)
    far.connect(address.path)
    return far


def copy(source: socket.socket, target: socket.socket, late: bytes = b"", seconds: float = 0.0) -> None:
    """Pass on one direction, and its end."""
    with contextlib.suppress(OSError):
        while data := source.recv(65536):
            if late and late in data:
                time.sleep(seconds)
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)


def main(path: str, host: str, late: str = "", seconds: str = "0") -> None:
    """Take connections until killed."""
    server = socket.socket(socket.AF_UNIX)
    server.bind(path)
    Path(path).chmod(0o666)
    server.listen()
    while True:
        near, far = server.accept()[0], reach(host)
        threading.Thread(target=copy, args=(far, near), daemon=True).start()
        slow = (near, far, late.encode(), float(seconds))
        threading.Thread(target=copy, args=slow, daemon=True).start()


if __name__ == "__main__":
    main(*sys.argv[1:])
