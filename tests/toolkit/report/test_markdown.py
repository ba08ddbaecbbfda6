"""The report as Markdown, the release checklist."""

from __future__ import annotations

import re
from dataclasses import replace

from markdown_it import MarkdownIt

from hullproof.model import Report
from hullproof.report import as_markdown

from .samples import matches


def test_the_checklist_is_as_expected(name: str, report: Report) -> None:
    """The checklist is the expected one."""
    matches(as_markdown.render(report), f"{name}.md")


def html(report: Report) -> str:
    """Return what a forge makes of the checklist, before it looks for mentions."""
    forge = MarkdownIt("commonmark").enable(["table", "strikethrough"])
    return str(forge.render(as_markdown.render(report)))


def test_nothing_of_the_text_is_live(report: Report) -> None:
    """No link, picture, raw HTML or emphasis comes of text from outside: only what we write ourselves."""
    tags = set(re.findall(r"</?([a-z0-9]+)", html(report)))
    ours = {"h2", "p", "strong", "em", "table", "thead", "tbody", "tr", "th", "td", "code", "pre", "ul", "li"}
    assert tags <= ours
    bold = set(re.findall(r"<strong>(.*?)</strong>", html(report), re.DOTALL))
    words = {"BROKEN", "PROVEN", "UNPROVEN", "(broken)", "(unproven)"}
    titles = {proof.title for proof in report.proofs}
    assert all(
        each in words or each.startswith("(stand-in") or each in titles or "Title" in each for each in bold
    )


def test_nothing_in_the_text_is_mentioned_or_linked_by_the_forge(report: Report) -> None:
    """What a forge finds in finished text (people, issues, addresses, emoji) is found in code alone."""
    text = re.sub(r"<(code|pre)>.*?</\1>", "", html(report), flags=re.DOTALL)
    assert not re.findall(r"@\w|#\d|GH-\d|https?://|www\.|:\w+:(?!\d)", re.sub(r"<[^>]+>", "", text))


def test_the_list_has_an_item_for_each_practice_and_no_other(report: Report) -> None:
    """One tick a practice; a text with line breaks makes no further items."""
    ticks = re.findall(r"(?m)^- \[([ x])\] ", as_markdown.render(report))
    assert ticks == ["x" if proof.is_good else " " for proof in report.proofs]


def test_the_table_has_two_cells_a_row(report: Report) -> None:
    """A pipe in a name ends no cell."""
    rows = re.findall(r"<tr>(.*?)</tr>", html(report), re.DOTALL)
    assert {len(re.findall("<t[hd]>", row)) for row in rows} == {2}


def test_the_checklist_says_what_it_is_about(sample: Report) -> None:
    """Image, digest, base, versions and date are there to be found."""
    text = as_markdown.render(sample)
    for wanted in ("sha256:" + "1a" * 32, "sha256:" + "2b" * 32, "python:3.10-slim", "stand-in", "0.13.1"):
        assert wanted in text
    assert "2026-11-23 08:30 UTC" in text


def test_the_checklist_says_what_builds_were_held_to(sample: Report) -> None:
    """A cgroup with limits, and without one that there were none but the engine's."""
    assert sample.conditions is not None
    free = replace(sample, conditions=replace(sample.conditions, build_cgroup=None))
    assert "`/builds`" in as_markdown.render(sample)
    assert "| Built | by the engine's own limits, if it has any |" in as_markdown.render(free)


def test_the_first_sentence_counts_what_was_left_out(sample: Report) -> None:
    """Nobody takes the practices that were asked for to be all of them."""
    first = as_markdown.render(sample).split("\n")[2]
    assert first.startswith("**BROKEN** 3 of 10: ")
    assert first.endswith("2 not asked for).")
    whole = as_markdown.render(replace(sample, left_out=()))
    assert "not asked for" not in whole.split("\n- [", 1)[0]


def test_in_brief_it_is_a_line_a_practice(name: str, report: Report) -> None:
    """For a release's notes: no evidence, and a fix under what is broken."""
    text = as_markdown.render(report, brief=True)
    matches(text, f"{name}.brief.md")
    fixes = sum(proof.remedy is not None and not proof.is_good for proof in report.proofs)
    accepted = sum(proof.accepted is not None for proof in report.proofs)
    assert len(re.findall(r"(?m)^  - ", text)) == fixes + accepted


def test_an_item_names_its_practice_as_commands_do(sample: Report) -> None:
    """The id, which `hullproof explain` and `accept` take, stands beside the title."""
    items = re.findall(r"(?m)^- \[[ x]\] .*\(`([a-z-]+)`\)", as_markdown.render(sample))
    assert items == [proof.id for proof in sample.proofs]
