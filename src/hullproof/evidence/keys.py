"""Keys: private ones that sign, in files or by address, and public ones that verify. By securesystemslib.

An RSA key signs as PKCS #1 v1.5 with SHA-256 and an elliptic curve's with the hash of its size, which is what cosign expects.
"""

from __future__ import annotations

import hashlib
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from getpass import getpass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

from hullproof.errors import UsageError
from hullproof.evidence.envelope import Envelope, pre_authentication_encoding, read_envelope
from hullproof.evidence.errors import EvidenceError
from hullproof.evidence.files import read_file
from hullproof.text import one_line

if TYPE_CHECKING:
    from securesystemslib.signer import SSlibKey

PASSPHRASE = "HULLPROOF_KEY_PASSPHRASE"  # noqa: S105 - the name of a variable
"""The environment variable with a private key's passphrase, or the PIN of a hardware token."""

_LONGEST_KEY = 100_000
_COSIGNS = (b"ENCRYPTED SIGSTORE PRIVATE KEY", b"ENCRYPTED COSIGN PRIVATE KEY")


class Signs(Protocol):
    """What signs bytes."""

    def __call__(self, payload: bytes, /) -> bytes:
        """Return the signature."""


@dataclass(frozen=True)
class SigningKey:
    """A private key, wherever it is: what signs, and its public key in DER (SubjectPublicKeyInfo)."""

    sign: Signs
    public_der: bytes
    is_keyless: ClassVar[bool] = False

    @property
    def who(self) -> str:
        """The key, by the digest of its public half."""
        return f"key sha256:{hashlib.sha256(self.public_der).hexdigest()}"

    def bundle(self, payload: bytes) -> dict[str, Any]:
        """Return a signed statement as a Sigstore bundle."""
        signature = self.sign(pre_authentication_encoding(payload))
        return Envelope(payload, signature).bundle(self.public_der)


@dataclass(frozen=True)
class PublicKey:
    """A public key, which knows its own signatures."""

    key: SSlibKey

    def opened(self, piece: bytes) -> bytes:
        """Return the payload of evidence that this key signed. Raises EvidenceError where it did not."""
        envelope = read_envelope(piece)
        if not self.made(envelope.signature, envelope.signed):
            raise EvidenceError("its signature is not of this key, or it was changed since")
        return envelope.payload

    def made(self, signature: bytes, payload: bytes) -> bool:
        """Whether a signature of these bytes is this key's."""
        from securesystemslib.exceptions import UnverifiedSignatureError  # noqa: PLC0415 - an extra
        from securesystemslib.signer import Signature  # noqa: PLC0415 - the same

        try:
            self.key.verify_signature(Signature(self.key.keyid, signature.hex()), payload)
        except UnverifiedSignatureError:
            return False
        return True


def public_key(path: Path) -> PublicKey:
    """Read a public key (PEM). Raises UsageError, one line, for what is none."""
    _require_library()
    from cryptography.hazmat.primitives.serialization import load_pem_public_key  # noqa: PLC0415 - an extra

    pem = read_file(path, _LONGEST_KEY, option="--key")
    if b"PRIVATE KEY" in pem:
        raise UsageError(
            f"--key {path}: is a private key; verifying takes the public one (openssl pkey -pubout)"
        )
    try:
        return PublicKey(_known(load_pem_public_key(pem)))
    except ValueError:
        raise UsageError(f"--key {path}: is no public key in PEM") from None
    except Exception as error:  # noqa: BLE001 - UnsupportedAlgorithm, and whatever OpenSSL thinks of
        raise UsageError(f"--key {path}: cannot be used ({one_line(str(error))})") from None


def signing_key(where: str, public: Path | None = None) -> SigningKey:
    """Return the private key in a file (PEM), or by an address such as `awskms:...`, which needs its public key in a file.

    Raises UsageError, one line, for what is none, a wrong passphrase, and a service that does not answer.
    """
    _require_library()
    from securesystemslib.signer import SIGNER_FOR_URI_SCHEME  # noqa: PLC0415 - an extra

    scheme, colon, _ = where.partition(":")
    if colon and scheme in SIGNER_FOR_URI_SCHEME:
        return _by_address(where, public)
    if public is not None:
        raise UsageError("--public-key goes with a key by its address; a file has both")
    if colon and "://" in where:
        known = ", ".join(sorted({*SIGNER_FOR_URI_SCHEME} - {"file2"}))
        raise UsageError(f"--key {where}: no such kind of address; known are {known}")
    return _in_file(Path(where))


