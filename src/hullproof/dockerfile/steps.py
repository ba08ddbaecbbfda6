"""The simple commands of a step, as plain facts."""

from __future__ import annotations

from dataclasses import dataclass

from hullproof.dockerfile import bash
from hullproof.dockerfile.wrappers import program, unwrap


@dataclass(frozen=True)
class ShellCommand:
    """One simple command.

    `argv` is without quotes and without the wrappers that `wrappers` names, outermost first; variables are
    as written.
    """

    argv: tuple[str, ...]
    text: str
    wrappers: tuple[str, ...] = ()

    @property
    def program(self) -> str:
        """The program's name, without folder and version."""
        return program(self.argv[0]) if self.argv else ""


@dataclass(frozen=True)
class ShellProgram:
    """All simple commands of a step, in order, and what could not be read."""

    commands: tuple[ShellCommand, ...]
    problems: tuple[str, ...] = ()


def roughly(text: str) -> tuple[ShellCommand, ...]:
    """Do without a grammar: split at operators."""
    found = ((unwrap(argv), argv) for argv in bash.rough(text))
    return tuple(ShellCommand(seen.argv, " ".join(argv), seen.wrappers) for seen, argv in found)
