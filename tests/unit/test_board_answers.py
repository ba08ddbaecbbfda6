"""What all answers have in common: headers, form of errors, HEAD, log."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from httpx2 import Response

    from tests.unit.client import BoardClient

    Make = Callable[..., dict[str, Any]]
    Upload = Callable[..., Response]

ADDRESSES = ["/", "/healthz", "/readyz", "/api/reports", "/badge/x.svg", "/nothing", "/api/nothing"]


@pytest.mark.parametrize("address", ADDRESSES)
def test_a_browser_is_kept_from_doing_more_than_showing(client: BoardClient, address: str) -> None:
    """On every answer, errors included."""
    headers = client.get(address).headers
    policy = headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["Cache-Control"] in {"no-cache", "no-store"}


@pytest.mark.parametrize("address", ADDRESSES)
def test_head_is_get_without_the_body(client: BoardClient, address: str) -> None:
    """Same status, same type, same length."""
    get, head = client.get(address), client.head(address)
    assert head.content == b""
    assert head.status_code == get.status_code
    for name in ("Content-Type", "Content-Length"):
        assert head.headers[name] == get.headers[name]


@pytest.mark.parametrize(
    ("method", "address", "status"),
    [("GET", "nothing", 404), ("PUT", "reports", 405), ("PUT", "reports/x", 405)],
)
def test_errors_on_the_api_are_problem_details(
    client: BoardClient, method: str, address: str, status: int
) -> None:
    """RFC 9457: type of content, status, title, detail."""
    answer = client.request(method, f"/api/{address}")
    assert (answer.status_code, answer.headers["Content-Type"]) == (status, "application/problem+json")
    assert answer.json()["status"] == status
    assert {"title", "detail"} <= answer.json().keys()


@pytest.mark.parametrize(("method", "address", "status"), [("GET", "/x", 404), ("POST", "/", 405)])
def test_errors_elsewhere_are_pages(client: BoardClient, method: str, address: str, status: int) -> None:
    """With the way back."""
    answer = client.request(method, address)
    assert (answer.status_code, answer.headers["Content-Type"]) == (status, "text/html; charset=utf-8")
    assert 'href="/"' in answer.text


def test_a_wrong_method_is_told_the_right_ones(client: BoardClient) -> None:
    """RFC 9110, section 15.5.6."""
    assert set(client.put("/api/reports").headers["Allow"].split(", ")) == {"GET", "HEAD", "POST", "DELETE"}


@pytest.mark.parametrize("address", ["/", "/api/reports"])
def test_a_mistake_of_the_board_is_no_traceback(
    make_board: Callable[..., BoardClient],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    address: str,
) -> None:
    """500 that tells nothing of the inside; the log has it."""

    def fail(**_: object) -> None:
        raise ZeroDivisionError("a secret of the inside")

    client = make_board()
    store = client.store
    monkeypatch.setattr(store, "page", fail)
    monkeypatch.setattr(store, "projects", fail)
    answer = client.get(address)
    assert answer.status_code == 500
    assert "secret" not in answer.text
    assert "Traceback" not in answer.text
    assert "a secret of the inside" in caplog.text


def test_the_log_has_a_line_a_request_and_no_token(
    upload: Upload, make_report: Make, caplog: pytest.LogCaptureFixture, token: str
) -> None:
    """Method, path, status, time."""
    caplog.set_level(logging.INFO, "board")
    upload(make_report())
    upload(make_report(), Authorization=f"Bearer {token}x")
    assert [line.split()[:3] for line in caplog.messages] == [
        ["POST", "/api/reports", "201"],
        ["POST", "/api/reports", "401"],
    ]
    assert token not in caplog.text


def test_a_path_forges_no_line(client: BoardClient, caplog: pytest.LogCaptureFixture) -> None:
    """Line breaks and terminal codes are logged as they were sent: quoted."""
    caplog.set_level(logging.INFO, "board")
    client.get("/x%0A%1B[31mGET / 200")
    (line,) = caplog.messages
    assert line.startswith("GET /x%0A%1B%5B31mGET%20/%20200 404")


def test_probes_that_succeed_are_not_logged(client: BoardClient, caplog: pytest.LogCaptureFixture) -> None:
    """They come every few seconds."""
    caplog.set_level(logging.INFO, "board")
    assert client.get("/readyz").status_code == 200
    assert caplog.messages == []
