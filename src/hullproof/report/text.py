"""Text from outside, made safe to show: logs, paths and labels can hold anything."""

from __future__ import annotations

import textwrap
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

from hullproof.report.model import Acceptance

LONGEST = 600
_LONGEST_PARAGRAPH = 4_000
_TENTHS_MATTER_S = 10
_TENTHS_MATTER_MB = 100
_KILO = 1000
_PLANE = 0x10000


def clean(text: str, longest: int = LONGEST) -> str:
    """Return `text` on one line, without control or direction-changing characters, at most `longest` long.

    What would move the cursor, colour the screen or reverse the reading order is shown as its escape, and so is
    what is no character at all, which XML cannot hold.
    """
    shown = []
    for character in text[: longest + 1]:
        category = unicodedata.category(character)
        if category in ("Cc", "Cf", "Cs", "Co", "Zl", "Zp") or ord(character) % _PLANE >= _PLANE - 2:
            shown.append(
                " "
                if character in "\n\t"
                else character.encode("unicode_escape", "backslashreplace").decode()
            )
        else:
            shown.append(character)
    safe = "".join(shown)
    return safe if len(safe) <= longest else safe[: longest - 1] + "…"


def duration(seconds: float) -> str:
    """Return a duration as a person says it: `0.4 s`, `12 s`, `3 min 5 s`."""
    if round(seconds, 1) < _TENTHS_MATTER_S:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"


def size(count: int) -> str:
    """Return a size in bytes as a person says it, in units of 1000: `112 MB`."""
    if round(count / 1000) < _KILO:
        return f"{count / 1000:.0f} kB"
    megabytes = count / 1_000_000
    return f"{megabytes:.1f} MB" if round(megabytes, 1) < _TENTHS_MATTER_MB else f"{megabytes:.0f} MB"


def acceptance(accepted: Acceptance) -> str:
    """Say until when a practice is accepted as broken, or was, and why."""
    expired = ", which is over" if accepted.expired else ""
    return f"accepted until {accepted.until.isoformat()}{expired}: {clean(accepted.reason)}"


@dataclass(frozen=True)
class Paragraph:
    """A paragraph of a longer text: prose on one line, or code as it is."""

    text: str
    is_code: bool


def paragraphs(text: str) -> Iterator[Paragraph]:
    """Divide a text at its blank lines. A paragraph that is indented throughout is code."""
    for block in text[:_LONGEST_PARAGRAPH].split("\n\n"):
        lines = [clean(line, _LONGEST_PARAGRAPH) for line in textwrap.dedent(block).split("\n")]
        is_code = all(line.startswith("    ") for line in block.split("\n"))
        yield Paragraph(("\n" if is_code else " ").join(lines).strip(), is_code)
