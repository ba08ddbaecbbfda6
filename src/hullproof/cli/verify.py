"""`hullproof verify`: whether signed evidence of an image holds."""

from __future__ import annotations

from contextlib import closing
from datetime import datetime, timezone
from pathlib import Path

import click

from hullproof.cli.completion import complete_practices, complete_profiles
from hullproof.errors import UsageError
from hullproof.evidence.claims import READ
from hullproof.evidence.errors import EvidenceError
from hullproof.evidence.images import find
from hullproof.evidence.keyless import Identity
from hullproof.evidence.keys import public_key
from hullproof.evidence.reference import Reference
from hullproof.evidence.registry import Registry
from hullproof.evidence.verifying import Demand, Signer, Subject, age, in_file, in_registry
from hullproof.evidence.verifying import verify as what_holds
from hullproof.options import names
from hullproof.report.as_statement import manifest_digest


@click.command()
@click.argument("image", metavar="IMAGE")
@click.option("--key", type=click.Path(path_type=Path), help="The signer's public key (PEM).")
@click.option(
    "--identity",
    metavar="NAME",
    help="Without a key: who signed, an address or that of a workflow; an extra.",
)
@click.option(
    "--issuer",
    metavar="URL",
    help="Who vouched for the identity, such as https://token.actions.githubusercontent.com.",
)
@click.option(
    "--require",
    metavar="ID,...",
    shell_complete=complete_practices,
    help="The practices that must hold (default: all that the evidence is about, and none left out).",
)
@click.option(
    "--profile",
    metavar="NAME",
    shell_complete=complete_profiles,
    help="The practices of this profile must hold.",
)
@click.option(
    "--max-age",
    metavar="AGE",
    help="How long ago it may have been proven, by what its signer says: 30d, 12h.",
)
@click.option(
    "--evidence",
    type=click.Path(path_type=Path),
    help="Read the evidence from this file, not from the registry.",
)
@click.option(
    "--predicate",
    type=click.Choice(READ),
    default=READ[0],
    show_default=True,
    help="Which kind of statement decides.",
)
@click.option("--platform", metavar="OS/ARCH", help="Which image of an index of several.")
def verify(
    image: str,
    key: Path | None,
    identity: str | None,
    issuer: str | None,
    require: str | None,
    profile: str | None,
    max_age: str | None,
    evidence: Path | None,
    predicate: str,
    platform: str | None,
) -> int:
    """Verify what was proven of IMAGE: signature, image, age, practices. Says in one line what holds, or why nothing does.

    The newest evidence that the key has signed decides. With --evidence and an image by its digest no registry is asked.

    \b
    Exit code: 0 it holds, 1 it does not, 2 wrong usage, 3 no registry or no such image in it.

    \b
    Examples:
      hullproof verify registry.example/shop:1.2 --key release.pub
      hullproof verify registry.example/shop:1.2 --key release.pub --require test-gate,non-root-user --max-age 30d
      hullproof verify shop@sha256:... --key release.pub --evidence shop.intoto.jsonl
    """  # noqa: D301 - click's mark is the character, not its name
    if image.endswith((".json", ".jsonl")) and Path(image).is_file():
        raise UsageError(f"{image} is a file: give the image, and the file as --evidence {image}")
    reference = Reference.parse(image)
    signer = _signer(key, identity, issuer)
    demand = Demand(predicate, _required(require, profile), age(max_age) if max_age is not None else None)
    now = datetime.now(timezone.utc)
    digest = manifest_digest(reference.digest)
    try:
        if evidence is not None and digest is not None and platform is None:
            said = what_holds(in_file(evidence), signer, Subject(digest), demand, now)
            name = str(reference)
        else:
            name, said = _in_registry(reference, platform, evidence, signer, demand, now)
    except EvidenceError as error:
        raise EvidenceError(f"{reference}: does not hold: {error}") from error
    click.echo(f"{name}: {said}")
    return 0


def _in_registry(
    reference: Reference,
    platform: str | None,
    evidence: Path | None,
    signer: Signer,
    demand: Demand,
    now: datetime,
) -> tuple[str, str]:
    """Return the image by its digest, and what holds of it."""
    with closing(Registry(reference)) as registry:
        found = find(registry, reference, platform)
        subject = Subject(found.digest.removeprefix("sha256:"), found)
        pieces = in_file(evidence) if evidence is not None else in_registry(registry, found.digest)
        return found.name, what_holds(pieces, signer, subject, demand, now)


def _signer(key: Path | None, identity: str | None, issuer: str | None) -> Signer:
    """Return who must have signed. Raises UsageError where that is not said, or said twice."""
    if (key is None) == (identity is None) or (identity is None) != (issuer is None):
        raise UsageError("say who must have signed: --key FILE, or --identity NAME with --issuer URL")
    return public_key(key) if key is not None else Identity(str(identity), str(issuer))


def _required(require: str | None, profile: str | None) -> tuple[str, ...] | None:
    if require is not None and profile is not None:
        raise UsageError("--require names practices and --profile names a set of them; give one of both")
    if profile is not None:
        from hullproof.practices.profiles import members  # noqa: PLC0415 - heavy, and not always needed

        return tuple(each.id for each in members(profile))
    asked = names(require)
    if asked is not None and not asked:
        raise UsageError("--require names no practice; `hullproof explain` lists them")
    return None if asked is None else tuple(dict.fromkeys(asked))
