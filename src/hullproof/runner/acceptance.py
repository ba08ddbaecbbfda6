"""What a project accepts as broken for a while: put to its proofs, and said when it is time to think again."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import date

from hullproof.model import Acceptance, Proof, Verdict
from hullproof.project.config import Accepted

NOTICE_DAYS = 14
"""An acceptance that ends within this many days is spoken of: time to fix what it covers."""


def accepted(proofs: Iterable[Proof], entries: Sequence[Accepted], today: date) -> tuple[Proof, ...]:
    """Return the proofs, those that are broken and accepted marked so; expired ones are marked as expired."""
    by_practice = {each.practice: each for each in entries}
    return tuple(_marked(proof, by_practice.get(proof.id), today) for proof in proofs)


def _marked(proof: Proof, entry: Accepted | None, today: date) -> Proof:
    if entry is None or proof.verdict is not Verdict.BROKEN:
        return proof
    return replace(proof, accepted=Acceptance(entry.reason, entry.until, expired=entry.until < today))


def remarks(proofs: Iterable[Proof], entries: Sequence[Accepted], today: date) -> Iterator[str]:
    """Say, a line each, which acceptances have expired, end soon, or are not needed any more.

    Those of practices that were not asked for are not spoken of.
    """
    verdicts = {proof.id: proof.verdict for proof in proofs}
    for entry in entries:
        verdict = verdicts.get(entry.practice)
        if verdict is None:
            continue
        days_left = (entry.until - today).days
        if verdict.is_good:
            yield f"{entry.practice} is {verdict.text}: its entry in `accept` is no longer needed"
        elif days_left < 0:
            yield f"{entry.practice} was accepted as broken until {entry.until}, and counts again"
        elif days_left <= NOTICE_DAYS:
            left = "1 more day" if days_left == 1 else f"{days_left} more days" if days_left else "today only"
            yield f"{entry.practice} is accepted as broken for {left}, until {entry.until}"
