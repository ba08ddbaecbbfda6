"""What several projects on one connection share: had once, and known to all."""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Callable, Hashable
from typing import Any, TypeVar

_T = TypeVar("_T")


class Shared:
    """Things by key, each of which is had by whoever needs it first, while the others who need it wait."""

    def __init__(self) -> None:
        """Have nothing yet."""
        self._had: dict[Hashable, Any] = {}
        self._locks: defaultdict[Hashable, threading.Lock] = defaultdict(threading.Lock)
        self._lock = threading.Lock()

    def once(self, key: Hashable, have: Callable[[], _T], *, holds: Callable[[_T], bool]) -> _T:
        """Return what is known by this key while it `holds`, else what `have` returns. What it raises is not kept."""
        with self._lock:
            own = self._locks[key]
        with own:
            if key not in self._had or not holds(self._had[key]):
                self._had[key] = have()
            found: _T = self._had[key]
            return found
