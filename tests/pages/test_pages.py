"""The pages as people see them: in a Chromium, wide and narrow, light and dark, and by axe's rules of accessibility."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

from tests.pages.filled import PAGES, Filled

LOOKS = {
    "wide": (1280, "light"),
    "narrow": (375, "light"),
    "dark": (1280, "dark"),
    "narrow and dark": (320, "dark"),
}


@pytest.fixture(params=LOOKS)
def page(chromium: Browser, request: pytest.FixtureRequest) -> Iterator[Page]:
    """Give an empty page of each look; what its console complains of fails the test."""
    width, scheme = LOOKS[request.param]
    context = chromium.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)  # type: ignore[arg-type]
    page = context.new_page()
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    yield page
    context.close()
    # The status of a page that is an error is said there, too.
    assert [each for each in complaints if "404" not in each] == []


@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_for_everyone(page: Page, filled: Filled, name: str) -> None:
    """With all folded out, no rule of axe's is broken (contrast, names, headings, tables), and nothing is beyond the edge.

    What is wide scrolls in a frame of its own, whatever a project is called.
    """
    page.goto(filled.pages[name])
    page.evaluate("document.querySelectorAll('details').forEach(each => each.open = true)")
    found = Axe().run(page).response["violations"]
    broken = [
        f"{each['id']}: {node['target']} {node['failureSummary']}" for each in found for node in each["nodes"]
    ]
    assert broken == []
    assert page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") == 0


def test_a_page_has_the_boards_colours(page: Page, filled: Filled) -> None:
    """The style sheet has arrived, and dark is dark."""
    page.goto(filled.pages["all projects"])
    light = page.evaluate(
        "getComputedStyle(document.body).backgroundColor.match(/\\d+/g).map(Number)[0] > 128"
    )
    is_dark = page.evaluate("matchMedia('(prefers-color-scheme: dark)').matches")
    assert light is not is_dark


def test_the_board_can_be_used_by_keyboard(page: Page, filled: Filled) -> None:
    """Past the header, to a search, to a report, to what stands behind one of its proofs."""
    page.goto(filled.pages["all projects"])
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the content"
    page.get_by_role("searchbox").focus()
    page.keyboard.type("CHECKOUT")
    page.keyboard.press("Enter")
    page.wait_for_url("**/?q=CHECKOUT")
    page.get_by_role("link", name="shop/checkout", exact=True).focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/reports/*")
    folded = page.locator("details:not([open])").first
    title = folded.locator("h3").inner_text()
    folded.locator("summary").focus()
    page.keyboard.press("Enter")
    assert page.locator("details[open]", has=page.get_by_role("heading", name=title)).count() == 1
