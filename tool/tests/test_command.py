"""The installed command, as the release will have it: it starts, and every part of the package is there."""

from __future__ import annotations

import subprocess
from pathlib import Path


def hullproof(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the command."""
    return subprocess.run(["hullproof", *arguments], capture_output=True, text=True, check=False)


def test_it_explains_what_it_proves() -> None:
    """Texts and templates are in the wheel."""
    assert "Proven by" in hullproof("explain", "test-gate").stdout


def test_it_writes_a_project(tmp_path: Path) -> None:
    """What `init` needs is there, too."""
    (tmp_path / "requirements.txt").write_text("")
    (tmp_path / "main.py").write_text("import time\ntime.sleep(99)\n")
    done = hullproof("init", "--dry-run", "--entry", "main.py", str(tmp_path))
    assert done.returncode == 0, done.stderr


def test_without_an_engine_it_says_so(tmp_path: Path) -> None:
    """In one line, with the exit code for surroundings."""
    (tmp_path / "Dockerfile").write_text("FROM python:3.13-slim\n")
    done = hullproof("prove", str(tmp_path))
    assert (done.returncode, len(done.stderr.splitlines())) == (3, 1), done.stderr
