"""Hardening: the board runs with everything that can be taken away taken away."""

from __future__ import annotations

from typing import Any

import pytest

from .board import Board, report
from .conftest import Boot

HARDENED: dict[str, Any] = {
    "read_only": True,
    "cap_drop": ["ALL"],
    "security_opt": ["no-new-privileges"],
    "pids_limit": 64,
    "mem_limit": "256m",
}


@pytest.fixture(scope="module", params=["", "4711"], ids=["appuser", "any-uid"])
def hardened(request: pytest.FixtureRequest, boot_for_file: Boot) -> Board:
    """Start a board with all flags, as its own user and as others."""
    return boot_for_file(user=request.param, **HARDENED)


def test_the_flags_are_in_force(hardened: Board, request: pytest.FixtureRequest) -> None:
    """As the kernel tells it: no capability within reach, and no way to new privileges."""
    expected = 10001 if "appuser" in request.node.name else 4711
    for process in hardened.kernel().processes:
        assert process.uids == [expected] * 4
        assert not any(process.capabilities.values()), process
        assert process.no_new_privileges


def test_there_is_nothing_to_write_to(hardened: Board) -> None:
    """Not the service, not its packages, not even a place for temporary files."""
    code, said = hardened.run("touch", "/app/file", "/opt/venv/file", "/tmp/file", "/var/tmp/file")
    assert code != 0
    assert len(said.splitlines()) == 4, said


def test_it_works_all_the_same(hardened: Board) -> None:
    """It takes reports, shows them, finds itself healthy, and has changed nothing but its data."""
    answer = hardened.upload(report("hardened"))
    assert answer.status_code == 201
    assert hardened.get(answer.json()["url"]).status_code == 200
    assert hardened.run("python", "-m", "app.health") == (0, "")
    assert not hardened.container.diff()


def test_it_stops_as_ever(hardened: Board) -> None:
    """With exit code 0. The last test: the board is gone then."""
    hardened.container.kill("SIGTERM")
    assert hardened.exit_code() == 0
