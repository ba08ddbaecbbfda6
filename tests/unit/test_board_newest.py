"""What decides for a project, and what has changed: partial reports, older ones, history, search, retention."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from httpx2 import Response

    from tests.unit.client import BoardClient

    Make = Callable[..., dict[str, Any]]
    Upload = Callable[..., Response]

OLD, NEW = "2026-01-01T00:00:00Z", "2026-02-01T00:00:00Z"


def _proofs(make_proof: Make, **verdicts: str) -> list[dict[str, Any]]:
    return [make_proof(verdict, id=name.replace("_", "-")) for name, verdict in verdicts.items()]


# --- profiles ------------------------------------------------------------------------------------------


def test_a_report_on_one_profile_hides_none_on_another(
    upload: Upload, client: BoardClient, make_report: Make
) -> None:
    """What is broken for production stays so, whatever the guide's newest report says; the badge shows the worst."""
    url = upload(make_report("shop", "broken", profile="production", started_at=OLD)).json()["url"]
    answer = upload(make_report("shop", started_at=NEW)).json()
    assert answer["is_newest"] is True
    page = client.get("/").text
    assert re.findall('class="card ([a-z-]+)"', page) == ["broken", "proven"]
    assert "Profile production" in page
    assert "Profile guide" in page
    assert "broken for production" in client.get("/badge/shop.svg").text
    assert "broken for production" in client.get("/badge/shop.svg?profile=production").text
    assert ">proven<" in client.get("/badge/shop.svg?profile=guide").text
    assert ">unknown<" in client.get("/badge/shop.svg?profile=release").text
    assert "An older report" not in client.get(url).text
    listed = client.get("/api/reports").json()["reports"]
    assert [each["profile"] for each in listed] == ["guide", "production"]


def test_reports_are_compared_within_a_profile(
    upload: Upload, client: BoardClient, make_report: Make, make_proof: Make
) -> None:
    """A longer profile is no change, and has a history of its own."""
    upload(make_report("shop", started_at=OLD))
    wide = _proofs(make_proof, workdir="proven", restart="proven")
    upload(make_report("shop", profile="production", proofs=wide, started_at=OLD))
    url = upload(make_report("shop", started_at=NEW)).json()["url"]
    assert "No verdict has changed" in client.get(url).text
    proofs = _proofs(make_proof, workdir="proven", restart="broken")
    report = make_report("shop", "broken", profile="production", proofs=proofs, started_at=NEW)
    changed = client.get(upload(report).json()["url"]).text
    assert re.findall(r"<code>([a-z]+)</code> <span class=.change.>", changed) == ["restart"]
    history = client.get("/?project=shop").text
    assert set(re.findall(r"History of each practice, profile (\w+)", history)) == {"guide", "production"}
    assert "not asked for" not in history


def test_reports_on_one_profile_crowd_out_none_on_another(
    make_board: Callable[..., BoardClient], make_report: Make
) -> None:
    """The number that is kept is one of each."""
    client = make_board(keep=1)
    headers = {"Authorization": "Bearer a-made-up-token"}
    for profile, started_at in (("production", OLD), ("guide", OLD), ("guide", NEW)):
        sent = make_report("shop", profile=profile, started_at=started_at)
        client.post("/api/reports", json=sent, headers=headers)
    kept = client.get("/api/reports").json()["reports"]
    assert [(each["profile"], each["started_at"]) for each in kept] == [("guide", NEW), ("production", OLD)]


@pytest.mark.parametrize("profile", ["x" * 200, "<b>&\"'", "ü\x01\n\u202e", "a b"])
def test_a_profile_may_be_called_anything(
    upload: Upload, client: BoardClient, make_report: Make, profile: str
) -> None:
    """A team names its own; the badge stays a picture, and of a size to be shown."""
    url = upload(make_report("shop", profile=profile)).json()["url"]
    badge = ET.fromstring(client.get("/badge/shop.svg").content)  # noqa: S314 - ours
    assert int(badge.attrib["width"]) < 600
    for address in ("/", "/?project=shop", url):
        assert client.get(address).status_code == 200


# --- partial reports -----------------------------------------------------------------------------------


@pytest.mark.parametrize("verdict", ["proven", "not-applicable"])
@pytest.mark.parametrize("before", [None, "proven", "broken"])
def test_a_partial_report_turns_nothing_green(
    upload: Upload, client: BoardClient, make_report: Make, verdict: str, before: str | None
) -> None:
    """Neither the project nor its badge, whatever they were before; both say how much was asked for."""
    if before is not None:
        upload(make_report("shop", before, started_at=OLD))
    url = upload(make_report("shop", verdict, left_out=["expose", "workdir"], started_at=NEW)).json()["url"]
    assert "1 of 3 asked" in client.get("/badge/shop.svg").text
    for address in ("/badge/shop.svg", "/", "/?project=shop", url):
        page = client.get(address).text
        assert "1 of 3 asked" in page
        assert "#1a7f37" not in page
    for address in ("/", url):
        assert re.findall('class="(?:card|hero) ([a-z-]+)"', client.get(address).text) == ["partial"]
    assert "Not asked for: expose, workdir" in client.get(url).text


