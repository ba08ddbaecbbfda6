"""The subject: what is being proved. Facts are asked for by name, gathered at most once, and shared.

One container is booted for all practices that need one, the image's files are read once, and the
experiments run side by side while the container is being watched.
"""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Future
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeVar

from hullproof.engine.boot import BootedContainer
from hullproof.engine.build import build, build_cgroup
from hullproof.engine.image import attach_lines, history_length, inspect_image
from hullproof.engine.layers import read_files
from hullproof.engine.limits import limits_of
from hullproof.engine.model.build import BuildFacts, Step
from hullproof.engine.model.container import ContainerFacts
from hullproof.engine.model.image import BaseFacts, FileFacts, ImageFacts
from hullproof.engine.services import read, start
from hullproof.errors import MachineError, Unobservable, lacking
from hullproof.host.bases import provide_bases, why_unreachable
from hullproof.host.helper import provide_helper
from hullproof.host.standinplan import parse_reference
from hullproof.host.trust import host_trust
from hullproof.lab.outcomes import EXPERIMENTS, CanaryFacts, EditsFacts, GateFacts
from hullproof.lab.recipe import Recipe
from hullproof.model import Conditions
from hullproof.project.frontend import copy_without_syntax_directive
from hullproof.project.project import STEP_KEYWORDS, Project

if TYPE_CHECKING:
    from pathlib import Path

    from hullproof.engine.connection import Engine
    from hullproof.engine.container.sidecar import Helper
    from hullproof.engine.services.allowed import Build
    from hullproof.engine.services.model import Services
    from hullproof.host.bases import Base, BaseSet
    from hullproof.lab.lab import Lab
    from hullproof.run.run import Run

Booted = TypeVar("Booted", bound=BootedContainer)

WATCH_S = 3.0
"""How long the container is watched at the least: many that start well die within their first seconds."""

WATCH_BESIDE_EXPERIMENTS_S = 8.0
"""The same while experiments run, where watching costs nothing."""


