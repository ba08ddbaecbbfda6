"""Whether evidence holds: signed by the key, about the image, young enough, and with what is required."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Protocol

from hullproof.errors import UsageError
from hullproof.evidence.claims import GOOD, Claim, OtherPredicateError, claim
from hullproof.evidence.envelope import BUNDLES, ENVELOPE, PAYLOAD
from hullproof.evidence.errors import EvidenceError, UnusableError
from hullproof.evidence.files import read_file
from hullproof.evidence.images import RegistryImage
from hullproof.evidence.registry import Registry, entries
from hullproof.report.as_statement import manifest_digest
from hullproof.text import duration

_AGE = re.compile(r"([1-9][0-9]{0,5})([smhdw])")
_UNITS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400, "w": 604_800}
_CLOCKS_DIFFER_BY = timedelta(minutes=5)
_MOST = 64_000_000


class Signer(Protocol):
    """Who must have signed: a key, or an identity."""

    def opened(self, piece: bytes) -> bytes:
        """Return the payload of what they signed. Raises EvidenceError where they did not."""


@dataclass(frozen=True)
class Demand:
    """What evidence must show: the predicate, the practices (None: all is well and nothing left out), the age at most."""

    predicate: str = "report"
    required: tuple[str, ...] | None = None
    max_age: timedelta | None = None


@dataclass(frozen=True)
class Subject:
    """The image that evidence is about: its manifest's digest (64 hex digits), and more where the registry was asked."""

    digest: str
    image: RegistryImage | None = None


def age(text: str) -> timedelta:
    """Read an age: `30d`, `12h`, `2w`. Raises UsageError for what is none."""
    found = _AGE.fullmatch(text)
    if not found:
        raise UsageError(f"--max-age {text!r} is no age; write it as 30d, 12h or 2w")
    return timedelta(seconds=int(found[1]) * _UNITS[found[2]])


def in_file(path: Path) -> list[bytes]:
    """Return the pieces of evidence in a file: one, or one a line. Raises UsageError where it cannot be read."""
    text = read_file(path, _MOST, option="--evidence")
    lines = [each for each in text.splitlines() if each.strip()]
    return (
        lines
        if len(lines) > 1
        and all(each.strip().startswith(b"{") and each.strip().endswith(b"}") for each in lines)
        else [text]
    )


def in_registry(registry: Registry, digest: str) -> Iterator[bytes]:
    """Return the pieces of evidence that refer to a manifest (`sha256:...`), in whichever form they are kept.

    What is of no use hides nothing: whoever may write to a registry can leave some there. Raises the error of one where all are.
    """
    count, fault = 0, None
    for what in registry.referrers(digest):
        try:
            manifest = registry.manifest(what)
            pieces = [
                registry.blob(str(each.get("digest")))
                for each in entries(manifest.json, "layers")
                if str(each.get("mediaType", "")).startswith((BUNDLES, ENVELOPE, PAYLOAD))
            ]
        except UnusableError as error:
            fault = error if what.startswith("sha256:") else fault
            continue
        count += len(pieces)
        yield from pieces
    if fault and not count:
        raise fault


def verify(pieces: Iterable[bytes], signer: Signer, subject: Subject, demand: Demand, now: datetime) -> str:
    """Return in a line what holds. Raises EvidenceError, a line, where nothing does.

    The newest that is signed and about the image decides, by the time that its signer says: an older and better one is none.
    """
    claims: list[Claim] = []
    faults: list[EvidenceError] = []
    count = 0
    for piece in pieces:
        count += 1
        try:
            claims.append(_claim(piece, signer, subject, demand, now))
        except EvidenceError as error:
            faults.append(error)
    if not claims:
        raise EvidenceError(_nothing(faults, count))
    oldest = datetime.min.replace(tzinfo=timezone.utc)
    newest = max(claims, key=lambda each: each.finished_at or oldest)
    _require(newest, demand, now)
    return _what_holds(newest, demand, now)


def _claim(piece: bytes, signer: Signer, subject: Subject, demand: Demand, now: datetime) -> Claim:
    found = claim(signer.opened(piece), demand.predicate, subject.digest, now.date())
    image = subject.image
    if image is not None and found.image and not image.is_of({"image": found.image}):
        raise EvidenceError(
            f"its report is of another image ({found.image['id']}), whatever its subject says"
        )
    if image is not None and found.platform and image.platform and found.platform != image.platform:
        raise EvidenceError(f"it is about {found.platform}, and the image is for {image.platform}")
    stated = manifest_digest(found.image.get("digest"))
    if image is None and stated and stated != subject.digest:
        raise EvidenceError(f"its report is of another image (sha256:{stated}), whatever its subject says")
    return found


def _nothing(faults: Sequence[EvidenceError], count: int) -> str:
    """Say why there is nothing that holds: the fault that is most about what was asked for."""
    if not count:
        return "no evidence is attached to it; attach some with `hullproof attest`"
    to_the_point = [each for each in faults if not isinstance(each, OtherPredicateError)] or list(faults)
    more = f" (of {count} pieces of evidence, none holds)" if count > 1 else ""
    return f"{to_the_point[0]}{more}"


def _require(found: Claim, demand: Demand, now: datetime) -> None:
    if demand.max_age is not None and found.finished_at is None:
        raise EvidenceError("it does not say when it was proven, and --max-age asks for that")
    if found.finished_at is not None and found.finished_at > now + _CLOCKS_DIFFER_BY:
        raise EvidenceError(
            f"it is of a time to come ({found.finished_at:%Y-%m-%d %H:%M} UTC): a clock is wrong"
        )
    if (
        demand.max_age is not None
        and found.finished_at is not None
        and now - found.finished_at > demand.max_age
    ):
        raise EvidenceError(
            f"it is too old: proven {_ago(now - found.finished_at)} ago, and --max-age is {_ago(demand.max_age)}"
        )
    if demand.required is None:
        if not found.whole:
            raise EvidenceError(f"not all is proven: {found.why_not}")
        return
    lacking = [
        f"{name} is {found.practices[name]}" if name in found.practices else f"it says nothing of {name}"
        for name in demand.required
        if found.practices.get(name) not in GOOD
    ]
    if lacking:
        raise EvidenceError(", ".join(lacking))


def _what_holds(found: Claim, demand: Demand, now: datetime) -> str:
    if demand.required is not None:
        what = f"{', '.join(demand.required)} proven"
    else:
        count = sum(how == "proven" for how in found.practices.values())
        rest = {how for how in found.practices.values() if how != "proven"}
        what = f"{count} of {len(found.practices)} practices proven"
        what += f", the others {' or '.join(sorted(each.replace('-', ' ') for each in rest))}" if rest else ""
    when = f", {_ago(now - found.finished_at)} ago as its signer says" if found.finished_at else ""
    return f"{what}{when} ({found.predicate})"


def _ago(span: timedelta) -> str:
    seconds = max(0.0, span.total_seconds())
    for unit, name in ((_UNITS["d"], "days"), (_UNITS["h"], "h")):
        if seconds >= 2 * unit:
            return f"{seconds / unit:.0f} {name}"
    return duration(seconds)
