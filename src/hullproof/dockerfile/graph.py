"""Which stages a build goes through and which images it needs, by the rules of BuildKit."""

from __future__ import annotations

import dataclasses
import difflib
import itertools
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from hullproof.dockerfile.model import ImageReference, Instruction, Stage
from hullproof.dockerfile.variables import Scope, platform_arguments
from hullproof.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_NO_ARGUMENTS: Mapping[str, str] = {}
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

    @property
    def instructions(self) -> tuple[Instruction, ...]:
        """Every instruction of every stage, in the file's order."""
        return tuple(instruction for stage in self.stages for instruction in stage.instructions)

    def where(self, line: int) -> str:
        """Name a line as evidence does: `Dockerfile:31`."""
        return f"{self.name}:{line}"

    def find(self, reference: str | int, before: int | None = None) -> Stage | None:
        """Find a stage by its name (any case; the last of several) or its number; None if there is none."""
        known = self.stages[:before]
        for stage in reversed(known):
            if stage.name is not None and stage.name.lower() == str(reference).lower():
                return stage
        number = int(reference) if str(reference).isdecimal() else -1
        return known[number] if 0 <= number < len(known) else None

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
        named = (stage for stage in others if _FOR_RELEASE.fullmatch(stage.name or ""))
        starting = (
            stage for stage in others if {"CMD", "ENTRYPOINT"} & {i.keyword for i in stage.instructions}
        )
        return next(itertools.chain(named, starting), last)

    def global_scope(self, build_args: Mapping[str, str] = _NO_ARGUMENTS) -> Scope:
        """Collect the variables that FROM lines can use."""
        scope = Scope(build_args, escape=self.escape, args=platform_arguments(build_args))
        scope.outer = dict(scope.args)
        for instruction in self.global_args:
            scope.apply(instruction)
        return scope

    def parent(self, stage: Stage, build_args: Mapping[str, str] = _NO_ARGUMENTS) -> Stage | None:
        """Find the stage of this file that `stage` is built FROM: only earlier ones count, and no numbers."""
        base = self.global_scope(build_args).expand(stage.base).lower()
        for earlier in reversed(self.stages[: stage.index]):
            if earlier.name is not None and earlier.name.lower() == base:
                return earlier
        return None

    def ancestors(self, stage: Stage, build_args: Mapping[str, str] = _NO_ARGUMENTS) -> tuple[Stage, ...]:
        """Follow FROM within the file: the stage itself first, then what it is built on."""
        line = [stage]
        while (parent := self.parent(line[-1], build_args)) is not None:
            line.append(parent)
        return tuple(line)

    def chain(self, stage: Stage, build_args: Mapping[str, str] = _NO_ARGUMENTS) -> tuple[Instruction, ...]:
        """List every instruction that makes the image of `stage`, in order, ancestors first."""
        made: list[Instruction] = []
        below: Stage | None = None
        for ancestor in reversed(self.ancestors(stage, build_args)):
            made += self._triggered(below, ancestor) if below else ()
            made += ancestor.instructions
            below = ancestor
        return tuple(made)

    @staticmethod
    def _triggered(below: Stage, stage: Stage) -> Iterator[Instruction]:
        """Yield what the ONBUILD lines of the stage below do in `stage`: in it, and in none built on it."""
        for line in below.instructions:
            if line.keyword == "ONBUILD" and line.trigger is not None:
                index, keyword = stage.index, line.trigger
                yield dataclasses.replace(line, keyword=keyword, trigger=None, stage_index=index)

    def scopes(
        self,
        stage: Stage,
        build_args: Mapping[str, str] = _NO_ARGUMENTS,
        base_env: Mapping[str, str] = _NO_ARGUMENTS,
    ) -> Iterator[tuple[Instruction, Scope]]:
        """Walk the chain; with each instruction comes the scope just before it (one object, it moves on)."""
        outer = self.global_scope(build_args).values()
        scope = Scope(build_args, outer=outer, escape=self.escape, env=dict(base_env))
        for instruction in self.chain(stage, build_args):
            yield instruction, scope
            scope.apply(instruction)

    def needed(self, stage: Stage, build_args: Mapping[str, str] = _NO_ARGUMENTS) -> tuple[Stage, ...]:
        """List every stage that building `stage` takes, itself included, in the file's order."""
        seen: dict[int, Stage] = {}
        waiting = [stage]
        while waiting:
            current = waiting.pop()
            if current.index in seen:
                continue
            seen[current.index] = current
            parent = self.parent(current, build_args)
            waiting += [parent] if parent else []
            waiting += [source for _, _, source in self._sources(current, build_args) if source]
        return tuple(seen[index] for index in sorted(seen))

    def base_image(self, stage: Stage, build_args: Mapping[str, str] = _NO_ARGUMENTS) -> ImageReference:
        """Name the image from outside that the stage ends up on, with the FROM that names it."""
        first = self.ancestors(stage, build_args)[-1]
        reference = self.global_scope(build_args).expand(first.base)
        return ImageReference(reference, first.base, first.line, "FROM", first.index)

    def external_images(
        self, stage: Stage, build_args: Mapping[str, str] = _NO_ARGUMENTS
    ) -> tuple[ImageReference, ...]:
        """List every image from outside that building `stage` takes, in the file's order. `scratch` is none."""
        images: list[ImageReference] = []
        for current in self.needed(stage, build_args):
            if self.parent(current, build_args) is None:
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
        for instruction, scope in self.scopes(stage, build_args):
            if instruction.stage_index != stage.index:
                continue
            raws = [mount.from_ for mount in instruction.mounts]
            raws += [instruction.flag("from")] if instruction.keyword in {"COPY", "ADD"} else []
            for raw in filter(None, raws):
                # BuildKit replaces no variables here; where it would stop, the global value is what is meant.
                meant = {**scope.outer, **scope.values()}
                reference = Scope(build_args, args=meant, escape=self.escape).expand(raw)
                yield instruction, (raw, reference), self.find(reference)


def _known(names: list[str], count: int) -> str:
    """Say which stages there are."""
    if names:
        return f"known are: {', '.join(names)}"
    return f"its {count} stages have no names" if count > 1 else "its only stage has no name"