@pytest.mark.parametrize(
    "members",
    [
        {"complete": False, "left_out": ["expose"]},
        {"complete": True, "left_out": ["expose"]},
        {"complete": False, "left_out": []},
    ],
)
def test_a_report_is_complete_only_where_all_of_it_says_so(
    upload: Upload, client: BoardClient, make_report: Make, members: dict[str, Any]
) -> None:
    """By its own word and by what was left out, whichever is less."""
    upload(make_report("shop", **members))
    assert 'class="card partial"' in client.get("/").text
    assert "proven, " in client.get("/badge/shop.svg").text
    assert client.get("/api/reports").json()["reports"][0]["complete"] is False


@pytest.mark.parametrize("verdict", ["broken", "unproven"])
def test_a_partial_report_with_a_fault_is_no_better(
    upload: Upload, client: BoardClient, make_report: Make, verdict: str
) -> None:
    """It is as bad as its verdict."""
    upload(make_report("shop", verdict, left_out=["expose"]))
    assert f'class="card {verdict}"' in client.get("/").text
    assert f"{verdict}, 1 of 2 asked" in client.get("/badge/shop.svg").text


def test_the_list_says_what_is_complete(upload: Upload, client: BoardClient, make_report: Make) -> None:
    """For programs."""
    upload(make_report("shop", left_out=["expose"], started_at=OLD))
    upload(make_report("shop", started_at=NEW))
    assert [each["complete"] for each in client.get("/api/reports").json()["reports"]] == [True, False]


# --- older reports -------------------------------------------------------------------------------------


def test_an_older_report_changes_nothing_and_says_so(
    upload: Upload, client: BoardClient, make_report: Make
) -> None:
    """Sent late, sent again, or sent again after it was deleted: the newest goes on deciding."""
    old, new = make_report("shop", "proven", started_at=OLD), make_report("shop", "broken", started_at=NEW)
    assert upload(new).json()["is_newest"] is True
    for status in (201, 200):
        answer = upload(old)
        assert (answer.status_code, answer.json()["is_newest"]) == (status, False)
        assert NEW in answer.json()["note"]
    assert "broken" in client.get("/badge/shop.svg").text
    assert 'class="card broken"' in client.get("/").text
    page = client.get(answer.json()["url"]).text
    assert "An older report" in page
    assert upload(new).json()["url"] in page
    assert "An older report" not in client.get(upload(new).json()["url"]).text


# --- the front page ------------------------------------------------------------------------------------


def test_the_worst_comes_first(upload: Upload, client: BoardClient, make_report: Make) -> None:
    """Over all pages; then the newest."""
    for name, verdict, left_out, started_at in (
        ("fine", "proven", [], NEW),
        ("unknown", "unproven", [], OLD),
        ("part", "proven", ["expose"], NEW),
        ("bad", "broken", [], OLD),
        ("worse", "broken", [], NEW),
        ("nothing", "not-applicable", [], NEW),
    ):
        upload(make_report(name, verdict, left_out=left_out, started_at=started_at))
    found, address = [], "/?limit=2"
    while address:
        page = client.get(address).text
        found += re.findall('<h2 class="name"><a [^>]*>([a-z]+)</a>', page)
        following = re.search('href="([^"]+)" rel="next"', page)
        address = following[1].replace("&amp;", "&") if following else ""
    assert found == ["worse", "bad", "unknown", "part", "fine", "nothing"]


def test_the_front_page_says_what_was_proven(upload: Upload, client: BoardClient, make_report: Make) -> None:
    """Revision and version, and what speaks against taking it for the release: dirty, stand-in."""
    clean = make_report("clean", hullproof_version="7.8.9")
    clean["project"]["revision"] = "0123456789abcdef" * 2 + "01234567"
    page = client.get(upload(clean).json()["url"]).text
    assert "Revision <code>0123456789ab</code>" in page
    for address in ("/", upload(clean).json()["url"], "/?project=clean"):
        page = client.get(address).text
        assert "Revision <code>0123456789ab</code>" in page
        assert "Hullproof 7.8.9" in page
        assert 'class="mark"' not in page
    clean["project"]["revision"] += "-dirty"
    clean["image"]["base_is_stand_in"] = True
    upload(clean)
    page = client.get("/").text
    assert page.count('class="mark"') == 2
    assert "dirty" in page
    assert "stand-in base" in page


