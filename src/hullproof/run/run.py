"""A run: it leaves nothing behind, however it ends, and says so where it cannot help it."""

from __future__ import annotations

import logging
import secrets
import tempfile
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from hullproof.engine.leftovers import sweep
from hullproof.errors import EndingError
from hullproof.interruption import END_DEADLINE_S, Interruption, current, signals_held
from hullproof.owner import OWNER_LABEL, RUN_LABEL, make_folder, owner, remove_tree, sweep_folders
from hullproof.run.ending import End

if TYPE_CHECKING:
    from typing_extensions import Self

    from hullproof.engine.connection import Engine

_log = logging.getLogger(__name__)


@dataclass
class Run:
    """One run of Hullproof: its id, its labels, its threads and its scratch folder. Use it as a context manager.

    On leaving, by whatever way, all that carries the run's label is removed from the engines that it used. `kept` is
    what could not be removed, a line for each.
    """

    id: str = field(default_factory=lambda: secrets.token_hex(6))
    folder: Path = field(init=False)
    kept: list[str] = field(default_factory=list)
    _engines: list[Engine] = field(default_factory=list)
    _threads: list[threading.Thread] = field(default_factory=list)
    _interruption: Interruption = field(default_factory=current)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _is_closed: bool = False

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
        """Do `work` in a thread that the run's end waits for: it may be making what has to be removed.

        Raises EndingError once the end has begun.
        """
        if self._is_closed:
            raise EndingError("the run is ending; nothing more is begun")
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
            if hasattr(self, "folder"):
                remove_tree(self.folder)
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        """Remove all that the run made; a signal does not cut this short, but leaves it less time."""
        with signals_held():
            self.close(cut_short=kind is not None or self._interruption.has_come)
        if self.kept and not self._interruption.has_come:
            _log.warning("could not remove %s; `hullproof clean` removes it", ", ".join(self.kept))

    def close(self, *, cut_short: bool = True, deadline_s: float = END_DEADLINE_S) -> None:
        """End the run's programs and threads, and remove all that it made. Doing it twice does no harm.

        Threads that still work are making things, or wait for a build or a container: what they have so far is ended
        and removed again and again until they notice, and once more when they have. `cut_short` by an error or a
        signal, the engine may still be finishing what it had begun: it is looked at again. After `deadline_s` seconds,
        or what an interruption leaves of them, all is given up that has not been done.
        """
        with self._lock:
            if self._is_closed and self._interruption.left_s() <= 0:
                return  # there is nothing more to be found out
            self._is_closed = True
            end = End(self.id, self.folder, self._engines, self._threads, self._interruption)
            self.kept = end(cut_short=cut_short, deadline_s=deadline_s)
            if self._interruption.has_come:
                self._interruption.kept[self.id] = self.kept
