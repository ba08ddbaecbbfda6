"""A signal that ends what is under way: how it is heard, how long the end may take, and what it came to.

The first signal raises `Interrupted` in the main thread, so that every `with` block cleans up, and from that moment on
nothing new is begun: neither a call to an engine nor a program. Later signals change nothing, since the end is near
anyway, and cutting it short would leave behind what it is about to remove.
"""

from __future__ import annotations

import contextlib
import math
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from hullproof.errors import EndingError

if TYPE_CHECKING:
    from types import FrameType

END_DEADLINE_S = 10.0
"""How long the end may wait for others, the engine above all."""

LAST_S = 13.5
"""When a process of ours ends, whatever it is still doing: 15 s after a signal all is over, on a busy machine as well."""

_NOTICE_S = 2.0

_SIGNALS = (
    signal.SIGINT,
    signal.SIGTERM,
    *([signal.SIGHUP] if hasattr(signal, "SIGHUP") else []),
)  # Windows has none


class Interrupted(KeyboardInterrupt):
    """A signal, made to unwind the stack as Ctrl-C does. `signum` is the signal's number."""

    def __init__(self, signum: int) -> None:
        """Keep the signal's number, for the exit code; its name is what others show of this."""
        super().__init__("Ctrl-C" if signum == signal.SIGINT else signal.Signals(signum).name)
        self.signum = signum


class Interruption:
    """What may come upon one piece of work, and what it came to.

    Whoever may have to end early takes `current()` when the work begins. `kept` says for each run that has ended
    what could not be removed.
    """

    def __init__(self) -> None:
        """Nothing has come yet."""
        self.kept: dict[str, list[str]] = {}
        self.signum: int | None = None
        self._until = math.inf
        self._over = threading.Event()

    @property
    def has_come(self) -> bool:
        """Whether all is to end."""
        return self.signum is not None

    def come(self, signum: int) -> None:
        """Let the end begin: from here on, `left_s` counts. Takes no lock, since signal handlers call it."""
        if self.signum is None:
            self._until = time.monotonic() + END_DEADLINE_S
            self.signum = signum

    def left_s(self, at_most: float = math.inf) -> float:
        """Return how many seconds something may still take that would take `at_most`."""
        return max(0.0, min(at_most, self._until - time.monotonic()))

    def require_none(self) -> None:
        """Raise EndingError where nothing more may be begun."""
        if self.has_come:
            raise EndingError("the command is being interrupted; nothing more is begun")

    def end_by(self, say: Callable[[str], None]) -> None:
        """Say after a moment that the end takes its time, and end the process where it takes too long."""
        if self._over.wait(_NOTICE_S):
            return
        say(f"interrupted; removing what this run created, for {END_DEADLINE_S:.0f} s at most")
        if self._over.wait(LAST_S - _NOTICE_S):
            return
        self.kept["the rest"] = [f"all that this run created within {LAST_S:.0f} s"]
        say(f"hullproof: {self}")
        os._exit(128 + (self.signum or 0))

    def is_over(self) -> None:
        """Let nothing more happen because of it: what had to end has ended."""
        self._over.set()

    def __str__(self) -> str:
        """Say how it ended, in one line, with what could not be removed and the way out."""
        name = "interrupted"
        if self.signum is not None and self.signum != signal.SIGINT:
            name += f" by {signal.Signals(self.signum).name}"
        kept = [line for lines in self.kept.values() for line in lines]
        if kept:
            return f"{name}; could not remove {', '.join(dict.fromkeys(kept))}; `hullproof clean` removes it"
        return f"{name}; everything this run created has been removed" if self.kept else name


_current: Interruption | None = None


def current() -> Interruption:
    """Return what may interrupt the work that is done now; where nobody takes care of signals, one that never comes."""
    return _current or Interruption()


@contextlib.contextmanager
def unwinding_on_signals(say: Callable[[str], None] | None = None) -> Iterator[Interruption]:
    """Make the first signal raise `Interrupted` in the main thread, within the block; later ones change nothing.

    With `say`, which tells the user a line, the process is ours and ends with the block: it does so in time, and no later
    signal disturbs that. A signal that the caller had ignored (SIGHUP under nohup) stays ignored. Elsewhere than in the
    main thread, nothing is changed.
    """
    global _current  # noqa: PLW0603 - signals are the whole process'
    if threading.current_thread() is not threading.main_thread():
        yield current()
        return
    outer, interruption = _current, Interruption()

    def handle(signum: int, _frame: FrameType | None) -> None:
        for each in taken:
            signal.signal(each, signal.SIG_IGN)  # a handler of ours would be taken away as Python ends
        interruption.come(signum)
        if say is not None:
            threading.Thread(
                target=interruption.end_by, args=(say,), name="hullproof-last", daemon=True
            ).start()
        raise Interrupted(signum)

    handlers = {signum: signal.getsignal(signum) for signum in _SIGNALS}
    taken = [signum for signum, handler in handlers.items() if handler != signal.SIG_IGN]
    try:
        _current = interruption
        for signum in taken:
            signal.signal(signum, handle)
        yield interruption
    finally:
        _current = outer
        interruption.is_over()
        if say is None or not interruption.has_come:
            for signum, handler in handlers.items():
                signal.signal(signum, signal.SIG_DFL if handler is None else handler)


@contextlib.contextmanager
def signals_held() -> Iterator[None]:
    """Hold signals back until the block is left: what is being tidied up gets tidied up, within what is left for it."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    came: list[int] = []
    held = {signum: signal.getsignal(signum) for signum in _SIGNALS}
    ours = {signum: handler for signum, handler in held.items() if handler not in (None, signal.SIG_IGN)}

    def note(signum: int, _frame: FrameType | None) -> None:
        came.append(signum)
        current().come(signum)

    for signum in ours:
        signal.signal(signum, note)
    try:
        yield
    finally:
        for signum, handler in ours.items():
            signal.signal(signum, handler)
    if came:
        signal.raise_signal(came[0])