def test_projects_can_be_searched(upload: Upload, client: BoardClient, make_report: Make) -> None:
    """By a part of the name in any case, or of the newest revision; nothing in it is a pattern."""
    for name in ("Web-Shop", "web-api", "100%", "other"):
        sent = make_report(name)
        sent["project"]["revision"] = "cafe1234" if name == "other" else None
        upload(sent)

    def found(text: str) -> list[str]:
        page = client.get("/", params={"q": text}).text
        return sorted(re.findall('<h2 class="name"><a [^>]*>([^<]+)</a>', page))

    assert found("WEB") == ["Web-Shop", "web-api"]
    assert found(" cafe ") == ["other"]
    assert found("%") == ["100%"]
    assert found("_") == found("\0") == []
    assert len(found("")) == 4
    page = client.get("/", params={"q": "web", "limit": "1"}).text
    assert "q=web&amp;limit=1" in page
    hostile = client.get("/", params={"q": '"><script>'}).text
    assert "<script>" not in hostile


# --- what has changed ----------------------------------------------------------------------------------


def test_a_report_says_what_has_changed(
    upload: Upload, client: BoardClient, make_report: Make, make_proof: Make
) -> None:
    """Against the one proved before it, whenever that came: what got worse first; nothing of what was not asked for."""
    after = _proofs(make_proof, expose="proven", workdir="broken", slim_base="proven", ownership="proven")
    before = _proofs(make_proof, expose="broken", workdir="proven", slim_base="proven", test_gate="proven")
    new = upload(make_report("shop", "broken", proofs=after, started_at=NEW)).json()["url"]
    assert "the report before" not in client.get(new).text
    old = upload(make_report("shop", "broken", proofs=before, started_at=OLD)).json()["url"]
    page = client.get(new).text
    assert f'<a href="{old}">the report before</a>' in page
    changes = re.findall('<code>([a-z-]+)</code> <span class="change">(.*?)</span>', page)
    assert changes == [
        ("workdir", "proven → <b>broken</b>"),
        ("expose", "broken → <b>proven</b>"),
        ("ownership", "not asked for → <b>proven</b>"),
    ]


def test_a_report_says_that_nothing_has_changed(
    upload: Upload, client: BoardClient, make_report: Make
) -> None:
    """Or one would look for what has."""
    upload(make_report("shop", started_at=OLD))
    assert (
        "No verdict has changed" in client.get(upload(make_report("shop", started_at=NEW)).json()["url"]).text
    )


def test_a_project_shows_the_history_of_each_practice(
    upload: Upload, client: BoardClient, make_report: Make, make_proof: Make
) -> None:
    """A row a practice, a column a report, newest first; what a report says nothing of is said to be so."""
    for started_at, verdicts in (
        (OLD, {"expose": "broken"}),
        (NEW, {"expose": "proven", "workdir": "unproven"}),
    ):
        upload(make_report("shop", "broken", proofs=_proofs(make_proof, **verdicts), started_at=started_at))
    page = client.get("/?project=shop").text
    rows = dict(re.findall('<th scope="row"><code>([a-z-]+)</code></th>(.*?)</tr>', page))
    assert {name: re.findall('class="unseen">([a-z ]+)<', row) for name, row in rows.items()} == {
        "expose": ["proven", "broken"],
        "workdir": ["unproven", "not asked for"],
    }


# --- retention -----------------------------------------------------------------------------------------


def test_of_each_project_the_newest_are_kept(
    make_board: Callable[..., BoardClient], make_report: Make, token: str
) -> None:
    """As many as are set; an old report that is sent again is told where it stands, and puts nothing newer out."""
    board = make_board(keep=2)

    def send(name: str, day: int) -> Response:
        sent = make_report(name, started_at=f"2026-01-{day:02}T00:00:00Z")
        return board.post("/api/reports", json=sent, headers={"Authorization": f"Bearer {token}"})

    for day in (1, 2, 3, 4):
        assert send("shop", day).status_code == 201
    send("other", 1)

    def days() -> list[str]:
        listed = board.get("/api/reports?project=shop").json()["reports"]
        return [each["started_at"][8:10] for each in listed]

    assert days() == ["04", "03"]
    assert len(board.get("/api/reports?project=other").json()["reports"]) == 1
    answer = send("shop", 1)
    assert (answer.status_code, answer.json()["is_newest"]) == (201, False)
    assert board.get(answer.json()["url"]).status_code == 200
    assert days()[:2] == ["04", "03"]
    send("shop", 5)
    assert days() == ["05", "04"]
