"""What the board acknowledged is there after `kill -9`, on SQLite and on PostgreSQL."""

from __future__ import annotations

import contextlib
import http.client
import itertools
import signal
import threading
import time
from collections.abc import Iterator

from tests.board.postgres import Server
from tests.faults.boards import Board, report, running
from tests.faults.harness import BOARD, Attempt, Ground, Unavailable, scenario

SENDERS = 4
LONGEST_S = 1.5


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
    try:
        server = Server()
    except LookupError as error:
        raise Unavailable(str(error)) from error
    with contextlib.closing(server):
        yield from _killed(ground, server.url(server.fresh_database()), size)


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
