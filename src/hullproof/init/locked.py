"""What a lock file says, brought into the form that pip reads: by its own tool, in the build, without a network."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from hullproof.init import locks
from hullproof.init.model import Dependencies, Install, Remark
from hullproof.init.sets import (
    REQUIREMENTS,
    TEST_REQUIREMENTS,
    for_tests,
    implied,
    said_of_tests,
    with_system,
)

if TYPE_CHECKING:
    from hullproof.init.files import Files
    from hullproof.init.metadata import Metadata
    from hullproof.init.pipfiles import Declared


def look(files: Files, metadata: Metadata) -> Dependencies | None:
    """Return what uv.lock, poetry.lock or Pipfile.lock declares; None where there is none of them.

    Raises UsageError for one that cannot be read.
    """
    return _uv(files, metadata) or _poetry(files, metadata) or _pipenv(files)


def _uv(files: Files, metadata: Metadata) -> Dependencies | None:
    if "uv.lock" not in files or not metadata.project:
        return None
    lock = locks.read(files, "uv.lock")
    groups = {**metadata.uv_groups, **metadata.groups}
    sets = {**metadata.extras, **groups}
    chosen = for_tests(sets)
    options = [f"--{'group' if name in groups else 'extra'} {name}" for name in chosen]
    hashes = [] if lock.all_hashed else ["--no-hashes"]
    export = ["uv export --quiet --frozen --no-emit-project --no-default-groups", *hashes]
    return _locked(
        metadata,
        lock,
        tools=("uv>=0.5",),
        release=" ".join([*export, f"--output-file {REQUIREMENTS}"]),
        tests=" ".join([*export, *options, f"--output-file {TEST_REQUIREMENTS}"]) if chosen else None,
        test_sets={name: sets[name] for name in chosen},
    )


def _poetry(files: Files, metadata: Metadata) -> Dependencies | None:
    if "poetry.lock" not in files or not (metadata.poetry or metadata.project):
        return None
    lock = locks.read(files, "poetry.lock")
    groups = {**metadata.groups, **metadata.poetry_groups}
    chosen = for_tests({**metadata.extras, **groups})
    options = [f"--{'with' if name in groups else 'extras'} {name}" for name in chosen]
    hashes = [] if lock.all_hashed else ["--without-hashes"]
    export = ["poetry export --quiet", *hashes]
    return _locked(
        metadata,
        lock,
        tools=("poetry>=2", "poetry-plugin-export>=1.8"),
        release=" ".join([*export, "--only main", f"--output {REQUIREMENTS}"]),
        tests=" ".join([*export, *options, f"--output {TEST_REQUIREMENTS}"]) if chosen else None,
        test_sets={name: {**metadata.extras, **groups}[name] for name in chosen},
    )


def _pipenv(files: Files) -> Dependencies | None:
    if "Pipfile.lock" not in files or "Pipfile" not in files:
        return None
    lock = locks.read(files, "Pipfile.lock")
    release, tests = locks.pipfile_packages(files)
    export = " ".join(["pipenv requirements --exclude-index", *(["--hash"] if lock.all_hashed else [])])
    return with_system(
        Dependencies(
            Install(REQUIREMENTS, made_by=f"{export} > {REQUIREMENTS}"),
            release,
            Install(TEST_REQUIREMENTS, made_by=f"{export} --dev > {TEST_REQUIREMENTS}")
            if tests
            else Install(),
            tests,
            implied=lock.release,
            tools=("pipenv>=2024",),
            tool_files=("Pipfile", "Pipfile.lock"),
            said=(Remark("found", "packages, locked in Pipfile.lock"),),
        ),
        (),
    )


def _locked(
    metadata: Metadata,
    lock: locks.Lock,
    *,
    tools: tuple[str, ...],
    release: str,
    tests: str | None,
    test_sets: Mapping[str, Sequence[Declared]],
) -> Dependencies:
    """Put together what a lock file and pyproject.toml beside it say."""
    places = {each.name: each.place for each in metadata.dependencies}
    said = [Remark("found", f"packages, locked in {lock.path}")]
    if test_sets:
        said.append(said_of_tests(f"{metadata.where_of(name)}" for name in test_sets))
    return with_system(
        Dependencies(
            Install(REQUIREMENTS, made_by=release),
            places,
            Install(TEST_REQUIREMENTS, made_by=tests) if tests else Install(),
            {each.name: each.place for own in test_sets.values() for each in own},
            implied=lock.release | implied(metadata.dependencies),
            tools=tools,
            tool_files=("pyproject.toml", lock.path),
            said=tuple(said),
        ),
        metadata.dependencies,
        [each for own in test_sets.values() for each in own],
    )
