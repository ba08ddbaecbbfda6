"""The container's health check, against a server that behaves in every way there is."""

from __future__ import annotations

import asyncio
import socket
import threading
from contextlib import contextmanager
from time import monotonic
from typing import TYPE_CHECKING, cast

import pytest

from app import health, probes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from app.store import Store


@contextmanager
def _answering(answer: bytes, *, is_closing: bool = True) -> Iterator[dict[str, str]]:
    """Run a server that gives one answer. Gives the environment of a board that listens there."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        ended = threading.Event()

        def serve() -> None:
            connection, _ = server.accept()
            with connection:
                connection.recv(4096)
                connection.sendall(answer)
                if not is_closing:
                    ended.wait(5)

        thread = threading.Thread(target=serve)
        thread.start()
        yield {"BOARD_PORT": str(server.getsockname()[1])}
        ended.set()
        thread.join()


def test_ready_is_healthy() -> None:
    """200 is all it takes."""
    with _answering(b'HTTP/1.1 200 OK\r\n\r\n{"status":"ok"}') as environ:
        assert health.ask(environ) is None


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (b"HTTP/1.1 503 Service Unavailable\r\n\r\ndisk is full", "disk is full"),
        (b"HTTP/1.1 404 Not Found\r\n\r\n200", "200"),
        (b"SSH-2.0-OpenSSH 200", "no HTTP"),
        (b"", "no HTTP"),
    ],
)
def test_anything_else_is_unhealthy(answer: bytes, reason: str) -> None:
    """With the reason that the board gave."""
    with _answering(answer) as environ:
        assert reason in str(health.ask(environ))


def test_a_board_that_hangs_is_unhealthy(monkeypatch: pytest.MonkeyPatch) -> None:
    """At the deadline, even when part of an answer came."""
    monkeypatch.setattr(health, "DEADLINE_S", 0.2)
    start = monotonic()
    with _answering(b"HTTP/1.1 200", is_closing=False) as environ:
        assert "timed out" in str(health.ask(environ))
    assert monotonic() - start < 1


def test_nobody_there_is_unhealthy() -> None:
    """With where it was looked for."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    assert f"127.0.0.1:{port}" in str(health.ask({"BOARD_PORT": str(port)}))


@pytest.mark.parametrize("port", ["", "http", "99999999"])
def test_a_wrong_port_is_no_traceback(port: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty one is 5000."""
    asked: list[tuple[str, int]] = []

    def refuse(host: str, number: int) -> bytes:
        asked.append((host, number))
        raise OverflowError("port must be 0-65535")

    monkeypatch.setattr(health, "_get", refuse)
    assert "does not answer" in str(health.ask({"BOARD_PORT": port}))
    assert asked == {"": [("127.0.0.1", 5000)], "http": [], "99999999": [("127.0.0.1", 99999999)]}[port]


def test_the_exit_code_says_it(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """0 and silent, or 1 with the reason."""
    monkeypatch.setattr(health, "ask", lambda: None)
    assert health.main() == 0
    assert capsys.readouterr().err == ""
    monkeypatch.setattr(health, "ask", lambda: "disk is full")
    assert health.main() == 1
    assert capsys.readouterr().err == "disk is full\n"


class _Stuck:
    """A store that says nothing until it is let go."""

    def __init__(self) -> None:
        self.asked = 0
        self.free = threading.Event()

    def check_writable(self) -> None:
        self.asked += 1
        self.free.wait(5)


def test_a_store_that_hangs_is_not_ready_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """However many ask: the deadline is that of the one question that is open, and the answer counts when it comes."""
    monkeypatch.setattr(probes, "DEADLINE_S", 0.2)
    store = _Stuck()
    readiness = probes.Readiness(cast("Store", store))

    async def ask() -> None:
        begin = monotonic()
        assert "has not answered" in str(await readiness.ask())
        late = monotonic()
        answers = await asyncio.gather(*(readiness.ask() for _ in range(50)))
        assert all("has not answered" in str(each) for each in answers)
        assert (monotonic() - late, late - begin) < (0.1, 1)
        assert store.asked == 1
        store.free.set()
        while await readiness.ask() is not None:
            assert monotonic() - begin < 5
        assert store.asked <= 3

    asyncio.run(ask())
