"""From uploaded bytes to a report that can be kept."""

from __future__ import annotations

import json
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, NoReturn

from app import schema
from app.schema import Fault
from app.tables import DEFAULT_PROFILE

__all__ = ["Fault", "Report", "read"]

ID_LENGTH = 32
"""Hexadecimal digits of the content hash that make an id: 128 bits, and still fit for a URL."""

LARGEST_NUMBER = 2**53 - 1
"""The largest integer that every JSON reader gets right (RFC 7493, section 2.2)."""


@dataclass(frozen=True)
class Report:
    """A valid report. `body` is its canonical JSON, and `id` comes from that, so it names the content.

    `practices` are pairs of a practice's id and its verdict. `started_ms` is `started_at` in milliseconds since 1970.
    `is_complete` and `left_out` tell whether all of the profile was proven, and how many practices were not asked for.
    """

    id: str
    project: str
    verdict: str
    practices: list[tuple[str, str]]
    profile: str
    is_complete: bool
    left_out: int
    revision: str | None
    hullproof_version: str
    is_stand_in: bool
    started_at: str
    started_ms: int
    body: str


def read(data: bytes) -> Report:
    """Return the report in `data`. Raises `Fault` when there is none.

    The same content gives the same report, whatever its spacing, order of keys or spelling of characters.
    """
    try:
        document = json.loads(
            data.decode("utf-8"),
            object_pairs_hook=_object,
            parse_constant=_refuse,
            parse_float=_number,
            parse_int=_number,
        )
        schema.check(document)
        body = json.dumps(
            document, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False
        )
        digest = sha256(body.encode("utf-8")).hexdigest()
    except UnicodeError as error:  # half a surrogate pair, which only `\ud800` can bring in, is none
        raise Fault("", f"is not UTF-8: {error.reason if hasattr(error, 'reason') else error}") from None
    except (ValueError, RecursionError) as error:
        raise Fault("", f"is not JSON that can be kept: {error}") from None
    image: dict[str, Any] = document["image"] or {}
    return Report(
        id=digest[:ID_LENGTH],
        project=_kept("/project/name", document["project"]["name"]),
        verdict=document["verdict"],
        practices=[(proof["id"], proof["verdict"]) for proof in document["proofs"]],
        profile=_kept("/profile", document.get("profile", DEFAULT_PROFILE)),
        is_complete=document.get("complete", True) and not document["left_out"],
        left_out=len(document["left_out"]),
        revision=_kept("/project/revision", document["project"].get("revision") or "") or None,
        hullproof_version=_kept("/hullproof_version", document["hullproof_version"]),
        is_stand_in=bool(image.get("base_is_stand_in")),
        started_at=document["started_at"],
        started_ms=schema.milliseconds(document["started_at"]),
        body=body,
    )


def _refuse(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a JSON number")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a key is given twice")
    return found


def _number(text: str) -> float | int:
    """Return an integral number as `int`, however it was written."""
    number = float(text)  # before `int`: turning many digits into one takes time that grows with their square
    if abs(number) > LARGEST_NUMBER:
        raise ValueError(f"a number is beyond {LARGEST_NUMBER}")
    return int(number) if number.is_integer() else number


def _kept(pointer: str, text: str) -> str:
    """Return `text`, which goes into a column of its own: PostgreSQL's know no NUL."""
    if "\0" in text:
        raise Fault(pointer, "holds the character NUL, which not every database can keep")
    return text
