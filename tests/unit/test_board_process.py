"""`python run.py` as a container runs it: a real process, a real port, real signals."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Make = Callable[..., dict[str, Any]]

ROOT = Path(__file__).parents[2]
DEADLINE_S = 15


class _Process:
    """A board that runs on a port of its own."""

    def __init__(self, folder: Path, token: str, **environ: str) -> None:
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
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "run.py"], cwd=ROOT, env=self.environ, stderr=log
            )

    def wait_until_ready(self) -> _Process:
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


@pytest.fixture
def start(tmp_path: Path, token: str) -> Iterator[Callable[..., _Process]]:
    """Start boards, all on the same file; none outlives the test."""
    started: list[_Process] = []

    def run(**environ: str) -> _Process:
        started.append(_Process(tmp_path, token, **environ))
        return started[-1]

    yield run
    for board in started:
        board.process.kill()
        board.process.wait(DEADLINE_S)


def test_sigterm_answers_what_is_in_flight(start: Callable[..., _Process], make_report: Make) -> None:
    """A request of which half has arrived is answered; idle connections do not hold it up; exit code 0."""
    board = start().wait_until_ready()
    body = json.dumps(make_report()).encode()
    idle = board.connect()
    idle.connect()
    busy = board.connect()
    busy.putrequest("POST", "/api/reports")
    for name, value in {**board.headers, "Content-Length": str(len(body))}.items():
        busy.putheader(name, value)
    busy.endheaders(body[:100])
    time.sleep(0.1)  # so that the half is there before the signal
    board.process.send_signal(signal.SIGTERM)
    time.sleep(0.2)
    with pytest.raises(ConnectionRefusedError):
        board.ask("GET", "/healthz")
    busy.send(body[100:])
    answer = busy.getresponse()
    assert answer.status == 201
    answer.read()
    assert board.process.wait(DEADLINE_S) == 0
    for connection in (idle, busy):
        connection.close()
    assert "Traceback" not in board.log.read_text()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_an_idle_board_stops_at_once(start: Callable[..., _Process], number: signal.Signals) -> None:
    """Exit code 0, in a blink (a second leaves room for a machine that is busy with other things)."""
    board = start().wait_until_ready()
    begin = time.monotonic()
    assert board.stop(number) == 0
    assert time.monotonic() - begin < 1


def test_kill_loses_nothing(start: Callable[..., _Process], make_report: Make) -> None:
    """What was answered with 201 is there after SIGKILL, while uploads go on."""
    board = start().wait_until_ready()
    acknowledged: list[str] = []

    def send() -> None:
        with contextlib.suppress(OSError, http.client.HTTPException):
            for number in range(10_000):
                status, answer = board.ask(
                    "POST", "/api/reports", json.dumps(make_report(str(number))).encode()
                )
                assert status == 201
                acknowledged.append(json.loads(answer)["id"])

    thread = threading.Thread(target=send)
    thread.start()
    end = time.monotonic() + DEADLINE_S
    while len(acknowledged) < 5 and time.monotonic() < end:
        time.sleep(0.005)
    board.stop(signal.SIGKILL)
    thread.join()
    assert len(acknowledged) >= 5
    again = start().wait_until_ready()
    found = [again.ask("GET", f"/api/reports/{report_id}")[0] for report_id in acknowledged]
    assert found == [200] * len(acknowledged)


def test_large_uploads_without_a_disk(
    start: Callable[..., _Process], make_report: Make, tmp_path: Path
) -> None:
    """Bodies need no temporary file, and one that is too large gets its 413 all the same."""
    board = start(TMPDIR=str(tmp_path / "none")).wait_until_ready()
    body = json.dumps(make_report()).encode().ljust(2 * 1024 * 1024)
    assert board.ask("POST", "/api/reports", body)[0] == 201
    assert board.ask("POST", "/api/reports", body.ljust(20 * 1024 * 1024))[0] == 413
    health = subprocess.run([sys.executable, "-m", "app.health"], cwd=ROOT, env=board.environ, check=False)
    assert health.returncode == 0
    assert list(tmp_path.glob("none")) == []


@pytest.mark.parametrize(
    ("environ", "message"),
    [
        ({"BOARD_DATABASE_URL": "nonsense"}, "BOARD_DATABASE_URL"),
        ({"BOARD_PORT": "http"}, "BOARD_PORT"),
        ({"BOARD_HOST": "192.0.2.1"}, "cannot listen on 192.0.2.1"),
    ],
)
def test_what_can_never_work_is_one_line(
    start: Callable[..., _Process], environ: dict[str, str], message: str
) -> None:
    """Exit code 2, and no traceback."""
    board = start(**environ)
    assert board.process.wait(DEADLINE_S) == 2
    (line,) = board.log.read_text().splitlines()
    assert message in line
