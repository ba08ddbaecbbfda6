"""Bad evidence, of every kind that was thought of: each is refused, with its right reason, in one line."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from hullproof.evidence.envelope import PAYLOAD, pre_authentication_encoding
from hullproof.evidence.errors import EvidenceError
from hullproof.evidence.keys import public_key
from hullproof.evidence.verifying import Demand, Subject, verify
from hullproof.report.as_statement import PREDICATES

from .pieces import (
    DIGEST,
    NOW,
    envelope,
    proofs,
    report,
    sign,
    signatures,
    signed,
    statement,
    without,
    write_keys,
)

Make = Callable[[], bytes]
OTHER = "9f" * 32
NOT_SIGNED, CHANGED = "it is not signed", "its signature is not of this key, or it was changed since"
UNREADABLE = "it cannot be read: "


def case(name: str, make: Make, why: str, **demand: Any) -> Any:  # noqa: ANN401 - pytest's
    """One bad piece, what is to be said of it, and what was asked for."""
    return pytest.param(make, why, Demand(**demand), id=name)


def _payload(change: Callable[[bytes], bytes]) -> bytes:
    """Return good evidence whose payload was changed after it was signed."""
    good = envelope(statement())
    changed = change(base64.b64decode(good["payload"]))
    return json.dumps({**good, "payload": base64.b64encode(changed).decode()}).encode()


def _swapped(old: str, new: str) -> Make:
    return partial(_payload, lambda payload: payload.replace(old.encode(), new.encode(), 1))


def _flipped(at: int) -> Make:
    def flip(payload: bytes) -> bytes:
        place = len(payload) * at // 12
        return payload[:place] + bytes([payload[place] ^ 1]) + payload[place + 1 :]

    return partial(_payload, flip)


PAYLOADS = [
    *(case(f"a bit in the {n}th part", _flipped(n), CHANGED) for n in range(12)),
    case("a verdict", _swapped('"proven"', '"broken"'), CHANGED),
    case("the subject", _swapped(DIGEST, OTHER), CHANGED),
    case("the date", _swapped("2026-11-23", "2026-11-24"), CHANGED),
    case("the type of the predicate", _swapped("urn:hullproof:report:1", "urn:hullproof:report:2"), CHANGED),
    case("a space more", partial(_payload, lambda payload: payload + b" "), CHANGED),
    case("a byte less", partial(_payload, lambda payload: payload[:-1]), CHANGED),
    case("nothing left", lambda: signed(statement(), payload=""), "its payload is missing"),
    case(
        "no payload",
        lambda: json.dumps(without(envelope(statement()), "payload")).encode(),
        "it is no DSSE envelope",
    ),
    case("a number for it", lambda: signed(statement(), payload=5), "its payload is missing"),
    case("no base64", lambda: signed(statement(), payload="%%%%"), "its payload is no base64"),
]

TYPES = [
    case(
        f"a payload of the type {each!r}",
        partial(signed, statement(), payloadType=each),
        "its payload is no in-toto statement but",
    )
    for each in (
        "",
        "application/json",
        "application/vnd.in-toto+json;v=1",
        "APPLICATION/VND.IN-TOTO+JSON",
        None,
        ["x"],
    )
]


def _truncated(parts: int) -> bytes:
    whole = signed(statement())
    return whole[: len(whole) * parts // 8]


SHAPES = [
    *(case(f"{n} eighths of it", partial(_truncated, n), UNREADABLE) for n in range(8)),
    case("an array", lambda: b"[]", UNREADABLE),
    case("null", lambda: b"null", UNREADABLE),
    case("no UTF-8", lambda: b"\xff\xfe{}", UNREADABLE),
    case("depth without end", lambda: b'{"a":' * 200_000, UNREADABLE),
    case("an empty object", lambda: b"{}", "it is no DSSE envelope"),
    case(
        "a field twice",
        lambda: signed(statement()).replace(b'"payloadType"', b'"payloadType": "x", "payloadType"', 1),
        UNREADABLE + "a field is there twice",
    ),
    case("a report, bare", lambda: json.dumps(report()).encode(), "it is no DSSE envelope"),
    case("a statement, bare", lambda: json.dumps(statement()).encode(), NOT_SIGNED),
    case("an envelope without signatures", lambda: signed(statement(), signatures=[]), NOT_SIGNED),
    case(
        "signatures that are none",
        lambda: signed(statement(), signatures="x"),
        "its signatures cannot be read",
    ),
    case(
        "a signature that is none",
        lambda: signed(statement(), signatures=["x"]),
        "its signatures cannot be read",
    ),
    case(
        "a signature without itself", lambda: signed(statement(), signatures=[{}]), "its signature is missing"
    ),
    case(
        "a signature of nothing",
        lambda: signed(statement(), signatures=signatures(b"")),
        "its signature is missing",
    ),
    case(
        "two signatures, one of them right",
        lambda: signed(statement(), signatures=[*envelope(statement())["signatures"], *signatures(b"x")]),
        "it has 2 signatures, and one is expected",
    ),
    case(
        "the right signature twice",
        lambda: signed(statement(), signatures=envelope(statement())["signatures"] * 2),
        "it has 2 signatures, and one is expected",
    ),
    case(
        "a bundle of a message's signature",
        lambda: json.dumps(
            {"mediaType": "application/vnd.dev.sigstore.bundle.v0.3+json", "messageSignature": {}}
        ).encode(),
        "it is no DSSE envelope",
    ),
    case(
        "a bundle of something else",
        lambda: json.dumps(
            {"mediaType": "application/vnd.dev.sigstore.bundle.v0.3+json", "dsseEnvelope": "x"}
        ).encode(),
        "it is no DSSE envelope",
    ),
]


def _by(
    kind: str, number: int, how: str = "", encode: Callable[[bytes], bytes] = pre_authentication_encoding
) -> bytes:
    payload = json.dumps(statement()).encode()
    return signed(payload, signatures=signatures(sign(encode(payload), kind, number, how=how)))


def _another_type(payload: bytes) -> bytes:
    """Encode it as of another type."""
    return pre_authentication_encoding(payload).replace(b"28 " + PAYLOAD.encode(), b"16 application/json")


KEYS = [
    *(
        case(f"signed by another {kind} key", partial(_by, kind, 1), CHANGED)
        for kind in ("p256", "p384", "p521", "ed25519", "rsa")
    ),
    case("signed by the right key, another hash", partial(_by, "p256", 0, "sha384"), CHANGED),
    case("the payload signed without its type", partial(_by, "p256", 0, "", bytes), CHANGED),
    case("the payload signed as of another type", partial(_by, "p256", 0, "", _another_type), CHANGED),
    case(
        "the signature of another statement",
        lambda: signed(statement(), signatures=envelope(report())["signatures"]),
        CHANGED,
    ),
    case(
        "a signature that is too long",
        lambda: signed(statement(), signatures=signatures(b"\x30" * 500)),
        CHANGED,
    ),
    case("a signature of zeros", lambda: signed(statement(), signatures=signatures(bytes(64))), CHANGED),
    case(
        "r and s of zero",
        lambda: signed(statement(), signatures=signatures(bytes.fromhex("3006020100020100"))),
        CHANGED,
    ),
]


def _said(**changes: Any) -> Make:  # noqa: ANN401 - JSON
    return lambda: signed(statement(**changes))


SUBJECTS = [
    case(f"about {name}", _said(subject=subject), "it is about another image")
    for name, subject in {
        "another image": [{"digest": {"sha256": OTHER}}],
        "the image's configuration": [{"digest": {"sha256": "3c" * 32}}],
        "a digest in capitals": [{"digest": {"sha256": DIGEST.upper()}}],
        "a digest with its algorithm": [{"digest": {"sha256": f"sha256:{DIGEST}"}}],
        "the beginning of a digest": [{"digest": {"sha256": DIGEST[:32]}}],
        "a digest of another algorithm": [{"digest": {"sha512": DIGEST}}],
        "a name alone": [{"name": f"shop@sha256:{DIGEST}"}],
        "nothing": [],
        "null": None,
        "a text": DIGEST,
        "texts": [DIGEST],
        "a digest that is a text": [{"digest": DIGEST}],
        "a digest that is a list": [{"digest": {"sha256": [DIGEST]}}],
    }.items()
]

STATEMENTS = [
    *(
        case(f"a statement of the type {each!r}", _said(_type=each), "it is no in-toto statement but")
        for each in ("https://in-toto.io/Statement/v2", "https://in-toto.io/Statement/v1 ", "", None, 1)
    ),
    case("signed text", lambda: signed(b"proven"), UNREADABLE),
    case("a signed list", lambda: signed([]), UNREADABLE),
    case(
        "a signed report that is no statement",
        lambda: signed(report()),
        "it is no in-toto statement but None",
    ),
    case(
        "a subject twice",
        lambda: signed(json.dumps(statement()).replace('"subject"', '"subject": [], "subject"', 1).encode()),
        UNREADABLE + "a field is there twice",
    ),
    *(
        case(f"a predicate of the type {each!r}", _said(predicateType=each), "its predicate is ")
        for each in (
            "urn:hullproof:report:2",
            "https://slsa.dev/provenance/v1",
            "https://cosign.sigstore.dev/attestation/v1",
            "",
            None,
        )
    ),
    case(
        "a test result where a report was asked for",
        lambda: signed(statement(kind="test-result")),
        "its predicate is ",
    ),
    case(
        "a report passed off as a test result",
        lambda: signed(statement(report(), kind="test-result")),
        "its predicate cannot be read",
        predicate="test-result",
    ),
    case("no predicate", lambda: signed(without(statement(), "predicate")), "it has no predicate"),
    case("a predicate that is a text", _said(predicate="proven"), "it has no predicate"),
]


def _reported(**changes: Any) -> Make:  # noqa: ANN401 - JSON
    return lambda: signed(statement(report(**changes)))


REPORTS = [
    *(
        case(f"a report of {each!r}", _reported(schema=each), "is a report of another version")
        for each in ("hullproof.report/2", "hullproof.report/0", "hullproof.report/1.1", "")
    ),
    case("a report of no version", _reported(schema=None), "is no report of Hullproof's"),
    *(
        case(f"a report without {'.'.join(map(str, path))}", partial(lambda path: signed(statement(without(report(), *path))), path), "is no whole report")
        for path in (
            ("proofs",), ("verdict",), ("left_out",), ("started_at",), ("duration_s",), ("image",), ("project",), ("hullproof_version",),
            ("proofs", 0, "id"), ("proofs", 0, "verdict"), ("proofs", 0, "duration_s"),
        )
    ),
    case("no proofs", _reported(proofs=[]), "is no whole report"),
    case("a practice twice", _reported(proofs=proofs("proven") * 2), "a practice is in it twice"),
    case("a verdict that is none", _reported(proofs=proofs("excellent")), "is no verdict"),
    case("a build that failed", _reported(image=None), "it is a report without an image"),
    case("a time that is none", _reported(started_at="yesterday"), "is no whole report"),
    case("a duration that is none", lambda: signed(json.dumps(statement(report())).replace('"duration_s": 9.96', '"duration_s": NaN').encode()), "NaN is no JSON"),
    case("a duration without end", _reported(duration_s=10**12), "is no whole report"),
    case("a verdict that its proofs do not have", _reported(proofs=proofs("proven", "broken")), "it contradicts itself"),
    case("the report of another image", _reported(image__digest=f"sha256:{OTHER}"), "its report is of another image"),
]  # fmt: skip

OUTCOMES = [
    case(
        "a part of the profile",
        _reported(left_out=["test-gate"]),
        "not all is proven: test-gate was not asked for",
    ),
    case(
        "something broken",
        _reported(verdict="broken", proofs=proofs("broken")),
        "not all is proven: a is broken",
    ),
    case(
        "something unproven",
        _reported(verdict="unproven", proofs=proofs("proven", "unproven")),
        "not all is proven: b is unproven",
    ),
    case(
        "nothing that applies",
        _reported(verdict="unproven", proofs=proofs("not-applicable")),
        "not all is proven: nothing was proven",
    ),
    case(
        "an acceptance that ended since",
        _reported(
            proofs=[
                *proofs("proven"),
                {
                    **proofs("proven", "broken")[1],
                    "accepted": {"reason": "x", "until": "2026-11-24", "expired": False},
                },
            ]
        ),
        "not all is proven: b is broken",
    ),
    case(
        "a practice that is not there", _reported(), "it says nothing of test-gate", required=("test-gate",)
    ),
    case(
        "a practice that is broken",
        _reported(verdict="broken", proofs=proofs("broken")),
        "a is broken",
        required=("a",),
    ),
    case(
        "a practice that is unproven",
        _reported(verdict="unproven", proofs=proofs("unproven")),
        "a is unproven",
        required=("a",),
    ),
    case(
        "a practice that is accepted as broken",
        _reported(
            proofs=[
                *proofs("proven"),
                {
                    **proofs("proven", "broken")[1],
                    "accepted": {"reason": "x", "until": "2027-11-24", "expired": False},
                },
            ]
        ),
        "b is accepted",
        required=("b",),
    ),
    case(
        "too old",
        _reported(),
        "it is too old: proven 2 days ago, and --max-age is 24 h",
        max_age=timedelta(days=1),
    ),
    case(
        "too old by a second",
        _reported(started_at="2026-11-24T11:59:49Z"),
        "it is too old",
        max_age=timedelta(days=1),
    ),
    case("of a time to come", _reported(started_at="2026-11-25T12:06:00Z"), "it is of a time to come"),
    case(
        "of a far time to come",
        _reported(started_at="2999-01-01T00:00:00Z"),
        "it is of a time to come",
        max_age=timedelta(days=1),
    ),
    case("of no time zone", _reported(started_at="2026-11-25T12:00:00"), "its time has no zone"),
]


def _result(**changes: Any) -> Make:  # noqa: ANN401 - JSON
    made = PREDICATES["test-result"][1](report())
    return lambda: signed(statement({**made, **changes}, kind="test-result"))


def _verified(verifier: str, said: str) -> Make:
    made = {
        "verifier": {"id": verifier, "policies": []},
        "timeCreated": "2026-11-25T00:00:00Z",
        "properties": [said],
    }
    return lambda: signed(statement(made, kind="svr"))


_OTHERS = [{"name": "unit", "uri": "x"}]
RESULTS = [
    case(name, make, why, predicate="test-result", **demand)
    for name, make, why, demand in (
        ("failed", _result(result="FAILED", failedTests=["x"]), "not all is proven: x is broken", {}),
        ("warned", _result(result="WARNED", warnedTests=["x"]), "not all is proven: x is unproven", {}),
        ("warned for no reason", _result(result="WARNED"), "its result is WARNED", {}),
        ("passed, and one failed", _result(failedTests=["x"]), "it contradicts itself", {}),
        (
            "passed and failed at once",
            _result(result="FAILED", failedTests=["slim-base"]),
            "it contradicts itself",
            {},
        ),
        ("other tests", _result(configuration=_OTHERS), "it is the result of other tests", {}),
        ("no configuration", _result(configuration=[]), "its predicate cannot be read", {}),
        (
            "no result",
            lambda: signed(
                statement(without(PREDICATES["test-result"][1](report()), "result"), kind="test-result")
            ),
            "its predicate cannot be read",
            {},
        ),
        ("passed nothing", _result(passedTests=[]), "not all is proven", {}),
        (
            "no time",
            _result(configuration=[{"name": "hullproof"}]),
            "it does not say when",
            {"max_age": timedelta(days=1)},
        ),
        ("not what is required", _result(), "it says nothing of expose", {"required": ("expose",)}),
    )
] + [
    case(
        "a verification result of another verifier",
        _verified("urn:other:1", "HULLPROOF_PROVEN"),
        "it is the result of another verifier",
        predicate="svr",
    ),
    case(
        "a verification result of a part",
        _verified("urn:hullproof:1", "HULLPROOF_EXPOSE"),
        "it does not say that all is proven",
        predicate="svr",
    ),
]

ALL = [*PAYLOADS, *TYPES, *SHAPES, *KEYS, *SUBJECTS, *STATEMENTS, *REPORTS, *OUTCOMES, *RESULTS]


@pytest.mark.parametrize(("make", "why", "demand"), ALL)
def test_bad_evidence_is_refused_with_its_reason(
    make: Make, why: str, demand: Demand, keys: tuple[Path, Path]
) -> None:
    """It says in one line what is wrong, and not something else."""
    with pytest.raises(EvidenceError) as refused:
        verify([make()], public_key(keys[1]), Subject(DIGEST), demand, NOW)
    assert why in str(refused.value)
    assert "\n" not in str(refused.value)


def test_there_are_a_hundred_of_them() -> None:
    """Each has a name of its own."""
    assert len({each.id for each in ALL}) == len(ALL) >= 100


@pytest.mark.parametrize(
    "demand",
    [
        Demand(),
        Demand(required=("slim-base",)),
        Demand(max_age=timedelta(days=3)),
        Demand("test-result"),
        Demand("svr"),
    ],
    ids=str,
)
def test_what_they_were_made_of_holds(keys: tuple[Path, Path], demand: Demand) -> None:
    """So that none is refused for a reason that all of them share."""
    said = verify(
        [signed(statement(kind=demand.predicate))], public_key(keys[1]), Subject(DIGEST), demand, NOW
    )
    assert "proven" in said
    assert "2 days ago as its signer says" in said


@pytest.mark.parametrize("kind", ["p384", "p521", "ed25519", "rsa"])
def test_a_signature_of_another_kind_of_key_is_not_taken_for_ours(kind: str, tmp_path: Path) -> None:
    """Nor does a key of that kind take ours for its own."""
    _, public = write_keys(tmp_path, kind)
    with pytest.raises(EvidenceError, match="not of this key"):
        verify([signed(statement())], public_key(public), Subject(DIGEST), Demand(), NOW)


def test_another_padding_of_rsa_is_refused(tmp_path: Path) -> None:
    """The key says which it signs with."""
    _, public = write_keys(tmp_path, "rsa")
    with pytest.raises(EvidenceError, match="not of this key"):
        verify([_by("rsa", 0, "pss")], public_key(public), Subject(DIGEST), Demand(), NOW)
    assert verify([_by("rsa", 0)], public_key(public), Subject(DIGEST), Demand(), NOW)


def test_an_older_and_better_report_does_not_hide_a_newer_one(keys: tuple[Path, Path]) -> None:
    """Both are signed; the newest decides, in whatever order a registry hands them out."""
    old = signed(statement(report()))
    new = signed(
        statement(report(started_at="2026-11-24T00:00:00Z", verdict="broken", proofs=proofs("broken")))
    )
    for pieces in ([old, new], [new, old]):
        with pytest.raises(EvidenceError, match="a is broken"):
            verify(pieces, public_key(keys[1]), Subject(DIGEST), Demand(), NOW)


def test_what_others_attach_hides_nothing(keys: tuple[Path, Path]) -> None:
    """Whoever may write to a registry can add what is wrong; what is right is found among it."""
    bad = [make.values[0]() for make in (*PAYLOADS[:5], *KEYS[:5], *SUBJECTS[:3])]
    assert verify([*bad, signed(statement()), *bad], public_key(keys[1]), Subject(DIGEST), Demand(), NOW)


def test_none_of_several_says_how_many(keys: tuple[Path, Path]) -> None:
    """And the reason that is most about what was asked for."""
    pieces = [signed(statement(kind="svr")), _swapped(DIGEST, OTHER)()]
    with pytest.raises(EvidenceError, match=r"changed since \(of 2 pieces of evidence, none holds\)"):
        verify(pieces, public_key(keys[1]), Subject(DIGEST), Demand(), NOW)
    with pytest.raises(EvidenceError, match="no evidence is attached"):
        verify([], public_key(keys[1]), Subject(DIGEST), Demand(), NOW)
