"""What is in force for a project is told, with the place that each setting came from."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from hullproof.cli.config import as_text, in_force
from hullproof.project.config import Config
from hullproof.project.project import Project

from ..conftest import Command

DOCKERFILE = """\
FROM python:3.11-slim AS test
RUN pytest
FROM python:3.11-slim
COPY --from=test /app /app
WORKDIR /app
USER app
EXPOSE 8000 9000-9001/udp
ENTRYPOINT ["tini", "--"]
CMD ["python", "run.py"]
"""
SECTION = "pyproject.toml [tool.hullproof]"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A project that says nothing of itself."""
    (tmp_path / "shop").mkdir()
    (tmp_path / "shop/Dockerfile").write_text(DOCKERFILE)
    return tmp_path / "shop"


def settings(folder: Path, **build_args: str) -> dict[str, tuple[Any, str]]:
    """Return value and source by name."""
    return {each.name: (each.value, each.source) for each in in_force(Project.open(folder, build_args))}


def test_what_is_not_written_down_is_what_the_dockerfile_says(folder: Path) -> None:
    """Each with its line; what nobody says is a default."""
    found = settings(folder)
    assert found["name"] == ("shop", "the folder's name")
    assert found["target"] == ("1", "Dockerfile:3, the last stage")
    assert found["test_target"] == ("test", "Dockerfile:1, which runs the tests")
    assert found["user"] == ("app", "Dockerfile:6")
    assert found["workdir"] == ("/app", "Dockerfile:5")
    assert found["ports"] == (["8000/tcp", "9000/udp", "9001/udp"], "Dockerfile:7")
    assert found["command"] == (["tini", "--", "python", "run.py"], "Dockerfile:8, Dockerfile:9")
    assert found["ready_timeout_s"] == (30, "default")


def test_what_is_written_down_wins_and_says_where(folder: Path) -> None:
    """Tables entry by entry: an argument of the command line stands beside configured ones."""
    (folder / "pyproject.toml").write_text(
        '[project]\nname = "fine-shop"\n[tool.hullproof]\nuser = "10001"\nports = [80]\nready = "/healthz"\n'
        'env = { TOKEN = "x" }\nbuild_args = { V = "1", W = "2" }\n'
        'accept = [{ practice = "ownership", reason = "why", until = 2027-01-31 }]\n'
    )
    found = settings(folder, V="3")
    assert found["name"] == ("fine-shop", "pyproject.toml [project]")
    assert found["user"] == ("10001", SECTION)
    assert found["ports"] == (["80/tcp"], SECTION)
    assert found["ready"] == ("/healthz", SECTION)
    assert found["env.TOKEN"] == ("x", SECTION)
    assert found["build_args.V"] == ("3", "--build-arg")
    assert found["build_args.W"] == ("2", SECTION)
    assert found["accept"] == (
        [{"practice": "ownership", "reason": "why", "until": "2027-01-31"}],
        SECTION,
    )


def test_a_stage_for_development_is_passed_over_and_that_is_said(folder: Path) -> None:
    """Whoever wonders which stage is judged finds it here."""
    (folder / "Dockerfile").write_text("FROM scratch AS release\nFROM release AS dev\n")
    assert settings(folder)["target"] == ("release", "Dockerfile:1, the last that is not for development")


def test_what_nobody_says_is_the_base_images(folder: Path) -> None:
    """User, directory, ports and command."""
    (folder / "Dockerfile").write_text("FROM python:3.11-slim\n")
    found = settings(folder)
    assert {found[name] for name in ("user", "workdir", "ports", "command")} == {(None, "the base image's")}
    assert found["test_target"] == (None, "no stage runs a test runner")


def test_every_setting_is_told(folder: Path) -> None:
    """Each key that may be written is in the table, with its entries where it is one."""
    (folder / "hullproof.toml").write_text(
        'env = { A = "" }\nbuild_args = { A = "" }\nsecrets = { a = "Dockerfile" }\ncontexts = { a = "b" }\n'
    )
    (folder / "b").mkdir()
    told = {name.partition(".")[0] for name in settings(folder)}
    assert told == {"name", *Config.__dataclass_fields__}


def test_the_command_shows_a_table_or_json(command: Command, folder: Path) -> None:
    """For people and for programs."""
    code, out, _ = command("config", str(folder), "--build-arg", "V=3")
    assert code == 0
    assert 'build_args.V     "3"' in out
    code, out, _ = command("config", str(folder), "--json")
    assert json.loads(out)["user"] == {"value": "app", "source": "Dockerfile:6"}


def test_the_command_shows_another_dockerfile(command: Command, folder: Path) -> None:
    """The one that `prove --dockerfile` would read, and that it was asked for."""
    (folder / "Other.Dockerfile").write_text("FROM python:3.12-slim\nUSER other\n")
    code, out, _ = command("config", str(folder), "--dockerfile", "Other.Dockerfile", "--json")
    assert code == 0
    told = json.loads(out)
    assert told["dockerfile"] == {"value": "Other.Dockerfile", "source": "--dockerfile"}
    assert told["user"] == {"value": "other", "source": "Other.Dockerfile:2"}


def test_no_line_is_wider_than_the_screen(folder: Path) -> None:
    """Long values are folded, and odd characters shown."""
    (folder / "hullproof.toml").write_text(f'env = {{ A = "{"long " * 40}\\u001b[31m" }}\n')
    text = as_text(in_force(Project.open(folder)), 60)
    assert max(len(line) for line in text.splitlines()) <= 60
    assert "\x1b" not in text
