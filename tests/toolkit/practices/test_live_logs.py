"""What the application prints is seen when it prints it."""

from __future__ import annotations

import pytest

from hullproof.facts import HeldLines

from .by_hand import BROKEN, NOT_APPLICABLE, PROVEN, prove

LINE = "loading the catalogue"


def test_lines_that_come_at_once_are_proven() -> None:
    """Before any request."""
    assert prove("live-logs").verdict is PROVEN


@pytest.mark.parametrize(
    ("late", "said"), [((LINE,), "comes only when it stops"), ((), "does not come at all")]
)
def test_lines_that_are_held_back_are_broken(late: tuple[str, ...], said: str) -> None:
    """Whether they come at the end or never."""
    proof = prove("live-logs", held_lines=HeldLines((LINE,), late, 2))
    assert proof.verdict is BROKEN
    assert LINE in proof.summary
    assert said in proof.summary
    assert "PYTHONUNBUFFERED=1" in str(proof.remedy)


@pytest.mark.parametrize(
    "path", ["/app/error.log", "/var/log/app/out", "/app/access.log.1", "/srv/logs/shop.txt"]
)
def test_a_log_file_is_broken(path: str) -> None:
    """Known by its name or its place."""
    proof = prove("live-logs", changed_paths=("/app/data.db", path))
    assert proof.verdict is BROKEN
    assert path in proof.summary


def test_what_prints_nothing_is_not_concerned() -> None:
    """With buffers or without."""
    others = ("/var/log/lastlog", "/srv/logs/shop.pid", "/srv/logs/__pycache__/a.pyc", "/srv/blogs/a")
    proof = prove("live-logs", held_lines=HeldLines((), (), 0), changed_paths=others)
    assert proof.verdict is NOT_APPLICABLE
