"""multistage: a stage for tests, and none of its tools in the release."""

from __future__ import annotations

from dataclasses import replace

import pytest

from hullproof.facts import Unobservable
from hullproof.project.config import Config

from .by_hand import (
    BASE_LAYER,
    BROKEN,
    GOOD,
    NOT_APPLICABLE,
    NOTHING_BUILT,
    PROVEN,
    UNPROVEN,
    entry,
    files,
    layer,
    lines,
    prove,
)

SITE = "/usr/local/lib/python3.11/site-packages"
SINGLE = 'FROM python:3.11-slim\nWORKDIR /app\nCOPY . .\nRUN pip install -r requirements.txt\nRUN pytest\nCMD ["python", "run.py"]\n'


def test_a_single_stage_is_broken() -> None:
    """There is nowhere for the tests to be left behind."""
    proof = prove("multistage", SINGLE)
    assert proof.verdict is BROKEN
    assert "only one stage" in proof.summary
    assert "Dockerfile:1" in lines(proof)


def test_a_release_on_the_test_stage_is_broken() -> None:
    """FROM test AS release brings everything along, directly or through a third stage."""
    direct = GOOD.replace("FROM base AS release", "FROM test AS release")
    through = GOOD.replace("FROM base AS release", "FROM test AS runtime\nFROM runtime AS release")
    for text in (direct, through):
        proof = prove("multistage", text)
        assert proof.verdict is BROKEN
        assert "built on stage 'test'" in proof.summary


@pytest.mark.parametrize(
    "text",
    [
        SINGLE.replace("RUN pytest\n", ""),
        GOOD.replace("python -m pytest && ", "")
        .replace("AS test", "AS builder")
        .replace("--from=test", "--from=builder"),
    ],
)
def test_a_build_without_tests_is_the_gate_s_matter(text: str) -> None:
    """One fault is accused once: unless tools of tests are there after all."""
    proof = prove("multistage", text)
    assert proof.verdict is NOT_APPLICABLE
    assert "test-gate" in proof.summary
    tool = entry(f"{SITE}/pytest-8.0.dist-info/METADATA")
    assert prove("multistage", text, files=files(layer(4, tool))).verdict is BROKEN


@pytest.mark.parametrize(
    "run",
    ["pytest", "python -m unittest", "tox -e py", "nox -s tests", "uv run pytest", "poetry run pytest tests"],
)
def test_a_stage_that_runs_tests_counts_under_any_name(run: str) -> None:
    """What a stage does makes it a test stage, with any runner."""
    text = (
        GOOD.replace("AS test", "AS qa").replace("--from=test", "--from=qa").replace("python -m pytest", run)
    )
    assert prove("multistage", text).verdict is PROVEN


@pytest.mark.parametrize("run", ["make ci", "just ci", "inv ci"])
def test_a_stage_with_test_tools_that_starts_a_task_counts(run: str) -> None:
    """`make ci` runs tests where the Dockerfile does not say so; the tools that come before it do."""
    text = (
        GOOD.replace("AS test", "AS qa").replace("--from=test", "--from=qa").replace("python -m pytest", run)
    )
    assert prove("multistage", text).verdict is PROVEN
    without_tools = text.replace("requirements-dev.txt", "requirements.txt")
    assert prove("multistage", without_tools).verdict is NOT_APPLICABLE


def test_a_stage_that_is_named_for_tests_counts() -> None:
    """A script may run them that nobody can read."""
    assert prove("multistage", GOOD.replace("python -m pytest", "./verify")).verdict is PROVEN


def test_a_stage_that_runs_a_script_of_tests_counts() -> None:
    """The script's text says what its name does not; a release that is built on such a stage is broken."""
    text = GOOD.replace("AS test", "AS verify").replace("--from=test", "--from=verify")
    text = text.replace("python -m pytest &&", "./ci/verify.sh &&")
    assert prove("multistage", text).verdict is NOT_APPLICABLE
    assert prove("multistage", text, test_scripts={10: "ci/verify.sh"}).verdict is PROVEN
    on_it = text.replace("FROM base AS release", "FROM verify AS release")
    assert "built on stage 'verify'" in prove("multistage", on_it, test_scripts={10: "ci/verify.sh"}).summary


def test_the_configured_test_stage_counts() -> None:
    """What the configuration calls the test stage is one, whatever it runs."""
    text = GOOD.replace("AS test", "AS verify").replace("--from=test", "--from=verify")
    text = text.replace("python -m pytest &&", "./verify &&")
    assert prove("multistage", text, config=Config(test_target="verify")).verdict is PROVEN


def test_a_tool_of_the_base_is_broken() -> None:
    """What the base brings is in the release, too; the FROM is the line to fix."""
    beneath = replace(BASE_LAYER, entries=(*BASE_LAYER.entries, entry("/usr/local/bin/uv")))
    proof = prove("multistage", files=files(base=beneath))
    assert proof.verdict is BROKEN
    assert "Dockerfile:1" in lines(proof)


