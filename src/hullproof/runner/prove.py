"""Proving a project: facts in, report out. Every way in (command, Nox, pytest, Python) comes through here."""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timezone
from functools import cached_property
from typing import TYPE_CHECKING

from hullproof import __version__
from hullproof.errors import Unobservable
from hullproof.events import Listener, Note, ignore, in_turn
from hullproof.facts import builds, containers
from hullproof.facts.containers import UNSETTLED_S
from hullproof.model import (
    ImageInfo,
    Proof,
    Report,
)
from hullproof.practices import EXPERIMENTS, Practice, every, get
from hullproof.practices.profiles import members
from hullproof.runner.about import build_error, components_of, image_info, project_info, sidecar_info
from hullproof.runner.acceptance import accepted, remarks
from hullproof.runner.choice import choose
from hullproof.runner.given import GivenImage, alone, compared, is_stub
from hullproof.runner.graph import Graph
from hullproof.runner.kept import Keeper, rests_on
from hullproof.runner.quoting import quotes

if TYPE_CHECKING:
    from hullproof.engine.connection import Engine
    from hullproof.project.project import Project
    from hullproof.run.run import Run

WATCH_S = 3.0
"""How long a container is watched at the least: those that end by themselves mostly do within their first two seconds."""

WHOLE_WATCH_S = UNSETTLED_S
"""The same, however settled it seems, beside experiments, where watching costs nothing, and where it is asked for what stays."""

_STAYS = "default-command"
"""The practice that says of a container that it stays up."""

_OF_THE_REPORT = ("image", "base", "files", "manifest_digest")
"""What a report says of the image, whatever the practices ask for."""


def prove(
    project: Project,
    engine: Engine,
    run: Run,
    *,
    only: Sequence[str] | None = None,
    experiments: bool = True,
    image: str | None = None,
    tell: Listener = ignore,
    keeper: Keeper | None = None,
) -> Report:
    """Build the project, gather what the chosen practices need, judge them, and return the report.

    `image` is looked at in the place of one that is built, where it is given: see `Prover.of_image`.
    A project whose own build fails, or whose container dies, is a report, not an exception. Raises UsageError
    for an unknown practice, EngineError where the engine or a base image is not there. Whether an acceptance has
    expired is told by the day on which the proving started, in UTC.
    """
    practices, _ = choose(project.config, only, experiments=experiments)
    prover = (
        Prover.of_image(image, project, engine, run, tell=tell, experiments=experiments)
        if image is not None
        else Prover(project, engine, run, tell=tell, experiments=experiments, keeper=keeper)
    )
    if keeper is not None:
        run.start(keeper.read_ahead, name="hullproof-kept")
    prover.begin(practices)
    for practice in practices:
        prover.proof(practice)
    for remark in prover.remarks():
        tell(Note(remark))
    prover.keep()
    return prover.report()


@dataclass
class Prover:
    """Proves one project on one engine, in one run: has facts gathered and practices judged, and reports.

    `image`, an id, is looked at in the place of one that is built; experiments build all the same. Without `experiments`,
    none is run that a practice does without. `given` is an image that is proven in the place of one that is built.
    """

    project: Project
    engine: Engine
    run: Run
    tell: Listener = ignore
    image: str | None = None
    experiments: bool = True
    given: GivenImage | None = None
    keeper: Keeper | None = None
    proofs: dict[str, Proof] = field(default_factory=dict)
    _started: tuple[datetime, float] = field(
        default_factory=lambda: (datetime.now(timezone.utc), time.monotonic())
    )

    @classmethod
    def of_image(
        cls,
        reference: str,
        project: Project,
        engine: Engine,
        run: Run,
        *,
        tell: Listener = ignore,
        experiments: bool = True,
    ) -> Prover:
        """Prove an image that is there or can be pulled, with its project, which is built to be compared, or without.

        Raises EngineError where it cannot be had.
        """
        if is_stub(project):
            given = alone(engine, reference, project, tell)
        else:
            given = compared(engine, reference, cls(project, engine, run, tell=tell).graph, project, tell)
        return cls(given.project, engine, run, tell=tell, experiments=experiments, given=given)

    @cached_property
    def graph(self) -> Graph:
        """What is gathered, and judged by it."""
        tell = in_turn(self.tell)
        known = {"project": self.project, "engine": self.engine, "run": self.run, "tell": tell}
        if self.image is not None:
            known["image_id"] = self.image
        if self.given is not None:
            known |= self.given.facts
        graph = Graph(known, start=self.run.start, tell=tell, keeper=self.keeper)
        if not self.experiments:
            graph.leave_out(EXPERIMENTS, "experiments are left out")
        return graph

    def begin(self, practices: Sequence[Practice]) -> None:
        """Begin to gather all that the practices need, side by side, and judge each as soon as that is there.

        Raises UsageError, before anything is built, where the project asks for services that cannot be.
        """
        needed = {name for practice in practices for name in practice.needs}
        if "container" in needed:
            with suppress(Unobservable):
                self.graph.fact(containers.services)
        judged = frozenset(each.id for each in practices)
        is_whole = self.experiments and (needed & EXPERIMENTS or _STAYS in judged)
        self.graph.give("watch_s", WHOLE_WATCH_S if is_whole else WATCH_S)
        self.graph.give("judged", judged)
        self.graph.judge(practices)
        self.graph.gather(_OF_THE_REPORT)

    def proof(self, practice: Practice) -> Proof:
        """Return the proof of a practice, marked where the project accepts it as broken.

        Raises UsageError where the project asks for what cannot be, and EngineError or MachineError where the
        proving cannot go on.
        """
        self.begin([practice])
        proof = self.graph.proof(practice)
        if self.keeper is not None:
            proof = replace(proof, observed_at=self.keeper.observed_at(rests_on(practice.needs)))
        (self.proofs[practice.id],) = accepted([proof], self.project.config.accept, self._started[0].date())
        return self.proofs[practice.id]

    def keep(self) -> None:
        """Keep what was observed, but for what a proof rests on that is not good."""
        if self.keeper is not None:
            bad = [get(proof.id) for proof in self.proofs.values() if not proof.verdict.is_good]
            self.keeper.settle({name for practice in bad for name in rests_on(practice.needs)})

    # --- the report ----------------------------------------------------------------------------------

    def remarks(self) -> list[str]:
        """Say, a line each, which acceptances of what was judged have expired, end soon, or are not needed."""
        return list(remarks(self.proofs.values(), self.project.config.accept, self._started[0].date()))

    def report(self) -> Report:
        """Make the report of what was judged so far."""
        started_at, clock = self._started
        config = self.project.config
        profile = members(config.profile, config.practices)
        return Report(
            project=project_info(self.project),
            image=self.image_info(),
            engine=self.engine.info(),
            hullproof_version=__version__,
            started_at=started_at,
            duration_s=time.monotonic() - clock,
            proofs=tuple(self.proofs[each.id] for each in every() if each.id in self.proofs),
            build_error=build_error(self.graph.known(builds.build)),
            left_out=tuple(each.id for each in profile if each.id not in self.proofs),
            sidecar=sidecar_info(self.graph),
            conditions=self.graph.known(containers.conditions),
            quotes=quotes(self.project, self.proofs.values()),
            profile=config.profile,
            components=components_of(self.graph),
        )

    def image_info(self) -> ImageInfo | None:
        """Say which image it is; None where there is none."""
        return image_info(self.graph, self.given)
