"""The release board: uploads a second, and its memory before and after 10,000 of them, on SQLite and on PostgreSQL.

`./nox -s bench -- board`; `--uploads 1000` makes it shorter. A report is one of ours, with eleven proofs.
"""

from __future__ import annotations

import argparse
import http
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from tests.board.postgres import Server
from tests.faults.boards import Board, report, running

SENDERS = 4
PROJECTS = 100
WARM_UP = 100
PROOFS = 11


def main(arguments: list[str]) -> int:
    """Measure, and print a line for each database. Returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--uploads", type=int, default=10_000)
    uploads = parser.parse_known_args(arguments)[0].uploads  # the other benchmarks have options of their own
    sys.stdout.write("database     uploads/s   memory before   after   front page   project's page\n")
    with tempfile.TemporaryDirectory(prefix="hullproof-bench-") as folder:
        for name, url in _databases(Path(folder)):
            with running(url, Path(folder) / f"{name}.log") as board:
                sys.stdout.write(f"{name:<12} {_measured(board, uploads)}\n")
                sys.stdout.flush()
    return 0


def _databases(folder: Path) -> Iterator[tuple[str, str]]:
    yield "SQLite", f"sqlite:///{folder}/board.sqlite3"
    server = Server()
    try:
        yield "PostgreSQL", server.url(server.fresh_database())
    finally:
        server.close()


def _measured(board: Board, uploads: int) -> str:
    with ThreadPoolExecutor(SENDERS) as senders:
        list(senders.map(lambda number: board.upload(_report(-1 - number)), range(WARM_UP)))
        before = board.memory_kb()
        start = time.perf_counter()
        statuses = list(senders.map(lambda number: board.upload(_report(number))[0], range(uploads)))
        elapsed_s = time.perf_counter() - start
    refused = sum(status != http.HTTPStatus.CREATED for status in statuses)
    figures = (
        f"{uploads / elapsed_s:9.0f}   {before / 1024:10.1f} MB  {board.memory_kb() / 1024:6.1f} MB"
        f"  {_asked_ms(board, '/'):8.0f} ms  {_asked_ms(board, '/?project=shop-1'):10.0f} ms"
    )
    return figures + (f"   {refused} refused" if refused else "")


def _asked_ms(board: Board, path: str) -> float:
    start = time.perf_counter()
    status, _ = board.ask("GET", path)
    if status != http.HTTPStatus.OK:
        raise SystemExit(f"GET {path} was answered with {status}")
    return (time.perf_counter() - start) * 1000


def _report(number: int) -> dict[str, Any]:
    made = report(f"shop-{number % PROJECTS}", duration_s=abs(number) + (number < 0) / 2)
    (proof,) = made["proofs"]
    return made | {"proofs": [proof | {"id": f"practice-{each}"} for each in range(PROOFS)]}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
