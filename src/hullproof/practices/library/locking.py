"""Saying how a step installs what is locked, and nothing else."""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING

from hullproof.dockerfile import commands, install_commands
from hullproof.practices.library.lines import instead, joined, remove, text_of
from hullproof.practices.library.lists import name_in

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from hullproof.dockerfile import Install, Release
    from hullproof.facts import LockFacts

_BESIDE = frozenset({"true", ":", "echo", "sed", "grep", "cut", "awk", "exit"})
"""What stands beside an installing command to make a list without hashes, or to hide that it failed."""


def to_check(release: Release, falsified: LockFacts) -> str | None:
    """Say how the step that installs a lock checks its hashes and goes no other way; None where it does more, or is not pip's."""
    step = release.instruction_at(falsified.line)
    if step is None or falsified.lock is None or step.json or text_of(step) is None:
        return None
    installs = install_commands(step)
    reading = [each for each in installs if _reads(each, falsified.lock)]
    others = {each.program for each in commands(step).commands if not _is_one_of(each.text, installs)}
    named = {name_in(package) for each in installs for package in each.packages}
    is_plain = all(each.tool == "pip" and not each.local_paths and not each.computed for each in installs)
    if not reading or not is_plain or others - _BESIDE or named - set(falsified.locked):
        return None
    text = reading[0].command.text
    others_read = [each for each in reading[0].requirement_files if not _is_of(each, falsified.lock)]
    for each in (
        *(rf"(?:-r|--requirement)[ =]?{re.escape(file)}" for file in others_read),
        *map(re.escape, reading[0].packages),
    ):
        text = re.sub(rf"\s[\"']?{each}[\"']?(?=\s|$)", "", text)
    if "--require-hashes" not in text:
        text = text.replace(" install", " install --require-hashes", 1)
    return instead(release, step.line, " ".join(["RUN", *step.flags, text]))


def to_stay_with_the_lock(release: Release, line: int, falsified: LockFacts) -> str | None:
    """Say that a step goes which installs by name what the lock has in another version, behind the step that installs that."""
    step = release.instruction_at(line)
    installs = install_commands(step) if step is not None else ()
    if step is None or step.line == falsified.line or len(commands(step).commands) != len(installs):
        return None
    named = {name_in(package) for each in installs for package in each.packages}
    only_named = bool(installs) and all(each.installs_named_only for each in installs)
    return joined(remove(release, step.line)) if only_named and named <= set(falsified.locked) else None


def to_lock(files: Collection[str], where: str, project_texts: Mapping[str, str]) -> str | None:
    """Say how the one list that a step installs from comes to have hashes: by the tool that locks it; None for none or several."""
    lists = [each for each in files if each.endswith(".txt")]
    if len(lists) != 1 or len(files) != 1:
        return None
    source = f"{lists[0].removesuffix('.txt')}.in"
    first = "Run" if source in project_texts else f"Rename {lists[0]} to {source}, run"
    return (
        f"{first} pip-compile --generate-hashes --output-file {lists[0]} {source} with the Python of the image, and add "
        f"--require-hashes to the pip install of {where}."
    )


def _reads(install: Install, lock: str) -> bool:
    return any(_is_of(each, lock) for each in install.requirement_files)


def _is_of(file: str, lock: str) -> bool:
    """Whether a list, as a step names it, is the lock, as the project does."""
    return posixpath.basename(file) == posixpath.basename(lock)


def _is_one_of(text: str, installs: Collection[Install]) -> bool:
    return any(each.command.text == text for each in installs)
