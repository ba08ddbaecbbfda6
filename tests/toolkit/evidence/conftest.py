"""Keys in files, and a registry."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from hullproof.evidence.keys import PASSPHRASE

from ..conftest import Command
from .pieces import write_keys
from .registry import FakeRegistry


@pytest.fixture
def command(command: Command) -> Command:
    """Run the command, paths among its arguments."""
    return lambda *arguments: command(*map(str, arguments))


@pytest.fixture
def keys(tmp_path: Path) -> tuple[Path, Path]:
    """The right pair of keys, private and public."""
    return write_keys(tmp_path)


@pytest.fixture
def registry(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[FakeRegistry]:
    """A registry in memory, and nobody logged in."""
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
    monkeypatch.delenv(PASSPHRASE, raising=False)
    fake = FakeRegistry()
    fake.start()
    yield fake
    fake.stop()
