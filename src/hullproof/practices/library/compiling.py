"""Saying how a step leaves no compiler behind: by not installing it, or by removing it once it was used."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from hullproof.dockerfile import commands, install_commands
from hullproof.practices.library.lines import followed_by, instead, joined, remove, text_of
from hullproof.practices.library.packages import brings_package

if TYPE_CHECKING:
    from hullproof.dockerfile import Instruction, Release

_INSTALL = re.compile(r"\bapt-get\s+(?:-\S+\s+)*install\b[^&;|]*")
_LINKED = re.compile(r"(?!(?:libc6|linux-libc|python3)-dev$).+-dev|gfortran.*")
"""Packages that bring a library along, which --auto-remove takes away from what was compiled against it: libpq-dev and libpq5."""
_COMPILES = frozenset({"make", "gcc", "g++", "cc", "cargo", "cmake", "meson", "ninja", "npm"})


def to_go_without(release: Release, line: int | None) -> str | None:
    """Say how the step at a line is written; None where a later one needs what it installs, or it is not apt-get that does."""
    step = release.instruction_at(line)
    text = text_of(step) if step is not None and step.keyword == "RUN" and not step.json else None
    found = _INSTALL.findall(text) if text is not None else []
    if step is None or text is None or len(found) != 1:
        return None
    words = found[0].split()
    named = [word for word in words[words.index("install") + 1 :] if not word.startswith("-")]
    tools = [word for word in named if brings_package(word)]
    later = [each for each in release.chain if each.line > step.line and each.keyword == "RUN"]
    if not tools or any(map(_uses, later)):
        return None
    if _uses(step):
        if any(map(_LINKED.fullmatch, tools)):
            return None
        return instead(
            release, step.line, followed_by(step, f"apt-get purge -y --auto-remove {' '.join(tools)}")
        )
    gone = [remove(release, each.line) for each in later if _only_removes(each)]
    rest = [word for word in words if word not in tools]
    if set(named) - set(tools):
        return joined(instead(release, step.line, text.replace(found[0].strip(), " ".join(rest))), *gone)
    others = [each for each in commands(step).commands if each.program not in {"apt-get", "rm"}]
    return None if others else joined(remove(release, step.line), *gone)


def _uses(step: Instruction) -> bool:
    """Whether a step may compile: it installs Python packages, or starts what compiles."""
    return bool(install_commands(step)) or any(each.program in _COMPILES for each in commands(step).commands)


def _only_removes(step: Instruction) -> bool:
    """Whether a step does nothing but remove packages, and lists of them."""
    every = commands(step).commands
    removing = {"purge", "remove", "autoremove", "clean"}
    return all(
        each.program == "rm" or (each.program == "apt-get" and removing & set(each.argv)) for each in every
    )
