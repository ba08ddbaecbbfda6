"""What is wrong with an upload is said with its place, and nothing sent makes the board fail."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from httpx2 import Response

    from tests.unit.client import BoardClient

    Make = Callable[..., dict[str, Any]]
    Upload = Callable[..., Response]

DEEP = 200_000


@pytest.mark.parametrize(
    ("members", "pointer", "detail"),
    [
        ({"verdict": "fine"}, "/verdict", "must be one of"),
        ({"schema": "hullproof.report/2"}, "/schema", "hullproof.report/1"),
        ({"duration_s": -1}, "/duration_s", "0"),
        ({"duration_s": True}, "/duration_s", "number"),
        ({"proofs": []}, "/proofs", "at least 1"),
        ({"left_out": ["a", "a"]}, "/left_out", "unique"),
        ({"started_at": "yesterday"}, "/started_at", "date-time"),
        ({"started_at": "2026-02-30T00:00:00Z"}, "/started_at", "date-time"),
        ({"started_at": "2026-11-23T08:56:05"}, "/started_at", "date-time"),
        ({"image": {"id": "x"}}, "/image", "lacks digest"),
        ({"engine": {"name": "Docker", "version": 26}}, "/engine/version", "string"),
        ({"build_error": {"instruction": None, "line": 0, "output": []}}, "/build_error/line", "1"),
        ({"project": {"name": "", "dockerfile": "D"}}, "/project/name", "1"),
        ({"project": {"name": "x" * 201, "dockerfile": "D"}}, "/project/name", "200"),
        ({"a/b~c": 1}, "/a~1b~0c", "not known"),
    ],
)
def test_a_violation_is_named_with_its_place(
    upload: Upload, make_report: Make, members: dict[str, Any], pointer: str, detail: str
) -> None:
    """400 with a JSON pointer, into the null-or-object members too."""
    answer = upload(make_report(**members))
    assert answer.status_code == 400
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.json()["pointer"] == pointer
    assert detail in answer.json()["detail"]


def test_the_place_within_lists(upload: Upload, make_report: Make, make_proof: Make) -> None:
    """Counted from 0, as RFC 6901 does."""
    bad = make_proof(evidence=[{"source": "moon", "where": "x", "statement": "y"}])
    answer = upload(make_report(proofs=[make_proof(), bad]))
    assert answer.json()["pointer"] == "/proofs/1/evidence/0/source"


def test_what_is_missing_is_named(upload: Upload, make_report: Make) -> None:
    """All of it, since a pointer can only name what is there."""
    sent = make_report()
    del sent["engine"], sent["proofs"]
    answer = upload(sent).json()
    assert (answer["pointer"], answer["detail"]) == ("", "The document lacks engine, proofs.")


@pytest.mark.parametrize(
    "members",
    [
        {"image": None, "engine": None},
        {"build_error": {"instruction": "RUN pytest", "line": 12, "output": ["FAILED"]}, "image": None},
        {"started_at": "2026-11-23t08:56:05.123456+05:30"},
        {"duration_s": 0},
        {"project": {"name": "x" * 200, "dockerfile": "D", "dockerfile_sha256": "0" * 64}},
    ],
)
def test_what_the_schema_allows_is_taken(upload: Upload, make_report: Make, members: dict[str, Any]) -> None:
    """The other way round: no rule of the board's own."""
    assert upload(make_report(**members)).status_code == 201


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        (b"", ""),
        (b"{", ""),
        (b"\xff\xfe{}", ""),
        (b"\xef\xbb\xbf{}", ""),
        ('"é"'.encode("latin-1"), ""),
        (b"[" * DEEP, ""),
        (b"[" * DEEP + b"]" * DEEP, ""),
        (b'{"a":' * DEEP + b"1" + b"}" * DEEP, ""),
        (b"[" * 40 + b"]" * 40, ""),
        (b'{"duration_s": NaN}', ""),
        (b'{"a": [1, -Infinity]}', ""),
        (b'{"duration_s": 1e999}', ""),
        (b'{"a": 9007199254740992}', ""),
        (b'{"a": -' + b"9" * 100_000 + b"}", ""),
        (b'{"a": {"b": 1, "b": 2}}', ""),
        (b"null", ""),
        (b"[]", ""),
    ],
    ids=lambda value: repr(value)[:24],
)
def test_hostile_json_is_only_a_bad_request(upload: Upload, body: bytes, pointer: str) -> None:
    """400 with the place; never a 500, whatever the parser behind it thinks of it."""
    answer = upload(body)
    assert answer.status_code == 400
    assert answer.json()["pointer"] == pointer


@pytest.mark.parametrize(
    ("members", "pointer"),
    [
        ({"project": {"name": "a\0b", "dockerfile": "D"}}, "/project/name"),
        ({"project": {"name": "a", "dockerfile": "D", "revision": "\0"}}, "/project/revision"),
        ({"hullproof_version": "\0"}, "/hullproof_version"),
        ({"project": {"name": "\ud800", "dockerfile": "D"}}, ""),
        ({"\udfff": 1}, "/?"),
    ],
)
def test_what_no_database_can_keep_is_refused(
    upload: Upload, make_report: Make, members: dict[str, Any], pointer: str
) -> None:
    """Half a surrogate pair, which is no character, and NUL where a column of its own would have to hold it."""
    answer = upload(json.dumps(make_report(**members)).encode())
    assert (answer.status_code, answer.json()["pointer"]) == (400, pointer)


def test_numbers_up_to_the_bound_are_kept_exactly(
    upload: Upload, client: BoardClient, make_report: Make
) -> None:
    """The largest integer that every JSON reader gets right comes back as it was sent, and has a page."""
    sent = make_report()
    sent["image"]["size_bytes"] = 2**53 - 1
    report_id = upload(sent).json()["id"]
    assert f'"size_bytes":{2**53 - 1}' in client.get(f"/api/reports/{report_id}").text
    assert "9.0 PB" in client.get(f"/reports/{report_id}").text


def test_any_text_is_kept_as_it_is(upload: Upload, client: BoardClient, make_report: Make) -> None:
    """Escapes, emoji and control characters survive the way in and out."""
    name = "\x01\x7f \u202e \U0001f4a5 </script> {{ 7*7 }} \r\n ' \" \\ \ufeff"
    sent = make_report(name)
    report_id = upload(json.dumps(sent).encode()).json()["id"]
    assert client.get(f"/api/reports/{report_id}").json() == sent


@pytest.mark.parametrize("text", ["%00", "a%00", "%ff", "%ed%a0%80", "%f0%9f%92%a5", "%F0%9F"])
def test_hostile_addresses_are_only_unknown(client: BoardClient, text: str) -> None:
    """What is no text, or what no database looks up, names nothing."""
    assert client.get(f"/api/reports/{text}").status_code == 404
    assert client.get(f"/?project={text}").status_code == 404
    assert client.get(f"/api/reports?project={text}").json()["reports"] == []
    assert "unknown" in client.get(f"/badge/{text}.svg").text


HOSTS = ("..", ".", "a..b", "a" * 64, "[::1", "a b", "\x7f", "*", "a:b", "a:99999999", "</p>", "")


@pytest.mark.parametrize(
    "path", ["/", "/reports/x", "/api/reports", "/badge/x.svg", "/static/board.css", "/healthz", "/nothing"]
)
def test_a_host_that_is_none_stops_nothing(client: BoardClient, path: str) -> None:
    """Whoever asks needs no token to say so: it must not be the board that fails."""
    answers = [client.get(path, headers={"Host": host}).status_code for host in HOSTS]
    assert set(answers) <= {200, 400, 404}
