"""The container starts again, however it ended."""

from __future__ import annotations

import pytest

from hullproof.facts import Restarts

from .by_hand import BROKEN, PROVEN, prove

LOG = ("Traceback", "FileExistsError: [Errno 17] File exists: '/app/run.pid'")


def test_one_that_comes_back_both_times_is_proven() -> None:
    """After it was killed, and after it was stopped."""
    assert prove("restart").verdict is PROVEN


@pytest.mark.parametrize(
    ("seen", "begins"),
    [
        (
            Restarts("it ends with exit code 1", None, LOG),
            "Killed and started again, it does not come back: it ends",
        ),
        (
            Restarts(None, "it ends with exit code 1", LOG),
            "Stopped and started again, it does not come back: it ends",
        ),
    ],
)
def test_the_error_of_the_start_that_failed_is_told(seen: Restarts, begins: str) -> None:
    """With how it had ended before."""
    proof = prove("restart", restarts=seen)
    assert proof.verdict is BROKEN
    assert proof.summary.startswith(begins)
    assert "File exists: '/app/run.pid'" in proof.summary
    assert "File exists: '/app/run.pid'. See" in str(proof.remedy), "sentences end"
