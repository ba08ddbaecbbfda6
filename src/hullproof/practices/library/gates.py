"""Speaking of tests in a build: the steps that run them, the files that hold them, and why none is run."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Mapping

from hullproof.dockerfile import Instruction, Release, Stage, script_runs_tests
from hullproof.facts import GateFacts, PlantedFile
from hullproof.practices.checks import listed
from hullproof.practices.library.countable import keep_exit_code, run_now, runner, to_begin
from hullproof.practices.library.ignoring import to_let_through
from hullproof.practices.library.lines import add, instead, joined, known, strict
from hullproof.practices.library.stages import FOR_TESTS, PASSED, stages_for_tests, taking_passed

_LATER = frozenset({"CMD", "ENTRYPOINT", "ONBUILD", "HEALTHCHECK"})
_MOST_QUOTED = 80
_BY_ARGUMENT = re.compile(
    r"(?P<before>[^$]*)\$(?:(?P<open>\{)|(?=\w))(?P<name>\w+)(?(open)\})(?P<after>[^$]*)"
)
"""A FROM whose stage a variable chooses."""


def step_at(release: Release, line: int | None) -> str:
    """Name the step at a line."""
    return release.where(line) if line else "the test step"


def spot(planted: PlantedFile) -> str:
    """Name a file of the project's, or a new one by where it was put: its own name is another each time."""
    folder = planted.path.rpartition("/")[0]
    return f"a new file in {f'{folder}/' if folder else 'the top folder'}" if planted.is_new else planted.path


def spots(planted: tuple[PlantedFile, ...]) -> str:
    """Name some files, those of the project first: `tests/test_a.py and a new file in tests/`."""
    own = listed([each.path for each in planted if not each.is_new], 3)
    new = listed([spot(each).removeprefix("a new file in ") for each in planted if each.is_new], 3)
    return " and ".join(filter(None, (own, new and f"a new file in {new}")))


def quoted(release: Release, line: int | None) -> str:
    """Name a line, and quote its instruction."""
    instruction = release.instruction_at(line)
    if instruction is None:
        return step_at(release, line)
    return (
        f"{step_at(release, line)} `{textwrap.shorten(instruction.original, _MOST_QUOTED, placeholder=' …')}`"
    )


def why_none_runs(
    release: Release, gate: GateFacts, project_texts: Mapping[str, str]
) -> tuple[int, str, str | None]:
    """Find the best explanation for failing tests that no step reports: its line, a clause, and a fix of its own."""
    if gate.test_lines and gate.reached is False:
        fix = _to_let_in(release, gate, project_texts)
        return gate.test_lines[0], "the tests do not reach the builder: the ignore file withholds them", fix
    if gate.test_lines:
        line = gate.test_lines[0]
        said = gate.endings.get(line)
        end = f"and ends with `{said}`" if said else "and says nothing at its end"
        return line, f"{quoted(release, line)} reports none of them, {end}", None
    if gate.unneeded_test_lines:
        line = gate.unneeded_test_lines[0]
        stage = release.stage_at(line)
        name = stage.label if stage else "the test stage"
        clause = f"the release does not depend on {name}, which BuildKit skips"
        argument, fix = _to_choose(release, stage)
        return (
            line,
            f"{clause} as long as {argument}" if argument else clause,
            fix or _to_depend(release, line),
        )
    for stage in release.needed:
        for each in stage.instructions:
            if _tests_later(each):
                fix = (
                    run_now(release, each) or "Run the tests in a RUN of a stage that the release depends on."
                )
                return each.line, f"the tests stand in {each.keyword}, which no build of this image runs", fix
    return (
        last_line(release),
        "no step of the build runs the tests",
        _to_run(release) or to_begin(release, gate, project_texts),
    )


