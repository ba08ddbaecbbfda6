"""What a project needs, and how a build installs it: by the tool that owns the lock file, else with pip."""

from __future__ import annotations

import configparser
import re
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from hullproof import toml
from hullproof.errors import UsageError
from hullproof.init import locked, origins, requirements
from hullproof.init.found import (
    NAMES,
    REQUIREMENTS,
    TEST_REQUIREMENTS,
    Found,
    for_serving,
    for_tests,
    put_together,
    rank,
    said_of,
)
from hullproof.init.metadata import Metadata, strings
from hullproof.init.model import Dependencies, Install, Remark
from hullproof.init.requirements import Declared, Listed
from hullproof.tools import is_of_development, is_runner

if TYPE_CHECKING:
    from hullproof.init.files import Files
    from hullproof.init.locks import Lock
    from hullproof.init.workspace import Workspace

_RELEASE_FILES = (
    "requirements.txt",
    *(
        f"requirements/{each}.txt"
        for each in ("production", "prod", "requirements", "base", "main", "common")
    ),
)
_TEST_FILES = tuple(
    form.format(name)
    for name in NAMES
    for form in ("requirements-{}.txt", "requirements_{}.txt", "{}-requirements.txt", "requirements/{}.txt")
)
_NOT_UNDERSTOOD = ("conda-lock.yml", "pixi.lock", "requirements.lock", "environment.yml", "hatch.lock")
_BROUGHT = {"pytest-cov": ("coverage",), "pytest-xdist": ("execnet",)}


def look(
    files: Files, metadata: Metadata, lock: Lock | None, python: str, space: Workspace | None = None
) -> Dependencies:
    """Find out what declares the project's packages; a lock file comes before a list.

    Raises UsageError for a list that needs a lock file which is not there, for one that cannot be installed before
    the code is there, and for packages that come from where the build would not look for them.
    """
    found = (
        locked.look(files, metadata, lock, space)
        or _requirements(files, metadata)
        or _listed(files, metadata, python)
    )
    if found is None:
        _require_none(files, metadata)
        return Dependencies(Install(), {}, said=(Remark("assumed", "no dependencies: nothing declares any"),))
    if found.tests.is_empty and (listed := _of_tox(files)):
        origins.require_known(files, metadata, "pip", listed)
        found.tests, found.for_tests = Install(packages=tuple(each.text for each in listed)), listed
        found.said.append(Remark("found", "packages for tests, in tox.ini [testenv]"))
    if found.tool is None:
        found.said += [
            Remark("note", f"{path} is not understood: packages are installed without it")
            for path in _NOT_UNDERSTOOD
            if path in files
        ]
    return _without_tools(put_together(found))


def _requirements(files: Files, metadata: Metadata) -> Found | None:
    """Let pip install from requirements files, which may be those that setuptools is told to read."""
    dynamic = toml.table(metadata.table, "tool", "setuptools", "dynamic")
    named = toml.table(dynamic, "dependencies").get("file") if metadata.dynamic else None
    path = files.first(*([named] if isinstance(named, str) else strings(named))) or files.first(
        *_RELEASE_FILES
    )
    if path is None:
        return None
    if metadata.dependencies and path == REQUIREMENTS and _only_the_project(files.text(path)):
        return None
    release, tests, said = requirements.read(files, path), Listed(), [Remark("found", f"packages, in {path}")]
    more = [
        each
        for name in sorted(toml.table(dynamic, "optional-dependencies"), key=rank)
        for each in _texts(toml.table(dynamic, "optional-dependencies", name).get("file"))
        if name in NAMES
    ]
    there = [each for each in (*more, *_TEST_FILES) if each in files and each not in release.files]
    chosen = ([each for each in there if "pytest" in files.text(each)] or there)[:1]
    install = Install()
    if chosen:
        tests = requirements.read(files, chosen[0])
        beside = tuple(each for each in tests.files if each not in release.files)
        install = Install(chosen[0], beside)
        said.append(Remark("found", f"packages for tests, in {chosen[0]}"))
    packages = (*release.packages, *tests.packages)
    indexes = (*release.indexes, *tests.indexes)
    origins.require_known(files, metadata, "pip", packages, indexes)
    said += [
        Remark(
            "note", f"packages also come from {origins.shown(address)}, in {place}: the build has to reach it"
        )
        for address, place in indexes
        if origins.is_private(address)
    ]
    return Found(Install(path, release.files), release.packages, install, tests.packages, said=said)


def _texts(value: object) -> list[str]:
    return [value] if isinstance(value, str) else strings(value)


def _only_the_project(text: str) -> bool:
    lines = [line.strip() for line in text.splitlines() if line.strip() and not line.strip().startswith("#")]
    return bool(lines) and all(line in {"-e .", ".", "--editable ."} for line in lines)


