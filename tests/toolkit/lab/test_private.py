"""Dockerfiles rewritten so that no other build can take what theirs leaves in the cache."""

from __future__ import annotations

from pathlib import Path

from hullproof.lab.private import MARK, private, with_own_mounts
from hullproof.lab.recipe import Recipe
from hullproof.project.project import Project

DOCKERFILE = """\
# syntax=docker/dockerfile:1
FROM python:3.11-slim \\
    AS deps
RUN --mount=type=cache,target=/root/.cache/pip \\
    --mount=type=cache,id=apt,target=/var/cache/apt pip install flask
FROM deps AS test
RUN --mount=type=cache,target=/kept python -m pytest

FROM scratch
COPY --link --from=deps /venv /venv
COPY --from=test /passed /
"""


def rewritten(folder: Path, lines: set[int] | None = None) -> tuple[Recipe, str]:
    """Rewrite the Dockerfile, for a private build or for steps with mounts of their own."""
    project, scratch = folder / "project", folder / "scratch"
    project.mkdir()
    scratch.mkdir()
    (project / "Dockerfile").write_text(DOCKERFILE)
    recipe = Recipe(Project.open(project), "run")
    made = private(recipe, scratch) if lines is None else with_own_mounts(recipe, scratch, lines)
    return made, made.dockerfile.read_text() if made.dockerfile else ""


def test_each_stage_that_starts_from_outside_gets_a_mark(tmp_path: Path) -> None:
    """A stage that starts from another has it from there; what would not be looked up with it loses its --link."""
    recipe, text = rewritten(tmp_path)
    lines = text.splitlines()
    marks = [at for at, line in enumerate(lines) if line.endswith(MARK)]
    assert [lines[at - 1] for at in marks] == ["    AS deps", "FROM scratch"]
    assert "--link" not in text
    assert "COPY --from=deps /venv /venv" in text
    name = next(name for name in recipe.build_contexts if name in lines[marks[0]])
    assert Path(recipe.build_contexts[name], "mark").read_text()


def test_all_cache_mounts_of_a_private_build_are_its_own(tmp_path: Path) -> None:
    """By a name that no other has; what goes by its target keeps that in its name."""
    _, text = rewritten(tmp_path)
    assert "id=apt," not in text
    assert text.count("type=cache") == 3
    assert "-/root/.cache/pip" in text
    assert "-apt," in text


def test_only_the_steps_that_are_named_get_mounts_of_their_own(tmp_path: Path) -> None:
    """The rest of the file stays as it is, line by line, and steps are traced to what is written now."""
    recipe, text = rewritten(tmp_path, {7})
    differing = [
        at
        for at, pair in enumerate(zip(DOCKERFILE.splitlines(), text.splitlines(), strict=True), 1)
        if len(set(pair)) > 1
    ]
    assert differing == [7]
    assert recipe.instructions is not None
    assert (7, text.splitlines()[6]) in recipe.instructions["test"]


def test_without_cache_mounts_nothing_is_rewritten(tmp_path: Path) -> None:
    """The project's own Dockerfile is built."""
    recipe, _ = rewritten(tmp_path, {10})
    assert recipe.dockerfile is None
