"""The application keeps to its part of the machine."""

from __future__ import annotations

import pytest

from hullproof.facts import ContainerFacts, Shares

from .by_hand import BROKEN, GOOD, PROVEN, UNPROVEN, container, process, prove


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


MANY = Shares(running(17), running(5), 512_000_000, 2)


@pytest.mark.parametrize(
    ("command", "meant"),
    [
        (
            "CMD exec gunicorn --workers $(nproc) app:app",
            "CMD exec gunicorn --workers ${WEB_CONCURRENCY:-2} app:app",
        ),
        (
            'CMD ["sh", "-c", "exec gunicorn -w $(getconf _NPROCESSORS_ONLN) app:app"]',
            'CMD ["sh", "-c", "exec gunicorn -w ${WEB_CONCURRENCY:-2} app:app"]',
        ),
    ],
)
def test_a_command_that_counts_is_written_without(command: str, meant: str) -> None:
    """As a line that can be taken over."""
    proof = prove("resource-limits", GOOD.replace('CMD ["python", "run.py"]', command), shares=MANY)
    assert f"Write `{meant}` in the place of Dockerfile:18." in str(proof.remedy)


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("import os\nworkers = os.cpu_count() or 1\n", True),
        ("workers = len(os.sched_getaffinity(0))\n", True),
        ("# nothing like os.cpu_count()\nworkers = 2\n", False),
    ],
)
def test_the_line_that_counts_is_named(text: str, *, named: bool) -> None:
    """That of the application, and none of its tests."""
    texts = {"gunicorn.conf.py": text, "tests/test_a.py": "os.cpu_count()\n"}
    fix = str(prove("resource-limits", shares=MANY, project_texts=texts).remedy)
    assert ("gunicorn.conf.py:" in fix) is named
    assert "tests/test_a.py" not in fix


def test_a_command_that_does_more_than_count_is_left_to_its_owner() -> None:
    """Half of a sum is none."""
    command = "CMD exec gunicorn --workers $((2 * $(nproc --ignore=1) + 1)) app:app"
    fix = str(prove("resource-limits", GOOD.replace('CMD ["python", "run.py"]', command), shares=MANY).remedy)
    assert "Write `" not in fix
