"""The report as a screen: verdict per practice, one line of evidence, the remedy under what is broken."""

from __future__ import annotations

import io

from rich.console import Console, Group
from rich.markup import escape
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from hullproof.report.model import Evidence, Proof, Report, Verdict
from hullproof.report.text import clean, duration, size

_MARK = {
    Verdict.PROVEN: ("✓", "green"),
    Verdict.NOT_APPLICABLE: ("–", "dim"),
    Verdict.UNPROVEN: ("?", "yellow"),
    Verdict.BROKEN: ("✗", "bold red"),
}
_EVIDENCE_SHOWN = 4
_EVIDENCE_LENGTH = 160


def render(report: Report, *, width: int = 100, color: bool = False) -> str:
    """Return the screen as text, `width` columns wide, with colour codes if asked for."""
    stream = io.StringIO()
    console = Console(
        file=stream, width=width, force_terminal=color, no_color=not color, highlight=False, emoji=False
    )
    _head(console, report)
    if report.build_error:
        _build_error(console, report)
    _proofs(console, report.proofs)
    _foot(console, report)
    return stream.getvalue()


def _head(console: Console, report: Report) -> None:
    console.print()
    title = f"[bold]{escape(clean(report.project.name))}[/]"
    if report.image:
        title += f"  {report.image.id.removeprefix('sha256:')[:12]}, {size(report.image.size_bytes)}"
        title += f", on {escape(clean(report.image.base or 'an unknown base'))}"
    console.print(title)
    if report.image and report.image.base_is_stand_in:
        note = report.image.base_note or "not the official image"
        console.print(f"[yellow]stand-in base:[/] {escape(clean(note))}")
    console.print()


def _build_error(console: Console, report: Report) -> None:
    error = report.build_error
    if error is None:
        return
    at = f" ({report.project.dockerfile}:{error.line})" if error.line else ""
    console.print(
        f"[bold red]The project's own build fails[/]{escape(at)}: {escape(clean(error.instruction or ''))}"
    )
    for line in error.output[-15:]:
        console.print(Padding(Text(clean(line)), (0, 0, 0, 4)))
    console.print()


def _proofs(console: Console, proofs: tuple[Proof, ...]) -> None:
    table = Table.grid(padding=(0, 2), expand=False)
    table.add_column(no_wrap=True)
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for proof in proofs:
        mark, style = _MARK[proof.verdict]
        table.add_row(Text(mark, style), Text(proof.id, style), Group(*_account(proof)))
    console.print(table)


def _account(proof: Proof) -> list[Text]:
    """The summary, then a line of evidence, or more where the verdict is bad, and the remedy."""
    shown = proof.evidence[:1] if proof.verdict.is_good else proof.evidence[:_EVIDENCE_SHOWN]
    lines = [Text(clean(proof.summary)), *map(_evidence, shown)]
    if proof.verdict.is_good:
        return lines
    if len(proof.evidence) > len(shown):
        lines.append(Text(f"and {len(proof.evidence) - len(shown)} more", "dim"))
    if proof.remedy:
        lines.append(Text.assemble(("mend it: ", "bold"), clean(proof.remedy)))
    return lines


def _evidence(evidence: Evidence) -> Text:
    return Text.assemble(
        (clean(evidence.where), "cyan"), ("  " + clean(evidence.statement, _EVIDENCE_LENGTH), "dim")
    )


def _foot(console: Console, report: Report) -> None:
    counts = [
        f"{sum(proof.verdict is verdict for proof in report.proofs)} {verdict.value}"
        for verdict in (Verdict.PROVEN, Verdict.NOT_APPLICABLE, Verdict.UNPROVEN, Verdict.BROKEN)
        if any(proof.verdict is verdict for proof in report.proofs)
    ]
    _, style = _MARK[report.verdict]
    console.print()
    console.print(
        f"[{style}]{report.verdict.value}[/]: {', '.join(counts)}, in {duration(report.duration_s)}"
    )
    if report.left_out:
        console.print(Text(f"not asked for: {', '.join(report.left_out)}", "dim"))
