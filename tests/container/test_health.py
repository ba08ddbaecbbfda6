"""Health: the image's own check turns healthy, and unhealthy with the application broken, and healthy again.

The image checks every 10 seconds. The tests that break something check more often, as nothing else than the
time between checks is changed: command, time limit and number of tries stay the image's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from hullproof.pytest_plugin import Container

from .board import Board, report, wait_for

OFTEN = {"interval": 300_000_000}  # nanoseconds; what is not given here is the image's own
TURN_DEADLINE_S = 25.0


def test_the_check_needs_no_tool(config: dict[str, Any]) -> None:
    """It is in JSON form, and runs the Python that is there anyway: no shell, no curl."""
    assert config["Healthcheck"]["Test"] == ["CMD", "python", "-m", "app.health"]


def test_the_check_has_limits(config: dict[str, Any]) -> None:
    """Seconds between checks, for one check, and checks before it counts: broken is known within a minute."""
    check = config["Healthcheck"]
    assert 0 < check["Timeout"] <= check["Interval"]
    assert check["Retries"] * (check["Interval"] + check["Timeout"]) <= 60e9


@pytest.fixture(scope="module")
def ailing(boot: Callable[..., Container]) -> Iterator[Container]:
    """Start the board that these tests break and fix, with little room for its data."""
    with boot(healthcheck=OFTEN, tmpfs={"/data": "size=2m,mode=0770,uid=10001"}) as container:
        yield container


def test_a_stopped_process_turns_unhealthy_and_back(ailing: Container) -> None:
    """It hangs: its port still takes connections, and no answer comes."""
    _turns(ailing, "healthy")
    ailing.kill("SIGSTOP")
    _turns(ailing, "unhealthy")
    ailing.kill("SIGCONT")
    _turns(ailing, "healthy")


def test_a_full_disk_turns_unhealthy_and_back(ailing: Container) -> None:
    """It answers, and can keep nothing."""
    _turns(ailing, "healthy")
    ailing.exec("dd", "if=/dev/zero", "of=/data/filler", "bs=4096")
    _turns(ailing, "unhealthy")
    board = Board(ailing.base_url)
    assert board.get("/healthz").status_code == 200
    assert board.get("/readyz").status_code == 503
    assert board.upload(report("no-room")).status_code == 503
    assert "full" in ailing.state["Health"]["Log"][-1]["Output"]
    ailing.exec("rm", "/data/filler")
    _turns(ailing, "healthy")
    assert board.upload(report("room")).status_code == 201


def test_a_store_that_cannot_be_written_never_turns_healthy(boot: Callable[..., Container]) -> None:
    """From the first check on, which says why."""
    with boot(wait=False, healthcheck=OFTEN, tmpfs={"/data": "ro,size=1m"}) as container:
        wait_for("a check to", lambda: _last_result(container), "fail", TURN_DEADLINE_S)
        assert _health(container) != "healthy"


def test_the_image_as_it_is_turns_healthy(hullproof_container: Container) -> None:
    """With the image's own times. The last test here: this board runs since the first."""
    _turns(hullproof_container, "healthy")


def _turns(container: Container, wanted: str) -> None:
    wait_for("the health to turn", lambda: _health(container), wanted, TURN_DEADLINE_S)


def _health(container: Container) -> str:
    return str(container.state["Health"]["Status"])


def _last_result(container: Container) -> str:
    log = container.state["Health"]["Log"]
    return "nothing yet" if not log else "fail" if log[-1]["ExitCode"] else "pass"
