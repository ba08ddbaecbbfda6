"""requirements-first: what edits made run again."""

from __future__ import annotations

from dataclasses import replace

import pytest

from hullproof.facts import EditOutcome, EditsFacts, InstallStep

from .by_hand import (
    APPLICATION,
    BROKEN,
    DEV_INSTALL,
    EDITS,
    GOOD,
    INSTALL,
    NOT_APPLICABLE,
    PROVEN,
    UNPROVEN,
    lines,
    prove,
)

RAN = EditOutcome("app/views.py", {4: "ran", 8: "not-built"})


def test_an_installing_step_that_an_application_edit_runs_again_is_broken() -> None:
    """Everything copied first, code along with the requirements, a mounted context: all show the same way."""
    proof = prove("requirements-first", edits=replace(EDITS, application=RAN))
    assert proof.verdict is BROKEN
    assert "app/views.py" in proof.summary
    assert "Dockerfile:4" in lines(proof)


def test_what_was_seen_once_of_twice_is_unproven() -> None:
    """A busy engine can re-run a step that a right Dockerfile leaves cached."""
    assert (
        prove("requirements-first", edits=replace(EDITS, application=replace(RAN, confirmed=False))).verdict
        is UNPROVEN
    )


def test_test_tools_installed_after_the_code_are_broken() -> None:
    """A step of the test stage counts as well."""
    late = replace(APPLICATION, installs={4: "cached", 8: "ran"})
    proof = prove("requirements-first", edits=replace(EDITS, application=late))
    assert "Dockerfile:8" in lines(proof)
    assert proof.verdict is BROKEN


def test_a_requirements_edit_that_changes_nothing_is_broken() -> None:
    """The file is there, and nothing installs from it."""
    dead = EditOutcome("requirements.txt", {4: "cached", 8: "cached"})
    proof = prove("requirements-first", edits=replace(EDITS, requirements=(dead,)))
    assert proof.verdict is BROKEN
    assert "requirements.txt changes nothing" in proof.summary


@pytest.mark.parametrize(
    ("written", "copied"),
    [
        ("COPY --chmod=644 <<END ./requirements.txt", "COPY --chmod=644 requirements.txt ./requirements.txt"),
        ("COPY --chmod=644 <<requirements.txt ./", "COPY --chmod=644 requirements.txt ./"),
    ],
)
def test_a_list_that_a_here_document_writes_is_to_be_copied(written: str, copied: str) -> None:
    """The project's own of that name is read by nobody."""
    end = "END" if "END" in written else "requirements.txt"
    text = GOOD.replace("COPY requirements.txt .\n", f"{written}\nflask==3.1.0\n{end}\n")
    edit, dead = (
        EditOutcome(path, {6: "cached"}, other_steps_ran=(9,)) for path in ("app/a.py", "requirements.txt")
    )
    edits = EditsFacts((replace(INSTALL, line=6),), edit, (dead,))
    proof = prove("requirements-first", text, edits=edits)
    assert (proof.remedy or "").startswith(f"Write `{copied}` in the place of Dockerfile:3.")


@pytest.mark.parametrize("steps", [(4,), (4, 8)], ids=["alone", "beside a file for the tests"])
def test_dependencies_named_in_run_are_broken(steps: tuple[int, ...]) -> None:
    """No file's edit changes what the release gets, even if the test stage installs from a file."""
    text = GOOD.replace("RUN pip install --no-cache-dir -r requirements.txt", "RUN pip install flask==3.0")
    named = InstallStep(4, "RUN pip install flask==3.0", "base")
    found = tuple(step for step in (named, DEV_INSTALL) if step.line in steps)
    edited = (EditOutcome("requirements-dev.txt", {8: "ran"}),) if 8 in steps else ()
    proof = prove("requirements-first", text, edits=EditsFacts(found, APPLICATION, edited))
    assert proof.verdict is BROKEN
    assert "Dockerfile:4 names the dependencies itself" in proof.summary


def test_a_step_that_is_known_by_its_output_alone_is_not_said_to_name_packages() -> None:
    """It ran again and installed: that is the fault, whatever its text says."""
    text = GOOD.replace("RUN pip install --no-cache-dir -r requirements.txt", "RUN python tools/libs.py")
    seen = InstallStep(4, "RUN python tools/libs.py", "base", is_seen=True)
    again = EditOutcome("app/views.py", {4: "ran"}, other_steps_ran=(3,))
    proof = prove("requirements-first", text, edits=EditsFacts((seen,), again))
    assert proof.verdict is BROKEN
    assert "names the dependencies itself" not in proof.summary


UV = """\
FROM python:3.11-slim AS base
WORKDIR /app
COPY pyproject.toml uv.lock ./
RUN uv sync --frozen --no-install-project
COPY . .
RUN uv sync --frozen
CMD ["python", "-m", "app"]
"""


def test_a_second_step_that_brings_another_group_is_broken() -> None:
    """Whatever the step is called: its output names packages of others, which each edit installs again."""
    files = ("pyproject.toml", "uv.lock")
    steps = (
        InstallStep(4, "RUN uv sync --no-dev", "base", files),
        InstallStep(6, "RUN uv sync", "base", files),
    )
    edit = EditOutcome("app/views.py", {4: "cached", 6: "ran"}, other_steps_ran=(5,))
    proof = prove(
        "requirements-first", UV, edits=EditsFacts(steps, edit, (EditOutcome("uv.lock", {4: "ran"}),))
    )
    assert proof.verdict is BROKEN
    assert "Dockerfile:6 run again" in proof.summary


