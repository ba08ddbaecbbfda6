"""A Dockerfile with one set of build arguments: which stage is built on which, and the variables at each instruction.

Each stage is walked once, right after the one that it is built on, so that the work grows with the file alone and not
with the length of its chains: on the way back from a stage, what it had changed is put back for the next one.
"""

from __future__ import annotations

import dataclasses
import posixpath
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from hullproof.dockerfile.variables import History, Scope, platform_arguments
from hullproof.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from hullproof.dockerfile.model import Instruction, Stage

MOST_TEXT = 64 << 20
"""So many characters may the words of a Dockerfile have in all, with their variables filled in."""
MOST_TRIGGERED = 10_000
"""So many instructions may ONBUILD lines bring, into all stages together."""

_FILLED_IN = frozenset({"ADD", "COPY", "EXPOSE", "LABEL", "STOPSIGNAL", "USER", "VOLUME"})


@dataclass(frozen=True)
class Place:
    """An instruction where it stands: the variables before and after it, and the working directory before it.

    What an ONBUILD brings stands in the stage that it acts in.
    """

    instruction: Instruction
    stage: Stage
    scope: Scope
    after: Scope
    workdir: str

    def absolute(self, path: str) -> str:
        """Say where a path leads from here."""
        return posixpath.normpath(posixpath.join(self.workdir, path))


@dataclass(frozen=True, eq=False)
class Resolution:
    """See above. Each part is worked out when it is first asked for, and once.

    `name`, `escape`, `global_args` and `stages` are the file's; `build_args` are those that will be given, and
    `base_env` the variables that images from outside bring.
    """

    name: str
    escape: str
    global_args: tuple[Instruction, ...]
    stages: tuple[Stage, ...]
    build_args: Mapping[str, str]
    base_env: Mapping[str, str]

    @cached_property
    def global_scope(self) -> Scope:
        """The variables that FROM lines can use."""
        history = History(platform_arguments(self.build_args))
        outer = history.values()
        for instruction in self.global_args:
            self._apply(instruction, self._scope(history, instruction, outer))
        return Scope(history, history.now, self.escape, self.name, outer)

    @cached_property
    def parents(self) -> tuple[Stage | None, ...]:
        """For each stage the one of this file that it is built FROM: only earlier ones count, and no numbers."""
        named: dict[str, Stage] = {}
        parents = []
        for stage in self.stages:
            parents.append(named.get(self.base(stage).lower()))
            if stage.name is not None:
                named[stage.name.lower()] = stage
        return tuple(parents)

    def base(self, stage: Stage) -> str:
        """Return what a stage is built FROM, its variables filled in."""
        return self.global_scope.expand(stage.base)

    @cached_property
    def places(self) -> tuple[tuple[Place, ...], ...]:
        """For each stage its instructions where they stand; what ONBUILD lines bring comes first.

        Raises UsageError, with the line, where variables or ONBUILD lines grow beyond the limits above.
        """
        waiting: list[Stage | tuple[int, int]] = []
        built_on: list[list[Stage]] = [[] for _ in self.stages]
        for each, below in zip(self.stages, self.parents, strict=True):
            (waiting if below is None else built_on[below.index]).append(each)
        history, outer = History(self.base_env), self.global_scope.history.values()
        found: list[tuple[Place, ...]] = [()] * len(self.stages)
        workdirs = ["/"] * len(self.stages)
        triggered = 0
        waiting.reverse()
        while waiting:
            following = waiting.pop()
            if isinstance(following, tuple):
                history.put_back(*following)
                continue
            stage = following
            parent = self.parents[stage.index]
            begin, workdir = history.now, workdirs[parent.index] if parent else "/"
            brought = tuple(_brought(stage, parent)) if parent else ()
            triggered += len(brought)
            if triggered > MOST_TRIGGERED:
                raise UsageError(
                    f"{self.name}:{stage.line}: ONBUILD lines bring more than {MOST_TRIGGERED:,} instructions "
                    "into the stages that are built on theirs, the most that is followed; write fewer"
                )
            places = []
            for instruction in (*brought, *stage.instructions):
                scope = self._scope(history, instruction, outer)
                self._apply(instruction, scope)
                after = dataclasses.replace(scope, moment=history.now)
                places.append(Place(instruction, stage, scope, after, workdir))
                if instruction.keyword == "WORKDIR":
                    workdir = places[-1].absolute(scope.expand(" ".join(instruction.args)))
                    _count(workdir, scope)
            found[stage.index], workdirs[stage.index] = tuple(places), workdir
            waiting += [(begin, history.now), *reversed(built_on[stage.index])]
        return tuple(found)

    def _scope(self, history: History, instruction: Instruction, outer: Mapping[str, str]) -> Scope:
        return Scope(history, history.now, self.escape, f"{self.name}:{instruction.line}", outer)

    def _apply(self, instruction: Instruction, scope: Scope) -> None:
        """Let an ENV or ARG take effect; anything else changes nothing."""
        history = scope.history
        if instruction.keyword == "ENV":
            # One ENV's values all see the variables from before it.
            for name, raw in instruction.pairs:
                history.set(scope.expand(name), _count(scope.expand(raw or ""), scope))
        elif instruction.keyword == "ARG":
            for name, raw in instruction.pairs:
                value = self._given(name, raw, dataclasses.replace(scope, moment=history.now))
                if value is not None:
                    history.set(name, _count(value, scope))
        elif instruction.keyword in _FILLED_IN:
            for word in instruction.args:
                _count(scope.expand(word), scope)

    def _given(self, name: str, raw: str | None, scope: Scope) -> str | None:
        """Return the value that an ARG takes; None where it has none."""
        if name in self.build_args:
            return self.build_args[name]
        return scope.expand(raw) if raw is not None else scope.outer.get(name)


def _brought(stage: Stage, parent: Stage) -> Iterator[Instruction]:
    """Yield what the ONBUILD lines of the stage below do in a stage: in it, and in none built on it."""
    for line in parent.instructions:
        if line.keyword == "ONBUILD" and line.trigger is not None:
            yield dataclasses.replace(line, keyword=line.trigger, trigger=None, stage_index=stage.index)


def _count(text: str, scope: Scope) -> str:
    """Hand on a text, as long as all of them are not too much together."""
    scope.history.characters += len(text)
    if scope.history.characters > MOST_TEXT:
        raise UsageError(
            f"{scope.where}: with their variables filled in, the words up to here have more than "
            f"{MOST_TEXT >> 20} million characters, the most that is followed; shorten the variables"
        )
    return text
