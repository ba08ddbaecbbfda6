"""Builds that leave nothing in the builder's cache which a later build of the user's could take.

A step is looked up in the cache by its text and by the content that goes into it. Secrets, what lies in cache mounts and
the times of files are no part of that: a step that was run with a secret of an experiment's would be handed to the next
build of the unchanged project, and so would a copy of files whose times an experiment has moved. Such a build is made
private: a file of its own in each stage makes every step one that no other build has, and cache mounts are its own.
"""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from hullproof.errors import Unobservable
from hullproof.project.frontend import write_copy

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator
    from pathlib import Path

    from hullproof.dockerfile import Dockerfile
    from hullproof.dockerfile.model import Instruction
    from hullproof.lab.recipe import Recipe

MARK = "/.hullproof"
"""The file that makes each stage of a private build one that no other build has."""

_CONTEXT = "hullproof-private"
_COPY = f"COPY --from={_CONTEXT} mark {MARK}"
_LINE_WITH_END = re.compile(r".*\n|.+")
"""A line as BuildKit counts them: nothing but a line feed ends one."""
_LINK = re.compile(r"--link(?:=\S+)?", re.IGNORECASE)
_ID = re.compile(r"(?P<before>(?:\A|[,\"])id=)(?P<id>[^,\"]*)", re.IGNORECASE)


@dataclass
class _Text:
    """A Dockerfile to be rewritten in place, its lines numbered from 1, and what its steps are traced to."""

    lines: list[str]
    steps: dict[str, list[tuple[int, str]]]

    def replace(self, instruction: Instruction, old: str, new: str) -> None:
        """Replace the first occurrence within an instruction. Raises Unobservable where it does not stand there."""
        places = [at for at in range(instruction.line - 1, instruction.end_line) if old in self.lines[at]]
        if not places:
            raise Unobservable(
                f"line {instruction.line} of the Dockerfile could not be rewritten: {old} is quoted there"
            )
        self.lines[places[0]] = self.lines[places[0]].replace(old, new, 1)
        for own in self.steps.values():
            own[:] = [
                (line, text.replace(old, new, 1) if line == instruction.line else text) for line, text in own
            ]

    def begin(self, stage: str, line: int, end: int, text: str) -> None:
        """Put an instruction behind the FROM of a stage, on whose last line it is from now on."""
        self.lines[end - 1] = self.lines[end - 1].rstrip("\r\n") + f"\n{text}\n"
        self.steps[stage].insert(1, (line, text))

    def written(self, recipe: Recipe, folder: Path) -> Path:
        """Write it in the place of the project's Dockerfile into `folder`."""
        return write_copy(recipe.project.home, recipe.project.config.dockerfile, folder, "".join(self.lines))


def with_own_mounts(recipe: Recipe, folder: Path, lines: Collection[int]) -> Recipe:
    """Give the steps at these lines cache mounts of their own: what they leave there, no other build finds.

    `folder` takes the rewritten Dockerfile. A recipe without such a step stays as it is.
    """
    dockerfile = recipe.project.dockerfile
    if not any(_cache_mounts(dockerfile, lines)):
        return recipe
    text = _text(recipe)
    _own_mounts(dockerfile, text, lines, secrets.token_hex(6))
    return replace(recipe, dockerfile=text.written(recipe, folder), instructions=text.steps)


def private(recipe: Recipe, folder: Path) -> Recipe:
    """Make the steps of all stages ones that no other build has; `folder` takes what that needs.

    Each stage gets one file more (`MARK`), by one instruction, which stands behind its FROM.
    """
    token, dockerfile, text = secrets.token_hex(6), recipe.project.dockerfile, _text(recipe)
    _own_mounts(dockerfile, text, {each.line for each in dockerfile.instructions}, token)
    for each in dockerfile.instructions:
        for flag in each.flags if each.keyword in {"COPY", "ADD"} else ():
            if _LINK.fullmatch(flag):  # it would be looked up without what lies below it
                text.replace(each, f"{flag} ", "")
    parents = dockerfile.resolved(recipe.project.build_args).parents
    for stage, parent in zip(dockerfile.stages, parents, strict=True):
        if parent is None:
            end = _end(text.lines, stage.line, dockerfile.escape)
            text.begin(recipe.project.shown_name(stage), stage.line, end, _COPY)
    context = folder / "context"
    context.mkdir()
    (context / "mark").write_text(token)
    return replace(
        recipe,
        dockerfile=text.written(recipe, folder),
        build_contexts={**recipe.build_contexts, _CONTEXT: str(context)},
        instructions=text.steps,
    )


def _text(recipe: Recipe) -> _Text:
    own = recipe.project.dockerfile.text
    text = recipe.dockerfile.read_bytes().decode() if recipe.dockerfile else own
    steps = {name: list(own) for name, own in recipe.project.layer_instructions.items()}
    return _Text(_LINE_WITH_END.findall(text), steps)


def _own_mounts(dockerfile: Dockerfile, text: _Text, lines: Collection[int], token: str) -> None:
    """Rename the cache mounts of the steps at these lines."""
    for instruction, value in _cache_mounts(dockerfile, lines):
        text.replace(instruction, value, _renamed(value, token))


def _cache_mounts(dockerfile: Dockerfile, lines: Collection[int]) -> Iterator[tuple[Instruction, str]]:
    for instruction in dockerfile.instructions:
        if instruction.keyword == "RUN" and instruction.line in lines:
            values = instruction.flag_values.get("mount", ())
            for value, mount in zip(values, instruction.mounts, strict=True):
                if mount.type == "cache":
                    yield instruction, value


def _renamed(value: str, token: str) -> str:
    """Name a cache mount by the token; one without an id goes by its target."""
    if _ID.search(value):
        return _ID.sub(rf"\g<before>{token}-\g<id>", value, count=1)
    target = re.search(r"(?:target|dst|destination)=(?P<path>[^,\"]+)", value, re.IGNORECASE)
    return f"{value},id={token}-{target['path'] if target else 'cache'}"


def _end(lines: list[str], line: int, escape: str) -> int:
    """Return at which line an instruction ends that begins at `line`, both counted from 1."""
    while line < len(lines) and (
        lines[line - 1].rstrip().endswith(escape) or lines[line - 1].lstrip().startswith("#")
    ):
        line += 1
    return line
