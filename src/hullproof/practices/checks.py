"""Checks: what a practice is made of. Each asks one question of the facts that its parameters name.

    @check
    def the_process_works_there(image: ImageFacts, container: ContainerFacts) -> Observations:
        '''PID 1 works in the image's directory.'''
        if container.main.cwd != image.workdir:
            yield broken(f"PID 1 works in {container.main.cwd}, not in {image.workdir}")
        else:
            yield in_container("/proc/1/cwd", container.main.cwd)

A check yields evidence as it is, and what it makes of it. One whose fact cannot be had is unproven, with the reason.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TypeAlias, TypeVar

from hullproof.model import Evidence, Verdict


@dataclass(frozen=True)
class Observation:
    """What a check makes of what it saw. `clause` begins small and has no full stop: clauses are joined to sentences."""

    verdict: Verdict
    clause: str
    evidence: tuple[Evidence, ...] = ()
    fix: str | None = None


Observations: TypeAlias = Iterator[Observation | Evidence]
Check: TypeAlias = Callable[..., Observations]
_Check = TypeVar("_Check", bound=Check)

_MARK = "_is_a_check_of_hullproof"


def check(function: _Check) -> _Check:
    """Make a generator function a check of the practice whose module it stands in."""
    setattr(function, _MARK, True)
    return function


def is_check(candidate: object) -> bool:
    """Whether it was made a check."""
    return getattr(candidate, _MARK, False) is True


def proven(clause: str, *evidence: Evidence) -> Observation:
    """Say what is shown to hold: the practice's summary, if all of it holds."""
    return Observation(Verdict.PROVEN, clause, evidence)


def broken(clause: str, *evidence: Evidence, fix: str | None = None) -> Observation:
    """Say that the practice is shown not to hold. The first evidence should name the line to fix.

    `fix` is None for the practice's usual one.
    """
    return Observation(Verdict.BROKEN, clause, evidence, fix)


def unproven(clause: str, *evidence: Evidence, fix: str | None = None) -> Observation:
    """Say what could not be shown either way."""
    return Observation(Verdict.UNPROVEN, clause, evidence, fix)


def not_applicable(clause: str, *evidence: Evidence) -> Observation:
    """Say why the practice does not concern this project. It stands unless the practice is shown to be broken."""
    return Observation(Verdict.NOT_APPLICABLE, clause, evidence)


def in_dockerfile(where: str, statement: str) -> Evidence:
    """Evidence from the text; `where` is a line, such as `release.where(12)` names it."""
    return Evidence("dockerfile", where, statement)


def in_image(where: str, statement: str) -> Evidence:
    """Evidence from the image: its configuration (`config.User`), or the line whose layer holds a file."""
    return Evidence("image", where, statement)


def in_container(where: str, statement: str) -> Evidence:
    """Evidence from the booted container: `/proc/1/status`, `8000/tcp`, `log`."""
    return Evidence("container", where, statement)


def in_experiment(where: str, statement: str) -> Evidence:
    """Evidence from a build or a boot with one deliberate change."""
    return Evidence("experiment", where, statement)


def sentence(*clauses: str, most: int = 3) -> str:
    """Make one sentence of clauses, the first few in full and the rest as a number."""
    named = [clause.rstrip(". ") for clause in dict.fromkeys(clauses)]
    rest = len(named) - most
    text = "; ".join(named[:most] + ([f"and {rest} more, see the evidence"] if rest > 0 else []))
    # A name keeps its case: `id_rsa` and `docker/Dockerfile:6` are spelled as they are.
    begins_with_word = re.match(r"[a-z]+(?:[ ,;:]|$)", text) is not None
    return f"{text[:1].upper() if begins_with_word else text[:1]}{text[1:]}."


def listed(names: list[str] | tuple[str, ...], most: int = 4) -> str:
    """Name a few and count the rest: `a, b, c and 9 more`."""
    unique = list(dict.fromkeys(names))
    if len(unique) <= most:
        return ", ".join(unique)
    return f"{', '.join(unique[: most - 1])} and {len(unique) - most + 1} more"
