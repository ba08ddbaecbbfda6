"""The report as GitHub's workflow commands: an annotation on each line of the Dockerfile that governs bad news.

Escaping and parameters: https://docs.github.com/actions/reference/workflow-commands-for-github-actions. GitHub
shows ten annotations of a kind for a step, and the rest in the log only; so the worst come first.
"""

from __future__ import annotations

from hullproof.model import BuildError, Proof, Report, Status
from hullproof.report.reading import (
    acceptance,
    alike,
    build_lines,
    by_status,
    dockerfile_path,
    governing_line,
    headline,
)
from hullproof.text import clean, line, workflow_command

_COMMAND = {Status.BROKEN: "error", Status.UNPROVEN: "warning", Status.ACCEPTED: "notice"}


def render(report: Report) -> str:
    """Return a command for each practice that is not good or is accepted as broken, and a line that sums up."""
    lines = [_build_error(report, report.build_error)] if report.build_error else []
    repeated = alike(report.proofs)
    groups = by_status(report)
    for status, command in _COMMAND.items():
        for proof in groups.get(status, []):
            if proof.id not in repeated:
                others = [identifier for identifier, first in repeated.items() if first == proof.id]
                lines.append(_annotation(report, proof, command, others))
    lines.append(line(f"hullproof: {clean(report.project.name)}: {' '.join(headline(report))}"))
    return "\n".join(lines) + "\n"


def _build_error(report: Report, error: BuildError) -> str:
    said = [*([clean(error.reason)] if error.reason else []), *build_lines(error)]
    return _command("error", report, error.line, "The project's own build fails", said)


def _annotation(report: Report, proof: Proof, command: str, others: list[str]) -> str:
    """One sentence and the fix: an annotation is read beside the line, and the evidence stands in the report."""
    said = [acceptance(proof.accepted)] if proof.is_excused and proof.accepted else [clean(proof.summary)]
    if others:
        said.append(f"The same goes for {', '.join(others)}.")
    if proof.remedy and not proof.is_good:
        said.append(f"Fix: {clean(proof.remedy)}")
    title = f"{proof.status.text}: {clean(proof.title)} ({proof.id})"
    return _command(command, report, governing_line(report, proof), title, said)


def _command(command: str, report: Report, at: int | None, title: str, message: list[str]) -> str:
    place = {"file": dockerfile_path(report.project), "line": str(at or 1), "title": title}
    return workflow_command(command, place, "\n".join(message))
