"""What a hostile project's own files can do to a command: nothing but make it end with one line."""

from __future__ import annotations

import contextlib
import os
import time
from pathlib import Path

import pytest

from hullproof.cli.config import as_json_text, as_text, in_force
from hullproof.cli.init import write_missing
from hullproof.errors import UsageError
from hullproof.init.model import Choices
from hullproof.lab import installed
from hullproof.options import pairs
from hullproof.project import suites
from hullproof.project.project import Project

from .conftest import Command

SECRET = "a line of the host's"
READ_BY_ALL = ("Dockerfile", ".dockerignore", "Dockerfile.dockerignore", "pyproject.toml", "hullproof.toml")
READ_BY_INIT = (
    ".python-version",
    "requirements.txt",
    "uv.lock",
    "Procfile",
    "setup.cfg",
    "noxfile.py",
    "main.py",
)
COMMANDS = (("prove",), ("build", "--check"), ("config",))


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project, beside something of the host's; there is no engine."""
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/no-engine")
    (tmp_path / "outside").write_text(f"{SECRET}\n")
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "Dockerfile").write_text("FROM python:3.11-slim\nCOPY . /app\nCMD python /app/app.py\n")
    (folder / "app.py").write_text("from flask import Flask\napp = Flask(__name__)\n")
    (folder / "requirements.txt").write_text("flask==3.1.2\n")
    return folder


def put(path: Path, kind: str) -> None:
    """Put something that is no file of the project in a file's place."""
    path.unlink(missing_ok=True)
    if kind == "fifo":
        os.mkfifo(path)
    elif kind == "endless":
        path.touch()
        os.truncate(path, 1 << 42)
    else:
        path.symlink_to({"device": "/dev/zero", "outside": "../outside", "circle": path.name}[kind])


# --- files that are none -----------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["fifo", "device", "endless", "outside", "circle"])
@pytest.mark.parametrize("name", READ_BY_ALL)
def test_what_is_no_file_of_the_project_ends_a_command(
    command: Command, project: Path, name: str, kind: str
) -> None:
    """At once, with one line that names it, and nothing of what is behind it."""
    put(project / name, kind)
    for arguments in COMMANDS:
        started = time.monotonic()
        code, out, told = command(*arguments, str(project))
        assert (code, out, len(told.splitlines())) == (2, "", 1)
        assert name in told
        assert SECRET not in told
        assert time.monotonic() - started < 10


@pytest.mark.parametrize("kind", ["fifo", "device", "endless", "outside", "circle"])
@pytest.mark.parametrize("name", [*READ_BY_ALL, *READ_BY_INIT])
def test_init_takes_no_such_thing_for_a_file(command: Command, project: Path, name: str, kind: str) -> None:
    """It ends with one line, or passes it over; nothing of the host's is in its patch."""
    put(project / name, kind)
    started = time.monotonic()
    code, out, told = command("init", "--dry-run", str(project))
    assert code == 0 or (code == 2 and name in told.splitlines()[-1])
    assert SECRET not in out + told
    assert time.monotonic() - started < 20


# --- settings ----------------------------------------------------------------------------------------

VALUES = {
    "nested": "[" * 400 + "]" * 400,
    "nested too deeply": "[" * 100_000 + "]" * 100_000,
    "tables in tables": "{a=" * 300 + "1" + "}" * 300,
    "tables in a list": "[" * 400 + "{a=1}" + "]" * 400,
    "long": f"'{'x' * 500_000}'",
    "hexadecimal": f"0x{'f' * 100_000}",
    "decimal": "9" * 4_000,
    "too many digits": "9" * 5_000,
    "no number": "nan",
    "infinite": "inf",
    "large": "1e308",
    "negative": "-1",
    "NUL": r'"a\u0000b"',
    "line end": r'"a\nb"',
    "turned round": r'"\uFFFF\u202e"',
    "many": "[" + "'x'," * 5_000 + "]",
    "many named": "{" + ",".join(f"k{number}='v'" for number in range(500)) + "}",
    "mixed": "[1, 'a', {}, [], nan]",
    "day": "2020-01-01",
    "hour": "10:00:00",
    "NUL in a list": r'["a\u0000b"]',
    "NUL in a name": r'{"a\u0000" = "b"}',
    "NUL in a table": r'{"a" = "b\u0000"}',
    "long in a table": f"{{a = '{'x' * 200_000}'}}",
    "versions": "'^99999999999999999999999999.1'",
    "version of many digits": f"'~{'9' * 4_500}.1'",
}
TABLES = {
    "tool.hullproof": (
        *("dockerfile", "target", "test_target", "ready", "ready_timeout_s", "env", "build_args", "secrets"),
        *("user", "workdir", "ports", "command", "max_size_mb", "compose", "services", "accept", "unknown"),
    ),
    "project": ("name", "requires-python", "dependencies", "optional-dependencies", "dynamic", "scripts"),
    "tool.poetry": ("name", "dependencies", "group", "dev-dependencies"),
    "tool.poetry.dependencies": ("python", "flask"),
    "tool.pytest.ini_options": ("python_files", "testpaths", "addopts"),
    "tool": ("pytest", "poetry", "hullproof", "uv"),
    "tool.uv": ("dev-dependencies",),
    "dependency-groups": ("dev",),
    "build-system": ("requires", "build-backend"),
}


