"""What a signed statement claims: which practices stand how, when, and about which image."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from hullproof.evidence.envelope import read_json
from hullproof.evidence.errors import EvidenceError
from hullproof.evidence.reports import fault_of
from hullproof.report.as_statement import NAME, PREDICATES, finished_at, moment, status_of

GOOD = ("proven", "not-applicable")
"""How a practice stands that holds: what `prove` ends well with, an acceptance aside."""

_STATEMENTS = (
    "https://in-toto.io/Statement/v1",
    "https://in-toto.io/Statement/v0.1",
)  # cosign writes the older one


class OtherPredicateError(EvidenceError):
    """A statement that is well signed, about something else than what was asked for."""


@dataclass(frozen=True)
class Claim:
    """What a statement says. `practices` is how each stands; `whole` is whether all is well, and nothing was left out.

    `finished_at` is None where the predicate does not say; `image` and `platform` are given by whole reports alone.
    """

    predicate: str
    practices: Mapping[str, str]
    whole: bool
    why_not: str
    finished_at: datetime | None
    left_out: tuple[str, ...] = ()
    image: Mapping[str, Any] = field(default_factory=dict)

    @property
    def platform(self) -> str | None:
        """The platform of the image that was proven."""
        return self.image.get("platform")


def claim(payload: bytes, predicate: str, digest: str, today: date) -> Claim:
    """Read what a statement claims about the manifest `digest` (64 hex digits), by the predicate asked for.

    The signature was verified before. Raises EvidenceError where it is about another image, and where it cannot be read or
    contradicts itself; OtherPredicateError where its predicate is another one.
    """
    said = read_json(payload)
    if said.get("_type") not in _STATEMENTS:
        raise EvidenceError(f"it is no in-toto statement but {said.get('_type')!r}")
    type_ = said.get("predicateType")
    if type_ != PREDICATES[predicate][0]:
        raise OtherPredicateError(f"its predicate is {type_!r}, not {PREDICATES[predicate][0]}")
    if digest not in _subjects(said.get("subject")):
        about = ", ".join(sorted(each[:12] for each in _subjects(said.get("subject")))) or "nothing"
        raise EvidenceError(f"it is about another image ({about}), not {digest[:12]}")
    body = said.get("predicate")
    if not isinstance(body, dict):
        raise EvidenceError("it has no predicate")
    try:
        return _READERS[predicate](body, today)
    except (KeyError, TypeError, ValueError, AttributeError, IndexError, OverflowError) as error:
        raise EvidenceError(f"its predicate cannot be read ({type(error).__name__}: {error})") from None


def _subjects(value: object) -> set[str]:
    if not isinstance(value, list):
        return set()
    digests = [
        each["digest"] for each in value if isinstance(each, dict) and isinstance(each.get("digest"), dict)
    ]
    return {each["sha256"] for each in digests if isinstance(each.get("sha256"), str)}


def _report(report: Mapping[str, Any], today: date) -> Claim:
    if fault := fault_of(report):
        raise EvidenceError(f"what it holds {fault}")
    if report["image"] is None:
        raise EvidenceError("it is a report without an image: the build failed")
    practices = {each["id"]: _standing_today(each, today) for each in report["proofs"]}
    left_out = tuple(report["left_out"])
    if report["verdict"] == "proven" and any(
        status_of(each) in ("broken", "unproven") for each in report["proofs"]
    ):
        raise EvidenceError("it contradicts itself: its verdict is proven, and one of its proofs is not")
    why_not = _why_not(practices, left_out)
    return Claim(
        "report",
        practices,
        not why_not and "proven" in practices.values(),
        why_not or "nothing was proven",
        moment(finished_at(report)),
        left_out,
        report["image"],
    )


def _standing_today(proof: Mapping[str, Any], today: date) -> str:
    """Return how a practice stands now: an acceptance may have ended since."""
    how = status_of(proof)
    return "broken" if how == "accepted" and date.fromisoformat(proof["accepted"]["until"]) < today else how


def _test_result(body: Mapping[str, Any], _today: date) -> Claim:
    run = body["configuration"][0]
    if run.get("name") != NAME:
        raise EvidenceError(f"it is the result of other tests ({run.get('name')!r}), not of {NAME}")
    practices: dict[str, str] = {}
    for list_, how in (("passedTests", "proven"), ("warnedTests", "unproven"), ("failedTests", "broken")):
        for each in body.get(list_) or ():
            if practices.setdefault(str(each), how) != how:
                raise EvidenceError(f"it contradicts itself: {each} is in two of its lists")
    bad = [name for name, how in practices.items() if how != "proven"]
    if body["result"] == "PASSED" and bad:
        raise EvidenceError("it contradicts itself: its result is PASSED, and one of its tests did not pass")
    said = run.get("annotations") or {}
    left_out = tuple(map(str, said.get("notAskedFor") or ()))
    return Claim(
        "test-result",
        practices,
        body["result"] == "PASSED" and bool(practices),
        _why_not(practices, left_out) or f"its result is {body['result']}",
        moment(said["finishedAt"]) if "finishedAt" in said else None,
        left_out,
    )


def _svr(body: Mapping[str, Any], _today: date) -> Claim:
    if not str(body["verifier"]["id"]).startswith(f"urn:{NAME}:"):
        raise EvidenceError(f"it is the result of another verifier ({body['verifier']['id']!r})")
    properties = [
        str(each).removeprefix("HULLPROOF_").lower().replace("_", "-") for each in body["properties"]
    ]
    practices = {each: "proven" for each in properties if each != "proven"}
    return Claim(
        "svr",
        practices,
        "proven" in properties,
        "it does not say that all is proven",
        moment(body["timeCreated"]),
    )


def _why_not(practices: Mapping[str, str], left_out: tuple[str, ...]) -> str:
    bad = [f"{name} is {how}" for name, how in practices.items() if how not in (*GOOD, "accepted")]
    return ", ".join([*bad, *(f"{each} was not asked for" for each in left_out)])


_READERS: Mapping[str, Callable[[Mapping[str, Any], date], Claim]] = {
    "report": _report,
    "test-result": _test_result,
    "svr": _svr,
}

READ = tuple(_READERS)
"""The predicates that can be verified."""
