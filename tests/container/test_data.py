"""The data: what was acknowledged is there after every kind of end."""

from __future__ import annotations

from typing import Any

from .board import Board, report
from .conftest import Boot


def test_data_is_a_volume(config: dict[str, Any]) -> None:
    """So that it outlives the container even where nobody asks for that."""
    assert config["Volumes"] == {"/data": {}}


def test_a_report_survives_stop_and_start(boot: Boot) -> None:
    """`docker stop`, `docker start`; and a clean stop leaves the one file that a backup needs."""
    board = boot()
    kept = _keep(board, "stopped")
    board.container.stop()
    assert board.state["ExitCode"] == 0
    board.start_again()
    assert board.get(f"/api/reports/{kept}").json() == report("stopped")


def test_a_report_survives_kill_9(boot: Boot) -> None:
    """Killed as soon as the 201 is there: no handler runs, nothing is closed."""
    board = boot()
    kept = _keep(board, "killed")
    board.container.kill("SIGKILL")
    assert board.exit_code() == 137
    board.start_again()
    assert board.get(f"/api/reports/{kept}").json() == report("killed")
    assert _keep(board, "after")


def test_a_report_survives_its_container(boot: Boot) -> None:
    """As with a new release: another container takes over the volume."""
    old = boot()
    kept = _keep(old, "moved")
    old.container.stop()
    new = boot(volumes_from=[old.container.id])
    assert new.get(f"/api/reports/{kept}").json() == report("moved")


def _keep(board: Board, project: str) -> str:
    answer = board.upload(report(project))
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])
