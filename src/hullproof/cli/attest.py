"""`hullproof attest`: make statements of reports, sign them, and attach them to the image or write them to a file."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import click

from hullproof.errors import UsageError
from hullproof.evidence.attaching import attach, attach_as_cosign_2
from hullproof.evidence.errors import EvidenceError
from hullproof.evidence.images import RegistryImage, of_report
from hullproof.evidence.keyless import Keyless
from hullproof.evidence.keys import signing_key
from hullproof.evidence.reference import Reference
from hullproof.evidence.registry import Registry, digest_of
from hullproof.evidence.reports import read_report
from hullproof.report.as_matrix import render_markdown
from hullproof.report.as_statement import PREDICATES, manifest_digest, statement
from hullproof.report.matrix import Matrix, Signed
from hullproof.report.places import require_place, write_file
from hullproof.terminal import say


@click.command()
@click.argument("reports", metavar="REPORT...", nargs=-1, type=click.Path(path_type=Path))
@click.argument("image", metavar="IMAGE")
@click.option(
    "--key",
    metavar="FILE|ADDRESS",
    help="The private key: a file (PEM), or an address such as awskms:..., gcpkms:..., azurekms:..., hsm:.... Its passphrase "
    "is read from HULLPROOF_KEY_PASSPHRASE, or asked for.",
)
@click.option(
    "--public-key",
    type=click.Path(path_type=Path),
    help="The public key (PEM) of a private one that --key names by address.",
)
@click.option(
    "--keyless", is_flag=True, help="Sign by the identity that CI gives, with Sigstore's services; an extra."
)
@click.option(
    "--output",
    type=click.Path(path_type=Path),
    help="Write the statements to this file, one a line (.intoto.jsonl), and attach nothing.",
)
@click.option(
    "--predicate",
    "predicates",
    multiple=True,
    type=click.Choice(tuple(PREDICATES)),
    help="Make statements with this predicate only (default: all). Repeatable.",
)
@click.option(
    "--checklist",
    type=click.Path(path_type=Path),
    help="Write the release's checklist to this file (.md): with the digests of the signed statements, and who signed.",
)
@click.option(
    "--cosign-2",
    is_flag=True,
    help="Attach under the tag, too, at which cosign before version 3 looks without asking for bundles.",
)
def attest(
    reports: tuple[Path, ...],
    image: str,
    key: str | None,
    public_key: Path | None,
    output: Path | None,
    predicates: tuple[str, ...],
    checklist: Path | None,
    *,
    keyless: bool,
    cosign_2: bool,
) -> int:
    """Make statements of REPORT (JSON, as prove writes it) about IMAGE in its registry, which must be what was proven.

    With --key they are signed and attached to the image, or written to --output; without, they are written unsigned.
    An index of several platforms takes a report of each. The digest of the image is printed.

    \b
    Examples:
      hullproof attest report.json registry.example/shop:1.2 --key release.pem
      hullproof attest amd64.json arm64.json registry.example/shop:1.2 --key awskms:... --public-key release.pub
      hullproof attest report.json registry.example/shop:1.2 --output shop.intoto.jsonl
    """  # noqa: D301 - click's mark is the character, not its name
    if not reports:
        raise UsageError(
            "name the image after its reports: hullproof attest report.json registry.example/shop:1.2"
        )
    if key is None and not keyless and output is None:
        raise UsageError(
            "say where statements go: --key KEY signs and attaches them, --output FILE writes them"
        )
    for place in (output, checklist):
        if place is not None:
            require_place(place)
    reference = Reference.parse(image)
    made = [_read(each) for each in reports]
    signing = _signing(key, public_key, keyless=keyless)
    known = _known_by_digest(reference, made) if output is not None else None
    with closing(Registry(reference)) as registry:
        attested = [
            _Attested(report, reference.name, known, None)
            if known
            else _Attested.found(report, of_report(registry, reference, report))
            for report in made
        ]
        if output is not None:
            _write(output, attested, predicates, signing)
        elif signing is not None:
            for one in attested:
                _attach(registry, one, predicates, signing, cosign_2=cosign_2)
    if checklist is not None:
        _write_checklist(checklist, attested, predicates, signing)
    for name in dict.fromkeys(f"{each.name}@sha256:{each.digest}" for each in attested):
        click.echo(name)
    return 0


class Signing(Protocol):
    """What signs statements: a key, or an identity."""

    @property
    def is_keyless(self) -> bool:
        """Whether a bundle holds the certificate, so that it is kept whole."""

    @property
    def who(self) -> str:
        """Who signs, for a checklist."""

    def bundle(self, payload: bytes) -> dict[str, Any]:
        """Return a signed statement as a Sigstore bundle."""


@dataclass(frozen=True)
class _Attested:
    """A report, and the image that it is about: as people call it, by its manifest's digest, and as the registry has it."""

    report: dict[str, Any]
    name: str
    digest: str
    image: RegistryImage | None

    @classmethod
    def found(cls, report: dict[str, Any], image: RegistryImage) -> _Attested:
        """Take a report and its image as the registry has it."""
        return cls(report, image.reference.name, image.digest.removeprefix("sha256:"), image)

    def statements(self, predicates: Sequence[str]) -> Iterator[tuple[str, bytes]]:
        """Go through the statements, each with its predicate's type."""
        for each in predicates or PREDICATES:
            made = statement(self.report, each, name=self.name, digest=self.digest)
            yield made["predicateType"], json.dumps(made).encode()


