"""Signatures by an identity instead of a key: a short-lived certificate and a public log, by Sigstore's services.

https://docs.sigstore.dev/about/overview/; by its own library, which is an extra.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from hullproof.errors import UsageError
from hullproof.evidence.envelope import PAYLOAD, read_envelope
from hullproof.evidence.errors import EvidenceError, RegistryError
from hullproof.text import one_line

if TYPE_CHECKING:
    from sigstore.sign import Signer as SigstoreSigner
    from sigstore.verify import Verifier

_MISSING = "signatures without a key need an extra: pip install 'hullproof[attest,keyless]'"


class Keyless:
    """Signs by the identity that this machine's CI gives (GitHub, GitLab, Buildkite, Google Cloud)."""

    is_keyless = True

    def __init__(self) -> None:
        """Ask for the identity. Raises UsageError where there is none, RegistryError where Sigstore cannot be reached."""
        try:
            from sigstore.models import ClientTrustConfig  # noqa: PLC0415 - an extra
            from sigstore.oidc import IdentityError, IdentityToken, detect_credential  # noqa: PLC0415 - the same
            from sigstore.sign import SigningContext  # noqa: PLC0415 - the same
        except ImportError as error:
            raise UsageError(_MISSING) from error
        try:
            found = detect_credential()
            token = IdentityToken(found) if found else None
        except (IdentityError, ValueError) as error:
            raise UsageError(f"--keyless: this machine gives no identity ({one_line(str(error))})") from error
        if token is None:
            raise UsageError(
                "--keyless: this machine gives no identity; run it in CI that does, or sign with --key"
            )
        self.who = f"{token.identity} ({token.federated_issuer})"
        try:
            self._context = SigningContext.from_trust_config(ClientTrustConfig.production())
        except Exception as error:
            raise _unreachable(error) from error
        self._token = token

    def bundle(self, payload: bytes) -> dict[str, Any]:
        """Return a signed statement as a Sigstore bundle."""
        from sigstore.dsse import Statement  # noqa: PLC0415 - an extra

        signer: SigstoreSigner
        try:
            with self._context.signer(self._token) as signer:
                return dict(json.loads(signer.sign_dsse(Statement(payload)).to_json()))
        except Exception as error:
            raise _unreachable(error) from error


@dataclass(frozen=True)
class Identity:
    """Who must have signed, and who vouched for them: an address or a workflow's, and the issuer's."""

    name: str
    issuer: str

    def opened(self, piece: bytes) -> bytes:
        """Return the payload of a bundle that they signed. Raises EvidenceError where they did not."""
        try:
            from sigstore.errors import Error, NetworkError  # noqa: PLC0415 - an extra
            from sigstore.models import Bundle  # noqa: PLC0415 - the same
            from sigstore.verify.policy import Identity as Policy  # noqa: PLC0415 - the same
        except ImportError as error:
            raise UsageError(_MISSING) from error
        read_envelope(piece)  # one signature, of an in-toto statement
        try:
            bundle = Bundle.from_json(piece)
        except (Error, ValueError) as error:
            raise EvidenceError(f"it is no bundle that an identity signed ({one_line(str(error))})") from None
        try:
            kind, payload = _verifier().verify_dsse(bundle, Policy(identity=self.name, issuer=self.issuer))
        except NetworkError as error:
            raise _unreachable(error) from error
        except Error as error:
            raise EvidenceError(f"it is not signed by {self.name} ({one_line(str(error))})") from None
        if kind != PAYLOAD:
            raise EvidenceError(f"its payload is no in-toto statement but {kind!r}")
        return payload


@cache
def _verifier() -> Verifier:
    """Ask Sigstore once, for all pieces, what it trusts."""
    from sigstore.verify import Verifier  # noqa: PLC0415 - an extra

    try:
        return Verifier.production()
    except Exception as error:
        raise _unreachable(error) from error


def _unreachable(error: Exception) -> RegistryError:
    said = one_line(str(error) or type(error).__name__)
    return RegistryError(f"Sigstore's services cannot be used ({said}): try again later, or sign with --key")
