"""Who may send a report, in which form, and what becomes of it."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from httpx2 import Response

    from tests.unit.client import BoardClient

    Make = Callable[..., dict[str, Any]]
    Upload = Callable[..., Response]


def test_a_new_report_is_created(upload: Upload, client: BoardClient, make_report: Make) -> None:
    """201 with id and address, at which the report then is, member for member."""
    sent = make_report()
    answer = upload(sent)
    assert answer.status_code == 201
    assert answer.headers["Location"] == answer.json()["url"]
    assert client.get(answer.headers["Location"]).status_code == 200
    assert client.get(f"/api/reports/{answer.json()['id']}").json() == sent


def test_the_same_report_again_is_the_same(upload: Upload, client: BoardClient, make_report: Make) -> None:
    """200 with the same id, however it is spelt, and still one report."""
    sent = make_report("café", duration_s=2)
    first = upload(sent)
    spellings = [
        json.dumps(sent).encode(),
        json.dumps(sent, indent=4, ensure_ascii=False).encode(),
        json.dumps(dict(reversed(sent.items()))).replace('"duration_s": 2', '"duration_s": 2.0').encode(),
    ]
    for spelling in spellings:
        again = upload(spelling)
        assert (again.status_code, again.json()) == (200, first.json())
    assert len(client.get("/api/reports").json()["reports"]) == 1


def test_other_content_is_another_report(upload: Upload, make_report: Make) -> None:
    """The least difference gives another id."""
    first, second = upload(make_report(duration_s=1)), upload(make_report(duration_s=1.001))
    assert (first.status_code, second.status_code) == (201, 201)
    assert first.json()["id"] != second.json()["id"]


def test_the_same_report_from_many_at_once(
    make_board: Callable[..., BoardClient], make_report: Make, token: str
) -> None:
    """One creates it, all others find it there, all get the same id."""
    app = make_board()
    sent = make_report()

    def post(_: int) -> tuple[int, str]:
        answer = app.post("/api/reports", json=sent, headers={"Authorization": f"Bearer {token}"})
        return answer.status_code, answer.json()["id"]

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(post, range(24)))
    assert sorted(status for status, _ in answers) == [200] * 23 + [201]
    assert len({report_id for _, report_id in answers}) == 1


@pytest.mark.parametrize(
    "authorization",
    [
        "",
        "Bearer",
        "Bearer ",
        "Bearer wrong",
        "Bearer a-made-up-toke",
        "Basic a-made-up-token",
        b"Bearer \xfc",
        b"Basic \xfc",
        "Basic OnRva2Vu",
    ],
)
def test_without_the_right_token_nothing_is_kept(
    upload: Upload, client: BoardClient, make_report: Make, authorization: str | bytes
) -> None:
    """401 that says which scheme is asked for; and the report is not there afterwards."""
    answer = upload(make_report(), Authorization=authorization)
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")
    assert client.get("/api/reports").json()["reports"] == []


def test_the_scheme_may_be_written_in_any_case(upload: Upload, make_report: Make, token: str) -> None:
    """RFC 9110, section 11.1."""
    assert upload(make_report(), Authorization=f"bearer {token}").status_code == 201


def test_a_board_without_a_token_takes_nothing(
    make_board: Callable[..., BoardClient], make_report: Make
) -> None:
    """403 that says what to set, even for an empty token."""
    client = make_board(token=None)
    for authorization in ("", "Bearer ", "Bearer None"):
        answer = client.post("/api/reports", json=make_report(), headers={"Authorization": authorization})
        assert answer.status_code == 403
        assert "BOARD_TOKEN" in answer.json()["detail"]


@pytest.mark.parametrize("content_type", ["application/json", "application/json; charset=UTF-8"])
def test_json_is_taken(upload: Upload, make_report: Make, content_type: str) -> None:
    """With or without the charset that JSON always has."""
    assert upload(make_report(), Content_Type=content_type).status_code == 201


@pytest.mark.parametrize(
    "headers",
    [
        {"Content_Type": ""},
        {"Content_Type": "text/plain"},
        {"Content_Type": "application/x-www-form-urlencoded"},
        {"Content_Type": "application/json; charset=latin-1"},
        {"Content_Encoding": "gzip"},
    ],
)
def test_anything_else_is_refused(upload: Upload, make_report: Make, headers: dict[str, str]) -> None:
    """415 that names the right type."""
    answer = upload(make_report(), **headers)
    assert answer.status_code == 415
    assert "application/json" in answer.json()["detail"]


def test_two_mebibytes_are_the_limit(upload: Upload, make_report: Make) -> None:
    """One byte decides."""
    body = json.dumps(make_report()).encode().ljust(2 * 1024 * 1024)
    assert upload(body).status_code == 201
    assert upload(body + b" ").status_code == 413
