"""Choosing among sets of packages: what is for tests, what comes along, what Debian has to bring."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from hullproof.init.model import Dependencies, Remark
from hullproof.init.system import system_packages

if TYPE_CHECKING:
    from hullproof.init.pipfiles import Declared

REQUIREMENTS, TEST_REQUIREMENTS = "requirements.txt", "requirements-test.txt"
"""What the build calls the files that it makes for pip."""

NAMES = ("test", "tests", "testing", "dev", "develop", "development", "ci", "local")
"""What people call the packages for tests, the likeliest first; the first three are for nothing else."""

_FOR_TESTS_ALONE = NAMES[:3]
_SERVERS_OF_FASTAPI = frozenset({"uvicorn", "fastapi-cli"})
_EXTRAS_WITH_SERVER = frozenset({"standard", "standard-no-fastapi-cloud-cli", "all"})


def for_tests(sets: Mapping[str, Sequence[Declared]]) -> list[str]:
    """Choose among groups and extras: those named for tests and the one with pytest, else one for development."""
    with_runner = [name for name, own in sets.items() if any(each.name == "pytest" for each in own)]
    named = [name for name in sets if name.lower() in _FOR_TESTS_ALONE]
    if named or with_runner:
        best = min(with_runner, key=_rank, default=None)
        return list(dict.fromkeys([*named, *([best] if best else [])]))
    return [name for name in sorted(sets, key=_rank) if name.lower() in NAMES][:1]


def _rank(name: str) -> int:
    lowered = name.lower()
    return NAMES.index(lowered) if lowered in NAMES else len(NAMES)


def implied(packages: Iterable[Declared]) -> frozenset[str]:
    """Name what comes with extras that matter here: fastapi[standard] brings a server."""
    fastapi = any(each.name == "fastapi" and each.extras & _EXTRAS_WITH_SERVER for each in packages)
    return _SERVERS_OF_FASTAPI if fastapi else frozenset()


def said_of_tests(where: Iterable[str]) -> Remark:
    """Say where the packages for tests stand."""
    return Remark("found", f"packages for tests, in {' and '.join(where)}")


def with_system(
    found: Dependencies, release: Iterable[Declared], tests: Iterable[Declared] = ()
) -> Dependencies:
    """Add the Debian packages that these need, and those that come with them."""
    build, run, said = system_packages(
        {**dict.fromkeys(found.implied), **{each.name: each for each in release}}
    )
    more_build, more_run, more_said = system_packages({each.name: each for each in tests})
    beside = dict.fromkeys((*build, *more_build, *more_run))
    return replace(
        found,
        build_system=tuple(name for name in beside if name not in run),
        run_system=run,
        said=(*found.said, *dict.fromkeys((*said, *more_said))),
    )
