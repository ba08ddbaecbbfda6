"""A failing test stops the release.

Why: Tests protect nobody if the image is built although they fail. BuildKit skips every stage that the release
does not need, so a test stage beside the release often never runs at all.

Proven by: An experiment: failing tests are planted in a scratch copy, in every test file of the project and in a new
file beside those of each folder. The build of the release fails in the step that runs the tests, and its output tells
of each planted test; what it does not tell of is planted again alone, and fails as well. Files that by their name need
a running system (integration, e2e, functional, container) may be left out of the build, and are told of.

Broken by: No step that runs tests; no tests; an exit code that is lost (|| true, ; exit 0, a pipe, if, &); a runner
that is content when it collects no test, or is given a single file; a test file that the settings ignore; tests kept
out of the context; a release that takes nothing from the test stage; tests as CMD or ONBUILD.

Fix: Let the release take something from the test stage, so that BuildKit has to run it, and let the runner's exit
code end the step: RUN python -m pytest && touch /passed in the test stage, COPY --from=test /passed /tmp/ in the
release.
"""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

from hullproof.dockerfile import Instruction, test_commands
from hullproof.model import Evidence
from hullproof.practices._finding import Case, Finding, listed, missing, unproven

if TYPE_CHECKING:
    from collections.abc import Iterable

    from hullproof.dockerfile import Release
    from hullproof.facts import BuildFacts, GateFacts, PlantedFile

_KEPT_EXIT_CODE = (
    "Let the test runner's exit code end the step: a RUN with nothing after the runner but &&, set -e in a script that "
    "starts it, and no setting that forgives failures."
)
_WHOLE_FOLDERS = (
    "Let the runner run the tests' whole folders and count every failure: no single files, nothing ignored, skipped or "
    "deselected by options, settings or a conftest."
)
_SHOWN = 3
_MOST_QUOTED = 80


def judge(
    *,
    release: Release,
    build: BuildFacts,
    gate: GateFacts | None,
) -> Finding:
    """Read what the planted tests did to the build."""
    if gate is None:
        return _without_experiment(release, build)
    case = Case()
    stopping = [each for each in gate.planted if each.stops]
    escaped = [each for each in gate.planted if each.stops is False]
    escaped = [each for each in escaped if not each.excuse] or ([] if stopping else escaped)
    if not gate.planted:
        _judge_no_tests(case, release, gate)
    elif gate.error is not None:
        case.doubt(f"the experiment could not be run: {gate.error}", *_output(release, gate))
    elif escaped and stopping:
        _judge_passed_over(case, release, stopping, escaped)
    elif escaped:
        _judge_escape(case, release, gate)
    elif not stopping:
        _judge_silence(case, release, gate)
    case.show(
        *(
            Evidence("experiment", _step(release, each.line), f"{_spot(each)}: {each.said}")
            for each in stopping
        )
    )
    told = [each for each in gate.planted if each.stops is None and each.excuse and not each.is_new]
    case.show(*(Evidence("experiment", each.path, f"not run in the build: {each.excuse}") for each in told))
    return case.finding(_summary(release, gate, stopping))


def _summary(release: Release, gate: GateFacts, stopping: list[PlantedFile]) -> str:
    where = listed([_step(release, line) for line in dict.fromkeys(each.line for each in stopping)])
    if not stopping:
        where = _step(release, gate.failed_line)
        return f"with failing tests planted, the build of the release fails at {where}; with passing ones it succeeds"
    files = listed([each.path for each in stopping if not each.is_new], _SHOWN)
    new = [_folder(each) for each in stopping if each.is_new]
    beside = f"{' and ' if files else ''}in a new file in {listed(new, _SHOWN)}" if new else ""
    return f"with a failing test planted in {files}{beside}, the build of the release fails at {where}, on that test"


def _step(release: Release, line: int | None) -> str:
    return release.where(line) if line else "the test step"


def _folder(planted: PlantedFile) -> str:
    folder = planted.path.rpartition("/")[0]
    return f"{folder}/" if folder else "the top folder"


def _spot(planted: PlantedFile) -> str:
    """Name a file of the project's, or a new one by where it was put: its own name is another each time."""
    return f"a new file in {_folder(planted)}" if planted.is_new else planted.path


def _quoted(release: Release, line: int | None) -> str:
    """Name a line, and quote its instruction."""
    instruction = release.instruction_at(line)
    if instruction is None:
        return _step(release, line)
    text = textwrap.shorten(instruction.original, _MOST_QUOTED, placeholder=" …")
    return f"{_step(release, line)} `{text}`"


def _output(release: Release, gate: GateFacts) -> tuple[Evidence, ...]:
    where = release.where(gate.failed_line) if gate.failed_line else "the build"
    return tuple(Evidence("experiment", where, line) for line in gate.output[-3:])


def _judge_no_tests(case: Case, release: Release, gate: GateFacts) -> None:
    told = gate.no_tests or "no test was found"
    lines = (*gate.test_lines, *gate.unneeded_test_lines)
    where = release.where(lines[0] if lines else _last(release))
    if gate.test_lines:
        # Tests of a kind that is not known here, such as those of behave, may well be run there.
        case.doubt(f"{where} runs tests, but nothing could be planted among them: {told}")
        return
    case.broken(
        f"there is no test that could stop the release ({told})",
        Evidence("experiment", where, f"expected tests to run; {told}"),
        remedy="Write a first test (tests/test_app.py), and run it in a stage that the release takes something from.",
    )


