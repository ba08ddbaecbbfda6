"""How values are said to people."""

from __future__ import annotations

import pytest

from app import wording


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (0, "0 ms"),
        (0.0004, "0 ms"),
        (0.9996, "1.0 s"),
        (1.44, "1.4 s"),
        (59.96, "1 min 00 s"),
        (125, "2 min 05 s"),
    ],
)
def test_durations(value: float, words: str) -> None:
    """To what a person cares for, and never "1000 ms" or "60.0 s"."""
    assert wording.seconds(value) == words


@pytest.mark.parametrize(
    ("value", "words"),
    [(0, "0 bytes"), (999, "999 bytes"), (1500, "1.5 kB"), (999_960, "1.0 MB"), (117_400_000, "117 MB")],
)
def test_sizes(value: int, words: str) -> None:
    """In decimal units, as image sizes are, and never "1000 kB"."""
    assert wording.size(value) == words


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("2026-11-23T08:56:05Z", "2026-11-23 08:56 UTC"),
        ("2026-11-23t08:56:05.123456z", "2026-11-23 08:56 UTC"),
        ("2026-11-23T08:56:05.5+05:30", "2026-11-23 08:56 UTC+05:30"),
        ("2026-11-23T08:56:05-08:00", "2026-11-23 08:56 UTC-08:00"),
    ],
)
def test_times(value: str, words: str) -> None:
    """To the minute, with the offset that the report has."""
    assert wording.when(value) == words


@pytest.mark.parametrize(
    ("value", "html"),
    [
        ("run `pytest -q` now", "run <code>pytest -q</code> now"),
        ("`<b>` & <i>", "<code>&lt;b&gt;</code> &amp; &lt;i&gt;"),
        ("one ` alone", "one ` alone"),
        ("``", "``"),
    ],
)
def test_code_within_text(value: str, html: str) -> None:
    """What stands between backticks is code; everything is escaped."""
    assert wording.code_marked(value) == html
