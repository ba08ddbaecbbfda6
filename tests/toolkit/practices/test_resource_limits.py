"""The application keeps to its part of the machine."""

from __future__ import annotations

import pytest

from hullproof.facts import ContainerFacts, Shares

from .by_hand import BROKEN, PROVEN, UNPROVEN, container, process, prove


def running(count: int) -> ContainerFacts:
    """Make a container of so many processes."""
    return container(processes=tuple(process(number) for number in range(1, count + 1)))


@pytest.mark.parametrize(("quota", "set_"), [(1, 1), (3, 3), (2, 3)])
def test_a_fixed_number_and_one_that_follows_are_proven(quota: int, set_: int) -> None:
    """The claim of a large machine makes no more."""
    seen = Shares(running(quota), running(set_), 512_000_000, 2)
    assert prove("resource-limits", shares=seen).verdict is PROVEN


@pytest.mark.parametrize(("quota", "set_"), [(33, 5), (3, 2)])
def test_a_number_by_the_machine_s_processors_is_broken(quota: int, set_: int) -> None:
    """By their count, or by those that the process may run on."""
    proof = prove("resource-limits", shares=Shares(running(quota), running(set_), 512_000_000, 2))
    assert proof.verdict is BROKEN
    assert f"starts {quota} processes" in proof.summary


def test_an_end_for_memory_is_broken() -> None:
    """With what happened."""
    seen = Shares(running(9), running(2), 512_000_000, 2, "it was stopped at the limit of 512.0 MB of memory")
    proof = prove("resource-limits", shares=seen)
    assert proof.verdict is BROKEN
    assert "stopped at the limit of 512.0 MB" in proof.summary


def test_on_a_machine_of_one_processor_several_processes_tell_nothing() -> None:
    """One by its processors looks as one of two by a share."""
    assert prove("resource-limits", shares=Shares(running(2), running(2), 1, 1)).verdict is UNPROVEN