def _to_let_in(release: Release, gate: GateFacts, project_texts: Mapping[str, str]) -> str | None:
    """Say which lines of the ignore file go so that the tests reach the step that runs them, which is content with none."""
    words = "Let the tests into the context, and copy their whole folder into the test stage."
    own = [each.path for each in gate.planted if not each.is_new]
    # That of the Dockerfile's own name comes first; those of other folders are for other contexts.
    names = (f"{release.dockerfile.name}.dockerignore", ".dockerignore")
    file = next((each for each in names if each in project_texts), "")
    ways = [to_let_through(file, project_texts.get(file, ""), path) for path in own]
    strictly = keep_exit_code(release, gate.test_lines[0])
    return known(words, *ways, strictly)


def _to_run(release: Release) -> str | None:
    """Say how the one stage that prepares tests runs them, too; None where there is none, or what it would run is not plain."""
    apart = [each for each in stages_for_tests(release) if each not in release.ancestors]
    if len(apart) != 1 or not (steps := apart[0].instructions):
        return None
    stage, text = apart[0], " ".join(each.original for each in apart[0].instructions)
    if "pytest" not in text and not any(FOR_TESTS.search(word) for word in text.split()):
        return None
    run, end = f"RUN {runner(release, stage)}", max(each.line for each in steps)
    if stage in release.needed:
        return add(release, "after", end, run)
    return joined(
        add(release, "after", end, f"{run} && touch {PASSED}"),
        add(release, "after", release.line, taking_passed(stage.reference)),
    )


def _to_choose(release: Release, stage: Stage | None) -> tuple[str, str | None]:
    """Tell which argument's default chooses another stage in the place of one, as `FROM check-${CHECK}`, and how it chooses this one."""
    defaults = {name: (each, value) for each in release.dockerfile.global_args for name, value in each.pairs}
    for each in release.needed if stage is not None else ():
        found = _BY_ARGUMENT.fullmatch(each.base)
        name = found["name"] if found is not None else ""
        if stage is None or found is None or name not in defaults or name in release.build_args:
            continue
        before, after = found["before"].lower(), found["after"].lower()
        named, (argument, value) = (stage.name or "").lower(), defaults[name]
        chosen = named[len(before) : len(named) - len(after)]
        if chosen and named == f"{before}{chosen}{after}" and len(argument.pairs) == 1:
            return f"{name} is {value or 'empty'}", instead(release, argument.line, f"ARG {name}={chosen}")
    return "", None


def _to_depend(release: Release, line: int) -> str | None:
    """Say how the release comes to need a stage that runs tests: by a file that is there once they have passed."""
    step, stage = release.instruction_at(line), release.stage_at(line)
    if step is None or stage is None:
        return None
    return joined(
        instead(release, line, strict(step, f"touch {PASSED}")),
        add(release, "after", release.line, taking_passed(stage.reference)),
    )


def first_test(release: Release, project_texts: Mapping[str, str]) -> str:
    """Say where a project without tests has its first one: of its one package, and run in the stage that is there for tests."""
    packages = [
        path.partition("/")[0]
        for path in project_texts
        if path.count("/") == 1 and path.endswith("/__init__.py")
    ]
    name = packages[0] if len(packages) == 1 else "app"
    begin = f"Write a first test (tests/test_{name}.py), and run it in a stage that the release takes something from"
    apart = [
        each for each in stages_for_tests(release) if each not in release.ancestors and each.instructions
    ]
    if len(apart) != 1:
        return f"{begin}."
    end = max(each.line for each in apart[0].instructions)
    return f"{begin}: in {apart[0].label}, by COPY tests/ tests/ and RUN {runner(release, apart[0])} after {release.where(end)}."


def last_line(release: Release) -> int:
    """Return the line of the last instruction that makes the release, its FROM's where there is none."""
    return max((each.line for each in release.chain), default=release.line)


def _tests_later(instruction: Instruction) -> bool:
    return instruction.keyword in _LATER and script_runs_tests(instruction.shell_text.removeprefix("CMD "))
