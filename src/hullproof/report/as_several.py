"""Several projects' reports as one document: a table of the projects, and in full what does not hold."""

from __future__ import annotations

import io
import json
from importlib import resources
from typing import TYPE_CHECKING, Any

from rich.text import Text

from hullproof.model import Report
from hullproof.report import as_json, as_junit, as_sarif
from hullproof.report.as_markdown import build_error_lines, item_lines
from hullproof.report.as_terminal import MARKS, plain_console
from hullproof.report.reading import OUTPUT_SHOWN, alike, governing_line, headline
from hullproof.text import clean, inert, json_text, markdown, markdown_cell, markdown_code

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from hullproof.report import Detail
    from hullproof.report.several import Outcome, Summary

SCHEMA = "hullproof.reports/1"
_EVIDENCE_SHOWN = 3


def schema() -> dict[str, Any]:
    """Return the JSON Schema of several reports as one document; that of each report is within it."""
    text = resources.files("hullproof.report").joinpath("reports.schema.json").read_text(encoding="utf-8")
    found = dict(json.loads(text))
    found["$defs"] = {"report": as_json.schema()}
    return found


# --- the screen ---------------------------------------------------------------------------------------


def _text(summary: Summary, *, width: int = 100, color: bool = False, detail: Detail = "summary") -> str:
    """Return the last screen: a row for each project, what does not hold below all others, and the verdict."""
    stream = io.StringIO()
    console = plain_console(stream, width=width, color=color)
    longest = max((len(clean(each.name)) for each in summary.outcomes), default=0)
    rows = [] if detail == "verdict" else sorted(summary.outcomes, key=lambda each: not each.is_good)
    for outcome in rows:
        console.print(_row(outcome, min(longest, width // 3)), no_wrap=True, overflow="ellipsis")
    _mark, style = MARKS[summary.status]
    word, _, rest = summary.line.partition(" ")
    console.print(*([Text()] if rows else []), Text.assemble((word, style), f" {rest}"), sep="\n")
    return inert("".join(line.rstrip() + "\n" for line in stream.getvalue().split("\n")[:-1]))


def _row(outcome: Outcome, longest: int) -> Text:
    mark, style = MARKS[outcome.status]
    name = clean(outcome.name)
    shown = name if len(name) <= longest else f"{name[: longest - 1]}…"
    return Text.assemble((f"{mark} {shown.ljust(longest)}", style), f"  {outcome.line}")


# --- for programs -------------------------------------------------------------------------------------


def _json(summary: Summary) -> str:
    return json_text(
        {
            "schema": SCHEMA,
            "verdict": summary.status.verdict.value,
            "complete": all(each.report and not each.report.left_out for each in summary.outcomes),
            "duration_s": round(summary.duration_s, 3),
            "reports": [as_json.to_dict(each) for each in summary.reports],
            "errors": [
                {"project": clean(each.name)[:200], "reason": clean(each.error), "exit_code": each.exit_code}
                for each in summary.outcomes
                if each.report is None
            ],
        }
    )


def _junit(summary: Summary) -> str:
    reports = {each.name: each.report for each in summary.outcomes if each.report is not None}
    return as_junit.render_all(f"{len(summary.outcomes)} projects", reports, summary.errors)


def _sarif(summary: Summary) -> str:
    return as_sarif.render_all(summary.reports, summary.line, summary.errors)


# --- for people ---------------------------------------------------------------------------------------


def _markdown(summary: Summary, *, brief: bool = False) -> str:
    lines = [f"## Release checklist: {len(summary.outcomes)} projects", ""]
    lines += [f"**{summary.status.text.upper()}** {markdown(summary.headline)}.", ""]
    lines += ["| | Project | Verdict | Image |", "| --- | --- | --- | --- |"]
    lines += map(_markdown_row, summary.outcomes)
    for each in summary.outcomes:
        if each.report is not None and not each.is_good:
            lines += ["", f"### {markdown(each.name)}", ""]
            lines += _markdown_faults(each.report, evidence_shown=0 if brief else _EVIDENCE_SHOWN)
    return inert("\n".join(lines) + "\n")


def _markdown_row(outcome: Outcome) -> str:
    report = outcome.report
    image = report.image if report else None
    mark, _ = MARKS[outcome.status]
    said = outcome.line if report is None or report.build_error else " ".join(headline(report))
    cells = [mark, markdown(outcome.name), markdown(said), markdown_code(image.id) if image else ""]
    return f"| {' | '.join(map(markdown_cell, cells))} |"


def _markdown_faults(report: Report, *, evidence_shown: int) -> list[str]:
    lines = build_error_lines(report, report.build_error) if report.build_error else []
    repeated = alike(report.proofs)
    for proof in report.proofs:
        if not proof.is_good and proof.id not in repeated:
            lines += item_lines(proof, evidence_shown=evidence_shown)
    return lines


def _html(summary: Summary) -> str:
    from hullproof.report.as_html import environment  # noqa: PLC0415 - other faces need none of its libraries

    page = environment().get_template("several.html")
    marks = {status: mark for status, (mark, _) in MARKS.items()}
    return inert(
        page.render(
            summary=summary, marks=marks, line_of=governing_line, alike=alike, output_shown=OUTPUT_SHOWN
        )
    )


FACES: Mapping[str, Callable[..., str]] = {
    "text": _text,
    "json": _json,
    "markdown": _markdown,
    "html": _html,
    "junit": _junit,
    "sarif": _sarif,
}
"""What renders each of the formats that have several projects in one document."""
