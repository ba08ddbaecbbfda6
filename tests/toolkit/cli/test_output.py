"""What the commands print of a hostile project: nothing that a terminal, a CI service or a reader would fall for."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from hullproof.events import Steps
from hullproof.facts import BuildFacts, Failure, Step
from hullproof.runner.progress import Lines, explain_failure
from hullproof.terminal import say

from ..conftest import Command
from ..hostile import COMMANDS, MARKS, TEXTS, assert_harmless
from .test_build_lines import step

FOLDER = "##[error]shop \u202egnp"
VALID = MARKS.replace("\0", "").replace("\udcff", "")
DOCKERFILE = f'FROM python:3.11-slim AS release\n# {VALID}\nCMD ["{COMMANDS[0]}", "{COMMANDS[7]}"]\n'


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project that is hostile in its folder's name, its files and its settings; there is no engine."""
    folder = tmp_path / "::warning::x" / FOLDER
    folder.mkdir(parents=True)
    folder.joinpath("Dockerfile").write_text(DOCKERFILE, "utf-8")
    folder.joinpath("app.py").write_text("import flask\napp = flask.Flask(__name__)\n", "utf-8")
    folder.joinpath("requirements.txt").write_text("flask\ngunicorn\n", "utf-8")
    env = "".join(f"V{number} = {json.dumps(text)}\n" for number, text in enumerate(COMMANDS))
    folder.joinpath("hullproof.toml").write_text(f"[env]\n{env}", "utf-8")
    monkeypatch.chdir(folder)
    monkeypatch.setenv("DOCKER_HOST", f"unix:///nowhere/{COMMANDS[6]}\u202e.sock")
    return folder


ARGUMENTS = [
    ["config"],
    ["config", "--json"],
    ["init"],
    ["init", "--dry-run", "--force"],
    ["init", "--entry", COMMANDS[6]],
    ["explain"],
    ["explain", COMMANDS[0]],
    ["doctor"],
    ["clean"],
    ["build"],
    ["build", "--target", MARKS.replace("\0", "")],
    ["build", "--metadata", f"{COMMANDS[6]}/x"],
    ["prove"],
    ["prove", "--only", COMMANDS[6]],
    ["prove", "--output", f"{COMMANDS[6]}.html/x"],
    ["prove", MARKS.replace("\0", ""), COMMANDS[0]],
    [COMMANDS[0]],
    ["prove", f"--{COMMANDS[6]}"],
]


@pytest.mark.parametrize("arguments", ARGUMENTS, ids=ascii)
def test_no_command_hands_hostile_text_on(command: Command, project: Path, arguments: list[str]) -> None:
    """On neither stream, whatever it is asked; and no mistake is a traceback."""
    assert project.is_dir()
    _, out, err = command(*arguments)
    assert out or err
    assert "Traceback" not in err
    assert_harmless(out, "\n\t")
    assert_harmless(err)


def test_settings_as_json_are_exact(command: Command, project: Path) -> None:
    """Programs read them back to the letter: what would act is escaped as JSON does it."""
    assert project.is_dir()
    _, out, _ = command("config", "--json")
    found = json.loads(out)
    assert found["name"]["value"] == FOLDER
    assert found["env.V0"]["value"] == COMMANDS[0]
    assert found["env.V6"]["value"] == COMMANDS[6]


def test_a_patch_in_a_file_is_exact(project: Path) -> None:
    """What is redirected into a file is for git, which gets every byte; on a screen or a log it is harmless."""
    project.joinpath("Dockerfile").write_text(
        "FROM old\f\u202e\n  ::error::x\n##[group]y\r\n", "utf-8", newline=""
    )
    patch = project / "init.patch"
    with patch.open("wb") as stream:
        subprocess.run(
            [sys.executable, "-m", "hullproof", "init"], stdout=stream, stderr=subprocess.DEVNULL, check=True
        )
    subprocess.run(["git", "apply", "--check", patch.name], check=True)
    shown = subprocess.run([sys.executable, "-m", "hullproof", "init"], capture_output=True, check=True)
    assert_harmless(shown.stdout.decode().replace("\r\n", "\n"), "\n\t")
    assert "note     the patch shows" in shown.stderr.decode()


@pytest.mark.parametrize("text", TEXTS, ids=ascii)
def test_no_line_of_progress_is_a_command(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Of a build, of its failure, of anything that is said."""
    say(text)
    Steps(Lines())((step(f"{text} {text}", cached=True), step(f"RUN {text}", started=True)))
    failed = Step(text, "test", 3, text, error=text, log=(text, text))
    failure = Failure(text, text, text, (text, text), text, text)
    for told in explain_failure(
        BuildFacts(ok=False, steps=(failed,), duration_s=1.0, failed_step=failed, failure=failure)
    ):
        say(told)
    for told in explain_failure(BuildFacts(ok=False, steps=(), duration_s=1.0, failure=failure)):
        say(told)
    assert_harmless(capsys.readouterr().err)
