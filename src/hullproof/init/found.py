"""What is found of a project's packages, put together: which are for tests, what comes along, what Debian brings."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from hullproof.init import server
from hullproof.init.metadata import Set
from hullproof.init.model import Dependencies, Install, Remark, Tool
from hullproof.init.requirements import Declared
from hullproof.init.system import system_packages

REQUIREMENTS, TEST_REQUIREMENTS = "requirements.txt", "requirements-test.txt"
"""What the build calls the files that it makes for pip."""

NAMES = ("test", "tests", "testing", "dev", "develop", "development", "ci", "local")
"""What people call the packages for tests, the likeliest first; the first three are for nothing else."""
_FOR_TESTS_ALONE = NAMES[:3]
_BRING_A_SERVER = {
    ("fastapi", frozenset({"standard", "standard-no-fastapi-cloud-cli", "all"})): {"uvicorn", "fastapi-cli"},
    ("litestar", frozenset({"cli", "standard", "full"})): {"uvicorn"},
    ("quart", frozenset()): {"hypercorn"},
}
"""Frameworks that bring a server, with any of these extras or, without any named, always."""


@dataclass
class Found:
    """What is known so far; `declared` and `for_tests` are the packages that are named, with their places."""

    release: Install
    declared: Sequence[Declared]
    tests: Install = field(default_factory=Install)
    for_tests: Sequence[Declared] = ()
    comes_along: Mapping[str, str] = field(default_factory=dict)
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


def for_serving(
    sets: Iterable[Set], for_tests_chosen: Sequence[Set], declared: Iterable[Declared]
) -> list[Set]:
    """Choose the extra or group that has the server, where a project leaves that to whoever deploys it.

    That is none where a server is among what it always needs, and never one that is for tests or development.
    """
    if _serve(declared):
        return []
    others = (each for each in sets if each not in for_tests_chosen and each.name.lower() not in NAMES)
    return [each for each in others if _serve(each.packages)][:1]


def _serve(packages: Iterable[Declared]) -> bool:
    return any(each.name in server.PACKAGES for each in packages)


def rank(name: str) -> int:
    """Return how likely packages of such a name are for tests, 0 being the likeliest."""
    lowered = name.lower()
    return NAMES.index(lowered) if lowered in NAMES else len(NAMES)


def said_of(what: str, chosen: Iterable[Set]) -> Remark:
    """Say where the packages for something stand."""
    return Remark("found", f"packages for {what}, in {' and '.join(each.place for each in chosen)}")


def put_together(found: Found) -> Dependencies:
    """Add what comes along, and the Debian packages that all this needs."""
    along = dict(found.comes_along)
    for each in found.declared:
        along |= dict.fromkeys(each.extras & server.PACKAGES, each.place)  # connexion[uvicorn]
        for (framework, extras), brought in _BRING_A_SERVER.items():
            if each.name == framework and (each.extras & extras or not extras):
                along |= dict.fromkeys(brought, each.place)
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
        along,
        found.tool,
        tuple(name for name in beside if name not in run),
        run,
        (*found.said, *dict.fromkeys((*said, *more_said))),
    )
