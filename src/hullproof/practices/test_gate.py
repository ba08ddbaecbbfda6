"""A failing test stops the release.

Why: Tests protect nobody if the image is built although they fail. BuildKit skips every stage that the release
does not need, so a test stage beside the release often never runs at all.

Proven by: An experiment: a failing test is planted where the project's tests live, in a scratch copy. The
build of the release fails, in the step that runs the tests, on the planted test; without it, it succeeds.

Broken by: No step that runs tests; no tests; a swallowed exit code (|| true, ; exit 0, a pipe, if, &); a runner
that is content when it collects no test, or is given a single file; tests kept out of the context; a release that
takes nothing from the test stage; tests as CMD or ONBUILD.

Mend: Let the release take something from the test stage, so that BuildKit has to run it, and let the runner's exit
code end the step: RUN python -m pytest && touch /passed in the test stage, COPY --from=test /passed /tmp/ in the
release.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hullproof.dockerfile import Dockerfile, Instruction, TestRun, test_commands
from hullproof.practices._finding import Case, Finding, listed, missing, unproven
from hullproof.practices._places import stage_at
from hullproof.report.model import Evidence

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hullproof.dockerfile import Stage
    from hullproof.facts import BuildFacts, GateFacts


def judge(
    *,
    dockerfile: Dockerfile,
    release: Stage,
    build_args: Mapping[str, str],
    build: BuildFacts,
    gate: GateFacts | None,
) -> Finding:
    """Read what the planted test did to the build."""
    if gate is None:
        return _without_experiment(dockerfile, build)
    case = Case()
    last_line = dockerfile.where(max((each.line for each in release.instructions), default=release.line))
    if gate.planted is None:
        told = gate.no_tests or "no test file was found"
        case.broken(
            f"there is no test that could stop the release ({told})",
            Evidence(
                "experiment",
                _gate_place(dockerfile, gate) or last_line,
                f"expected tests to run; {told}",
            ),
            remedy="Write a first test (tests/test_app.py), and run it in a stage that the release takes something from.",
        )
    elif gate.error is not None:
        case.doubt(
            f"the experiment could not be run: {gate.error}",
            Evidence("experiment", gate.planted, gate.error),
        )
    elif gate.failed:
        _judge_failure(case, dockerfile, gate)
    else:
        line, reason, remedy = _explained(dockerfile, build_args, release, gate)
        _judge_escape(case, gate, dockerfile.where(line), reason, remedy)
    where = dockerfile.where(gate.failed_line) if gate.failed_line else "the test step"
    named = ", on that test" if gate.named_planted else ""
    spot = _spot(gate)
    return case.finding(
        f"with a failing test planted {spot}, the build of the release fails at {where}{named}"
    )


def _spot(gate: GateFacts) -> str:
    """Say whether the planted test is a file of its own, or stands at the end of one that is there."""
    return f"{'in' if gate.planted_inside else 'as'} {gate.planted}"


def _without_experiment(dockerfile: Dockerfile, build: BuildFacts) -> Finding:
    """Tell a build that the project's own tests stop from one that fails otherwise."""
    step = build.failed_step
    instruction = next((each for each in dockerfile.instructions if step and each.line == step.line), None)
    if step is None or step.line is None or instruction is None or not test_commands(instruction):
        missing("gate")
    where = dockerfile.where(step.line)
    words = [line for line in step.log if line.strip()][-3:]
    return unproven(
        f"the project's own tests fail: the unmodified build stops at {where}, so a planted test would show nothing",
        *(Evidence("experiment", where, line) for line in words or [step.error or "it failed"]),
    )


def _judge_failure(case: Case, dockerfile: Dockerfile, gate: GateFacts) -> None:
    """Tell a build that failed on the planted test from one that failed for another reason."""
    where = dockerfile.where(gate.failed_line) if gate.failed_line else "the build"
    output = tuple(Evidence("experiment", where, line) for line in gate.output[-3:])
    if gate.twin_passed is False:
        case.doubt(
            f"the build fails at {where} even when the planted test passes, so its failure shows nothing",
            *output,
        )
    elif gate.named_planted or gate.twin_passed:
        how = (
            "its output names the planted test"
            if gate.named_planted
            else "with a passing test in its place it succeeds"
        )
        case.show(
            Evidence("experiment", where, f"fails with a failing test planted {_spot(gate)}; {how}"),
            *output,
        )
    elif gate.failed_line in gate.test_lines:
        case.doubt(
            f"the build fails at {where}, but nothing shows that the test planted {_spot(gate)} was the reason",
            *output,
        )
    else:
        case.doubt(f"the build fails at {where}, in a step that is not known to run tests", *output)


