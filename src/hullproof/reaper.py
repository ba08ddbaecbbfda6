"""Ends the programs of this process should it be killed: a shell that waits for our end of a pipe to close.

The kernel closes it, however we end, and on every system. So nobody has to look later for programs of the dead, of which
each system tells in a way of its own, and which go on making things until they are found.
"""

from __future__ import annotations

import atexit
import contextlib
import os
import subprocess
import threading
from pathlib import Path

_SCRIPT = Path(__file__).with_name("reaper.sh")

_lock = threading.Lock()
_pipe: int | None = None


def watch(group: int, grace_s: float) -> None:
    """Have a process group ended after our end: asked, and made to after `grace_s` seconds."""
    _tell(f"+ {group} {grace_s:g}\n")


def forget(group: int) -> None:
    """Leave a group alone that has ended: its number may be another's now."""
    _tell(f"- {group}\n")


def _tell(line: str) -> None:
    global _pipe  # noqa: PLW0603 - one for the whole process
    with _lock, contextlib.suppress(OSError):  # without it, all goes well until we are killed
        if _pipe is None:
            _pipe = _start()
        os.write(_pipe, line.encode("ascii"))


def _start() -> int:
    """Start it in a session of its own, since what ends our group is not to end it; return our end of the pipe."""
    process = subprocess.Popen(
        ["/bin/sh", str(_SCRIPT)],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
        cwd="/",
    )

    if process.stdin is None:
        raise AssertionError
    atexit.register(_dismiss, process)
    return process.stdin.fileno()


def _dismiss(process: subprocess.Popen[bytes]) -> None:
    """Let it end, with what threads that were left behind still have going."""
    global _pipe  # noqa: PLW0603 - the same
    with _lock:
        _pipe = -1
        if process.stdin is not None:
            process.stdin.close()
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(0.5)
