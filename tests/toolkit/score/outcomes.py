"""What `prove` said of a case, held against what is right; and the records that outcomes are kept in."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hullproof.model import Verdict
from tests.toolkit.cases.catalogue import CASES, Case
from tests.toolkit.cases.frozen import FROZEN

EVERY: Mapping[str, Case] = {case.id: case for case in (*CASES, *FROZEN)}
"""Both parts of the corpus, by id."""

RECORDS = Path(__file__).with_name("records.jsonl")
"""The records that the page is made from."""

Row = dict[str, Any]
"""A record: `what` was measured (verdicts, repeats, load, fixes) and of which case, `id`; the rest is the measure's own."""


@dataclass(frozen=True)
class Outcome:
    """What `prove` said of one case."""

    case: Case
    verdicts: Mapping[str, Verdict]
    summaries: Mapping[str, str]
    seconds: float
    error: str | None = None

    @property
    def caught(self) -> bool:
        """Whether anything was found broken."""
        return Verdict.BROKEN in self.verdicts.values()

    @property
    def named_right(self) -> bool:
        """Whether the practice that was sabotaged was found broken."""
        return self.case.practice is not None and self.verdicts.get(self.case.practice) is Verdict.BROKEN

    @property
    def false_alarms(self) -> list[str]:
        """Practices accused that the case does not break."""
        return self._others(Verdict.BROKEN, self.case.also_expected)

    @property
    def unknown(self) -> list[str]:
        """Practices left unproven that can be shown in this case."""
        return self._others(Verdict.UNPROVEN, self.case.may_be_unproven | self.case.also_expected)

    @property
    def is_right(self) -> bool:
        """Whether all of it is as it should be."""
        named = self.case.practice is None or self.named_right
        return self.error is None and named and not self.false_alarms and not self.unknown

    @property
    def line(self) -> str:
        """Say in one line how it went."""
        if self.is_right:
            return f"right  {self.case.id}"
        parts = [f"WRONG  {self.case.id}"]
        name = self.case.practice
        if self.error:
            parts.append(self.error)
        elif name and not self.named_right:
            verdict = self.verdicts.get(name)
            parts.append(f"{name} is {verdict.value if verdict else 'missing'}: {self.summaries.get(name)}")
        parts += [f"false alarm {each}: {self.summaries[each]}" for each in self.false_alarms]
        parts += [f"unproven {each}: {self.summaries[each]}" for each in self.unknown]
        return " | ".join(parts)

    def _others(self, verdict: Verdict, expected: frozenset[str]) -> list[str]:
        own = self.case.practice
        return [
            name for name, seen in self.verdicts.items() if seen is verdict and name not in expected | {own}
        ]

    def as_row(self) -> Row:
        """Write it as a record's own part."""
        verdicts = {name: verdict.value for name, verdict in self.verdicts.items()}
        seen = {"verdicts": verdicts, "summaries": dict(self.summaries)}
        return {**seen, "seconds": round(self.seconds, 1), "error": self.error}


def outcome_of(row: Row) -> Outcome:
    """Read an outcome back from its record."""
    verdicts = {name: Verdict(verdict) for name, verdict in row["verdicts"].items()}
    return Outcome(EVERY[row["id"]], verdicts, row["summaries"], row["seconds"], row["error"])


def read(*files: Path) -> list[Row]:
    """Read records, those left out whose case is no more."""
    lines = [line for file in files if file.exists() for line in file.read_text("utf-8").splitlines()]
    rows: list[Row] = [json.loads(line) for line in lines if line.strip()]
    return [row for row in rows if row["id"] in EVERY or row["what"] == "fixes"]


def add(file: Path | None, row: Row) -> None:
    """Add a record to a file, if there is one."""
    if file is None:
        return
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("a", encoding="utf-8") as stream:
        stream.write(json.dumps(row) + "\n")


def keep(rows: Iterable[Row], file: Path = RECORDS) -> None:
    """Put records in the place of older ones that measured the same of the same case."""
    new = list(rows)
    measured = {(row["what"], row["id"]) for row in new}
    old = [row for row in read(file) if (row["what"], row["id"]) not in measured]
    ordered = sorted([*old, *new], key=lambda row: (row["what"], row["id"], row.get("round", 0)))
    file.write_text("".join(json.dumps(row, sort_keys=True) + "\n" for row in ordered), encoding="utf-8")
