"""The report as JSON: the face that other programs read. Its schema is `report.schema.json`."""

from __future__ import annotations

import json
from dataclasses import fields, is_dataclass
from datetime import date, datetime, timezone
from importlib import resources
from typing import Any

from hullproof.model import SCHEMA, Report, Verdict
from hullproof.text import block, json_text

_NOTHING = "(empty)"


def schema() -> dict[str, Any]:
    """Return the JSON Schema that every report is valid against."""
    text = resources.files("hullproof.report").joinpath("report.schema.json").read_text(encoding="utf-8")
    return dict(json.loads(text))


def to_dict(report: Report) -> dict[str, Any]:
    """Return the report as plain JSON values, in the schema's words. Texts are bounded, and safe to print as they are."""
    head = {"schema": SCHEMA, "verdict": report.verdict.value, "complete": not report.left_out}
    plain = {**head, "profile": report.profile, **_plain(report)}
    rules = schema()
    return dict(_fitted(plain, rules, rules["$defs"]))


def render(report: Report) -> str:
    """Return the report as JSON text, indented, with a final newline."""
    return json_text(to_dict(report))


def _plain(value: Any) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        return {
            name: _plain(getattr(value, each.name))
            for each in fields(value)
            if (name := each.metadata.get("json", each.name)) is not None
        }
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


def _fitted(value: Any, rule: dict[str, Any], shared: dict[str, Any]) -> Any:
    """Return `value` with its texts and lists as short, and as little empty, as the schema asks for.

    What a program printed, or what somebody called a project, keeps to no schema: `FAIL: test_x ()` with nothing behind
    it, or a name of control characters, each of which is four characters once it is safe to show.
    """
    if "oneOf" in rule and value is not None:
        rule = rule["oneOf"][1]
    if "$ref" in rule:
        rule = shared[rule["$ref"].rpartition("/")[2]]
    if isinstance(value, dict):
        return {name: _fitted(each, rule["properties"].get(name, {}), shared) for name, each in value.items()}
    if isinstance(value, list):
        return [_fitted(each, rule.get("items", {}), shared) for each in value[: rule.get("maxItems")]]
    if not isinstance(value, str):
        return value
    longest = rule.get("maxLength", len(value))
    short = value if len(value) <= longest else value[: longest - 1] + "…"
    return short if len(short) >= rule.get("minLength", 0) else _NOTHING