def _judge_escape(case: Case, gate: GateFacts, place: str, reason: str, remedy: str | None) -> None:
    """Accuse a build that succeeded in spite of a failing test."""
    case.broken(
        f"the release was built in spite of a failing test: {reason}",
        Evidence("dockerfile", place, reason),
        Evidence(
            "experiment",
            f"build with a failing test planted {_spot(gate)}",
            "expected the build to fail, it succeeded",
        ),
        remedy=remedy,
    )


def _explained(
    dockerfile: Dockerfile, build_args: Mapping[str, str], release: Stage, gate: GateFacts
) -> tuple[int, str, str | None]:
    """Find the best explanation for a test that stopped nothing: line, reason, remedy."""
    if not gate.test_lines:
        return _never_run(dockerfile, build_args, release, gate)
    runs = [
        run for each in dockerfile.instructions if each.line in gate.test_lines for run in test_commands(each)
    ]
    lost = next((run for run in runs if run.swallows), None)
    if lost is not None:
        remedy = "Let the test runner's exit code end the step: a RUN with nothing after the runner but &&."
        return lost.line, f"the tests' exit code is lost: {lost.swallows}", remedy
    held = next((run for run in runs if run.condition), None)
    if held is not None:
        reason = f"the tests run only under a condition: {held.condition}"
        return held.line, reason, "Run the tests unconditionally: take the condition off the step."
    return _not_collected(gate, runs)


def _not_collected(gate: GateFacts, runs: list[TestRun]) -> tuple[int, str, str | None]:
    """Explain a runner that works and does not see the planted test."""
    line = gate.test_lines[0]
    narrow = next((run for run in runs if _narrowed(run)), None)
    if gate.reached is False:
        reason = (
            "the planted test does not reach the step: the ignore file or the COPY before it withholds tests"
        )
        return (
            line,
            reason,
            "Let the tests into the context, and copy their whole folder into the test stage.",
        )
    if narrow is not None and gate.existing_tests_gate is not False:
        reason = f"only {_narrowed(narrow)} is run, not the tests beside it"
        return narrow.line, reason, "Give the test runner the tests' folder, not single files."
    if gate.existing_tests_gate:
        reason = "test files that cannot be imported stop the build, but a test that fails does not"
        remedy = (
            "Let the runner run the whole folder and count every failure: no single files, no listing or skipping by "
            "its settings or a conftest, no exit code that is accepted."
        )
        return line, reason, remedy
    return (
        line,
        "the step that runs the tests succeeds all the same: nothing is collected, or its exit code is lost",
        None,
    )


def _never_run(
    dockerfile: Dockerfile, build_args: Mapping[str, str], release: Stage, gate: GateFacts
) -> tuple[int, str, str | None]:
    if gate.unneeded_test_lines:
        line = gate.unneeded_test_lines[0]
        stage = stage_at(dockerfile, line)
        name = stage.label if stage else "the test stage"
        return line, f"the release does not depend on {name}, which BuildKit skips", None
    for stage in dockerfile.needed(release, build_args):
        for instruction in stage.instructions:
            if _tests_later(instruction):
                reason = f"the tests stand in {instruction.keyword}, which no build of this image runs"
                return (
                    instruction.line,
                    reason,
                    "Run the tests in a RUN of a stage that the release depends on.",
                )
    last = max((each.line for each in release.instructions), default=release.line)
    return last, "no step of the build runs the tests", None


def _tests_later(instruction: Instruction) -> bool:
    """Whether an instruction that no build runs holds the tests: CMD, ENTRYPOINT, HEALTHCHECK, ONBUILD RUN."""
    if instruction.keyword not in {"CMD", "ENTRYPOINT", "ONBUILD", "HEALTHCHECK"}:
        return False
    text = instruction.original.lower()
    return any(word in text for word in ("pytest", "unittest", "tox", "nox", "nose2", " test"))


def _narrowed(run: TestRun) -> str:
    """Name what a runner is confined to: single files, a keyword, a marker. Empty where it is not."""
    files = [path for path in run.paths if path.endswith(".py") or "::" in path]
    if files:
        return listed(files)
    if run.keyword:
        return f"-k {run.keyword}"
    return f"-m {run.marker}" if run.marker else ""


def _gate_place(dockerfile: Dockerfile, gate: GateFacts) -> str | None:
    lines = (*gate.test_lines, *gate.unneeded_test_lines)
    return dockerfile.where(lines[0]) if lines else None
