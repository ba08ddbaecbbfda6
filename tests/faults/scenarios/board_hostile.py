"""Requests of any shape, reports full of markup, and paths that lead out of the board's folders."""

from __future__ import annotations

import contextlib
import itertools
import json
import random
import socket
from collections.abc import Iterator
from typing import Any

import html5lib

from tests.faults.boards import DEADLINE_S, HEADERS, Board, report, running
from tests.faults.harness import BOARD, Attempt, Ground, scenario

ROUTES = (
    "/",
    "/healthz",
    "/readyz",
    "/api/reports",
    "/reports/{id}",
    "/api/reports/{id}",
    "/badge/shop.svg",
    "/static/board.css",
    "/?project=shop",
    "/api/openapi.json",
)
METHODS = ("GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE", "CONNECT", "get", "\x00", "")
VALUES = (
    "..", "/", "", " ", "a" * 9000, "\x00", "\xff\xfe", "%00", "%ff", "%2e%2e%2f", "\u202e", "[::1", "[::1]:x", "a:99999999", "-1",
    "1e9", "18446744073709551616", "0x10", "chunked", "gzip", "identity, chunked", "bytes=0-", "*/*;q=9", "text/html;charset=x",
    "a\tb", "();<>@", "http://", "//evil", "\r\n X: y", "Bearer", "Bearer \xff", 'W/"', "Wed, 99 Feb 2026", "100-continue",
)  # fmt: skip
NAMES = (
    "Host", "Content-Length", "Transfer-Encoding", "Content-Type", "Content-Encoding", "Authorization", "Connection",
    "Expect", "Range", "If-None-Match", "If-Modified-Since", "Accept", "Cookie", "X-Forwarded-For", "X-Forwarded-Host",
    "X-Forwarded-Proto", "Forwarded", "Upgrade", "Te", "\x00", " ", "",
)  # fmt: skip
QUERIES = ("limit", "before", "project", "q", "")

MARK = "hullproof-was-here"
MARKUP = (
    f"<script>{MARK}</script>",
    f"</title></style></textarea><script src=//{MARK}></script>",
    f"\"'><img src=x onerror={MARK}()>",
    f"'-{MARK}()-'",
    f"<svg/onload={MARK}()>",
    f'<a href="javascript:{MARK}()">x</a>',
    f"javascript:{MARK}()",
    f"[x](javascript:{MARK}())",
    f"`<{MARK}>`",
    f"{{{{ 7*7 }}}}{{% raw %}}<{MARK}>",
    f"&lt;script&gt;{MARK}&lt;/script&gt;<{MARK}>",
    f"\u2028<{MARK}>\u202e",
    f"<!--<{MARK}>-->]]>",
    f"<{MARK} style=x:expression({MARK}())>",
)
PATHS = (
    "/static/../{}", "/static/..%2f{}", "/static/%2e%2e/{}", "/static/....//{}", "/static/..\\{}", "/static//{}", "/static/%00/{}",
    "/badge/../../{}", "/badge/..%2f..%2f{}.svg", "/reports/../{}", "/reports/..%2f{}", "/api/reports/..%2f..%2f{}",
    "//{}", "/{}", "/%2e%2e/%2e%2e/{}", "/./../{}", "/static/%252e%252e/{}", "/?project=../{}", "/static/;/../{}",
)  # fmt: skip
FILES = {
    "etc/passwd": b"root:",
    "../../../../../../etc/passwd": b"root:",
    "..%2f..%2f..%2f..%2f..%2f..%2fetc%2fpasswd": b"root:",
    "board.py": b"import",
    "../app/config.py": b"import",
    "run.py": b"import",
}


@scenario(
    "fuzzed-requests",
    about=BOARD,
    claim="No request, whatever its bytes, makes the board fail (an answer of 500) or stop answering.",
    unit="requests",
    ci=1_000,
    nightly=5_000,
)
def fuzzed_requests(ground: Ground, size: int) -> Iterator[Attempt]:
    """Send each header with each value once, then change several things at a time, and bytes at random."""
    single = list(itertools.product(NAMES, VALUES))
    ground.random.shuffle(single)
    with running(f"sqlite:///{ground.folder}/board.sqlite3", ground.folder / "log") as board:
        _, known = board.upload(report("shop"))
        for number in range(size):
            header = single[number] if number < len(single) else None
            sent = _request(ground.random, known, header)
            status = _status(board, sent)
            if (
                status is not None and status >= 500 and status != 501
            ):  # 501: there is no such method, rightly
                yield f"{status} for {sent[:200]!r}"
            elif number % 100 == 0 and board.ask("GET", "/healthz")[0] != 200:
                yield f"not healthy any more after {sent[:200]!r}"
            else:
                yield None
        if "Traceback" in board.log.read_text(errors="replace"):
            yield "a traceback is in the board's log"


