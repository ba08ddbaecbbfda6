"""The report as Markdown: the release checklist, ready to be pasted into a release."""

from __future__ import annotations

import re
from datetime import timezone

from hullproof.report.model import Proof, Report, Verdict
from hullproof.report.text import clean, duration, size

_TICK = {
    Verdict.PROVEN: "- [x]",
    Verdict.NOT_APPLICABLE: "- [x]",
    Verdict.UNPROVEN: "- [ ]",
    Verdict.BROKEN: "- [ ]",
}
_WORD = {
    Verdict.PROVEN: "",
    Verdict.NOT_APPLICABLE: " *(not applicable)*",
    Verdict.UNPROVEN: " **(unproven)**",
    Verdict.BROKEN: " **(broken)**",
}
_SPECIAL = re.compile(r"([\\`*_\[\]<>|#!&~@])")


def render(report: Report) -> str:
    """Return the checklist: a tick per practice with its evidence, and what exactly it is about."""
    good = sum(proof.verdict.is_good for proof in report.proofs)
    lines = [
        f"## Release checklist: {_text(report.project.name)}",
        "",
        f"**{report.verdict.value.capitalize()}**: {good} of {len(report.proofs)} practices hold.",
        "",
        *_about(report),
        "",
    ]
    if report.build_error:
        at = f" (line {report.build_error.line})" if report.build_error.line else ""
        lines += [f"The project's own build fails in {_code(report.build_error.instruction or '?')}{at}:", ""]
        lines += [f"    {clean(line)}" for line in report.build_error.output[-20:]]
        lines.append("")
    for proof in report.proofs:
        lines += _item(proof)
    if report.left_out:
        lines += ["", "Not asked for: " + ", ".join(_code(name) for name in report.left_out) + "."]
    return "\n".join(lines) + "\n"


def _about(report: Report) -> list[str]:
    rows = []
    if report.image:
        rows.append(("Image", f"{_code(report.image.id)}, {size(report.image.size_bytes)}"))
        if report.image.digest:
            rows.append(("Digest", _code(report.image.digest)))
        base = _code(report.image.base or "unknown")
        if report.image.base_is_stand_in:
            base += f" **(stand-in: {_text(report.image.base_note or 'not the official image')})**"
        rows.append(("Base", base))
    file_hash = report.project.dockerfile_sha256
    rows.append(
        (
            "Dockerfile",
            _code(report.project.dockerfile) + (f", sha256 {_code(file_hash)}" if file_hash else ""),
        )
    )
    if report.project.revision:
        rows.append(("Revision", _code(report.project.revision)))
    if report.engine:
        buildx = f", buildx {report.engine.buildx_version}" if report.engine.buildx_version else ""
        rows.append(("Engine", _text(f"{report.engine.name} {report.engine.version}{buildx}")))
    started = report.started_at.astimezone(timezone.utc).strftime("%Y-%m-%d %H:%M UTC")
    rows.append(
        ("Proven by", f"hullproof {report.hullproof_version}, {started}, in {duration(report.duration_s)}")
    )
    return ["| | |", "| --- | --- |", *(f"| {name} | {value} |" for name, value in rows)]


def _item(proof: Proof) -> list[str]:
    lines = [f"{_TICK[proof.verdict]} **{_text(proof.title)}**{_WORD[proof.verdict]}: {_text(proof.summary)}"]
    lines += [f"  - {_code(each.where)}: {_text(each.statement)}" for each in proof.evidence]
    if proof.remedy and not proof.verdict.is_good:
        lines.append(f"  - Remedy: {_text(proof.remedy)}")
    return lines


def _text(text: str) -> str:
    """Escape what Markdown, or HTML inside it, would take for its own; mentions and references too."""
    return _SPECIAL.sub(r"\\\1", clean(text))


def _code(text: str) -> str:
    """Return a code span that holds any text: fenced by more backticks than it has in a row."""
    safe = clean(text).replace("|", "\\|")
    fence = "`" * (max((len(run) for run in re.findall(r"`+", safe)), default=0) + 1)
    pad = " " if "`" in safe else ""
    return f"{fence}{pad}{safe}{pad}{fence}"
