"""Hardening: the board runs with everything that can be taken away taken away."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from hullproof.pytest_plugin import Container

from .board import Board, report

HARDENED: dict[str, Any] = {
    "read_only": True,
    "cap_drop": ["ALL"],
    "security_opt": ["no-new-privileges"],
    "pids_limit": 64,
    "mem_limit": "256m",
}


@pytest.fixture(scope="module", params=["", "4711"], ids=["appuser", "any-uid"])
def hardened(request: pytest.FixtureRequest, boot: Callable[..., Container]) -> Iterator[Container]:
    """Start a board with all flags, as its own user and as others."""
    with boot(user=request.param, **HARDENED) as container:
        yield container


def test_the_flags_are_in_force(hardened: Container, request: pytest.FixtureRequest) -> None:
    """As the kernel tells it: no capability within reach, and no way to new privileges."""
    expected = 10001 if "appuser" in request.node.name else 4711
    for process in hardened.facts.processes:
        assert process.uids == (expected,) * 4
        assert not any(process.capabilities.values()), process
        assert process.no_new_privileges


def test_there_is_nothing_to_write_to(hardened: Container) -> None:
    """Not the service, not its packages, not even a place for temporary files."""
    done = hardened.exec("touch", "/app/file", "/opt/venv/file", "/tmp/file", "/var/tmp/file")
    assert done.exit_code != 0
    assert len(done.stderr.splitlines()) == 4, done


def test_it_works_all_the_same(hardened: Container) -> None:
    """It takes reports, shows them, finds itself healthy, and has changed nothing but its data."""
    board = Board(hardened.base_url)
    answer = board.upload(report("hardened"))
    assert answer.status_code == 201
    assert board.get(answer.json()["url"]).status_code == 200
    done = hardened.exec("python", "-m", "app.health")
    assert (done.exit_code, done.stdout, done.stderr) == (0, "", "")
    assert not hardened.sdk.diff()


def test_it_stops_as_ever(hardened: Container) -> None:
    """With exit code 0. The last test: the board is gone then."""
    assert hardened.stop().exit_code == 0
