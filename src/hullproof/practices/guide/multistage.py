"""Tests run in a stage of their own, which the release leaves behind.

Why: What tests and builds need is not what runs. A test runner, coverage or Poetry in the released image is
more to pull, more to patch, and more for an intruder to work with.

Proven by: A test stage exists that the release is not built on, and no layer of the release, its base included,
holds a test runner or library, linter or build tool: neither as an installed package nor as a command.

Broken by: A single stage; FROM test AS release; a virtual environment copied from the test stage with pytest
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

from typing import TYPE_CHECKING

from hullproof.model import Evidence
from hullproof.practices._finding import Case, Finding, listed, missing
from hullproof.practices.library.places import layer_place, own_entries
from hullproof.practices.library.stages import purpose_of, why_test
from hullproof.tools import kind_of, tool_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hullproof.dockerfile import Release
    from hullproof.facts import Config, FileFacts


def judge(
    *,
    config: Config,
    release: Release,
    test_scripts: Mapping[int, str],
    files: FileFacts | None,
) -> Finding:
    """Look for a test stage beside the release in the text, and for test and build tools in its files.

    `test_scripts` are scripts of the project that run its tests, by the line of the step that runs them.
    """
    case = Case()
    beneath = release.ancestors
    configured = release.dockerfile.stage(config.test_target) if config.test_target is not None else None
    why = {stage.index: why_test(stage, test_scripts, configured) for stage in release.dockerfile.stages}
    apart = [stage for stage in release.dockerfile.stages if stage not in beneath and why[stage.index]]
    built_on = [stage for stage in beneath[1:] if purpose_of(stage, test_scripts, configured)]
    from_line = release.where(release.line)
    if built_on:
        test = built_on[0]
        case.broken(
            f"the release is built on {test.label}, which {why[test.index]}",
            Evidence(
                "dockerfile",
                from_line,
                f"FROM {release.stage.base}: everything in {test.label} is in the release",
            ),
            remedy="Build the release FROM the stage below the tests, and copy from the test stage only a marker file.",
        )
    elif not apart:
        only = len(release.dockerfile.stages) == 1
        what = "there is only one stage" if only else "no stage beside the release runs tests"
        case.broken(
            f"there is no separate test stage: {what}",
            Evidence("dockerfile", from_line, "expected a stage beside the release that runs the tests"),
        )
    for stage in apart:
        case.show(Evidence("dockerfile", release.where(stage.line), f"{stage.label} {why[stage.index]}"))
    if files is None:
        if not case.is_broken:
            missing("files")
    else:
        base_line = release.where(release.base.line)
        _judge_files(case, release, files, base_line)
    stages = listed([stage.label for stage in apart])
    return case.finding(f"tests are kept to {stages}, and the release holds no test runner or build tool")


def _judge_files(case: Case, release: Release, files: FileFacts, base_line: str) -> None:
    """Look at the base, and at every own layer: a tool that a later layer uninstalls is shipped all the same.

    A path counts where it comes in: a later `chown -R` writes all of it again.
    """
    found: dict[str, dict[str, str]] = {}
    told: set[str] = set()
    for path in files.base:
        tool = tool_of(path)
        if tool is not None:
            found.setdefault(base_line, {}).setdefault(tool, path)
    for layer, entry in own_entries(files):
        tool = tool_of(entry.path)
        if tool is not None and entry.path not in files.base and entry.path not in told:
            told.add(entry.path)
            found.setdefault(layer_place(release, files, layer), {}).setdefault(tool, entry.path)
    for where, tools in found.items():
        kind = kind_of(list(tools))
        held = tuple(Evidence("image", where, f"{tool} is there: {path}") for tool, path in tools.items())
        case.broken(f"{where} brings {kind} into the release: {listed(list(tools))}", *held)
