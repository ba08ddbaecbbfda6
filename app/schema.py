"""Is this a report? Asked of `report.schema.json`, the board's copy of the schema that the toolkit publishes."""

from __future__ import annotations

import json
import re
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from fastjsonschema import JsonSchemaValueException

SCHEMA_FILE = Path(__file__).with_name("report.schema.json")

_RFC3339 = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2})[Tt]([0-9]{2}:[0-9]{2}:[0-9]{2})(?:\.([0-9]{1,9}))?"
    r"(?:[Zz]|([+-])([01][0-9]|2[0-3]):([0-5][0-9]))"
)
_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 - the offset is taken off by hand, which knows no bounds
_STEP = re.compile(r"\.([^.\[]+)|\[([0-9]+)\]")


class Fault(Exception):  # noqa: N818 - an uploader's fault, not the board's error
    """The first thing that is wrong with a document.

    `pointer` is a JSON pointer (RFC 6901), empty for the document as a whole; `detail` says what is wrong.
    """

    def __init__(self, pointer: str, detail: str) -> None:
        """Say that `detail` is wrong at `pointer`."""
        super().__init__(pointer, detail)
        self.pointer = pointer
        self.detail = detail


def milliseconds(text: str) -> int:
    """Return a date-time by RFC 3339, section 5.6, in milliseconds since 1970. Raises `ValueError` where it is none."""
    match = _RFC3339.fullmatch(text)
    if match is None:
        raise ValueError(f"{text!r} is no date-time")
    day, time, fraction, sign, hours, minutes = match.groups()
    moment = datetime.fromisoformat(f"{day}T{time}") - _EPOCH
    offset = timedelta(hours=int(hours), minutes=int(minutes)) if sign else timedelta()
    moment = moment + offset if sign == "-" else moment - offset
    return int(moment / timedelta(milliseconds=1)) + int((fraction or "0").ljust(3, "0")[:3])


def is_date_time(text: str) -> bool:
    """Tell whether `text` is a date-time by RFC 3339 that a calendar knows."""
    try:
        milliseconds(text)
    except ValueError:
        return False
    return True


def check(document: object) -> None:
    """Raise `Fault` with the JSON pointer of the first thing that the schema does not allow."""
    from fastjsonschema import JsonSchemaValueException  # noqa: PLC0415 - only uploads need it

    try:
        _validator()(document)
    except JsonSchemaValueException as error:
        raise _fault(error) from None


def _fault(error: JsonSchemaValueException) -> Fault:
    """Say what the validator found: the place as a JSON pointer, and names where it names whole lists."""
    name = error.name or "data"
    pointer = "".join(f"/{key or index}" for key, index in _STEP.findall(name))
    value, rule = error.value, error.rule_definition
    if error.rule == "required":
        return Fault(pointer, f"lacks {', '.join(key for key in rule if key not in value)}")
    if error.rule == "additionalProperties":
        unknown = next(key for key in value if key not in error.definition["properties"])
        return Fault(f"{pointer}/{_escape(unknown)}", "is not known here")
    if error.rule == "format":
        return Fault(pointer, f"must be a {rule} by RFC 3339")
    # Its own messages begin with the name of the place: "data.proofs[0].id must match pattern ...".
    return Fault(pointer, error.message.removeprefix(name).strip())


def _escape(key: str) -> str:
    """Return `key` as a step of a JSON pointer; what is no character is replaced, so that it can be sent."""
    return key.replace("~", "~0").replace("/", "~1").encode("utf-8", "replace").decode("utf-8")


@cache
def _validator() -> Callable[[object], Any]:
    """Compile the schema, once: 20 ms that a board which is only read never spends."""
    from fastjsonschema import compile as compile_schema  # noqa: PLC0415 - only uploads need it

    schema = json.loads(SCHEMA_FILE.read_text("utf-8"))
    validate: Callable[[object], Any] = compile_schema(
        _point_deeper(schema), formats={"date-time": is_date_time}, use_default=False
    )
    return validate


def _point_deeper(schema: Any) -> Any:  # noqa: ANN401 - any JSON
    """Return `schema` with each "null or X" said as "if not null, then X", which allows the same.

    Of a `oneOf`, a validator can only tell that no branch fits. This way it tells what is wrong inside X.
    """
    if isinstance(schema, list):
        return [_point_deeper(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    deeper = {key: _point_deeper(value) for key, value in schema.items()}
    match deeper.get("oneOf"):
        case [{"type": "null"}, {"$ref": _} as other]:
            del deeper["oneOf"]
            deeper |= {"if": {"type": "null"}, "then": True, "else": other}
    return deeper
