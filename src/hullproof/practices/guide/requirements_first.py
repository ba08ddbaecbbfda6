"""Dependencies are installed before the code is copied.

Why: BuildKit runs a step again when what goes into it has changed. Where the code is copied before the installing
step, each edit to a line of code downloads and installs all dependencies again: minutes instead of seconds.

Proven by: Two experiments in a scratch copy. After an edit to a file of the application, the installing step comes
from the cache while the application's own step runs again; after an edit to the file that declares the
dependencies, the installing step runs again.

Broken by: COPY . . before pip install; code copied in the same COPY as requirements.txt; the whole context
bind-mounted into the installing step; dependencies named in RUN, so that an edit to the file changes nothing.

Fix: Copy only the file that declares the dependencies (COPY requirements.txt ./), install from it (RUN pip install
--no-cache-dir -r requirements.txt), and copy the code after that (COPY app/ app/).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from hullproof.dockerfile import install_commands
from hullproof.model import Evidence
from hullproof.practices._finding import Case, Finding, listed, not_applicable
from hullproof.practices.library.stages import why_test

if TYPE_CHECKING:
    from hullproof.dockerfile import Release
    from hullproof.facts import EditOutcome, EditsFacts, InstallStep

_DEVELOPMENT_TOOLS = frozenset(
    {
        "pytest",
        "coverage",
        "tox",
        "nox",
        "hypothesis",
        "mypy",
        "ruff",
        "black",
        "flake8",
        "pylint",
        "isort",
        "bandit",
    }
    | {
        "pip",
        "setuptools",
        "wheel",
        "uv",
        "poetry",
        "pdm",
        "pipenv",
        "hatch",
        "build",
        "pip-tools",
        "virtualenv",
    }
)


def judge(*, release: Release, edits: EditsFacts) -> Finding:
    """Read what each edit made run again."""
    steps = [step for step in edits.install_steps if step.files or not _installs_tools_only(release, step)]
    if not steps:
        return _without_steps(edits)
    case = Case()
    from_files = [step for step in steps if step.files]
    shipped = [step for step in steps if not _for_tests(release, step)] or steps
    if not any(step.files or step.is_seen for step in shipped):
        case.broken(
            f"{release.where(shipped[0].line)} names the dependencies itself, so no edit to a file changes what is installed",
            *(
                _at(release, step, "expected a file that declares the dependencies, they are named here")
                for step in shipped
            ),
            remedy="Write the dependencies into requirements.txt, COPY it, and install with pip install -r requirements.txt.",
        )
    _judge_application(case, release, steps, edits)
    if from_files:
        _judge_requirements(case, release, from_files, edits)
    application = edits.application.edited if edits.application else "the code"
    states = edits.application.installs if edits.application else {}
    kept = [step for step in steps if states.get(step.line) == "cached"] or from_files
    lines = listed([release.where(step.line) for step in kept])
    return case.finding(
        f"an edit to {application} leaves {lines} cached, and an edit to the requirements does not"
    )


def _without_steps(edits: EditsFacts) -> Finding:
    if edits.requirements:
        case = Case()
        declared = listed([outcome.edited for outcome in edits.requirements])
        case.doubt(f"{declared} declares dependencies, but no step was recognised that installs them")
        return case.finding("")
    return not_applicable(edits.no_requirements or "no step installs dependencies")


def _judge_application(
    case: Case,
    release: Release,
    steps: list[InstallStep],
    edits: EditsFacts,
) -> None:
    outcome = edits.application
    if outcome is None:
        case.doubt(
            f"no edit to the application could be tried: {edits.no_application or 'none of its files is known'}"
        )
        return
    place = f"rebuild after an edit to {outcome.edited}"
    again = [step for step in steps if outcome.installs.get(step.line) == "ran"]
    for step in again:
        if not outcome.confirmed:
            case.doubt(
                f"{release.where(step.line)} ran again after an edit to {outcome.edited}, but in only one of two tries"
            )
        else:
            case.broken(
                f"an edit to {outcome.edited} makes the installing step {release.where(step.line)} run again",
                _at(release, step, f"expected it cached after an edit to {outcome.edited}, it ran"),
                Evidence("experiment", place, f"{step.instruction}: ran again, seen twice"),
            )
    if not again:
        _judge_cached(case, release, steps, outcome)


def _judge_cached(case: Case, release: Release, steps: list[InstallStep], outcome: EditOutcome) -> None:
    """Make sure that nothing was installed because of where the step stands, not because nothing happened."""
    place = f"rebuild after an edit to {outcome.edited}"
    if outcome.error is not None:
        case.doubt(f"the {place} failed: {outcome.error}", Evidence("experiment", place, outcome.error))
    elif not any(outcome.installs.get(step.line) in {"cached", "forgotten"} for step in steps):
        case.doubt(f"the {place} did not reach any installing step")
    elif not outcome.other_steps_ran:
        case.doubt(f"the {place} made no step run again, so nothing can be told from it")
    for step in steps:
        if outcome.installs.get(step.line) == "cached":
            case.show(_at(release, step, f"cached after an edit to {outcome.edited}"))
        elif outcome.installs.get(step.line) == "forgotten":
            told = f"ran again, but {outcome.edited} cannot get into it: the builder's cache had let it go"
            case.show(_at(release, step, told))
    for line in outcome.other_steps_ran[:2]:
        case.show(Evidence("experiment", release.where(line), f"ran again after an edit to {outcome.edited}"))


def _judge_requirements(case: Case, release: Release, steps: list[InstallStep], edits: EditsFacts) -> None:
    if not edits.requirements:
        case.doubt(
            f"no edit to the requirements could be tried: {edits.no_requirements or 'no file is known'}"
        )
    for outcome in edits.requirements:
        place = f"rebuild after an edit to {outcome.edited}"
        named = [step for step in steps if outcome.edited in step.files]
        stray = not named and any(
            other.edited in step.files for other in edits.requirements for step in steps
        )
        named = named or steps
        states = {step.line: outcome.installs.get(step.line, "not-built") for step in named}
        if "ran" in states.values():
            lines = [release.where(line) for line, state in states.items() if state == "ran"]
            case.show(Evidence("experiment", lines[0], f"ran again after an edit to {outcome.edited}"))
        elif outcome.error is not None:
            case.doubt(f"the {place} failed: {outcome.error}", Evidence("experiment", place, outcome.error))
        elif "cached" not in states.values():
            case.doubt(f"the {place} did not reach the installing step")
        elif stray:
            case.show(Evidence("experiment", place, "ran nothing again: no step installs from this file"))
        elif not outcome.confirmed:
            case.doubt(f"the {place} left the installing step cached, but in only one of two tries")
        else:
            case.broken(
                f"an edit to {outcome.edited} changes nothing: the installing step stays cached",
                *(
                    _at(
                        release,
                        step,
                        f"expected it to run after an edit to {outcome.edited}, it was cached",
                    )
                    for step in named
                ),
                remedy=f"Install from {outcome.edited}: COPY it into the stage and name it in the installing step.",
            )


def _for_tests(release: Release, step: InstallStep) -> bool:
    """Whether a step belongs to a test stage, so that what it installs is not the application's."""
    stage = release.stage_at(step.line)
    return stage is not None and bool(why_test(stage))


def _installs_tools_only(release: Release, step: InstallStep) -> bool:
    """Whether a step that names no file installs only installers or development tools, so no dependency."""
    instruction = release.instruction_at(step.line)
    installs = install_commands(instruction) if instruction is not None else ()
    names = {
        re.split(r"[\[=<>!~@; ]", package, maxsplit=1)[0].lower()
        for each in installs
        for package in each.packages
    }
    return bool(names) and all(name in _DEVELOPMENT_TOOLS or name.startswith("pytest") for name in names)


def _at(release: Release, step: InstallStep, statement: str) -> Evidence:
    return Evidence("experiment", release.where(step.line), f"{step.instruction}: {statement}")
