"""How values are said to people: times, durations, sizes, verdicts."""

from __future__ import annotations

import re

from markupsafe import Markup, escape

_SECONDS_A_MINUTE = 60
_UNITS = ("bytes", "kB", "MB", "GB", "TB", "PB")
_UNIT = 1000

_WORDS = {
    "proven": "proven",
    "not-applicable": "not applicable",
    "unproven": "unproven",
    "broken": "broken",
}

_BACKTICKS = re.compile(r"`([^`\n]+)`")


def verdict_words(verdict: str) -> str:
    """Return a verdict as it reads in a sentence."""
    return _WORDS[verdict]


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
