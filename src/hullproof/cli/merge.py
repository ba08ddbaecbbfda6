"""`hullproof merge`: the reports of a matrix as one checklist and one page."""

from __future__ import annotations

from pathlib import Path

import click

from hullproof.errors import UsageError
from hullproof.evidence.reports import read_report
from hullproof.report.as_matrix import render_html, render_markdown
from hullproof.report.matrix import Matrix
from hullproof.report.places import require_place, write_file
from hullproof.terminal import say
from hullproof.text import inert


@click.command()
@click.argument("reports", metavar="REPORT...", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "--output",
    "outputs",
    multiple=True,
    type=click.Path(path_type=Path),
    help="Write the checklist (.md) or the page (.html) to this file; stdout then gets nothing. Repeatable.",
)
def merge(reports: tuple[Path, ...], outputs: tuple[Path, ...]) -> int:
    """Make one checklist of each REPORT (JSON, as prove writes it), and say what differs between them.

    Ends with 0 where every report is proven, else with 1.

    \b
    Examples:
      hullproof merge reports/*.json
      hullproof merge amd64.json arm64.json --output checklist.md --output matrix.html
    """  # noqa: D301 - click's mark is the character, not its name
    faces = {".md": render_markdown, ".html": render_html}
    for each in outputs:
        if each.suffix.lower() not in faces:
            raise UsageError(f"{each}: no format has this ending; use {' or '.join(faces)}")
        require_place(each)
    cells = [read_report(each) for each in reports]
    for at, cell in enumerate(cells):
        if cell in cells[:at]:
            raise UsageError(
                f"{reports[at]}: is the same report as {reports[cells.index(cell)]}; give it once"
            )
    matrix = Matrix.of(cells)
    if not outputs:
        click.echo(render_markdown(matrix), nl=False)
    for each in outputs:
        write_file(each, faces[each.suffix.lower()](matrix))
        say(inert(f"matrix: {each}"))
    if outputs:
        say(f"{matrix.status.text.upper()} {matrix.headline}")
    return 0 if matrix.status.verdict.is_good else 1
