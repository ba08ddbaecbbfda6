"""What init writes is proven on a real engine at once: all eleven practices, for projects of several kinds."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from ..conftest import Command
from ..init.conftest import PROJECTS

pytestmark = [pytest.mark.engine, pytest.mark.slow]


@pytest.mark.parametrize("kind", sorted(each.name for each in PROJECTS.iterdir()))
def test_all_eleven_are_proven_with_no_edit(
    command: Command, python_base: str, tmp_path: Path, kind: str
) -> None:
    """Requirements in a file and in a folder, uv, Poetry, a list in pyproject.toml; Flask, FastAPI, Django."""
    assert python_base
    folder = Path(shutil.copytree(PROJECTS / kind, tmp_path / kind))
    code, _, err = command("init", str(folder), "--python", "3.11")
    assert code == 0, err
    written = tmp_path / "report.json"
    code, _, err = command("prove", str(folder), "--output", str(written))
    report = json.loads(written.read_text())
    verdicts = {proof["id"]: proof["verdict"] for proof in report["proofs"]}
    told = {proof["id"]: proof["summary"] for proof in report["proofs"] if proof["verdict"] != "proven"}
    assert not told, (report.get("build_error"), err)
    assert (code, len(verdicts)) == (0, 11)


def test_the_written_tests_pass_and_the_written_noxfile_has_its_sessions(
    command: Command, python_base: str, tmp_path: Path
) -> None:
    """As the person would run them next."""
    assert python_base
    folder = Path(shutil.copytree(PROJECTS / "flask-requirements", tmp_path / "shop"))
    assert command("init", str(folder))[0] == 0
    own = {
        name: value for name, value in os.environ.items() if name not in ("HULLPROOF_IMAGE", "PYTEST_ADDOPTS")
    }
    for words, expected in (
        (["pytest", "tests/container", "--hullproof-require-engine"], ["3 passed"]),
        (["nox", "--script-mode=none", "-l"], ["* lint", "* build", "* unit", "* container", "* prove"]),
    ):
        run = [sys.executable, "-m", *words]
        done = subprocess.run(run, cwd=folder, env=own, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        assert all(each in done.stdout for each in expected), done.stdout
