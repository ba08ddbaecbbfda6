"""A situation: one of the base projects, what is wrong with it, and how it is mended."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from tests.toolkit.cases.catalogue.model import Case, Edit, write

Base: TypeAlias = tuple[Edit, ...]
"""A project of its own, written file by file into an empty folder."""


@dataclass(frozen=True)
class Situation:
    """One public situation. `name` is "PRACTICE/NAME"; `seen` is where people speak of it.

    The project is `base` with the edits `fault`, its twin `base` with the edits `mended`. `also` may rightly be found
    broken beside the practice, `unknown` cannot be shown once the fault is there. In the twin everything is proven, or not
    applicable.
    """

    name: str
    title: str
    seen: str
    base: Base
    fault: tuple[Edit, ...]
    mended: tuple[Edit, ...]
    also: frozenset[str] = frozenset()
    unknown: frozenset[str] = frozenset()

    @property
    def cases(self) -> tuple[Case, Case]:
        """The project with the fault, and its twin."""
        _, _, short = self.name.partition("/")
        return (
            Case(
                f"frozen/{self.name}",
                self.title,
                (*self.base, *self.fault),
                self.also,
                self.unknown,
                start=None,
            ),
            Case(f"frozen/benign/{short}", f"mended: {self.title}", (*self.base, *self.mended), start=None),
        )


def project(files: dict[str, str]) -> Base:
    """Write files, by path."""
    return tuple(write(path, text) for path, text in files.items())


def and_(*names: str) -> frozenset[str]:
    """Name some practices."""
    return frozenset(names)
