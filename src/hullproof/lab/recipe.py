"""The recipe by which a project is built: what stays the same from one rebuild to the next."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from hullproof.engine.request import BuildRequest
from hullproof.engine.tracing import LayerInstructions
from hullproof.project.project import Project


@dataclass(frozen=True)
class Recipe:
    """How a project is built on one engine: its arguments, the images put under it, secrets and the run that it is for.

    `proxy_args` are the predefined proxy arguments of the host, which leave no trace in the image.
    `dockerfile` is what is built instead of the project's own, where that cannot be, and `instructions` what its steps
    are traced to, where they are other ones. `arguments` are build arguments beside the project's, which win over them.
    `cached`: whether steps may be taken from the builder's cache. `say` is told why a build does not go on yet.
    """

    project: Project
    owner: str
    build_contexts: Mapping[str, str] = field(default_factory=dict)
    secrets: Mapping[str, Path] = field(default_factory=dict)
    proxy_args: Mapping[str, str] = field(default_factory=dict)
    dockerfile: Path | None = None
    instructions: LayerInstructions | None = None
    arguments: Mapping[str, str] = field(default_factory=dict)
    cached: bool = True
    say: Callable[[str], None] = field(default=lambda _line: None, compare=False, repr=False)

    def to_stay(self) -> Recipe:
        """The same recipe for an image that is not the run's but the user's."""
        return replace(self, owner="")

    def request(
        self,
        context: Path | None = None,
        *,
        target: str | None = None,
        output: Path | str = "none",
        tags: tuple[str, ...] = (),
    ) -> BuildRequest:
        """Ask for a build of the project, or of a scratch copy of it in `context`; the release by default."""
        context = context or self.project.folder
        return BuildRequest(
            context=context,
            dockerfile=self.dockerfile or (self.project.outside or context) / self.project.config.dockerfile,
            target=target or self._release_target(),
            output=output,
            tags=tags,
            owner=self.owner,
            build_args={**self.proxy_args, **self.project.build_args, **self.arguments},
            build_contexts=self.build_contexts,
            secrets=self.secrets,
            instructions=self.instructions or self.project.layer_instructions,
            cached=self.cached,
            say=self.say,
        )

    def _release_target(self) -> str | None:
        """The release stage as `--target` takes it: none for the last, else its name or number."""
        release, stages = self.project.release.stage, self.project.dockerfile.stages
        if release is stages[-1]:
            return None
        return release.reference
