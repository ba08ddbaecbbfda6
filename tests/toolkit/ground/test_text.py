"""Text from outside, safe for each of its readers; durations and sizes as a person says them."""

from __future__ import annotations

import itertools
import json
import re
import time
from pathlib import Path

import pytest

from hullproof.errors import UsageError
from hullproof.text import (
    LONGEST,
    block,
    clean,
    duration,
    file_name,
    inert,
    json_text,
    line,
    one_line,
    size,
    workflow_command,
)

from ..hostile import TEXTS, assert_harmless, marks


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


TOKENS = (
    ":",
    "::",
    "#",
    "##[",
    "##vso[",
    "]",
    "error",
    " ",
    "\t",
    "\n",
    "\r",
    "\x85",
    "\u2028",
    "\u3000",
    "\u200b",
    "a",
)
"""What commands are made of, and what stands around them."""


@pytest.mark.parametrize("first", TOKENS)
def test_no_line_is_a_command_whatever_is_put_together(first: str) -> None:
    """All texts of up to four of the tokens, as one line, as a block, and as a document of both."""
    for length in range(4):
        for rest in itertools.product(TOKENS, repeat=length):
            text = first + "".join(rest)
            assert_harmless(line(text))
            assert_harmless(block(text), "\n\t")
            assert_harmless(inert(f"{clean(text)}\n  {clean(text)}{clean(text)}"))


def test_every_character_there_is_comes_out_harmless() -> None:
    """And all letters, marks, digits, punctuation and spaces as they are."""
    every = "".join(map(chr, range(0x110000)))
    shown = clean(every, 10 * len(every))
    assert marks(shown) == set()
    assert every[0x20:0x7F] in shown
    assert all(each in shown for each in "\u00e9\u05d0\u4e2d\u0301\u20ac\ufe0f\U0001f6a2")


@pytest.mark.parametrize("at", range(0, 0x110000, 0x8000))
def test_json_is_read_back_to_the_letter(at: int) -> None:
    """Whatever is in it; and as it stands, nothing in it acts."""
    value = {"each": [chr(number) for number in range(at, at + 0x8000)], "commands": TEXTS}
    text = json_text(value)
    assert_harmless(text)
    assert json.loads(text) == {**value, "commands": list(TEXTS)}


def test_a_workflow_command_is_one_whatever_it_says() -> None:
    """No text in it ends it, begins another, or adds to its parameters."""
    for text in TEXTS:
        command = workflow_command("error", {"file": f"{text},line=9::", "title": text}, f"{text}\n{text}")
        assert command.startswith("::error file=")
        assert marks(command, "\t") == set()
        parameters = command.removeprefix("::error ").partition("::")[0].split(",")
        assert [each.partition("=")[0] for each in parameters] == ["file", "title"]


@pytest.mark.parametrize(
    "text", [*TEXTS, "../../etc/passwd", "..", "-rf", "", "a" * 300, "\u6f22" * 300, 'x"<>|?*:\\']
)
def test_a_file_name_is_one_that_any_file_system_takes(text: str, tmp_path: Path) -> None:
    """It stays in its folder, and no terminal acts on it."""
    name = file_name(text)
    path = tmp_path / f"{name}.json"
    path.touch()
    assert [each.name for each in tmp_path.iterdir()] == [path.name]
    assert not re.search(r'[/\\:*?"<>|]|^[.-]', name)
    assert marks(name, "") == set()
    assert file_name("release-board 2") == "release-board 2"


def test_an_error_is_one_harmless_line_from_the_start() -> None:
    """Wherever it is caught: in pytest, in a traceback, or through Python's interface."""
    for text in TEXTS:
        assert_harmless(str(UsageError(f"{text}\n{text}")), "")


def test_the_end_of_a_long_error_is_kept() -> None:
    """White space is squeezed; the beginning is the part that can be missed."""
    assert one_line("a\n\tb\x1b[31m" + "c" * 400, 10) == "…" + "c" * 10
    assert one_line(" two \n\n lines ") == "two lines"


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
