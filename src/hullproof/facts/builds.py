"""The project's own build: what it starts from, how it is asked for, and how it went."""

from __future__ import annotations

import functools
import re
from dataclasses import replace
from pathlib import Path

from hullproof.dockerfile import Release
from hullproof.engine.build import build as run_build
from hullproof.engine.connection import Engine
from hullproof.engine.model.build import BuildFacts
from hullproof.engine.model.image import BaseFacts
from hullproof.engine.registry import why_unreachable
from hullproof.errors import EngineError, Unobservable
from hullproof.events import Listener, Note, Steps
from hullproof.facts.failing import failure_of
from hullproof.facts.provider import fact, means
from hullproof.host.bases import BaseSet, NoBaseError, provide_bases
from hullproof.host.standinplan import parse_reference
from hullproof.host.trust import host_trust
from hullproof.lab.recipe import Recipe
from hullproof.project.frontend import copy_without_syntax_directive
from hullproof.project.project import Project
from hullproof.run.run import Run

_CONTEXT = re.compile(r"[A-Za-z0-9_.-]+")
"""A name that may be a build context's: no address, no tag."""


@means
def bases(project: Project, engine: Engine, run: Run, tell: Listener) -> BaseSet:
    """Every image that the build starts from. Raises EngineError for one that cannot be had."""
    named, section = project.config.contexts, project.section
    if section is not None and project.composed:
        tell(Note(f"taken from {section.place}: {', '.join(project.composed)}"))
    images = [image for image in project.release.external_images if image.reference not in named]
    try:
        return provide_bases(
            engine, [image.reference for image in images], say=lambda line: tell(Note(line)), owner=run.id
        )
    except NoBaseError as error:
        taken = next((each for each in images if each.reference == error.reference), None)
        if taken is None or taken.keyword == "FROM" or not _CONTEXT.fullmatch(taken.reference):
            raise
        name = taken.reference
        what = f"{project.release.where(taken.line)} takes files from {name}"
        if section is not None and name in section.elsewhere:
            path = section.elsewhere[name]
            raise EngineError(
                f"{what}, a build context that {section.place} has at {path}, which is not within the project: hand it in "
                f"with --build-context {name}={path}"
            ) from error
        raise EngineError(
            f"{what}, which is neither a stage nor an image that can be had: if it is a build context, hand it in with "
            f'--build-context {name}=PATH, or write `contexts = {{ {name} = "PATH" }}` into hullproof.toml where it lies '
            "within the project"
        ) from error


@means
def recipe(project: Project, engine: Engine, run: Run, bases: BaseSet, tell: Listener) -> Recipe:
    """How the project is built here, each time that it is."""
    trust = host_trust()
    secrets = trust.write_secrets(run.scratch("secrets"))
    for name, path in project.config.secrets.items():
        secrets[name] = project.home / path
    return Recipe(
        project,
        owner=run.id,
        build_contexts={
            **bases.build_contexts,
            **{name: str(project.home / path) for name, path in project.config.contexts.items()},
        },
        secrets=secrets,
        proxy_args=trust.proxy_args,
        dockerfile=_dockerfile_without_frontend(project, engine, run, tell),
        say=functools.cache(lambda line: tell(Note(line))),  # once, however many builds it holds up
    )


def _dockerfile_without_frontend(project: Project, engine: Engine, run: Run, tell: Listener) -> Path | None:
    """A copy of the Dockerfile to build where the frontend that it names cannot be fetched; None elsewhere."""
    frontend = project.dockerfile.syntax_directive
    why = why_unreachable(engine, parse_reference(frontend).registry) if frontend else None
    if why is None:
        return None
    tell(Note(f"the frontend {frontend} cannot be fetched ({why}); using the one within BuildKit"))
    return copy_without_syntax_directive(project.home, project.config.dockerfile, run.scratch("dockerfile"))


@fact
def build(engine: Engine, recipe: Recipe, bases: BaseSet, tell: Listener) -> BuildFacts:
    """The build of the release, step by step. One that fails is a finding."""
    request = recipe.request(output="image")
    built = run_build(engine, request, on_change=Steps(tell))
    return explained(built, recipe, bases)


def explained(built: BuildFacts, recipe: Recipe, bases: BaseSet) -> BuildFacts:
    """Say of a build by this recipe why it failed, where it did."""
    return built if built.ok else replace(built, failure=failure_of(built, recipe, bases.bases))


@means
def image_id(build: BuildFacts) -> str:
    """The image under proof. Raises Unobservable where the project's own build fails."""
    if build.image_id is None:
        raise Unobservable(str(build.failure))
    return build.image_id


@fact
def base(release: Release, bases: BaseSet) -> BaseFacts:
    """The image that the release stage starts from."""
    reference = release.base
    found = bases.get(reference.reference)
    if found is None:
        return BaseFacts(reference.reference, reference.line)
    return BaseFacts(
        reference.reference,
        reference.line,
        diff_ids=found.known.diff_ids,
        stand_in=found.stand_in,
        note=found.note,
        labels=found.known.labels,
        digest=None if found.stand_in else found.known.registry_digest(found.image),
    )
