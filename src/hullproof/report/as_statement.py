"""The report as in-toto statements about the image: the faces that admission policies and other verifiers read.

A statement (https://github.com/in-toto/attestation/blob/main/spec/v1/statement.md) names its subject by digest alone. There is
one for each predicate, since each has readers of its own. All are made from the report's JSON, so that one that was written
to a file yesterday and one that is there as an object come to the same.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta, timezone
from types import MappingProxyType
from typing import Any

from hullproof.errors import UsageError
from hullproof.model import Report
from hullproof.report.as_json import to_dict
from hullproof.text import json_text

TYPE = "https://in-toto.io/Statement/v1"
NAME = "hullproof"
"""What the run is called where a predicate asks for a name: policies look for it."""

Plain = Mapping[str, Any]
"""A report as its JSON has it."""

_DIGEST = re.compile(r"(?:[^@]*@)?sha256:([0-9a-f]{64})")


def render(report: Report, *, predicate: str = "test-result") -> str:
    """Return the statement with one predicate, or with `all` of them, a line each (JSON Lines).

    Raises UsageError for an image of which no manifest digest is known: nobody could tell what the statement is about.
    """
    plain = to_dict(report)
    digest = manifest_digest(report.image.digest if report.image else None)
    if digest is None:
        raise UsageError(
            "there is no statement about an image without a manifest digest: push it, then prove again, or make the "
            "statement from a report (hullproof attest report.json IMAGE)"
            if report.image
            else "there is no statement without an image, and the build failed"
        )
    if predicate != "all":
        return json_text(statement(plain, predicate, name=plain["project"]["name"], digest=digest))
    return "".join(
        json.dumps(statement(plain, each, name=plain["project"]["name"], digest=digest)) + "\n"
        for each in PREDICATES
    )


def statement(report: Plain, predicate: str, *, name: str, digest: str) -> dict[str, Any]:
    """Return a report as a statement about the manifest `digest` (64 hex digits), which people call `name`."""
    type_, make = PREDICATES[predicate]
    return {
        "_type": TYPE,
        "subject": [{"name": name, "digest": {"sha256": digest}}],
        "predicateType": type_,
        "predicate": make(report),
    }


def manifest_digest(text: str | None) -> str | None:
    """Return the hex digits of a digest as engines and registries write it, with or without a repository."""
    found = _DIGEST.fullmatch(text or "")
    return found[1] if found else None


def finished_at(report: Plain) -> str:
    """Return when the proving ended, in UTC, to the second."""
    ended = moment(report["started_at"]) + timedelta(seconds=float(report["duration_s"]))
    return ended.isoformat(timespec="seconds").replace("+00:00", "Z")


def moment(text: str) -> datetime:
    """Read a time as reports and statements have it, in UTC. Raises ValueError for what is none, or has no time zone."""
    found = datetime.fromisoformat(text.replace("Z", "+00:00"))  # Python 3.10 does not read a Z
    if found.tzinfo is None:
        raise ValueError(f"its time has no zone ({text})")
    return found.astimezone(timezone.utc)


def status_of(proof: Plain) -> str:
    """Return how a practice stands: its verdict, or `accepted` where it is broken and that is accepted for now."""
    accepted = proof.get("accepted")
    return "accepted" if accepted and not accepted["expired"] else str(proof["verdict"])


# --- the predicates --------------------------------------------------------------------------------------


def _test_result(report: Plain) -> dict[str, Any]:
    """https://github.com/in-toto/attestation/blob/main/spec/predicates/test-result.md ."""
    named: dict[str, list[str]] = {"passedTests": [], "warnedTests": [], "failedTests": []}
    of = {
        "proven": "passedTests",
        "unproven": "warnedTests",
        "accepted": "warnedTests",
        "broken": "failedTests",
    }
    for proof in report["proofs"]:
        if list_ := of.get(status_of(proof)):  # what does not apply was no test
            named[list_].append(proof["id"])
    doubtful = named["warnedTests"] or report["left_out"] or not named["passedTests"]
    return {
        "result": "FAILED" if named["failedTests"] else "WARNED" if doubtful else "PASSED",
        "configuration": [
            {
                "name": NAME,
                "uri": _verifier(report),
                "annotations": {"finishedAt": finished_at(report), "notAskedFor": list(report["left_out"])},
            },
            *_dockerfile(report),
        ],
        **named,
    }


def _dockerfile(report: Plain) -> list[dict[str, Any]]:
    project = report["project"]
    digest = project.get("dockerfile_sha256")
    return [{"name": project["dockerfile"], "digest": {"sha256": digest}}] if digest else []


def _simple_verification_result(report: Plain) -> dict[str, Any]:
    """https://github.com/in-toto/attestation/blob/main/spec/predicates/svr.md: what holds, and nothing else."""
    properties = [_property(each["id"]) for each in report["proofs"] if each["verdict"] == "proven"]
    is_whole = report["verdict"] == "proven" and not report["left_out"]
    return {
        "verifier": {"id": _verifier(report), "policies": []},
        "timeCreated": finished_at(report),
        "properties": [*(["HULLPROOF_PROVEN"] if is_whole else []), *properties],
    }


def _property(identifier: str) -> str:
    return "HULLPROOF_" + re.sub(r"[^A-Z0-9]", "_", identifier.upper())


def _verifier(report: Plain) -> str:
    return f"urn:hullproof:{report['hullproof_version']}"


_CTRF = {
    "proven": "passed",
    "broken": "failed",
    "unproven": "failed",  # its readers count nothing else as bad, and unknown is not good
    "accepted": "other",
    "not-applicable": "skipped",
}


def _scout_tests(report: Plain) -> dict[str, Any]:
    """A CTRF document (https://ctrf.io), as Docker Scout's policy `no-failing-tests` reads it."""
    took_ms = round(report["duration_s"] * 1000)
    tests = [
        {
            "name": each["id"],
            "status": _CTRF[status_of(each)],
            "rawStatus": status_of(each),
            "duration": round(each["duration_s"] * 1000),
            "message": each["summary"],
            "suite": [each["family"]],
        }
        for each in report["proofs"]
    ]
    tests += [
        {"name": each, "status": "pending", "rawStatus": "not asked for", "duration": 0}
        for each in report["left_out"]
    ]
    counts = {
        status: sum(test["status"] == status for test in tests)
        for status in ("passed", "failed", "pending", "skipped", "other")
    }
    start_ms = round(moment(report["started_at"]).timestamp() * 1000)
    return {
        "reportFormat": "CTRF",
        "specVersion": "0.0.0",
        "results": {
            "tool": {"name": NAME, "version": report["hullproof_version"]},
            "summary": {"tests": len(tests), **counts, "start": start_ms, "stop": start_ms + took_ms},
            "tests": tests,
        },
    }


PREDICATES: Mapping[str, tuple[str, Callable[[Plain], dict[str, Any]]]] = MappingProxyType(
    {
        "test-result": ("https://in-toto.io/attestation/test-result/v0.1", _test_result),
        "svr": ("https://in-toto.io/attestation/svr/v0.2", _simple_verification_result),
        "scout": ("https://scout.docker.com/tests/v0.1", _scout_tests),
        "report": ("urn:hullproof:report:1", dict),
    }
)
"""Each predicate by our name for it: its type, and what makes it of a report's JSON."""