def _in_file(path: Path) -> SigningKey:
    from cryptography.exceptions import UnsupportedAlgorithm  # noqa: PLC0415 - an extra
    from cryptography.hazmat.primitives.serialization import load_pem_private_key  # noqa: PLC0415 - the same
    from securesystemslib.signer import CryptoSigner  # noqa: PLC0415 - the same

    pem = read_file(path, _LONGEST_KEY, option="--key")
    if any(each in pem for each in _COSIGNS):
        raise UsageError(
            f"--key {path}: is in cosign's own format; make a key both read with `openssl genpkey -algorithm EC "
            "-pkeyopt ec_paramgen_curve:P-256`, and give it to cosign with `cosign import-key-pair`"
        )
    if b"PRIVATE KEY" not in pem:
        raise UsageError(f"--key {path}: is no private key in PEM")
    is_locked = b"ENCRYPTED" in pem
    try:
        private: Any = load_pem_private_key(pem, passphrase(str(path)).encode() if is_locked else None)
        signer = CryptoSigner(private, _known(private.public_key()))
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        said = str(error)
        if is_locked and ("assword" in said or "decrypt" in said):
            raise UsageError(f"--key {path}: the passphrase is wrong; it is read from {PASSPHRASE}") from None
        raise UsageError(f"--key {path}: is no private key that can be used ({one_line(said)})") from None
    return SigningKey(
        lambda payload: bytes.fromhex(signer.sign(payload).signature), _der(private.public_key())
    )


def _by_address(where: str, public: Path | None) -> SigningKey:
    from securesystemslib.signer import Signer  # noqa: PLC0415 - an extra

    if public is None:
        raise UsageError(
            f"--key {where}: add --public-key FILE, its public key, for a key that stays where it is"
        )
    key = public_key(public).key

    def sign(payload: bytes) -> bytes:
        try:
            signer = Signer.from_priv_key_uri(where, key, passphrase)
            return bytes.fromhex(signer.sign(payload).signature)
        except UsageError:
            raise
        except Exception as error:  # whatever the services' own libraries raise
            raise UsageError(
                f"--key {where}: cannot sign ({one_line(str(error) or type(error).__name__)})"
            ) from error

    return SigningKey(sign, _der(key._crypto_key()))  # noqa: SLF001 - it has no other name


def _known(public: Any) -> SSlibKey:  # noqa: ANN401 - any of cryptography's classes
    """Return a public key with the scheme that cosign expects of its kind."""
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey  # noqa: PLC0415 - an extra
    from securesystemslib.signer import RSA_PKCS1V15_SHA256, SSlibKey  # noqa: PLC0415 - the same

    return SSlibKey.from_crypto(
        public, scheme=RSA_PKCS1V15_SHA256 if isinstance(public, RSAPublicKey) else None
    )


def _der(public: Any) -> bytes:  # noqa: ANN401 - any of cryptography's classes
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat  # noqa: PLC0415 - an extra

    return bytes(public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo))


def passphrase(what: str, ask: Callable[[str], str] = getpass) -> str:
    """Return a passphrase from the environment, or ask for it on the terminal. Raises UsageError where there is neither."""
    given = os.environ.get(PASSPHRASE)
    if given is not None:
        return given
    if not sys.stdin or not sys.stdin.isatty():
        raise UsageError(f"--key {what}: needs a passphrase; put it into the environment, as {PASSPHRASE}")
    return ask(f"Passphrase of {what}: ")


def _require_library() -> None:
    try:
        import cryptography  # noqa: F401, PLC0415 - an extra
        import securesystemslib.signer  # noqa: F401, PLC0415 - the same
    except ImportError as error:
        raise UsageError("signatures need an extra: pip install 'hullproof[attest]'") from error
