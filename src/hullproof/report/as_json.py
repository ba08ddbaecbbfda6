"""The report as JSON: the face that other programs read. Its schema is `report.schema.json`."""

from __future__ import annotations

import json
from dataclasses import fields, is_dataclass
from datetime import date, datetime, timezone
from importlib import resources
from typing import Any

from hullproof.model import SCHEMA, Report, Verdict
from hullproof.text import block, json_text


def schema() -> dict[str, Any]:
    """Return the JSON Schema that every report is valid against."""
    text = resources.files("hullproof.report").joinpath("report.schema.json").read_text(encoding="utf-8")
    return dict(json.loads(text))


def to_dict(report: Report) -> dict[str, Any]:
    """Return the report as plain JSON values, in the schema's words. Texts are bounded, and safe to print as they are."""
    return {"schema": SCHEMA, "verdict": report.verdict.value, **_plain(report)}


def render(report: Report) -> str:
    """Return the report as JSON text, indented, with a final newline."""
    return json_text(to_dict(report))


def _plain(value: Any) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        return {each.name: _plain(getattr(value, each.name)) for each in fields(value)}
    if isinstance(value, (tuple, list)):
        return [_plain(each) for each in value]
    return _scalar(value)


def _scalar(value: Any) -> Any:
    if isinstance(value, Verdict):
        return value.value
    if isinstance(value, datetime):
        return value.astimezone(timezone.utc).isoformat(timespec="seconds").replace("+00:00", "Z")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, float):
        return round(value, 3)
    return block(value) if isinstance(value, str) else value
