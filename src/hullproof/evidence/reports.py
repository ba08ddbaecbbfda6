"""Reports as they come back from files and from signed statements: read, and refused where they are none."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

from hullproof.errors import UsageError
from hullproof.evidence.files import read_file
from hullproof.model import SCHEMA, Verdict
from hullproof.report.as_statement import moment

_MOST = 64_000_000
_VERDICTS = {each.value for each in Verdict}


def read_report(path: Path) -> dict[str, Any]:
    """Read a report's JSON from a file. Raises UsageError, one line, where it is none."""
    text = read_file(path, _MOST)
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        raise UsageError(
            f"{path}: is no JSON; write a report with `hullproof prove --output report.json`"
        ) from None
    if fault := fault_of(found):
        raise UsageError(f"{path}: {fault}")
    return dict(found)


def fault_of(found: object) -> str | None:
    """Say what is wrong with a report's JSON, of what is read of it here; None where nothing is."""
    if not isinstance(found, dict) or not isinstance(found.get("schema"), str):
        return "is no report of Hullproof's"
    if found["schema"] != SCHEMA:
        return f"is a report of another version ({found['schema']}), and this Hullproof reads {SCHEMA}"
    try:
        _read(found)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        said = f"{error} is missing" if isinstance(error, KeyError) else str(error)
        return f"is no whole report ({said})"
    return None


def _read(report: Mapping[str, Any]) -> None:
    """Take each part as those do that use it."""
    proofs = _of(report["proofs"], list)
    if not proofs:
        raise ValueError("it has no proof")
    for proof in proofs:
        _texts(proof["id"], proof["family"], proof["summary"])
        _verdict(proof["verdict"])
        float(proof["duration_s"])
        if accepted := proof.get("accepted"):
            _of(accepted["expired"], bool)
            date.fromisoformat(accepted["until"])
    ids = [each["id"] for each in proofs]
    if len(set(ids)) != len(ids):
        raise ValueError("a practice is in it twice")
    _texts(*_of(report["left_out"], list), report["hullproof_version"], report["project"]["name"])
    _texts(report["project"]["dockerfile"])
    _verdict(report["verdict"])
    moment(_of(report["started_at"], str))
    if not 0 <= float(report["duration_s"]) < 10**9:
        raise ValueError("it took no time that can be")
    if report["image"] is not None:
        _texts(report["image"]["id"])


def _verdict(value: object) -> None:
    if value not in _VERDICTS:
        raise ValueError(f"{value!r} is no verdict")


def _texts(*values: object) -> None:
    for each in values:
        _of(each, str)


def _of(value: Any, kind: type) -> Any:  # noqa: ANN401 - JSON
    if not isinstance(value, kind):
        raise TypeError(f"{value!r:.40} is no {kind.__name__}")
    return value
