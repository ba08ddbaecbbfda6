"""Named build contexts: handed in from within the project, or from anywhere by who proves it."""

from __future__ import annotations

from pathlib import Path

import pytest

from ..conftest import Command

pytestmark = pytest.mark.engine

DOCKERFILE = 'FROM scratch\nCOPY --from=shared /word /\nCMD ["/word"]\n'


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project whose Dockerfile takes a file from a context that it names."""
    (tmp_path / "app").mkdir()
    (tmp_path / "app/Dockerfile").write_text(DOCKERFILE)
    return tmp_path / "app"


def test_a_folder_is_handed_in_from_anywhere(command: Command, project: Path) -> None:
    """By the option, as docker's own takes it."""
    (project.parent / "shared").mkdir()
    (project.parent / "shared/word").write_text("x")
    code, _, err = command(
        "build", str(project), "--check", f"--build-context=shared={project.parent}/shared"
    )
    assert code == 0, err


def test_a_folder_of_the_projects_is_configured(command: Command, project: Path) -> None:
    """`contexts` names it."""
    (project / "lib").mkdir()
    (project / "lib/word").write_text("x")
    (project / "hullproof.toml").write_text('contexts = { shared = "lib" }\n')
    code, _, err = command("build", str(project), "--check")
    assert code == 0, err


def test_a_folder_that_the_compose_file_names_is_taken_from_within_the_project(
    command: Command, project: Path
) -> None:
    """One that leads out is not, and the option that hands it in is told."""
    (project / "lib").mkdir()
    (project / "lib/word").write_text("x")
    compose = "services: {web: {build: {context: ., additional_contexts: {shared: PATH}}}}\n"
    (project / "compose.yaml").write_text(compose.replace("PATH", "./lib"))
    code, _, err = command("build", str(project), "--check")
    assert code == 0, err
    assert "taken from compose.yaml (service web): contexts.shared" in err
    (project / "compose.yaml").write_text(compose.replace("PATH", "../shared"))
    code, _, err = command("build", str(project), "--check")
    assert code == 3
    assert "hand it in with --build-context shared=../shared" in err


def test_a_name_that_nobody_knows_is_told_as_what_it_may_be(command: Command, project: Path) -> None:
    """Not as a base image alone, which somebody should pull."""
    code, _, err = command("build", str(project), "--check")
    assert code == 3
    assert "Dockerfile:2 takes files from shared" in err
    assert "--build-context shared=PATH" in err
