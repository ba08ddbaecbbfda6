"""Several reports as one: what holds in every cell of a matrix (Python versions by platforms), and what differs between cells."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from hullproof.model import Status, deciding
from hullproof.report.as_statement import Plain, finished_at, status_of


@dataclass(frozen=True)
class Signed:
    """The statements that were made of a report: each one's digest by its predicate's type; and the key that signed them."""

    statements: Mapping[str, str]
    signer: str


@dataclass(frozen=True)
class Cell:
    """One report, and what tells it from the others."""

    label: str
    report: Plain
    signed: Signed | None = None

    @property
    def overall(self) -> Status:
        """How the project stands here."""
        return deciding([Status(status_of(each)) for each in self.report["proofs"]])

    def proof(self, practice: str) -> Plain | None:
        """The proof of a practice; None where it was not asked for."""
        return next((each for each in self.report["proofs"] if each["id"] == practice), None)

    def status(self, practice: str) -> str:
        """How a practice stands here."""
        proof = self.proof(practice)
        return "not asked for" if proof is None else status_of(proof)


@dataclass(frozen=True)
class Matrix:
    """All cells, in the order in which they were given."""

    cells: tuple[Cell, ...]

    @classmethod
    def of(cls, reports: Sequence[Plain], signed: Sequence[Signed | None] = ()) -> Matrix:
        """Put reports side by side, each called by what differs between them."""
        differing = [read for read in _DISTINGUISHING if len({read(each) for each in reports}) > 1]
        labels = [", ".join(read(each) for read in differing) for each in reports]
        whose = [*signed, *(None for _ in reports[len(signed) :])]
        return cls(
            tuple(
                Cell(
                    label if labels.count(label) == 1 and label else f"{label or 'report'} #{number}",
                    each,
                    by,
                )
                for number, (label, each, by) in enumerate(zip(labels, reports, whose, strict=True), 1)
            )
        )

    @property
    def name(self) -> str:
        """What the project is called; all names, where there are several."""
        return ", ".join(dict.fromkeys(each.report["project"]["name"] for each in self.cells))

    @property
    def status(self) -> Status:
        """How the project stands: as the cell that decides."""
        return deciding([each.overall for each in self.cells])

    @property
    def is_whole(self) -> bool:
        """Whether every cell was asked for its whole profile."""
        return not any(each.report["left_out"] for each in self.cells)

    @property
    def practices(self) -> Mapping[str, str]:
        """Each practice with its title, in the order of the reports."""
        return {proof["id"]: proof["title"] for cell in self.cells for proof in cell.report["proofs"]}

    @property
    def headline(self) -> str:
        """In how many cells the verdict holds."""
        count = sum(each.overall is self.status for each in self.cells)
        where = f"in all {count}" if count == len(self.cells) > 1 else f"in {count} of {len(self.cells)}"
        return where + ("" if self.is_whole else ", of a part of the practices")

    def holds(self, practice: str) -> bool:
        """Whether a release may be signed off with a practice, in every cell."""
        return all(each.status(practice) in ("proven", "not-applicable", "accepted") for each in self.cells)

    def differing(self) -> list[str]:
        """Name the practices that do not stand alike in every cell."""
        return [each for each in self.practices if len({cell.status(each) for cell in self.cells}) > 1]

    def rows(self) -> list[tuple[str, list[str], bool]]:
        """Return what the cells are about, row by row: a name, a text for each cell, and whether these are alike.

        Rows of which no cell knows anything are left out.
        """
        table = [(name, [read(each.report) for each in self.cells]) for name, read in _ABOUT]
        signed = [each.signed or Signed({}, "") for each in self.cells]
        table.append(("Signed by", [each.signer for each in signed]))
        table += [
            (f"Statement {kind}", [each.statements.get(kind, "") for each in signed])
            for kind in dict.fromkeys(kind for each in signed for kind in each.statements)
        ]
        return [(name, texts, len(set(texts)) == 1) for name, texts in table if any(texts)]


def _of(*path: str) -> Callable[[Plain], str]:
    """Return what reads a text deep in a report, empty where it is not there."""

    def read(report: Plain) -> str:
        value: Any = report
        for each in path:
            value = (value or {}).get(each)
        return "" if value is None else str(value)

    return read


def _engine(report: Plain) -> str:
    engine = report.get("engine") or {}
    return f"{engine['name']} {engine['version']}" if engine.get("name") else ""


_DISTINGUISHING = (
    _of("project", "name"),
    _of("image", "base"),
    _of("image", "platform"),
    _of("project", "target"),
    _engine,
    _of("profile"),
)
"""What cells are called by, as far as it differs."""

_ABOUT = (
    ("Verdict", _of("verdict")),
    ("Digest", _of("image", "digest")),
    ("Image", _of("image", "id")),
    ("Platform", _of("image", "platform")),
    ("Base", _of("image", "base")),
    ("Base digest", _of("image", "base_digest")),
    ("Revision", _of("project", "revision")),
    ("Dockerfile's SHA-256", _of("project", "dockerfile_sha256")),
    ("Engine", _engine),
    ("Hullproof", _of("hullproof_version")),
    ("Profile", _of("profile")),
    ("Proven at", finished_at),
)
