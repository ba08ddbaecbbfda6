"""Reads TOML that somebody else wrote: as tomllib does, within bounds that it does not have."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

_FEW_DOTS = 16
_MOST_DOTS_SQUARED = 3_000**2


class TomlError(ValueError):
    """What is wrong with a text, in one line that has the place where there is one."""


def loads(text: str) -> dict[str, Any]:
    """Return what a text says. Raises TomlError for what is no TOML, and for what would take all memory to read."""
    _require_short_keys(text)
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise TomlError(str(error)) from error
    except RecursionError:
        raise TomlError("its values are nested too deeply") from None
    except (
        ValueError
    ):  # Python's own limit, https://docs.python.org/3/library/stdtypes.html#int-max-str-digits
        raise TomlError("a number in it has too many digits") from None


def table(parent: Mapping[str, Any], *names: str) -> Mapping[str, Any]:
    """Return a table within tables; an empty one where there is none, or something else instead."""
    for name in names:
        found = parent.get(name)
        parent = found if isinstance(found, dict) else {}
    return parent


def _require_short_keys(text: str) -> None:
    """Refuse keys of very many parts: tomllib keeps each of their beginnings, which are as many, and as long.

    A key stands on one line, with a dot between two of its parts; a value may have some dots, too.
    """
    left = _MOST_DOTS_SQUARED
    for number, line in enumerate(text.split("\n"), start=1):
        dots = line.count(".")
        left -= dots * dots if dots > _FEW_DOTS else 0
        if left < 0:
            raise TomlError(f"a key has too many parts (at line {number})")


def text(values: Mapping[str, Any], name: str) -> str:
    """Return a value that is a string; empty where it is none, as a number of very many digits cannot be shown."""
    value = values.get(name)
    return value if isinstance(value, str) else ""
