"""Recognises secrets that a Dockerfile writes down, or that a build would write into the image."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hullproof.secrets import secret_in, secret_name, token_in_command, token_shape

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from hullproof.dockerfile.graph import Dockerfile
    from hullproof.dockerfile.model import Instruction, Stage
    from hullproof.dockerfile.resolution import Place
    from hullproof.dockerfile.variables import Scope

_NAMED = re.compile(r"\$\{?(\w+)")


@dataclass(frozen=True)
class SecretMention:
    """A place where a secret is, or would come to be. `name` is the variable, or the instruction's keyword."""

    name: str
    line: int
    why: str
    keyword: str
    stage_index: int


def mentions_of_secrets(
    dockerfile: Dockerfile, stage: Stage | None = None, build_args: Mapping[str, str] | None = None
) -> tuple[SecretMention, ...]:
    """List the secrets that a Dockerfile mentions: in the chain of `stage`, or else in every stage."""
    given = build_args or {}
    stages = dockerfile.stages if stage is None else dockerfile.ancestors(stage, given)
    global_scope = dockerfile.global_scope(given)
    found = [
        mention
        for item in dockerfile.global_args
        for mention in _in_pairs(item, global_scope, recorded=lambda _name: False)
    ]
    for current in sorted(stages, key=lambda each: each.index):
        found += _in_stage(dockerfile.own_places(current, given))
    return tuple(found)


def _in_stage(places: Sequence[Place]) -> list[SecretMention]:
    """Judge a stage, from its end: an argument is recorded with any RUN after it, or where it is named."""
    found: list[SecretMention] = []
    runs, named = False, set[str]()

    def recorded(name: str) -> bool:
        return runs or name in named

    for place in reversed(places):
        instruction = place.instruction
        own = [*_in_pairs(instruction, place.scope, recorded), *_in_text(instruction)]
        found += reversed(own)
        runs = runs or instruction.keyword == "RUN"
        named.update(_NAMED.findall(instruction.original))
    return found[::-1]


def _in_pairs(
    instruction: Instruction, scope: Scope, recorded: Callable[[str], bool]
) -> Iterator[SecretMention]:
    """Judge the names and values of an ENV, LABEL or ARG."""
    for raw_name, raw in instruction.pairs:
        name = scope.expand(raw_name)
        value = scope.expand(raw or "")
        why = secret_in(name, value)
        if why is None and secret_name(name):
            if instruction.keyword == "ARG" and raw is None and recorded(name):
                why = "it is a build argument: whatever is given for it stays in the image's history"
            elif instruction.keyword != "ARG" and "$" in (raw or "") and not value:
                why = "its name says that it is a secret, and a build argument's value is kept in it"
        if why is not None:
            yield SecretMention(name, instruction.line, why, instruction.keyword, instruction.stage_index)


def _in_text(instruction: Instruction) -> Iterator[SecretMention]:
    """Judge the text of everything that has no names and values."""
    if instruction.keyword in {"ENV", "ARG", "LABEL"}:
        return
    bodies = "\n".join(doc.content for doc in instruction.heredocs)
    looks_like = token_in_command if instruction.keyword == "RUN" else token_shape
    shape = looks_like(f"{instruction.original}\n{bodies}")
    if shape is not None:
        line, index = instruction.line, instruction.stage_index
        yield SecretMention(instruction.keyword, line, f"its text holds {shape}", instruction.keyword, index)
