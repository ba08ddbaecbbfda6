"""SQLite and PostgreSQL: both keep the same, and neither can bring the board to a halt by hanging."""

from __future__ import annotations

import contextlib
import json
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from tests.board.postgres import Server, Wire
from tests.unit.process import DEADLINE_S, ROOT, Process

if TYPE_CHECKING:
    from pathlib import Path

    from tests.unit.client import BoardClient

    Make = Callable[..., dict[str, Any]]
    Start = Callable[..., Process]

REQUESTS = 24
"""Three for each thread that answers requests."""

IN_TIME_S = 2.0
"""How long a probe may take on a machine that is busy with other things. It takes milliseconds."""


# --- what both keep ------------------------------------------------------------------------------------


def test_both_keep_the_same(
    make_board: Callable[..., BoardClient], make_report: Make, token: str, database_url: str
) -> None:
    """Reports with any text, once each, in the order of their arrival, in pages, across a restart."""
    client = make_board(database_url=database_url)
    headers = {"Authorization": f"Bearer {token}"}
    names = ["shop", "\x01\x7f \u202e \U0001f4a5 ' \" \\ %s %(x)s :x", "shop"]
    sent = [make_report(name, duration_s=number) for number, name in enumerate(names)]
    answers = [client.post("/api/reports", json=each, headers=headers) for each in (*sent, sent[0])]
    assert [each.status_code for each in answers] == [201, 201, 201, 200]
    ids = [each.json()["id"] for each in answers[:3]]
    again = make_board(database_url=database_url)
    assert [again.get(f"/api/reports/{each}").json() for each in ids] == sent
    listed = again.get("/api/reports?limit=2").json()
    assert [each["id"] for each in listed["reports"]] == [ids[2], ids[1]]
    assert [each["id"] for each in again.get(listed["next"]).json()["reports"]] == [ids[0]]
    assert [each["id"] for each in again.get("/api/reports?project=shop").json()["reports"]] == [
        ids[2],
        ids[0],
    ]
    assert again.get("/").text.count('href="/reports/') == 2
    assert [
        each["id"] for each in again.get("/api/reports?limit=1&before=9_9999999999999_9").json()["reports"]
    ] == [ids[2]]
    assert 'href="/reports/' in again.get("/?q=SHOP").text
    assert again.delete(f"/api/reports/{ids[2]}", headers=headers).status_code == 204
    assert again.delete("/api/reports?project=shop", headers=headers).status_code == 204
    assert [each["id"] for each in again.get("/api/reports").json()["reports"]] == [ids[1]]
    assert again.get("/api/reports?project=a%00").json()["reports"] == []


def test_what_comes_at_once_is_kept_once(
    make_board: Callable[..., BoardClient], make_report: Make, token: str, database_url: str
) -> None:
    """The same report from eight at a time, on a database without tables: one 201, no failure."""
    client = make_board(database_url=database_url)
    headers = {"Authorization": f"Bearer {token}"}

    def send(_: int) -> int:
        return client.post("/api/reports", json=make_report(), headers=headers).status_code

    with ThreadPoolExecutor(8) as pool:
        assert sorted(pool.map(send, range(16))) == [200] * 15 + [201]


# --- what hangs ----------------------------------------------------------------------------------------


def test_a_network_that_hangs_stops_nobody(start: Start, postgres: Server) -> None:
    """A database behind a wire on which nothing comes through any more: no driver's timeout ends that."""
    wire = Wire(postgres.port)
    board = start(
        impatient=True, BOARD_DATABASE_URL=postgres.url(postgres.fresh_database(), wire.port)
    ).wait_until_ready()
    wire.hold()
    _hangs_in_order(board)
    wire.let_go()
    board.wait_until_ready()
    assert board.stop() == 0
    wire.cut()


def test_a_database_that_never_answered_is_waited_for(start: Start, postgres: Server) -> None:
    """It hangs from the beginning: the board is alive, and becomes ready with it, without a restart."""
    wire = Wire(postgres.port)
    wire.hold()
    board = start(impatient=True, BOARD_DATABASE_URL=postgres.url(postgres.fresh_database(), wire.port))
    _until_alive(board)
    _hangs_in_order(board)
    wire.let_go()
    board.wait_until_ready()
    wire.cut()


