"""Text from outside on one safe line; durations and sizes as a person says them."""

from __future__ import annotations

import time

import pytest

from hullproof.report.text import LONGEST, clean, duration, size


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain", "plain"),
        ("two\nlines\tand a tab", "two lines and a tab"),
        ("\x1b[31mred", "\\x1b[31mred"),
        ("bell\x07 back\x08 return\r", "bell\\x07 back\\x08 return\\r"),
        ("c1 \x9b2J", "c1 \\x9b2J"),
        ("rtl \u202egnp", "rtl \\u202egnp"),
        ("line\u2028end", "line\\u2028end"),
        ("half \udcff", "half \\udcff"),
        ("private \ue000", "private \\ue000"),
        ("tag \U000e0041", "tag \\U000e0041"),
        ("ship \U0001f6a2 \u6f22 e\u0301", "ship \U0001f6a2 \u6f22 e\u0301"),
    ],
)
def test_what_could_act_is_shown_instead(text: str, shown: str) -> None:
    """Control, direction and other invisible characters are shown as escapes; letters of any script stay."""
    assert clean(text) == shown


def test_a_long_text_is_cut_and_the_cut_is_shown() -> None:
    """At most the length asked for comes out, the last character saying that there was more."""
    assert clean("x" * LONGEST) == "x" * LONGEST
    assert clean("x" * (LONGEST + 1)) == "x" * (LONGEST - 1) + "…"
    assert clean("\x1b" * 20, 10) == "\\x1b\\x1b\\…"


def test_a_huge_text_costs_no_more_than_what_is_shown_of_it() -> None:
    """Ten megabytes are cut before they are looked at."""
    huge = "\x1b" * 10_000_000
    started = time.perf_counter()
    clean(huge)
    assert time.perf_counter() - started < 0.1


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (0, "0.0 s"),
        (0.44, "0.4 s"),
        (9.94, "9.9 s"),
        (9.96, "10 s"),
        (59.4, "59 s"),
        (59.6, "1 min 0 s"),
        (185.2, "3 min 5 s"),
        (3599.7, "60 min 0 s"),
    ],
)
def test_durations(seconds: float, said: str) -> None:
    """Tenths below ten seconds, minutes from a minute on; never 60 s or 10.0 s."""
    assert duration(seconds) == said


@pytest.mark.parametrize(
    ("count", "said"),
    [
        (0, "0 kB"),
        (999_400, "999 kB"),
        (999_600, "1.0 MB"),
        (99_940_000, "99.9 MB"),
        (99_960_000, "100 MB"),
        (1_500_000_000, "1500 MB"),
    ],
)
def test_sizes(count: int, said: str) -> None:
    """Units of 1000, never 1000 kB nor 100.0 MB."""
    assert size(count) == said
