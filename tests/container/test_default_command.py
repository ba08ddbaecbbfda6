"""The default command: Python runs run.py as PID 1, in JSON form, and lives and ends as a PID 1 should."""

from __future__ import annotations

import contextlib
import http.client
import json
import socket
import time
from collections.abc import Callable
from pathlib import PurePosixPath
from typing import Any

import pytest

from hullproof.facts import ContainerFacts
from hullproof.pytest_plugin import Boot, Container

from .board import DEADLINE_S, TOKEN, Board, report, wait_for

STOP_S = 2.0


def test_it_is_in_json_form(config: dict[str, Any]) -> None:
    """Shell form would put `/bin/sh -c` in front; an entry point would hide behind the command."""
    assert config["Cmd"] == ["python", "run.py"]
    assert not config["Entrypoint"]
    assert config.get("StopSignal") in {None, "", "SIGTERM"}


def test_pid_1_is_the_application(kernel: ContainerFacts) -> None:
    """Python itself, with the command line that the image gives; no shell, no init, in front of it."""
    assert kernel.main is not None
    assert kernel.main.command == ("python", "run.py")
    assert PurePosixPath(kernel.main.executable or "").name.startswith("python3.")


def test_it_survives_what_is_no_http(hullproof_container: Container) -> None:
    """It answers as before, from the same process, after it was sent garbage."""
    started = hullproof_container.state["StartedAt"]
    for garbage in (
        b"\0\xff\r\n\r\n",
        b"GET /" + b"a" * 300_000,
        b"POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
    ):
        with (
            socket.create_connection(hullproof_container.address(), timeout=DEADLINE_S) as connection,
            contextlib.suppress(OSError),  # it may hang up before it has heard it all
        ):
            connection.sendall(garbage)
            connection.shutdown(socket.SHUT_WR)
            connection.recv(1024)
    assert Board(hullproof_container.base_url).get("/healthz").status_code == 200
    assert hullproof_container.state["StartedAt"] == started
    assert hullproof_container.sdk.attrs["RestartCount"] == 0


@pytest.mark.parametrize("signal", ["SIGTERM", "SIGINT"])
def test_a_signal_ends_it(hullproof_fresh_container: Container, signal: str) -> None:
    """`docker stop` and Ctrl-C: exit code 0, in under 2 seconds, with no traceback."""
    begin = time.monotonic()
    hullproof_fresh_container.kill(signal)
    assert hullproof_fresh_container.wait() == 0
    assert time.monotonic() - begin < STOP_S
    assert "Traceback" not in hullproof_fresh_container.logs()


def test_a_request_in_flight_is_answered(boot: Callable[..., Container]) -> None:
    """Of an upload, half has arrived when the signal comes: it is taken, and answered, before the end."""
    body = json.dumps(report("in-flight")).encode()
    with (
        boot() as container,
        contextlib.closing(http.client.HTTPConnection(*container.address(), timeout=DEADLINE_S)) as upload,
    ):
        board = Board(container.base_url)
        upload.putrequest("POST", "/api/reports")
        upload.putheader("Authorization", f"Bearer {TOKEN}")
        upload.putheader("Content-Type", "application/json")
        upload.putheader("Content-Length", str(len(body)))
        upload.putheader("Expect", "100-continue")
        upload.endheaders()
        assert upload.sock.recv(1024).startswith(b"HTTP/1.1 100 ")  # the board waits for the body
        upload.send(body[:100])
        container.kill("SIGTERM")
        wait_for("new connections to be", board.door, "closed", STOP_S)
        upload.send(body[100:])
        answer = upload.getresponse()
        assert answer.status == 201
        assert json.load(answer)["id"]
        assert container.wait() == 0


def test_a_setting_that_can_never_work_ends_it(hullproof_boot: Boot) -> None:
    """With exit code 2 and one line that names it, instead of a board that runs and does not work."""
    with hullproof_boot(env={"BOARD_DATABASE_URL": "nonsense"}, wait=False) as container:
        assert container.wait() == 2
        (line,) = container.logs().splitlines()
        assert "BOARD_DATABASE_URL" in line
