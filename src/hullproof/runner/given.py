"""Proving an image that is there or can be pulled, instead of one that is built: alone, or with the project it is said to be of.

What comes from the build is then not to be seen. Facts of the image take its place where they can, and the others cannot be
had, for a reason that says so; practices know nothing of it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from hullproof.dockerfile import Release
from hullproof.dockerfile.recovered import NAME, recovered
from hullproof.engine.connection import Engine
from hullproof.engine.image import find_image, inspect_image
from hullproof.engine.model.build import BuildFacts
from hullproof.engine.model.image import BaseFacts, ImageFacts
from hullproof.engine.registry import pull, why_not_pullable
from hullproof.errors import EngineError, Unobservable, UsageError
from hullproof.events import Listener, Note
from hullproof.facts import builds, images
from hullproof.host.bases import BaseSet
from hullproof.host.standinplan import parse_reference
from hullproof.project.config import Config
from hullproof.project.project import Project
from hullproof.runner.graph import Graph

_UNKNOWN_BASE = "unknown"
_ALONE = "the image was given without its project: what its build does was not seen"

_COMPARED = (
    ("USER", "user"),
    ("WORKDIR", "workdir"),
    ("EXPOSE", "exposed"),
    ("ENTRYPOINT", "entrypoint"),
    ("CMD", "command"),
    ("ENV", "env"),
    ("VOLUME", "volumes"),
    ("STOPSIGNAL", "stop_signal"),
    ("HEALTHCHECK", "healthcheck"),
)
"""What of the configuration makes a container behave as it does; labels may name the day."""


@dataclass(frozen=True)
class GivenImage:
    """An image to prove: what of it is known from the start, by the names of facts, and as whose project it is judged.

    `comparison` says in a clause how it compares with what the project builds; None without a project.
    """

    reference: str
    project: Project
    facts: Mapping[str, object] = field(default_factory=dict)
    comparison: str | None = None


def require_reference(reference: str, option: str) -> None:
    """Raise UsageError where this names no image; `option` is what it was given by."""
    if reference.startswith("sha256:"):
        return
    try:
        repository = parse_reference(reference).repository
    except EngineError as error:
        raise UsageError(f"{option}: {error}") from None
    if repository != repository.lower():
        raise UsageError(f"{option}: {reference!r} is not an image reference: repositories are in lower case")


def stub(reference: str) -> Project:
    """Return what stands for the project of an image that is given alone."""
    return _project_of(Project(Path(), Config(), _release([], {}, _UNKNOWN_BASE), reference, ""), [], {})


def is_stub(project: Project) -> bool:
    """Whether a project stands for that of an image that is given alone."""
    return not project.dockerfile_sha256


def provide(engine: Engine, reference: str, tell: Listener) -> ImageFacts:
    """Find an image or pull it. Raises EngineError, with the way out, where it cannot be had or is for another machine."""
    if find_image(engine, reference) is None:
        _pull(engine, reference, tell)
    image = inspect_image(engine, reference, base_diff_ids=[])
    own, made_for = engine.architecture(), (image.platform or "").split("/")
    if own and made_for[1:] and made_for[1] != own:
        raise EngineError(
            f"image {reference} is for {image.platform}, and this engine's machine is {own}: prove it on such a machine, or "
            f"give the manifest of an index that is for linux/{own}"
        )
    return image


def _pull(engine: Engine, reference: str, tell: Listener) -> None:
    if reference.startswith("sha256:"):
        raise EngineError(f"the engine has no image {reference}: give a name by which it can be pulled")
    why = why_not_pullable(engine, parse_reference(reference).registry, reference)
    if why is not None:
        raise EngineError(
            f"image {reference} is not in the engine and cannot be pulled ({why}): build, load or pull it first"
        )
    tell(Note(f"pulling {reference}"))
    pull(engine, reference)


def alone(engine: Engine, reference: str, project: Project, tell: Listener) -> GivenImage:
    """Take an image without a project, for which `project` is the stub."""
    image = provide(engine, reference, tell)
    return _judged_by_itself(GivenImage(reference, project), image, _ALONE, None)


def compared(engine: Engine, reference: str, of_build: Graph, project: Project, tell: Listener) -> GivenImage:
    """Take an image that is said to be a project's, which `of_build` builds; where it is not, judge it by itself.

    Layers are compared by what they hold, and then what the configuration says of a container.
    """
    image = provide(engine, reference, tell)
    base = of_build.fact(builds.base)
    given = GivenImage(reference, project)
    try:
        built = of_build.fact(images.image)
    except Unobservable as error:
        why = f"whether it is this project's is not known: {error}"
        return _judged_by_itself(given, image, why, base)
    difference = _difference(project, built, image)
    if difference is None:
        shared = (builds.bases, builds.recipe, builds.build, builds.base)
        facts = {each.__name__: of_build[each.__name__] for each in shared}
        said = "this project's Dockerfile builds it, layer by layer"
        return replace(given, facts={**facts, "image_id": image.id}, comparison=said)
    tell(Note(f"{reference} is not what this project builds: {difference}"))
    return _judged_by_itself(given, image, f"this project's Dockerfile does not build it: {difference}", base)


def _difference(project: Project, built: ImageFacts, image: ImageFacts) -> str | None:
    """Say in which instruction the two differ first, None where in none."""
    pairs = list(zip(built.diff_ids, image.diff_ids, strict=False))
    at = next((at for at, (own, other) in enumerate(pairs) if own != other), len(pairs))
    if at < len(built.diff_ids):
        makers = [each for each in built.history if not each.empty_layer]
        maker = makers[at] if len(makers) == len(built.diff_ids) else None
        how = "makes another layer" if at < len(image.diff_ids) else "makes a layer that it has not"
        if maker is None:
            return f"layer {at + 1} of {len(built.diff_ids)} is another"
        if maker.from_base:
            base = project.release.base
            return f"it is not on this {base.reference} ({project.release.where(base.line)})"
        where = f"{project.release.where(maker.line)} " if maker.line else ""
        return f"{where}({_short(maker.created_by)}) {how}"
    if more := len(image.diff_ids) - len(built.diff_ids):
        return f"it has {more} more {'layer' if more == 1 else 'layers'} than this project's Dockerfile makes"
    for keyword, name in _COMPARED:
        if getattr(built, name) != getattr(image, name):
            return f"its layers are the same, and its {keyword} is not ({project.release.governing(keyword)})"
    return None


def _short(created_by: str) -> str:
    text = " ".join(created_by.removesuffix("# buildkit").replace("/bin/sh -c ", "").split())
    return text if len(text) <= 60 else f"{text[:59]}…"  # noqa: PLR2004 - a clause's worth


def _judged_by_itself(
    given: GivenImage, image: ImageFacts, reason: str, base: BaseFacts | None
) -> GivenImage:
    """Judge an image by what it tells itself; `base` counts as its base where its layers begin with that one's."""
    is_known = base is not None and base.diff_ids and image.diff_ids[: len(base.diff_ids)] == base.diff_ids
    missing = Unobservable(reason)
    absent = ("recipe", "bench", "test_scripts", "edits", "gate", "canaries", "withheld")
    project = _project_of(given.project, [each.created_by for each in image.history], _in_force(image))
    return replace(
        given,
        project=project,
        facts={
            **dict.fromkeys(absent, missing),
            "image_id": image.id,
            "image": image,
            "build": BuildFacts(ok=True, steps=(), duration_s=0.0, image_id=image.id),
            "bases": BaseSet(()),
            "base": base if is_known else missing,
            **({"tests": {}} if is_stub(given.project) else {}),
        },
        comparison=None if is_stub(given.project) else reason,
    )


