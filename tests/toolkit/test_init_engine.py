"""What init writes is proven on a real engine at once: all eleven practices, for projects of several kinds."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from .conftest import Command
from .init.conftest import PROJECTS

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