def read_all(folder: Path) -> None:
    """Read a project in all ways that need no engine."""
    suites.find(folder)
    installed.own_names(folder)
    settings = in_force(Project.open(folder))
    as_json_text(settings)
    as_text(settings, 80)


@pytest.mark.parametrize("value", VALUES)
@pytest.mark.parametrize("table", TABLES)
def test_no_value_in_any_table_is_more_than_wrong_usage(project: Path, table: str, value: str) -> None:
    """However large, deep or odd it is: it is taken, or named in one line."""
    for key in TABLES[table]:
        (project / "pyproject.toml").write_text(f"[{table}]\n{key} = {VALUES[value]}\n")
        with contextlib.suppress(UsageError):  # which is one line, whatever it quotes
            read_all(project)
        with contextlib.suppress(UsageError):
            write_missing(project, Choices(None, None, None), force=False, dry_run=True)


@pytest.mark.parametrize("value", ["1e308", "86_401", f"0x{'f' * 100_000}"])
@pytest.mark.parametrize("key", ["ready_timeout_s", "max_size_mb"])
def test_numbers_have_a_range(command: Command, project: Path, key: str, value: str) -> None:
    """Which the message names; no clock takes every number that TOML has."""
    (project / "hullproof.toml").write_text(f"{key} = {value}\n")
    code, _, told = command("config", str(project))
    assert code == (0 if (key, value) == ("max_size_mb", "86_401") else 2)
    assert code == 0 or "must be a number above 0, up to " in told


def test_groups_that_include_each_other_are_read_once(command: Command, project: Path) -> None:
    """A chain of them is no matter of depth, and a fork in each of no more than their number."""
    groups = "\n".join(
        f"g{number} = [{{include-group = 'g{number + 1}'}}, {{include-group = 'g{number + 1}'}}, 'flask']"
        for number in range(1_000)
    )
    (project / "pyproject.toml").write_text(f"[dependency-groups]\n{groups}\n")
    code, _, told = command("init", "--dry-run", str(project))
    assert code == 0, told


def test_requirements_that_name_each_other_are_read_once(command: Command, project: Path) -> None:
    """A chain of files is no matter of depth either."""
    for number in range(1_100):
        text = f"-r requirements-{number + 1}.txt\n-r requirements.txt\n" if number < 1_099 else "flask\n"
        (project / (f"requirements-{number}.txt" if number else "requirements.txt")).write_text(text)
    code, _, told = command("init", "--dry-run", str(project))
    assert code == 0, told
    assert installed.own_names(project) == frozenset()


def test_code_that_is_nested_deeply_is_passed_over(command: Command, project: Path) -> None:
    """By init, which reads the code; Python itself reads it."""
    (project / "settings.py").write_text(
        f"from pydantic_settings import BaseSettings\nclass S(BaseSettings):\n    x: int = {'1+' * 5_000}1\n"
    )
    code, _, told = command("init", "--dry-run", str(project))
    assert code == 0, told


# --- arguments ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["a\0b", "x" * 5_000, "a/" * 5_000])
@pytest.mark.parametrize(
    "arguments",
    [
        ("prove", "{}"),
        ("build", "--check", "{}"),
        ("config", "{}"),
        ("init", "{}"),
        ("prove", "--output", "{}.json"),
        ("prove", "--output", "json:{}"),
        ("build", "--metadata", "{}"),
        ("prove", "--dockerfile", "{}"),
    ],
)
def test_an_argument_that_is_no_path_is_wrong_usage(
    command: Command, project: Path, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...], path: str
) -> None:
    """With a NUL, or longer than any system's."""
    monkeypatch.chdir(project)
    code, out, told = command(*(each.format(path) for each in arguments))
    assert (code, out, len(told.splitlines())) == (2, "", 1)
    assert len(told) < 2_500


def test_a_link_that_leads_round_in_a_circle_is_no_project(command: Command, project: Path) -> None:
    """Older Pythons raise another error for it."""
    (project / "circle").symlink_to("circle")
    for arguments in (*COMMANDS, ("init",)):
        code, _, told = command(*arguments, str(project / "circle"))
        assert (code, len(told.splitlines())) == (2, 1)


def test_a_build_argument_has_no_nul() -> None:
    """No program could be given it."""
    with pytest.raises(ValueError, match="must be NAME=VALUE"):
        pairs(["A=a\0b"])
