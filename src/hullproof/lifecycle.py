"""A run: it leaves nothing behind, however it ends, and a signal ends it in good order."""

from __future__ import annotations

import contextlib
import secrets
import signal
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from hullproof.leftovers import (
    OWNER_LABEL,
    RUN_LABEL,
    end_builders,
    end_programs,
    make_folder,
    owner,
    remove_labelled,
    remove_tree,
    sweep,
    sweep_folders,
)

if TYPE_CHECKING:
    from types import FrameType

    from typing_extensions import Self

    from hullproof.engine.connection import Engine

END_DEADLINE_S = 15.0
"""How long the end of a run waits for threads that are still at work, before it leaves them behind."""

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_PAUSE_S = 0.2


class Interrupted(KeyboardInterrupt):
    """A signal, made to unwind the stack as Ctrl-C does. `signum` is the signal's number."""

    def __init__(self, signum: int) -> None:
        """Keep the signal's number, for the exit code; its name is what others show of this."""
        super().__init__("Ctrl-C" if signum == signal.SIGINT else signal.Signals(signum).name)
        self.signum = signum


@dataclass
class Run:
    """One run of Hullproof: its id, its labels, its threads and its scratch folder. Use it as a context manager.

    On leaving, by whatever way, all that carries the run's label is removed from the engines that it used.
    """

    id: str = field(default_factory=lambda: secrets.token_hex(6))
    folder: Path = field(init=False)
    _engines: list[Engine] = field(default_factory=list)
    _threads: list[threading.Thread] = field(default_factory=list)

    @property
    def labels(self) -> Mapping[str, str]:
        """The labels that all that this run makes must carry."""
        return {RUN_LABEL: self.id, OWNER_LABEL: owner()}

    def uses(self, engine: Engine) -> Engine:
        """Note that this run makes things on `engine`, sweep what dead runs left there, return the engine."""
        self._engines.append(engine)
        sweep(engine)
        return engine

    def scratch(self, name: str) -> Path:
        """Make and return a fresh folder within the run's own."""
        return Path(tempfile.mkdtemp(prefix=name + "-", dir=self.folder))

    def start(self, work: Callable[[], object], name: str) -> None:
        """Do `work` in a thread that the run's end waits for: it may be making what has to be removed."""
        thread = threading.Thread(target=work, name=name, daemon=True)
        self._threads.append(thread)
        thread.start()

    def __enter__(self) -> Self:
        """Make the scratch folder, and sweep those of dead runs."""
        sweep_folders()
        try:
            with signals_held():
                self.folder = make_folder(self.id)
        except BaseException:
            remove_tree(self.folder)
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        """Remove all that the run made; a second signal does not cut this short."""
        with signals_held():
            self.close(cut_short=kind is not None)

    def close(self, *, cut_short: bool = True, deadline_s: float = END_DEADLINE_S) -> None:
        """Wait for the run's threads and remove all that it made. Doing it twice does no harm.

        Threads that still work are making things, or wait for a build or a container: what they have so far
        is ended and removed again and again until they notice, and once more when they have. After
        `deadline_s` seconds a thread that has not noticed is left behind. `cut_short` by an error or a signal,
        the engine may still be finishing what it had begun: it is looked at again.
        """
        deadline = time.monotonic() + deadline_s
        while (
            working := [each for each in self._threads if each.is_alive()]
        ) and time.monotonic() < deadline:
            cut_short = True
            end_builders(lambda labels: labels.get(RUN_LABEL) == self.id)
            end_programs(self.folder)
            self.remove()
            working[0].join(_PAUSE_S)
        self.remove()
        if cut_short:
            time.sleep(_PAUSE_S)
            while self.remove() and time.monotonic() < deadline:
                time.sleep(_PAUSE_S)
        remove_tree(self.folder)

    def remove(self) -> list[str]:
        """Remove what the run has on its engines by now; return a line for each thing removed."""
        return [
            line for engine in self._engines for line in remove_labelled(engine, f"{RUN_LABEL}={self.id}")
        ]


@contextlib.contextmanager
def signals_held() -> Iterator[None]:
    """Hold signals back until the block is left: what is being tidied up gets tidied up."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    came: list[int] = []
    held = {signum: signal.getsignal(signum) for signum in _SIGNALS}
    ours = {signum: handler for signum, handler in held.items() if handler not in (None, signal.SIG_IGN)}
    for signum in ours:
        signal.signal(signum, lambda number, _frame: came.append(number))
    try:
        yield
    finally:
        for signum, handler in ours.items():
            signal.signal(signum, handler)
    if came:
        signal.raise_signal(came[0])


def unwind_on_signals() -> None:
    """Make the first signal raise `Interrupted` in the main thread, so that every `with` cleans up.

    Later ones change nothing: all that waits while cleaning up has a deadline. A signal that the caller had
    ignored (SIGHUP under nohup) stays ignored.
    """

    def handle(signum: int, _frame: FrameType | None) -> None:
        for each in taken:
            signal.signal(each, signal.SIG_IGN)  # a handler of ours would be taken away as Python ends
        raise Interrupted(signum)

    taken = [signum for signum in _SIGNALS if signal.getsignal(signum) != signal.SIG_IGN]
    for signum in taken:
        signal.signal(signum, handle)


@contextlib.contextmanager
def unwinding_on_signals() -> Iterator[None]:
    """Do as `unwind_on_signals` within the block, for a process that is not ours; elsewhere than in its main thread, nothing."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {signum: signal.getsignal(signum) for signum in _SIGNALS}
    unwind_on_signals()
    try:
        yield
    finally:
        for signum, handler in before.items():
            signal.signal(signum, signal.SIG_DFL if handler is None else handler)
