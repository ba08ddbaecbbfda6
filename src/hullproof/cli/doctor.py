"""`hullproof doctor`: is this machine ready, and what makes it so."""

from __future__ import annotations

import sys

import click

from hullproof.host.doctor import doctor as look_round
from hullproof.host.install import ensure_engine
from hullproof.terminal import say


@click.command()
@click.option(
    "--install", is_flag=True, help="Install and start an engine where there is none (Debian, Ubuntu)."
)
@click.option("--yes", is_flag=True, help="Do not ask on a terminal before installing.")
def doctor(*, install: bool, yes: bool) -> int:
    """Check whether this machine is ready, and say what to run where it is not.

    \b
    Examples:
      hullproof doctor
      hullproof doctor --install --yes
    """  # noqa: D301 - click's mark is the character, not its name
    return make_ready(assume_yes=yes) if install else examine()


def examine() -> int:
    """Say what of the machine is ready and what fixes the rest; 0 where all that is needed is there, else 3."""
    findings = look_round()
    for finding in findings:
        how = "ok" if finding.ok else "problem" if finding.needed else "note"
        say(f"{how:<8} {finding.subject}: {finding.text}")
        if finding.remedy and not finding.ok:
            say(f"{'':<8} {finding.remedy}")
    return 0 if all(finding.ok or not finding.needed for finding in findings) else 3


def make_ready(*, assume_yes: bool) -> int:
    """Make sure that an engine answers, installing one where that may be done."""

    def ask(question: str) -> bool:
        say(f"{question} [y/N]")
        return sys.stdin.readline().strip().lower() in ("y", "yes")

    terminal = sys.stdin.isatty() and sys.stderr.isatty()
    engine = ensure_engine(assume_yes=assume_yes, say=say, ask=ask if terminal else None)
    info = engine.info()
    say(f"engine: {info.name} {info.version}, buildx {info.buildx_version}, {info.platform}")
    return 0