def _request(chance: random.Random, known: str, header: tuple[str, str] | None) -> bytes:
    """Make a request with this one header changed, or with anything."""
    path = chance.choice(ROUTES).replace("{id}", known)
    headers = {"Host": "board", "Connection": "close", **HEADERS}
    if header is not None:
        body = json.dumps(report("shop")).encode()
        headers |= {"Content-Length": str(len(body)), header[0]: header[1]}
        method = "POST" if path == "/api/reports" else "GET"
        return _spelled(f"{method} {path} HTTP/1.1", headers, body)
    if chance.random() < 0.5:
        path += chance.choice(("?", "/", "#", ";", "%")) + f"{chance.choice(QUERIES)}={chance.choice(VALUES)}"
    member = chance.choice(("verdict", "proofs", "extra"))
    body = json.dumps(report("shop", **{member: chance.choice(VALUES)})).encode()
    headers["Content-Length"] = str(len(body))
    for _ in range(chance.randrange(4)):
        headers[chance.choice(NAMES)] = chance.choice(VALUES)
    method = chance.choice(METHODS) if chance.random() < 0.3 else chance.choice(("GET", "POST"))
    sent = bytearray(_spelled(f"{method} {path} HTTP/1.{chance.choice('019')}", headers, body))
    if chance.random() < 0.3:
        for _ in range(chance.randrange(1, 8)):
            sent[chance.randrange(len(sent))] = chance.randrange(256)
    return bytes(sent)


def _spelled(line: str, headers: dict[str, str], body: bytes) -> bytes:
    lines = [line, *(f"{name}: {value}" for name, value in headers.items())]
    return "\r\n".join(lines).encode("utf-8", "replace") + b"\r\n\r\n" + body


def _status(board: Board, sent: bytes) -> int | None:
    """Send bytes and say that nothing more comes; return the first answer's status, None where there is none."""
    with (
        contextlib.suppress(ConnectionError),
        socket.create_connection(("127.0.0.1", board.port), timeout=DEADLINE_S) as connection,
    ):
        connection.sendall(sent)
        with contextlib.suppress(OSError):  # the board may have hung up on it by now
            connection.shutdown(socket.SHUT_WR)
        words = connection.recv(4096).split(b" ", 2)
        return int(words[1]) if len(words) > 1 and words[1].isdigit() else None
    return None


@scenario(
    "markup-in-reports",
    about=BOARD,
    claim="Nothing that a report says becomes markup or script on the board's pages.",
    unit="pages",
    ci=40,
    nightly=400,
)
def markup_in_reports(ground: Ground, size: int) -> Iterator[Attempt]:
    """Put markup in the place of every text of a report, and read the pages as a browser does."""
    with running(f"sqlite:///{ground.folder}/board.sqlite3", ground.folder / "log") as board:
        for number in range(size):
            text = MARKUP[number % len(MARKUP)]
            sent = _filled(report(f"{text} {number}"), text, ground.random)
            status, report_id = board.upload(sent)
            if status != 201:
                yield f"a report was answered with {status}: {sent!r}"[:300]
                continue
            pages = [board.ask("GET", path)[1] for path in (f"/reports/{report_id}", "/")]
            found = [each for page in pages for each in _markup(page)]
            yield f"{text!r} became {found}" if found else None


def _filled(document: dict[str, Any], text: str, chance: random.Random) -> dict[str, Any]:
    """Put `text` into about half of the free texts."""
    proof = document["proofs"][0]
    for member in ("title", "summary", "remedy"):
        if chance.random() < 0.5:
            proof[member] = text
    proof["evidence"] = [{"source": "container", "where": text, "statement": text}]
    document["build_error"] = (
        {"instruction": text, "line": 1, "output": [text]} if chance.random() < 0.3 else None
    )
    return document


def _markup(page: bytes) -> list[str]:
    """Name what of a page is script, or is an element or an attribute of ours."""
    tree = html5lib.parse(page, namespaceHTMLElements=False)
    found = []
    for element in tree.iter():
        tag = str(element.tag)
        if tag in {"script", "iframe", "object", "embed", "base"} or MARK in tag:
            found.append(tag)
        for name, value in element.attrib.items():
            address = str(value).strip().lower()
            if str(name).lower().startswith("on") or (
                name in {"href", "src"} and address.startswith("javascript:")
            ):
                found.append(f"{tag} {name}={value}")
    return found


@scenario(
    "paths-out-of-the-board",
    about=BOARD,
    claim="No address leads to a file that is not the board's to show.",
    unit="addresses",
    ci=114,
    nightly=114,
)
def paths_out(ground: Ground, size: int) -> Iterator[Attempt]:
    """Ask for files by addresses that climb out, exactly as written."""
    addresses = [(path.format(file), sign) for path in PATHS for file, sign in FILES.items()]
    with running(f"sqlite:///{ground.folder}/board.sqlite3", ground.folder / "log") as board:
        for path, sign in addresses[:size]:
            status, body = board.ask("GET", path)
            shown = sign in body and (b"\nimport" in body or b":0:0:" in body)
            yield f"{path} shows a file ({status})" if shown else None
