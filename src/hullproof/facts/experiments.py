"""The experiments: rebuilds of scratch copies of the project, each with one deliberate change."""

from __future__ import annotations

from hullproof.engine.connection import Engine
from hullproof.engine.model.build import BuildFacts
from hullproof.engine.model.image import FileFacts
from hullproof.facts.provider import experiment, means
from hullproof.lab.canaries import run as run_canaries
from hullproof.lab.edits import run as run_edits
from hullproof.lab.gate import run as run_gate
from hullproof.lab.needed import run as run_needed
from hullproof.lab.outcomes import CanaryFacts, EditsFacts, GateFacts, NeededFacts, WithheldFacts
from hullproof.lab.recipe import Recipe
from hullproof.lab.scratch import Bench
from hullproof.lab.withheld import run as run_withheld
from hullproof.project.project import Project
from hullproof.run.run import Run


@means
def bench(project: Project, run: Run) -> Bench:
    """Where scratch copies of the project are made."""
    return Bench(project, run)


@experiment
def edits(
    engine: Engine, recipe: Recipe, bench: Bench, build: BuildFacts, files: FileFacts | None
) -> EditsFacts:
    """An edit to a file of the application, then one to what declares the dependencies: which steps run again."""
    return run_edits(engine, recipe, bench, build, files)


@experiment
def gate(engine: Engine, recipe: Recipe, bench: Bench, build: BuildFacts) -> GateFacts:
    """Failing tests planted where the tests live: whether the release's build fails of them."""
    return run_gate(engine, recipe, bench, build)


@experiment
def canaries(engine: Engine, recipe: Recipe, bench: Bench) -> CanaryFacts:
    """Files planted that must not reach the builder: which do."""
    return run_canaries(engine, recipe, bench)


@experiment
def withheld(engine: Engine, recipe: Recipe, bench: Bench, build: BuildFacts) -> WithheldFacts:
    """What the ignore file withholds, let through: whether a build that fails does so for want of it."""
    return run_withheld(engine, recipe, bench, build)


@experiment
def needed(engine: Engine, recipe: Recipe, bench: Bench, build: BuildFacts, files: FileFacts) -> NeededFacts:
    """What the project's own tests have the application open and import, and the release lacks."""
    return run_needed(engine, recipe, bench, build, files)
