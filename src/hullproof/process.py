"""Programs of this machine: started from argument lists, followed to a deadline, and never left going.

Each program has a session of its own, so that a Ctrl-C is ours to hand on, and is registered from its start to its end.
Should this process be killed, its `reaper` ends them.
"""

from __future__ import annotations

import codecs
import contextlib
import errno
import os
import selectors
import signal
import socket
import subprocess
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Literal

from hullproof import interruption, reaper
from hullproof.errors import DeadlineError, EngineError, UsageError

if TYPE_CHECKING:
    from typing_extensions import Self

_LINES_KEPT = 40
_GRACE_S = 10.0
_POLL_S = 0.5
_BURIAL_S = 5.0  # a program in the middle of a system call outlives SIGKILL by that call

Output = Literal["both", "stdout", "stderr"]
"""Which streams of a program are read; the other one is thrown away."""

_STDERR = {"both": subprocess.STDOUT, "stdout": subprocess.DEVNULL, "stderr": subprocess.PIPE}

_going: set[Program] = set()
_lock = threading.Lock()


class Program:
    """A program that is going. Use it as a context manager: it does not outlive the block.

    It gets no input. `owner` is whom `end_all` may ask for. It is asked to end by `ask_by`, and made to after `grace_s` seconds; less after an interruption.
    """

    def __init__(
        self,
        argv: Sequence[str],
        *,
        owner: str = "",
        environ: Mapping[str, str] | None = None,
        output: Output = "both",
        ask_by: signal.Signals = signal.SIGTERM,
        grace_s: float = _GRACE_S,
        tidies_up: bool = False,
    ) -> None:
        """Start it. Raises EngineError where that cannot be; EndingError after an interruption, unless it tidies up."""
        self.argv = tuple(argv)
        self.owner = owner
        self._interruption = interruption.current()
        self._ask_by = ask_by
        self._grace_s = grace_s
        self._asked_at: float | None = None
        if not tidies_up:
            self._interruption.require_none()
        with interruption.signals_held():
            try:
                self._process = subprocess.Popen(
                    list(argv),
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL if output == "stderr" else subprocess.PIPE,
                    stderr=_STDERR[output],
                    env=None if environ is None else dict(environ),
                    start_new_session=True,
                )
            except ValueError as error:  # a NUL
                raise UsageError(f"{argv[0]} cannot be given what is asked for: {error}") from error
            except OSError as error:
                reason = f"{argv[0]} cannot be started: {error.strerror or error}"
                if error.errno == errno.E2BIG:
                    raise UsageError(f"{reason}; shorten the build arguments") from error
                raise EngineError(reason) from error
            with _lock:
                _going.add(self)
            reaper.watch(self._process.pid, grace_s)

    def __enter__(self) -> Self:
        """Use it as a context manager."""
        return self

    def __exit__(self, *_: object) -> None:
        """End it, and give its pipe back."""
        self.end()
        with contextlib.suppress(OSError):
            self._pipe.close()

    @property
    def returncode(self) -> int | None:
        """Its exit code, negative for a signal; None while it is going."""
        return self._process.poll()

    @property
    def _pipe(self) -> IO[bytes]:
        pipe = self._process.stdout or self._process.stderr
        if pipe is None:
            raise AssertionError
        return pipe

    def lines(self, timeout_s: float) -> Iterator[str]:
        """Yield what it prints, line by line, until it has ended. Raises TimeoutError when that takes too long."""
        for batch in self.batches(timeout_s):
            yield from batch

    def batches(self, timeout_s: float) -> Iterator[list[str]]:
        """Yield the lines that it prints, together what came while nobody looked, until it has ended.

        A grandchild may keep the pipe open, such as a daemon that a package started: it is not waited for. Raises
        TimeoutError when the end takes too long.
        """
        deadline, decoder, rest = (
            time.monotonic() + timeout_s,
            codecs.getincrementaldecoder("utf-8")("replace"),
            "",
        )
        with selectors.DefaultSelector() as selector:
            selector.register(self._pipe, selectors.EVENT_READ)
            while True:
                left = deadline - time.monotonic()
                if left <= 0:
                    raise TimeoutError
                if not selector.select(min(_POLL_S, left)):
                    if self.returncode is not None:
                        break
                    continue
                chunk = os.read(self._pipe.fileno(), 1 << 16)
                *whole, rest = (rest + decoder.decode(chunk, final=not chunk)).split("\n")
                yield [line.removesuffix("\r") for line in whole]
                if not chunk:
                    break
        if rest:
            yield [rest]
        try:
            self._process.wait(max(1.0, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            raise TimeoutError from None

    def ask(self) -> None:
        """Ask it and its children to end, once."""
        if self._asked_at is None and self.returncode is None:
            self._asked_at = time.monotonic()
            self._signal(self._ask_by)

    def end(self) -> None:
        """See to it that it ends: asked first, so that it can tidy up, then made to. Returns when it has ended."""
        self.ask()
        if self._asked_at is not None and self.returncode is None:
            grace_s = min(self._grace_s, self._interruption.left_s() / 2)
            if not self._has_ended_within(self._asked_at + grace_s - time.monotonic()):
                self._signal(signal.SIGKILL)
                self._has_ended_within(_BURIAL_S)
        with _lock:
            _going.discard(self)
        reaper.forget(self._process.pid)

    def _has_ended_within(self, seconds: float) -> bool:
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(max(0.0, seconds))
        return self.returncode is not None

    def _signal(self, number: signal.Signals) -> None:
        # PermissionError: started through sudo, which hands on what reaches it.
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, number)


def end_all(owner: str | None = None) -> None:
    """End the programs that are going, all of them or those of one owner, side by side."""
    with _lock:
        programs = [each for each in _going if owner in (None, each.owner)]
    for each in programs:
        each.ask()
    for each in programs:
        each.end()


# --- to its end --------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Done:
    """How a program ended. `lines` are the last ones that it printed, blank ones left out."""

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
    owner: str = "",
    environ: Mapping[str, str] | None = None,
    each_line: Callable[[str], None] | None = None,
    keep: int = _LINES_KEPT,
    output: Output = "both",
    tidies_up: bool = False,
) -> Done:
    """Run a program to its end; however this function is left, it is ended, and its children with it.

    Raises as `Program` and `follow` do.
    """
    with Program(argv, owner=owner, environ=environ, output=output, tidies_up=tidies_up) as program:
        return follow(program, timeout_s, waiting_for, each_line=each_line, keep=keep)


