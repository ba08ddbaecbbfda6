"""Which stages are there for tests, and what shows it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from hullproof.dockerfile import TASK_RUNNERS, commands, install_commands, test_commands
from hullproof.practices._finding import listed
from hullproof.tools import TEST_RUNNERS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hullproof.dockerfile import Instruction, Stage

_TEST_NAME = re.compile(r"(?:^|[-_.])(?:unit)?tests?(?:$|[-_.])|^(?:unit)?test(?:s|er|ing)?$", re.IGNORECASE)
_FOR_TESTS = re.compile(r"(?:^|[-_./])(?:tests?|testing|dev|develop|development|ci)\.(?:txt|in|pip)$")


def purpose_of(stage: Stage, test_scripts: Mapping[int, str], configured: Stage | None) -> str:
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
    runners = sorted(name for name in installed if name in TEST_RUNNERS)
    found = purpose_of(stage, test_scripts or {}, configured)
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
