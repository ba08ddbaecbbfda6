"""`python run.py` as a container runs it: a real process, a real port, real signals."""

from __future__ import annotations

import contextlib
import fcntl
import http.client
import json
import signal
import socket
import subprocess
import sys
import termios
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import run
from tests.unit.process import DEADLINE_S, ROOT, Process

if TYPE_CHECKING:
    from collections.abc import Callable

    Make = Callable[..., dict[str, Any]]


def test_sigterm_answers_what_is_in_flight(start: Callable[..., Process], make_report: Make) -> None:
    """A request of which half has arrived is answered; idle connections do not hold it up; exit code 0."""
    board = start().wait_until_ready()
    body = json.dumps(make_report()).encode()
    idle = board.connect()
    idle.connect()
    busy = board.connect()
    busy.putrequest("POST", "/api/reports")
    expecting = {"Content-Length": str(len(body)), "Expect": "100-continue"}
    for name, value in {**board.headers, **expecting}.items():
        busy.putheader(name, value)
    busy.endheaders()
    assert busy.sock.recv(1024).startswith(b"HTTP/1.1 100 ")  # the board waits for the body
    busy.send(body[:100])
    board.process.send_signal(signal.SIGTERM)
    _until_refused(board)
    busy.send(body[100:])
    answer = busy.getresponse()
    assert answer.status == 201
    answer.read()
    assert board.process.wait(DEADLINE_S) == 0
    for connection in (idle, busy):
        connection.close()
    assert "Traceback" not in board.log.read_text()


def _until_refused(board: Process) -> None:
    end = time.monotonic() + DEADLINE_S
    while time.monotonic() < end:
        with contextlib.closing(board.connect()) as connection:
            try:
                connection.connect()
            except ConnectionRefusedError:
                return
        time.sleep(0.02)
    raise AssertionError("it still takes connections")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_an_idle_board_stops_at_once(start: Callable[..., Process], number: signal.Signals) -> None:
    """Exit code 0, well before anything would be given up (a machine may be busy with other things)."""
    board = start().wait_until_ready()
    begin = time.monotonic()
    assert board.stop(number) == 0
    assert time.monotonic() - begin < run.DRAINING_S / 2


def test_kill_loses_nothing(start: Callable[..., Process], make_report: Make) -> None:
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
    start: Callable[..., Process], make_report: Make, tmp_path: Path
) -> None:
    """Bodies need no temporary file, and one that is too large gets its 413 all the same."""
    board = start(TMPDIR=str(tmp_path / "none")).wait_until_ready()
    body = json.dumps(make_report()).encode().ljust(2 * 1024 * 1024)
    assert board.ask("POST", "/api/reports", body)[0] == 201
    assert board.ask("POST", "/api/reports", body.ljust(20 * 1024 * 1024))[0] == 413
    health = subprocess.run([sys.executable, "-m", "app.health"], cwd=ROOT, env=board.environ, check=False)
    assert health.returncode == 0
    assert list(tmp_path.glob("none")) == []


def test_bodies_without_the_token_take_no_memory(start: Callable[..., Process]) -> None:
    """The token stands before the body: one that does not bring it makes the board keep nothing, however many there are."""
    board = start().wait_until_ready()
    for path in ("/api/reports", "/healthz"):
        for headers in ({"Authorization": "Bearer wrong"}, {}):
            before = memory_of(board.process.pid)
            sent = half_sent(board, path, headers)
            assert memory_of(board.process.pid) - before < MANY * LARGE / 8, (path, headers)
            sent[0].send(b" ")
            assert sent[0].getresponse().status == {"/api/reports": 401, "/healthz": 405}[path]
            for each in sent:
                each.close()


MANY, LARGE = 40, 2 * 1024 * 1024


def half_sent(board: Process, path: str, headers: dict[str, str]) -> list[http.client.HTTPConnection]:
    """Send many requests with large bodies of which each lacks its last byte; wait until they were read."""
    connections = [board.connect() for _ in range(MANY)]
    for each in connections:
        each.putrequest("POST", path)
        for name, value in {**headers, "Content-Length": str(LARGE)}.items():
            each.putheader(name, value)
        each.endheaders(bytes(LARGE - 1))
    deadline = time.monotonic() + DEADLINE_S
    while any(unread(each.sock) for each in connections):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    time.sleep(0.2)  # the other side's own buffers
    return connections


def unread(end: socket.socket) -> int:
    """Count the bytes that were sent and have not been taken by the other side's kernel."""
    return int.from_bytes(fcntl.ioctl(end, termios.TIOCOUTQ, bytes(4)), sys.byteorder)


def memory_of(pid: int) -> int:
    """Return how many bytes of memory a process has for itself."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * 4096


def test_no_spelling_of_a_method_reads_without_the_token(start: Callable[..., Process]) -> None:
    """Methods are case-sensitive, and not everything that answers them knows it."""
    board = start(BOARD_READ_TOKEN="reader")
    board.headers = {}
    board.wait_until_ready()
    for path in ("/", "/api/reports", "/api/openapi.json"):
        for method in ("GET", "get", "gEt", "HEAD", "head", "OPTIONS", "QUERY"):
            assert board.ask(method, path)[0] in (401, 405), (method, path)


@pytest.mark.parametrize(
    ("environ", "message"),
    [
        ({"BOARD_DATABASE_URL": "nonsense"}, "BOARD_DATABASE_URL"),
        ({"BOARD_PORT": "http"}, "BOARD_PORT"),
        ({"BOARD_HOST": "192.0.2.1"}, "cannot listen on 192.0.2.1"),
    ],
)
def test_what_can_never_work_is_one_line(
    start: Callable[..., Process], environ: dict[str, str], message: str
) -> None:
    """Exit code 2, and no traceback."""
    board = start(**environ)
    assert board.process.wait(DEADLINE_S) == 2
    (line,) = board.log.read_text().splitlines()
    assert message in line
