"""Uploads: with the token only."""

from __future__ import annotations

import pytest

from hullproof.pytest_plugin import Container

from .board import TOKEN, Board, report


def test_the_token_opens(board: Board) -> None:
    """A new report is 201, the same one again is 200 with the same id, and it can be read by anyone."""
    first, again = board.upload(report("opened")), board.upload(report("opened"))
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json() == again.json()
    assert board.get(f"/api/reports/{first.json()['id']}").json() == report("opened")


@pytest.mark.parametrize(
    "authorization", [None, "Bearer wrong", "Bearer", "Bearer ", f"Basic {TOKEN}", TOKEN]
)
def test_nothing_else_opens(board: Board, authorization: str | None) -> None:
    """401, which says what is wanted, and nothing is kept."""
    answer = board.upload(report("refused"), authorization)
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")
    assert board.get("/api/reports?project=refused").json()["reports"] == []


def test_a_board_without_a_token_takes_nothing(hullproof_container: Container) -> None:
    """403, whatever is sent: where no token is set, none is right, the empty one neither."""
    board = Board(hullproof_container.base_url)
    for authorization in (None, "Bearer ", f"Bearer {TOKEN}"):
        assert board.upload(report("refused"), authorization).status_code == 403
    assert board.get("/api/reports").json()["reports"] == []
