"""The report as a screen: a line for each practice; line, reason and fix where one is broken."""

from __future__ import annotations

import io
from typing import TextIO

from rich.columns import Columns
from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from hullproof.model import Evidence, Proof, Report, Status
from hullproof.report import Detail
from hullproof.report.reading import (
    OUTPUT_SHOWN,
    acceptance,
    alike,
    booted,
    build_headline,
    governing_line,
    headline,
    line_named,
    observed,
)
from hullproof.text import clean, duration, inert, size

MARKS = {
    Status.PROVEN: ("✓", "green"),
    Status.NOT_APPLICABLE: ("-", "dim"),
    Status.ACCEPTED: ("!", "magenta"),
    Status.UNPROVEN: ("?", "yellow"),
    Status.BROKEN: ("✗", "bold red"),
}
_NARROW = 80
_MOST_ROWS = 16
"""How many practices have a row each on a screen of 24, beside what stands above and below them."""

_EVIDENCE_SHOWN = 12
_EVIDENCE_LENGTH = 160


def render(report: Report, *, width: int = 100, color: bool = False, detail: Detail = "evidence") -> str:
    """Return the screen as text, `width` columns wide, with colour codes if asked for."""
    stream = io.StringIO()
    console = plain_console(stream, width=width, color=color)
    if detail != "verdict":
        console.print()
        _print_head(console, report, detail)
        console.print()
        if report.build_error:
            console.print(*_build_error(report), sep="\n")
            console.print()
        _print_proofs(console, report, detail)
    console.print(*_foot(report, detail), sep="\n")
    # Last, as wrapping may put anything at the beginning of a line.
    return inert("".join(line.rstrip() + "\n" for line in stream.getvalue().split("\n")[:-1]))


