"""`hullproof accept`: write today's faults down as accepted for a while, so that a team starts green."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
from datetime import date, datetime, timezone
from pathlib import Path

import click

from hullproof.cli.completion import complete_practices, complete_profiles
from hullproof.cli.display import display
from hullproof.cli.parameters import project_options
from hullproof.engine.connection import Engine
from hullproof.errors import UsageError
from hullproof.model import Proof, Report, Verdict
from hullproof.options import names
from hullproof.project.config import Accepted
from hullproof.project.config.writing import write_accepted
from hullproof.report.outputs import Subject, show
from hullproof.runner.choice import choose
from hullproof.runner.many import Proving
from hullproof.runner.opening import Given, open_project
from hullproof.terminal import say
from hullproof.text import one_line


@click.command()
@click.argument("project", default=".", type=click.Path(path_type=Path))
@click.option(
    "--profile",
    metavar="NAME",
    shell_complete=complete_profiles,
    help="Prove this set of practices, such as production; wins over the configured one.",
)
@click.option("--all-broken", is_flag=True, help="Accept every practice that is broken today.")
@click.option(
    "--only",
    metavar="ID,...",
    shell_complete=complete_practices,
    help="Accept these practices only, where they are broken.",
)
@click.option("--until", required=True, metavar="DATE", help="The last day, such as 2027-01-31.")
@click.option("--reason", default="broken when Hullproof came", show_default=True, help="Why, for reports.")
@project_options
def accept(
    project: Path,
    profile: str | None,
    only: str | None,
    until: str,
    reason: str,
    *,
    given: Given,
    all_broken: bool,
) -> int:
    """Prove PROJECT (default: this folder), and write down what is broken as accepted until DATE.

    The entries go into [tool.hullproof] of pyproject.toml, or into hullproof.toml. From then on `hullproof prove` is
    green, says until when, and finds what breaks next. What is unproven cannot be accepted.

    \b
    Examples:
      hullproof accept --all-broken --until 2027-01-31
      hullproof accept --all-broken --until 2027-01-31 --profile production
      hullproof accept --only ownership --until 2027-01-31 --reason "the vendor's plugin checks its owner"
    """  # noqa: D301 - click's mark is the character, not its name
    if all_broken == (only is not None):
        raise UsageError("say what to accept: --all-broken, or --only ID,...")
    last, why = _last_day(until), one_line(reason).strip()
    if not why:
        raise UsageError("--reason is empty; say why, for those who read reports")
    opened = open_project(project, replace(given, profile=profile))
    chosen, _ = choose(opened.config, names(only), experiments=True)
    reports: list[Report] = []

    def deliver(_project: Subject, report: Report) -> None:
        with shown.aside():
            show(report, "text", sys.stdout)
        reports.append(report)

    shown = display([opened], [each.id for each in chosen])
    with closing(Engine.connect()) as engine, shown:
        Proving(engine, names(only), experiments=True, deliver=deliver, several=False, hear=shown).all(
            [opened], 1
        )
    (report,) = reports
    there = {each.practice for each in opened.config.accept}
    broken = [each for each in report.proofs if each.verdict is Verdict.BROKEN and not each.is_excused]
    _require_new(broken, there)
    if broken:
        file = write_accepted(opened.home, [Accepted(each.id, why, last) for each in broken])
        for each in broken:
            say(f"accepted {each.id} until {last}, in {file}")
    else:
        say("nothing is broken that is not accepted, and nothing was written")
    return 1 if any(each.verdict is Verdict.UNPROVEN for each in report.proofs) else 0


def _last_day(text: str) -> date:
    try:
        day = datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=timezone.utc).date()
    except ValueError:
        raise UsageError(f"--until {text!r} is no day; write it as 2027-01-31") from None
    if day < datetime.now(timezone.utc).date():
        raise UsageError(f"--until {text} is over; give a day to come")
    return day


def _require_new(broken: Sequence[Proof], there: set[str]) -> None:
    over = [each.id for each in broken if each.id in there]
    if over:
        raise UsageError(
            f"{', '.join(over)}: was accepted until a day that is over; change its entry in `accept`, or fix it"
        )
