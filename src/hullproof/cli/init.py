"""`hullproof init`: look, say, compare, write."""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TextIO

import click

from hullproof import options
from hullproof.errors import UsageError
from hullproof.init import plan, writing
from hullproof.init.look import look
from hullproof.init.model import Choices, Findings
from hullproof.init.plan import Planned
from hullproof.init.writing import Compared
from hullproof.project.config import load
from hullproof.project.project import dockerfile_path
from hullproof.terminal import say, write
from hullproof.text import block

_ORDER = ("found", "assumed", "note")


@click.command()
@click.argument("project", default=".", type=click.Path(path_type=Path))
@click.option(
    "--entry", metavar="MODULE:NAME|FILE", help="The application, such as shop.web:app, or a file to run."
)
@click.option(
    "--command", metavar="COMMAND", help="What the container runs, such as 'celery -A tasks worker'."
)
@click.option("--port", type=int, help="The port that it listens on.")
@click.option("--python", metavar="VERSION", help="The version of Python in the image, such as 3.13.")
@click.option("--force", is_flag=True, help="Replace files that are there and differ.")
@click.option("--dry-run", is_flag=True, help="Write nothing; show it all as a patch on stdout.")
def init(
    project: Path,
    entry: str | None,
    command: str | None,
    port: int | None,
    python: str | None,
    *,
    force: bool,
    dry_run: bool,
) -> int:
    """Look at PROJECT (default: this folder) and write what it is missing for an image that can be proven.

    That is a Dockerfile and its ignore file, a noxfile, tests of the container and a GitHub workflow. Nothing of
    the project is run. Files that exist are kept; where they differ, the difference is shown as a patch.

    \b
    Examples:
      hullproof init
      hullproof init --dry-run
      hullproof init services/shop --entry shop.web:app --port 8080 --python 3.13
    """  # noqa: D301 - click's mark is the character, not its name
    choices = Choices(entry, command, port, python)
    return write_missing(project, choices, force=force, dry_run=dry_run)


def write_missing(folder: Path, choices: Choices, *, force: bool, dry_run: bool) -> int:
    """Write what the project in `folder` is missing; say what was found, assumed, written and kept.

    What is there and differs is kept and shown as a patch on stdout, unless `force` replaces it. `dry_run` writes
    nothing and shows everything as one patch. Returns 0; raises UsageError, one line, where the project cannot be
    read, where something essential cannot be told, or where a file cannot be written.
    """
    try:
        top = options.path(folder).resolve()
    except ValueError as error:
        raise UsageError(str(error)) from None
    if not top.is_dir():
        raise UsageError(f"{folder}: no such folder; give the project's folder")
    dockerfile = dockerfile_path(top, load(top))
    findings = look(top, choices, dockerfile)
    compared = _compare(findings, dockerfile, force=force)
    chosen = [each for each in compared if each.state == "missing" or (force and each.may_be_replaced)]
    for remark in sorted(findings.remarks, key=lambda each: _ORDER.index(each.kind)):
        _say(remark.kind, remark.text)
    _show([each for each in compared if each.state == "differs" or (dry_run and each.state == "missing")])
    if not dry_run:
        writing.write(chosen)
    for each in compared:
        _say(*_outcome(each, chosen=each in chosen, dry_run=dry_run))
    if not dry_run:
        _say("next", f"hullproof prove {'' if folder == Path() else folder}".rstrip())
    return 0


def _compare(findings: Findings, dockerfile: str, *, force: bool) -> list[Compared]:
    """Compare all that is planned with what is there, and plan anew what depends on that."""
    compared = []
    its_own = f"{dockerfile}.dockerignore"  # which the builder reads, and then no other
    ignored_by = its_own if (findings.folder / its_own).exists() else plan.IGNORE_FILE
    for planned in plan.plan(findings, dockerfile, ignored_by):
        each = writing.compare(findings.folder, planned)
        if planned.path == dockerfile:
            is_theirs = each.state == "differs" and not force
        elif planned.path == ignored_by and each.state == "missing" and is_theirs:
            # Our allow-list would withhold what their Dockerfile copies.
            text = plan.ignore_file(findings, lets_all_in=True)
            each = replace(each, planned=replace(planned, text=text))
        elif planned.path == plan.NOXFILE and each.state == "differs":
            each = _noxfile(each)
        compared.append(each)
    return compared


def _noxfile(there: Compared) -> Compared:
    """Leave a noxfile to its owner: show what would add the sessions, where they are not there yet."""
    if plan.CALL in there.old:
        return replace(there, state="same", may_be_replaced=False)
    ours = Planned(plan.NOXFILE, there.old.rstrip("\n") + "\n" + plan.SESSIONS)
    return replace(there, planned=ours, may_be_replaced=False)


def _show(compared: Sequence[Compared]) -> None:
    """Write the changes as one patch: to the letter into a file, else without what it could do to its reader."""
    patch = "".join(each.diff for each in compared)
    shown = patch if _is_file(sys.stdout) else "\n".join(map(_printable, patch.split("\n")))
    if shown:
        write(shown, sys.stdout)
    if shown != patch:
        _say(
            "note",
            "the patch shows as escapes what acts on a terminal or on CI; in a file it is exact: ... > init.patch",
        )


def _is_file(stream: TextIO) -> bool:
    try:
        return stat.S_ISREG(os.fstat(stream.fileno()).st_mode)
    except (OSError, ValueError):  # closed, or none of the system's
        return False


def _printable(text: str) -> str:
    bare = text.removesuffix("\r")
    return block(bare, 10 * len(bare)) + text[len(bare) :]  # an escape has at most ten characters


def _outcome(each: Compared, *, chosen: bool, dry_run: bool) -> tuple[str, str]:
    path = each.planned.path
    if each.state == "same":
        return "same", path
    if chosen:
        done = "wrote" if each.state == "missing" else "replaced"
        return (
            ("would", f"write {path}" if each.state == "missing" else f"replace {path}")
            if dry_run
            else (done, path)
        )
    if not each.may_be_replaced:
        return "kept", f"{path}: for sessions that build and prove, add the last lines of the patch above"
    return "kept", f"{path}: it differs, see the patch above (--force replaces it)"


def _say(kind: str, text: str) -> None:
    say(f"{kind:<9}{text}")
