"""What several projects share is had once, and had again when it is gone."""

from __future__ import annotations

import threading
import time

import pytest

from hullproof.engine.shared import Shared


def test_who_comes_together_waits_for_one() -> None:
    """Ten projects from one base: it is provided once, and all have it."""
    shared, had, given = Shared(), list[int](), list[int]()

    def have() -> int:
        time.sleep(0.05)
        had.append(1)
        return len(had)

    threads = [
        threading.Thread(target=lambda: given.append(shared.once("base", have, holds=bool)))
        for _ in range(10)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(had), given) == (1, [1] * 10)


def test_another_thing_is_not_waited_for() -> None:
    """A base that takes long holds up no project that starts from another."""
    shared, may_end = Shared(), threading.Event()
    slow = threading.Thread(target=lambda: shared.once("slow", lambda: may_end.wait(10), holds=bool))
    slow.start()
    assert shared.once("other", lambda: 1, holds=bool) == 1
    may_end.set()
    slow.join()


def test_what_no_longer_holds_or_failed_is_had_again() -> None:
    """An image that somebody removed; a registry that did not answer."""
    shared = Shared()
    with pytest.raises(OSError, match="refused"):
        shared.once("base", lambda: (_ for _ in ()).throw(OSError("refused")), holds=bool)
    assert shared.once("base", lambda: 1, holds=lambda value: value == 1) == 1
    assert shared.once("base", lambda: 2, holds=lambda value: value == 2) == 2
