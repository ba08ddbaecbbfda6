"""Pages that are made from the code are up to date.

After a change that was meant: `HULLPROOF_REWRITE_SAMPLES=1 ./nox -s toolkit -- tests/toolkit/docs/test_made.py`.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from markdown_it import MarkdownIt

from benchmarks import page as figures
from benchmarks.rows import Row, times
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


def test_a_figure_is_put_in_the_place_of_the_same_figure_alone() -> None:
    """What a run left out stays; so does what is called alike of another thing, or stands beside another."""

    def measured(seconds: float, *whole: str) -> list[Row]:
        parts = [
            (each, times("  again", [seconds], beside, [1.0]))
            for each in whole
            for beside in ("a floor", "a peer")
        ]
        return [row for each, part in parts for row in (Row(each, [seconds]), part)]

    before = figures.merged([], "Scale", "here", "", measured(1.0, "image", "log"))
    (after,) = figures.merged(before, "Scale", "there", "", measured(2.0, "log"))
    assert [(row["what"], row["beside"], row["ours"]) for row in after["rows"]] == [
        ("image", "", [1.0]),
        ("image: again", "a floor", [1.0]),
        ("image: again", "a peer", [1.0]),
        ("log", "", [2.0]),
        ("log: again", "a floor", [2.0]),
        ("log: again", "a peer", [2.0]),
    ]


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
