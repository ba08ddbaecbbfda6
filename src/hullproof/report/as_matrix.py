"""Several reports as one checklist (Markdown) and as one page (HTML)."""

from __future__ import annotations

from collections.abc import Sequence

from hullproof.report.as_html import environment
from hullproof.report.matrix import Matrix
from hullproof.text import inert, markdown, markdown_cell, markdown_code

_MARKS = {
    "proven": "✓",
    "broken": "✗",
    "unproven": "?",
    "accepted": "!",
    "not-applicable": "-",
    "not asked for": "",
}


def render_markdown(matrix: Matrix) -> str:
    """Return the checklist of a release: what it is about, a tick for each practice that holds everywhere, what differs."""
    lines = [f"## Release checklist: {markdown(matrix.name)}", ""]
    lines += [f"**{matrix.status.text.upper()}** {matrix.headline}.", ""]
    lines += _table(matrix)
    for practice, title in matrix.practices.items():
        tick = "x" if matrix.holds(practice) else " "
        lines.append(
            f"- [{tick}] **{markdown(title)}** ({markdown_code(practice)}){_where(matrix, practice)}"
        )
    if len(matrix.cells) > 1:
        lines += ["", "### What differs", "", *_differences(matrix)]
    return inert("\n".join(lines) + "\n")


def _table(matrix: Matrix) -> list[str]:
    labels = [each.label for each in matrix.cells] if len(matrix.cells) > 1 else [""]
    return [
        _row("", [markdown(each) for each in labels]),
        _row("---", ["---"] * len(labels)),
        *(
            _row(name, [markdown_code(text) if text else "" for text in texts])
            for name, texts, _ in matrix.rows()
        ),
        "",
    ]


def _row(first: str, rest: Sequence[str]) -> str:
    return f"| {' | '.join(map(markdown_cell, (first, *rest)))} |"


def _where(matrix: Matrix, practice: str) -> str:
    """Say how a practice stands, and in which cells, where it is not proven in all."""
    by: dict[str, list[str]] = {}
    for cell in matrix.cells:
        by.setdefault(cell.status(practice), []).append(cell.label)
    if set(by) == {"proven"}:
        return ""
    if len(by) == 1:
        return f": {next(iter(by)).replace('-', ' ')}"
    parts = [
        f"{how.replace('-', ' ')} in {markdown(', '.join(cells))}"
        for how, cells in by.items()
        if how != "proven"
    ]
    return f": {'; '.join(parts)}"


def _differences(matrix: Matrix) -> list[str]:
    lines = [
        f"- {markdown_code(practice)}, {markdown(cell.label)}: {markdown(proof['summary'])}"
        for practice in matrix.differing()
        for cell in matrix.cells
        if cell.status(practice) != "proven" and (proof := cell.proof(practice))
    ]
    expected = ("Digest", "Image", "Platform", "Base", "Base digest", "Proven at", "Verdict")
    lines += [
        f"- {name}: {', '.join(map(markdown_code, dict.fromkeys(filter(None, texts))))}"
        for name, texts, alike in matrix.rows()
        if not alike and name not in expected and not name.startswith("Statement")
    ]
    return lines or ["Nothing but the images."]


def render_html(matrix: Matrix) -> str:
    """Return the page of a matrix: a row for each practice, a column for each cell. Every text in it is escaped."""
    page = environment().get_template("matrix.html").render(matrix=matrix, marks=_MARKS)
    return inert(page)