def test_a_server_that_is_stopped_is_waited_for(start: Start, postgres: Server, make_report: Make) -> None:
    """Its processes are all stopped (SIGSTOP): connections are taken by the kernel, and nobody answers."""
    board = start(
        impatient=True, BOARD_DATABASE_URL=postgres.url(postgres.fresh_database())
    ).wait_until_ready()
    with postgres.stopped():
        _hangs_in_order(board)
    board.wait_until_ready()
    assert board.ask("POST", "/api/reports", json.dumps(make_report()).encode())[0] == 201


def test_locked_tables_stop_nobody_and_leave_nothing_waiting(start: Start, postgres: Server) -> None:
    """Somebody holds a lock on all tables: PostgreSQL ends what waits for it, so that no connections pile up there."""
    name = postgres.fresh_database()
    board = start(impatient=True, BOARD_DATABASE_URL=postgres.url(name)).wait_until_ready()
    with postgres.connect(name) as holder:
        holder.exec_driver_sql("BEGIN; LOCK TABLE reports, probe IN ACCESS EXCLUSIVE MODE")
        _hangs_in_order(board)
        count = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
        _until(lambda: holder.exec_driver_sql(count).scalar() == 0, "nobody waits")
        holder.exec_driver_sql("ROLLBACK")
    board.wait_until_ready()


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[None]:
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as holder:
        holder.execute("PRAGMA journal_mode=DELETE")
        holder.execute("BEGIN EXCLUSIVE")
        yield


def test_a_locked_file_stops_nobody(start: Start, tmp_path: Path) -> None:
    """Another process has SQLite's file to itself."""
    with _locked(tmp_path / "board.sqlite3"):
        board = start(impatient=True)
        _until_alive(board)
        _hangs_in_order(board)
    board.wait_until_ready()


def test_a_writer_keeps_no_reader_waiting(start: Start, make_report: Make, tmp_path: Path) -> None:
    """While another process writes to SQLite's file, pages are shown; uploads are told to come again."""
    board = start(impatient=True).wait_until_ready()
    with contextlib.closing(sqlite3.connect(tmp_path / "board.sqlite3", isolation_level=None)) as writer:
        writer.execute("BEGIN IMMEDIATE")
        assert board.ask("GET", "/")[0] == 200
        assert board.ask("POST", "/api/reports", json.dumps(make_report()).encode())[0] == 503
        assert board.ask("GET", "/readyz")[0] == 503
        writer.execute("ROLLBACK")
    board.wait_until_ready()
    assert board.ask("POST", "/api/reports", json.dumps(make_report()).encode())[0] == 201


def test_as_many_requests_as_there_may_be_keep_no_probe_out(start: Start, tmp_path: Path) -> None:
    """More requests than there are connections, on a database that hangs, and idle connections on top."""
    with contextlib.ExitStack() as idle, _locked(tmp_path / "board.sqlite3"):
        board = start(impatient=True)
        _until_alive(board)
        for _ in range(300):
            connection = board.connect()
            with contextlib.suppress(OSError):
                connection.connect()
            idle.callback(connection.close)
        _hangs_in_order(board, requests=300)
    board.wait_until_ready()


# --- how it hangs --------------------------------------------------------------------------------------


def _hangs_in_order(board: Process, requests: int = REQUESTS) -> None:
    """Send requests, all at once: each is told 503 in time, and meanwhile all probes get their answers."""
    with ThreadPoolExecutor(requests) as pool:
        asked: list[Future[int]] = [pool.submit(lambda: board.ask("GET", "/")[0]) for _ in range(requests)]
        time.sleep(0.3)
        rounds = 0
        while rounds < 3 or not all(each.done() for each in asked):
            assert _timed(board, "/healthz") == 200
            assert _timed(board, "/readyz", 1.5) == 503
            rounds += 1
        assert [each.result() for each in asked] == [503] * requests
    check = subprocess.run(
        [sys.executable, "-m", "app.health"],
        cwd=ROOT,
        env=board.environ,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (check.returncode, "store" in check.stderr) == (1, True)


def _timed(board: Process, path: str, longest_s: float = 0) -> int:
    begin = time.monotonic()
    status = board.ask("GET", path)[0]
    assert time.monotonic() - begin < longest_s + IN_TIME_S
    return status


def _until_alive(board: Process) -> None:
    def alive() -> bool:
        with contextlib.suppress(OSError):
            return board.ask("GET", "/healthz")[0] == 200
        return False

    _until(alive, "the board is alive")


def _until(seen: Callable[[], bool], what: str) -> None:
    end = time.monotonic() + DEADLINE_S
    while not seen():
        assert time.monotonic() < end, f"waited in vain until {what}"
        time.sleep(0.05)
