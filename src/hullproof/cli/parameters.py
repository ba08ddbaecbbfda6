"""What several commands can be given, and how it is read."""

from __future__ import annotations

import click

from hullproof.options import files, folders, pairs
from hullproof.project.config.values import READERS


def complete_practices(_context: click.Context, _parameter: click.Parameter, typed: str) -> list[str]:
    """Complete the last of several ids, as a shell asks for it."""
    from hullproof.practices import every  # noqa: PLC0415 - heavy, and only shells ask

    before, comma, last = typed.rpartition(",")
    return [f"{before}{comma}{each.id}" for each in every() if each.id.startswith(last)]


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


def _folders(_context: click.Context, parameter: click.Parameter, values: tuple[str, ...]) -> dict[str, str]:
    try:
        return folders(values)
    except ValueError as error:
        raise click.BadParameter(str(error), param=parameter) from None


def _path_within(_context: click.Context, parameter: click.Parameter, value: str | None) -> str | None:
    try:
        return None if value is None else str(READERS["dockerfile"](value))
    except ValueError as error:
        raise click.BadParameter(f"{value!r} must be {error}", param=parameter) from None


dockerfile_option = click.option(
    "--dockerfile",
    metavar="PATH",
    callback=_path_within,
    help="The Dockerfile, a path within PROJECT, which stays the build context; wins over the configured one.",
)
build_arg_option = click.option(
    "--build-arg",
    "build_args",
    multiple=True,
    metavar="NAME=VALUE",
    callback=_pairs,
    help="A build argument, such as PYTHON_VERSION=3.13; wins over the configured ones.",
)
secret_option = click.option(
    "--secret",
    "secrets",
    multiple=True,
    metavar="ID=PATH",
    callback=_files,
    help="A file, wherever it lies, for RUN --mount=type=secret; wins over the configured ones.",
)
build_context_option = click.option(
    "--build-context",
    "contexts",
    multiple=True,
    metavar="NAME=PATH",
    callback=_folders,
    help="A folder, wherever it lies, that the Dockerfile names in COPY --from or FROM; wins over the configured ones.",
)
