"""The end of a run: its programs ended, its threads waited for, and all that it made removed, in the time that there is.

The engine is talked to in threads of their own, so that one which hangs costs no more than the time that it is given.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, wait
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from hullproof import process
from hullproof.engine.calls import within
from hullproof.engine.leftovers import Removal, remove
from hullproof.errors import DeadlineError
from hullproof.interruption import END_DEADLINE_S, Interruption
from hullproof.owner import remove_tree

if TYPE_CHECKING:
    from hullproof.engine.connection import Engine

_PAUSE_S = 0.2
_TRIES = 10  # for what an engine will not remove: it may be removing it just then
_FOLDER_S = 2.0  # beyond all other deadlines, since files are removed without anybody's help

Result = TypeVar("Result")


class End:
    """The end of the run `run_id`: of what it has on `engines`, of its `threads`, and of its folder."""

    def __init__(
        self,
        run_id: str,
        folder: Path,
        engines: Sequence[Engine],
        threads: Sequence[threading.Thread],
        interruption: Interruption,
    ) -> None:
        """Take what has to end."""
        self._run_id = run_id
        self._folder = folder
        self._engines = engines
        self._threads = threads
        self._interruption = interruption
        self._removing: dict[int, Future[Removal]] = {}
        self._began = time.monotonic()

    def __call__(self, *, cut_short: bool, deadline_s: float) -> list[str]:
        """Bring it about, see `Run.close`; return what could not be removed, a line for each."""
        self._began = time.monotonic()
        folder = self._without_folder() if self._interruption.has_come else None
        looks = 0
        while True:
            working = [each for each in self._threads if each.is_alive()]
            cut_short = cut_short or bool(working)
            process.end_all(self._run_id)
            result = self._removed(self._left_s(deadline_s))
            looks = 0 if working or self._removing else looks + 1
            is_all = not result.kept and not (cut_short and (result.removed or looks == 1))
            left_s = self._left_s(deadline_s)
            if (looks and is_all) or looks > _TRIES or left_s <= 0:
                break
            if self._interruption.has_come and left_s < END_DEADLINE_S / 2:
                for engine in self._engines:
                    engine.calls.abort()
            working[0].join(_PAUSE_S) if working else time.sleep(_PAUSE_S)
        if any(each.is_alive() for each in self._threads):
            result.kept.append("what it was still creating")  # nobody has seen the end of that
        return result.kept + self._kept_folder(folder)

    def _left_s(self, deadline_s: float) -> float:
        return self._interruption.left_s(self._began + deadline_s - time.monotonic())

    # --- on the engines ------------------------------------------------------------------------------

    def _removed(self, left_s: float) -> Removal:
        """Remove what is there by now, on all engines side by side; one that does not answer is not waited for."""
        for at, engine in enumerate(self._engines):
            if at not in self._removing:
                self._removing[at] = _in_thread(partial(self._removed_from, engine, left_s))
        wait(self._removing.values(), timeout=min(left_s, 5 * _PAUSE_S))
        total = Removal()
        for at, engine in enumerate(self._engines):
            what = f"what this run created on the engine at {engine.calls.host}"
            silent = f"{what}, which did not answer within {time.monotonic() - self._began:.0f} s"
            if not self._removing[at].done():
                total.kept.append(silent)
                continue
            removing = self._removing.pop(at)
            try:
                result = removing.result()
            except DeadlineError:
                total.kept.append(silent)
            except Exception as error:  # noqa: BLE001 - whatever it is, it is not known what was removed
                total.kept.append(f"{what} ({error})")
            else:
                total.removed += result.removed
                total.kept += result.kept
        return total

    def _removed_from(self, engine: Engine, left_s: float) -> Removal:
        with within(left_s), engine.cleaning() as api:
            return remove(api, self._run_id)

    # --- in the temporary folder -----------------------------------------------------------------------

    def _without_folder(self) -> Future[None]:
        return _in_thread(lambda: remove_tree(self._folder))

    def _kept_folder(self, begun: Future[None] | None) -> list[str]:
        """Remove the run's folder, which threads may have written to again; return it where there is no time for that."""
        if begun is None or begun.done():
            begun = self._without_folder()
        while not begun.done() and (not self._interruption.has_come or self._interruption.left_s() > 0):
            wait([begun], timeout=_PAUSE_S)
        wait([begun], timeout=_FOLDER_S)
        return [str(self._folder)] if self._folder.exists() else []


def _in_thread(work: Callable[[], Result]) -> Future[Result]:
    """Do work in a thread that nobody has to wait for."""
    future: Future[Result] = Future()

    def do() -> None:
        try:
            future.set_result(work())
        except BaseException as error:  # noqa: BLE001 - told by the one who waits
            future.set_exception(error)

    threading.Thread(target=do, name="hullproof-end", daemon=True).start()
    return future
