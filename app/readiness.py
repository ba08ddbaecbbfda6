"""Whether the store can be used, asked in a thread of its own: the answer comes in time, even when the store's does not."""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as NotYetError
from threading import Lock
from time import monotonic
from typing import TYPE_CHECKING

from app.store import StoreUnavailableError

if TYPE_CHECKING:
    from app.store import Store

DEADLINE_S = 1.5
"""How long a check of the store may take, from its beginning. `app.health` waits for 2 seconds."""


class Readiness:
    """Asks the store. At most one question is open at a time: whoever comes meanwhile hears its answer, too."""

    def __init__(self, store: Store) -> None:
        """Ask nothing yet."""
        self._store = store
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="readiness")
        self._lock = Lock()
        self._asked: Future[None] | None = None
        self._since = 0.0

    def ask(self) -> str | None:
        """Return None when the store takes a write, else why it does not."""
        with self._lock:
            if self._asked is None or self._asked.done():
                self._asked, self._since = self._thread.submit(self._store.check_writable), monotonic()
            asked, since = self._asked, self._since
        try:
            asked.result(timeout=max(0.0, since + DEADLINE_S - monotonic()))
        except StoreUnavailableError as error:
            return str(error)
        except NotYetError:
            return f"the store has not answered for {monotonic() - since:.1f} s"
        return None
