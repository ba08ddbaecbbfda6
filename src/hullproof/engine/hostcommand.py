"""Run a program of this machine: by argument list, with a deadline, its end shown when it fails."""

from __future__ import annotations

import os
import queue
import signal
import subprocess
import threading
import time
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hullproof.errors import DeadlineError, EngineError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

_LINES_KEPT = 40
_GRACE_S = 10.0


@dataclass(frozen=True)
class Done:
    """How a program ended. `lines` are the last ones that it printed, on either stream."""

    argv: tuple[str, ...]
    returncode: int
    lines: tuple[str, ...]

    @property
    def text(self) -> str:
        """All that was kept, as one text."""
        return "\n".join(self.lines)


def run(
    argv: Sequence[str],
    *,
    timeout_s: float,
    waiting_for: str,
    environ: Mapping[str, str] | None = None,
    each_line: Callable[[str], None] | None = None,
    keep: int = _LINES_KEPT,
) -> Done:
    """Run a program to its end, without input.

    The last `keep` lines are returned. The program gets a process group of its own, so that a Ctrl-C is ours to hand on: its children are ended
    with it, however this function is left. Raises DeadlineError after `timeout_s`, saying what was
    waited for and the last line seen; EngineError when the program cannot be started.
    """
    try:
        process = subprocess.Popen(
            list(argv),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            encoding="utf-8",
            errors="replace",
            env=None if environ is None else dict(environ),
            start_new_session=True,
        )
    except OSError as error:
        raise EngineError(f"{argv[0]} cannot be started: {error.strerror or error}") from error
    kept: deque[str] = deque(maxlen=keep)
    lines: queue.Queue[str | None] = queue.Queue()
    reader = threading.Thread(target=_read, args=(process, lines), daemon=True)
    reader.start()
    try:
        _follow(process, lines, kept, time.monotonic() + timeout_s, each_line)
    except TimeoutError:
        last = kept[-1] if kept else "nothing"
        raise DeadlineError(f"waited {timeout_s:g} s for {waiting_for}, in vain; last seen: {last}") from None
    finally:
        end_group(process)
        # A grandchild may keep the pipe open (a daemon that a package started): it is not waited for.
        reader.join(timeout=1.0)
        if not reader.is_alive() and process.stdout is not None:
            process.stdout.close()
    return Done(tuple(argv), process.returncode, tuple(kept))


def _read(process: subprocess.Popen[str], lines: queue.Queue[str | None]) -> None:
    """Hand on what a program prints, from a thread of its own; None marks the end."""
    for line in process.stdout or ():
        lines.put(line.rstrip("\n"))
    lines.put(None)


def _follow(
    process: subprocess.Popen[str],
    lines: queue.Queue[str | None],
    kept: deque[str],
    deadline: float,
    each_line: Callable[[str], None] | None,
) -> None:
    """Hand on lines as they come, until the program ends. Raises TimeoutError at the deadline."""
    while True:
        try:
            line = lines.get(timeout=min(0.5, max(0.0, deadline - time.monotonic())))
        except queue.Empty:
            if time.monotonic() >= deadline:
                raise TimeoutError from None
            if process.poll() is not None:
                break
            continue
        if line is None:
            break
        if line.strip():
            kept.append(line.strip())
            if each_line is not None:
                each_line(line.strip())
    try:
        process.wait(timeout=max(1.0, deadline - time.monotonic()))
    except subprocess.TimeoutExpired:
        raise TimeoutError from None


def end_group(process: subprocess.Popen[str]) -> None:
    """End a program and its children: asked first, so that it can tidy up, then made to."""
    if process.poll() is None:
        _signal(process, signal.SIGTERM)
        try:
            process.wait(timeout=_GRACE_S)
        except subprocess.TimeoutExpired:
            _signal(process, signal.SIGKILL)
            process.wait(timeout=_GRACE_S)


def _signal(process: subprocess.Popen[str], number: signal.Signals) -> None:
    try:
        os.killpg(process.pid, number)
    except (ProcessLookupError, PermissionError):
        # PermissionError: started through sudo. sudo hands SIGTERM on to what it runs when it can get it.
        process.send_signal(number)


# What apt, dpkg, mmdebstrap and docker print when something outside of them is the matter.
_CAUSES = (
    ("No space left on device", "the disk is full: free some space"),
    ("Could not resolve", "the package mirror's name cannot be resolved: check the network and DNS"),
    (
        "Temporary failure resolving",
        "the package mirror's name cannot be resolved: check the network and DNS",
    ),
    ("Could not connect", "the package mirror cannot be reached: check the network, proxy and apt sources"),
    ("Connection timed out", "the package mirror does not answer: check the network, proxy and apt sources"),
    ("Network is unreachable", "there is no network: check the connection"),
    ("NO_PUBKEY", "the package mirror's signature cannot be checked: install debian-archive-keyring"),
    ("is not signed", "the package mirror is not signed: check the apt sources"),
    (
        "Certificate verification failed",
        "the package mirror's certificate is not trusted: install the authority",
    ),
    ("Could not get lock", "another package manager holds dpkg's lock: wait for it to end"),
    (
        "Unable to locate package",
        "the mirror lacks a package: run `apt-get update` and check the apt sources",
    ),
    ("has no installation candidate", "the mirror lacks a package: check the apt sources and pins"),
    ("unmet dependencies", "apt cannot resolve the packages: `apt-get -f install` shows why"),
)


def cause(done: Done) -> str:
    """Return one line for why a program failed: the known cause with its way out, else its own last words."""
    for sign, meaning in _CAUSES:
        if sign in done.text:
            return meaning
    errors = [line for line in done.lines if line.startswith(("E:", "Err:", "error", "dpkg: error"))]
    last = (errors or list(done.lines) or ["it printed nothing"])[-1]
    return f"exit code {done.returncode}: {last}"
