"""Every report that Hullproof writes is taken: its golden samples, hostile ones among them, as they were written."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.unit.client import BoardClient

SAMPLES = sorted((Path(__file__).parents[1] / "toolkit" / "report" / "samples").glob("*.json"))


def test_there_are_samples() -> None:
    """So that the test below says something."""
    assert len(SAMPLES) >= 3


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.stem)
def test_a_report_as_written_is_taken_and_shown(
    make_board: Callable[..., BoardClient], token: str, sample: Path
) -> None:
    """Kept member for member, with a page of its own."""
    client = make_board()
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    answer = client.post("/api/reports", content=sample.read_bytes(), headers=headers)
    assert answer.status_code == 201, answer.text
    assert client.get(answer.json()["url"]).status_code == 200