def test_a_project_installed_whole_after_the_code_is_broken() -> None:
    """`pip install .` with the dependencies in pyproject.toml installs them all at each edit."""
    text = UV.replace("RUN uv sync --frozen --no-install-project", "ENV A=b").replace(
        "uv sync --frozen", "pip install ."
    )
    step = InstallStep(6, "RUN pip install .", "base", ("pyproject.toml",))
    edit = EditOutcome("app/views.py", {6: "ran"}, other_steps_ran=(5,))
    done = EditOutcome("pyproject.toml", {6: "ran"})
    assert prove("requirements-first", text, edits=EditsFacts((step,), edit, (done,))).verdict is BROKEN


@pytest.mark.parametrize(
    "edits",
    [
        pytest.param(
            EditsFacts((INSTALL,), None, EDITS.requirements, no_application="no file of it"),
            id="no application",
        ),
        pytest.param(
            replace(EDITS, application=replace(APPLICATION, error="disk full", installs={})), id="failed"
        ),
        pytest.param(replace(EDITS, application=replace(APPLICATION, other_steps_ran=())), id="nothing ran"),
        pytest.param(
            replace(EDITS, application=replace(APPLICATION, installs={4: "not-built"})), id="not reached"
        ),
        pytest.param(replace(EDITS, requirements=()), id="no requirements edit"),
        pytest.param(
            replace(EDITS, requirements=(EditOutcome("requirements.txt", {4: "not-built"}),)), id="not built"
        ),
        pytest.param(
            replace(EDITS, requirements=(EditOutcome("requirements.txt", {4: "cached"}, confirmed=False),)),
            id="once",
        ),
        pytest.param(EditsFacts((), APPLICATION, EDITS.requirements), id="nothing installs what is declared"),
    ],
)
def test_what_could_not_be_observed_is_unproven(edits: EditsFacts) -> None:
    """An experiment that showed nothing proves nothing."""
    assert prove("requirements-first", edits=edits).verdict is UNPROVEN


def test_a_project_without_dependencies_is_not_concerned() -> None:
    """Where nothing is installed nothing can be in the wrong order."""
    proof = prove(
        "requirements-first", edits=EditsFacts((), APPLICATION, (), no_requirements="nothing declares any")
    )
    assert proof.verdict is NOT_APPLICABLE
    assert "Nothing declares any" in proof.summary


def test_what_the_cache_let_go_is_no_fault() -> None:
    """A step that runs again although the edit cannot get into it says something of the builder alone."""
    forgotten = replace(APPLICATION, installs={4: "forgotten", 8: "cached"})
    proof = prove("requirements-first", edits=replace(EDITS, application=forgotten))
    assert proof.verdict is PROVEN
    assert "had let it go" in str(proof.evidence)


@pytest.mark.parametrize(
    ("command", "files", "expected"),
    [
        ("pip install -r requirements.txt", ("requirements.txt",), ("requirements.txt",)),
        ("uv sync --frozen", ("pyproject.toml", "uv.lock"), ("uv.lock", "uv sync", "--no-install-project")),
        ("poetry install --only main", ("pyproject.toml", "poetry.lock"), ("poetry.lock", "--no-root")),
        ("pip install .", ("pyproject.toml",), ("pyproject.toml", "pip install --no-deps")),
    ],
)
def test_a_fix_is_for_the_tool_files_and_line_of_the_project(
    command: str, files: tuple[str, ...], expected: tuple[str, ...]
) -> None:
    """A project of uv's is not told to use pip."""
    text = f'FROM python:3.11-slim\nWORKDIR /app\nCOPY . .\nRUN {command}\nCMD ["python", "-m", "app"]\n'
    step = InstallStep(4, f"RUN {command}", "0", files)
    edit = EditOutcome("app/views.py", {4: "ran"}, other_steps_ran=(3,))
    remedy = prove("requirements-first", text, edits=EditsFacts((step,), edit)).remedy or ""
    for each in ("Dockerfile:4", *expected):
        assert each in remedy
    assert command.startswith("pip") or "pip" not in remedy


@pytest.mark.parametrize(
    ("command", "expected"), [("pip", "pip install -r"), ("uv pip", "uv pip install -r")]
)
def test_what_is_named_in_a_step_is_to_be_installed_from_a_file_by_the_same_tool(
    command: str, expected: str
) -> None:
    """The tool that is there is the one to use."""
    text = f'FROM python:3.11-slim\nRUN {command} install flask\nCMD ["python", "-m", "app"]\n'
    step = InstallStep(2, f"RUN {command} install flask", "0")
    edits = EditsFacts((step,), EditOutcome("app/views.py", {2: "cached"}, other_steps_ran=(3,)))
    assert f"RUN {expected} requirements.txt` in the place of" in (
        prove("requirements-first", text, edits=edits).remedy or ""
    )


def test_a_package_that_the_list_has_under_another_spelling_is_not_listed_again() -> None:
    """Names are compared in their normal form.

    See https://packaging.python.org/en/latest/specifications/name-normalization/.
    """
    text = (
        'FROM python:3.11-slim\nRUN pip install Flask_Login uvicorn[standard]\nCMD ["python", "-m", "app"]\n'
    )
    step = InstallStep(2, "RUN pip install Flask_Login uvicorn[standard]", "0")
    edits = EditsFacts((step,), EditOutcome("app/views.py", {2: "cached"}, other_steps_ran=(3,)))
    there = {"requirements.txt": "flask-login==0.6\nuvicorn\n"}
    fix = prove("requirements-first", text, edits=edits, project_texts=there).remedy or ""
    assert "Write `RUN pip install -r requirements.txt` in the place of" in fix
    assert "to requirements.txt" not in fix
