"""A report sent to a release board, and what is said where that does not come off."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from hullproof.errors import HullproofError, MachineError, UsageError
from hullproof.model import Report
from hullproof.report.upload import TOKEN, Board

from ..served import served


class Handler(BaseHTTPRequestHandler):
    """Answers as it was told, and keeps what it was sent."""

    status, body, to = 201, b'{"id": "x", "url": "/reports/x"}', ""
    seen: list[tuple[str, str | None, bytes]]

    def do_POST(self) -> None:
        """Answer."""
        sent = self.rfile.read(int(self.headers["Content-Length"]))
        type(self).seen.append((self.path, self.headers["Authorization"], sent))
        self.send_response(self.status)
        if self.to:
            self.send_header("Location", self.to)
        self.send_header("Content-Length", str(len(self.body)))
        self.end_headers()
        self.wfile.write(self.body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def handler(monkeypatch: pytest.MonkeyPatch) -> type[Handler]:
    """How the board answers."""
    monkeypatch.setenv(TOKEN, "secret")
    return type("Own", (Handler,), {"seen": []})


@pytest.fixture
def board(handler: type[Handler]) -> Iterator[Board]:
    """A board at a path of a server."""
    with served(HTTPServer(("127.0.0.1", 0), handler)) as server:
        yield Board.parse(f"http://127.0.0.1:{server.server_port}/board")


def test_a_report_is_sent_whole_with_the_token(board: Board, handler: type[Handler], bare: Report) -> None:
    """The answer is the address of its page."""
    assert board.send(bare).endswith("/reports/x")
    ((path, token, sent),) = handler.seen
    assert (path, token) == ("/board/api/reports", "Bearer secret")
    assert json.loads(sent)["project"]["name"] == "shop"


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (
            (400, b'{"detail": "no report", "title": "Bad"}'),
            "refuses the report (400, no report): check its address",
        ),
        ((403, b"<html>"), "refuses the report (403 Forbidden)"),
        ((302, b""), "refuses the report (302 Found)"),
        ((200, b"<html>hello"), "does not answer as a board does"),
        ((200, b"[]"), "does not answer as a board does"),
    ],
)
def test_a_refusal_is_one_line(
    board: Board, handler: type[Handler], bare: Report, answer: tuple[int, bytes], said: str
) -> None:
    """What the board says of it, and the token goes nowhere else."""
    (handler.status, handler.body), handler.to = answer, "/elsewhere"
    with pytest.raises(UsageError, match=re.escape(said)) as caught:
        board.send(bare)
    assert "secret" not in str(caught.value)
    assert len(handler.seen) == 1


@pytest.mark.parametrize("status", [500, 502, 503])
def test_a_board_that_is_ill_can_be_asked_later(
    board: Board, handler: type[Handler], bare: Report, status: int
) -> None:
    """Nothing is wrong with the address or the token: it is a fault of the surroundings."""
    handler.status, handler.body = status, b""
    with pytest.raises(MachineError, match="send it again later"):
        board.send(bare)


def test_what_is_no_http_is_no_board(
    board: Board, handler: type[Handler], bare: Report, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An answer that ends in the middle of its first line."""
    monkeypatch.setattr(handler, "do_POST", lambda self: self.wfile.write(b"HTTP/1.1 999999 \r\n"))
    with pytest.raises(UsageError, match="does not answer as a board does"):
        board.send(bare)


def test_a_password_in_an_address_is_not_repeated(handler: type[Handler]) -> None:
    """In no message, no representation: the token has a place of its own."""
    assert handler
    with pytest.raises(UsageError, match=TOKEN) as caught:
        Board.parse("https://somebody:hunter2@board.example")
    assert "hunter2" not in str(caught.value)
    assert "secret" not in repr(Board.parse("https://board.example"))


def test_a_board_that_is_not_there_is_a_fault_of_the_surroundings(
    handler: type[Handler], bare: Report
) -> None:
    """Exit code 3, and the address."""
    assert handler
    with pytest.raises(MachineError, match=r"board http://127\.0\.0\.1:9/ cannot be reached") as caught:
        Board.parse("http://127.0.0.1:9").send(bare)
    assert caught.value.exit_code == 3


@pytest.mark.parametrize(
    "url", ["", "board.example", "file:///etc/passwd", "http://", "http://a b/", "http://x:y/"]
)
def test_only_an_address_is_one(handler: type[Handler], url: str) -> None:
    """Known before anything is built."""
    assert handler
    with pytest.raises(HullproofError, match="is no address"):
        Board.parse(url)
