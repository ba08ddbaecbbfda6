"""`hullproof policy`: what a project asks of its images, as a policy for other people's verifiers."""

from __future__ import annotations

from pathlib import Path

import click

from hullproof.cli.completion import complete_profiles
from hullproof.errors import UsageError
from hullproof.evidence.keys import public_key
from hullproof.evidence.policies import LANGUAGES, Asked
from hullproof.evidence.policies import policy as written
from hullproof.evidence.verifying import age
from hullproof.practices.profiles import members
from hullproof.runner.opening import Given, open_project


@click.command()
@click.argument("language", metavar="LANGUAGE", type=click.Choice(tuple(LANGUAGES)))
@click.argument("project", default=".", type=click.Path(path_type=Path))
@click.option(
    "--profile",
    metavar="NAME",
    shell_complete=complete_profiles,
    help="The practices of this profile (default: what the project's settings say).",
)
@click.option("--max-age", metavar="AGE", help="How old a report may be: 30d, 12h.")
@click.option(
    "--images",
    metavar="PATTERN",
    help="For Kyverno: the images that it is about, such as registry.example/*.",
)
@click.option("--key", type=click.Path(path_type=Path), help="For Kyverno: the signer's public key (PEM).")
def policy(
    language: str,
    project: Path,
    profile: str | None,
    max_age: str | None,
    images: str | None,
    key: Path | None,
) -> int:
    """Print a policy in LANGUAGE: each practice of PROJECT's profile is proven, or does not apply.

    LANGUAGE is cue or rego, for cosign; kyverno; or scout, for Docker Scout. Accepted faults are none of them: leave a
    practice out of the settings, or take its line out.

    \b
    Examples:
      hullproof policy rego --max-age 30d > hullproof.rego
      hullproof policy kyverno --images 'registry.example/*' --key release.pub | kubectl apply -f -
    """  # noqa: D301 - click's mark is the character, not its name
    if language != "kyverno" and (images or key):
        raise UsageError(f"--images and --key are Kyverno's; {language} is given them by who runs it")
    config = open_project(project, Given(profile=profile)).config
    practices = members(config.profile, config.practices)
    pem = None
    if key is not None:
        public_key(key)
        pem = key.read_text("utf-8", "replace")
    asked = Asked([each.id for each in practices], age(max_age) if max_age is not None else None, images, pem)
    click.echo(written(language, asked), nl=False)
    return 0
