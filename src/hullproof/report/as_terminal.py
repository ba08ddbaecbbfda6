"""The report as a screen: verdict per practice, one line of evidence, the remedy under what is broken."""

from __future__ import annotations

import io

from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from hullproof.model import Evidence, Proof, Report, Standing
from hullproof.report.reading import acceptance, alike, booted, tally
from hullproof.text import clean, duration, inert, size

_MARK = {
    Standing.PROVEN: ("✓", "green"),
    Standing.NOT_APPLICABLE: ("-", "dim"),
    Standing.ACCEPTED: ("!", "magenta"),
    Standing.UNPROVEN: ("?", "yellow"),
    Standing.BROKEN: ("✗", "bold red"),
}
_NARROW = 80
_EVIDENCE_SHOWN = 4
_EVIDENCE_LENGTH = 160
_OUTPUT_SHOWN = 15


def render(report: Report, *, width: int = 100, color: bool = False) -> str:
    """Return the screen as text, `width` columns wide, with colour codes if asked for."""
    stream = io.StringIO()
    console = Console(
        file=stream,
        width=width,
        force_terminal=color,
        color_system="standard" if color else None,
        highlight=False,
        emoji=False,
        markup=False,
        legacy_windows=False,
        _environ={},  # what the screen looks like is the caller's to say
    )
    console.print()
    console.print(*_head(report), sep="\n")
    console.print()
    if report.build_error:
        console.print(*_build_error(report), sep="\n")
        console.print()
    _print_proofs(console, report.proofs)
    console.print(*_foot(report), sep="\n")
    # Last, as wrapping may put anything at the beginning of a line.
    return inert("".join(line.rstrip() + "\n" for line in stream.getvalue().split("\n")[:-1]))


def _head(report: Report) -> list[RenderableType]:
    name = Text(clean(report.project.name), "bold")
    image = report.image
    if image is None:
        return [name]
    lines: list[RenderableType] = [
        Text.assemble(name, f"  image {image.id.removeprefix('sha256:')[:12]}, {size(image.size_bytes)}"),
        Text(f"on {clean(image.base or 'an unknown base')}"),
    ]
    if image.base_is_stand_in:
        note = clean(image.base_note or "not the official image")
        lines.append(Text.assemble(("stand-in base: ", "bold yellow"), note))
    if report.conditions and not report.conditions.are_usual:
        lines.append(Text(f"booted {booted(report.conditions)}"))
    return lines


def _build_error(report: Report) -> list[RenderableType]:
    error = report.build_error
    if error is None:
        return []
    at = f" at {clean(report.project.dockerfile)}:{error.line}" if error.line else ""
    what = f": {clean(error.instruction)}" if error.instruction else ""
    lines: list[RenderableType] = [
        Text.assemble(("The project's own build fails", "bold red"), f"{at}{what}")
    ]
    return lines + [Padding(Text(clean(line)), (0, 0, 0, 4)) for line in error.output[-_OUTPUT_SHOWN:]]


def _print_proofs(console: Console, proofs: tuple[Proof, ...]) -> None:
    """Print a row for each, and stand what is not good off from the rest."""
    longest = max((len(proof.id) for proof in proofs), default=0)
    told = alike(proofs)
    apart = True
    for proof in proofs:
        if proof.id in told:
            continue  # told with the first of them
        others = [identifier for identifier, first in told.items() if first == proof.id]
        mark, style = _MARK[proof.standing]
        if not (proof.is_good or apart):
            console.print()
        if console.width < _NARROW:
            console.print(Text(f"{mark} {proof.id}", style))
            console.print(Padding(Group(*_account(proof, others)), (0, 0, 0, 2)))
        else:
            row = Table.grid(padding=(0, 2))
            row.add_column(no_wrap=True, width=longest + 2)
            row.add_column(overflow="fold")
            row.add_row(Text(f"{mark} {proof.id}", style), Group(*_account(proof, others)))
            console.print(row)
        apart = not proof.is_good
        if apart:
            console.print()
    if not apart:
        console.print()


def _account(proof: Proof, others: list[str]) -> list[Text]:
    """The summary, then a line of evidence, or more where the verdict is bad, and the remedy."""
    lines = [_summary(proof)]
    if proof.accepted:
        lines.append(Text(acceptance(proof.accepted), _MARK[Standing.ACCEPTED][1]))
    if proof.is_good:
        return lines + [_evidence(each) for each in proof.evidence[:1]]
    if others:
        lines.append(Text(f"the same goes for {', '.join(others)}", "yellow"))
    lines += map(_evidence, proof.evidence[:_EVIDENCE_SHOWN])
    if len(proof.evidence) > _EVIDENCE_SHOWN:
        lines.append(Text(f"and {len(proof.evidence) - _EVIDENCE_SHOWN} more", "dim"))
    if proof.remedy:
        lines.append(Text.assemble(("fix: ", "bold"), clean(proof.remedy)))
    return lines


def _summary(proof: Proof) -> Text:
    summary = clean(proof.summary)
    if proof.standing is Standing.PROVEN:
        return Text(summary)
    word = proof.verdict.value.replace("-", " ")
    return Text.assemble((f"{word}: ", _MARK[proof.standing][1]), summary)


def _evidence(evidence: Evidence) -> Text:
    where = Text(clean(evidence.where, _EVIDENCE_LENGTH), "cyan")
    return Text.assemble(where, ("  " + clean(evidence.statement, _EVIDENCE_LENGTH), "dim"))


def _foot(report: Report) -> list[RenderableType]:
    """The verdict, with the names of what it is owed to, where the eye is when the command is done."""
    word = Text(report.verdict.value.upper(), _MARK[Standing(report.verdict.value)][1])
    lines: list[RenderableType] = [
        Text.assemble(word, f"  {tally(report)}, in {duration(report.duration_s)}")
    ]
    if report.left_out:
        lines.append(Text(f"not asked for: {', '.join(report.left_out)}", "dim"))
    return lines
