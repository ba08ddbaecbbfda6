"""What several commands can be given, and how it is read."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Mapping

import click

from hullproof.options import files, folders, pairs
from hullproof.project.config.values import READERS
from hullproof.runner.opening import Given

Command = Callable[..., int]
_Read = Callable[[click.Context, click.Parameter, tuple[str, ...]], Mapping[str, str]]


def _read_by(reader: Callable[[Iterable[str]], Mapping[str, str]]) -> _Read:
    """Have an option's values read; what `reader` refuses is wrong usage of that option."""

    def read(
        _context: click.Context, parameter: click.Parameter, values: tuple[str, ...]
    ) -> Mapping[str, str]:
        try:
            return reader(values)
        except ValueError as error:
            raise click.BadParameter(str(error), param=parameter) from None

    return read


def _path_within(_context: click.Context, parameter: click.Parameter, value: str | None) -> str | None:
    try:
        return None if value is None else str(READERS["dockerfile"](value))
    except ValueError as error:
        raise click.BadParameter(f"{value!r} must be {error}", param=parameter) from None


_OF_A_PROJECT = (
    click.option(
        "--dockerfile",
        metavar="PATH",
        callback=_path_within,
        help="The Dockerfile, a path within PROJECT, which stays the build context; wins over the configured one.",
    ),
    click.option(
        "--build-arg",
        "build_args",
        multiple=True,
        metavar="NAME=VALUE",
        callback=_read_by(pairs),
        help="A build argument, such as PYTHON_VERSION=3.13; wins over the configured ones.",
    ),
    click.option(
        "--secret",
        "secrets",
        multiple=True,
        metavar="ID=PATH",
        callback=_read_by(files),
        help="A file, wherever it lies, for RUN --mount=type=secret; wins over the configured ones.",
    ),
    click.option(
        "--build-context",
        "contexts",
        multiple=True,
        metavar="NAME=PATH",
        callback=_read_by(folders),
        help="A folder, wherever it lies, that the Dockerfile names in COPY --from or FROM; wins over the configured ones.",
    ),
)


def project_options(command: Command) -> Command:
    """Give a command the options that say of a project what wins over its configuration; it gets them as one, `given`."""

    @functools.wraps(command)
    def taking(
        *args: object,
        dockerfile: str | None,
        build_args: Mapping[str, str],
        secrets: Mapping[str, str],
        contexts: Mapping[str, str],
        **others: object,
    ) -> int:
        return command(*args, given=Given(build_args, dockerfile, secrets, contexts), **others)

    for option in reversed(_OF_A_PROJECT):
        taking = option(taking)
    return taking
