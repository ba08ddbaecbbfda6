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

    FROM base AS test
    COPY . .
    RUN python -m pytest && touch /passed

    FROM base AS release
    COPY --from=test /passed /tmp/passed
    COPY app/ app/
"""

from __future__ import annotations

from collections.abc import Mapping

from hullproof.dockerfile import Release, test_commands
from hullproof.facts import BuildFacts, GateFacts
from hullproof.practices.checks import (
    Observations,
    broken,
    check,
    in_dockerfile,
    in_experiment,
    listed,
    proven,
    unproven,
)
from hullproof.practices.library.countable import keep_exit_code, let_all_run, let_it_fail
from hullproof.practices.library.gates import (
    first_test,
    last_line,
    quoted,
    spot,
    spots,
    step_at,
    why_none_runs,
)

_KEEP_EXIT_CODE = (
    "Let the test runner's exit code end the step: a RUN with nothing after the runner but &&, set -e in a script that "
    "starts it, and no setting that forgives failures."
)
_WHOLE_FOLDERS = (
    "Let the runner run the tests' whole folders and count every failure: no single files, nothing ignored, skipped or "
    "deselected by options, settings or a conftest."
)
_SUCCEEDED = "expected the build to fail on a failing test there, it succeeded"


@check
def the_project_s_own_tests_pass(release: Release, build: BuildFacts) -> Observations:
    """Otherwise the build stops at them already, and a planted test shows nothing."""
    step = build.failed_step
    instruction = release.instruction_at(step.line) if step else None
    if step and instruction and test_commands(instruction):
        where = release.where(instruction.line)
        last = [line for line in step.log if line.strip()][-3:] or [step.error or "it failed"]
        yield unproven(
            f"the project's own tests fail: the unmodified build stops at {where}, so a planted test would show nothing",
            *(in_experiment(where, line) for line in last),
        )


@check
def there_are_tests(release: Release, gate: GateFacts, project_texts: Mapping[str, str]) -> Observations:
    """The project has a test that could fail."""
    lines = (*gate.test_lines, *gate.unneeded_test_lines, last_line(release))
    where, reason = release.where(lines[0]), gate.no_tests or "no test was found"
    if gate.planted:
        return
    if gate.test_lines:
        # Tests of a kind that is not known here, such as those of behave, may well be run there.
        yield unproven(f"{where} runs tests, but none could be planted among them: {reason}")
    else:
        seen = in_experiment(where, f"expected tests to run; {reason}")
        yield broken(
            f"there is no test that could stop the release ({reason})",
            seen,
            fix=first_test(release, project_texts),
        )


@check
def a_failing_test_fails_the_build(release: Release, gate: GateFacts) -> Observations:
    """The build with failing tests stops at them: its output says so, or the same build with passing tests succeeds."""
    where = step_at(release, gate.failed_line)
    output = [in_experiment(where, line) for line in gate.output[-3:]]
    for each in gate.stopping:
        yield in_experiment(step_at(release, each.line), f"{spot(each)}: {each.said}")
    for each in gate.planted:
        if each.stops is None and each.excuse and not each.is_new:
            yield in_experiment(each.path, f"not run in the build: {each.excuse}")
    if gate.error is not None:
        yield unproven(f"the experiment could not be run: {gate.error}", *output)
    elif gate.stopping:
        lines = listed([step_at(release, each.line) for each in gate.stopping])
        files = spots(gate.stopping)
        yield proven(
            f"with a failing test planted in {files}, the build of the release fails at {lines}, on that test"
        )
    elif gate.passes_without:
        yield from output
        yield proven(
            f"with failing tests planted, the build of the release fails at {where}; with passing ones it succeeds",
            in_experiment(
                where, "fails with failing tests, without mentioning them, and succeeds with passing ones"
            ),
        )
    elif gate.planted and not gate.escaped:
        yield unproven(
            f"the build fails at {where} even when the planted tests pass, so its failure shows nothing",
            *output,
        )


@check
def no_failure_is_lost(
    release: Release, gate: GateFacts, test_scripts: Mapping[int, str], project_texts: Mapping[str, str]
) -> Observations:
    """A step whose output reports a failing test fails as well."""
    for line, each in {each.line: each for each in reversed(gate.escaped) if each.said}.items():
        yield broken(
            f"the release was built in spite of a failing test: the tests failed, but the step's exit code was 0: "
            f"{quoted(release, line)}",
            in_experiment(step_at(release, line), f"its output: {each.said}"),
            in_experiment(spot(each), _SUCCEEDED),
            fix=let_it_fail(release, line, test_scripts, project_texts) or _KEEP_EXIT_CODE,
        )


@check
def no_test_file_is_passed_over(
    release: Release, gate: GateFacts, project_texts: Mapping[str, str]
) -> Observations:
    """A failing test in any file stops the build, not in some files only."""
    if any(each.said for each in gate.escaped) or not gate.escaped:
        return
    if gate.stopping:
        line = gate.stopping[0].line
        yield broken(
            f"the release was built in spite of a failing test in {spots(gate.escaped)}: "
            f"{quoted(release, line)} passes it over",
            in_dockerfile(step_at(release, line), f"fails on tests in {spots(gate.stopping)}"),
            *(in_experiment(spot(each), _SUCCEEDED) for each in gate.escaped),
            fix=let_all_run(release, line, gate, project_texts) or _WHOLE_FOLDERS,
        )
    else:
        line, reason, fix = why_none_runs(release, gate, project_texts)
        seen = f"expected the build to fail with failing tests in {len(gate.planted)} files, it succeeded"
        yield broken(
            f"the release was built in spite of failing tests: {reason}",
            in_dockerfile(release.where(line), reason),
            in_experiment("build with failing tests planted", seen),
            *(
                in_experiment(release.where(at), f"last line of its output: {said}")
                for at, said in gate.endings.items()
            ),
            fix=fix
            or (
                let_all_run(release, line, gate, project_texts)
                or keep_exit_code(release, line)
                or _WHOLE_FOLDERS
                if line in gate.test_lines
                else None
            ),
        )
