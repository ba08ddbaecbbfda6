"""The data: what was acknowledged is there after every kind of end."""

from __future__ import annotations

from typing import Any

import pytest

from .board import Board, report
from .conftest import Boot


def test_data_is_a_volume(config: dict[str, Any]) -> None:
    """So that it outlives the container even where nobody asks for that."""
    assert config["Volumes"] == {"/data": {}}


@pytest.fixture(scope="module")
def mortal(boot_for_file: Boot) -> Board:
    """Start the board that these tests end, each in its own way."""
    return boot_for_file()


def test_a_report_survives_stop_and_start(mortal: Board) -> None:
    """`docker stop`, `docker start`."""
    kept = _keep(mortal, "stopped")
    mortal.container.stop()
    assert mortal.state["ExitCode"] == 0
    mortal.start_again()
    assert mortal.get(f"/api/reports/{kept}").json() == report("stopped")


def test_a_report_survives_kill_9(mortal: Board) -> None:
    """Killed as soon as the 201 is there: no handler runs, nothing is closed. It goes on taking reports."""
    kept = _keep(mortal, "killed")
    mortal.container.kill("SIGKILL")
    assert mortal.exit_code() == 137
    mortal.start_again()
    assert mortal.get(f"/api/reports/{kept}").json() == report("killed")
    assert _keep(mortal, "after")


def test_a_report_survives_its_container(mortal: Board, boot: Boot) -> None:
    """As with a new release: another container takes over the volume. The last test: the old one stays down."""
    kept = _keep(mortal, "moved")
    mortal.container.stop()
    new = boot(volumes_from=[mortal.container.id])
    assert new.get(f"/api/reports/{kept}").json() == report("moved")


def _keep(board: Board, project: str) -> str:
    answer = board.upload(report(project))
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])
