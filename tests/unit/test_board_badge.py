"""The badge: well-formed, right, and never wrong for long."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote
from xml.etree import ElementTree as ET

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from httpx2 import Response

    from tests.unit.client import BoardClient

    Make = Callable[..., dict[str, Any]]
    Upload = Callable[..., Response]

SVG = "{http://www.w3.org/2000/svg}"


def _verdict(answer: Response) -> str:
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "image/svg+xml"
    texts = [element.text for element in ET.fromstring(answer.content).iter(f"{SVG}text")]  # noqa: S314 - ours
    assert texts[0] == "hullproof"
    return str(texts[1])


@pytest.mark.parametrize("verdict", ["proven", "not-applicable", "unproven", "broken"])
def test_a_badge_shows_the_verdict(
    upload: Upload, client: BoardClient, make_report: Make, verdict: str
) -> None:
    """As the report has it."""
    upload(make_report("web-shop", verdict))
    assert _verdict(client.get("/badge/web-shop.svg")) == verdict.replace("-", " ")


def test_a_badge_follows_the_newest_report(upload: Upload, client: BoardClient, make_report: Make) -> None:
    """Caches ask each time, and are told when nothing changed."""
    upload(make_report("web-shop", "proven"))
    first = client.get("/badge/web-shop.svg")
    seen = {"If-None-Match": first.headers["ETag"]}
    assert first.headers["Cache-Control"] == "no-cache"
    assert client.get("/badge/web-shop.svg", headers=seen).status_code == 304
    upload(make_report("web-shop", "broken"))
    assert _verdict(client.get("/badge/web-shop.svg", headers=seen)) == "broken"


def test_a_project_without_reports_has_an_unknown_badge(client: BoardClient) -> None:
    """Not a 404, which a README would show as a torn picture."""
    assert _verdict(client.get("/badge/none.svg")) == "unknown"
    assert _verdict(client.get("/badge.svg")) == "unknown"


@pytest.mark.parametrize(
    "name",
    [
        "a/b",
        "/a",
        "a//b/",
        "x.svg",
        "a?b#c",
        "<script>",
        "\"'&",
        "ü \U0001f4a5",
        "\x01\n\x7f",
        "x" * 200,
    ],
)
def test_any_name_has_a_badge(upload: Upload, client: BoardClient, make_report: Make, name: str) -> None:
    """Within the path as in the query."""
    upload(make_report(name, "unproven"))
    assert _verdict(client.get(f"/badge/{quote(name, safe='/')}.svg")) == "unproven"
    assert _verdict(client.get("/badge.svg", params={"project": name})) == "unproven"


@pytest.mark.parametrize("name", ["..", "%2F"])
def test_a_name_of_dots_has_a_badge(
    upload: Upload, client: BoardClient, make_report: Make, name: str
) -> None:
    """By query only, since browsers resolve dots within a path (and the client of these tests takes escapes twice)."""
    upload(make_report(name, "proven"))
    assert _verdict(client.get("/badge.svg", params={"project": name})) == "proven"


def test_other_sites_may_show_a_badge(client: BoardClient) -> None:
    """That is what it is for; pages may not be shown by others."""
    assert client.get("/badge/x.svg").headers["Cross-Origin-Resource-Policy"] == "cross-origin"
    assert client.get("/").headers["Cross-Origin-Resource-Policy"] == "same-origin"