def test_a_test_stage_on_the_release_is_fine() -> None:
    """With the release as the target, tests may be built on it."""
    text = GOOD + "\nFROM release AS checks\nRUN python -m pytest\n"
    assert prove("multistage", text, target="release").verdict is PROVEN


@pytest.mark.parametrize(
    "path",
    [
        f"{SITE}/pytest/__init__.py",
        f"{SITE}/_pytest/main.py",
        f"{SITE}/pytest_cov-5.0.dist-info/METADATA",
        f"{SITE}/build-1.2.1.dist-info/METADATA",
        "/venv/lib/python3.11/site-packages/tox/run.py",
        "/deps/coverage-7.5.dist-info/RECORD",
        f"{SITE}/flake8-7.1.dist-info/METADATA",
        f"{SITE}/mypy-1.18.dist-info/RECORD",
        f"{SITE}/factory_boy-3.3.dist-info/METADATA",
        f"{SITE}/debugpy-1.8.dist-info/RECORD",
        "/usr/local/bin/poetry",
        "/bin/uv",
        "/venv/bin/nox",
    ],
)
def test_a_tool_in_any_own_layer_is_broken(path: str) -> None:
    """Packages, their metadata and their commands are found, also where a later layer removes them."""
    for stack in (files(layer(13, entry(path))), files(layer(13, entry(path)), layer(15, removed=(path,)))):
        proof = prove("multistage", files=stack)
        assert proof.verdict is BROKEN
        assert "Dockerfile:13" in lines(proof)


@pytest.mark.parametrize(
    "path",
    [
        f"{SITE}/anyio/pytest_plugin.py",
        f"{SITE}/numpy/testing/__init__.py",
        f"{SITE}/pip/__init__.py",
        f"{SITE}/setuptools-70.0.dist-info/METADATA",
        f"{SITE}/wheel-0.43.dist-info/METADATA",
        f"{SITE}/setuptools/_vendor/build-1.dist-info/METADATA",
        f"{SITE}/buildings-1.0.dist-info/METADATA",
        "/app/app/build/__init__.py",
        "/usr/local/bin/pip",
    ],
)
def test_what_only_looks_like_a_tool_is_fine(path: str) -> None:
    """Plugins of libraries, pip and its like, and names that begin alike are no test or build tools."""
    assert prove("multistage", files=files(layer(13, entry(path)))).verdict is PROVEN


def test_what_a_later_step_only_gives_away_is_told_once() -> None:
    """`chown -R` writes every file again: the line to fix is the one that brought them."""
    path = f"{SITE}/pytest-8.0.dist-info/METADATA"
    proof = prove("multistage", files=files(layer(13, entry(path)), layer(14, entry(path, uid=1000))))
    assert "Dockerfile:13" in lines(proof)
    assert "Dockerfile:14" not in lines(proof)


def test_the_worst_of_the_tools_names_their_kind() -> None:
    """A test runner before a build tool, and that before a linter."""
    names = {
        "pytest": "a test runner",
        "freezegun": "a library for tests",
        "poetry": "a build tool",
        "flake8": "a development tool",
    }
    for at, kind in enumerate(names.values()):
        held = [entry(f"{SITE}/{name}-1.0.dist-info/METADATA") for name in list(names)[at:]]
        assert f"adds {kind} to" in prove("multistage", files=files(layer(13, *held))).summary


def test_without_files_the_text_alone_does_not_prove_it() -> None:
    """A test stage in the text says nothing of what the release holds."""
    assert prove("multistage", **NOTHING_BUILT).verdict is UNPROVEN


def test_without_the_files_nothing_is_said_of_what_the_release_holds() -> None:
    """A build without tests whose image is not there may hold their tools all the same: that is not known."""
    gone = Unobservable("the project's own build fails")
    assert prove("multistage", "FROM python:3.11-slim\nCMD x\n", files=gone).verdict is UNPROVEN


@pytest.mark.parametrize(
    ("command", "more"), [('["uv", "run", "app"]', "see default-command"), ('["python"]', "")]
)
def test_a_tool_that_a_line_copies_is_left_out_with_the_line(command: str, more: str) -> None:
    """And the command that starts it is told of, where one does."""
    text = GOOD.replace("USER app", "COPY --from=base /usr/local/bin/uv /usr/local/bin/uv\nUSER app")
    text = text.replace('["python", "run.py"]', command)
    line = text.split("\n").index("COPY --from=base /usr/local/bin/uv /usr/local/bin/uv") + 1
    proof = prove("multistage", text, files=files(layer(line, entry("/usr/local/bin/uv", mode=0o755))))
    assert proof.verdict is BROKEN
    assert f"Remove Dockerfile:{line}." in (proof.remedy or "")
    assert more in (proof.remedy or "")