def _read(path: Path) -> dict[str, Any]:
    report = read_report(path)
    if report["image"] is None:
        raise EvidenceError(f"{path}: is a report without an image: the build failed")
    return report


def _known_by_digest(reference: Reference, reports: Sequence[dict[str, Any]]) -> str | None:
    """Return the digest that both the reference and every report name, so that no registry has to be asked."""
    digests = {manifest_digest(each["image"].get("digest")) for each in reports}
    named = manifest_digest(reference.digest)
    return named if named and digests == {named} else None


def _signing(key: str | None, public: Path | None, *, keyless: bool) -> Signing | None:
    """Return what signs, None for nothing. Raises UsageError where two things would."""
    if keyless and (key or public):
        raise UsageError("--key signs with a key and --keyless without; give one of both")
    if keyless:
        return Keyless()
    return None if key is None else signing_key(key, public)


def _write(
    output: Path, attested: Sequence[_Attested], predicates: Sequence[str], signing: Signing | None
) -> None:
    """Write statements, one a line: bare, as envelopes, or as bundles, in which an identity's certificate is."""
    lines = []
    for each in attested:
        for _, payload in each.statements(predicates):
            bundle = signing.bundle(payload) if signing else None
            kept = bundle if bundle is None or (signing and signing.is_keyless) else bundle["dsseEnvelope"]
            lines.append(f"{json.dumps(kept) if kept else payload.decode()}\n")
    write_file(output, "".join(lines))
    say(f"{'signed' if signing else 'unsigned'} statements: {output}")


def _attach(
    registry: Registry, each: _Attested, predicates: Sequence[str], signing: Signing, *, cosign_2: bool
) -> None:
    if each.image is None:
        return
    bundles = [(type_, signing.bundle(payload)) for type_, payload in each.statements(predicates)]
    for (type_, _), digest in zip(bundles, attach(registry, each.image, bundles), strict=True):
        say(f"attached {type_} as {digest}")
    if cosign_2:
        envelopes = [(type_, bundle["dsseEnvelope"]) for type_, bundle in bundles]
        say(f"attached them for cosign 2 as {attach_as_cosign_2(registry, each.image, envelopes).digest}")


def _write_checklist(
    checklist: Path, attested: Sequence[_Attested], predicates: Sequence[str], signing: Signing | None
) -> None:
    """Write what was released: the reports, each by its image's digest in the registry, its statements, and who signed."""
    reports = [
        {**each.report, "image": {**each.report["image"], "digest": f"sha256:{each.digest}"}}
        for each in attested
    ]
    who = signing.who if signing else "nobody"
    signed = [
        Signed({type_: digest_of(payload) for type_, payload in each.statements(predicates)}, who)
        for each in attested
    ]
    write_file(checklist, render_markdown(Matrix.of(reports, signed)))
    say(f"checklist: {checklist}")
