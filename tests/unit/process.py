"""`python run.py` as a container runs it: a real process, a real port, real signals."""

from __future__ import annotations

import contextlib
import http.client
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).parents[2]
DEADLINE_S = 60
"""For what should take a second: a machine may be busy with many other things."""

IMPATIENT = """
import app.database, app.limits, sys
app.database.PATIENCE_S, app.database.LONGEST_S, app.limits.LONGEST_S = 1, 2, 3.0
import run
sys.exit(run.main())
"""
"""The same with less patience, so that tests of what hangs need not wait for long."""


class Process:
    """A board that runs on a port of its own."""

    def __init__(self, folder: Path, token: str, *, impatient: bool = False, **environ: str) -> None:
        """Start it, with the environment's variables as given. It keeps a SQLite file in `folder` unless they say otherwise."""
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        self.environ = {
            **{name: value for name, value in os.environ.items() if not name.startswith("BOARD_")},
            "BOARD_DATABASE_URL": f"sqlite:///{folder}/board.sqlite3",
            "BOARD_HOST": "127.0.0.1",
            "BOARD_PORT": str(self.port),
            "BOARD_TOKEN": token,
            **environ,
        }
        self.headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        self.log = folder / "log"
        program = ["-c", IMPATIENT] if impatient else ["run.py"]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, *program], cwd=ROOT, env=self.environ, stderr=log
            )

    def wait_until_ready(self) -> Process:
        """Wait until it takes uploads, with a deadline."""
        end = time.monotonic() + DEADLINE_S
        while time.monotonic() < end and self.process.poll() is None:
            with contextlib.suppress(OSError):
                if self.ask("GET", "/readyz")[0] == 200:
                    return self
            time.sleep(0.01)
        raise AssertionError(f"never ready: {self.log.read_text()}")

    def connect(self) -> http.client.HTTPConnection:
        """Return a connection to it, not open yet."""
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=DEADLINE_S)

    def ask(self, method: str, path: str, body: bytes | None = None) -> tuple[int, bytes]:
        """Send one request. Returns status and body."""
        connection = self.connect()
        with contextlib.closing(connection):
            connection.request(method, path, body, self.headers)
            answer = connection.getresponse()
            return answer.status, answer.read()

    def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Send a signal and return the exit code."""
        self.process.send_signal(number)
        return self.process.wait(DEADLINE_S)
