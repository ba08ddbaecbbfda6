"""Rebuilds with other inputs: what a pipeline, another machine or a liar would hand in, tried."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from hullproof.engine.connection import Engine
from hullproof.engine.image import inspect_image
from hullproof.engine.model.build import BuildFacts
from hullproof.engine.model.image import BaseFacts, FileFacts
from hullproof.errors import Unobservable
from hullproof.facts.provider import experiment, means
from hullproof.facts.trials import Trial, Trials
from hullproof.lab import checkouts, locks
from hullproof.lab import leaks as leaking
from hullproof.lab import renewal as renewing
from hullproof.lab import reproduction as reproducing
from hullproof.lab.private import with_own_mounts
from hullproof.lab.rebuilds import (
    CheckoutBuild,
    LeakFacts,
    LockFacts,
    Rebuilds,
    RenewalFacts,
    ReproductionFacts,
)
from hullproof.lab.recipe import Recipe
from hullproof.lab.scratch import Bench
from hullproof.project.git import tracked
from hullproof.project.project import Project

_DISTRIBUTION = re.compile(r".*/(?:site|dist)-packages/(?P<name>[^/]+?)-[^-/]+\.dist-info(?:/METADATA)?")


@dataclass(frozen=True)
class CheckoutTrial:
    """A build from another checkout, and the boot of its image; None where it was not built, or is the same image."""

    built: CheckoutBuild
    trial: Trial | None = None


@means
def rebuilds(engine: Engine, recipe: Recipe, bench: Bench, build: BuildFacts) -> Rebuilds:
    """What rebuilds the release with other inputs, once its own build has succeeded."""
    if not build.ok:
        raise Unobservable(str(build.failure or build.error))
    lines = {each.line for each in recipe.project.dockerfile.instructions}
    apart = with_own_mounts(recipe, bench.folder("apart"), lines)
    return Rebuilds(engine, recipe, apart, bench)


@experiment
def renewal(rebuilds: Rebuilds) -> RenewalFacts:
    """What changes with every commit or release, changed: which installing steps run again."""
    return renewing.run(rebuilds)


@experiment
def falsified(rebuilds: Rebuilds, files: FileFacts) -> LockFacts:
    """The hashes of one locked package, falsified: whether the build fails of it."""
    found = (_DISTRIBUTION.fullmatch(each.path) for layer in files.added_layers for each in layer.entries)
    return locks.run(rebuilds, (each["name"] for each in found if each))


@experiment
def leaks(rebuilds: Rebuilds) -> LeakFacts:
    """A canary in each secret that the build takes: where in the image it is found."""
    return leaking.run(rebuilds)


@experiment
def reproduction(rebuilds: Rebuilds, base: BaseFacts) -> ReproductionFacts:
    """The release built twice, without cache, under other conditions: what differs."""
    return reproducing.run(rebuilds, base)


@experiment
def other_checkouts(
    rebuilds: Rebuilds, project: Project, trials: Trials, base: BaseFacts
) -> tuple[CheckoutTrial, ...]:
    """The release from other checkouts of the same commit, built and booted; none where no repository keeps the project."""
    kept = tracked(project.folder)
    return tuple(_booted(each, trials, base) for each in checkouts.run(rebuilds, kept)) if kept else ()


def _booted(built: CheckoutBuild, trials: Trials, base: BaseFacts) -> CheckoutTrial:
    """Boot what was built, unless it is the image that was booted before."""
    if built.image_id is None or built.image_id == trials.boots.image.id:
        return CheckoutTrial(built)
    image = inspect_image(trials.boots.engine, built.image_id, base_diff_ids=base.diff_ids)
    return CheckoutTrial(
        built, replace(trials, boots=replace(trials.boots, image=image))(f"the image {built.how}")
    )
