"""Signatures by an identity, as far as they can be tried without Sigstore's services: what is refused, and how it is told."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from hullproof.evidence.errors import EvidenceError
from hullproof.evidence.keyless import Identity
from hullproof.evidence.verifying import Demand, Subject, verify

from ..conftest import Command
from .pieces import DIGEST, NOW, envelope, signed, statement
from .registry import FakeRegistry
from .test_commands import write_report

pytest.importorskip("sigstore")

ME = Identity("me@example.org", "https://issuer.example")
WHO = ("--identity", ME.name, "--issuer", ME.issuer)


def test_what_a_key_signed_is_not_taken_for_an_identitys() -> None:
    """Neither an envelope, nor a bundle with a key's hint, nor one without a certificate."""
    bundled = {
        "mediaType": "application/vnd.dev.sigstore.bundle.v0.3+json",
        "dsseEnvelope": envelope(statement()),
    }
    materials: tuple[dict[str, object], ...] = (
        {},
        {"verificationMaterial": {"publicKey": {"hint": "x"}}},
        {"verificationMaterial": {}},
    )
    for material in materials:
        with pytest.raises(EvidenceError, match="no bundle that an identity signed"):
            verify([json.dumps({**bundled, **material}).encode()], ME, Subject(DIGEST), Demand(), NOW)
    with pytest.raises(EvidenceError, match="no bundle that an identity signed"):
        verify([signed(statement())], ME, Subject(DIGEST), Demand(), NOW)


def test_who_must_have_signed_is_said_once(command: Command, keys: tuple[Path, Path]) -> None:
    """By a key, or by an identity with its issuer."""
    for arguments in ((), ("--key", keys[1], *WHO), WHO[:2], WHO[2:]):
        code, _, said = command("verify", "shop:1", *arguments)
        assert (code, "say who must have signed" in said) == (2, True)
    code, _, said = command("attest", keys[0], "shop:1", "--keyless", "--key", keys[0])
    assert (code, said.count("\n")) == (2, 1)


def test_a_machine_without_an_identity_signs_nothing(
    command: Command, registry: FakeRegistry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One line says what to do instead."""
    _, config = registry.image()
    monkeypatch.setattr("sigstore.oidc.detect_credential", lambda: None)
    code, _, said = command("attest", write_report(tmp_path, config), registry.reference(), "--keyless")
    assert (code, "this machine gives no identity; run it in CI that does, or sign with --key" in said) == (
        2,
        True,
    )


def test_it_is_an_extra(
    command: Command, registry: FakeRegistry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One line says what to install."""
    _, config = registry.image()
    monkeypatch.setitem(sys.modules, "sigstore.models", None)
    code, _, said = command("attest", write_report(tmp_path, config), registry.reference(), "--keyless")
    assert (code, "pip install 'hullproof[attest,keyless]'" in said) == (2, True)
