"""What came of several projects that were proven in one command."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from hullproof.model import Report, Status, deciding
from hullproof.report.places import distinct
from hullproof.report.reading import build_headline, verdict_line
from hullproof.text import clean, duration

_NAMED = 8
"""How many projects are named in one line."""


@dataclass(frozen=True)
class Outcome:
    """What came of one project: its report, or the one line that says why there is none, with the exit code of that."""

    name: str
    report: Report | None = None
    error: str = ""
    exit_code: int = 0

    @property
    def status(self) -> Status:
        """How the project stands; of what there is no report of, nothing is known."""
        return Status.UNPROVEN if self.report is None else self.report.status

    @property
    def is_good(self) -> bool:
        """Whether the project may be released."""
        return self.status.verdict.is_good

    @property
    def line(self) -> str:
        """What is said of it in one line."""
        if self.report is None:
            return clean(self.error)
        return build_headline(self.report) if self.report.build_error else verdict_line(self.report)

    def status_of(self, practice: str) -> Status | None:
        """How a practice stands; None where it was not asked for."""
        proofs = self.report.proofs if self.report else ()
        return next((each.status for each in proofs if each.id == practice), None)


@dataclass(frozen=True)
class Summary:
    """All of them, in the order in which they were named, and how many seconds it took."""

    outcomes: tuple[Outcome, ...]
    duration_s: float

    @property
    def status(self) -> Status:
        """How they stand together."""
        return deciding([each.status for each in self.outcomes])

    @property
    def reports(self) -> list[Report]:
        """The reports that there are."""
        return [each.report for each in self.outcomes if each.report is not None]

    @property
    def errors(self) -> Mapping[str, str]:
        """Why there is no report, by the names of the projects that have none."""
        return {each.name: each.error for each in self.outcomes if each.report is None}

    @property
    def practices(self) -> Mapping[str, str]:
        """Each practice that was asked for, with its title, in the reports' order."""
        return {proof.id: proof.title for report in self.reports for proof in report.proofs}

    @property
    def headline(self) -> str:
        """Of how many projects the verdict is said, and which: `2 of 50 projects: api, web (48 proven)`."""
        groups: dict[Status, list[str]] = {}
        for each in self.outcomes:
            groups.setdefault(each.status, []).append(clean(each.name))
        first = groups.pop(self.status)
        named = "" if self.status is Status.PROVEN else f": {_some(first)}"
        rest = [
            f"{len(names)} {status.text}" + ("" if status is Status.PROVEN else f": {_some(names)}")
            for status, names in groups.items()
        ]
        is_whole = not any(each.left_out for each in self.reports)
        rest += [] if is_whole else ["of a part of the practices"]
        return f"{len(first)} of {len(self.outcomes)} projects{named}" + (
            f" ({'; '.join(rest)})" if rest else ""
        )

    @property
    def line(self) -> str:
        """What is said of them all in one line."""
        return f"{self.status.text.upper()} {self.headline}, in {duration(self.duration_s)}"


def _some(names: Sequence[str]) -> str:
    more = len(names) - _NAMED
    return ", ".join(names[:_NAMED]) + (f" and {more} more" if more > 0 else "")


def called(outcomes: Sequence[Outcome]) -> list[Outcome]:
    """Number the later ones of those whose projects are called alike, as their files are."""
    names = distinct([each.name for each in outcomes])
    return [replace(each, name=name) for each, name in zip(outcomes, names, strict=True)]
