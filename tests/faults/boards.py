"""The board as a process of its own, and reports to send to it."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
TOKEN = "a-made-up-token"
HEADERS = {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json"}
DEADLINE_S = 30.0


class Board:
    """`python run.py` on a port of its own, keeping its reports at a database URL."""

    def __init__(self, database_url: str, log: Path) -> None:
        """Start it, and wait until it is ready."""
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port: int = free.getsockname()[1]
        self.log = log
        environ = {name: value for name, value in os.environ.items() if not name.startswith("BOARD_")}
        environ |= {
            "BOARD_DATABASE_URL": database_url,
            "BOARD_HOST": "127.0.0.1",
            "BOARD_PORT": str(self.port),
            "BOARD_TOKEN": TOKEN,
        }
        with log.open("ab") as stream:
            self.process = subprocess.Popen(
                [sys.executable, "run.py"], cwd=ROOT, env=environ, stdout=stream, stderr=stream
            )
        self._wait_until_ready()

    def _wait_until_ready(self) -> None:
        end = time.monotonic() + DEADLINE_S
        while time.monotonic() < end and self.process.poll() is None:
            with contextlib.suppress(OSError, http.client.HTTPException):
                if self.ask("GET", "/readyz")[0] == http.HTTPStatus.OK:
                    return
            time.sleep(0.02)
        self.stop(signal.SIGKILL)
        raise AssertionError(f"the board was never ready: {self.log.read_text(errors='replace')[-500:]}")

    def ask(self, method: str, path: str, body: bytes | None = None) -> tuple[int, bytes]:
        """Send one request; return status and body."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=DEADLINE_S)
        with contextlib.closing(connection):
            connection.request(method, path, body, HEADERS)
            answer = connection.getresponse()
            return answer.status, answer.read()

    def upload(self, report: object) -> tuple[int, str]:
        """Send a report; return the status and, where it was taken, its id."""
        status, answer = self.ask("POST", "/api/reports", json.dumps(report).encode())
        taken = status in {http.HTTPStatus.OK, http.HTTPStatus.CREATED}
        return status, str(json.loads(answer)["id"]) if taken else ""

    def memory_kb(self) -> int:
        """Return what the process holds in memory, in kB."""
        status = Path(f"/proc/{self.process.pid}/status").read_text(encoding="ascii")
        return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS"))

    def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Send a signal, wait for the end, and return the exit code."""
        self.process.send_signal(number)
        try:
            return self.process.wait(DEADLINE_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise


@contextlib.contextmanager
def running(database_url: str, log: Path) -> Iterator[Board]:
    """Give a board that does not outlive the block."""
    board = Board(database_url, log)
    try:
        yield board
    finally:
        if board.process.poll() is None:
            board.stop(signal.SIGKILL)


def report(name: str, **members: object) -> dict[str, Any]:
    """Return a valid report of a project of this name; each member can be given."""
    proof = {
        "id": "workdir",
        "family": "guide",
        "title": "A working directory",
        "verdict": "broken",
        "summary": f"{name} works in `/`.",
        "evidence": [{"source": "container", "where": "/proc/1/cwd", "statement": name}],
        "remedy": "Write `WORKDIR /app`.",
        "duration_s": 0.25,
    }
    made = {
        "schema": "hullproof.report/1",
        "verdict": "broken",
        "project": {"name": name, "dockerfile": "Dockerfile", "target": "release"},
        "image": None,
        "engine": {"name": "Docker Engine", "version": "26.1.5"},
        "hullproof_version": "0.1.0",
        "started_at": "2026-11-23T08:56:05Z",
        "duration_s": 42.5,
        "build_error": None,
        "left_out": [],
        "proofs": [proof],
    }
    return made | members
