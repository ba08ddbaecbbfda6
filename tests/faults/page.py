"""The results as JSON, and the page that is made from them: docs/reference/reliability.md."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from tests.faults.harness import AREAS, Result, Scenario, scenarios
from tests.faults.tested import TESTED

RESULTS = Path(__file__).with_name("results.json")
PAGE = Path(__file__).parents[2] / "docs" / "reference" / "reliability.md"

_HEAD = (
    "<!-- Made from tests/faults/results.json; see tests/faults/page.py. -->",
    "",
    "# Reliability",
    "",
    "What holds when runs are killed, engines hang, disks fill and input is hostile, and how that is known. A *scenario*",
    "does a thing many times over, at random moments, and counts how often the claim held: `./nox -s faults` runs all of",
    "them at a small size, as CI does, `./nox -s faults -- --nightly` at the size that a night allows. The counts below",
    "are of the last recorded run. What a test shows in one go follows after them.",
)


def read(file: Path = RESULTS) -> dict[str, Result]:
    """Return recorded results by their scenarios' names."""
    if not file.exists():
        return {}
    recorded: list[dict[str, Any]] = json.loads(file.read_text(encoding="utf-8"))
    return {each["name"]: Result(**{**each, "failures": tuple(each["failures"])}) for each in recorded}


def write(results: Iterable[Result], file: Path = RESULTS) -> None:
    """Write results as JSON."""
    ordered = sorted(results, key=lambda result: result.name)
    file.write_text(json.dumps([asdict(each) for each in ordered], indent=2) + "\n", encoding="utf-8")


def record(results: Sequence[Result]) -> None:
    """Put results in the place of older ones, drop those of scenarios that are no more, make the page again."""
    known = {each.name for each in scenarios()}
    merged = read() | {each.name: each for each in results if each.skipped is None}
    write(result for name, result in merged.items() if name in known)
    PAGE.write_text(page(read()), encoding="utf-8")


def page(results: dict[str, Result]) -> str:
    """Write the page: a table for each area, then what a test holds, then what went wrong."""
    lines = list(_HEAD)
    for area in AREAS:
        rows = [_row(each, results.get(each.name)) for each in scenarios() if each.about == area]
        if rows:
            head = ["| what holds | tried | held | |", "| --- | ---: | ---: | --- |"]
            lines += ["", f"## {area}", "", *head, *rows]
    lines += ["", "## What a test holds", "", "| what holds | test |", "| --- | --- |"]
    lines += [f"| {claim} | {_link(test)} |" for claim, test in TESTED]
    lines += ["", "## What went wrong", "", *_failures(results)]
    return "\n".join(lines) + "\n"


def _row(each: Scenario, result: Result | None) -> str:
    if result is None:
        return f"| {each.claim} (`{each.name}`) | | | not recorded yet |"
    figures = "; ".join(f"{name} {value}" for name, value in result.figures.items())
    measured = ", ".join(part for part in (figures, result.at) if part)
    return f"| {each.claim} (`{each.name}`) | {result.tried:,} {each.unit} | {result.held:,} | {measured} |"


def _link(test: str) -> str:
    file, _, name = test.partition("::")
    return f"`{name}` in `{file}`"


def _failures(results: dict[str, Result]) -> Iterator[str]:
    bad = [result for result in results.values() if not result.is_good]
    if not bad:
        yield "Nothing."
    for result in bad:
        yield from (f"- `{result.name}`: {_escaped(failure)}" for failure in result.failures)


def _escaped(text: str) -> str:
    return " ".join(text.split()).replace("<", "&lt;").replace("|", "&#124;")
