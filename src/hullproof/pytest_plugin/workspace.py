"""The workspace of one pytest process: project, engine and run, set up when the first test needs them."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import pytest

from hullproof.engine.connection import Engine
from hullproof.engine.container.words import engine_errors
from hullproof.engine.layers import NoImageError
from hullproof.engine.model.image import FileEntry
from hullproof.engine.visit import VisitedContainer
from hullproof.errors import UsageError
from hullproof.facts import builds, containers, images
from hullproof.model import Proof
from hullproof.options import files, folders, pairs
from hullproof.practices import Practice
from hullproof.project.project import Project
from hullproof.pytest_plugin.container import Container, Files, Image, log_of
from hullproof.pytest_plugin.findings import BuildFailed
from hullproof.pytest_plugin.outcomes import Outcome
from hullproof.run.run import Run
from hullproof.runner import opening
from hullproof.runner.opening import Given
from hullproof.runner.progress import Lines, explain_failure
from hullproof.runner.prove import Prover
from hullproof.text import line

IMAGE = "HULLPROOF_IMAGE"
"""The environment variable that names the image to test, where the option does not."""

_log = logging.getLogger("hullproof")


def _say(text: str) -> None:
    _log.info("%s", line(text))


def open_project(config: pytest.Config) -> Project:
    """Read the project that the options name. Raises UsageError."""
    option = config.option
    given = Given(
        build_args=_given("build-arg", option.hullproof_build_arg, pairs),
        secrets=_given("secret", option.hullproof_secret, files),
        contexts=_given("build-context", option.hullproof_build_context, folders),
        offline=option.hullproof_offline,
        profile=option.hullproof_profile,
        option="--hullproof-",
    )
    folder = option.hullproof_project
    place = config.invocation_params.dir / folder if folder else config.rootpath
    return opening.open_project(place, given)


def _given(
    name: str, values: list[str], reader: Callable[[Iterable[str]], Mapping[str, str]]
) -> Mapping[str, str]:
    try:
        return reader(values)
    except ValueError as error:
        raise UsageError(f"--hullproof-{name}: {error}") from None


@dataclass(repr=False)  # what it holds may be secret, and pytest shows what a failed test was given
class Workspace:
    """What one pytest process has of Hullproof. `given` is the image to test where none is to be built."""

    project: Project
    engine: Engine
    run: Run
    given: str | None
    experiments: bool

    def __post_init__(self) -> None:
        """Gather nothing yet."""
        self.prover = Prover(
            self.project,
            self.engine,
            self.run,
            tell=Lines(_say),
            image=self.given,
            experiments=self.experiments,
        )
        self.containers: list[Container] = []
        self.kept_logs: list[tuple[str, str]] = []
        self._is_failure_told = False

    def __repr__(self) -> str:
        """Show no more than the project's name."""
        return f"<Workspace of {self.project.name}>"

    # --- for the fixtures --------------------------------------------------------------------------------

    @cached_property
    def image(self) -> Image:
        """The image under test, built where none was given. Raises BuildFailed."""
        if self.given is None:
            build = self.prover.graph.fact(builds.build)
            if not build.ok:
                summary, *_ = explain_failure(build)
                raise BuildFailed(summary, build=self.build_failure()[1:])
        try:
            facts = self.prover.graph.fact(images.image)
        except NoImageError:
            raise UsageError(
                f"the engine has no image {self.given!r}, which --hullproof-image or {IMAGE} names; "
                "build it first, or let the plugin build it"
            ) from None
        with engine_errors("looking at the image"):
            return Image(facts, Files(self._files), self.engine.client.images.get(facts.id))

    def _files(self) -> Mapping[str, FileEntry]:
        return self.prover.graph.fact(images.files).final

    def forget(self, container: Container) -> None:
        """Show no more of a container that was removed, but of one that a test failed with what it printed."""
        if container in self.containers:
            self.containers.remove(container)
            self.kept_logs += [container.log_of_failure] if container.log_of_failure else []

    def logs(self) -> list[tuple[str, str]]:
        """Return what the containers of a failed test printed: those that are there, and those that it left behind."""
        kept, self.kept_logs = self.kept_logs, []
        return [*kept, *map(log_of, self.containers)]

    # --- for the practices -------------------------------------------------------------------------------

    @cached_property
    def judging(self) -> Prover:
        """What judges: an image that was given is first compared with what the project builds."""
        if self.given is None:
            return self.prover
        return Prover.of_image(
            self.given,
            self.project,
            self.engine,
            self.run,
            tell=Lines(_say),
            experiments=self.experiments,
        )

    def begin(self, practices: Sequence[Practice], *, at_once: bool) -> None:
        """Build the project; gather `at_once` what the practices need, or else each when it is asked for."""
        if at_once:
            self.judging.begin(practices)
        _ = self.judging.graph.fact(builds.build)

    def judge(self, practice: Practice) -> Proof:
        """Judge a practice."""
        return self.judging.proof(practice)

    def build_failure(self) -> list[str]:
        """Explain the failure of the project's own build, the first time that this is asked; once is enough."""
        build = self.judging.graph.fact(builds.build)
        if build.ok or self._is_failure_told:
            return []
        self._is_failure_told = True
        return explain_failure(build)

    # --- for the end -------------------------------------------------------------------------------------

    def outcome(self, asked: tuple[str, ...]) -> Outcome:
        """Sum up for the end of the session. `asked` are the practices that were to be judged.

        Raises EngineError where the engine is gone by then.
        """
        with engine_errors("summing up"):
            if not asked:
                return Outcome(self.prover.image_info())
            report = self.judging.report()
        return Outcome(report.image, report, asked, tuple(self.judging.remarks()))


class Boot:
    """Boots containers of the image under test. Tests get theirs from the fixture `hullproof_boot`."""

    def __init__(self, workspace: Workspace) -> None:
        """Take where to boot them."""
        self._workspace = workspace

    def __repr__(self) -> str:
        """Show which image it boots."""
        return f"<Boot of {self._workspace.image}>"

    def __call__(
        self,
        *,
        env: Mapping[str, str | None] | None = None,
        command: Sequence[str] | None = None,
        wait: bool = True,
        **options: Any,  # noqa: ANN401 - the SDK's
    ) -> Container:
        """Boot a container, and wait until it is ready unless `wait` is false.

        `env` is added to what the project's configuration sets; None takes a variable away. `command` replaces
        the image's. `options` are those of the Docker SDK's `containers.create`: `user`, `read_only`, `tmpfs` and
        so on. Without a `with` block, the container stays until pytest ends. Raises NotReady.
        """
        __tracebackhide__ = True
        workspace = self._workspace
        endpoint, config = workspace.engine.endpoint, workspace.project.config
        # Nobody else on the network shall reach what is under test; another machine's engine has to be reached.
        binding = ("127.0.0.1", None) if endpoint.socket else None
        options = {"ports": dict.fromkeys(workspace.image.config.exposed, binding), **options}
        if command is not None:
            options["command"] = list(command)
        merged = {**config.env, **(env or {})}
        kept = {name: value for name, value in merged.items() if value is not None}
        booted = workspace.prover.graph.fact(containers.boots)(VisitedContainer, kept, options)
        host = None if config.offline else endpoint.published_host
        container = Container(booted, workspace.image, host, workspace.forget)
        workspace.containers.append(container)
        if wait:
            try:
                container.wait_until_ready()
            except BaseException:
                container.remove()
                raise
        return container
