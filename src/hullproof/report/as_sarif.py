"""The report as SARIF 2.1.0: what is broken or unproven, on the line of the Dockerfile that governs it.

Made to the standard (https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html) and to what GitHub's code
scanning asks beyond it: help for every rule, and a place and a fingerprint for every result. Practices that hold
are rules without a result, since code scanning shows each result as an alert, whatever its kind. There is no
`automationDetails`: it would win over the category by which the uploading workflow tells the legs of a matrix apart.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import timedelta, timezone
from typing import Any
from urllib.parse import quote

from hullproof import __version__
from hullproof.distribution import documentation
from hullproof.model import BuildError, Explanation, Proof, Report, Status
from hullproof.report.reading import (
    acceptance,
    build_headline,
    build_lines,
    dockerfile_path,
    governing_line,
    headline,
    line_named,
    quote_of,
)
from hullproof.text import clean, inert, json_text, markdown_blocks, paragraphs

_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_ROOT = "%SRCROOT%"
_EVIDENCE_SHOWN = 12
_LONGEST_DESCRIPTION = 1_000  # GitHub takes 1,024 characters

_PAGES = documentation()

# An accepted practice is suppressed. GitHub overlooks that and shows it as open, so it is no more than a note.
_LEVEL = {Status.BROKEN: "error", Status.UNPROVEN: "warning", Status.ACCEPTED: "note"}


def render(report: Report) -> str:
    """Return the report as one SARIF log with one run, indented, with a final newline."""
    return render_all([report], " ".join(headline(report)))


def render_all(reports: Sequence[Report], verdict: str, errors: Mapping[str, str] | None = None) -> str:
    """Return reports as one SARIF log with one run: code scanning takes no two of one category.

    `errors` says by name why there are no reports of further projects.
    """
    run = _run(reports, verdict)
    run["invocations"] += [_failed(project, reason) for project, reason in (errors or {}).items()]
    return json_text({"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]})


def _run(reports: Sequence[Report], verdict: str) -> dict[str, Any]:
    practices = {proof.id: proof for report in reports for proof in report.proofs}
    index = {identifier: number for number, identifier in enumerate(practices)}
    return {
        "tool": {
            "driver": {
                "name": "Hullproof",
                "version": clean(reports[0].hullproof_version if reports else __version__),
                "rules": list(map(_rule, practices.values())),
            }
        },
        "originalUriBaseIds": {_ROOT: {"description": {"text": "The root of the repository."}}},
        "columnKind": "unicodeCodePoints",
        "properties": {"verdict": verdict},
        "artifacts": [_dockerfile(report) for report in reports],
        "invocations": [_invocation(report) for report in reports],
        "results": [
            _result(report, proof, index[proof.id])
            for report in reports
            for proof in report.proofs
            if proof.status in _LEVEL
        ],
    }


def _dockerfile(report: Report) -> dict[str, Any]:
    dockerfile: dict[str, Any] = {"location": _artifact(report), "roles": ["analysisTarget"]}
    if report.project.dockerfile_sha256:
        dockerfile["hashes"] = {"sha-256": report.project.dockerfile_sha256}
    return dockerfile


def _rule(proof: Proof) -> dict[str, Any]:
    title = clean(proof.title)
    texts = proof.explanation or Explanation(title, "", "", "")
    parts = [
        (name, text)
        for name, text in (
            ("Why", texts.why),
            ("Proven by", texts.proven_by),
            ("Broken by", texts.broken_by),
            ("Fix", texts.fix),
        )
        if text.strip()
    ] or [("Why", title)]
    why = next(paragraphs(texts.why)).text or title
    return {
        "id": proof.id,
        "name": "".join(word.capitalize() for word in proof.id.split("-")),
        "shortDescription": {"text": title},
        "fullDescription": {"text": clean(why, _LONGEST_DESCRIPTION)},
        "help": {
            "text": "\n\n".join(f"{name}: {_as_text(text)}" for name, text in parts),
            "markdown": "\n\n".join(f"**{name}**\n\n{markdown_blocks(text)}" for name, text in parts),
        },
        **({"helpUri": f"{_PAGES.rstrip('/')}/practices/{proof.id}/"} if _PAGES else {}),
        "defaultConfiguration": {"level": "error"},
        "properties": {
            "tags": ["container", "dockerfile", clean(proof.family)],
            "precision": "very-high",
            "problem.severity": "error",
        },
    }


def _as_text(text: str) -> str:
    return "\n\n".join(each.text for each in paragraphs(text))


def _result(report: Report, proof: Proof, index: int) -> dict[str, Any]:
    line = governing_line(report, proof)
    result: dict[str, Any] = {
        "ruleId": proof.id,
        "ruleIndex": index,
        "level": _LEVEL[proof.status],
        "message": {"text": _message(proof)},
        "locations": [_location(report, line)],
        "partialFingerprints": {"primaryLocationLineHash": _fingerprint(report, proof)},
        "properties": {"verdict": proof.verdict.value},
    }
    related = [
        {**_location(report, found), "message": {"text": _unlinked(clean(each.statement))}}
        for each in proof.evidence[:_EVIDENCE_SHOWN]
        if (found := line_named(report, each.where)) and found != line
    ]
    if related:
        result["relatedLocations"] = related
    if proof.accepted:
        status = "rejected" if proof.accepted.expired else "accepted"
        result["suppressions"] = [
            {"kind": "external", "status": status, "justification": acceptance(proof.accepted)}
        ]
    return result


def _message(proof: Proof) -> str:
    lines = [clean(proof.summary)]
    if proof.accepted:
        lines.append(f"Broken, {acceptance(proof.accepted)}")
    shown = proof.evidence[:_EVIDENCE_SHOWN]
    lines += [f"- {clean(each.where)}: {clean(each.statement)}" for each in shown]
    if len(proof.evidence) > len(shown):
        lines.append(f"- and {len(proof.evidence) - len(shown)} more")
    if proof.remedy and not proof.is_good:
        lines.append(f"Fix: {clean(proof.remedy)}")
    return _unlinked("\n".join(lines))


def _unlinked(text: str) -> str:
    """Keep what looks like a link in a message, `[text](target)`, from being one, and its lines from being commands."""
    return inert(text).replace("](", "] (")


def _location(report: Report, line: int | None) -> dict[str, Any]:
    """Return a place in the Dockerfile, the whole line: its first where none is known.

    Code scanning asks for columns. A line that is not quoted ends where the next one begins.
    """
    at = line or 1
    region: dict[str, Any] = {"startLine": at, "startColumn": 1, "endLine": at + 1, "endColumn": 1}
    quote = quote_of(report, at)
    if quote is not None:
        text = dict(quote.lines)[at]
        region |= {"endLine": at, "endColumn": len(text) + 1, "snippet": {"text": inert(clean(text))}}
    return {"physicalLocation": {"artifactLocation": _artifact(report), "region": region}}


def _artifact(report: Report) -> dict[str, str]:
    return {"uri": _uri(report), "uriBaseId": _ROOT}


def _uri(report: Report) -> str:
    return quote(dockerfile_path(report.project).encode("utf-8", "surrogateescape"))


def _fingerprint(report: Report, proof: Proof) -> str:
    """Return what stays while lines move and sentences change: a Dockerfile and a practice."""
    text = f"{_uri(report)}\n{proof.id}"
    return f"{hashlib.sha256(text.encode()).hexdigest()[:16]}:1"


def _invocation(report: Report) -> dict[str, Any]:
    started = report.started_at.astimezone(timezone.utc)
    ended = started + timedelta(seconds=report.duration_s)
    invocation: dict[str, Any] = {
        "executionSuccessful": report.build_error is None,
        "startTimeUtc": f"{started:%Y-%m-%dT%H:%M:%SZ}",
        "endTimeUtc": f"{ended:%Y-%m-%dT%H:%M:%SZ}",
    }
    if report.build_error:
        invocation["toolExecutionNotifications"] = [_notification(report, report.build_error)]
    return invocation


def _failed(project: str, reason: str) -> dict[str, Any]:
    message = {"text": _unlinked(f"{clean(project)}: {clean(reason)}")}
    return {
        "executionSuccessful": False,
        "toolExecutionNotifications": [{"level": "error", "message": message}],
    }


def _notification(report: Report, error: BuildError) -> dict[str, Any]:
    lines = [f"{build_headline(report)}.", *build_lines(error)]
    return {
        "level": "error",
        "message": {"text": _unlinked("\n".join(lines))},
        "locations": [_location(report, error.line)],
    }
