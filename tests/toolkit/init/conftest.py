"""Projects made of a few files, and what init sees in them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from hullproof.init.look import look
from hullproof.init.model import Choices, Findings

collect_ignore = ["projects"]

PROJECTS = Path(__file__).parent / "projects"

Make = Callable[..., Path]
See = Callable[..., Findings]
Command = Callable[..., tuple[int, str, str]]
"""As in the conftest above: takes arguments; returns exit code, stdout and stderr."""

FLASK = "from flask import Flask\n\napp = Flask(__name__)\n"


@pytest.fixture(autouse=True)
def released(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take Hullproof for what it is after a release: installed from an index."""
    monkeypatch.setattr("hullproof.init.look.own_requirement", lambda extra: f"hullproof[{extra}]==1.2")


@pytest.fixture
def make(tmp_path: Path) -> Make:
    """Make a project of files, each by its path."""

    def made(files: dict[str, str]) -> Path:
        folder = tmp_path / "project"
        for path, text in files.items():
            target = folder / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text)
        return folder

    return made


@pytest.fixture
def see(make: Make) -> See:
    """Make a project, and return what init sees in it."""

    def seen(files: dict[str, str], **choices: object) -> Findings:
        return look(make(files), Choices(**choices))  # type: ignore[arg-type] # of a test's own

    return seen


def said(findings: Findings, kind: str) -> list[str]:
    """Return the texts of the remarks of one kind."""
    return [remark.text for remark in findings.remarks if remark.kind == kind]
