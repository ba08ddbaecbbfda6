"""Where stand-ins are made: one maker at a time on a machine."""

from __future__ import annotations

import fcntl
import os
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from hullproof.errors import DeadlineError
from hullproof.owner import temporary

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_LOCK_TIMEOUT_S = 1200


@contextmanager
def one_at_a_time(say: Callable[[str], None], check: Callable[[], None]) -> Iterator[None]:
    """Hold this machine's lock for making stand-ins; the kernel frees it when its holder dies.

    `check` is called again and again while waiting, and ends it by raising.
    """
    path = temporary() / f"hullproof-{os.getuid()}.lock"
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        deadline, said = time.monotonic() + _LOCK_TIMEOUT_S, False
        while True:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                check()
                if not said:
                    say("another run is making a stand-in base: waiting for it")
                    said = True
                if time.monotonic() > deadline:
                    raise DeadlineError(
                        f"waited {_LOCK_TIMEOUT_S} s for another run to make its stand-in base; "
                        f"last seen: {path} still held (`fuser {path}` names the process)"
                    ) from None
                time.sleep(0.3)
        yield
    finally:
        os.close(descriptor)
