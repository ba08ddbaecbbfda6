"""Text from outside, made safe to show: logs, paths and labels can hold anything."""

from __future__ import annotations

import unicodedata

LONGEST = 600


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
    if seconds < 10:  # noqa: PLR2004
        return f"{seconds:.1f} s"
    if seconds < 60:  # noqa: PLR2004
        return f"{seconds:.0f} s"
    return f"{int(seconds // 60)} min {int(seconds % 60)} s"


def size(count: int) -> str:
    """Return a size in bytes as a person says it, in units of 1000: `112 MB`."""
    if count < 1_000_000:
        return f"{count / 1000:.0f} kB"
    return f"{count / 1_000_000:.1f} MB" if count < 100_000_000 else f"{count / 1_000_000:.0f} MB"