def _listed(files: Files, metadata: Metadata, python: str) -> Found | None:
    """Install what [project] lists, which pip alone can do only together with the project itself."""
    if not metadata.project or metadata.poetry or (metadata.dynamic and not metadata.dependencies):
        return None
    written = [each for each in metadata.sets if each.keys]  # what pip can have written for it
    chosen = for_tests(written)
    serving = for_serving(written, chosen, metadata.dependencies)
    needed = (*metadata.dependencies, *(each for one in serving for each in one.packages))
    packages = [each for one in chosen for each in one.packages]
    origins.require_known(files, metadata, "pip", [*needed, *packages])
    said = [Remark("found", "packages, in pyproject.toml [project]")]
    said += [said_of("serving", serving)] if serving else []
    said += [said_of("tests", chosen)] if chosen else []
    keys = [key for one in chosen for key in one.keys]
    always = [("project", "dependencies")] if metadata.dependencies else []
    release = [*always, *(key for one in serving for key in one.keys)]
    return Found(
        _listing(REQUIREMENTS, metadata, release, python) if release else Install(),
        needed,
        _listing(TEST_REQUIREMENTS, metadata, list(dict.fromkeys(keys)), python) if keys else Install(),
        packages,
        said=said,
    )


def _listing(target: str, metadata: Metadata, keys: Sequence[Sequence[str]], python: str) -> Install:
    """Have what stands in pyproject.toml under some keys written for pip, as a requirements file.

    tomllib came with Python 3.11; before that, pip brings its twin.
    """
    module = "pip._vendor.tomli as tomllib" if python == "3.10" else "tomllib"
    lists = " + ".join("project" + "".join(f"['{part}']" for part in key) for key in keys)
    values = [each for key in keys for each in toml.table(metadata.table, *key[:-1]).get(key[-1], [])]
    itself = metadata.itself
    is_plain = all(isinstance(each, str) and not (itself and re.match(itself, each)) for each in values)
    test = "isinstance(each, str)" + (f" and not re.match(r'{itself}', each)" if itself else "")
    wanted = (
        (f"*{lists}" if len(keys) == 1 else f"*({lists})")
        if is_plain
        else f"*(each for each in {lists} if {test})"
    )
    script = f"import {'' if is_plain or not itself else 're, '}{module}; project = tomllib.load(open('pyproject.toml', 'rb')); print({wanted}, sep='\\n')"
    return Install(target, ("pyproject.toml",), f'python -c "{script}" > {target}')


def _without_tools(found: Dependencies) -> Dependencies:
    """Keep out of the release what is for tests, where that is declared among all else: the tests get it back."""
    tools = {
        name: place for name, place in found.places.items() if is_runner(name) or is_of_development(name)
    }
    if not tools:
        return found
    brought = [each for name in tools for each in _BROUGHT.get(name, ())]
    listed = ", ".join(f"{name} ({place})" for name, place in tools.items())
    return replace(
        found,
        release=replace(found.release, removed=tuple(dict.fromkeys([*tools, *brought]))),
        test=replace(found.release, made_by=None) if found.test.is_empty else found.test,
        said=(*found.said, Remark("assumed", f"not needed to run, so not in the release: {listed}")),
    )


def _of_tox(files: Files) -> list[Declared]:
    """Return what tox installs for its tests ([testenv] deps), which a project may declare nowhere else."""
    parser = configparser.ConfigParser(interpolation=None, strict=False)
    try:
        parser.read_string(files.text("tox.ini"))
        lines = parser.get("testenv", "deps", fallback="").splitlines()
    except configparser.Error:
        return []
    found = (
        requirements.declared(re.sub(r"\s+#.*", "", line).strip(), "tox.ini [testenv]") for line in lines
    )
    return [each for each in found if each is not None]


def _require_none(files: Files, metadata: Metadata) -> None:
    """Raise UsageError where something declares dependencies that no build can install as it stands."""
    if metadata.poetry:
        raise UsageError(
            "pyproject.toml [tool.poetry] has no poetry.lock beside it; run `poetry lock`, then init again"
        )
    if "Pipfile" in files:
        raise UsageError("Pipfile has no Pipfile.lock beside it; run `pipenv lock`, then init again")
    if metadata.dynamic:
        raise UsageError(
            "pyproject.toml [project]: the dependencies are worked out when it is built; list them in requirements.txt, then init again"
        )
    for name in ("setup.py", "setup.cfg", "environment.yml", *_NOT_UNDERSTOOD):
        if name in files and any(
            word in files.text(name) for word in ("install_requires", "dependencies:", "package")
        ):
            raise UsageError(
                f"the dependencies are in {name} only; list them in requirements.txt, then init again"
            )
