"""The report as Markdown: the release checklist, ready to be pasted into a release."""

from __future__ import annotations

from hullproof.model import BuildError, Proof, Report, Standing
from hullproof.report.reading import about, acceptance, left_out
from hullproof.text import clean, inert, markdown, markdown_cell, markdown_code

_WORD = {
    Standing.PROVEN: "",
    Standing.NOT_APPLICABLE: " *(not applicable)*",
    Standing.ACCEPTED: " *(broken, and accepted)*",
    Standing.UNPROVEN: " **(unproven)**",
    Standing.BROKEN: " **(broken)**",
}
_EVIDENCE_SHOWN = 10
_OUTPUT_SHOWN = 20


def render(report: Report) -> str:
    """Return the checklist: a tick per practice with its evidence, and what exactly it is about."""
    good = sum(proof.verdict.is_good for proof in report.proofs)
    excused = sum(proof.is_excused for proof in report.proofs)
    accepted = f", {excused} {'is' if excused == 1 else 'are'} accepted as broken" if excused else ""
    absent = f"; {left_out(report)}" if report.left_out else ""
    lines = [
        f"## Release checklist: {markdown(report.project.name)}",
        "",
        f"**{report.verdict.value.capitalize()}**: {good} of {len(report.proofs)} practices hold{accepted}{absent}.",
        "",
        *_about(report),
        "",
    ]
    if report.build_error:
        lines += _build_error(report.build_error)
    for proof in report.proofs:
        lines += _item(proof)
    if report.left_out:
        lines += ["", "Not asked for: " + ", ".join(map(markdown_code, report.left_out)) + "."]
    return inert("\n".join(lines) + "\n")


def _about(report: Report) -> list[str]:
    lines = ["| | |", "| --- | --- |"]
    for row in about(report):
        parts = [markdown_code(row.literal)] if row.literal else []
        parts += [markdown(row.words)] if row.words else []
        lines.append(f"| {row.name} | {markdown_cell(', '.join(parts))} |")
    return lines


def _build_error(error: BuildError) -> list[str]:
    what = f" in {markdown_code(error.instruction)}" if error.instruction else ""
    at = f" (line {error.line})" if error.line else ""
    lines = [f"The project's own build fails{what}{at}{':' if error.output else '.'}", ""]
    if error.output:
        lines += [f"    {clean(line)}".rstrip() for line in error.output[-_OUTPUT_SHOWN:]]
        lines.append("")
    return lines


def _item(proof: Proof) -> list[str]:
    tick = "x" if proof.is_good else " "
    name = f"**{markdown(proof.title)}** ({markdown_code(proof.id)})"
    lines = [f"- [{tick}] {name}{_WORD[proof.standing]}: {markdown(proof.summary)}"]
    if proof.accepted:
        lines.append(f"  - {markdown(acceptance(proof.accepted))}")
    shown = proof.evidence[:_EVIDENCE_SHOWN]
    lines += [f"  - {markdown_code(each.where)}: {markdown(each.statement)}" for each in shown]
    if len(proof.evidence) > len(shown):
        lines.append(f"  - and {len(proof.evidence) - len(shown)} more")
    if proof.remedy and not proof.is_good:
        lines.append(f"  - Fix: {markdown(proof.remedy)}")
    return lines
