"""The practices: one file each, found by itself. To add one, add a file to its family's folder and its test file.

A practice is a module with a docstring and checks. The docstring's first line is its title; the texts under `Why:`,
`Proven by:`, `Broken by:` and `Fix:` feed `hullproof explain`, every report and the documentation. A check is a
generator function whose parameters name the facts it needs (see `hullproof.practices.checks`); it starts nothing and
reads nothing else. Annotate a parameter `X | None` to be asked even where that fact cannot be had.

A practice stands in every profile, or in those that its module's `PROFILES` names (see `hullproof.practices.profiles`).

Other packages add practices through the entry point group `hullproof.practices`: each entry names such a
module, whose `FAMILY` says which family it belongs to.
"""

from __future__ import annotations

import functools
import importlib
import pkgutil
from importlib.metadata import entry_points
from typing import TYPE_CHECKING

from hullproof.errors import UsageError
from hullproof.facts import EXPERIMENTS
from hullproof.practices import guide, production
from hullproof.practices.checks import Observations, check, unproven
from hullproof.practices.practice import Practice, from_module, judge
from hullproof.text import nearest

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

__all__ = ["EXPERIMENTS", "GUIDE", "Practice", "every", "from_module", "get", "judge"]

GROUP = "hullproof.practices"
GUIDE = (
    "slim-base",
    "multistage",
    "non-root-user",
    "workdir",
    "requirements-first",
    "ownership",
    "test-gate",
    "necessary-files",
    "expose",
    "default-command",
    "dockerignore",
)
"""The order in which the guide tells its practices. What it does not name comes after, by family and id."""


@functools.cache
def every() -> tuple[Practice, ...]:
    """Return all practices: those in this package and those that other packages bring, in order."""
    found: dict[str, Practice] = {}
    for practice in (*_own(), *(_foreign(entry) for entry in entry_points(group=GROUP))):
        if practice.id in found:
            raise UsageError(
                f"two practices are called {practice.id!r}; uninstall or rename the one that a package adds"
            )
        found[practice.id] = practice
    rank = {identifier: place for place, identifier in enumerate(GUIDE)}
    return tuple(
        sorted(found.values(), key=lambda each: (rank.get(each.id, len(GUIDE)), each.family, each.id))
    )


def get(identifier: str) -> Practice:
    """Return the practice with this id. Raises UsageError that names the nearest one."""
    known = {practice.id: practice for practice in every()}
    if identifier in known:
        return known[identifier]
    raise UsageError(f"there is no practice called {identifier!r}; {nearest(identifier, known)}")


def _own() -> list[Practice]:
    return [
        from_module(importlib.import_module(f"{family.__name__}.{found.name}"))
        for family in (guide, production)
        for found in pkgutil.iter_modules(family.__path__)
    ]


def _foreign(entry: EntryPoint) -> Practice:
    """Load another package's practice. One that cannot be loaded is still listed, and never proven."""
    try:
        return from_module(entry.load())
    except Exception as error:  # noqa: BLE001 - a foreign package's fault must hide no other practice
        reason = f"the practice {entry.name} could not be loaded: {type(error).__name__}: {error}"

        @check
        def never() -> Observations:
            yield unproven(reason)

        text = f"Reinstall the package that brings {entry.value}."
        return Practice(entry.name, "unknown", entry.name, reason, reason, reason, text, (never,))
