"""What the JSON interface gives out: lists in pages, and single reports."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from httpx2 import Response

    from tests.unit.client import BoardClient

    Make = Callable[..., dict[str, Any]]
    Upload = Callable[..., Response]


def _walk(client: BoardClient, address: str) -> list[list[float]]:
    """Follow `next` from `address` to the end. Returns the counts of broken proofs, page by page."""
    pages, following = [], address
    while following:
        page = client.get(following).json()
        pages.append([entry["counts"]["broken"] for entry in page["reports"]])
        following = page["next"]
    return pages


def test_an_entry_says_what_a_list_needs(upload: Upload, client: BoardClient, make_report: Make) -> None:
    """Project, verdict, how many of each, times, and the address of its page."""
    uploaded = upload(make_report("web-shop", "broken")).json()
    (entry,) = client.get("/api/reports").json()["reports"]
    assert entry.pop("received_at").endswith("Z")
    assert entry == {
        "id": uploaded["id"],
        "url": uploaded["url"],
        "project": "web-shop",
        "verdict": "broken",
        "profile": "guide",
        "complete": True,
        "counts": {"broken": 1, "unproven": 0, "proven": 0, "not-applicable": 0},
        "revision": None,
        "hullproof_version": "0.1.0",
        "base_is_stand_in": False,
        "started_at": "2026-11-23T08:56:05Z",
    }


def test_newest_comes_first(upload: Upload, client: BoardClient, make_report: Make) -> None:
    """By when it was proved, whatever the offset; an uploader whose clock runs ahead does not stay on top for ever."""
    upload(make_report("ahead", started_at="2999-01-01T00:00:00Z"))
    upload(make_report("now", started_at=datetime.now(timezone.utc).isoformat(timespec="milliseconds")))
    upload(make_report("old", started_at="2026-01-01T12:00:00+14:00"))
    upload(make_report("older", started_at="2025-12-31T21:59:59.999Z"))
    upload(make_report("oldest", started_at="0001-01-01T00:00:00+23:59"))
    listed = client.get("/api/reports").json()["reports"]
    assert [entry["project"] for entry in listed] == ["now", "ahead", "old", "older", "oldest"]
    assert _walk(client, "/api/reports?limit=1") == [[0]] * 5


def test_pages_show_each_report_once(
    upload: Upload, client: BoardClient, make_report: Make, make_proof: Make
) -> None:
    """Also when the last page is just full, and when a report arrives between two pages."""
    for count in range(6):
        upload(make_report(verdict="broken", proofs=[make_proof("broken")] * count + [make_proof()]))
    assert _walk(client, "/api/reports?limit=4") == [[5, 4, 3, 2], [1, 0]]
    assert _walk(client, "/api/reports?limit=3") == [[5, 4, 3], [2, 1, 0]]
    following = client.get("/api/reports?limit=3").json()["next"]
    upload(make_report("arrived in between"))
    assert _walk(client, following) == [[2, 1, 0]]


def test_one_project_only(upload: Upload, client: BoardClient, make_report: Make) -> None:
    """Exactly the one named, on every page of it."""
    for duration in range(3):
        upload(make_report("a&b=c/é", duration_s=duration))
        upload(make_report("a", duration_s=duration))
    first = client.get("/api/reports", params={"project": "a&b=c/é", "limit": "2"}).json()
    second = client.get(first["next"]).json()
    assert [entry["project"] for entry in first["reports"] + second["reports"]] == ["a&b=c/é"] * 3
    assert second["next"] is None
    assert client.get("/api/reports?project=none").json() == {"reports": [], "next": None}


@pytest.mark.parametrize("address", ["/api/reports", "/"])
@pytest.mark.parametrize(
    "query",
    [
        "limit=0",
        "limit=101",
        "limit=-1",
        "limit=",
        "limit=x",
        "limit=1.5",
        "limit=%C2%B2",
        "before=0",
        "before=1_2",
        f"before=0_{2**63}_1",
        "before=\u0661_1_1",
        f"before={'9' * 10000}",
    ],
    ids=lambda query: query[:20],
)
def test_a_wrong_page_is_a_bad_request(client: BoardClient, address: str, query: str) -> None:
    """400 that names the parameter, on the API and on the page."""
    answer = client.get(f"{address}?{query}")
    assert answer.status_code == 400
    assert query.partition("=")[0] in answer.text


def test_a_page_past_the_end_is_empty(client: BoardClient) -> None:
    """No error: there is nothing wrong with asking."""
    assert client.get("/api/reports?limit=100&before=0_0_1").json()["reports"] == []
    assert client.get("/?before=0_0_1").status_code == 200


def test_no_cache_keeps_a_report_for_others(upload: Upload, client: BoardClient, make_report: Make) -> None:
    """Its id names its content, but it may be deleted, and not everyone may read it."""
    answer = client.get(f"/api/reports/{upload(make_report()).json()['id']}")
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.headers["Cache-Control"] == "no-cache"


@pytest.mark.parametrize("report_id", ["0" * 32, "x", "%00", "..%2f", "' OR 1=1 --", "%ff", "é" * 500])
def test_an_unknown_report_is_not_found(client: BoardClient, report_id: str) -> None:
    """404 as JSON on the API and as a page elsewhere."""
    assert client.get(f"/api/reports/{report_id}").headers["Content-Type"] == "application/problem+json"
    assert client.get(f"/api/reports/{report_id}").status_code == 404
    assert client.get(f"/reports/{report_id}").headers["Content-Type"].startswith("text/html")
    assert client.get(f"/reports/{report_id}").status_code == 404
