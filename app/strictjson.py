"""JSON as RFC 8259 and I-JSON (RFC 7493) mean it, from strangers.

Python's parser is lenient: it takes NaN, keys given twice, half characters and numbers without bound, each of
which something behind it chokes on. Here they are faults, with the place where they are.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from app.fault import Fault, escape

DEEPEST = 32
LARGEST_INTEGER = 2**53 - 1
"""The largest integer that every JSON reader gets right (RFC 7493, section 2.2)."""


@dataclass(frozen=True)
class _Bad:
    """Stands in the parsed document where something is wrong, until `_search` finds out where that is."""

    detail: str
    key: str | None = None


def parse(data: bytes) -> Any:  # noqa: ANN401 - any JSON
    """Return the document in `data`. Integral numbers come out as `int`, however they were written.

    Raises `Fault`.
    """
    try:
        document = json.loads(
            data.decode("utf-8"),
            object_pairs_hook=_object,
            parse_int=_integer,
            parse_float=_number,
            parse_constant=lambda name: _Bad(f"{name} is not a JSON number"),
        )
    except UnicodeDecodeError as error:
        raise Fault("", f"is not UTF-8: byte {error.start} does not belong there") from None
    except json.JSONDecodeError as error:
        raise Fault("", f"is not JSON: {error.msg}, line {error.lineno} column {error.colno}") from None
    except RecursionError:
        raise Fault("", f"is nested more than {DEEPEST} levels deep") from None
    _search(document)
    return document


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any] | _Bad:
    document: dict[str, Any] = {}
    for key, value in pairs:
        if key in document:
            return _Bad("is given twice", key)
        document[key] = value
    return document


def _integer(text: str) -> int | _Bad:
    # By length first: turning many digits into a number takes time that grows with their square.
    if len(text) > len(str(-LARGEST_INTEGER)) or abs(number := int(text)) > LARGEST_INTEGER:
        return _Bad(f"must not be beyond {LARGEST_INTEGER}")
    return number


def _number(text: str) -> float | int | _Bad:
    number = float(text)
    if abs(number) > LARGEST_INTEGER:
        return _Bad(f"must not be beyond {LARGEST_INTEGER}")
    return int(number) if number.is_integer() else number


def _search(document: object) -> None:
    """Raise `Fault` for the first bad place. No recursion: depth is one of the things that may be wrong."""
    rest: list[tuple[str, int, object]] = [("", 0, document)]
    while rest:
        pointer, depth, value = rest.pop()
        if isinstance(value, _Bad):
            raise Fault(pointer if value.key is None else f"{pointer}/{escape(value.key)}", value.detail)
        if isinstance(value, str):
            _search_text(pointer, value)
        elif depth > DEEPEST:
            raise Fault(pointer, f"is nested more than {DEEPEST} levels deep")
        elif isinstance(value, dict):
            for key in value:
                _search_text(pointer, key)
            rest += [(f"{pointer}/{escape(key)}", depth + 1, item) for key, item in value.items()][::-1]
        elif isinstance(value, list):
            rest += [(f"{pointer}/{index}", depth + 1, item) for index, item in enumerate(value)][::-1]


def _search_text(pointer: str, text: str) -> None:
    if "\0" in text:
        raise Fault(pointer, "holds the character NUL, which not every database can keep")
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        raise Fault(pointer, "holds half of a surrogate pair, which is no character") from None
