"""What is found of a project's packages, put together: which are for tests, what comes along, what Debian brings."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from hullproof.init.metadata import Set
from hullproof.init.model import Dependencies, Install, Remark, Tool
from hullproof.init.requirements import Declared
from hullproof.init.system import system_packages

REQUIREMENTS, TEST_REQUIREMENTS = "requirements.txt", "requirements-test.txt"
"""What the build calls the files that it makes for pip."""

NAMES = ("test", "tests", "testing", "dev", "develop", "development", "ci", "local")
"""What people call the packages for tests, the likeliest first; the first three are for nothing else."""
_FOR_TESTS_ALONE = NAMES[:3]
_SERVERS_OF_FASTAPI = frozenset({"uvicorn", "fastapi-cli"})
_EXTRAS_WITH_SERVER = frozenset({"standard", "standard-no-fastapi-cloud-cli", "all"})


@dataclass
class Found:
    """What is known so far; `declared` and `for_tests` are the packages that are named, with their places."""

    release: Install
    declared: Sequence[Declared]
    tests: Install = field(default_factory=Install)
    for_tests: Sequence[Declared] = ()
    comes_along: frozenset[str] = frozenset()
    tool: Tool | None = None
    said: list[Remark] = field(default_factory=list)
    git: bool = False


def for_tests(sets: Sequence[Set]) -> list[Set]:
    """Choose among groups and extras: those named for tests and the one with pytest, else one for development."""
    with_runner = [each for each in sets if any(one.name == "pytest" for one in each.packages)]
    named = [each for each in sets if each.name.lower() in _FOR_TESTS_ALONE]
    if named or with_runner:
        best = min(with_runner, key=lambda each: rank(each.name), default=None)
        return [*named, *([best] if best and best not in named else [])]
    return [each for each in sorted(sets, key=lambda one: rank(one.name)) if each.name.lower() in NAMES][:1]


def rank(name: str) -> int:
    """Return how likely packages of such a name are for tests, 0 being the likeliest."""
    lowered = name.lower()
    return NAMES.index(lowered) if lowered in NAMES else len(NAMES)


def said_of_tests(chosen: Iterable[Set]) -> Remark:
    """Say where the packages for tests stand."""
    return Remark("found", f"packages for tests, in {' and '.join(each.place for each in chosen)}")


def put_together(found: Found) -> Dependencies:
    """Add what comes along, and the Debian packages that all this needs."""
    along = set(found.comes_along)
    if any(each.name == "fastapi" and each.extras & _EXTRAS_WITH_SERVER for each in found.declared):
        along |= _SERVERS_OF_FASTAPI
    build, run, said = system_packages(
        {**dict.fromkeys(along), **{each.name: each for each in found.declared}}
    )
    more_build, more_run, more_said = system_packages({each.name: each for each in found.for_tests})
    build = (*build, "git") if found.git else build
    beside = dict.fromkeys((*build, *more_build, *more_run))
    return Dependencies(
        found.release,
        {each.name: each.place for each in found.declared},
        found.tests,
        {each.name: each.place for each in found.for_tests},
        frozenset(along),
        found.tool,
        tuple(name for name in beside if name not in run),
        run,
        (*found.said, *dict.fromkeys((*said, *more_said))),
    )
