"""Dockerfiles rewritten so that no other build can take what theirs leaves in the cache."""

from __future__ import annotations

from pathlib import Path

import pytest

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


@pytest.mark.parametrize("character", ["\f", "\v", "\x1c", "\u2028", "\x85"])
def test_a_line_ends_where_the_builder_ends_it(tmp_path: Path, character: str) -> None:
    """And at nothing else that Python takes for the end of a line: the mark would stand elsewhere."""
    (tmp_path / "Dockerfile").write_text(f"# one{character}line\nFROM scratch\nCOPY a /a\n")
    (tmp_path / "scratch").mkdir()
    made = private(Recipe(Project.open(tmp_path), "run"), tmp_path / "scratch")
    assert made.dockerfile is not None
    lines = made.dockerfile.read_text().split("\n")
    assert lines[1] == "FROM scratch"
    assert lines[2].endswith(MARK)


def test_the_ignore_file_of_a_dockerfile_outside_its_context_comes_along(tmp_path: Path) -> None:
    """It lies beside the Dockerfile: without it the builder would be given what it keeps from it."""
    (tmp_path / "app").mkdir()
    (tmp_path / "scratch").mkdir()
    (tmp_path / "hullproof.toml").write_text('context = "app"\n')
    (tmp_path / "Dockerfile").write_text("FROM scratch\nCOPY . /\n")
    (tmp_path / "Dockerfile.dockerignore").write_text("secret\n")
    made = private(Recipe(Project.open(tmp_path), "run"), tmp_path / "scratch")
    assert made.dockerfile is not None
    assert made.dockerfile.with_name("Dockerfile.dockerignore").read_text() == "secret\n"


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