def _project_of(project: Project, created_by: list[str], in_force: Mapping[str, str]) -> Project:
    config = replace(project.config, dockerfile=NAME, target=None, test_target=None)
    release = _release(created_by, in_force, _UNKNOWN_BASE)
    return replace(project, config=config, release=release, dockerfile_sha256="")


def _release(created_by: list[str], in_force: Mapping[str, str], base: str) -> Release:
    dockerfile = recovered(created_by, in_force, base)
    return Release(dockerfile, dockerfile.stages[-1])


def _in_force(image: ImageFacts) -> dict[str, str]:
    """Write what the configuration says as instructions."""
    found = {
        "USER": f"USER {_word(image.user)}" if image.user else "",
        "WORKDIR": f"WORKDIR {_word(image.workdir)}" if image.workdir else "",
        "EXPOSE": f"EXPOSE {' '.join(image.exposed)}" if image.exposed else "",
        "VOLUME": f"VOLUME {json.dumps(list(image.volumes))}" if image.volumes else "",
        "STOPSIGNAL": f"STOPSIGNAL {image.stop_signal}" if image.stop_signal != "SIGTERM" else "",
        "ENTRYPOINT": f"ENTRYPOINT {json.dumps(list(image.entrypoint))}" if image.entrypoint else "",
        "CMD": f"CMD {json.dumps(list(image.command))}" if image.command else "",
    }
    if image.healthcheck[:1] == ("CMD",):
        found["HEALTHCHECK"] = f"HEALTHCHECK CMD {json.dumps(list(image.healthcheck[1:]))}"
    elif image.healthcheck[:1] == ("CMD-SHELL",):
        found["HEALTHCHECK"] = f"HEALTHCHECK CMD {' '.join(' '.join(image.healthcheck[1:]).split())}"
    return {keyword: text for keyword, text in found.items() if text}


def _word(text: str) -> str:
    return text if re.fullmatch(r"[\w./:@+-]+", text) else json.dumps(text)
