"""Fixes that say which line to write, in words that can be read in one way only, by a person as by a script.

    Write `RUN python -m pytest` in the place of Dockerfile:12. Add `ENV A=1`, `USER app` before Dockerfile:20.
    Add `**/.git`, `**/.env*` to .dockerignore. Remove tests/conftest.py:4-9.

These four are all (docs/reference/fixes.md). Lines are those of the file as it is; what several sentences add at one place is
added in their order. Where a line cannot be shown whole (a here-document, backticks, more than fits into a sentence) there is
none, and the fix is said in prose.
"""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING

from hullproof.dockerfile.shell import commands

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

    from hullproof.dockerfile import Instruction, Release

_LONGEST = 240
_MASKING = frozenset(
    {"true", ":", "exit", "echo", "printf", "tee", "trap", "set", "sleep", "wait", "false", "[", "[[", "test"}
)
"""What stands beside a command so that its failure is lost, or only reported."""
_UNPLAIN = re.compile(r"[<>`]|\b(?:for|while|until|case|function)\b|(?:^|[;&|(\n]\s*)\w+=\S*\s*(?:[;&\n]|$)")
"""Redirections, loops and variables of the shell's own: more than commands in a row."""
_OTHERWISE = re.compile(r"\|+\s*[({]?\s*([^\s;|&()]+)")
"""What takes over where a command has failed, or reads what it prints."""
_DIVIDED_OTHERWISE = re.compile(
    r"[|<`#\n]|(?<!&)&(?!&)|\b(?:if|for|while|until|case|function)\b|[\"'][^\"']*(?:&&|;)[^\"']*[\"']"
)
"""What is more than commands one after another, so that it cannot be divided at `&&` and `;`."""
_ENDS_OTHERWISE = re.compile(r"\s#|&$")
_LAST_SEMICOLON = re.compile(r"\s*(?<!\\);$")
_STEPS = frozenset({"RUN", "COPY", "ADD", "WORKDIR"})
_PLAIN_PATH = re.compile(r"[^\s`:]+")
"""A path that ends where a sentence says that it does: a file's name is whatever a project likes."""


def instead(release: Release, line: int, text: str | None) -> str | None:
    """Say what to write in the place of the instruction that begins at a line; None where that cannot be shown."""
    return f"Write `{text}` in the place of {release.where(line)}." if text and _is_shown(text) else None


def add(release: Release, side: str, line: int, *texts: str | None) -> str | None:
    """Say what to add "before" or "after" the instruction that begins at a line; None where that cannot be shown."""
    shown = _quoted(texts)
    return f"Add {shown} {side} {release.where(line)}." if shown else None


def append(path: str, *texts: str) -> str | None:
    """Say what to add at the end of a file of the project, which need not be there; None where that cannot be shown."""
    shown = _quoted(texts)
    return f"Add {shown} to {path}." if shown and _PLAIN_PATH.fullmatch(path) else None


def rewrite(path: str, number: int, text: str) -> str | None:
    """Say what to write in the place of a line of a file of the project; None where that cannot be shown."""
    shown = _quoted((text.rstrip(),))
    return (
        f"Write {shown} in the place of {path}:{number}." if shown and _PLAIN_PATH.fullmatch(path) else None
    )


def insert(path: str, side: str, number: int, text: str) -> str | None:
    """Say what to add "before" or "after" a line of a file of the project; None where that cannot be shown."""
    shown = _quoted((text,))
    return f"Add {shown} {side} {path}:{number}." if shown and _PLAIN_PATH.fullmatch(path) else None


def before_user(release: Release, text: str) -> str:
    """Say what root has to do before USER gives its rights up."""
    user = release.last("USER")
    shown = add(release, "before", user.line, text) if user is not None else None
    return shown or f"Add {text} before USER."


def before_command(release: Release, *texts: str) -> str | None:
    """Say what to add in front of the command, or at the end of the release where it has none; None where that cannot be shown."""
    command, own = release.last("CMD", "ENTRYPOINT"), release.stage.instructions
    if command is not None and command.stage_index == release.stage.index:
        first = [each for each in (release.last("CMD"), release.last("ENTRYPOINT")) if each in own]
        return add(release, "before", min(each.line for each in first if each is not None), *texts)
    return add(release, "after", own[-1].line if own else release.line, *texts)


def remove(release: Release, line: int) -> str:
    """Say that an instruction is to go."""
    return f"Remove {release.where(line)}."


def remove_from(path: str, first: int, last: int | None = None) -> str | None:
    """Say that lines of a file of the project are to go; None where its path cannot be shown."""
    span = f"{first}-{last}" if last and last > first else first
    return f"Remove {path}:{span}." if _PLAIN_PATH.fullmatch(path) else None


def without_pairs(release: Release, step: Instruction, names: Collection[str]) -> str | None:
    """Say how an ARG, ENV or LABEL loses these variables, and goes where it has no others; None where that cannot be shown."""
    rest = [key if value is None else f"{key}={value}" for key, value in step.pairs if key not in names]
    written = " ".join([step.keyword, *rest])
    return instead(release, step.line, written) if rest else remove(release, step.line)