def _last(release: Release) -> int:
    return max((each.line for each in release.stage.instructions), default=release.line)


def _without_experiment(release: Release, build: BuildFacts) -> Finding:
    """Tell a build that the project's own tests stop from one that fails otherwise."""
    step = build.failed_step
    instruction = next(
        (each for each in release.dockerfile.instructions if step and each.line == step.line), None
    )
    if step is None or step.line is None or instruction is None or not test_commands(instruction):
        missing("gate")
    where = release.where(step.line)
    words = [line for line in step.log if line.strip()][-3:]
    return unproven(
        f"the project's own tests fail: the unmodified build stops at {where}, so a planted test would show nothing",
        *(Evidence("experiment", where, line) for line in words or [step.error or "it failed"]),
    )


def _judge_silence(case: Case, release: Release, gate: GateFacts) -> None:
    """Judge a build that failed without a word of any planted test."""
    where = _step(release, gate.failed_line)
    if gate.passes_without:
        how = "fails with failing tests planted, says nothing of them, and succeeds with passing ones in their place"
        case.show(Evidence("experiment", where, how), *_output(release, gate))
    else:
        case.doubt(
            f"the build fails at {where} even when the planted tests pass, so its failure shows nothing",
            *_output(release, gate),
        )


def _judge_passed_over(
    case: Case, release: Release, stopping: list[PlantedFile], escaped: list[PlantedFile]
) -> None:
    """Accuse a build that stops at failures in some files, and not in others."""
    lost = [each for each in escaped if each.said]
    if lost:
        _judge_lost(case, release, lost)
        return
    spots = listed([_spot(each) for each in escaped], _SHOWN)
    line = stopping[0].line
    seen = "expected the build to fail on a failing test there, it succeeded"
    case.broken(
        f"the release was built in spite of a failing test in {spots}: {_quoted(release, line)} passes it over",
        Evidence(
            "dockerfile",
            _step(release, line),
            f"fails on tests in {listed([_spot(s) for s in stopping], _SHOWN)}",
        ),
        *(Evidence("experiment", _spot(each), seen) for each in escaped),
        remedy=_WHOLE_FOLDERS,
    )


def _judge_lost(case: Case, release: Release, lost: Iterable[PlantedFile]) -> None:
    """Accuse a step whose output tells of a failure that its exit code does not."""
    by_line = {each.line: each for each in reversed(list(lost))}
    for line, each in reversed(by_line.items()):
        case.broken(
            f"the release was built in spite of a failing test: the tests failed, but the step's exit code was 0: "
            f"{_quoted(release, line)}",
            Evidence("experiment", _step(release, line), f"its output: {each.said}"),
            Evidence(
                "experiment", _spot(each), "expected the build to fail on a failing test there, it succeeded"
            ),
            remedy=_KEPT_EXIT_CODE,
        )


def _judge_escape(case: Case, release: Release, gate: GateFacts) -> None:
    """Accuse a build that succeeded with failing tests in every file."""
    lost = [each for each in gate.planted if each.said]
    if lost:
        _judge_lost(case, release, lost)
        return
    line, reason, remedy = _explained(release, gate)
    seen = f"expected the build to fail with failing tests in {len(gate.planted)} files, it succeeded"
    case.broken(
        f"the release was built in spite of failing tests: {reason}",
        Evidence("dockerfile", release.where(line), reason),
        Evidence("experiment", "build with failing tests planted", seen),
        *(
            Evidence("experiment", release.where(at), f"the last line of its output: {said}")
            for at, said in gate.endings.items()
        ),
        remedy=remedy,
    )


def _explained(release: Release, gate: GateFacts) -> tuple[int, str, str | None]:
    """Find the best explanation for tests that no step tells of: line, reason, remedy."""
    if not gate.test_lines:
        return _never_run(release, gate)
    line = gate.test_lines[0]
    if gate.reached is False:
        reason = "the tests do not reach the builder: the ignore file withholds them"
        return (
            line,
            reason,
            "Let the tests into the context, and copy their whole folder into the test stage.",
        )
    ending = (
        f", and ends with `{gate.endings[line]}`" if line in gate.endings else ", and ends without a word"
    )
    return line, f"{_quoted(release, line)} tells of none of them{ending}", _WHOLE_FOLDERS


def _never_run(release: Release, gate: GateFacts) -> tuple[int, str, str | None]:
    if gate.unneeded_test_lines:
        line = gate.unneeded_test_lines[0]
        stage = release.stage_at(line)
        name = stage.label if stage else "the test stage"
        return line, f"the release does not depend on {name}, which BuildKit skips", None
    for stage in release.needed:
        for instruction in stage.instructions:
            if _tests_later(instruction):
                reason = f"the tests stand in {instruction.keyword}, which no build of this image runs"
                return (
                    instruction.line,
                    reason,
                    "Run the tests in a RUN of a stage that the release depends on.",
                )
    return _last(release), "no step of the build runs the tests", None


def _tests_later(instruction: Instruction) -> bool:
    """Whether an instruction that no build runs holds the tests: CMD, ENTRYPOINT, HEALTHCHECK, ONBUILD RUN."""
    if instruction.keyword not in {"CMD", "ENTRYPOINT", "ONBUILD", "HEALTHCHECK"}:
        return False
    text = instruction.original.lower()
    return any(word in text for word in ("pytest", "unittest", "tox", "nox", "nose2", " test"))
