"""The report as Markdown: the release checklist, ready to be pasted into a release."""

from __future__ import annotations

from hullproof.model import BuildError, Proof, Report, Status
from hullproof.report.reading import OUTPUT_SHOWN, about, acceptance, build_headline, headline
from hullproof.text import clean, inert, markdown, markdown_cell, markdown_code, size

_WORD = {
    Status.PROVEN: "",
    Status.NOT_APPLICABLE: " *(not applicable)*",
    Status.ACCEPTED: " *(broken, and accepted)*",
    Status.UNPROVEN: " **(unproven)**",
    Status.BROKEN: " **(broken)**",
}
_EVIDENCE_SHOWN = 10


def render(report: Report, *, brief: bool = False) -> str:
    """Return the checklist: a tick per practice with its evidence, and what exactly it is about.

    `brief` leaves the evidence to the other faces: a line per practice, and the image, for a release's notes.
    """
    verdict, count = headline(report)
    lines = [f"## Release checklist: {markdown(report.project.name)}", "", f"**{verdict}** {count}.", ""]
    lines += [_about_in_brief(report), ""] if brief else [*_about(report), ""]
    if report.build_error:
        lines += build_error_lines(report, report.build_error)
    for proof in report.proofs:
        lines += item_lines(proof, evidence_shown=0 if brief else _EVIDENCE_SHOWN)
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


def _about_in_brief(report: Report) -> str:
    """Say in one line which image it is, by what a registry knows it by, if one does."""
    image = report.image
    if image is None:
        return "No image: the build failed."
    stand_in = f" (stand-in: {image.stand_in})" if image.stand_in else ""
    base = markdown(f"{image.base or 'an unknown base'}{stand_in}")
    return f"Image {markdown_code(image.digest or image.id)}, {size(image.size_bytes)}, on {base}."


def build_error_lines(report: Report, error: BuildError) -> list[str]:
    """Say what the project's own build failed on."""
    what = f": {markdown_code(error.instruction)}" if error.instruction else ""
    lines = [f"{markdown(build_headline(report))}{what}", ""]
    if error.output:
        lines += [f"    {clean(line)}".rstrip() for line in error.output[-OUTPUT_SHOWN:]]
        lines.append("")
    if error.remedy:
        lines += [f"Fix: {markdown(error.remedy)}", ""]
    if error.base_note:
        lines += [f"Stand-in base: {markdown(error.base_note)}.", ""]
    return lines


def item_lines(proof: Proof, *, evidence_shown: int) -> list[str]:
    """Return a proof as an item of the checklist, with so much of its evidence, and its fix."""
    tick = "x" if proof.is_good else " "
    name = f"**{markdown(proof.title)}** ({markdown_code(proof.id)})"
    lines = [f"- [{tick}] {name}{_WORD[proof.status]}: {markdown(proof.summary)}"]
    if proof.accepted:
        lines.append(f"  - {markdown(acceptance(proof.accepted))}")
    shown = proof.evidence[:evidence_shown]
    lines += [f"  - {markdown_code(each.where)}: {markdown(each.statement)}" for each in shown]
    if evidence_shown and len(proof.evidence) > len(shown):
        lines.append(f"  - and {len(proof.evidence) - len(shown)} more")
    if proof.remedy and not proof.is_good:
        lines.append(f"  - Fix: {markdown(proof.remedy)}")
    return lines
