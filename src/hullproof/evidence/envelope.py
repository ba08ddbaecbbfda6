"""Signed statements as they are kept: DSSE envelopes, bare or within a Sigstore bundle.

https://github.com/secure-systems-lab/dsse/blob/master/protocol.md and
https://github.com/sigstore/protobuf-specs/blob/main/protos/sigstore_bundle.proto .
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from dataclasses import dataclass
from typing import Any

from hullproof.evidence.errors import EvidenceError

PAYLOAD = "application/vnd.in-toto+json"
ENVELOPE = "application/vnd.dsse.envelope.v1+json"
BUNDLE = "application/vnd.dev.sigstore.bundle.v0.3+json"
BUNDLES = "application/vnd.dev.sigstore.bundle"
"""How the types of all versions of bundles begin."""


@dataclass(frozen=True)
class Envelope:
    """A statement's bytes and their one signature."""

    payload: bytes
    signature: bytes

    @property
    def signed(self) -> bytes:
        """What the signature is of: the payload with its type and both their lengths."""
        return pre_authentication_encoding(self.payload)

    def to_dict(self) -> dict[str, Any]:
        """Return the envelope as JSON has it."""
        return {
            "payload": base64.b64encode(self.payload).decode(),
            "payloadType": PAYLOAD,
            "signatures": [{"keyid": "", "sig": base64.b64encode(self.signature).decode()}],
        }

    def bundle(self, public_key_der: bytes) -> dict[str, Any]:
        """Return the envelope within a bundle, with the hint by which cosign knows the key."""
        hint = base64.b64encode(hashlib.sha256(public_key_der).digest()).decode()
        return {
            "mediaType": BUNDLE,
            "verificationMaterial": {"publicKey": {"hint": hint}},
            "dsseEnvelope": self.to_dict(),
        }


def pre_authentication_encoding(payload: bytes) -> bytes:
    """Return what of a payload is signed: https://github.com/secure-systems-lab/dsse/blob/master/protocol.md ."""
    kind = PAYLOAD.encode()
    return b"DSSEv1 %d %b %d %b" % (len(kind), kind, len(payload), payload)


def read_envelope(text: bytes | str) -> Envelope:
    """Read an envelope, or the one within a bundle. Raises EvidenceError for anything else, and for several signatures."""
    found = read_json(text)
    if "_type" in found:
        raise EvidenceError("it is not signed")
    if str(found.get("mediaType", "")).startswith(BUNDLES):
        found = found.get("dsseEnvelope") or {"messageSignature": True}
    if not isinstance(found, dict) or "payload" not in found:
        raise EvidenceError("it is no DSSE envelope and no Sigstore bundle with one")
    if found.get("payloadType") != PAYLOAD:
        raise EvidenceError(f"its payload is no in-toto statement but {found.get('payloadType')!r}")
    signatures = found.get("signatures")
    if not isinstance(signatures, list) or not all(isinstance(each, dict) for each in signatures):
        raise EvidenceError("its signatures cannot be read")
    if len(signatures) != 1:
        said = (
            f"it has {len(signatures)} signatures, and one is expected" if signatures else "it is not signed"
        )
        raise EvidenceError(said)
    return Envelope(_decoded(found["payload"], "payload"), _decoded(signatures[0].get("sig"), "signature"))


def read_json(text: bytes | str) -> dict[str, Any]:
    """Read a JSON object. Raises EvidenceError for anything else: what is truncated, or names a field twice."""
    try:
        found = json.loads(text, object_pairs_hook=_once, parse_constant=_refused)
    except (ValueError, RecursionError) as error:
        raise EvidenceError(f"it cannot be read: {error}") from None
    if not isinstance(found, dict):
        raise EvidenceError("it cannot be read: it is no JSON object")
    return found


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Refuse what two readers could read in two ways."""
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a field is there twice")
    return found


def _refused(name: str) -> float:
    raise ValueError(f"{name} is no JSON")


def _decoded(value: object, what: str) -> bytes:
    """Decode base64 in either alphabet, as DSSE allows."""
    if not isinstance(value, str) or not value:
        raise EvidenceError(f"its {what} is missing")
    try:
        return base64.b64decode(value.translate(str.maketrans("-_", "+/")), validate=True)
    except (binascii.Error, ValueError):
        raise EvidenceError(f"its {what} is no base64") from None
