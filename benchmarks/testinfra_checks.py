"""The statements of `peers.py`, as pytest-testinfra checks them: run by the benchmark, not by the tests."""

# ruff: noqa: ANN401, S101 - a host is whatever testinfra makes of it, and checks assert

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parent.parent))

from benchmarks.peers import ABSENT, BOOTED, STILL


@pytest.mark.parametrize("path", ABSENT.values(), ids=ABSENT)
def test_absent(host: Any, path: str) -> None:
    """The release does not have it."""
    assert not host.file(path).exists


@pytest.mark.parametrize("command", [*STILL.values(), *BOOTED.values()], ids=[*STILL, *BOOTED])
def test_command(host: Any, command: str) -> None:
    """The command says so."""
    assert host.run(command).rc == 0


def test_port(host: Any) -> None:
    """The exposed port is listened on; testinfra's own way needs `ss`, which slim images have not."""
    assert host.run("grep -q '00000000:1388 .* 0A ' /proc/net/tcp").rc == 0


def test_answers(host: Any) -> None:
    """The application answers."""
    assert host.run("python -m app.health").rc == 0
