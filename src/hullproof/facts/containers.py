"""The booted container: what it is booted with and looked at from, and what is seen of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from hullproof.engine.boot import BootedContainer
from hullproof.engine.connection import Engine
from hullproof.engine.container.sidecar import Helper
from hullproof.engine.limits import limits_of
from hullproof.engine.model.container import ContainerFacts
from hullproof.engine.model.image import ImageFacts
from hullproof.engine.request import build_cgroup
from hullproof.engine.services import read, start
from hullproof.engine.services.allowed import Build
from hullproof.engine.services.model import Services
from hullproof.errors import Unobservable
from hullproof.events import Listener, Note, ignore
from hullproof.facts import builds
from hullproof.facts.provider import fact, means
from hullproof.host.bases import BaseSet
from hullproof.host.helper import provide_helper
from hullproof.model import Conditions
from hullproof.project.config import Config
from hullproof.project.project import Project
from hullproof.run.run import Run

Booted = TypeVar("Booted", bound=BootedContainer)

UNSETTLED_S = 8.0
"""How long the container is watched that has not settled before: that listens nowhere, still works, or starts processes."""


@means
def conditions(engine: Engine, config: Config) -> Conditions:
    """Under which conditions the image is booted, and builds are run."""
    return Conditions(not config.offline, limits_of(engine, config), build_cgroup())


@means
def helper(engine: Engine, run: Run, bases: BaseSet, tell: Listener) -> Helper | str:
    """What the container is looked at from, or the reason why there is nothing."""
    return provide_helper(engine, bases, say=lambda line: tell(Note(line)), owner=run.id)


@means
def services(engine: Engine, project: Project, run: Run) -> Services | None:
    """What the project's compose file says of the services beside the container; None where it names no such file.

    Raises UsageError where that cannot be.
    """
    config = project.config
    if config.compose is None:
        return None
    found = read(
        engine,
        project.home,
        config.compose,
        wanted=config.services,
        env=config.env,
        scratch=run.scratch("services"),
    )
    for used in found.used.values():
        if used.build is not None:
            _built_beside(project, used.build)
    return found


@means
def network(
    engine: Engine,
    project: Project,
    run: Run,
    *,
    services: Services | None,
    helper: Helper | str,
    conditions: Conditions,
    tell: Listener,
) -> str | None:
    """The network that the container joins: that of its services, which are started beside it.

    None is the engine's default; where it is to have no network, that is "none", or one that leads nowhere else.
    """
    if services is None:
        return "none" if project.config.offline else None
    return start(
        engine,
        services,
        project=f"hullproof-{run.id}",
        labels=run.labels,
        scratch=run.scratch("services"),
        helper=helper,
        build=lambda build: _build_beside(_built_beside(project, build), engine, run, tell),
        conditions=conditions,
        say=lambda line: tell(Note(line)),
    )


def _built_beside(project: Project, build: Build) -> Project:
    """Return what is built for a service, as a project of its own. Raises UsageError where it is none."""
    beside = Project.open(project.home / build.context, build.args, build.dockerfile)
    target = build.target
    stage = beside.dockerfile.stage(target) if target else beside.dockerfile.stages[-1]
    return replace(beside, release=replace(beside.release, stage=stage))


def _build_beside(beside: Project, engine: Engine, run: Run, tell: Listener) -> str:
    """Build a service's image as a project's is built; return its id. Raises Unobservable where that fails."""
    bases = builds.bases(beside, engine, run, tell)
    built = builds.build(engine, builds.recipe(beside, engine, run, bases, tell), bases, ignore)
    if built.image_id is None or built.failure is not None:
        why = f"at {built.failure.where}: {built.failure.summary}" if built.failure else "without a reason"
        raise Unobservable(f"the build of a service, in {beside.folder.name}, fails {why}")
    return built.image_id


@dataclass(frozen=True)
class Boots:
    """Boots containers of the image as the project has it started: its readiness, its services, its limits."""

    engine: Engine
    run: Run
    config: Config
    image: ImageFacts
    helper: Helper | str
    network: str | None
    conditions: Conditions

    def __call__(
        self, kind: type[Booted], env: Mapping[str, str], options: Mapping[str, Any] | None = None
    ) -> Booted:
        """Start one. `kind`, `env` and `options`: see `BootedContainer.start`."""
        return kind.start(
            self.engine,
            self.image.id,
            labels=self.run.labels,
            env=env,
            ready=self.config.ready,
            ready_timeout_s=self.config.ready_timeout_s,
            exposed=self.image.exposed,
            stop_signal=self.image.stop_signal,
            helper=self.helper,
            network=self.network,
            limits=self.conditions.container,
            options=options,
        )


@means
def boots(
    engine: Engine,
    run: Run,
    config: Config,
    *,
    image: ImageFacts,
    helper: Helper | str,
    network: str | None,
    conditions: Conditions,
) -> Boots:
    """What boots containers of the image."""
    return Boots(engine, run, config, image, helper, network, conditions)


@fact
def container(boots: Boots, config: Config, watch_s: float, tell: Listener) -> ContainerFacts:
    """The container that all look at, booted once; again where only a clock speaks against it, or it lacks input."""
    facts = _seen(boots, config, watch_s)
    if facts.is_late:
        tell(Note("the container was late, which a busy machine may be the cause of: booting it once more"))
        facts = _seen(boots, config, watch_s)
    if facts.ends_for_want_of_input:
        tell(Note("the container ended at once: booting it once more with its standard input held open"))
        held = _seen(boots, config, watch_s, {"stdin_open": True})
        facts = facts if held.died else replace(held, on_stdin=True)
    return facts


def _seen(
    boots: Boots, config: Config, watch_s: float, options: Mapping[str, Any] | None = None
) -> ContainerFacts:
    with boots(BootedContainer, config.env, options) as booted:
        facts = booted.facts(watch_s=watch_s, unsettled_s=UNSETTLED_S)
    if facts.limit is not None:
        raise Unobservable(f"what the container does by itself was not seen: {facts.limit}")
    return facts
