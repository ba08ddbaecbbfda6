"""Where a project's tests are, and how the build runs them."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

from hullproof.init import databases
from hullproof.init.files import under
from hullproof.init.model import Application, Dependencies, Remark, Runner, Tests
from hullproof.project import suites

if TYPE_CHECKING:
    from collections.abc import Iterable

    from hullproof.init.files import Files

CONTAINER_TESTS = "tests/container"
"""Where tests of the booted container live; they need the image, and so cannot run while it is made."""

FIRST_TEST = "tests/test_first.py"
_WITHHELD = (CONTAINER_TESTS, "tests/e2e", "tests/end_to_end", "tests/browser")
_ASIDE = frozenset({"vendor", "third_party", "node_modules", "examples", "docs", "build", "dist"})
_PYTEST_CONFIG = (
    ("pytest.ini", ""),
    (".pytest.ini", ""),
    ("tox.ini", "[pytest]"),
    ("setup.cfg", "[tool:pytest]"),
)
CONFIGURATION = (*(path for path, _ in _PYTEST_CONFIG), "pyproject.toml")
"""Where pytest may be configured."""

_SHOWN = 2
_PYTEST = ("python", "-m", "pytest", "-p", "no:cacheprovider")  # a cache would only be left behind
_NAMES = {"pytest": "pytest", "unittest": "unittest", "django": "Django"}
_PYTEST_STYLE = re.compile(
    r"^[ \t]*(?:import pytest|from pytest|async def test_|@pytest\.)|^def test_", re.MULTILINE
)


def look(files: Files, application: Application, dependencies: Dependencies, within: str = "") -> Tests:
    """Find the tests, and the runner that they are written for.

    tests/unit comes before all others, as in the guide; what needs a running service stays outside. `within` is the
    folder of the one package of many that they are of.
    """
    found = [path for path in suites.find(files.folder) if not _ASIDE & set(path.split("/"))]
    found = [path for path in found if path.startswith(under(within, ""))]
    withheld = [each for each in _WITHHELD if any(path.startswith(f"{each}/") for path in files.paths)]
    found = [path for path in found if not path.startswith(tuple(f"{each}/" for each in withheld))]
    found = [path for path in found if _is_test(path, django=application.manage is not None)]
    found, away, note, foremost = _without_a_database(files, found, application, dependencies)
    withheld += away
    if not found:
        tests = _first(application, dependencies, withheld, why="" if away else "no tests, so ")
        return replace(tests, note=note, foremost=tuple(foremost))
    if any(path.startswith("tests/unit/") for path in found):
        found = [path for path in found if path.startswith("tests/unit/")]
    runner = _runner(files, found, application, dependencies)
    homes = sorted({_home(path) for path in found})
    where = " and ".join(homes[:_SHOWN]) + (f" and {len(homes) - _SHOWN} more" if len(homes) > _SHOWN else "")
    missing = _missing(files, runner, found, dependencies)
    said = [Remark("found", f"{_NAMES[runner]} tests, in {where}")]
    if missing:
        said.append(Remark("assumed", f"{' and '.join(missing)} for the tests, which nothing declares"))
    command, roots = _command(files, runner, found, application), _roots(files, found)
    if within:
        roots = [home.rstrip("/") for home in homes]
        command = (*_PYTEST, *roots)
    return Tests(
        runner,
        command,
        tuple(dict.fromkeys((*roots, *_configuration(files)))),
        withheld=tuple(withheld),
        missing=tuple(missing),
        note=note,
        foremost=tuple(foremost),
        said=tuple(said),
    )


def _without_a_database(
    files: Files, found: list[str], application: Application, dependencies: Dependencies
) -> tuple[list[str], list[str], str, list[Remark]]:
    """Divide tests into those that a build can run and those that need a database; with words on these."""
    database = databases.find(files, application, dependencies) if found else None
    if database is None:
        return found, [], "", []
    need = databases.Need(files, application)
    away = [path for path in found if need.of(path)]
    kept = [path for path in found if path not in away]
    said = Remark(
        "found",
        f"{database.name}, {database.where}, which {len(away)} of {len(found)} test files may need and no build has: "
        "they are left out, run them where it is",
    )
    note = f"The tests in {' and '.join(away)} may need {database.name}, which no build has: run them where there is one."
    if not away:
        return found, [], "", []
    conftests = need.conftests() if kept else [path for path in files.paths if path.endswith("conftest.py")]
    return kept, [*away, *conftests], note, [said]


def _missing(files: Files, runner: Runner, found: list[str], dependencies: Dependencies) -> list[str]:
    """Name what the tests surely use and nothing declares: the runner, and what the test client is made of."""
    declared = {*dependencies.places, *dependencies.test_places, *dependencies.implied}
    wanted = {"pytest": "pytest>=8"} if runner == "pytest" else {}
    if any("TestClient" in files.text(path) for path in found) and dependencies.has("fastapi", "starlette"):
        wanted["httpx"] = "httpx>=0.27"
    return [requirement for name, requirement in wanted.items() if name not in declared]


def _first(
    application: Application, dependencies: Dependencies, withheld: Iterable[str], *, why: str
) -> Tests:
    """Plan a first test where there is none: a gate needs something to stop at."""
    runner: Runner = "unittest"
    command: tuple[str, ...] = ("python", "-m", "unittest", "discover", "--start-directory", "tests")
    if {"pytest", "pytest-django"} & {*dependencies.places, *dependencies.test_places}:
        runner, command = "pytest", _PYTEST
    elif application.manage is not None:
        runner, command = "django", ("python", application.manage, "test", "tests")
    remark = Remark("assumed", f"{why}{FIRST_TEST} is a first one: write yours beside it")
    return Tests(runner, command, ("tests",), withheld=tuple(withheld), written=True, said=(remark,))


def _runner(files: Files, found: list[str], application: Application, dependencies: Dependencies) -> Runner:
    if {path.rpartition("/")[2] for path in found} == {"tests.py"} and not _names_files(files):
        return "django" if application.manage is not None else "unittest"
    declared = {*dependencies.places, *dependencies.test_places}
    configured = any(section in files.text(path) for path, section in _PYTEST_CONFIG if path in files)
    if (
        "pytest" in declared
        or "pytest-django" in declared
        or configured
        or "[tool.pytest" in files.text("pyproject.toml")
        or any(path.rpartition("/")[2] == "conftest.py" for path in files.paths)
    ):
        return "pytest"
    if application.manage is not None:
        return "django"
    return "pytest" if any(_PYTEST_STYLE.search(files.text(path)) for path in found) else "unittest"


def _names_files(files: Files) -> bool:
    """Whether pytest is told how test files are called; by itself it passes tests.py over."""
    return any("python_files" in files.text(path) for path in CONFIGURATION)


def _command(files: Files, runner: Runner, found: list[str], application: Application) -> tuple[str, ...]:
    unit = ["tests/unit"] if found[0].startswith("tests/unit/") else []
    if runner == "pytest":
        return (*_PYTEST, *unit)
    if runner == "django" and application.manage is not None:
        return ("python", application.manage, "test", *(unit or _labels(files, found, application.root)))
    start = unit[0] if unit else _common(found)
    top = ["--top-level-directory", "."] if under(start, "__init__.py") in files else []
    return ("python", "-m", "unittest", "discover", "--start-directory", start or ".", *top)


def _labels(files: Files, found: list[str], root: str) -> list[str]:
    """Name the folders of tests where Django would not find them all: by itself it goes into packages here only."""
    below = under(root, "")
    tops = sorted({below + _root(path.removeprefix(below)) for path in found if path.startswith(below)})
    plain = [top for top in tops if not top.endswith(".py") and under(top, "__init__.py") not in files]
    elsewhere = sorted({_root(path) for path in found if not path.startswith(below)})
    if root:
        return [root, *plain, *elsewhere]
    return tops if plain else []


def _common(found: list[str]) -> str:
    """Return the one folder at the top that all tests are in, "" where there are several."""
    roots = Counter(_root(path) for path in found)
    only = next(iter(roots))
    return "" if len(roots) > 1 or only.endswith(".py") else only


def _root(path: str) -> str:
    return path.split("/", maxsplit=1)[0]


def _roots(files: Files, found: list[str]) -> list[str]:
    """List what to copy for the tests: folders at the top, loose files by how they are called, conftest.py."""
    names = sorted({_root(path) for path in found})
    loose = ["test*.py" if name.startswith("test") else "*_test.py" for name in names if name.endswith(".py")]
    folders = [name for name in names if not name.endswith(".py")]
    return [*folders, *loose, *(path for path in ("conftest.py",) if path in files)]


def _is_test(path: str, *, django: bool) -> bool:
    """Whether a file that is called like a test is one: Django has tests.py in each application, others at the top."""
    name = path.rpartition("/")[2]
    return name != "test.py" and (name != "tests.py" or django or "/" not in path)


def _home(path: str) -> str:
    """Name the folder of a test for people: tests/, or the file itself at the top."""
    folder, _, _ = path.rpartition("/")
    parts = folder.split("/")
    at = next((i for i, part in enumerate(parts) if part in {"test", "tests"}), None)
    if at is None:
        return f"{folder}/" if folder else path
    return "/".join(parts[: at + 2 if parts[at + 1 : at + 2] == ["unit"] else at + 1]) + "/"


def _configuration(files: Files) -> list[str]:
    """List the files from which pytest and coverage read their settings."""
    found = [path for path, section in _PYTEST_CONFIG if path in files and section in files.text(path)]
    if any(word in files.text("pyproject.toml") for word in ("[tool.pytest", "[tool.coverage")):
        found.append("pyproject.toml")
    return [*found, *(path for path in (".coveragerc",) if path in files)]