def follow(
    program: Program,
    timeout_s: float,
    waiting_for: str,
    *,
    each_line: Callable[[str], None] | None = None,
    keep: int = _LINES_KEPT,
) -> Done:
    """Wait for a program's end; return its last `keep` lines.

    Raises DeadlineError after `timeout_s`, saying what was waited for and the last line seen.
    """
    kept: deque[str] = deque(maxlen=keep)
    try:
        for line in program.lines(timeout_s):
            if line.strip():
                kept.append(line.strip())
                if each_line is not None:
                    each_line(line.strip())
    except TimeoutError:
        last = kept[-1] if kept else "nothing"
        raise DeadlineError(
            f"timed out after {timeout_s:g} s waiting for {waiting_for}; last output: {last}"
        ) from None
    returncode = program.returncode
    return Done(program.argv, -signal.SIGKILL if returncode is None else returncode, tuple(kept))


def leave_running(argv: Sequence[str], log: IO[bytes]) -> subprocess.Popen[bytes]:
    """Start a program that is to outlive us: out of reach of our terminal's Ctrl-C, and keeping no folder busy."""
    return subprocess.Popen(
        list(argv), stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True, cwd="/"
    )


_serving: list[subprocess.Popen[bytes]] = []


def serve(argv: Sequence[str], connection: socket.socket, errors: IO[bytes]) -> None:
    """Start a program that reads from and writes to a connection, and ends with it: a Ctrl-C of our terminal is not for it."""
    served = subprocess.Popen(
        list(argv),
        stdin=connection.fileno(),
        stdout=connection.fileno(),
        stderr=errors,
        start_new_session=True,
    )
    _serving[:] = [*(each for each in _serving if each.poll() is None), served]
