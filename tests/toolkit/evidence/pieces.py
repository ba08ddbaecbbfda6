"""Reports, statements, keys and signatures to put together, rightly and wrongly."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from copy import deepcopy
from datetime import datetime, timezone
from functools import cache
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256, SHA384
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from hullproof.evidence.envelope import PAYLOAD, pre_authentication_encoding
from hullproof.report.as_statement import PREDICATES

SAMPLE = Path(__file__).parents[1] / "report" / "samples" / "bare.json"
DIGEST = "2b" * 32
CONFIG = "sha256:" + "3c" * 32
NOW = datetime(2026, 11, 25, 12, 0, tzinfo=timezone.utc)


@cache
def private(kind: str = "p256", number: int = 0) -> Any:  # noqa: ANN401, ARG001 - of cryptography's; several of a kind
    """Make a private key of a kind; the same for the same number."""
    makers: dict[str, Callable[[], Any]] = {
        "p256": lambda: ec.generate_private_key(ec.SECP256R1()),
        "p384": lambda: ec.generate_private_key(ec.SECP384R1()),
        "p521": lambda: ec.generate_private_key(ec.SECP521R1()),
        "ed25519": ed25519.Ed25519PrivateKey.generate,
        "rsa": lambda: rsa.generate_private_key(65537, 2048),
    }
    return makers[kind]()


def write_keys(
    folder: Path, kind: str = "p256", number: int = 0, passphrase: str | None = None
) -> tuple[Path, Path]:
    """Write a pair of keys as OpenSSL does; return the private one's file and the public one's."""
    key = private(kind, number)
    lock = BestAvailableEncryption(passphrase.encode()) if passphrase else NoEncryption()
    own, public = folder / f"{kind}-{number}.pem", folder / f"{kind}-{number}.pub"
    own.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, lock))
    public.write_bytes(key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    return own, public


def sign(payload: bytes, kind: str = "p256", number: int = 0, *, how: str = "") -> bytes:
    """Sign bytes as cosign does, or in another way that somebody might: `pss`, `sha384`."""
    key = private(kind, number)
    if kind == "rsa":
        scheme = padding.PSS(padding.MGF1(SHA256()), 32) if how == "pss" else padding.PKCS1v15()
        return bytes(key.sign(payload, scheme, SHA256()))
    if kind == "ed25519":
        return bytes(key.sign(payload))
    return bytes(key.sign(payload, ec.ECDSA(SHA384() if how == "sha384" else SHA256())))


def report(**changes: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON
    """Return a good report's JSON, changed: `image__platform="linux/arm64"` reaches into it, None as a value included."""
    made = json.loads(SAMPLE.read_text())
    made["image"].update(digest=f"sha256:{DIGEST}", platform="linux/amd64")
    for path, value in changes.items():
        *folders, last = path.split("__")
        place = made
        for each in folders:
            place = place[each]
        place[last] = value
    return dict(made)


def without(made: dict[str, Any], *path: str | int) -> dict[str, Any]:
    """Return JSON without one of its fields."""
    left = deepcopy(made)
    place: Any = left
    for each in path[:-1]:
        place = place[each]
    del place[path[-1]]
    return left


def proofs(*verdicts: str, **more: Any) -> list[dict[str, Any]]:  # noqa: ANN401 - JSON
    """Return proofs of practices called a, b, c, ... with these verdicts."""
    usual = report()["proofs"][0]
    return [{**usual, "id": chr(97 + at), "verdict": each, **more} for at, each in enumerate(verdicts)]


def statement(predicate: Any = None, *, kind: str = "report", **changes: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON
    """Return a statement about the image with this predicate, or that of a good report."""
    type_, make = PREDICATES[kind]
    made = {
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [{"name": "shop", "digest": {"sha256": DIGEST}}],
        "predicateType": type_,
        "predicate": make(report()) if predicate is None else predicate,
    }
    return {**made, **changes}


def envelope(said: Any, **changes: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON
    """Return it signed by the right key, then changed."""
    payload = said if isinstance(said, bytes) else json.dumps(said).encode()
    signature = sign(pre_authentication_encoding(payload))
    made = {
        "payload": base64.b64encode(payload).decode(),
        "payloadType": PAYLOAD,
        "signatures": [{"keyid": "", "sig": base64.b64encode(signature).decode()}],
    }
    return {**made, **changes}


def signed(said: Any, **changes: Any) -> bytes:  # noqa: ANN401 - JSON
    """Return the same as it is kept."""
    return json.dumps(envelope(said, **changes)).encode()


def signatures(*each: bytes) -> list[dict[str, str]]:
    """Return signatures as an envelope has them."""
    return [{"keyid": "", "sig": base64.b64encode(one).decode()} for one in each]
