"""What all faces have in common."""

from __future__ import annotations

import pytest

from hullproof.report import SUFFIXES, render
from hullproof.report.model import Report


@pytest.mark.parametrize("format_", SUFFIXES)
def test_every_face_is_a_whole_number_of_lines_in_utf_8(report: Report, format_: str) -> None:
    """Half a surrogate pair, as in names of undecodable files, breaks no face."""
    text = render(report, format_)
    assert text.endswith("\n")
    assert not text.endswith("\n\n")
    text.encode("utf-8")
