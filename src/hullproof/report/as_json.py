"""The report as JSON: the face that other programs read. Its schema is `report.schema.json`."""

from __future__ import annotations

import json
from dataclasses import asdict, fields
from datetime import datetime, timezone
from importlib import resources
from typing import Any

from hullproof.report.model import SCHEMA, Report, Verdict


def schema() -> dict[str, Any]:
    """Return the JSON Schema that every report is valid against."""
    text = resources.files("hullproof.report").joinpath("report.schema.json").read_text(encoding="utf-8")
    return dict(json.loads(text))


def to_dict(report: Report) -> dict[str, Any]:
    """Return the report as plain JSON values, in the schema's words."""
    body = {each.name: _plain(getattr(report, each.name)) for each in fields(report)}
    return {"schema": SCHEMA, "verdict": report.verdict.value, **body}


def render(report: Report) -> str:
    """Return the report as JSON text, indented, with a final newline."""
    return json.dumps(to_dict(report), indent=2, ensure_ascii=False) + "\n"


def _plain(value: Any) -> Any:
    if isinstance(value, Verdict):
        return value.value
    if isinstance(value, datetime):
        return value.astimezone(timezone.utc).isoformat(timespec="seconds").replace("+00:00", "Z")
    if isinstance(value, float):
        return round(value, 3)
    if isinstance(value, (tuple, list)):
        return [_plain(each) for each in value]
    if isinstance(value, dict):
        return {name: _plain(each) for name, each in value.items()}
    if hasattr(value, "__dataclass_fields__"):
        return _plain(asdict(value))
    return value
