"""Saying how a secret of the build is mounted where it is used, and stays out of all that the build makes."""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING

from hullproof.practices.library.lines import but, in_a_row, instead, joined, remove, text_of, without_pairs

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hullproof.dockerfile import Instruction, Release

_MORE_THAN_ONE = re.compile(r"&&|;|\n|\|\|")
_KEPT_FOR_LATER = frozenset({"CMD", "ENTRYPOINT", "HEALTHCHECK"})
"""What the container's own shell reads when it starts."""


def to_mount(release: Release, name: str, project_texts: Mapping[str, str]) -> str | None:
    """Say how the steps that use a secret argument have it mounted instead; None where it is not plain which do.

    A file of the project that names it may be read by any step, which the argument is a variable of.
    """
    every = [each for stage in release.dockerfile.stages for each in stage.instructions]
    use = re.compile(rf"\b{re.escape(name)}\b")
    declared = [each for each in every if each.keyword == "ARG" and name in dict(each.pairs)]
    others = [each for each in every if each not in declared and use.search(each.original)]
    kept = [each for each in others if each.keyword in {"ENV", "LABEL"}]
    steps = [each for each in others if each.keyword == "RUN"]
    rest = [each for each in others if each not in (*kept, *steps) and each.keyword not in _KEPT_FOR_LATER]
    is_global = any(name in dict(each.pairs) for each in release.dockerfile.global_args)
    if not declared or rest or is_global or any(use.search(text) for text in project_texts.values()):
        return None
    ways = joined(
        *(_without(release, each, {name}) for each in declared),
        *(
            _without(
                release, each, {key for key, value in each.pairs if key == name or use.search(value or "")}
            )
            for each in kept
        ),
        *(instead(release, each.line, _mounting(release, each, name)) for each in steps),
    )
    needs = f" Hand it in by --secret id={name.lower()},env={name}." if steps else ""
    starts = (
        " Give it to the container when it starts." if any(each.keyword == "ENV" for each in kept) else ""
    )
    return f"{ways}{needs}{starts}" if ways else None


def _without(release: Release, step: Instruction, names: set[str]) -> str | None:
    """Say how an ARG, ENV or LABEL loses these variables; None for the old form, of a value with blanks and no quotes."""
    if any(value and re.search(r"\s", value) and value[0] not in "\"'" for _, value in step.pairs):
        return None
    return without_pairs(release, step, names)


def _mounting(release: Release, step: Instruction, name: str) -> str | None:
    """Write a RUN that has the secret in a variable of the same name, for as long as it runs."""
    if step.json or step.heredocs or text_of(step) is None or re.search(r"(?:^|\s)#", step.shell_text):
        return None
    key, stage = name.lower(), release.dockerfile.stages[step.stage_index]
    # Root alone may read a mounted secret, and who runs a step behind USER need not be root.
    is_user_s = any(each.keyword == "USER" and each.line < step.line for each in release.chain_of(stage))
    mount = f"--mount=type=secret,id={key}{',mode=0444' if is_user_s else ''}"
    return " ".join(["RUN", mount, *step.flags, exporting(name), step.shell_text.strip()])


def exporting(name: str) -> str:
    """Write what begins a step that has a secret mounted, so that a variable of the name holds it.

    The mount's own `env=` takes Dockerfile syntax 1.10, which the builder of an older engine does not have.
    """
    return f'export {name}="$(cat /run/secrets/{name.lower()})" &&'


def to_keep_out(release: Release, line: int, place: str) -> str | None:
    """Say how the step that has a secret mounted leaves none of it at a place; None where that is not plain."""
    step = release.instruction_at(line)
    if step is None or step.json or step.heredocs or place not in step.shell_text:
        return None
    stage = release.dockerfile.stages[step.stage_index]
    after = [each for each in stage.instructions if each.line > line]
    gone = next((each for each in after if _deletes(each, place)), None)
    if gone is not None:
        return _in_one_step(release, step, gone, after)
    name = posixpath.basename(place)
    everything = [each for each in release.dockerfile.instructions if each != step]
    if any(name in each.original for each in everything):
        return None
    alone = not _MORE_THAN_ONE.search(step.shell_text)
    way = remove(release, line) if alone else but(release, step, lambda command: place in command)
    return (
        f"{way} What runs gets it when the container starts, and a step that uses it has it mounted."
        if way
        else None
    )


def _deletes(step: Instruction, place: str) -> bool:
    every = in_a_row(step)
    return every is not None and any(each.split()[0] == "rm" and place in each.split() for each in every)


def _in_one_step(
    release: Release, step: Instruction, gone: Instruction, after: list[Instruction]
) -> str | None:
    """Say how a file is written, used and deleted by one step, whose layer then never has it."""
    run = [step, *(each for each in after if each.line <= gone.line)]
    if any(
        each.keyword != "RUN" or each.json or each.heredocs or (each != step and in_a_row(each) is None)
        for each in run
    ):
        return None
    flags = [flag for each in run for flag in each.flags]
    whole = " && ".join(each.shell_text.strip() for each in run)
    return joined(
        instead(release, step.line, " ".join(["RUN", *dict.fromkeys(flags), whole])),
        *(remove(release, each.line) for each in run[1:]),
    )
