"""Stands for the plugin's workspace, which needs an engine: verdicts come from a table, and what was asked is noted."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from datetime import date, datetime, timezone
from pathlib import Path

import pytest

from hullproof.errors import EngineError
from hullproof.facts import BuildFacts, Failure, Step
from hullproof.model import (
    Acceptance,
    Evidence,
    ImageInfo,
    ProjectInfo,
    Proof,
    Report,
    Verdict,
)
from hullproof.practices import Practice
from hullproof.pytest_plugin import workspace
from hullproof.pytest_plugin.outcomes import Outcome
from hullproof.runner.progress import explain_failure

FOLDER = "HULLPROOF_STUB"
"""The environment variable that names the folder with the table, where the notes go, too."""

_STEP = Step("[2/2] RUN make", None, 2, "RUN make", log=("one", "make: no rule"), error="exit code: 2")
_FAILURE = Failure("Dockerfile:2", "make: no rule", output=_STEP.log)
_BUILD = BuildFacts(
    ok=False, steps=(_STEP,), duration_s=1.0, error="exit code: 2", failed_step=_STEP, failure=_FAILURE
)


class StubWorkspace(workspace.Workspace):
    """A workspace that knows all verdicts."""

    def begin(self, practices: Sequence[Practice], *, at_once: bool) -> None:
        """Note for how many, and whether at once."""
        self._note(f"begin {len(practices)} {'at once' if at_once else 'one by one'}")

    def judge(self, practice: Practice) -> Proof:
        """Look the verdict up: verdict, summary, and with an acceptance its reason and whether it has expired."""
        self._note(practice.id)
        verdict, summary, *more = self._table().get(practice.id, ["proven", "It is so."])
        if verdict == "gone":
            raise EngineError(summary)
        proof = Proof(
            practice.id,
            "guide",
            practice.title,
            Verdict(verdict),
            summary,
            (Evidence("dockerfile", "Dockerfile:2", "WORKDIR /app"),),
            remedy="Do better." if verdict == "broken" else None,
            accepted=Acceptance(more[0], date(2026, 12, 31), expired=bool(more[1])) if more else None,
        )
        self.prover.proofs[practice.id] = proof
        return proof

    def build_failure(self) -> list[str]:
        """Explain a failure where the table says that there is one, once."""
        if self._is_failure_told or "build" not in self._table():
            return []
        self._is_failure_told = True
        return explain_failure(_BUILD)

    def outcome(self, asked: tuple[str, ...]) -> Outcome:
        """Sum up, with an image of its own."""
        image = ImageInfo(
            "sha256:" + "ab" * 32, None, 10**8, "python:3.11-slim", base_is_stand_in=True, base_note="alike"
        )
        started = datetime(2026, 11, 23, tzinfo=timezone.utc)
        project = ProjectInfo(self.project.name, "Dockerfile")
        report = Report(project, image, None, "0.1.0", started, 1.0, tuple(self.prover.proofs.values()))
        return Outcome(image, report, asked, ("mind the acceptance",))

    def _table(self) -> dict[str, list[str]]:
        table: dict[str, list[str]] = json.loads(Path(os.environ[FOLDER], "table.json").read_text("utf-8"))
        return table

    def _note(self, line: str) -> None:
        with Path(os.environ[FOLDER], "asked.txt").open("a", encoding="utf-8") as notes:
            notes.write(line + "\n")


def set_up(config: pytest.Config) -> StubWorkspace:
    """Return it in the place of a workspace with an engine."""
    return StubWorkspace(workspace.open_project(config), None, None, None, experiments=True)  # type: ignore[arg-type] # neither engine nor run
