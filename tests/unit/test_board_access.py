"""Who may do what: the board's own token, those of projects, and the one for reading."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

import pytest

from app import access
from app.access import hashed

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from httpx2 import Response

    from tests.unit.client import BoardClient

    Make = Callable[..., dict[str, Any]]
    MakeBoard = Callable[..., BoardClient]
    Upload = Callable[..., Response]

READS = [
    "/",
    "/?project=shop",
    "/reports/{id}",
    "/api/reports",
    "/api/reports/{id}",
    "/badge/shop.svg",
    "/api/openapi.json",
]


def _bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def _basic(token: str) -> dict[str, str]:
    return {"Authorization": "Basic " + base64.b64encode(f"anyone:{token}".encode()).decode()}


@pytest.fixture
def board(make_board: MakeBoard, make_report: Make, token: str) -> BoardClient:
    """Give a board with a token of each kind, and a report of `shop`."""
    board = make_board(read_token="reader", project_tokens={hashed("of-shop"): "shop"})
    assert board.post("/api/reports", json=make_report("shop"), headers=_bearer(token)).status_code == 201
    return board


def _id(board: BoardClient) -> str:
    return str(board.get("/api/reports", headers=_bearer("reader")).json()["reports"][0]["id"])


def test_a_projects_token_sends_that_projects_reports(board: BoardClient, make_report: Make) -> None:
    """And no other's: 403, and it is not there afterwards."""
    sent = make_report("shop", duration_s=1)
    assert board.post("/api/reports", json=sent, headers=_bearer("of-shop")).status_code == 201
    answer = board.post("/api/reports", json=make_report("other"), headers=_bearer("of-shop"))
    assert answer.status_code == 403
    assert "another project" in answer.json()["detail"]
    assert len(board.get("/api/reports", headers=_bearer("reader")).json()["reports"]) == 2


def test_projects_tokens_need_no_token_of_the_boards(make_board: MakeBoard, make_report: Make) -> None:
    """A board whose operator holds none at all takes uploads all the same, and deletes nothing."""
    board = make_board(token=None, project_tokens={hashed("of-shop"): "shop"})
    answer = board.post("/api/reports", json=make_report("shop"), headers=_bearer("of-shop"))
    assert answer.status_code == 201
    assert board.delete(f"/api/reports/{answer.json()['id']}", headers=_bearer("of-shop")).status_code == 403


@pytest.mark.parametrize("address", READS)
def test_reading_needs_the_token_where_one_is_set(board: BoardClient, address: str) -> None:
    """401 that makes a browser ask for it; then the token, as a browser sends it or as a program does."""
    address = address.format(id=_id(board))
    for headers in ({}, _bearer("wrong"), _basic("wrong"), _bearer("of-shop"), {"Authorization": "Basic !"}):
        answer = board.get(address, headers=headers)
        assert answer.status_code == 401
        assert answer.headers["WWW-Authenticate"].startswith("Basic")
        assert "shop" not in answer.text
    assert board.head(address).status_code == 401
    assert board.get(address, headers=_bearer("reader")).status_code == 200
    assert board.get(address, headers=_basic("reader")).status_code == 200


def test_the_boards_own_token_reads_too(board: BoardClient, token: str) -> None:
    """Whoever may delete may look."""
    assert board.get("/", headers=_basic(token)).status_code == 200


@pytest.mark.parametrize("address", ["/healthz", "/readyz", "/static/board.css"])
def test_probes_and_style_need_no_token(board: BoardClient, address: str) -> None:
    """They say nothing of any report."""
    assert board.get(address).status_code == 200


def test_the_token_for_reading_changes_nothing(board: BoardClient, make_report: Make) -> None:
    """Neither sends nor deletes."""
    assert board.post("/api/reports", json=make_report(), headers=_bearer("reader")).status_code == 401
    assert board.delete(f"/api/reports/{_id(board)}", headers=_bearer("reader")).status_code == 401


@pytest.mark.parametrize(("given", "status"), [("", 401), ("wrong", 401), ("of-shop", 403)])
@pytest.mark.parametrize("address", ["/api/reports/{id}", "/api/reports?project=shop"])
def test_only_the_boards_own_token_deletes(board: BoardClient, given: str, status: int, address: str) -> None:
    """Nothing is gone otherwise."""
    assert board.delete(address.format(id=_id(board)), headers=_bearer(given)).status_code == status
    assert _id(board)


def test_a_report_can_be_deleted(board: BoardClient, make_report: Make, token: str) -> None:
    """It is gone from everywhere; then there is nothing to delete; and it may be sent again."""
    report_id = _id(board)
    assert board.delete(f"/api/reports/{report_id}", headers=_bearer(token)).status_code == 204
    assert board.get(f"/reports/{report_id}", headers=_bearer(token)).status_code == 404
    assert "unknown" in board.get("/badge/shop.svg", headers=_bearer(token)).text
    assert board.delete(f"/api/reports/{report_id}", headers=_bearer(token)).status_code == 404
    assert board.post("/api/reports", json=make_report("shop"), headers=_bearer(token)).status_code == 201


def test_a_project_can_be_deleted(board: BoardClient, make_report: Make, token: str) -> None:
    """All reports of it, and of no other."""
    for name, duration in (("shop", 1), ("shop", 2), ("other", 1)):
        board.post("/api/reports", json=make_report(name, duration_s=duration), headers=_bearer(token))
    assert board.delete("/api/reports?project=shop", headers=_bearer(token)).status_code == 204
    listed = board.get("/api/reports", headers=_bearer(token)).json()["reports"]
    assert [each["project"] for each in listed] == ["other"]
    assert board.delete("/api/reports?project=shop", headers=_bearer(token)).status_code == 404
    assert board.delete("/api/reports?project=%00", headers=_bearer(token)).status_code == 404
    assert board.delete("/api/reports", headers=_bearer(token)).status_code == 400


def test_a_token_is_made_and_let_in(
    make_board: MakeBoard, make_report: Make, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What the command prints is a token, and the line for the file: the token itself is not on that."""
    from app.config import Settings  # noqa: PLC0415

    assert access.main(["web shop"]) == 0
    token, line = (each.partition(": ")[2] for each in capsys.readouterr().out.splitlines())
    assert token not in line
    (tmp_path / "tokens").write_text(line + "\n")
    settings = Settings.from_environ({"BOARD_TOKENS": str(tmp_path / "tokens")}, data_dir=tmp_path)
    board = make_board(project_tokens=settings.project_tokens)
    assert board.post("/api/reports", json=make_report("web shop"), headers=_bearer(token)).status_code == 201


@pytest.mark.parametrize("arguments", [[], ["a", "b"], ["a\nb"]])
def test_a_token_is_for_one_project(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """Exit code 2, and how it is used."""
    assert access.main(arguments) == 2
    assert "usage" in capsys.readouterr().err
