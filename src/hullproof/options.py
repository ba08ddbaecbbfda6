"""How options are spelled, whichever door they come through."""

from __future__ import annotations

from collections.abc import Iterable


def pairs(values: Iterable[str]) -> dict[str, str]:
    """Read NAME=VALUE, later ones over earlier ones. Raises ValueError, one line, for what is none."""
    found = {}
    for value in values:
        name, separator, text = value.partition("=")
        if not separator or not name:
            raise ValueError(f"{value!r} must be NAME=VALUE")
        found[name] = text
    return found


def names(value: str | None) -> list[str] | None:
    """Read ID,...; None where nothing was said, which is not the same as naming none."""
    return None if value is None else [each.strip() for each in value.split(",") if each.strip()]
