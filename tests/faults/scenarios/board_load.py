"""Many uploads at once, and many after each other."""

from __future__ import annotations

import http
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

from tests.faults.boards import report, running
from tests.faults.harness import BOARD, Attempt, Ground, Unavailable, scenario

AT_ONCE = 50
WARM_UP = 200
GROWTH = 1.10
"""How much larger than after warming up the board's memory may be in the end: what an allocator keeps varies."""


@scenario(
    "parallel-uploads",
    about=BOARD,
    claim="Uploads that come all at once are all taken, and all there afterwards.",
    unit="uploads",
    ci=200,
    nightly=2_000,
)
def parallel_uploads(ground: Ground, size: int) -> Iterator[Attempt]:
    """Send from fifty threads."""
    with (
        running(f"sqlite:///{ground.folder}/board.sqlite3", ground.folder / "log") as board,
        ThreadPoolExecutor(AT_ONCE) as senders,
    ):
        answers = senders.map(lambda number: board.upload(report(f"shop-{number}")), range(size))
        for status, report_id in list(answers):
            if status != http.HTTPStatus.CREATED:
                yield f"an upload was answered with {status}"
            elif board.ask("GET", f"/api/reports/{report_id}")[0] != http.HTTPStatus.OK:
                yield f"{report_id} was acknowledged and is not there"
            else:
                yield None


@scenario(
    "flat-memory",
    about=BOARD,
    claim="The board's memory does not grow with what it was sent.",
    unit="uploads",
    ci=500,
    nightly=2_000,
)
def flat_memory(ground: Ground, size: int) -> Iterator[Attempt]:
    """Compare the memory after warming up with that after `size` more."""
    if sys.platform != "linux":
        raise Unavailable("a process' memory is read from Linux's /proc")
    with (
        running(f"sqlite:///{ground.folder}/board.sqlite3", ground.folder / "log") as board,
        ThreadPoolExecutor(4) as senders,
    ):
        taken = [*senders.map(lambda number: board.upload(report(f"warm-{number}"))[0], range(WARM_UP))]
        warm = board.memory_kb()
        taken = [*senders.map(lambda number: board.upload(report(f"shop-{number}"))[0], range(size))]
        after = board.memory_kb()
        ground.figures["memory"] = f"{warm / 1024:.1f} MB, then {after / 1024:.1f} MB"
        grown = after > GROWTH * warm
        for status in taken:
            if grown:
                yield f"memory grew from {warm} kB to {after} kB"
            else:
                yield None if status == http.HTTPStatus.CREATED else f"an upload was answered with {status}"
