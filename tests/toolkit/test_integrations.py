"""What others run of us by name: the pre-commit hook, the GitHub action and the GitLab job say what the command takes."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import click
import pytest
import yaml

from hullproof.cli.prove import prove

REPOSITORY = Path(__file__).parents[2]


def read(path: str) -> Any:  # noqa: ANN401 - any YAML
    """Read a file of ours."""
    return yaml.safe_load((REPOSITORY / path).read_text("utf-8"))


def given(words: list[str]) -> dict[str, Any]:
    """Parse arguments as `hullproof prove` does, without proving anything. Raises click's errors."""
    with prove.make_context("prove", words) as context:
        return context.params


def test_the_hook_runs_a_command_that_there_is() -> None:
    """Before a push, once, without the names of files."""
    (hook,) = read(".pre-commit-hooks.yaml")
    assert shlex.split(hook["entry"]) == ["hullproof", "prove"]
    assert given(hook["args"])["no_experiments"]
    assert (hook["language"], hook["pass_filenames"], hook["stages"]) == (
        "python",
        False,
        ["pre-push", "manual"],
    )


@pytest.mark.parametrize(
    ("arguments", "more"),
    [
        ("", []),
        ("--build-arg PYTHON_VERSION=3.13 --offline", ["--build-arg", "PYTHON_VERSION=3.13", "--offline"]),
    ],
)
def test_the_action_proves_with_what_it_is_given(tmp_path: Path, arguments: str, more: list[str]) -> None:
    """Its one step, run by bash as a runner does: annotations, summary and SARIF, and nothing is code but the script."""
    action = read("action.yml")
    (step,) = action["runs"]["steps"]
    assert "${{" not in step["run"]
    tool = tmp_path / "pipx"
    tool.write_text(f"#!{sys.executable}\nimport sys\nprint(*sys.argv[1:], sep='\\n')\n")
    tool.chmod(0o755)
    env = {
        "PATH": f"{tmp_path}:{os.environ['PATH']}",
        "GITHUB_ACTION_PATH": "/action",
        "GITHUB_STEP_SUMMARY": "/tmp/summary of it",
        "ARGUMENTS": arguments,
        "PROJECT": "$(touch pwned) `x`",
        "SARIF": "hullproof.sarif",
    }
    assert set(step["env"]) <= set(env)
    done = subprocess.run(
        ["bash", "-e", "-c", step["run"]], env=env, cwd=tmp_path, capture_output=True, text=True, check=True
    )
    words = done.stdout.splitlines()
    assert words[:5] == ["run", "--spec", "/action", "hullproof", "prove"]
    assert words[5 : 5 + len(more)] == more
    parsed = given(words[5:])
    assert parsed["formats"] == ("github",)
    assert parsed["outputs"] == ("markdown:/tmp/summary of it", "sarif:hullproof.sarif")
    assert parsed["folders"] == (Path("$(touch pwned) `x`"),)
    assert [each.name for each in tmp_path.iterdir()] == ["pipx"]


def test_the_gitlab_job_runs_a_command_that_there_is() -> None:
    """It leaves what it keeps."""
    (job,) = read("docs/examples/gitlab-ci.yaml").values()
    (script,) = job["script"]
    words = shlex.split(script)
    assert words[:4] == ["pipx", "run", "hullproof", "prove"]
    outputs = given(words[4:])["outputs"]
    assert outputs == (f"junit:{job['artifacts']['reports']['junit']}", *job["artifacts"]["paths"])


def test_unknown_options_would_be_found() -> None:
    """The tests above ask the command itself."""
    with pytest.raises(click.NoSuchOption):
        given(["--no-such"])
