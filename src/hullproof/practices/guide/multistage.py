"""Tests run in a stage of their own, which the release leaves behind.

Why: What tests and builds need is not what runs. A test runner, coverage or Poetry in the released image is
more to pull, more to patch, and more for an intruder to work with.

Proven by: A test stage exists that the release is not built on, and no layer of the release, its base included,
holds a test runner or library, linter or build tool: neither as an installed package nor as a command.

Broken by: A single stage that tests and ships; FROM test AS release; a virtual environment copied from the test stage with pytest
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

from collections import defaultdict
from collections.abc import Mapping

from hullproof.dockerfile import Release, Stage, install_commands
from hullproof.facts import Config, FileFacts
from hullproof.practices.checks import (
    Observations,
    broken,
    check,
    in_dockerfile,
    in_image,
    listed,
    not_applicable,
    proven,
)
from hullproof.practices.library.lists import to_unlist
from hullproof.practices.library.places import layer_place, own_entries
from hullproof.practices.library.splitting import to_move, to_split
from hullproof.practices.library.stages import made_at, runs_tests, stages_for_tests, without_tools
from hullproof.tools import kind_of, tool_of


@check
def tests_have_a_stage_of_their_own(
    release: Release, config: Config, test_scripts: Mapping[int, str], files: FileFacts | None
) -> Observations:
    """There is a stage for tests, and the release is not built on it."""
    beneath = release.ancestors
    for_tests = stages_for_tests(release, test_scripts, config.test_target)
    apart = {stage: why for stage, why in for_tests.items() if stage not in beneath}
    built_on = [each for each in beneath[1:] if runs_tests(each, release, test_scripts, config.test_target)]
    here = release.where(release.line)
    if built_on:
        stage = built_on[0]
        yield broken(
            f"the release is built on {stage.label}, which {for_tests[stage]}",
            in_dockerfile(here, f"FROM {release.stage.base}: everything in {stage.label} is in the release"),
            fix=to_split(release, test_scripts)
            or "Build the release FROM the stage below the tests, and copy only a marker file from the test stage.",
        )
    elif not for_tests and files is not None:
        # That nothing is tested is one fault, and the gate's: here only tools that are there would be one.
        yield not_applicable(
            "no stage of the build runs tests, and the release holds none of their tools; see test-gate"
        )
    elif for_tests and not apart:
        only = len(release.dockerfile.stages) == 1
        what = "there is only one stage" if only else "no stage beside the release runs tests"
        yield broken(
            f"there is no separate test stage: {what}",
            in_dockerfile(here, "expected a stage beside the release that runs the tests"),
            fix=to_split(release, test_scripts),
        )
    for stage, why in apart.items():
        yield in_dockerfile(release.where(stage.line), f"{stage.label} {why}")
    if apart:
        stages = listed([stage.label for stage in apart])
        yield proven(f"tests are kept to {stages}, and the release holds no test runner or build tool")


@check
def the_release_holds_no_tools(
    release: Release,
    config: Config,
    test_scripts: Mapping[int, str],
    *,
    files: FileFacts,
    project_texts: Mapping[str, str],
) -> Observations:
    """No layer holds one, its base's included: what a later layer uninstalls is shipped all the same."""
    found: dict[str, dict[str, str]] = defaultdict(dict)
    lines: dict[str, int | None] = {}
    for_tests = stages_for_tests(release, test_scripts, config.test_target)
    seen = set(files.base)
    for path in files.base:
        if (tool := tool_of(path)) is not None:
            found[release.where(release.base.line)].setdefault(tool, path)
    for layer, entry in own_entries(files):
        # A path counts where it comes in: a later `chown -R` writes all of it again.
        if entry.path not in seen and (tool := tool_of(entry.path)) is not None:
            seen.add(entry.path)
            where = layer_place(release, files, layer)
            lines.setdefault(where, layer.line)
            found[where].setdefault(tool, entry.path)
    for where, tools in found.items():
        yield broken(
            f"{where} adds {kind_of(list(tools))} to the release: {listed(list(tools))}",
            *(in_image(where, f"{tool} is there: {path}") for tool, path in tools.items()),
            fix=without_tools(release, lines.get(where), for_tests, files)
            or _to_do_without(release, lines.get(where), tools, for_tests, project_texts)
            or to_split(release, test_scripts)
            or _in_words(release, lines.get(where), tools, for_tests),
        )


def _to_do_without(
    release: Release,
    line: int | None,
    tools: Mapping[str, str],
    for_tests: Mapping[Stage, str],
    project_texts: Mapping[str, str],
) -> str | None:
    """Say how the step that installed tools among what runs no longer does: the lists that name them, or the step itself."""
    made = made_at(release, line, next(iter(tools.values())))
    return to_move(release, made, for_tests) or to_unlist(release, made, tools, for_tests, project_texts)


def _in_words(
    release: Release, line: int | None, tools: Mapping[str, str], for_tests: Mapping[Stage, str]
) -> str | None:
    """Say which step brings tools, and which stage they are for; None where it is no step that installs, or there is no such stage."""
    made = made_at(release, line, next(iter(tools.values())))
    step, stage = (
        release.instruction_at(made),
        next((s for s in for_tests if s not in release.ancestors), None),
    )
    if step is None or stage is None or not install_commands(step) or release.stage_at(made) in for_tests:
        return None
    command = install_commands(step)[-1].command.text
    return (
        f"Let {release.where(made)} install what runs, and no more: `{command}` brings {listed(list(tools))}, which "
        f"{stage.label} ({release.where(stage.line)}) installs for itself."
    )
