"""PID 1 reaps the children that are left to it."""

from __future__ import annotations

from .by_hand import BROKEN, NOT_APPLICABLE, PROVEN, container, process, prove

TWO = container(processes=(process(), process(7)))


def test_one_that_asks_how_an_orphan_ended_is_proven() -> None:
    """Whether it has children or not."""
    assert prove("reaps-children").verdict is PROVEN
    assert prove("reaps-children", container=TWO).verdict is PROVEN


def test_a_zombie_is_broken_where_there_are_children() -> None:
    """One process that starts no others leaves none."""
    proof = prove("reaps-children", container=TWO, orphan="zombie")
    assert proof.verdict is BROKEN
    assert "--init" in str(proof.remedy)
    assert prove("reaps-children", orphan="zombie").verdict is NOT_APPLICABLE
