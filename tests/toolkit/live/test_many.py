"""Several projects in one command: one report, errors that harm no other, and what has not changed costs nothing again."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from hullproof.runner.keys import FOLDER

from ..conftest import Command
from ..shop import APPLICATION, SMALL_DOCKERFILE

pytestmark = pytest.mark.engine

ONLY = "--only=non-root-user,expose,default-command"


@pytest.fixture
def services(tmp_path: Path) -> Path:
    """Three projects that serve, one whose build fails, and what else lies beside them."""
    folder = tmp_path / "services"
    for name in ("api", "bad", "web", "worker"):
        (folder / name).mkdir(parents=True)
        (folder / name / "Dockerfile").write_text(SMALL_DOCKERFILE)
        (folder / name / "run.py").write_text(f"{APPLICATION}# {tmp_path} {name}\n")
    (folder / "bad" / "run.py").unlink()
    (folder / "common").mkdir()
    (folder / "README.md").write_text("Services.\n")
    return folder


@pytest.fixture
def proven(
    command: Command, services: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[[], tuple[int, dict[str, Any]]]:
    """Prove them all, as somebody does whose facts are kept; return the exit code and the document."""
    monkeypatch.setenv(FOLDER, str(services.parent / "facts"))

    def prove() -> tuple[int, dict[str, Any]]:
        folders = [str(each) for each in sorted(services.iterdir())]
        code, out, err = command("prove", *folders, ONLY, "--format=json", "--jobs=2")
        assert out, err
        return code, json.loads(out)

    return prove


@pytest.mark.usefixtures("python_base")
def test_one_change_costs_one_project(
    proven: Callable[[], tuple[int, dict[str, Any]]], services: Path
) -> None:
    """All are in one document, whatever becomes of the others; the second time the one that changed is observed."""
    code, first = proven()
    assert code == 2  # two of them are no projects
    assert {each["project"]["name"]: each["verdict"] for each in first["reports"]} == {
        "api": "proven",
        "bad": "unproven",
        "web": "proven",
        "worker": "proven",
    }
    assert {each["project"] for each in first["errors"]} == {"README.md", "common"}
    (services / "web" / "run.py").write_text(f"{APPLICATION}# another {services}\n")
    _, second = proven()
    seen = {
        each["project"]["name"]: {proof["observed_at"] is None for proof in each["proofs"]}
        for each in second["reports"]
    }
    assert (seen["api"], seen["web"], seen["worker"]) == ({False}, {True}, {False})
