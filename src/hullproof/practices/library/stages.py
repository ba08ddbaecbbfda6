"""Which stages are there for tests, and what shows it."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Mapping
from types import MappingProxyType

from hullproof.dockerfile import (
    TASK_RUNNERS,
    Instruction,
    Release,
    Stage,
    commands,
    install_commands,
    test_commands,
)
from hullproof.facts import FileFacts
from hullproof.practices.checks import listed
from hullproof.practices.library.lines import (
    add,
    copied_with,
    followed_by,
    instead,
    joined,
    remove,
    strict,
    text_of,
)
from hullproof.practices.library.places import is_installed
from hullproof.tools import TEST_RUNNERS, is_of_development, tool_of

NONE: Mapping[int, str] = MappingProxyType({})
_TEST_NAME = re.compile(r"(?:^|[-_.])(?:unit)?tests?(?:$|[-_.])|^(?:unit)?test(?:s|er|ing)?$", re.IGNORECASE)
FOR_TESTS = re.compile(r"(?:^|[-_./])(?:tests?|testing|dev|develop|development|ci)\.(?:txt|in|pip)$")
"""Names of lists that hold what tests need."""
PASSED = "/tmp/passed"  # noqa: S108 - a path in a stage
"""What a test stage leaves once its tests have passed: in /tmp, which any user of that stage may write to."""


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
    tools = next(filter(FOR_TESTS.search, files), None)
    steps = (commands(each).commands for each in stage.instructions if each.keyword == "RUN")
    task = next((each.text for step in steps for each in step if each.program in TASK_RUNNERS), None)
    if tools and task:
        yield f"installs {tools} and runs {task}"


def taking_passed(stage: str) -> str:
    """Write the COPY by which a release needs a test stage, and is built only where its tests have passed."""
    return f"COPY --from={stage} {PASSED} {PASSED}"


def without_tools(
    release: Release, line: int | None, for_tests: Mapping[Stage, str], files: FileFacts
) -> str | None:
    """Say how the step at a line leaves the tools behind that it brings; None where more has to change than that line."""
    step = release.instruction_at(line)
    if step is None or text_of(step) is None:
        return None
    installs = install_commands(step)
    if step.keyword == "RUN" and installs and len(commands(step).commands) == len(installs):
        named = {name for install in installs for name in install.distributions}
        whole = not any(install.requirement_files or install.local_paths for install in installs)
        return remove(release, step.line) if named and whole and all(map(is_of_development, named)) else None
    if step.keyword in {"COPY", "ADD"} and step.sources and all(map(tool_of, step.sources)):
        program = next(iter((release.last("ENTRYPOINT", "CMD") or step).args), "")
        starts = any(posixpath.basename(each) == posixpath.basename(program) for each in step.sources)
        then = " Let the command start the application itself: see default-command." if starts else ""
        return f"{remove(release, step.line)}{then}"
    source = release.dockerfile.find(step.flag("from") or "")
    if source is not None and source in for_tests and step.keyword == "COPY" and step.sources == ("/",):
        return _all_but_tests(release, step, source, for_tests)
    environment = f"{step.args[-1].rstrip('/')}/pyvenv.cfg" in files.final
    if source is None or source not in for_tests or step.keyword != "COPY" or not environment:
        return None
    return _from_below(release, step, source, for_tests)


def _from_below(
    release: Release, step: Instruction, source: Stage, for_tests: Mapping[Stage, str]
) -> str | None:
    """Say that a COPY takes from the first stage below one that is there for tests; None where there is none."""
    below = next((each for each in release.ancestors_of(source)[1:] if each not in for_tests), None)
    text = text_of(step)
    if below is None or text is None:
        return None
    copied = text.replace(f"--from={step.flag('from')}", f"--from={below.reference}")
    return joined(instead(release, step.line, copied), *_needed_all_the_same(release, step, source))


def _needed_all_the_same(release: Release, step: Instruction, source: Stage) -> Iterator[str | None]:
    """Say how the release goes on to need the stage that tests, where nothing else than this step takes from it."""
    find, others = release.dockerfile.find, [each for each in release.needed if each != source]
    names = [
        name
        for stage in others
        for each in stage.instructions
        if each != step
        for name in (each.flag("from"), *(mount.from_ for mount in each.mounts))
    ]
    is_needed = any(find(name) == source for name in names if name) or any(
        source in release.ancestors_of(each) for each in others
    )
    runs = [each for each in source.instructions if test_commands(each)]
    if runs and not is_needed:
        end = f"touch {PASSED}"
        yield instead(release, runs[-1].line, strict(runs[-1], end) or followed_by(runs[-1], end))
        yield add(release, "after", step.line, taking_passed(source.reference))


def _all_but_tests(
    release: Release, step: Instruction, source: Stage, for_tests: Mapping[Stage, str]
) -> str | None:
    """Say how a COPY of all that a test stage has becomes one of all below it, and of the code, as that stage has it."""
    own = [each for each in source.instructions if each.keyword in {"COPY", "ADD"}]
    code = [
        each
        for each in own
        if not all(FOR_TESTS.search(name) or _TEST_NAME.search(name.strip("/")) for name in each.sources)
    ]
    homes = [
        each.args
        for stage in (source, release.stage)
        for each in release.chain_of(stage)
        if each.keyword == "WORKDIR"
    ]
    if len(set(homes)) != 1 or any(not each.sources or "." in each.sources for each in code):
        return None
    return joined(
        _from_below(release, step, source, for_tests),
        *(add(release, "after", step.line, _as_its_user_s(release, each)) for each in code),
    )


def _as_its_user_s(release: Release, copy: Instruction) -> str | None:
    """Write a COPY so that what it brings is the release's user's, where it does not say whose it is."""
    user = release.contract.user.text if release.contract.user is not None else ""
    return text_of(copy) if copy.flag("chown") or user in {"", "root", "0"} else copied_with(copy, chown=user)


def made_at(release: Release, line: int | None, path: str) -> int:
    """Return the line that made a file which the layer of another line has: COPY --from only takes what a stage made.

    Of a stage that is the RUN that installs, for what lies among installed packages, or else its last one.
    """
    instruction = release.instruction_at(line)
    for _ in release.dockerfile.stages:
        source = instruction.flag("from") if instruction is not None else None
        stage = release.dockerfile.find(source) if source is not None else None
        if stage is None:
            break
        steps = [each for each in release.chain_of(stage) if each.keyword in {"RUN", "COPY", "ADD"}]
        installing = [each for each in steps if each.keyword == "RUN" and install_commands(each)]
        runs = [each for each in steps if each.keyword == "RUN"]
        chosen = installing if installing and is_installed(path) else runs or steps
        if not chosen:
            break
        instruction = chosen[-1]
    return instruction.line if instruction is not None else line or release.line
