"""The data: what was acknowledged is there after every kind of end."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from hullproof.pytest_plugin import Container

from .board import Board, report


def test_data_is_a_volume(config: dict[str, Any]) -> None:
    """So that it outlives the container even where nobody asks for that."""
    assert config["Volumes"] == {"/data": {}}


@pytest.fixture(scope="module")
def mortal(boot: Callable[..., Container]) -> Iterator[Container]:
    """Start the board that these tests end, each in its own way."""
    with boot() as container:
        yield container


def test_a_report_survives_stop_and_start(mortal: Container) -> None:
    """`docker stop`, `docker start`."""
    kept = _keep(mortal, "stopped")
    assert mortal.stop().exit_code == 0
    assert _kept(mortal.start(), kept) == report("stopped")


def test_a_report_survives_kill_9(mortal: Container) -> None:
    """Killed as soon as the 201 is there: no handler runs, nothing is closed. It goes on taking reports."""
    kept = _keep(mortal, "killed")
    mortal.kill("SIGKILL")
    assert mortal.wait() == 137
    assert _kept(mortal.start(), kept) == report("killed")
    assert _keep(mortal, "after")


def test_a_report_survives_its_container(mortal: Container, boot: Callable[..., Container]) -> None:
    """As with a new release: another container takes over the volume. The last test: the old one stays down."""
    kept = _keep(mortal, "moved")
    mortal.stop()
    with boot(volumes_from=[mortal.id]) as new:
        assert _kept(new, kept) == report("moved")


def _keep(container: Container, project: str) -> str:
    answer = Board(container.base_url).upload(report(project))
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


def _kept(container: Container, identifier: str) -> dict[str, Any]:
    found: dict[str, Any] = Board(container.base_url).get(f"/api/reports/{identifier}").json()
    return found
