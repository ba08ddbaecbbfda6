"""What all faces have in common."""

from __future__ import annotations

import pytest

from hullproof.model import Report
from hullproof.report import SUFFIXES, as_terminal, render

from ..hostile import TEXTS, assert_harmless
from .reports import hostile

EMPTY_SPACE = "\u200b"  # ours, by which Markdown is kept from making links and mentions


@pytest.mark.parametrize("format_", SUFFIXES)
def test_every_face_is_a_whole_number_of_lines_in_utf_8(report: Report, format_: str) -> None:
    """Half a surrogate pair, as in names of undecodable files, breaks no face."""
    text = render(report, format_)
    assert text.endswith("\n")
    assert not text.endswith("\n\n")
    text.encode("utf-8")


@pytest.mark.parametrize("text", TEXTS, ids=ascii)
@pytest.mark.parametrize("format_", [each for each in SUFFIXES if each != "github"])
def test_no_face_hands_a_hostile_text_on(format_: str, text: str) -> None:
    """Printed to a log or a terminal, none has a line that is taken for a command, nor a character that acts."""
    shown = render(hostile(text), format_)
    assert_harmless(shown.replace(EMPTY_SPACE, "") if format_ in ("markdown", "sarif") else shown)


@pytest.mark.parametrize("text", TEXTS, ids=ascii)
def test_the_commands_for_github_are_ours_alone(text: str) -> None:
    """Each line begins as an annotation of ours does; the last is none."""
    *annotations, last = render(hostile(text), "github").splitlines()
    assert annotations
    assert all(
        each.startswith(("::error file=", "::warning file=", "::notice file=")) for each in annotations
    )
    assert_harmless(last)


@pytest.mark.parametrize("width", range(20, 141, 7))
def test_a_line_that_is_wrapped_becomes_no_command(width: int) -> None:
    """Wherever the screen ends: what stands in the middle of a text may come to stand at the beginning of a line."""
    for text in TEXTS:
        assert_harmless(as_terminal.render(hostile(f"some words {text} and {text}"), width=width))
