"""The report as an HTML page."""

from __future__ import annotations

import base64
import hashlib
import re
from xml.etree import ElementTree as ET

import html5lib
import pytest

from hullproof.model import Report, Status
from hullproof.report import as_html

from .reports import HTML, HUGE
from .samples import matches

STYLE = re.compile(r"(?s)<style>(.*?)</style>")


def page(report: Report) -> ET.Element:
    """Return the page as a browser reads it. Whatever is no valid HTML raises."""
    parser = html5lib.HTMLParser(
        tree=html5lib.getTreeBuilder("etree"), strict=True, namespaceHTMLElements=False
    )
    root = parser.parse(as_html.render(report))
    assert isinstance(root, ET.Element)
    return root


def shown(element: ET.Element) -> str:
    """Return the text of an element, on one line."""
    return " ".join("".join(element.itertext()).split())


def articles(root: ET.Element) -> dict[str, ET.Element]:
    """Return what is said of each practice, by id, in the page's order."""
    return {
        str(article.get("aria-labelledby")).removeprefix("practice-"): article
        for article in root.iter("article")
    }


def test_the_page_is_as_expected(name: str, report: Report) -> None:
    """The page is the expected one; its style is looked at in a browser, and left out here."""
    text = re.sub(r"sha256-[^']+", "sha256-…", as_html.render(report))
    matches(STYLE.sub("<style>…</style>", text), f"{name}.html")


def test_the_page_holds_no_script_and_asks_for_nothing(report: Report) -> None:
    """It can be sent by mail and opened offline: no script, no handler, no picture, no address that is loaded."""
    root = page(report)
    tags = {element.tag for element in root.iter()}
    assert not tags & {"script", "img", "iframe", "object", "embed", "link", "form", "base", "svg"}
    attributes = {name for element in root.iter() for name in element.attrib}
    assert not {name for name in attributes if name.startswith("on") or name in ("src", "style", "action")}
    assert all(str(anchor.get("href")).startswith("#") for anchor in root.iter("a"))
    assert "url(" not in as_html.render(report)


def test_the_pages_policy_allows_its_own_style_alone(sample: Report) -> None:
    """Whatever slipped through the escaping, a browser would not run or load it."""
    (policy,) = [
        str(meta.get("content"))
        for meta in page(sample).iter("meta")
        if meta.get("http-equiv") == "Content-Security-Policy"
    ]
    (style,) = STYLE.findall(as_html.render(sample))
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert policy.startswith(f"default-src 'none'; style-src 'sha256-{digest}';")


def test_every_anchor_leads_somewhere(report: Report) -> None:
    """And no two elements share an id."""
    root = page(report)
    identifiers = [element.get("id") for element in root.iter() if element.get("id")]
    assert len(identifiers) == len(set(identifiers))
    wanted = {str(anchor.get("href"))[1:] for anchor in root.iter("a")}
    wanted |= {
        str(element.get("aria-labelledby")) for element in root.iter() if element.get("aria-labelledby")
    }
    assert wanted <= set(identifiers)


def test_what_needs_attention_comes_first_and_open(sample: Report) -> None:
    """Broken, unproven, accepted, not applicable, proven; the evidence of what is good is folded."""
    order = {status: place for place, status in enumerate(Status)}
    proofs = sorted(sample.proofs, key=lambda proof: order[proof.status])
    found = articles(page(sample))
    assert list(found) == [proof.id for proof in proofs]
    for proof in proofs:
        folds = [each for each in found[proof.id].iter("details") if each.get("class") != "explanation"]
        assert [fold.get("open") is None for fold in folds] == [proof.is_good]


def test_an_index_leads_to_each_practice(sample: Report) -> None:
    """What needs attention first, as below; each says how it stands without its colour."""
    (index,) = [each for each in page(sample).iter("ol") if each.get("class") == "index"]
    anchors = list(index.iter("a"))
    assert [str(each.get("href")) for each in anchors] == [
        f"#practice-{each}" for each in articles(page(sample))
    ]
    assert shown(anchors[0]) == "multistage broken"


def test_the_dockerfiles_lines_are_quoted_with_their_numbers(sample: Report) -> None:
    """What is broken shows the instruction at once, the line that governs it apart."""
    (quote,) = [
        each for each in articles(page(sample))["multistage"].iter("pre") if each.get("class") == "quote"
    ]
    assert [shown(each).split(" ", 1)[0] for each in quote.iter("span") if each.get("class") != "number"] == [
        "12",
        "13",
        "14",
    ]
    (at,) = [each for each in quote.iter("span") if each.get("class") == "at"]
    assert shown(at) == "12 RUN pip install pytest && \\"


def test_a_part_is_not_taken_for_the_whole(sample: Report) -> None:
    """In the title and in the first sentence."""
    root = page(sample)
    (title,) = root.iter("title")
    (lead,) = [each for each in root.iter("p") if each.get("class") == "lead"]
    assert "2 not asked for" in shown(title)
    assert "2 not asked for" in shown(lead)


def test_a_remedy_stands_beside_what_is_not_good_and_nowhere_else(sample: Report) -> None:
    """So that nobody fixes what is accepted."""
    found = articles(page(sample))
    told = {identifier for identifier, article in found.items() if "Fix:" in shown(article)}
    assert told == {proof.id for proof in sample.proofs if proof.remedy and not proof.is_good}


@pytest.mark.parametrize(
    ("identifier", "said"),
    [
        ("ownership", "Accepted until 2027-01-31: The vendor's plugin checks it"),
        ("necessary-files", "Accepted until 2026-10-31, now expired: Until the move is done."),
    ],
)
def test_an_acceptance_is_shown_with_its_reason_and_its_last_day(
    sample: Report, identifier: str, said: str
) -> None:
    """Expired or not."""
    assert said.lower() in shown(articles(page(sample))[identifier]).lower()


def test_text_from_outside_is_shown_as_it_is(sample: Report) -> None:
    """HTML in a summary is text on the page."""
    (said,) = [
        element
        for element in articles(page(sample))["hostile-text"].iter("p")
        if element.get("class") == "said"
    ]
    assert shown(said).startswith(HTML)


def test_a_huge_text_leaves_a_page_that_opens(sample: Report) -> None:
    """Ten megabytes in a field come to less than a hundred kilobytes."""
    assert HUGE in str(sample.proofs)
    assert len(as_html.render(sample)) < 100_000


def test_a_failed_build_is_told_first_with_its_line_and_output(failed_build: Report) -> None:
    """Before the practices that it leaves unproven."""
    text = shown(page(failed_build))
    assert (
        text.index("The project's own build fails")
        < text.index("E assert 1 == 2")
        < text.index("Some practice")
    )
    assert "docker/Dockerfile|`x`:47" in text
