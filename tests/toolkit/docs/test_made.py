"""Pages that are made from the code are up to date.

After a change that was meant: `HULLPROOF_REWRITE_SAMPLES=1 ./nox -s toolkit -- tests/toolkit/docs/test_made.py`.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from markdown_it import MarkdownIt

from benchmarks import page as figures
from hullproof.practices import get

from .made import SHIPPED, pages

DOCS = Path(__file__).parents[3] / "docs"


@pytest.mark.parametrize("path", pages())
def test_a_page_made_from_the_code_is_up_to_date(path: str) -> None:
    """Byte for byte."""
    text = pages()[path]
    if os.environ.get("HULLPROOF_REWRITE_SAMPLES"):
        (DOCS / path).write_text(text, encoding="utf-8")
    assert (DOCS / path).read_text(encoding="utf-8") == text


def test_the_page_of_figures_is_the_one_that_was_measured() -> None:
    """No figure is put right by hand: what was recorded is what is shown."""
    text = figures.page(figures.read())
    if os.environ.get("HULLPROOF_REWRITE_SAMPLES"):
        figures.PAGE.write_text(text, encoding="utf-8")
    assert figures.PAGE.read_text(encoding="utf-8") == text


@pytest.mark.parametrize("practice", [each.id for each in SHIPPED])
def test_a_page_shows_a_practices_words_as_they_are(practice: str) -> None:
    """No pattern such as **/.env* is taken for emphasis."""
    blocks = MarkdownIt("commonmark").parse(pages()[f"practices/{practice}.md"])
    spans = [span for block in blocks for span in block.children or ()]
    assert {span.type for span in spans} <= {"text", "code_inline", "link_open", "link_close"}
    shown = ["".join(span.content for span in block.children or ()) for block in blocks]
    assert get(practice).usual_fix in shown


def test_there_is_a_page_for_each_practice_and_no_other() -> None:
    """A practice that is renamed leaves no page behind."""
    assert {path.stem for path in (DOCS / "practices").glob("*.md")} == {
        *(each.id for each in SHIPPED),
        "index",
    }
