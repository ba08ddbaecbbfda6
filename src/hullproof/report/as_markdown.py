"""The report as Markdown: the release checklist, ready to be pasted into a release."""

from __future__ import annotations

import re
from datetime import timezone

from hullproof.report.model import BuildError, ImageInfo, Proof, Report, Verdict
from hullproof.report.text import clean, duration, size

_WORD = {
    Verdict.PROVEN: "",
    Verdict.NOT_APPLICABLE: " *(not applicable)*",
    Verdict.UNPROVEN: " **(unproven)**",
    Verdict.BROKEN: " **(broken)**",
}
_EVIDENCE_SHOWN = 10
_OUTPUT_SHOWN = 20

_SPECIAL = re.compile(r"([\\`*_\[\]<>|#!&~@$])")
# What a forge makes a link, a mention or a picture of, backslash or not, as it looks at the finished text:
# addresses, @someone, #12, GH-12, :smile:. An empty space in the middle keeps it from being recognised.
_LIVE = re.compile(
    r"(?<=@)(?=\w)|(?<=#)(?=\d)|(?<=GH-)(?=\d)|(?<=:)(?=//)|(?<=www)(?=\.)|(?<=:)(?=[\w+-]+:)", re.IGNORECASE
)
_NOTHING = "\N{ZERO WIDTH SPACE}"


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
        lines += _build_error(report.build_error)
    for proof in report.proofs:
        lines += _item(proof)
    if report.left_out:
        lines += ["", "Not asked for: " + ", ".join(map(_code, report.left_out)) + "."]
    return "\n".join(lines) + "\n"


def _about(report: Report) -> list[str]:
    none = "none: the build failed" if report.build_error else "none"
    rows = _about_image(report.image) if report.image else [("Image", none)]
    dockerfile = _code(report.project.dockerfile)
    if report.project.target:
        dockerfile += f", stage {_code(report.project.target)}"
    if report.project.dockerfile_sha256:
        dockerfile += f", sha256 {_code(report.project.dockerfile_sha256)}"
    rows.append(("Dockerfile", dockerfile))
    if report.project.revision:
        rows.append(("Revision", _code(report.project.revision)))
    if report.engine:
        engine = f"{report.engine.name} {report.engine.version}"
        buildx = f", buildx {report.engine.buildx_version}" if report.engine.buildx_version else ""
        rows.append(("Engine", _text(engine + buildx)))
    rows.append(
        ("Proven by", f"Hullproof {_text(report.hullproof_version)}, in {duration(report.duration_s)}")
    )
    rows.append(("Date", report.started_at.astimezone(timezone.utc).strftime("%Y-%m-%d %H:%M UTC")))
    return ["| | |", "| --- | --- |", *(f"| {name} | {_cell(value)} |" for name, value in rows)]


def _about_image(image: ImageInfo) -> list[tuple[str, str]]:
    weight = size(image.size_bytes)
    if image.base_size_bytes is not None and image.size_bytes >= image.base_size_bytes:
        weight += f", {size(image.size_bytes - image.base_size_bytes)} over its base"
    platform = f", {_text(image.platform)}" if image.platform else ""
    base = _code(image.base or "unknown")
    if image.base_is_stand_in:
        base += f" **(stand-in: {_text(image.base_note or 'not the official image')})**"
    return [
        ("Image", f"{_code(image.id)}, {weight}{platform}"),
        ("Digest", _code(image.digest) if image.digest else "none: no registry has it yet"),
        ("Base", base),
    ]


def _build_error(error: BuildError) -> list[str]:
    what = f" in {_code(error.instruction)}" if error.instruction else ""
    at = f" (line {error.line})" if error.line else ""
    lines = [f"The project's own build fails{what}{at}{':' if error.output else '.'}", ""]
    if error.output:
        lines += [f"    {clean(line)}".rstrip() for line in error.output[-_OUTPUT_SHOWN:]]
        lines.append("")
    return lines


def _item(proof: Proof) -> list[str]:
    tick = "x" if proof.verdict.is_good else " "
    lines = [f"- [{tick}] **{_text(proof.title)}**{_WORD[proof.verdict]}: {_text(proof.summary)}"]
    shown = proof.evidence[:_EVIDENCE_SHOWN]
    lines += [f"  - {_code(each.where)}: {_text(each.statement)}" for each in shown]
    if len(proof.evidence) > len(shown):
        lines.append(f"  - and {len(proof.evidence) - len(shown)} more")
    if proof.remedy and not proof.verdict.is_good:
        lines.append(f"  - Mend it: {_text(proof.remedy)}")
    return lines


def _text(text: str) -> str:
    """Escape what Markdown, or HTML inside it, would take for its own; addresses and mentions too."""
    return _SPECIAL.sub(r"\\\1", _LIVE.sub(_NOTHING, clean(text)))


def _code(text: str) -> str:
    """Return a code span that holds any text: fenced by more backticks than it has in a row."""
    safe = clean(text).strip() or "?"
    fence = "`" * (max((len(run) for run in re.findall(r"`+", safe)), default=0) + 1)
    pad = " " if "`" in safe else ""
    return f"{fence}{pad}{safe}{pad}{fence}"


def _cell(value: str) -> str:
    """Keep a pipe from ending the cell; in a table, a backslash does so within code spans as well."""
    return re.sub(r"(?<!\\)\|", r"\\|", value)
