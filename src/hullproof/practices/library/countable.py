"""Saying how every failing test comes to count: in the step that runs them, its script, its settings, or a conftest."""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING

from hullproof.dockerfile import Instruction, Release, Stage, install_commands, test_commands
from hullproof.practices.library.forgiving import (
    CHOOSES,
    PATHS,
    in_conftest,
    in_makefile,
    in_names,
    in_packages,
    in_program,
    in_script,
    in_settings,
    settings,
)
from hullproof.practices.library.lines import (
    add,
    instead,
    joined,
    remove,
    strict,
    text_of,
)
from hullproof.practices.library.lists import named_in
from hullproof.practices.library.stages import FOR_TESTS, PASSED, taking_passed

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hullproof.facts import GateFacts

_PYTEST = re.compile(r".*?\b(?:pytest|py\.test)\b")
_ARGUMENTS = re.compile(r"(?<=test).*\s(?:-[km]\s|--ignore|--deselect|--co|[^\s-]\S*(?:\.py|::|/))")
"""What is said behind pytest that chooses among tests."""


def keep_exit_code(release: Release, line: int | None) -> str | None:
    """Say how a step is written in which each command has to succeed; None where that is not plain."""
    step = release.instruction_at(line)
    return instead(release, step.line, strict(step)) if step is not None else None


def let_it_fail(
    release: Release, line: int | None, test_scripts: Mapping[int, str], project_texts: Mapping[str, str]
) -> str | None:
    """Say where a failure that was reported comes to end the step: in its line, what it runs, or the shell that runs it."""
    step = release.instruction_at(line)
    if step is None:
        return None
    script = test_scripts.get(step.line, "")
    return (
        in_program(release, step, project_texts)
        or keep_exit_code(release, line)
        or in_script(script, project_texts.get(script, ""))
        or in_makefile(step, project_texts)
        or in_settings(project_texts, CHOOSES)
        or _without_shell(release, step)
        or _plainly(release, step, project_texts)
    )


def let_all_run(
    release: Release, line: int | None, gate: GateFacts, project_texts: Mapping[str, str]
) -> str | None:
    """Say what no longer leaves tests out: a conftest, settings, or the step's own words; and what brings them to the step."""
    step = release.instruction_at(line)
    if step is None:
        return None
    run = run_all(release, line)
    if run is not None and _ARGUMENTS.search(text_of(step) or ""):
        return run
    chooses = (
        _in_names(step, gate, project_texts)
        or in_conftest(project_texts)
        or in_settings(project_texts, CHOOSES)
    )
    if chooses is not None:
        return chooses
    folder = _folder(gate)
    if folder and not _is_copied(release, step, folder):
        text = strict(step) or text_of(step)
        copy = add(release, "before", step.line, f"COPY {folder}/ {folder}/")
        return joined(copy, run or instead(release, step.line, text))
    if any(PATHS.match(row) for _, _, row in settings(project_texts)) and run is None:
        bare = _bare(step)
        return instead(release, step.line, f"{bare} .") if bare else None
    return run or _plainly(release, step, project_texts)


def _in_names(step: Instruction, gate: GateFacts, project_texts: Mapping[str, str]) -> str | None:
    """Say how files come to be looked into that a runner passes over by the name of theirs, or of their folder."""
    if (names := in_names(project_texts, [each.path for each in gate.escaped])) is not None:
        return names
    if not gate.stopping or not any(each.program == "unittest" for each in test_commands(step)):
        return None
    own = [each.path for each in gate.escaped if not each.is_new]
    return in_packages(project_texts, own, [each.path for each in gate.stopping])


def run_all(release: Release, line: int | None) -> str | None:
    """Say how a step runs all tests: its runner, without the files and options that choose among them."""
    step = release.instruction_at(line)
    bare = _bare(step) if step is not None else None
    if step is None or bare is None or bare == text_of(step):
        return None
    return instead(release, step.line, bare)


def run_now(release: Release, step: Instruction) -> str | None:
    """Say how tests that stand in a CMD, ONBUILD or HEALTHCHECK of a stage beside the release are run there."""
    stage = release.dockerfile.stages[step.stage_index]
    if stage in release.ancestors or stage not in release.needed:
        return None
    text = step.shell_text.removeprefix("CMD ").strip()
    return instead(release, step.line, f"RUN {text}")


