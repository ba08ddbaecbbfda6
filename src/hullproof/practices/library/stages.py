"""Which stages are there for tests, and what shows it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from types import MappingProxyType

from hullproof.dockerfile import TASK_RUNNERS, Release, Stage, commands, install_commands, test_commands
from hullproof.practices.checks import listed
from hullproof.tools import TEST_RUNNERS

NONE: Mapping[int, str] = MappingProxyType({})
_TEST_NAME = re.compile(r"(?:^|[-_.])(?:unit)?tests?(?:$|[-_.])|^(?:unit)?test(?:s|er|ing)?$", re.IGNORECASE)
_FOR_TESTS = re.compile(r"(?:^|[-_./])(?:tests?|testing|dev|develop|development|ci)\.(?:txt|in|pip)$")


def stages_for_tests(
    release: Release, test_scripts: Mapping[int, str] = NONE, test_target: str | None = None
) -> dict[Stage, str]:
    """Find the stages that are there for tests, each with what shows it: "runs tests", "installs pytest".

    `test_scripts` are scripts of the project that run its tests, by the line of the step that runs them;
    `test_target` is the stage that the configuration names.
    """
    found = {}
    for stage in release.dockerfile.stages:
        why = runs_tests(stage, release, test_scripts, test_target) or next(_prepares_tests(stage), "")
        if why:
            found[stage] = why
    return found


def runs_tests(
    stage: Stage, release: Release, test_scripts: Mapping[int, str], test_target: str | None = None
) -> str:
    """Say what shows that a stage runs tests; empty if nothing does."""
    if any(test_commands(instruction) for instruction in stage.instructions):
        return "runs tests"
    scripts = [test_scripts[each.line] for each in stage.instructions if each.line in test_scripts]
    if scripts:
        return f"runs tests, by {listed(scripts)}"
    if test_target is not None and stage == release.dockerfile.stage(test_target):
        return "is configured as the test stage"
    named = stage.name is not None and _TEST_NAME.search(stage.name) is not None
    return "is named for tests" if named else ""


def _prepares_tests(stage: Stage) -> Iterator[str]:
    """Say that it installs what tests need: a runner by name, or a list of tools for a task that nobody can read."""
    installs = [install for instruction in stage.instructions for install in install_commands(instruction)]
    runners = sorted(TEST_RUNNERS & {name for install in installs for name in install.distributions})
    if runners:
        yield f"installs {listed(runners)}"
    files = (file for install in installs for file in install.requirement_files)
    tools = next(filter(_FOR_TESTS.search, files), None)
    steps = (commands(each).commands for each in stage.instructions if each.keyword == "RUN")
    task = next((each.text for step in steps for each in step if each.program in TASK_RUNNERS), None)
    if tools and task:
        yield f"installs {tools} and runs {task}"
