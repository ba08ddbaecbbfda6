"""What was measured, as the page that is made from it: docs/reference/performance.md."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks.rows import Row, shown

RESULTS = Path(__file__).with_name("results.json")
PAGE = Path(__file__).parents[1] / "docs" / "reference" / "performance.md"

_HEAD = (
    "<!-- Made from benchmarks/results.json by `./nox -s bench -- --record`; see benchmarks/page.py. -->",
    "",
    "# Performance",
    "",
    "What things cost, beside a floor or a peer that was measured in turn with them in the same run, so that what else the",
    "machine did fell on both: `./nox -s bench` measures all of it again. The figures are medians of the rounds, the ratio is",
    "the median of the rounds' own ratios. An aim that is missed is shown as missed, with what limits it.",
)
_LIMITS = Path(__file__).with_name("limits.md")
"""What limits the figures that miss their aim, by whoever looked into it."""

Recorded = dict[str, Any]


def read(file: Path = RESULTS) -> list[Recorded]:
    """Return what was recorded: a table for each program that measures."""
    found: list[Recorded] = json.loads(file.read_text(encoding="utf-8")) if file.exists() else []
    return found


def record(title: str, where: str, notes: str, rows: Sequence[Row]) -> None:
    """Put what was measured in the place of what was measured of the same things before; make the page again."""
    tables = merged(read(), title, where, notes, rows)
    RESULTS.write_text(json.dumps(tables, indent=2) + "\n", encoding="utf-8")
    PAGE.write_text(page(tables), encoding="utf-8")


def merged(
    tables: Sequence[Recorded], title: str, where: str, notes: str, rows: Sequence[Row]
) -> list[Recorded]:
    """Return the tables with what was measured in the place of the same things, beside the same, measured before."""
    found = {each["title"]: each for each in tables}
    before = found.get(title, {"rows": ()})["rows"]
    new = [_plain(what, row, where) for what, row in _called(rows) if row.ours]
    of_title = {(row["what"], row["beside"]): row for row in (*before, *new)}
    found[title] = {"title": title, "notes": notes.splitlines(), "rows": list(of_title.values())}
    return list(found.values())


def _called(rows: Sequence[Row]) -> Iterator[tuple[str, Row]]:
    """Yield each row with what it is called by itself: one that is indented is a part of the one above."""
    whole = ""
    for row in rows:
        is_part = row.what.startswith(" ")
        whole = whole if is_part else row.what
        yield f"{whole}: {row.what.strip()}" if is_part else row.what, row


def _plain(what: str, row: Row, where: str) -> Recorded:
    return {
        "where": where,
        "what": what,
        "beside": row.beside.strip(),
        "ours": [round(each, 4) for each in row.ours],
        "theirs": [round(each, 4) for each in row.theirs],
        "figure": row.figure,
        "aim": row.aim,
        "met": row.met,
        "unit": row.unit,
    }


def page(tables: Sequence[Recorded]) -> str:
    """Write the page: a table for each program, split where its rows were measured at different times."""
    lines = list(_HEAD)
    for table in tables:
        lines += ["", f"## {table['title']}", "", *(f"{each}\n" for each in table["notes"])]
        for where in dict.fromkeys(row["where"] for row in table["rows"]):
            lines += [
                "| what | ours | beside | its | figure | aim | |",
                "| --- | ---: | --- | ---: | ---: | ---: | --- |",
            ]
            lines += _rows(row for row in table["rows"] if row["where"] == where)
            lines += ["", f"Measured on {where}.", ""]
    if _LIMITS.exists():
        lines += ["", _LIMITS.read_text(encoding="utf-8").strip()]
    return "\n".join(lines).rstrip() + "\n"


def _rows(rows: Iterator[Mapping[str, Any]]) -> Iterator[str]:
    for row in rows:
        met = {None: "", True: "met", False: "**missed**"}[row["met"]]
        cells = (
            row["what"],
            shown(row["ours"], row["unit"]),
            row["beside"],
            shown(row["theirs"], row["unit"]),
            row["figure"],
            row["aim"],
            met,
        )
        yield f"| {' | '.join(cells)} |"
