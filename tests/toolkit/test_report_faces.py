"""Each face of a report, whole: what is expected is in samples/, to be read with one's own eyes.

After a change that was meant: `HULLPROOF_REWRITE_SAMPLES=1 pytest tests/toolkit/test_report_faces.py`, then look at
the difference.
"""

from __future__ import annotations

import json
import os
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from markdown_it import MarkdownIt

from hullproof.report import FORMATS, SUFFIXES, as_json, as_markdown, as_terminal
from hullproof.report.model import Report, Standing

SAMPLES = Path(__file__).parent / "samples"
REPORTS = ("sample", "failed_build", "bare")
ESCAPE = re.compile(r"\x1b\[[0-9;]*m")


@pytest.fixture(params=REPORTS)
def name(request: pytest.FixtureRequest) -> str:
    """The name of each report in turn."""
    return str(request.param)


@pytest.fixture
def report(name: str, request: pytest.FixtureRequest) -> Report:
    """Each report in turn."""
    found = request.getfixturevalue(name)
    assert isinstance(found, Report)
    return found


def matches(text: str, file: str) -> None:
    """Compare a face with what is expected, whole."""
    path = SAMPLES / file
    if os.environ.get("HULLPROOF_REWRITE_SAMPLES"):
        path.write_text(text, encoding="utf-8")
    assert text == path.read_bytes().decode("utf-8")


# --- the terminal ------------------------------------------------------------------------------------


@pytest.mark.parametrize("width", [60, 100, 140])
def test_the_screen_is_as_expected(name: str, report: Report, width: int) -> None:
    """The plain screen is the expected one at each width."""
    matches(as_terminal.render(report, width=width), f"{name}.{width}.txt")


def test_the_coloured_screen_is_as_expected(name: str, report: Report) -> None:
    """The coloured screen is the expected one."""
    matches(as_terminal.render(report, width=100, color=True), f"{name}.color.txt")


@pytest.mark.parametrize("width", [60, 100, 140])
def test_colour_changes_nothing_but_colour(report: Report, width: int) -> None:
    """Without its colour codes, the coloured screen is the plain one."""
    coloured = as_terminal.render(report, width=width, color=True)
    plain = "\n".join(line.rstrip() for line in ESCAPE.sub("", coloured).split("\n"))
    assert plain == as_terminal.render(report, width=width)


@pytest.mark.parametrize("width", [40, 60, 79, 80, 100, 140])
def test_no_line_is_wider_than_the_screen(report: Report, width: int) -> None:
    """Every line fits, wide characters counted as two columns."""
    from rich.cells import cell_len  # noqa: PLC0415

    text = as_terminal.render(report, width=width)
    assert max(cell_len(line) for line in text.splitlines()) <= width


def test_nothing_on_the_screen_moves_the_cursor_or_turns_the_reading_order(report: Report) -> None:
    """Control and direction-changing characters from outside are shown, not sent; only our colours are codes."""
    for color in (False, True):
        text = ESCAPE.sub("", as_terminal.render(report, width=100, color=color))
        assert not re.findall(
            r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff]", text
        )


def test_the_screen_does_not_depend_on_where_it_is_made(
    sample: Report, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither the terminal's settings nor the environment change what is rendered."""
    before = as_terminal.render(sample, width=100, color=True)
    for variable, value in (("NO_COLOR", "1"), ("TERM", "dumb"), ("COLUMNS", "20"), ("FORCE_COLOR", "1")):
        monkeypatch.setenv(variable, value)
    assert as_terminal.render(sample, width=100, color=True) == before
    assert "\x1b" not in as_terminal.render(sample, width=100)


def test_a_remedy_stands_under_what_is_broken_and_nowhere_else(sample: Report) -> None:
    """A broken practice shows its remedy; a proven one none, and none that is accepted for now."""
    text = as_terminal.render(sample, width=140)
    assert text.count("mend it: ") == sum(proof.standing is Standing.BROKEN for proof in sample.proofs)


def test_the_last_line_names_what_is_broken_and_how_long_it_took(sample: Report) -> None:
    """The end of the screen says the verdict, what it is owed to, and the time."""
    end = as_terminal.render(replace(sample, left_out=()), width=240).splitlines()[-1]
    assert end == (
        "BROKEN  3 broken (multistage, necessary-files, hostile-text), 1 unproven (non-root-user), "
        "1 accepted (ownership), 1 not applicable (workdir), 2 proven, in 1 min 15 s"
    )


# --- JSON --------------------------------------------------------------------------------------------


def test_the_json_is_as_expected(name: str, report: Report) -> None:
    """The JSON is the expected one, byte for byte."""
    matches(as_json.render(report), f"{name}.json")


def test_the_json_is_valid_against_the_published_schema(report: Report) -> None:
    """What is rendered can be read back and is what the schema says, date format included."""
    Draft202012Validator.check_schema(as_json.schema())
    validator = Draft202012Validator(as_json.schema(), format_checker=Draft202012Validator.FORMAT_CHECKER)
    assert [error.message for error in validator.iter_errors(json.loads(as_json.render(report)))] == []


def test_the_schema_refuses_a_key_that_it_does_not_know(sample: Report) -> None:
    """The schema is closed, so that the test above says something."""
    body: dict[str, Any] = {**as_json.to_dict(sample), "surprise": 1}
    assert not Draft202012Validator(as_json.schema()).is_valid(body)


def test_huge_texts_leave_a_report_that_a_board_takes(sample: Report) -> None:
    """Ten megabytes in a field come to far less than the board's limit of 2 MiB."""
    assert len(as_json.render(sample).encode()) < 2**20 // 10


def test_every_field_of_the_report_is_in_the_json(sample: Report) -> None:
    """Ordinary text goes through unchanged."""
    body = as_json.to_dict(sample)
    assert body["proofs"][1]["remedy"] == sample.proofs[1].remedy
    assert body["proofs"][4]["evidence"][0]["statement"] == sample.proofs[4].evidence[0].statement
    assert body["started_at"] == "2026-11-23T08:30:59Z"
    assert body["duration_s"] == 75.432


# --- Markdown ----------------------------------------------------------------------------------------


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
    words = {"Broken", "Proven", "Unproven", "(broken)", "(unproven)"}
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


# --- all of them -------------------------------------------------------------------------------------


def test_every_format_has_an_ending_and_ends_with_a_line_end(report: Report) -> None:
    """Formats and endings go together, and each face is a whole number of lines."""
    assert FORMATS.keys() == SUFFIXES.keys()
    assert all(render(report).endswith("\n") for render in FORMATS.values())
    assert all(not render(report).endswith("\n\n") for render in FORMATS.values())


def test_every_face_can_be_written_as_utf_8(report: Report) -> None:
    """Half a surrogate pair, as in names of undecodable files, breaks no face."""
    for render in FORMATS.values():
        render(report).encode("utf-8")
