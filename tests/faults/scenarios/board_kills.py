"""What the board acknowledged is there after `kill -9`, on SQLite and on PostgreSQL."""

from __future__ import annotations

import contextlib
import http.client
import itertools
import os
import pwd
import shutil
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

from tests.faults.boards import Board, report, running
from tests.faults.harness import BOARD, Attempt, Ground, Unavailable, scenario

SENDERS = 4
LONGEST_S = 1.5
STARTUP_S = 60.0


@scenario(
    "kill-9-sqlite",
    about=BOARD,
    claim="What was acknowledged survives `kill -9` of the board, on SQLite.",
    unit="acknowledged uploads",
    ci=3,
    nightly=30,
)
def on_sqlite(ground: Ground, size: int) -> Iterator[Attempt]:
    """Kill it `size` times at random moments, always on the same file."""
    yield from _killed(ground, f"sqlite:///{ground.folder}/board.sqlite3", size)


@scenario(
    "kill-9-postgresql",
    about=BOARD,
    claim="What was acknowledged survives `kill -9` of the board, on PostgreSQL.",
    unit="acknowledged uploads",
    ci=2,
    nightly=10,
)
def on_postgresql(ground: Ground, size: int) -> Iterator[Attempt]:
    """The same, with a database server of this scenario's own."""
    with _postgresql(ground) as url:
        yield from _killed(ground, url, size)


def _killed(ground: Ground, url: str, kills: int) -> Iterator[Attempt]:
    acknowledged: list[str] = []
    numbers = itertools.count()
    for _ in range(kills):
        with running(url, ground.folder / "log") as board:
            senders = [
                threading.Thread(target=_send, args=(board, numbers, acknowledged)) for _ in range(SENDERS)
            ]
            for sender in senders:
                sender.start()
            time.sleep(ground.random.uniform(0.1, LONGEST_S))
            board.stop(signal.SIGKILL)
            for sender in senders:
                sender.join()
    ground.figures["kills"] = str(kills)
    with running(url, ground.folder / "log") as board:
        for report_id in acknowledged:
            status, _ = board.ask("GET", f"/api/reports/{report_id}")
            yield None if status == http.HTTPStatus.OK else f"{report_id} is gone: {status}"


def _send(board: Board, numbers: Iterator[int], acknowledged: list[str]) -> None:
    """Send reports until the board is gone, noting those that it took."""
    with contextlib.suppress(OSError, http.client.HTTPException):
        while True:
            status, report_id = board.upload(report(f"shop-{next(numbers)}"))
            if status == http.HTTPStatus.CREATED:
                acknowledged.append(report_id)


@contextlib.contextmanager
def _postgresql(ground: Ground) -> Iterator[str]:
    """Give the URL of a database on a server of our own, which is gone afterwards."""
    programs = [str(path) for path in Path("/usr/lib/postgresql").glob("*/bin")]
    search = os.pathsep.join([os.environ.get("PATH", ""), *programs])
    initdb, postgres = shutil.which("initdb", path=search), shutil.which("postgres", path=search)
    if not initdb or not postgres:
        raise Unavailable("PostgreSQL's server is not installed")
    if find_spec("psycopg") is None:
        raise Unavailable("psycopg is not installed")
    data, user = ground.place("postgresql"), _somebody(ground)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    subprocess.run(
        [initdb, "--auth=trust", "--username=board", "--no-instructions", "--no-locale", "-E", "UTF8", data],
        check=True,
        capture_output=True,
        cwd="/",
        user=user,
    )
    with (ground.folder / "postgresql.log").open("ab") as log:
        server = subprocess.Popen(
            [postgres, "-D", data, "-p", str(port), "-h", "127.0.0.1", "-k", data],
            stdout=log,
            stderr=log,
            cwd="/",
            user=user,
        )
    try:
        _wait_until_open(port, server)
        yield f"postgresql+psycopg://board@127.0.0.1:{port}/postgres"
    finally:
        server.send_signal(signal.SIGQUIT)  # what PostgreSQL calls an immediate shutdown
        server.wait(STARTUP_S)


def _somebody(ground: Ground) -> int | None:
    """Say as whom the server runs: it refuses to as root."""
    if os.geteuid() != 0:
        return None
    nobody = pwd.getpwnam("nobody")
    for folder in (ground.folder, ground.folder / "postgresql"):
        os.chown(folder, nobody.pw_uid, -1)
    return nobody.pw_uid


def _wait_until_open(port: int, server: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + STARTUP_S
    while server.poll() is None and time.monotonic() < deadline:
        with contextlib.suppress(OSError):
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        time.sleep(0.05)
    raise AssertionError("PostgreSQL did not start")
