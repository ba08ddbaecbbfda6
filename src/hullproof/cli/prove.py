"""`hullproof prove`: build projects, prove their practices, deliver the reports."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import click

from hullproof.cli.completion import complete_practices, complete_profiles
from hullproof.cli.display import display
from hullproof.cli.parameters import project_options
from hullproof.engine.connection import Engine
from hullproof.errors import DockerfileError, UsageError
from hullproof.model import Report
from hullproof.options import names
from hullproof.project.project import Project
from hullproof.report import SUFFIXES, Detail
from hullproof.report.outputs import Output, Subject, delivery
from hullproof.report.several import Outcome, Summary, called
from hullproof.runner.choice import choose
from hullproof.runner.many import Proving, outcome_of
from hullproof.runner.opening import Given, open_image, open_project
from hullproof.runner.unreadable import report_of_unreadable
from hullproof.terminal import say


@dataclass(frozen=True)
class Unread:
    """A folder that cannot be read as a project, and why."""

    home: Path
    name: str
    error: UsageError


@click.command()
@click.argument("folders", metavar="[PROJECT]...", nargs=-1, type=click.Path(path_type=Path))
@click.option(
    "--profile",
    metavar="NAME",
    shell_complete=complete_profiles,
    help="The set of practices to prove: guide (the default), production, kubernetes, openshift, release; wins over the "
    "configured one.",
)
@click.option(
    "--image",
    metavar="REF",
    help="Prove this image, by name, digest or id, which is there or can be pulled, instead of one that is built: alone "
    "or, where PROJECT is given, as that project's, which is built to be compared.",
)
@click.option(
    "--only", metavar="ID,...", shell_complete=complete_practices, help="Prove these practices only."
)
@click.option(
    "--no-experiments",
    is_flag=True,
    help="Leave out the practices that need rebuilds; the report names them.",
)
@click.option(
    "--fresh",
    is_flag=True,
    help="Observe everything anew, also what was observed within the last week and has not changed since.",
)
@click.option(
    "--output",
    "outputs",
    multiple=True,
    metavar="[FORMAT:]FILE|board:URL",
    help="Write the report to this file, in the format named or that of its ending: .txt, .json, .md, .html, .xml "
    "(JUnit), .sarif; .intoto.json or .intoto.jsonl (statements about a pushed image), .cdx.json (a bill of "
    "materials). A file has all projects, a folder gets one for each. Stdout then gets a report only by "
    "--format. board:URL uploads it, with the token in HULLPROOF_BOARD_TOKEN. Repeatable.",
)
@click.option(
    "--format",
    "formats",
    multiple=True,
    type=click.Choice(tuple(SUFFIXES)),
    help="The format of stdout (default: text), or of outputs whose ending names none. Repeatable for a folder's "
    "files (default: json).",
)
@click.option("--brief", is_flag=True, help="Markdown for a release's notes: a line for each practice.")
@click.option("-v", "--verbose", is_flag=True, help="Show the evidence of practices that hold, too.")
@click.option("-q", "--quiet", is_flag=True, help="Show no more than the verdict's line.")
@click.option(
    "--jobs",
    type=click.IntRange(min=1),
    show_default="as many as the engine's processors and memory allow",
    help="How many projects to prove at once.",
)
@click.option(
    "--offline",
    is_flag=True,
    help="Boot without a network; services beside the container are still there. Builds have theirs.",
)
@project_options
def prove(
    folders: tuple[Path, ...],
    profile: str | None,
    image: str | None,
    only: str | None,
    fresh: bool,  # noqa: FBT001 - click hands over each option, by name
    outputs: tuple[str, ...],
    formats: tuple[str, ...],
    jobs: int | None,
    *,
    given: Given,
    no_experiments: bool,
    offline: bool,
    brief: bool,
    verbose: bool,
    quiet: bool,
) -> int:
    """Build each PROJECT (default: this folder) and prove its practices, by breaking things on purpose.

    \b
    Exit code: 0 all is well, 1 something broken or unproven, 2 wrong usage, 3 no engine or base image.

    \b
    Examples:
      hullproof prove
      hullproof prove --dockerfile docker/Dockerfile
      hullproof prove --profile production
      hullproof prove --image registry.example/shop@sha256:0123…
      hullproof prove --image registry.example/shop:1.4 .
      hullproof prove --only non-root-user,expose --no-experiments --verbose
      hullproof prove --output report.html --output report.json
      hullproof prove --format github --output report.sarif --output markdown:"$GITHUB_STEP_SUMMARY"
      hullproof prove --output board:https://board.example
      hullproof prove services/* --jobs 2 --output reports/ --format markdown --format junit
    """  # noqa: D301 - click's mark is the character, not its name
    if verbose and quiet:
        raise UsageError("--verbose shows more and --quiet less; leave out one of them")
    return prove_all(
        list(folders) or ([Path()] if image is None else []),
        only=names(only),
        experiments=not no_experiments,
        formats=formats,
        outputs=outputs,
        jobs=jobs,
        given=replace(given, offline=offline, profile=profile, image=image),
        is_fresh=fresh,
        detail="evidence" if verbose else "verdict" if quiet else "summary",
        brief=brief,
    )


def prove_all(
    folders: Sequence[Path],
    *,
    only: Sequence[str] | None,
    experiments: bool,
    formats: Sequence[str],
    outputs: Sequence[str],
    jobs: int | None,
    given: Given,
    is_fresh: bool = False,
    detail: Detail = "summary",
    brief: bool = False,
) -> int:
    """Prove each project, write each report as soon as it is there, return the worst exit code.

    `outputs` (`FILE`, `FORMAT:FILE` or `board:URL`) and `formats` say where the reports go, as `delivery` takes them. Raises
    UsageError before anything is built where any part of what was asked for is wrong. With several projects, one
    that cannot be read, or whose base image cannot be had, ends by itself, with a line and its exit code; one whose
    Dockerfile no build would take gets a report of a failed build. They are summed up at the end, and `jobs` are as many as
    the engine has room for where it is None. Without a project, it is `given.image` that is proven.
    """
    if given.image is not None and len(folders) > 1:
        raise UsageError("--image is one project's at most; prove the others without it")
    began = time.monotonic()
    found = _opened(folders, given)
    projects = [each for each in found if isinstance(each, Project)]
    several = len(found) > 1
    deliver_to_all = delivery(
        found,
        formats,
        [Output.parse(output) for output in outputs],
        detail=detail,
        brief=brief,
        several=several,
    )
    chosen = [choose(each.config, only, experiments=experiments)[0] for each in projects]
    asked = dict.fromkeys(each.id for practices in chosen for each in practices)
    shown = display(projects, list(asked), quiet=detail == "verdict")

    def deliver(project: Subject, report: Report) -> None:
        with shown.aside():
            deliver_to_all(project, report)

    unreadable = partial(report_of_unreadable, profile=given.profile, only=only, experiments=experiments)
    outcomes = dict(_refused(found, unreadable, deliver_to_all))
    if projects:
        builds = given.image is None or bool(folders)
        with closing(Engine.connect(builds=builds)) as engine, shown:
            proving = Proving(
                engine,
                only,
                experiments,
                deliver,
                several=several,
                hear=shown,
                over=shown.over,
                image=given.image,
                is_fresh=is_fresh,
            )
            fitting = jobs or (engine.fitting_projects() if several else 1)
            outcomes |= proving.all(projects, fitting)
    if several:
        in_order = [outcomes[each.home] for each in found]
        deliver_to_all.end(Summary(tuple(called(in_order)), time.monotonic() - began))
    return max(each.exit_code for each in outcomes.values())


def _refused(
    found: Sequence[Project | DockerfileError | Unread],
    unreadable: Callable[[DockerfileError], Report],
    deliver: Callable[[Subject, Report], None],
) -> Iterator[tuple[Path, Outcome]]:
    """Yield what came of those that nothing is proven of, by their folders; one whose Dockerfile no build takes has a report."""
    for each in found:
        if isinstance(each, Project):
            continue
        if isinstance(each, Unread):
            outcome = Outcome(each.name, error=str(each.error), exit_code=each.error.exit_code)
        else:
            outcome = outcome_of(each, partial(unreadable, each), deliver, several=len(found) > 1)
        if outcome.error:
            say(f"{each.name}: hullproof: {outcome.error}")
        yield each.home, outcome


def _opened(folders: Sequence[Path], given: Given) -> list[Project | DockerfileError | Unread]:
    """Open each folder's project, once. One of several that cannot be read hides no other."""
    if given.image is not None and not folders:
        return [open_image(given.image, given)]
    found: dict[Path, Project | DockerfileError | Unread] = {}
    for folder in folders:
        try:
            project = open_project(folder, given)
        except DockerfileError as error:  # noqa: PERF203 - the others are proven all the same
            found[error.home] = error
        except UsageError as error:
            home = folder.absolute()
            found[home] = Unread(home, home.name or str(home), error)
        else:
            found[project.home] = project
    unread = [each for each in found.values() if isinstance(each, Unread)]
    if len(unread) == len(found):
        raise unread[0].error
    return list(found.values())
