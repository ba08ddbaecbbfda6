"""The pages: what a person finds on them, and that nothing uploaded becomes part of their code."""

from __future__ import annotations

from html.parser import HTMLParser
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from httpx2 import Response

    from tests.unit.client import BoardClient

    Make = Callable[..., dict[str, Any]]
    Upload = Callable[..., Response]

HOSTILE = """</code></title><script>alert(1)</script>"'<img src=x onerror=alert(1)>`<b>`{{ 7*7 }}"""


class _Page(HTMLParser):
    """Collects the elements and the text of a page."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data

    def addresses(self) -> list[str]:
        """Return every address that the page leads to or loads."""
        return [
            value
            for _, attributes in self.elements
            for name, value in attributes.items()
            if name in {"href", "src"} and value
        ]


def test_an_empty_board_says_how_to_fill_it(make_board: Callable[..., BoardClient]) -> None:
    """With the command to send a report, or with what has to be set first."""
    assert "curl" in make_board().get("/").text
    without_token = make_board(token=None).get("/").text
    assert "BOARD_TOKEN" in without_token
    assert "curl" not in without_token


def test_the_front_page_has_the_newest_of_each_project(
    upload: Upload, client: BoardClient, make_report: Make
) -> None:
    """One entry a project, leading to its newest report."""
    old = upload(make_report("web-shop", "broken")).json()["url"]
    new = upload(make_report("web-shop", "proven")).json()["url"]
    other = upload(make_report("other", "unproven")).json()["url"]
    addresses = _Page(client.get("/").text).addresses()
    assert [address for address in addresses if address in {old, new, other}] == [other, new]


def test_the_front_page_comes_in_pages(upload: Upload, client: BoardClient, make_report: Make) -> None:
    """Older projects are one link away."""
    for name in ("alpha", "beta", "gamma"):
        upload(make_report(name))
    page = _Page(client.get("/?limit=2").text)
    (older,) = (attributes["href"] for _, attributes in page.elements if attributes.get("rel") == "next")
    assert "alpha" not in page.text
    assert "alpha" in _Page(client.get(str(older)).text).text


@pytest.mark.parametrize("name", ["web-shop", "a/b", "//x", "..", "a?b#c&d=e", "ü \U0001f4a5", HOSTILE])
def test_every_project_has_its_history(
    upload: Upload, client: BoardClient, make_report: Make, name: str
) -> None:
    """Whatever it is called, the link on its report leads to all its reports."""
    upload(make_report(name, "broken"))
    url = upload(make_report(name, "proven")).json()["url"]
    links = [link for link in _Page(client.get(url).text).addresses() if link.startswith("/?project=")]
    page = _Page(client.get(links[0]).text)
    assert name in page.text
    assert len({address for address in page.addresses() if address.startswith("/reports/")}) == 2


def test_a_project_without_reports_is_not_found(client: BoardClient) -> None:
    """404, as a page."""
    assert client.get("/?project=none").status_code == 404


def test_a_report_shows_everything_that_a_reader_needs(
    upload: Upload, client: BoardClient, make_report: Make, make_proof: Make
) -> None:
    """Every proof with its evidence and remedy, the bad ones first and open."""
    proofs = [
        make_proof(verdict, title=f"Title {verdict}", remedy=f"Remedy {verdict}")
        for verdict in ("not-applicable", "proven", "unproven", "broken")
    ]
    image = make_report()["image"] | {"base_is_stand_in": True, "base_note": "Asked for 3.10, got 3.11."}
    failure = {"instruction": "RUN pytest", "line": 12, "output": ["FAILED test_cart", "1 failed"]}
    sent = make_report(verdict="broken", proofs=proofs, image=image, build_error=failure, left_out=["expose"])
    page = _Page(client.get(upload(sent).json()["url"]).text)
    order = [page.text.index(f"Title {verdict}") for verdict in ("broken", "unproven", "proven")]
    assert order == sorted(order)
    expected = ["Remedy broken", "/proc/1/cwd", "Line 12", "FAILED test_cart\n1 failed", "117 MB"]
    for text in [*expected, "Asked for 3.10, got 3.11.", "expose", "2026-11-23 08:56 UTC", "42.5 s"]:
        assert text in page.text
    details = [attributes for tag, attributes in page.elements if tag == "details"]
    assert ["open" in attributes for attributes in details] == [True, True, False, False]


def test_a_report_says_how_the_image_was_booted(
    upload: Upload, client: BoardClient, make_report: Make
) -> None:
    """What it had of the machine; an engine may limit less than all."""
    sent = make_report(
        conditions={
            "network": False,
            "container": {"memory_bytes": 512_000_000, "processes": None},
            "build_cgroup": "/builds",
        }
    )
    text = _Page(client.get(upload(sent).json()["url"]).text).text
    assert "Network at bootnone" in text
    assert "Memory at most512 MB" in text
    assert "Processes at most" not in text
    assert "Builds held below cgroup/builds" in text


def test_a_report_of_a_failed_build_has_a_page(
    upload: Upload, client: BoardClient, make_report: Make
) -> None:
    """With no image, no engine, and an instruction that nobody knows."""
    failure: dict[str, Any] = {"instruction": None, "line": None, "output": []}
    sent = make_report(verdict="unproven", image=None, engine=None, build_error=failure)
    text = _Page(client.get(upload(sent).json()["url"]).text).text
    assert "build fails" in text
    assert "None" not in text


def test_nothing_uploaded_becomes_markup(
    upload: Upload, client: BoardClient, make_report: Make, make_proof: Make
) -> None:
    """Hostile text in every free text member is shown as the text it is, on every page."""
    evidence = [{"source": "image", "where": HOSTILE, "statement": HOSTILE}]
    proof = make_proof(
        "broken", title=HOSTILE, summary=HOSTILE, family=HOSTILE, remedy=HOSTILE, evidence=evidence
    )
    sent = make_report(
        HOSTILE,
        "broken",
        proofs=[proof],
        build_error={"instruction": HOSTILE, "line": 1, "output": [HOSTILE]},
        left_out=[HOSTILE],
        engine={"name": HOSTILE, "version": HOSTILE},
        hullproof_version=HOSTILE,
    )
    url = upload(sent).json()["url"]
    for address in (url, "/"):
        page = _Page(client.get(address).text)
        assert not {"script", "style", "b-"} & {tag for tag, _ in page.elements}
        handlers = [name for _, attributes in page.elements for name in attributes if name.startswith("on")]
        assert handlers == []
        assert [link for link in page.addresses() if not link.startswith(("/", "#"))] == []
        assert HOSTILE in page.text
        assert "{{ 7*7 }}" in page.text


def test_pages_ask_again_and_get_a_304(upload: Upload, client: BoardClient, make_report: Make) -> None:
    """A report's page is sent once to a browser that keeps it."""
    first = client.get(upload(make_report()).json()["url"])
    again = client.get(first.url.path, headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.content) == (304, b"")


def test_style_and_icon_are_sent_once(client: BoardClient) -> None:
    """A browser that has them asks again, and is told that nothing has changed."""
    for address in [link for link in _Page(client.get("/").text).addresses() if "/static/" in link]:
        answer = client.get(address)
        assert answer.status_code == 200
        assert client.get(address, headers={"If-None-Match": answer.headers["ETag"]}).status_code == 304


@pytest.mark.parametrize("name", ["nothing.css", "..%2f__init__.py", "../__init__.py"])
def test_no_other_file_is_served(client: BoardClient, name: str) -> None:
    """404."""
    assert client.get(f"/static/{name}").status_code == 404
