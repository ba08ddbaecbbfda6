"""The release: a Dockerfile resolved for one target and one set of build arguments."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from hullproof.dockerfile.contract import Contract, Workdir, contract

if TYPE_CHECKING:
    from hullproof.dockerfile.graph import Dockerfile
    from hullproof.dockerfile.model import ImageReference, Instruction, Stage


@dataclass(frozen=True)
class Release:
    """What a build of `stage` with `build_args` goes through, and what its image promises."""

    dockerfile: Dockerfile
    stage: Stage
    build_args: Mapping[str, str] = field(default_factory=dict)

    @property
    def line(self) -> int:
        """The line of the stage's FROM."""
        return self.stage.line

    def where(self, line: int) -> str:
        """Name a line as evidence does: `Dockerfile:31`."""
        return self.dockerfile.where(line)

    @cached_property
    def ancestors(self) -> tuple[Stage, ...]:
        """The stage itself, then those of the file that it is built on."""
        return self.ancestors_of(self.stage)

    def ancestors_of(self, stage: Stage) -> tuple[Stage, ...]:
        """Return a stage, then those of the file that it is built on with these build arguments."""
        return self.dockerfile.ancestors(stage, self.build_args)

    @cached_property
    def chain(self) -> tuple[Instruction, ...]:
        """Every instruction that makes the image, in order, ancestors first."""
        return self.chain_of(self.stage)

    def chain_of(self, stage: Stage) -> tuple[Instruction, ...]:
        """List every instruction that makes the image of a stage, in order, ancestors first."""
        return self.dockerfile.chain(stage, self.build_args)

    @cached_property
    def needed(self) -> tuple[Stage, ...]:
        """Every stage that the build takes, the release's included, in the file's order."""
        return self.dockerfile.needed(self.stage, self.build_args)

    @cached_property
    def base(self) -> ImageReference:
        """The image from outside that the release ends up on, with the FROM that names it."""
        return self.dockerfile.base_image(self.stage, self.build_args)

    @cached_property
    def external_images(self) -> tuple[ImageReference, ...]:
        """Every image from outside that the build takes, in the file's order."""
        return self.dockerfile.external_images(self.stage, self.build_args)

    @cached_property
    def contract(self) -> Contract:
        """What the image promises, as far as the file itself says."""
        return self.contract_on({})

    def contract_on(self, base_env: Mapping[str, str]) -> Contract:
        """Work out what the image promises on a base that brings `base_env`."""
        return contract(self.dockerfile, self.stage, self.build_args, base_env)

    def surprising_workdirs(self, base_env: Mapping[str, str]) -> tuple[Workdir, ...]:
        """Return the relative WORKDIRs of which a reader cannot see at once where they lead.

        One that stands right below the absolute one that it continues is plain. `base_env` is empty where the base
        could not be seen: what hangs on a variable then is not known.
        """
        directories = self.contract_on(base_env).workdirs
        absolute = max((place for place, each in enumerate(directories) if not each.relative), default=-1)
        return tuple(
            each
            for each in directories[absolute + 1 :]
            if not (each.raw.startswith("$") and not base_env) and not self._continues(each.line)
        )

    def _continues(self, line: int) -> bool:
        """Whether a relative WORKDIR stands right below the absolute one that it continues."""
        at = next(place for place, each in enumerate(self.chain) if each.line == line)
        before = [each for each in self.chain[:at] if each.keyword not in {"ARG", "ENV", "LABEL"}]
        if (
            not before
            or before[-1].keyword != "WORKDIR"
            or before[-1].stage_index != self.chain[at].stage_index
        ):
            return False
        return before[-1].args[0].startswith(("/", "$")) or self._continues(before[-1].line)

    def last(self, *keywords: str) -> Instruction | None:
        """Return the last instruction of one of these kinds that makes the image: the one in force."""
        return next((each for each in reversed(self.chain) if each.keyword in keywords), None)

    def governing(self, *keywords: str) -> str:
        """Name the line that governs something: the last such instruction, or the FROM where there is none."""
        lines = [found.line for keyword in keywords if (found := self.last(keyword))]
        return self.where(max(lines, default=self.line))

    def instruction_at(self, line: int | None) -> Instruction | None:
        """Return the file's instruction that begins at this line."""
        return None if line is None else self.dockerfile.by_line.get(line)

    def stage_at(self, line: int) -> Stage | None:
        """Return the stage that has an instruction beginning at this line."""
        found = self.instruction_at(line)
        return self.dockerfile.stages[found.stage_index] if found else None
