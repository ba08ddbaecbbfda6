"""What a project needs, and how a build installs it: with pip, whatever keeps the list."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from hullproof.errors import UsageError
from hullproof.init import locked, pipfiles
from hullproof.init.metadata import Metadata
from hullproof.init.model import Dependencies, Install, Remark
from hullproof.init.sets import (
    NAMES,
    REQUIREMENTS,
    TEST_REQUIREMENTS,
    for_tests,
    implied,
    said_of_tests,
    with_system,
)
from hullproof.tools import is_runner

if TYPE_CHECKING:
    from hullproof.init.files import Files

_RELEASE_FILES = (
    "requirements.txt",
    *(
        f"requirements/{name}.txt"
        for name in ("production", "prod", "requirements", "base", "main", "common")
    ),
)
_TEST_FILES = tuple(
    form.format(name)
    for name in NAMES
    for form in ("requirements-{}.txt", "requirements_{}.txt", "{}-requirements.txt", "requirements/{}.txt")
)
_BROUGHT = {"pytest-cov": ("coverage",), "pytest-xdist": ("execnet",)}
_BUILD_TOOLS = frozenset({"poetry", "pdm", "hatch", "flit", "build", "pipenv"})


def look(files: Files, metadata: Metadata, python: str) -> Dependencies:
    """Find out what declares the project's packages; a lock file comes before a list.

    Raises UsageError for a list that needs a lock file which is not there, and for one that cannot be installed
    before the code is there.
    """
    found = locked.look(files, metadata) or _requirements(files, metadata) or _listed(metadata, python)
    if found is None:
        _require_none(files, metadata)
        return Dependencies(Install(), {}, said=(Remark("assumed", "no dependencies: nothing declares any"),))
    return _without_tools(found)


def _without_tools(found: Dependencies) -> Dependencies:
    """Keep out of the release what is for tests, where that is declared among all else: the tests get it back."""
    tools = {name: place for name, place in found.places.items() if is_runner(name) or name in _BUILD_TOOLS}
    if not tools:
        return found
    brought = [each for name in tools for each in _BROUGHT.get(name, ())]
    test = found.test if found.test.file else replace(found.release, made_by=None)
    listed = ", ".join(f"{name} ({place})" for name, place in tools.items())
    return replace(
        found,
        release=replace(found.release, removed=tuple(dict.fromkeys([*tools, *brought]))),
        test=test,
        said=(*found.said, Remark("assumed", f"not needed to run, so not in the release: {listed}")),
    )


def _requirements(files: Files, metadata: Metadata) -> Dependencies | None:
    path = files.first(*_RELEASE_FILES)
    if path is None:
        return None
    if metadata.dependencies and path == "requirements.txt" and _only_the_project(files.text(path)):
        return None
    release = pipfiles.read(files, path)
    said = [Remark("found", f"packages, in {path}")]
    tests, test_files = Install(), _test_files(files, release.files)
    for_tests_only = pipfiles.Listed((), ())
    if test_files:
        for_tests_only = pipfiles.read(files, test_files[0])
        tests = Install(
            test_files[0], tuple(name for name in for_tests_only.files if name not in release.files)
        )
        said.append(said_of_tests(test_files))
    return with_system(
        Dependencies(
            Install(path, release.files),
            {each.name: each.place for each in release.packages},
            tests,
            {each.name: each.place for each in for_tests_only.packages},
            implied=implied(release.packages),
            said=tuple(said),
        ),
        release.packages,
        for_tests_only.packages,
    )


def _test_files(files: Files, release: Sequence[str]) -> list[str]:
    """Choose the requirements file for tests: the one that names a test runner, else the one named for tests."""
    there = [path for path in _TEST_FILES if path in files and path not in release]
    named = [path for path in there if "pytest" in files.text(path)]
    return (named or there)[:1]


def _only_the_project(text: str) -> bool:
    lines = [line.strip() for line in text.splitlines() if line.strip() and not line.strip().startswith("#")]
    return bool(lines) and all(line in {"-e .", ".", "--editable ."} for line in lines)


def _listed(metadata: Metadata, python: str) -> Dependencies | None:
    """Install what [project] lists, which pip alone can do only together with the project itself."""
    if not metadata.project or not (metadata.dependencies or not metadata.dynamic):
        return None
    sets = {**metadata.extras, **metadata.groups}
    chosen = for_tests(sets)
    said = [Remark("found", "packages, in pyproject.toml [project]")]
    if chosen:
        said.append(said_of_tests(metadata.where_of(name) for name in chosen))
    return with_system(
        Dependencies(
            Install(REQUIREMENTS, made_by=metadata.listing(REQUIREMENTS, python=python))
            if metadata.dependencies
            else Install(),
            {each.name: each.place for each in metadata.dependencies},
            Install(TEST_REQUIREMENTS, made_by=metadata.listing(TEST_REQUIREMENTS, chosen, python=python))
            if chosen
            else Install(),
            {each.name: each.place for name in chosen for each in sets[name]},
            implied=implied(metadata.dependencies),
            tool_files=("pyproject.toml",),
            said=tuple(said),
        ),
        metadata.dependencies,
        [each for name in chosen for each in sets[name]],
    )


def _require_none(files: Files, metadata: Metadata) -> None:
    """Raise UsageError where something declares dependencies that no build can install as it stands."""
    if metadata.poetry:
        raise UsageError(
            "pyproject.toml [tool.poetry] has no poetry.lock beside it; run `poetry lock`, then init again"
        )
    if "Pipfile" in files:
        raise UsageError("Pipfile has no Pipfile.lock beside it; run `pipenv lock`, then init again")
    for name in ("setup.py", "setup.cfg", "environment.yml"):
        if name in files and any(word in files.text(name) for word in ("install_requires", "dependencies:")):
            raise UsageError(
                f"the dependencies are in {name} only; list them in requirements.txt, then init again"
            )
