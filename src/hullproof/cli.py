"""The command line: a thin door to what the package can do."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import NoReturn

import click

from hullproof import __version__
from hullproof.errors import UsageError, lacking
from hullproof.options import files, names, pairs
from hullproof.report import SUFFIXES

_CONTEXT = {"help_option_names": ["-h", "--help"], "max_content_width": 100}


def main() -> NoReturn:
    """Run the command and exit: 0 good, 1 bad news, 2 wrong usage, 3 no engine or base, 128+n on a signal."""
    from hullproof.interruption import Interrupted, unwinding_on_signals  # noqa: PLC0415 - --version stays fast

    with unwinding_on_signals(_say) as interruption:
        try:
            # Not click's own `main`, to which every signal is an Abort, and a reader who has gone a failure.
            with cli.make_context("hullproof", _arguments()) as context:
                code = cli.invoke(context)
        except click.exceptions.Exit as done:
            code = done.exit_code
        except click.UsageError as error:
            code = _complain_of_usage(error)
        except click.ClickException as error:
            code = _complain(error.format_message(), 2)
        except Interrupted as interrupted:
            code = _complain(str(interruption), 128 + interrupted.signum)
        except (KeyboardInterrupt, click.Abort):  # before the signals were taken over
            code = _complain("interrupted", 128 + signal.SIGINT)
        except BrokenPipeError:
            code = 0  # who was reading has read enough
        except Exception as error:
            told = lacking(error)
            if interruption.signum is not None:  # it may be what a call came to that was cut short
                code = _complain(str(interruption), 128 + interruption.signum)
            elif told is not None:
                code = _complain(str(told), told.exit_code)
            else:
                raise
        _let_go_of_stdout()
        sys.exit(code if isinstance(code, int) else 0)


def _arguments() -> list[str]:
    if any("\0" in each for each in sys.argv):
        raise UsageError("an argument has a NUL; leave it out")
    return sys.argv[1:]


def _say(line: str) -> None:
    from hullproof.progress_lines import say  # noqa: PLC0415 - --version stays fast

    say(line)


def _complain(message: str, code: int) -> int:
    _say(f"hullproof: {message}")
    return code


def _complain_of_usage(error: click.UsageError) -> int:
    if isinstance(error, click.exceptions.NoArgsIsHelpError):
        click.echo(error.format_message(), err=True)
        return 2
    command = error.ctx.command_path if error.ctx else "hullproof"
    return _complain(f"{error.format_message().rstrip('.')} ({command} --help tells more)", 2)


def _let_go_of_stdout() -> None:
    """Write out what is left for stdout, or let it go where nobody reads any more: Python would complain."""
    try:
        sys.stdout.flush()
    except (OSError, ValueError, AttributeError):
        with contextlib.suppress(OSError, ValueError, AttributeError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


@click.group(context_settings=_CONTEXT)
@click.version_option(__version__, prog_name="hullproof")
def cli() -> None:
    """Build a Python application's image and prove that it is what its Dockerfile promises.

    \b
    Examples:
      hullproof init                      write what this folder's project is missing
      hullproof prove                     prove the project in this folder
      hullproof prove --only test-gate    one practice
      hullproof explain test-gate         why it matters, what proves it, how to fix it
      hullproof config                    which settings are in force, and why
      hullproof doctor                    is this machine ready?
      hullproof clean                     remove what killed runs left behind
    """  # noqa: D301 - click's mark is the character, not its name


def _pairs(_context: click.Context, parameter: click.Parameter, values: tuple[str, ...]) -> dict[str, str]:
    try:
        return pairs(values)
    except ValueError as error:
        raise click.BadParameter(str(error), param=parameter) from None


def _files(_context: click.Context, parameter: click.Parameter, values: tuple[str, ...]) -> dict[str, str]:
    try:
        return files(values)
    except ValueError as error:
        raise click.BadParameter(str(error), param=parameter) from None


def _path_within(_context: click.Context, parameter: click.Parameter, value: str | None) -> str | None:
    from hullproof.project.config.values import READERS  # noqa: PLC0415 - --version stays fast

    try:
        return None if value is None else str(READERS["dockerfile"](value))
    except ValueError as error:
        raise click.BadParameter(f"{value!r} must be {error}", param=parameter) from None


_dockerfile_option = click.option(
    "--dockerfile",
    metavar="PATH",
    callback=_path_within,
    help="The Dockerfile, a path within PROJECT, which stays the build context; wins over the configured one.",
)
_build_arg_option = click.option(
    "--build-arg",
    "build_args",
    multiple=True,
    metavar="NAME=VALUE",
    callback=_pairs,
    help="A build argument, such as PYTHON_VERSION=3.13; wins over the configured ones.",
)


_secret_option = click.option(
    "--secret",
    "secrets",
    multiple=True,
    metavar="ID=PATH",
    callback=_files,
    help="A file, wherever it lies, for RUN --mount=type=secret; wins over the configured ones.",
)


@cli.command(short_help="Build each project's image and prove its practices.")
@click.argument("folders", metavar="[PROJECT]...", nargs=-1, type=click.Path(path_type=Path))
@click.option("--only", metavar="ID,...", help="Prove these practices only.")
@click.option(
    "--no-experiments",
    is_flag=True,
    help="Leave out the practices that need rebuilds; the report names them.",
)
@click.option(
    "--output",
    "outputs",
    multiple=True,
    metavar="[FORMAT:]FILE",
    help="Write the report to this file, in the format named or that of its ending: .txt, .json, .md, .html, .xml "
    "(JUnit), .sarif. A folder gets a file for each project; several projects need one. Stdout then gets a report "
    "only by --format. Repeatable.",
)
@click.option(
    "--format",
    "formats",
    multiple=True,
    type=click.Choice(tuple(SUFFIXES)),
    help="The format of stdout (default: text), or of outputs whose ending names none. Repeatable for a folder's "
    "files (default: json).",
)
@click.option(
    "--jobs",
    type=click.IntRange(min=1),
    default=1,
    show_default=True,
    help="How many projects to prove at once.",
)
@click.option(
    "--offline",
    is_flag=True,
    help="Boot without a network; services beside the container are still there. Builds have theirs.",
)
@_dockerfile_option
@_build_arg_option
@_secret_option
def prove(
    folders: tuple[Path, ...],
    only: str | None,
    outputs: tuple[str, ...],
    formats: tuple[str, ...],
    jobs: int,
    dockerfile: str | None,
    build_args: Mapping[str, str],
    secrets: Mapping[str, str],
    *,
    no_experiments: bool,
    offline: bool,
) -> int:
    """Build each PROJECT (default: this folder) and prove its practices, by breaking things on purpose.

    \b
    Exit code: 0 all is well, 1 something broken or unproven, 2 wrong usage, 3 no engine or base image.

    \b
    Examples:
      hullproof prove
      hullproof prove --dockerfile docker/Dockerfile
      hullproof prove --only non-root-user,expose --no-experiments
      hullproof prove --output report.html --output report.json
      hullproof prove --format github --output report.sarif --output markdown:"$GITHUB_STEP_SUMMARY"
      hullproof prove services/* --jobs 2 --output reports/ --format markdown --format junit
    """  # noqa: D301 - click's mark is the character, not its name
    from hullproof.doors import prove_all  # noqa: PLC0415 - --version stays fast

    return prove_all(
        list(folders) or [Path()],
        only=names(only),
        experiments=not no_experiments,
        formats=formats,
        outputs=outputs,
        jobs=jobs,
        build_args=build_args,
        secrets=secrets,
        dockerfile=dockerfile,
        offline=offline,
    )


@cli.command(short_help="Write what a project is missing for an image that can be proven.")
@click.argument("project", default=".", type=click.Path(path_type=Path))
@click.option(
    "--entry", metavar="MODULE:NAME|FILE", help="The application, such as shop.web:app, or a file to run."
)
@click.option("--port", type=int, help="The port that it listens on.")
@click.option("--python", metavar="VERSION", help="The version of Python in the image, such as 3.13.")
@click.option("--force", is_flag=True, help="Replace files that are there and differ.")
@click.option("--dry-run", is_flag=True, help="Write nothing; show it all as a patch on stdout.")
def init(
    project: Path, entry: str | None, port: int | None, python: str | None, *, force: bool, dry_run: bool
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
    from hullproof.init import init as write_missing  # noqa: PLC0415 - --version stays fast
    from hullproof.init.model import Choices  # noqa: PLC0415

    return write_missing(project, Choices(entry, port, python), force=force, dry_run=dry_run)


@cli.command(short_help="Build a project's image.")
@click.argument("project", default=".", type=click.Path(path_type=Path))
@click.option("--target", metavar="STAGE", help="Build this stage, by name or number; default: the release.")
@click.option("--tag", "tags", multiple=True, metavar="NAME", help="Name the image.")
@click.option(
    "--check", is_flag=True, help="Run the steps but keep no image; show what the last step printed."
)
@click.option("--tests", is_flag=True, help="The same as --check, for the stage that runs the tests.")
@click.option(
    "--metadata", type=click.Path(path_type=Path), help="Write id, size and base to this file, as JSON."
)
@_dockerfile_option
@_build_arg_option
@_secret_option
def build(
    project: Path,
    target: str | None,
    tags: tuple[str, ...],
    metadata: Path | None,
    dockerfile: str | None,
    build_args: Mapping[str, str],
    secrets: Mapping[str, str],
    *,
    check: bool,
    tests: bool,
) -> int:
    """Build PROJECT's image and keep it; where its base cannot be had, on a stand-in made from Debian's packages.

    \b
    Examples:
      hullproof build --tag release-board:3.13 --build-arg PYTHON_VERSION=3.13
      hullproof build --tests
      hullproof build --target docs --check
    """  # noqa: D301 - click's mark is the character, not its name
    from hullproof.delivery import require_place  # noqa: PLC0415
    from hullproof.doors import build_one  # noqa: PLC0415
    from hullproof.text import json_text  # noqa: PLC0415

    if metadata is not None:
        require_place(metadata)
    if tests and target is not None:
        raise UsageError("--tests finds the stage by itself; leave out --target, or use --check instead")
    facts = build_one(
        project,
        target=target,
        tags=tags,
        check=check or tests,
        tests=tests,
        build_args=build_args,
        secrets=secrets,
        dockerfile=dockerfile,
    )
    if metadata is not None:
        _write(metadata, json_text(facts))
    return 0 if facts["ok"] else 1


@cli.command(short_help="Show a project's settings and where each came from.")
@click.argument("project", default=".", type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="For other programs.")
@_dockerfile_option
@_build_arg_option
@_secret_option
def config(
    project: Path,
    dockerfile: str | None,
    build_args: Mapping[str, str],
    secrets: Mapping[str, str],
    *,
    as_json: bool,
) -> int:
    """Show the settings in force for PROJECT, and where each came from: written down, found, or a default.

    \b
    Examples:
      hullproof config
      hullproof config services/web --json
    """  # noqa: D301 - click's mark is the character, not its name
    from hullproof.doors import settings_of  # noqa: PLC0415

    click.echo(settings_of(project, build_args, dockerfile, secrets, as_json=as_json), nl=False)
    return 0


@cli.command(short_help="Explain a practice, or list them all.")
@click.argument("practice", metavar="[ID]", required=False)
def explain(practice: str | None) -> int:
    """Explain practice ID: why it matters, what proves it, what breaks it and how to fix it.

    \b
    Examples:
      hullproof explain               all practices, a line each
      hullproof explain test-gate
    """  # noqa: D301 - click's mark is the character, not its name
    from hullproof.doors import explanation  # noqa: PLC0415

    click.echo(explanation(practice))
    return 0


@cli.command(short_help="Check whether this machine is ready.")
@click.option(
    "--install", is_flag=True, help="Install and start an engine where there is none (Debian, Ubuntu)."
)
@click.option("--yes", is_flag=True, help="Do not ask before installing.")
def doctor(*, install: bool, yes: bool) -> int:
    """Check whether this machine is ready, and say what to run where it is not.

    \b
    Examples:
      hullproof doctor
      hullproof doctor --install --yes
    """  # noqa: D301 - click's mark is the character, not its name
    from hullproof.doors import examine, make_ready  # noqa: PLC0415

    return make_ready(assume_yes=yes) if install else examine()


@cli.command(short_help="Remove what killed runs left behind.")
def clean() -> int:
    """Remove what killed runs left behind: containers, networks, volumes, images, scratch folders.

    Nothing is touched that Hullproof did not make, or that belongs to a run that is still going.

    \b
    Examples:
      hullproof clean
    """  # noqa: D301 - click's mark is the character, not its name
    from hullproof.doors import clean_up  # noqa: PLC0415

    return clean_up()


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise UsageError(f"{path}: cannot be written ({error.strerror})") from error
