"""When a rebuild after an edit tells enough to be ended, from the steps as BuildKit names them bit by bit."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from hullproof.facts import BuildFacts, InstallStep, Step
from hullproof.lab import edits
from hullproof.lab.application import Choice
from hullproof.lab.installing import Candidate
from hullproof.project.project import Project

REQUIREMENTS = "requirements.txt"
WORKDIR, INSTALL, COPY = 3, 6, 11


def step(line: int, *, ran: bool = False, cached: bool = False) -> Step:
    """Make a step of the Dockerfile as it stands at one moment."""
    return Step(f"[x] line {line}", stage="x", line=line, cached=cached, started=ran)


def replayed(monkeypatch: pytest.MonkeyPatch, moments: list[list[Step]]) -> None:
    """Let every rebuild go through these moments, until it is ended or done."""

    def rebuild(*_arguments: Any, stop_when: Any) -> BuildFacts:  # noqa: ANN401 - the engine is never looked at
        for moment in moments:
            if stop_when(tuple(moment)):
                return BuildFacts(ok=False, steps=tuple(moment), duration_s=0.1, stopped_early=True)
        return BuildFacts(ok=True, steps=tuple(moments[-1]), duration_s=0.1)

    monkeypatch.setattr(edits, "rebuild", rebuild)


@pytest.fixture
def editor(tmp_path: Path) -> edits.Editor:
    """An editor of a project with one installing step, which everything is copied in front of."""
    return editor_of(tmp_path, ".")


def editor_of(folder: Path, copied: str) -> edits.Editor:
    """Make an editor of a project that copies this in front of its installing step."""
    (folder / REQUIREMENTS).write_text("flask\n")
    (folder / "app.py").write_text("")
    lines = ["FROM x", "", "WORKDIR /a", f"COPY {copied} ./", "", f"RUN pip install -r {REQUIREMENTS}"]
    (folder / "Dockerfile").write_text("\n".join([*lines, "", "", "", "", "COPY app.py ./", ""]))
    installing = (Candidate(InstallStep(INSTALL, "RUN pip install", "x", (REQUIREMENTS,))),)
    recipe = cast("Any", SimpleNamespace(project=Project.open(folder)))
    return edits.Editor(cast("Any", None), recipe, folder, installing, frozenset())


def test_step_that_is_not_named_yet_is_waited_for(
    monkeypatch: pytest.MonkeyPatch, editor: edits.Editor
) -> None:
    """The installing step may be named after others: its absence so far tells nothing."""
    early = [step(WORKDIR)]
    later = [step(WORKDIR, cached=True), step(INSTALL)]
    end = [step(WORKDIR, cached=True), step(INSTALL, ran=True), step(COPY)]
    replayed(monkeypatch, [early, later, end])
    assert editor.requirements(REQUIREMENTS).installs == {INSTALL: "ran"}


def test_edit_that_took_effect_elsewhere_is_not_enough(
    monkeypatch: pytest.MonkeyPatch, editor: edits.Editor
) -> None:
    """An application's own step that runs while the installing step is not named yet tells nothing of that."""
    early = [step(COPY, ran=True)]
    end = [step(COPY, ran=True), step(INSTALL, ran=True)]
    replayed(monkeypatch, [early, end])
    choice = Choice(main="app.py")
    assert editor.application(choice).installs == {INSTALL: "ran"}


def test_step_that_the_edit_cannot_get_into_is_forgotten_by_the_cache_alone(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A full or busy cache lets results go: what runs again for that is not accused, and the rebuild goes on."""
    first = [step(INSTALL, ran=True)]
    end = [step(INSTALL, ran=True), step(COPY, ran=True)]
    replayed(monkeypatch, [first, end])
    outcome = editor_of(tmp_path, REQUIREMENTS).application(Choice(main="app.py"))
    assert outcome.installs == {INSTALL: "forgotten"}
    assert outcome.other_steps_ran == (COPY,)


def test_step_of_a_finished_build_that_was_never_named_is_not_built(
    monkeypatch: pytest.MonkeyPatch, editor: edits.Editor
) -> None:
    """At the end, what was never named is no part of the release's build."""
    replayed(monkeypatch, [[step(WORKDIR, cached=True)]])
    assert editor.requirements(REQUIREMENTS).installs == {INSTALL: "not-built"}


def test_file_that_no_step_takes_is_edited_to_no_effect(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A here-document writes one of its name: the project's own is not in the scratch copy, and the step stays cached."""
    editor = editor_of(tmp_path, REQUIREMENTS)
    (tmp_path / REQUIREMENTS).unlink()
    replayed(monkeypatch, [[step(INSTALL, cached=True)]])
    outcome = editor.requirements(REQUIREMENTS)
    assert (outcome.installs, outcome.confirmed) == ({INSTALL: "cached"}, True)
    assert not (tmp_path / REQUIREMENTS).exists()
