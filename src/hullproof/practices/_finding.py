"""What a practice hands back, and the case it collects on the way there."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import NoReturn

from hullproof.model import Evidence, Verdict

MOST_EVIDENCE = 12
MOST_FAULTS_NAMED = 3


@dataclass(frozen=True)
class Finding:
    """The verdict of one practice. `summary` is one sentence; `remedy` is None for the practice's usual one.

    `usual_too`: of several faults some have no remedy of their own, so the usual one belongs before `remedy`.
    """

    verdict: Verdict
    summary: str
    evidence: tuple[Evidence, ...] = ()
    remedy: str | None = None
    usual_too: bool = False


class MissingFact(Exception):  # noqa: N818 - no error: a practice says that it cannot go on without a fact
    """A practice needs a fact that it was handed as None. The judge knows why it is None."""


def missing(fact: str) -> NoReturn:
    """Stop: without this fact the practice cannot be judged, and nothing seen so far shows it broken."""
    raise MissingFact(fact)


@dataclass(frozen=True)
class _Point:
    """One thing to say, with its evidence. `text` is a clause: no capital letter, no full stop."""

    text: str
    evidence: tuple[Evidence, ...]
    remedy: str | None = None


@dataclass
class Case:
    """Collects what speaks against a practice, what could not be seen, and what was seen beside it.

    One fault makes it broken, whatever else could not be seen. Without faults one doubt makes it unproven:
    unknown is not good. Clauses are joined to one sentence, so they begin small and end without a stop.
    """

    _faults: list[_Point] = field(default_factory=list)
    _doubts: list[_Point] = field(default_factory=list)
    _shown: list[Evidence] = field(default_factory=list)

    def broken(self, clause: str, *evidence: Evidence, remedy: str | None = None) -> None:
        """Say that the practice is shown not to hold. The first evidence should name the line to fix."""
        self._faults.append(_Point(clause, evidence, remedy))

    def doubt(self, clause: str, *evidence: Evidence, remedy: str | None = None) -> None:
        """Say what could not be observed."""
        self._doubts.append(_Point(clause, evidence, remedy))

    def show(self, *evidence: Evidence) -> None:
        """Say what was seen, without judging it."""
        self._shown += evidence

    @property
    def is_broken(self) -> bool:
        """Whether a fault is known already."""
        return bool(self._faults)

    def finding(self, proven: str) -> Finding:
        """Close the case. `proven` is the clause for the good end."""
        points = self._faults or self._doubts
        evidence = bounded([point.evidence for point in points], tuple(self._shown))
        if not points:
            return Finding(Verdict.PROVEN, sentence(proven), evidence)
        remedies = dict.fromkeys(point.remedy for point in points if point.remedy)
        return Finding(
            Verdict.BROKEN if self._faults else Verdict.UNPROVEN,
            sentence(*(point.text for point in points)),
            evidence,
            " ".join(remedies) or None,
            usual_too=not all(point.remedy for point in points),
        )


def not_applicable(reason: str, *evidence: Evidence) -> Finding:
    """Say that the practice does not concern this project."""
    return Finding(Verdict.NOT_APPLICABLE, sentence(reason), evidence)


def unproven(reason: str, *evidence: Evidence) -> Finding:
    """Say that it could not be shown either way."""
    return Finding(Verdict.UNPROVEN, sentence(reason), evidence)


def sentence(*clauses: str) -> str:
    """Make one sentence of clauses, the first few in full and the rest as a number."""
    named = [clause.rstrip(". ") for clause in dict.fromkeys(clauses)]
    rest = len(named) - MOST_FAULTS_NAMED
    named = named[:MOST_FAULTS_NAMED] + ([f"and {rest} more, see the evidence"] if rest > 0 else [])
    text = "; ".join(named)
    # A name keeps its case: `id_rsa` and `docker/Dockerfile:6` are spelled as they are.
    begins_with_word = re.match(r"[a-z]+(?:[ ,;:]|$)", text) is not None
    return f"{text[:1].upper() if begins_with_word else text[:1]}{text[1:]}."


def bounded(groups: list[tuple[Evidence, ...]], shown: tuple[Evidence, ...]) -> tuple[Evidence, ...]:
    """Keep each fault's first evidence, and say how much more there is: a report is read by people."""
    share = max(2, (MOST_EVIDENCE - 2) // max(1, len(groups)))
    kept = [item for group in groups for item in _cut(group, share)]
    room = max(1, MOST_EVIDENCE - len(kept))
    return tuple(_cut(tuple(dict.fromkeys(kept)), MOST_EVIDENCE)) + tuple(_cut(shown, room))


def _cut(items: tuple[Evidence, ...], most: int) -> list[Evidence]:
    if len(items) <= most:
        return list(items)
    last = items[most - 1]
    rest = Evidence(last.source, last.where, f"and {len(items) - most + 1} more like it")
    return [*items[: most - 1], rest]


def listed(names: list[str] | tuple[str, ...], most: int = 4) -> str:
    """Name a few and count the rest: `a, b, c and 9 more`."""
    unique = list(dict.fromkeys(names))
    if len(unique) <= most:
        return ", ".join(unique)
    return f"{', '.join(unique[: most - 1])} and {len(unique) - most + 1} more"
