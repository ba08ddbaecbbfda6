"""Which stages a build goes through and which images it needs, by the rules of BuildKit."""

from __future__ import annotations

import difflib
import itertools
import re
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from hullproof.dockerfile.model import ImageReference, Instruction, Stage
from hullproof.dockerfile.resolution import Place, Resolution
from hullproof.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from hullproof.dockerfile.variables import Scope

_NO_ARGUMENTS: Mapping[str, str] = {}
_MOST_RESOLUTIONS = 4
_LONG_NUMBER = 10  # of digits: no file has so many stages, and Python counts long on thousands
_FOR_DEVELOPMENT = re.compile(
    r"(?:.*[-_.])?(?:dev|devel|develop|development|devcontainer|debug|local)(?:[-_.].*)?", re.IGNORECASE
)
_FOR_TESTS = re.compile(
    r"(?:.*[-_.])?(?:(?:unit)?tests?|tested|tester|testing|lint|ci|qa)(?:[-_.].*)?", re.IGNORECASE
)
_FOR_RELEASE = re.compile(
    r"(?:.*[-_.])?(?:release|prod|production|final|runtime|runner|deploy|live|app)(?:[-_.].*)?", re.IGNORECASE
)


@dataclass(frozen=True)
class Dockerfile:
    """A parsed Dockerfile. Methods that resolve variables take the build arguments that will be given."""

    name: str
    stages: tuple[Stage, ...]
    global_args: tuple[Instruction, ...] = ()
    syntax_directive: str | None = None
    escape: str = "\\"
    text: str = field(default="", repr=False)

    @cached_property
    def instructions(self) -> tuple[Instruction, ...]:
        """Every instruction of every stage, in the file's order."""
        return tuple(instruction for stage in self.stages for instruction in stage.instructions)

    @cached_property
    def by_line(self) -> Mapping[int, Instruction]:
        """Every instruction by the line at which it begins."""
        return {instruction.line: instruction for instruction in self.instructions}

    def where(self, line: int) -> str:
        """Name a line as evidence does: `Dockerfile:31`."""
        return f"{self.name}:{line}"

    def find(self, reference: str | int) -> Stage | None:
        """Find a stage by its name (any case; the last of several) or its number; None if there is none."""
        named = self._by_name.get(str(reference).lower())
        if named is not None:
            return named
        digits = str(reference)
        number = int(digits) if digits.isdecimal() and len(digits) < _LONG_NUMBER else -1
        return self.stages[number] if 0 <= number < len(self.stages) else None

    @cached_property
    def _by_name(self) -> Mapping[str, Stage]:
        return {stage.name.lower(): stage for stage in self.stages if stage.name is not None}

    def stage(self, reference: str | int) -> Stage:
        """Find a stage by name or number; UsageError, naming the nearest, if there is none."""
        found = self.find(reference)
        if found is not None:
            return found
        names = [stage.name for stage in self.stages if stage.name]
        close = difflib.get_close_matches(str(reference).lower(), [name.lower() for name in names], 1, 0.5)
        known = f"did you mean '{close[0]}'?" if close else _known(names, len(self.stages))
        raise UsageError(f"{self.name}: there is no stage '{reference}'; {known}")

    def release(self, target: str | int | None = None) -> Stage:
        """Return the stage that becomes the release: the target, or else the last.

        A last stage that is named for development is passed over for one that is named as a release, or that says
        itself what it starts: it is built by `--target` on developers' machines, and shipped by nobody.
        """
        if target is not None:
            return self.stage(target)
        last = self.stages[-1]
        if not _FOR_DEVELOPMENT.fullmatch(last.name or ""):
            return last
        others = [
            stage
            for stage in reversed(self.stages[:-1])
            if not any(kind.fullmatch(stage.name or "") for kind in (_FOR_DEVELOPMENT, _FOR_TESTS))
        ]
        named = [stage for stage in others if _FOR_RELEASE.fullmatch(stage.name or "")]
        starting = [stage for stage in others if self._starts_something(stage)]
        # What others of these are built on, and starts nothing, is a part of them, whatever it is called.
        below = {parent.index for each in others if (parent := self.parent(each)) is not None}
        whole = (each for each in named if each in starting or each.index not in below)
        return next(itertools.chain(whole, starting, named), last)

    def _starts_something(self, stage: Stage) -> bool:
        """Whether it says what to start, itself or by what it is built on."""
        return any(
            each.keyword in {"CMD", "ENTRYPOINT"}
            for one in self.ancestors(stage)
            for each in one.instructions
        )

    def resolved(
        self, build_args: Mapping[str, str] = _NO_ARGUMENTS, base_env: Mapping[str, str] = _NO_ARGUMENTS
    ) -> Resolution:
        """Fill in the variables, once for each set of build arguments and of what the base brings."""
        for known in self._resolutions:
            if known.build_args == build_args and known.base_env == base_env:
                return known
        resolution = Resolution(
            self.name, self.escape, self.global_args, self.stages, dict(build_args), dict(base_env)
        )
        self._resolutions[:] = [resolution, *self._resolutions[: _MOST_RESOLUTIONS - 1]]
        return resolution

    @cached_property
    def _resolutions(self) -> list[Resolution]:
        return []

    def global_scope(self, build_args: Mapping[str, str] = _NO_ARGUMENTS) -> Scope:
        """Collect the variables that FROM lines can use."""
        return self.resolved(build_args).global_scope

    def parent(self, stage: Stage, build_args: Mapping[str, str] = _NO_ARGUMENTS) -> Stage | None:
        """Find the stage of this file that `stage` is built FROM: only earlier ones count, and no numbers."""
        return self.resolved(build_args).parents[stage.index]

    def ancestors(self, stage: Stage, build_args: Mapping[str, str] = _NO_ARGUMENTS) -> tuple[Stage, ...]:
        """Follow FROM within the file: the stage itself first, then what it is built on."""
        parents = self.resolved(build_args).parents
        line = [stage]
        while (parent := parents[line[-1].index]) is not None:
            line.append(parent)
        return tuple(line)

    def chain(self, stage: Stage, build_args: Mapping[str, str] = _NO_ARGUMENTS) -> tuple[Instruction, ...]:
        """List every instruction that makes the image of `stage`, in order, ancestors first."""
        return tuple(place.instruction for place in self.places(stage, build_args))

    def places(
        self,
        stage: Stage,
        build_args: Mapping[str, str] = _NO_ARGUMENTS,
        base_env: Mapping[str, str] = _NO_ARGUMENTS,
    ) -> Iterator[Place]:
        """Walk the chain: each instruction with the variables and the working directory in effect there."""
        resolution = self.resolved(build_args, base_env)
        for ancestor in reversed(self.ancestors(stage, build_args)):
            yield from resolution.places[ancestor.index]

    def own_places(self, stage: Stage, build_args: Mapping[str, str] = _NO_ARGUMENTS) -> tuple[Place, ...]:
        """Return the same for the instructions of the stage alone."""
        return self.resolved(build_args).places[stage.index]

    def needed(self, stage: Stage, build_args: Mapping[str, str] = _NO_ARGUMENTS) -> tuple[Stage, ...]:
        """List every stage that building `stage` takes, itself included, in the file's order."""
        parents = self.resolved(build_args).parents
        seen: dict[int, Stage] = {}
        waiting = [stage]
        while waiting:
            current = waiting.pop()
            if current.index in seen:
                continue
            seen[current.index] = current
            parent = parents[current.index]
            waiting += [parent] if parent else []
            waiting += [source for _, _, source in self._sources(current, build_args) if source]
        return tuple(seen[index] for index in sorted(seen))

    def base_image(self, stage: Stage, build_args: Mapping[str, str] = _NO_ARGUMENTS) -> ImageReference:
        """Name the image from outside that the stage ends up on, with the FROM that names it."""
        first = self.ancestors(stage, build_args)[-1]
        reference = self.resolved(build_args).base(first)
        return ImageReference(reference, first.base, first.line, "FROM", first.index)

    def external_images(
        self, stage: Stage, build_args: Mapping[str, str] = _NO_ARGUMENTS
    ) -> tuple[ImageReference, ...]:
        """List every image from outside that building `stage` takes, in the file's order. `scratch` is none."""
        images: list[ImageReference] = []
        parents = self.resolved(build_args).parents
        for current in self.needed(stage, build_args):
            if parents[current.index] is None:
                images.append(self.base_image(current, build_args))
            for instruction, (raw, reference), source in self._sources(current, build_args):
                if source is None:
                    at = (instruction.line, instruction.keyword, current.index)
                    images.append(ImageReference(reference, raw, *at))
        return tuple(image for image in images if image.reference not in {"scratch", ""})

    def _sources(
        self, stage: Stage, build_args: Mapping[str, str]
    ) -> Iterator[tuple[Instruction, tuple[str, str], Stage | None]]:
        """Yield what a stage takes from elsewhere: who takes, the reference raw and resolved, its stage."""
        for place in self.own_places(stage, build_args):
            instruction = place.instruction
            raws = [mount.from_ for mount in instruction.mounts]
            raws += [instruction.flag("from")] if instruction.keyword in {"COPY", "ADD"} else []
            for raw in filter(None, raws):
                reference = place.scope.expand_reference(raw)
                yield instruction, (raw, reference), self.find(reference)


def _known(names: list[str], count: int) -> str:
    """Say which stages there are."""
    if names:
        return f"known are: {', '.join(names)}"
    return f"its {count} stages have no names" if count > 1 else "its only stage has no name"