def runner(release: Release, stage: Stage) -> str:
    """Write the command that runs all tests in a stage, by the tool that manages its environment."""
    tools = {each.tool for step in release.chain_of(stage) for each in install_commands(step)}
    by = next((each for each in ("uv", "poetry", "pdm", "pipenv") if each in tools), None)
    return f"{by} run pytest" if by else "python -m pytest"


def to_begin(release: Release, gate: GateFacts, project_texts: Mapping[str, str]) -> str | None:
    """Say how a build that runs no tests gets a stage for them, on the one that installs what runs; None where none does."""
    beside = [
        each for each in release.needed if each not in release.ancestors and each.name and _by_pip(each)
    ]
    if len(beside) != 1 or not gate.planted or any(each.name == "test" for each in release.dockerfile.stages):
        return None
    lists = sorted(path for path in project_texts if FOR_TESTS.search(path))
    listed = lists[0] if len(lists) == 1 else None
    return joined(
        add(
            release,
            "before",
            release.line,
            f"FROM {beside[0].name} AS test",
            *([f"COPY {listed} ./"] if listed else []),
            f"RUN pip install --no-cache-dir {f'-r {posixpath.basename(listed)}' if listed else 'pytest'}",
            "COPY . .",
            f"RUN python -m pytest && touch {PASSED}",
        ),
        add(release, "after", release.line, taking_passed("test")),
    )


def _by_pip(stage: Stage) -> bool:
    """Whether a stage installs, and by pip alone."""
    return {install.tool for each in stage.instructions for install in install_commands(each)} == {"pip"}


def _bare(step: Instruction) -> str | None:
    """Write a step in which pytest is the one thing that tests, without what it is told to choose."""
    runs = test_commands(step)
    if len(runs) != 1 or runs[0].program != "pytest":
        return None
    found = _PYTEST.match(runs[0].text)
    text = strict(step) or text_of(step)
    return text.replace(runs[0].text, found[0]) if found is not None and text is not None else None


def _plainly(release: Release, step: Instruction, project_texts: Mapping[str, str]) -> str | None:
    """Say that the step runs pytest itself, where that is installed there; None where it does that already, or it is not known."""
    stage = release.dockerfile.stages[step.stage_index]
    flags = " ".join(["RUN", *step.flags])
    text = f"{flags} {runner(release, stage)}"
    if not _has_pytest(release, stage, project_texts) or text_of(step) == text:
        return None
    return instead(release, step.line, text)


def _has_pytest(release: Release, stage: Stage, project_texts: Mapping[str, str]) -> bool:
    installs = [each for step in release.chain_of(stage) for each in install_commands(step)]
    lists = [file for each in installs for file in each.requirement_files]
    return any("pytest" in each.distributions for each in installs) or "pytest" in named_in(
        lists, project_texts
    )


def _without_shell(release: Release, step: Instruction) -> str | None:
    """Say that a SHELL goes which swallows failures."""
    if not any("||" in word or ";" in word for word in step.shell):
        return None
    above = [
        each for each in release.dockerfile.instructions if each.keyword == "SHELL" and each.line < step.line
    ]
    return remove(release, above[-1].line) if above else None


def _folder(gate: GateFacts) -> str:
    """Name the top folder of the tests, "" where there are several."""
    tops = {each.path.partition("/")[0] for each in gate.planted if "/" in each.path}
    return tops.pop() if len(tops) == 1 and all("/" in each.path for each in gate.planted) else ""


def _is_copied(release: Release, step: Instruction, folder: str) -> bool:
    """Whether what the step works on has a folder: as far as the sources of each COPY and mount tell."""
    stage = release.dockerfile.stages[step.stage_index]
    taken = [
        source
        for each in release.chain_of(stage)
        if each.line <= step.line
        for source in (*each.sources, *(mount.source or "." for mount in each.mounts))
    ]
    return any(
        not source.rstrip("./") or folder in source.split("/") or set("*?[$") & set(source)
        for source in taken
    )
