"""How values are said to people: times, durations, sizes, verdicts."""

from __future__ import annotations

import re

from markupsafe import Markup, escape

_SECONDS_A_MINUTE = 60
_UNITS = ("bytes", "kB", "MB", "GB", "TB", "PB")
_UNIT = 1000

_NARROW, _NARROW_WIDTH, _USUAL_WIDTH = "fijlrt -,", 4.6, 6.9
"""Verdana at 11 px, near enough: the badge then stretches or squeezes its text to what is said here."""

_LONGEST_BADGE = 60

_COMMIT = re.compile("[0-9a-f]{40}|[0-9a-f]{64}")
_BACKTICKS = re.compile(r"`([^`\n]+)`")


def state_words(state: str) -> str:
    """Return a verdict, or what else is known of a project, as it reads in a sentence."""
    return state.replace("-", " ")


def when(date_time: str) -> str:
    """Return an RFC 3339 date-time to the minute, with its own offset: "2026-11-23 08:56 UTC"."""
    offset = date_time[19:].lstrip(".0123456789")
    zone = "UTC" if offset in {"Z", "z", "+00:00", "-00:00"} else f"UTC{offset}"
    return f"{date_time[:10]} {date_time[11:16]} {zone}"


def seconds(duration: float) -> str:
    """Return a duration as a person says it: "40 ms", "1.4 s", "3 min 05 s"."""
    if round(duration, 3) < 1:
        return f"{duration * 1000:.0f} ms"
    if round(duration, 1) < _SECONDS_A_MINUTE:
        return f"{duration:.1f} s"
    minutes, rest = divmod(round(duration), _SECONDS_A_MINUTE)
    return f"{minutes} min {rest:02d} s"


def size(count: int) -> str:
    """Return a number of bytes in decimal units: "117 MB"."""
    number, unit = float(count), 0
    # Rounded before it is compared, so that nothing reads "1000 kB".
    while round(number) >= _UNIT and unit < len(_UNITS) - 1:
        number, unit = number / _UNIT, unit + 1
    digits = 0 if unit == 0 or number >= _UNIT / 10 else 1
    return f"{number:.{digits}f} {_UNITS[unit]}"


def code_marked(text: str) -> Markup:
    """Return `text`, escaped, with what stands between backticks set as code."""
    parts = _BACKTICKS.split(text)
    return Markup().join(
        Markup("<code>{}</code>").format(part) if index % 2 else escape(part)
        for index, part in enumerate(parts)
    )


def short_revision(revision: str) -> str:
    """Return a revision as git shows it: twelve digits of a commit's id; anything else as it is, if not too long."""
    bare = revision.removesuffix("-dirty")
    return bare[:12] if _COMMIT.fullmatch(bare) else bare[:40]


def printable(text: str) -> str:
    """Return `text` without the characters that no XML can hold, and no longer than a badge should be."""
    shown = "".join(each if each.isprintable() else "\N{REPLACEMENT CHARACTER}" for each in text)
    return shown if len(shown) <= _LONGEST_BADGE else f"{shown[: _LONGEST_BADGE - 1]}…"


def badge_width(text: str) -> int:
    """Return how many pixels a text takes on a badge."""
    return round(sum(_NARROW_WIDTH if each in _NARROW else _USUAL_WIDTH for each in text))
