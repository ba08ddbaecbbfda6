"""Rebuilds of scratch copies, and what reaches the builder of a context."""

from __future__ import annotations

import tarfile
from typing import TYPE_CHECKING

from hullproof.engine.build import StopWhen, build
from hullproof.engine.model.build import BuildFacts
from hullproof.engine.request import BuildRequest
from hullproof.errors import DeadlineError, Unobservable
from hullproof.lab.scratch import put
from hullproof.project import projectfiles

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from hullproof.engine.connection import Engine
    from hullproof.lab.recipe import Recipe

REBUILD_DEADLINE_S = 900.0
"""How long one rebuild may take: a planted fault can make a test step hang."""

LISTING_DOCKERFILE = b"FROM scratch\nCOPY . /\n"


def rebuild(
    engine: Engine,
    recipe: Recipe,
    context: Path,
    what: str,
    *,
    stop_when: StopWhen | None = None,
    keep: Callable[[str], bool] = lambda _line: False,
) -> BuildFacts:
    """Build the release from a scratch copy, into the cache only. Unobservable if it is not done in time.

    `stop_when` and `keep`: see `build`.
    """
    request = recipe.request(context)
    try:
        return build(engine, request, stop_when=stop_when, keep=keep, deadline_s=REBUILD_DEADLINE_S)
    except DeadlineError as error:
        raise Unobservable(f"{what}: {error}") from error


def reaching(engine: Engine, recipe: Recipe, context: Path, folder: Path) -> frozenset[str]:
    """List the files and symlinks of a scratch context that reach the builder, through its own ignore file.

    The context's Dockerfile is replaced, in its place, by one that copies everything and needs no base.
    """
    dockerfile = recipe.project.config.dockerfile
    found = recipe.project.ignore_file
    if recipe.project.outside is not None and found is not None and found.name != ".dockerignore":
        put(context, found.name, projectfiles.read(recipe.project.home, found.name))
    put(context, dockerfile, LISTING_DOCKERFILE)
    output = folder / "context.tar"
    request = BuildRequest(context, context / dockerfile, output=output, owner=recipe.owner, say=recipe.say)
    try:
        facts = build(engine, request, deadline_s=REBUILD_DEADLINE_S)
    except DeadlineError as error:
        raise Unobservable(f"listing what reaches the builder: {error}") from error
    if not facts.ok:
        raise Unobservable(f"what reaches the builder could not be listed: {facts.error}")
    with tarfile.open(output) as archive:
        names = frozenset(member.name.strip("/") for member in archive if not member.isdir())
    output.unlink()
    return names
