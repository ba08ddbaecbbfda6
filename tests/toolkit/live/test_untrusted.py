"""What a hostile project can do to the machine that builds and proves it: nothing of it runs outside a container."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from hullproof.engine.connection import Engine

from ..conftest import Command

pytestmark = pytest.mark.engine

DOCKERFILE = "FROM scratch\nCOPY Dockerfile /\n"


@pytest.fixture
def seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file that grows when a command of the project, git or ssh is run on this machine."""
    seen, programs = tmp_path / "seen", tmp_path / "programs"
    programs.mkdir()
    for name in ("git", "ssh", "of-the-project"):
        (programs / name).write_text(f"#!/bin/sh\necho {name} $* >> {seen}\nexit 1\n")
        (programs / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{programs}:{os.environ['PATH']}")
    monkeypatch.setenv("BUILDX_GIT_LABELS", "full")
    monkeypatch.setenv("BUILDX_GIT_CHECK_DIRTY", "true")
    return seen


@pytest.fixture
def project(tmp_path: Path, seen: Path) -> Path:
    """A repository whose configuration names commands."""
    folder, command = tmp_path / "project", seen.with_name("programs") / "of-the-project"
    folder.mkdir()
    (folder / "Dockerfile").write_text(DOCKERFILE)
    (folder / ".gitattributes").write_text("* filter=x\n")
    subprocess.run(["/usr/bin/env", "-i", "/usr/bin/git", "-C", folder, "init", "--quiet"], check=True)
    with (folder / ".git" / "config").open("a") as config:
        config.write(f'[core]\nfsmonitor = {command}\n[filter "x"]\nclean = {command}\n')
    return folder


def test_a_build_runs_nothing_of_the_project(
    engine: Engine, command: Command, project: Path, seen: Path
) -> None:
    """Neither what its git configuration names nor git itself."""
    assert engine
    code, _, told = command("build", "--check", str(project))
    assert (code, seen.exists()) == (0, False), told


def test_a_proof_runs_nothing_of_the_project(
    engine: Engine, command: Command, project: Path, seen: Path
) -> None:
    """The revision in its report included."""
    assert engine
    code, _, told = command("prove", "--only=slim-base,dockerignore", str(project))
    assert (code, seen.exists()) == (1, False), told


def test_a_compose_file_fetches_nothing(engine: Engine, command: Command, project: Path, seen: Path) -> None:
    """It may name parts to be fetched by git, and `.env` the program by which git does."""
    assert engine
    of_the_project = seen.with_name("programs") / "of-the-project"
    (project / "hullproof.toml").write_text('compose = "compose.yaml"\n')
    (project / "compose.yaml").write_text('include: ["git@127.0.0.1:x/y.git"]\nservices: {db: {image: x}}\n')
    (project / ".env").write_text(f"COMPOSE_EXPERIMENTAL_GIT_REMOTE=true\nGIT_SSH_COMMAND={of_the_project}\n")
    code, _, told = command("prove", "--only=expose", str(project))
    assert (code, seen.exists()) == (2, False), told
    assert "compose.yaml" in told


def test_a_module_of_the_project_is_not_taken_for_one_of_ours(project: Path, seen: Path) -> None:
    """As `python -m` would: Nox runs the command in the project's folder."""
    for name in ("secrets", "click", "json", "docker", "rich"):
        (project / f"{name}.py").write_text(f"open({str(seen)!r}, 'a').close()\n")
    done = subprocess.run(
        [sys.executable, "-m", "hullproof", "config", "."],
        cwd=project,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, seen.exists()) == (0, False), done.stderr


def tree_of(folder: Path) -> dict[str, tuple[int, ...]]:
    """Say of all in a folder what a write would change: a file that came and went changes its folder's times."""
    paths = [folder, *folder.rglob("*")]
    states = {str(path): path.lstat() for path in paths}
    return {
        path: (each.st_mode, each.st_ino, each.st_nlink, each.st_size, each.st_mtime_ns, each.st_ctime_ns)
        for path, each in states.items()
    }


@pytest.fixture
def repository(engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The good project as a repository whose index is out of date, where the test is."""
    assert engine
    folder = tmp_path / "good"
    shutil.copytree(Path(__file__).parents[1] / "cases" / "good", folder)
    for git in (
        ("init", "--quiet"),
        ("add", "."),
        ("-c", "user.name=x", "-c", "user.email=x@x", "commit", "-qm", "x"),
    ):
        subprocess.run(["git", "-C", folder, *git], check=True)
    for path in folder.rglob("*.py"):
        os.utime(path, (1, 1))
    monkeypatch.chdir(folder)
    return folder


@pytest.mark.parametrize(
    "arguments",
    [
        ("prove",),
        pytest.param(("prove", "--no-experiments", "--jobs=2"), marks=pytest.mark.nightly),
        ("build", "--check"),
        pytest.param(("build", "--tests"), marks=pytest.mark.nightly),
        ("config", "--json"),
        ("init", "--dry-run"),
        ("explain",),
        ("doctor",),
        ("clean",),
        ("--help",),
    ],
)
def test_a_command_that_does_not_say_so_writes_nothing_into_the_tree(
    command: Command, repository: Path, arguments: tuple[str, ...]
) -> None:
    """Not even for a moment, `.git` included."""
    before = tree_of(repository)
    code, _, told = command(*arguments)
    assert tree_of(repository) == before
    assert code == 0, told


NOXFILE = "from hullproof.sessions import image_sessions\n\nimage_sessions()\n"


@pytest.mark.slow
@pytest.mark.parametrize(
    "arguments",
    [
        ("pytest", "-p", "no:cacheprovider", "--hullproof-only=workdir", "--ignore=tests"),
        pytest.param(
            ("nox", "--envdir=../environments", "-s", "prove", "--", "--only=workdir"),
            marks=pytest.mark.nightly,
        ),
    ],
    ids=["pytest", "nox"],
)
def test_neither_do_pytest_and_nox(repository: Path, arguments: tuple[str, ...]) -> None:
    """What they write themselves is told to lie elsewhere, or not to be."""
    (repository / "noxfile.py").write_text(NOXFILE)
    before = tree_of(repository)
    done = subprocess.run(
        [sys.executable, "-m", *arguments],
        cwd=repository,
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert tree_of(repository) == before
    assert done.returncode == 0, done.stdout + done.stderr