class Subject:
    """One project on one engine, in one run. `subject[name]` is a fact."""

    def __init__(
        self,
        project: Project,
        engine: Engine,
        run: Run,
        *,
        say: Callable[[str], None] = lambda _line: None,
        on_step: Callable[[tuple[Step, ...]], None] | None = None,
        image: str | None = None,
    ) -> None:
        """Take the project, where it is built and watched, and whom to tell of progress.

        `image`, an id, is looked at in the place of one that is built; experiments build all the same.
        """
        self.project = project
        self._given_image = image
        self._engine = engine
        self._run = run
        self._say = say
        self._on_step = on_step
        self._watch_s = WATCH_S
        self._lock = threading.Lock()
        self._facts: dict[str, Future[Any]] = {}
        self._gatherers: Mapping[str, Callable[[], Any]] = {
            "config": lambda: project.config,
            "release": lambda: project.release,
            "conditions": lambda: Conditions(
                not project.config.offline, limits_of(engine, project.config), build_cgroup()
            ),
            "bases": self._bases,
            "recipe": self._recipe,
            "build": self._build,
            "base": self._base,
            "files_and_image": self._files_and_image,
            "files": lambda: self["files_and_image"][0],
            "image": self._image,
            "test_scripts": self._test_scripts,
            "helper": self._helper,
            "services": self._services,
            "network": self._network,
            "container": self._container,
            "tests": self._tests,
            "lab": self._lab,
            "edits": self._edits,
            "gate": self._gate,
            "canaries": self._canaries,
        }

    def gather(self, names: Iterable[str]) -> None:
        """Start gathering facts, each in a thread of its own, so that they come side by side."""
        wanted = set(names) & set(self._gatherers)
        if wanted & EXPERIMENTS:
            self._watch_s = WATCH_BESIDE_EXPERIMENTS_S
        for name in sorted(wanted):
            self._run.start(functools.partial(self._future, name), name=f"fact-{name}")

    def __getitem__(self, name: str) -> Any:  # noqa: ANN401 - what a fact is depends on its name
        """Return a fact, waiting for it if need be.

        Raises Unobservable, with the reason, where it cannot be had; EngineError where the engine or the base
        image is not there; KeyError for a name that is no fact's.
        """
        return self._future(name).result()

    def known(self, name: str) -> Any:  # noqa: ANN401 - what a fact is depends on its name
        """Return a fact that was gathered, None where it was not asked for, is not there yet or cannot be had."""
        future = self._facts.get(name)
        return future.result() if future and future.done() and future.exception() is None else None

    def _future(self, name: str) -> Future[Any]:
        gatherer = self._gatherers[name]
        with self._lock:
            future = self._facts.get(name)
            if future is not None:
                return future
            future = self._facts[name] = Future()
        try:
            future.set_result(gatherer())
        except Unobservable as error:
            future.set_exception(error)
        except Exception as error:  # noqa: BLE001 - it ends the run, once: not each practice that asks for the fact
            failed = MachineError(
                f"{name} could not be observed: {type(error).__name__}: {error}; please report it"
            )
            future.set_exception(lacking(error) or failed)
        except BaseException as error:  # noqa: BLE001 - whoever asks for the fact gets it
            future.set_exception(error)
        return future

    # --- how each fact is gathered -------------------------------------------------------------------

    def _bases(self) -> BaseSet:
        images = self.project.release.external_images
        references = [image.reference for image in images]
        return provide_bases(self._engine, references, say=self._say, owner=self._run.id)

    def _recipe(self) -> Recipe:
        trust = host_trust()
        secrets = trust.write_secrets(self._run.scratch("secrets"))
        for name, path in self.project.config.secrets.items():
            secrets[name] = self.project.folder / path
        return Recipe(
            self.project,
            labels=self._run.labels,
            build_contexts=self["bases"].build_contexts,
            secrets=secrets,
            proxy_args=trust.proxy_args,
            dockerfile=self._dockerfile_without_frontend(),
        )

    def _dockerfile_without_frontend(self) -> Path | None:
        """A copy of the Dockerfile to build where the frontend that it names cannot be fetched; None elsewhere."""
        frontend = self.project.dockerfile.syntax_directive
        why = why_unreachable(self._engine, parse_reference(frontend).registry) if frontend else None
        if why is None:
            return None
        self._say(f"the frontend {frontend} cannot be fetched ({why}); using the one within BuildKit")
        project, folder = self.project, self._run.scratch("dockerfile")
        return copy_without_syntax_directive(project.folder, project.config.dockerfile, folder)

    def _build(self) -> BuildFacts:
        built = build(self._engine, self["recipe"].request(output="image"), on_change=self._on_step)
        return built if built.ok else replace(built, error=f"{built.error}{self._excuse(built)}")

    def _excuse(self, built: BuildFacts) -> str:
        """Say what else than the project may be the reason: a stand-in below a step, or another frontend."""
        notes = [base.note for base in self["bases"].bases if base.note]
        failed = built.failed_step.instruction.upper() if built.failed_step else ""
        if failed.startswith("RUN") and notes:
            return f". It was built on a stand-in base image, which may be the cause: {'; '.join(notes)}"
        if built.failed_step is None and self["recipe"].dockerfile is not None:
            named = self.project.dockerfile.syntax_directive
            return f". It was read by BuildKit's own frontend instead of {named}, which may be the cause"
        return ""

    def _built_image(self) -> str:
        if self._given_image is not None:
            return self._given_image
        facts: BuildFacts = self["build"]
        if facts.image_id is None:
            raise Unobservable(f"the project's own build fails: {facts.error}")
        return facts.image_id

    def _release_base(self) -> Base | None:
        """The base of the release as the engine has it; None for `scratch`."""
        reference = self.project.release.base
        bases: BaseSet = self["bases"]
        return bases.get(reference.reference)

    def _base(self) -> BaseFacts:
        reference = self.project.release.base
        base = self._release_base()
        if base is None:
            return BaseFacts(reference.reference, reference.line, size_bytes=0)
        return BaseFacts(
            reference.reference,
            reference.line,
            size_bytes=base.size_bytes,
            diff_ids=base.diff_ids,
            stand_in=base.stand_in,
            note=base.note,
        )

    def _image(self) -> ImageFacts:
        base = self._release_base()
        return inspect_image(
            self._engine,
            self._built_image(),
            base_diff_ids=self["base"].diff_ids,
            base_history=history_length(self._engine, base.image) if base else 0,
        )

    def _files_and_image(self) -> tuple[FileFacts, ImageFacts]:
        files = read_files(self._engine, self._built_image(), base_diff_ids=self["base"].diff_ids)
        project = self.project
        instructions = [
            (each.line, each.keyword, each.original)
            for each in project.release.chain
            if each.keyword in STEP_KEYWORDS
        ]
        return attach_lines(files, self["image"], instructions)

    def _test_scripts(self) -> Mapping[int, str]:
        from hullproof.project.scripts import testing  # noqa: PLC0415 - as for the lab

        return testing(self.project)

    def _services(self) -> Services | None:
        config = self.project.config
        if config.compose is None:
            return None
        folder, scratch = self.project.folder, self._run.scratch("services")
        services = read(
            self._engine, folder, config.compose, wanted=config.services, env=config.env, scratch=scratch
        )
        for used in services.used.values():
            if used.build is not None:
                self._built_beside(used.build)
        return services

    def _built_beside(self, build: Build) -> Project:
        """Return what is built for a service, as a project of its own. Raises UsageError where it is none."""
        project = Project.open(self.project.folder / build.context, build.args, build.dockerfile)
        target = build.target
        stage = project.dockerfile.stage(target) if target else project.dockerfile.stages[-1]
        return replace(project, release=replace(project.release, stage=stage))

    def _build_beside(self, build: Build) -> str:
        """Build a service's image as a project's is built; return its id. Raises Unobservable where that fails."""
        subject = Subject(self._built_beside(build), self._engine, self._run, say=self._say)
        facts: BuildFacts = subject["build"]
        if facts.image_id is None:
            raise Unobservable(f"the build of a service, from {build.context}, fails: {facts.error}")
        return facts.image_id

    def _network(self) -> str | None:
        """Start the services beside the container, once; return the network that it joins: the one of its services.

        None is the engine's default; where it is to have no network, that is "none", or one that leads nowhere else.
        """
        services: Services | None = self["services"]
        if services is None:
            return "none" if self.project.config.offline else None
        return start(
            self._engine,
            services,
            project=f"hullproof-{self._run.id}",
            labels=self._run.labels,
            scratch=self._run.scratch("services"),
            helper=self["helper"],
            build=self._build_beside,
            conditions=self["conditions"],
            say=self._say,
        )

    def _helper(self) -> Helper | str:
        return provide_helper(self._engine, self["bases"], say=self._say, owner=self._run.id)

    def _container(self) -> ContainerFacts:
        facts = self._booted()
        if facts.is_late:
            self._say(
                "the container was late, which a busy machine may be the cause of: booting it once more"
            )
            facts = self._booted()
        if facts.ends_for_want_of_input:
            self._say("the container ended at once: booting it once more with its standard input held open")
            held = self._booted({"stdin_open": True})
            facts = facts if held.died else replace(held, on_stdin=True)
        return facts

    def _booted(self, options: Mapping[str, Any] | None = None) -> ContainerFacts:
        with self.boot(BootedContainer, self.project.config.env, options) as booted:
            facts = booted.facts(watch_s=self._watch_s)
        if facts.limit is not None:
            raise Unobservable(f"what the container does by itself was not seen: {facts.limit}")
        return facts

    def boot(
        self, kind: type[Booted], env: Mapping[str, str], options: Mapping[str, Any] | None = None
    ) -> Booted:
        """Start a container of the image as the project has it started: its readiness, its services.

        `kind`, `env` and `options`: see `BootedContainer.start`. Raises Unobservable where there is no image.
        """
        image: ImageFacts = self["image"]
        config = self.project.config
        return kind.start(
            self._engine,
            image.id,
            labels=self._run.labels,
            env=env,
            ready=config.ready,
            ready_timeout_s=config.ready_timeout_s,
            exposed=image.exposed,
            stop_signal=image.stop_signal,
            helper=self["helper"],
            network=self["network"],
            limits=self["conditions"].container,
            options=options,
        )

    def _tests(self) -> Mapping[str, str]:
        from hullproof.project import suites  # noqa: PLC0415 - see _lab

        return suites.contents(self.project.folder)

    def _lab(self) -> Lab:
        from hullproof.lab.lab import Lab  # noqa: PLC0415 - not needed without experiments

        return Lab(self._engine, self["recipe"], self._run, self["build"], files=self._files_if_any)

    def _files_if_any(self) -> FileFacts | None:
        try:
            files: FileFacts = self["files"]
        except Unobservable:
            return None
        return files

    def _edits(self) -> EditsFacts:
        lab: Lab = self["lab"]
        return lab.edits()

    def _gate(self) -> GateFacts:
        lab: Lab = self["lab"]
        return lab.gate()

    def _canaries(self) -> CanaryFacts:
        lab: Lab = self["lab"]
        return lab.canaries()
