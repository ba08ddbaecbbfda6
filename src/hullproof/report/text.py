"""Text from outside, made safe to show: logs, paths and labels can hold anything."""

from __future__ import annotations

import unicodedata

LONGEST = 600
_TENTHS_MATTER_S = 10
_TENTHS_MATTER_MB = 100
_KILO = 1000


def clean(text: str, longest: int = LONGEST) -> str:
    """Return `text` on one line, without control or direction-changing characters, at most `longest` long.

    What would move the cursor, colour the screen or reverse the reading order is shown as its escape.
    """
    shown = []
    for character in text[: longest + 1]:
        category = unicodedata.category(character)
        if category in ("Cc", "Cf", "Cs", "Co", "Zl", "Zp"):
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
