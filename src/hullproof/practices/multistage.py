"""Tests run in a stage of their own, which the release leaves behind.

Why: What tests and builds need is not what runs. A test runner, coverage or Poetry in the released image is
more to pull, more to patch, and more for an intruder to work with.

Proven by: A test stage exists that the release is not built on, and no layer of the release, its base included,
holds a test runner or library, linter or build tool: neither as an installed package nor as a command.

Broken by: A single stage; FROM test AS release; a virtual environment copied from the test stage with pytest
in it; test tools listed in the requirements of the application; Poetry or uv left in the release.

Fix: Give the tests a stage of their own, install test and build tools only there (from a list of their own, such
as requirements-test.txt), and build the release from the stage below it, copying only what runs.

    FROM python:3.11-slim AS base
    WORKDIR /app
    COPY requirements.txt ./
    RUN pip install --no-cache-dir -r requirements.txt

    FROM base AS test
    COPY requirements-test.txt ./
    RUN pip install --no-cache-dir -r requirements-test.txt
    COPY . .
    RUN python -m pytest && touch /tests-passed

    FROM base AS release
    COPY --from=test /tests-passed /tmp/
    COPY app/ app/
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from hullproof.dockerfile import TASK_RUNNERS, commands, install_commands, test_commands
from hullproof.dockerfile.options import names
from hullproof.practices._finding import Case, Finding, listed, missing
from hullproof.practices._places import layer_place, own_entries
from hullproof.report.model import Evidence

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hullproof.config import Config
    from hullproof.dockerfile import Instruction, Release, Stage
    from hullproof.facts import FileFacts

_RUNNERS = names("""pytest tox nox coverage hypothesis nose nose2 unittest2 green ward behave robotframework stestr
    zope-testrunner""")
_TEST_LIBRARIES = names("""factory-boy freezegun time-machine model-bakery responses requests-mock respx vcrpy
    testcontainers""")
"""What tests alone import, and applications do not: an environment that has them was made for tests."""
_BUILD_TOOLS = names("""poetry poetry-core pdm hatch hatchling flit flit-core build pipenv pip-tools uv maturin
    scikit-build scikit-build-core meson-python""")
_DEVELOPMENT_TOOLS = names(
    "black flake8 pylint mypy ruff isort bandit pre-commit ipdb pudb debugpy pyright twine"
)
_TOOLS = _RUNNERS | _TEST_LIBRARIES | _BUILD_TOOLS | _DEVELOPMENT_TOOLS
_COMMANDS = re.compile(
    r"/s?bin/(pytest|py\.test|tox|nox|coverage3?|hypothesis|nose2|nosetests|poetry|pdm|hatch|flit|pyproject-build"
    r"|pipenv|uvx?)$"
)
_DISTRIBUTION = re.compile(r"/([A-Za-z0-9][A-Za-z0-9._]*?)-[^-/]+(?:-py[\d.]+)?\.(?:dist|egg)-info(?:/|$)")
_IMPORTABLE = re.compile(
    r"/(?:site|dist)-packages/(pytest|_pytest|tox|nox|coverage|hypothesis|nose2|poetry|pdm|pipenv)/"
)
_TEST_NAME = re.compile(r"(?:^|[-_.])(?:unit)?tests?(?:$|[-_.])|^(?:unit)?test(?:s|er|ing)?$", re.IGNORECASE)
_FOR_TESTS = re.compile(r"(?:^|[-_./])(?:tests?|testing|dev|develop|development|ci)\.(?:txt|in|pip)$")


def judge(
    *,
    config: Config,
    release: Release,
    test_scripts: Mapping[int, str],
    files: FileFacts | None,
) -> Finding:
    """Look for a test stage beside the release in the text, and for test and build tools in its files.

    `test_scripts` are scripts of the project that run its tests, by the line of the step that runs them.
    """
    case = Case()
    beneath = release.ancestors
    configured = release.dockerfile.stage(config.test_target) if config.test_target is not None else None
    why = {stage.index: why_test(stage, test_scripts, configured) for stage in release.dockerfile.stages}
    apart = [stage for stage in release.dockerfile.stages if stage not in beneath and why[stage.index]]
    built_on = [stage for stage in beneath[1:] if _purpose(stage, test_scripts, configured)]
    from_line = release.where(release.line)
    if built_on:
        test = built_on[0]
        case.broken(
            f"the release is built on {test.label}, which {why[test.index]}",
            Evidence(
                "dockerfile",
                from_line,
                f"FROM {release.stage.base}: everything in {test.label} is in the release",
            ),
            remedy="Build the release FROM the stage below the tests, and copy from the test stage only a marker file.",
        )
    elif not apart:
        only = len(release.dockerfile.stages) == 1
        what = "there is only one stage" if only else "no stage beside the release runs tests"
        case.broken(
            f"there is no separate test stage: {what}",
            Evidence("dockerfile", from_line, "expected a stage beside the release that runs the tests"),
        )
    for stage in apart:
        case.show(Evidence("dockerfile", release.where(stage.line), f"{stage.label} {why[stage.index]}"))
    if files is None:
        if not case.is_broken:
            missing("files")
    else:
        base_line = release.where(release.base.line)
        _judge_files(case, release, files, base_line)
    stages = listed([stage.label for stage in apart])
    return case.finding(f"tests are kept to {stages}, and the release holds no test runner or build tool")


def _judge_files(case: Case, release: Release, files: FileFacts, base_line: str) -> None:
    """Look at the base, and at every own layer: a tool that a later layer uninstalls is shipped all the same.

    A path counts where it comes in: a later `chown -R` writes all of it again.
    """
    found: dict[str, dict[str, str]] = {}
    told: set[str] = set()
    for path in files.base:
        tool = tool_of(path)
        if tool is not None:
            found.setdefault(base_line, {}).setdefault(tool, path)
    for layer, entry in own_entries(files):
        tool = tool_of(entry.path)
        if tool is not None and entry.path not in files.base and entry.path not in told:
            told.add(entry.path)
            found.setdefault(layer_place(release, files, layer), {}).setdefault(tool, entry.path)
    for where, tools in found.items():
        kind = _kind(list(tools))
        held = tuple(Evidence("image", where, f"{tool} is there: {path}") for tool, path in tools.items())
        case.broken(f"{where} brings {kind} into the release: {listed(list(tools))}", *held)


def tool_of(path: str) -> str | None:
    """Name the test runner or build tool that a file belongs to, None for anything else."""
    if "/_vendor/" in path:
        return None
    distribution = _DISTRIBUTION.search(path)
    if distribution is not None:
        name = re.sub(r"[-_.]+", "-", distribution[1]).lower()
        return name if name in _TOOLS or name.startswith("pytest-") else None
    package = _IMPORTABLE.search(path)
    if package is not None:
        return package[1].lstrip("_")
    command = _COMMANDS.search(path)
    return command[1] if command is not None else None


def is_runner(tool: str) -> bool:
    """Whether it runs tests, rather than builds packages."""
    return tool in _RUNNERS or tool.startswith(("pytest", "py.test", "coverage", "nose"))


def _kind(tools: list[str]) -> str:
    """Name the worst of them."""
    if any(is_runner(tool) for tool in tools):
        return "a test runner"
    if any(tool in _TEST_LIBRARIES for tool in tools):
        return "a library for tests"
    return "a development tool" if all(tool in _DEVELOPMENT_TOOLS for tool in tools) else "a build tool"


def _purpose(stage: Stage, test_scripts: Mapping[int, str], configured: Stage | None) -> str:
    """Say what shows that a stage is there for tests; empty if nothing does."""
    if any(test_commands(instruction) for instruction in stage.instructions):
        return "runs tests"
    scripts = [test_scripts[each.line] for each in stage.instructions if each.line in test_scripts]
    if scripts:
        return f"runs tests, by {listed(scripts)}"
    if stage == configured:
        return "is configured as the test stage"
    named = stage.name is not None and _TEST_NAME.search(stage.name) is not None
    return "is named for tests" if named else ""


def why_test(
    stage: Stage, test_scripts: Mapping[int, str] | None = None, configured: Stage | None = None
) -> str:
    """Say what makes a stage a test stage; empty if nothing does."""
    installs = [install for instruction in stage.instructions for install in install_commands(instruction)]
    installed = {
        re.split(r"[\[=<>!~@; ]", package, maxsplit=1)[0].lower()
        for install in installs
        for package in install.packages
    }
    runners = sorted(name for name in installed if name in _RUNNERS)
    found = _purpose(stage, test_scripts or {}, configured)
    if found or runners:
        return found or f"installs {listed(runners)}"
    files = (file for install in installs for file in install.requirement_files)
    tools = next(filter(_FOR_TESTS.search, files), None)
    task = next((task for instruction in stage.instructions if (task := _task(instruction))), None)
    return f"installs {tools} and runs {task}" if tools and task else ""


def _task(instruction: Instruction) -> str | None:
    """Name a task of the project's that a RUN starts: it may run tests, and its rules tell nobody which of them runs."""
    found = commands(instruction).commands if instruction.keyword == "RUN" else ()
    return next((each.text for each in found if each.program in TASK_RUNNERS), None)