def joined(*sentences: str | None) -> str | None:
    """Join sentences that belong together; None where one of them cannot be shown: half of a fix is none."""
    return None if None in sentences or not sentences else " ".join(each for each in sentences if each)


def known(*sentences: str | None) -> str | None:
    """Join those sentences that there are, each once; None where there are none."""
    return " ".join(dict.fromkeys(each for each in sentences if each)) or None


def last_step(release: Release) -> Instruction | None:
    """Return the last instruction of the release's own stage that makes a layer or goes somewhere."""
    own = [each for each in release.stage.instructions if each.keyword in _STEPS]
    return own[-1] if own else None


def text_of(instruction: Instruction) -> str | None:
    """Return an instruction as one line; None where it has a here-document, which no line holds."""
    if instruction.heredocs:
        return None
    text = instruction.original.strip()
    return text if instruction.line == instruction.end_line else re.sub(r"\s{2,}", " ", text)


def followed_by(step: Instruction, command: str) -> str | None:
    """Write a RUN with one command more at its end; None where what stands there would not lead to it."""
    text = text_of(step)
    if step.keyword != "RUN" or step.json or text is None or _ENDS_OTHERWISE.search(text):
        return None
    return f"{_LAST_SEMICOLON.sub('', text)} && {command}"


def strict(instruction: Instruction, end: str = "") -> str | None:
    """Write a RUN so that each of its commands has to succeed, without those that lose or tell of a failure.

    `end` is a command more. None where the step cannot be read, or is that already.
    """
    found = commands(instruction)
    text = instruction.shell_text
    others = set(_OTHERWISE.findall(text)) - _MASKING
    is_hidden = instruction.heredocs and not instruction.is_script
    if is_hidden or instruction.json or found.problems or others or _UNPLAIN.search(text):
        return None
    kept = [each.text for each in found.commands if each.program not in _MASKING]
    if end:
        kept.append(end)
    meant = " ".join(["RUN", *instruction.flags, " && ".join(kept)])
    return meant if kept and meant != text_of(instruction) else None


def in_a_row(step: Instruction) -> list[str] | None:
    """List the commands of a RUN, as written; None where it is more than commands one after another."""
    if step.keyword != "RUN" or step.json or step.heredocs or _DIVIDED_OTHERWISE.search(step.shell_text):
        return None
    return [each.strip() for each in re.split(r"&&|;", step.shell_text) if each.strip()]


def but(release: Release, step: Instruction, is_meant: Callable[[str], object]) -> str | None:
    """Say how a RUN is written without the commands that are meant; None where it has none, or is not plain to divide.

    It goes as a whole where no other command is left.
    """
    every = in_a_row(step)
    kept = [each for each in every or () if not is_meant(each)]
    if every is None or len(kept) == len(every):
        return None
    return (
        instead(release, step.line, " ".join(["RUN", *step.flags, " && ".join(kept)]))
        if kept
        else remove(release, step.line)
    )


def copied_with(step: Instruction, **flags: str | None) -> str | None:
    """Write a COPY or ADD with these flags in the place of its own of the same names; None where no line holds it."""
    text = text_of(step)
    if text is None:
        return None
    for name in flags:
        text = re.sub(rf"\s--{name}=\S+", "", text)
    head, _, rest = text.partition(" ")
    return " ".join([head, *(f"--{name}={value}" for name, value in flags.items() if value), rest.strip()])


def source_of(release: Release, name: str) -> str | None:
    """Name the file of the context that a COPY brings under this name; None where no COPY names it, or two do."""
    steps = (each for stage in release.needed for each in stage.instructions if each.flag("from") is None)
    found = {source for each in steps for source in each.sources if posixpath.basename(source) == name}
    return posixpath.normpath(found.pop()) if len(found) == 1 else None


def copy_of(step: Instruction, sources: Sequence[str]) -> str | None:
    """Write a COPY like this one, of these paths alone, to where it brings them; None where that is not plain."""
    goal, folders = step.args[-1], {posixpath.dirname(each) for each in sources}
    if len(folders) != 1 or any(re.search(r"\s", each) for each in (*step.args, *sources)):
        return None
    if step.flag("from") is not None:
        home = step.sources[0].rstrip("/")
        named = [f"{home}/{each}" for each in sources]
        return (
            " ".join(["COPY", *step.flags, *named, posixpath.join(goal, *folders, "")])
            if len(step.sources) == 1
            else None
        )
    whole = any(posixpath.normpath(each) == "." for each in step.sources)
    if whole:
        goal = posixpath.join(goal, *folders, "")
    elif not set(sources) <= set(step.sources):
        return None
    return " ".join(["COPY", *step.flags, *sources, goal])


def _quoted(texts: Sequence[str | None]) -> str | None:
    shown = [each for each in texts if each and _is_shown(each)]
    return ", ".join(f"`{each}`" for each in shown) if shown and len(shown) == len(texts) else None


def _is_shown(text: str) -> bool:
    return len(text) <= _LONGEST and "`" not in text and "\n" not in text
