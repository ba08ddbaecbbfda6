"""What a project needs, and how a build installs it: with pip, whatever keeps the list."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from hullproof.errors import UsageError
from hullproof.init import locks, pipfiles
from hullproof.init.metadata import Metadata
from hullproof.init.model import Dependencies, Install, Remark
from hullproof.init.system import system_packages

if TYPE_CHECKING:
    from hullproof.init.files import Files
    from hullproof.init.pipfiles import Declared

REQUIREMENTS, TEST_REQUIREMENTS = "requirements.txt", "requirements-test.txt"
"""What the build calls the files that it makes for pip."""

_RELEASE_FILES = (
    "requirements.txt",
    *(f"requirements/{name}.txt" for name in ("production", "prod", "requirements", "base", "main", "common")),
)
_TEST_NAMES = ("test", "tests", "testing", "dev", "develop", "development", "ci", "local")
_TEST_FILES = tuple(
    form.format(name)
    for name in _TEST_NAMES
    for form in ("requirements-{}.txt", "requirements_{}.txt", "{}-requirements.txt", "requirements/{}.txt")
)
_SERVERS_OF_FASTAPI = frozenset({"uvicorn", "fastapi-cli"})
_EXTRAS_WITH_SERVER = frozenset({"standard", "standard-no-fastapi-cloud-cli", "all"})


def look(files: Files, metadata: Metadata, python: str) -> Dependencies:
    """Find out what declares the project's packages; a lock file comes before a list.

    Raises UsageError for a list that needs a lock file which is not there, and for one that cannot be installed
    before the code is there.
    """
    found = (
        _uv(files, metadata)
        or _poetry(files, metadata)
        or _pipenv(files)
        or _requirements(files, metadata)
        or _listed(metadata, python)
    )
    if found is None:
        _require_none(files, metadata)
        return Dependencies(Install(), {}, said=(Remark("assumed", "no dependencies: nothing declares any"),))
    return found


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
        tools=("poetry>=2", "poetry-plugin-export"),
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
    return _with_system(
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
        {},
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
        said.append(_said_of_tests(f"{metadata.where_of(name)}" for name in test_sets))
    return _with_system(
        Dependencies(
            Install(REQUIREMENTS, made_by=release),
            places,
            Install(TEST_REQUIREMENTS, made_by=tests) if tests else Install(),
            {each.name: each.place for own in test_sets.values() for each in own},
            implied=lock.release | _implied(metadata.dependencies),
            tools=tools,
            tool_files=("pyproject.toml", lock.path),
            said=tuple(said),
        ),
        {each.name: each for each in metadata.dependencies},
        more=lock.release,
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
    test_places: dict[str, str] = {}
    if test_files:
        listed = [pipfiles.read(files, each) for each in test_files]
        copied = dict.fromkeys(name for each in listed for name in each.files if name not in release.files)
        tests = Install(test_files[0], tuple(copied))
        test_places = {each.name: each.place for one in listed for each in one.packages}
        said.append(_said_of_tests(test_files))
    return _with_system(
        Dependencies(
            Install(path, release.files),
            {each.name: each.place for each in release.packages},
            tests,
            test_places,
            implied=_implied(release.packages),
            said=tuple(said),
        ),
        {each.name: each for each in release.packages},
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
        said.append(_said_of_tests(metadata.where_of(name) for name in chosen))
    return _with_system(
        Dependencies(
            Install(REQUIREMENTS, made_by=metadata.listing(REQUIREMENTS, python=python)) if metadata.dependencies else Install(),
            {each.name: each.place for each in metadata.dependencies},
            Install(TEST_REQUIREMENTS, made_by=metadata.listing(TEST_REQUIREMENTS, chosen, python=python))
            if chosen
            else Install(),
            {each.name: each.place for name in chosen for each in sets[name]},
            implied=_implied(metadata.dependencies),
            tool_files=("pyproject.toml",),
            said=tuple(said),
        ),
        {each.name: each for each in metadata.dependencies},
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


def for_tests(sets: Mapping[str, Sequence[Declared]]) -> list[str]:
    """Choose among groups and extras: those named for tests and the one with pytest, else one for development."""
    with_runner = [name for name, own in sets.items() if any(each.name == "pytest" for each in own)]
    named = [name for name in sets if name.lower() in _TEST_NAMES[:3]]
    if named or with_runner:
        best = min(with_runner, key=_rank, default=None)
        return list(dict.fromkeys([*named, *([best] if best else [])]))
    return [name for name in sorted(sets, key=_rank) if name.lower() in _TEST_NAMES][:1]


def _rank(name: str) -> int:
    lowered = name.lower()
    return _TEST_NAMES.index(lowered) if lowered in _TEST_NAMES else len(_TEST_NAMES)


def _implied(packages: Iterable[Declared]) -> frozenset[str]:
    """Name what comes with extras that matter here: fastapi[standard] brings a server."""
    fastapi = any(each.name == "fastapi" and each.extras & _EXTRAS_WITH_SERVER for each in packages)
    return _SERVERS_OF_FASTAPI if fastapi else frozenset()


def _said_of_tests(where: Iterable[str]) -> Remark:
    return Remark("found", f"packages for tests, in {' and '.join(where)}")


def _with_system(
    found: Dependencies, packages: Mapping[str, Declared], more: Iterable[str] = ()
) -> Dependencies:
    """Add the Debian packages that these need."""
    build, run, said = system_packages({**{name: None for name in more}, **packages})
    return replace(found, build_system=build, run_system=run, said=(*found.said, *said))
