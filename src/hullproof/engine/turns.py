"""Whose turn it is to build on an engine that may die of builds that are given up (see `engine.flaws`).

Builds that run to their end do each other no harm: any number of them share the floor. One that is to be given up needs
it to itself until it is over, or else runs to its end like the others. All runs of this user on this machine keep to
that, by two locks that the kernel frees when their holder dies: everybody takes the first to get at the second, so that
nobody who waits for an empty floor is overtaken for ever.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from hullproof.errors import DeadlineError, EngineError
from hullproof.owner import temporary

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

PATIENCE_S = 60.0
_PAUSE_S = 0.02


@contextmanager
def turn(engine: str, *, alone: bool, deadline_s: float, check: Callable[[], None]) -> Iterator[bool]:
    """Wait for a turn at the engine with this address, hold it in the block, and tell whether nobody shares it.

    One that is wanted `alone` is shared after all where others do not end within `PATIENCE_S`. `check` is called again
    and again while waiting, and ends it by raising. Raises DeadlineError after `deadline_s` seconds, EngineError where
    there is no place for the locks.
    """
    name = f"hullproof-{os.getuid()}-{hashlib.sha256(engine.encode()).hexdigest()[:12]}"
    queue, floor = (temporary() / f"{name}-{part}.lock" for part in ("queue", "floor"))
    with _open(floor) as on_floor:
        with _open(queue) as in_queue:
            if not _taken(in_queue, fcntl.LOCK_EX, deadline_s, check):
                raise DeadlineError(f"waited {deadline_s:.0f} s for a turn to build: {queue} is still held")
            alone = alone and _taken(on_floor, fcntl.LOCK_EX, PATIENCE_S, check)
            if not alone and not _taken(on_floor, fcntl.LOCK_SH, deadline_s, check):
                raise DeadlineError(f"waited {deadline_s:.0f} s for a turn to build: {floor} is still held")
        yield alone


@contextmanager
def _open(path: Path) -> Iterator[int]:
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise EngineError(f"builds cannot take turns: {path}: {error.strerror}") from error
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _taken(descriptor: int, kind: int, patience_s: float, check: Callable[[], None]) -> bool:
    """Take a lock, unless others hold it for longer than this."""
    deadline = time.monotonic() + patience_s
    while True:
        try:
            fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
        except BlockingIOError:
            check()
        else:
            return True
        if time.monotonic() > deadline:
            return False
        time.sleep(_PAUSE_S)