def plain_console(stream: TextIO, *, width: int, color: bool) -> Console:
    """Return what writes to a stream in this width, with colour codes if asked for, and takes nothing for markup."""
    return Console(
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


def _print_head(console: Console, report: Report, detail: Detail) -> None:
    """Say which image it is, on what it was built, and what was unusual: a line each, unless all is to be seen."""
    name, image = Text(clean(report.project.name), "bold"), report.image
    lines = [name]
    if image is not None:
        name.append(f"  image {image.short_id}, {size(image.size_bytes)}", "default not bold")
        lines.append(Text(f"on {clean(image.base or 'an unknown base')}"))
        if image.stand_in:
            lines.append(Text.assemble(("stand-in base: ", "bold yellow"), clean(image.stand_in)))
        if report.conditions and not report.conditions.are_usual:
            lines.append(Text(f"booted {booted(report.conditions)}"))
    if report.project.target_note:
        lines.append(Text.assemble(("released: ", "bold yellow"), clean(report.project.target_note)))
    if (earlier := observed(report)) is not None:
        lines.append(Text(earlier))
    is_cut = detail != "evidence"
    for each in lines:
        console.print(each, no_wrap=is_cut, overflow="ellipsis" if is_cut else "fold")


def _build_error(report: Report) -> list[RenderableType]:
    error = report.build_error
    if error is None:
        return []
    lines: list[RenderableType] = [Text(build_headline(report), "bold red")]
    if error.instruction:
        lines.append(Padding(Text(clean(error.instruction), "cyan"), (0, 0, 0, 2)))
    lines += [Padding(Text(clean(line)), (0, 0, 0, 4)) for line in error.output[-OUTPUT_SHOWN:]]
    if error.remedy:
        lines.append(Text.assemble(("fix: ", "bold"), clean(error.remedy)))
    if error.base_note:
        lines.append(Text.assemble(("stand-in base: ", "bold yellow"), clean(error.base_note)))
    return lines


def _print_proofs(console: Console, report: Report, detail: Detail) -> None:
    """Print a row for each, and set what is not good apart from the rest. Of many, the proven ones share rows."""
    longest = max((len(proof.id) for proof in report.proofs), default=0)
    repeated = alike(report.proofs)
    is_long = detail == "summary" and len(report.proofs) > _MOST_ROWS
    proven = [proof for proof in report.proofs if is_long and proof.status is Status.PROVEN]
    if proven:
        mark, style = MARKS[Status.PROVEN]
        names = [Text(f"{mark} {proof.id}", style) for proof in proven]
        console.print(Columns(names, padding=(0, 2), equal=True, column_first=True))
    apart = not proven
    for proof in (each for each in report.proofs if each not in proven):
        if proof.id in repeated or (proof.is_good and detail == "faults"):
            continue  # said with the first of them, or not to be seen
        others = [identifier for identifier, first in repeated.items() if first == proof.id]
        is_short = proof.is_good and detail == "summary"
        mark, style = MARKS[proof.status]
        if not (proof.is_good or apart):
            console.print()
        name = Text(f"{mark} {proof.id}", style)
        if is_short:
            console.print(one_row(proof, longest), no_wrap=True, overflow="ellipsis")
        elif console.width < _NARROW:
            console.print(name)
            console.print(Padding(Group(*_in_full(report, proof, others, detail)), (0, 0, 0, 2)))
        else:
            row = Table.grid(padding=(0, 2))
            row.add_column(no_wrap=True, width=longest + 2)
            row.add_column(overflow="fold")
            row.add_row(name, Group(*_in_full(report, proof, others, detail)))
            console.print(row)
        apart = not proof.is_good
        if apart:
            console.print()
    if not apart:
        console.print()


def one_row(proof: Proof, longest: int) -> Text:
    """Return a proof as one row, however long: its mark and id, as wide as the longest id is, and what was found."""
    mark, style = MARKS[proof.status]
    name = Text(f"{mark} {proof.id}", style)
    name.pad_right(longest + 2 - len(proof.id))
    if proof.is_excused and proof.accepted:
        return Text.assemble(name, (f"broken, {acceptance(proof.accepted)}", style))
    return Text.assemble(name, _summary(proof))


def _in_full(report: Report, proof: Proof, others: list[str], detail: Detail) -> list[Text]:
    """The summary, the evidence or the first that names the line to look at, and the fix."""
    lines = [_summary(proof)]
    if proof.accepted:
        lines.append(Text(acceptance(proof.accepted), MARKS[Status.ACCEPTED][1]))
    if others:
        lines.append(Text(f"the same goes for {', '.join(others)}", "yellow"))
    if detail != "evidence":
        line = governing_line(report, proof)
        first = (each for each in proof.evidence if line_named(report, each.where) == line)
        shown = [*first, *proof.evidence][:1]
    else:
        shown = list(proof.evidence[:_EVIDENCE_SHOWN])
    lines += map(_evidence, shown)
    if len(proof.evidence) > len(shown):
        lines.append(Text(f"and {len(proof.evidence) - len(shown)} more", "dim"))
    if proof.remedy and not proof.is_good:
        lines.append(Text.assemble(("fix: ", "bold"), clean(proof.remedy)))
    return lines


def _summary(proof: Proof) -> Text:
    summary = clean(proof.summary)
    if proof.status is Status.PROVEN:
        return Text(summary)
    word = proof.verdict.value.replace("-", " ")
    return Text.assemble((f"{word}: ", MARKS[proof.status][1]), summary)


def _evidence(evidence: Evidence) -> Text:
    where = Text(clean(evidence.where, _EVIDENCE_LENGTH), "cyan")
    return Text.assemble(where, ("  " + clean(evidence.statement, _EVIDENCE_LENGTH), "dim"))


def _foot(report: Report, detail: Detail) -> list[RenderableType]:
    """The verdict, with the names of what it is owed to, where the eye is when the command is done."""
    verdict, count = headline(report)
    word = Text(verdict, MARKS[report.status][1])
    lines: list[RenderableType] = [Text.assemble(word, f" {count}, in {duration(report.duration_s)}")]
    if report.left_out and detail == "evidence":
        lines.append(Text(f"not asked for: {', '.join(report.left_out)}", "dim"))
    return lines
