"""The lab of one project: its three experiments, each safe to run beside the others."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hullproof.lab import canaries, edits, gate
from hullproof.lab.scratch import Bench

if TYPE_CHECKING:
    from collections.abc import Callable

    from hullproof.engine.connection import Engine
    from hullproof.engine.model.build import BuildFacts
    from hullproof.engine.model.image import FileFacts
    from hullproof.lab.outcomes import CanaryFacts, EditsFacts, GateFacts
    from hullproof.lab.recipe import Recipe
    from hullproof.run.run import Run


class Lab:
    """Runs experiments on scratch copies of a project whose plain build is known."""

    def __init__(
        self,
        engine: Engine,
        recipe: Recipe,
        run: Run,
        baseline: BuildFacts,
        files: Callable[[], FileFacts | None] = lambda: None,
    ) -> None:
        """Take the plain build's outcome, and how to get the image's files (None where they cannot be had)."""
        self._engine = engine
        self._recipe = recipe
        self._bench = Bench(recipe.project, run)
        self._baseline = baseline
        self._files = files

    def edits(self) -> EditsFacts:
        """Edit a file of the application, then what declares the dependencies, and see which steps run again."""
        return edits.run(self._engine, self._recipe, self._bench, self._baseline, self._files)

    def gate(self) -> GateFacts:
        """Plant a failing test where the tests live, and see whether the release's build fails of it."""
        return gate.run(self._engine, self._recipe, self._bench, self._baseline)

    def canaries(self) -> CanaryFacts:
        """Plant files that must not reach the builder, and see which do."""
        return canaries.run(self._engine, self._recipe, self._bench)
