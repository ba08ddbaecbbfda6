"""A project is read before anything is built: its folder, its configuration, its Dockerfile, its recipe."""

from __future__ import annotations

from pathlib import Path

import pytest

from hullproof.errors import UsageError
from hullproof.lab.recipe import Recipe
from hullproof.project.project import Project

DOCKERFILE = """\
FROM python:3.11-slim AS Deps
COPY requirements.txt .
RUN pip install \\
  -r requirements.txt
FROM deps
EXPOSE 8000
WORKDIR /app
"""


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """A project of two stages, the last without a name."""
    (tmp_path / "Dockerfile").write_text(DOCKERFILE)
    return Project.open(tmp_path)


def test_what_makes_steps_is_listed_by_the_stages_shown_name(project: Project) -> None:
    """As BuildKit shows stages: lower case, numbered where they have no name."""
    table = project.layer_instructions
    assert {name: [line for line, _ in lines] for name, lines in table.items()} == {
        "deps": [1, 2, 3],
        "stage-1": [5, 7],
    }


def test_what_onbuild_brings_makes_steps_of_the_stage_built_on_it(tmp_path: Path) -> None:
    """Before its own, as BuildKit counts them, and in words that BuildKit shows; not of what is built on that again."""
    (tmp_path / "Dockerfile").write_text(
        "FROM x AS a\nONBUILD ENV A=1\nONBUILD COPY r.txt ./\nonbuild \\\n RUN pip install -r r.txt\n"
        "FROM a AS b\nCOPY app app\nFROM b\nRUN b\n"
    )
    assert Project.open(tmp_path).layer_instructions == {
        "a": [(1, "FROM")],
        "b": [(6, "FROM"), (3, "COPY r.txt ./"), (4, "RUN pip install -r r.txt"), (7, "COPY app app")],
        "stage-2": [(8, "FROM"), (9, "RUN b")],
    }


def test_the_only_stage_without_a_name_has_none(tmp_path: Path) -> None:
    """BuildKit shows none for it."""
    (tmp_path / "Dockerfile").write_text("FROM python:3.11-slim\n")
    assert list(Project.open(tmp_path).layer_instructions) == [""]


def test_build_arguments_given_win_over_configured_ones(tmp_path: Path) -> None:
    """And the others stay."""
    (tmp_path / "Dockerfile").write_text("ARG V=1\nFROM python:${V}-slim\n")
    (tmp_path / "hullproof.toml").write_text("build_args = { V = '3.10', W = 'x' }\n")
    assert Project.open(tmp_path, {"V": "3.13"}).build_args == {"V": "3.13", "W": "x"}


def test_a_dockerfile_given_wins_over_the_configured_one(tmp_path: Path) -> None:
    """A project that knows nothing of Hullproof keeps its Dockerfile where it likes, and needs no setting for it."""
    (tmp_path / "docker").mkdir()
    (tmp_path / "docker" / "Dockerfile").write_text("FROM a AS elsewhere\n")
    (tmp_path / "hullproof.toml").write_text("dockerfile = 'none'\n")
    project = Project.open(tmp_path, dockerfile_name="docker/Dockerfile")
    assert project.release.stage.name == "elsewhere"
    assert project.places["dockerfile"] == "--dockerfile"
    request = Recipe(project, owner="").request()
    assert (request.context, request.dockerfile) == (tmp_path, tmp_path / "docker" / "Dockerfile")


def test_where_there_is_no_dockerfile_those_that_lie_elsewhere_are_named(tmp_path: Path) -> None:
    """Under all their usual names; ignore files and code are none."""
    with pytest.raises(UsageError, match="no such file; `hullproof init` writes one, or give the folder"):
        Project.open(tmp_path)
    for name in ("Dockerfile.prod", "docker/api.Dockerfile", "docker/Containerfile", "web/Dockerfile-dev"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("FROM a\n")
    for name in ("Dockerfile.dockerignore", "docker/dockerfile_parser.py"):
        (tmp_path / name).write_text("")
    with pytest.raises(UsageError) as caught:
        Project.open(tmp_path)
    found = "Dockerfile.prod, docker/Containerfile, docker/api.Dockerfile, web/Dockerfile-dev"
    assert f"found {found}: --dockerfile Dockerfile.prod builds it" in str(caught.value)


def test_a_configured_target_is_the_release(tmp_path: Path) -> None:
    """By name, in whatever case; the request names it, and the last needs no naming."""
    (tmp_path / "Dockerfile").write_text("FROM a AS release\nFROM release AS packed\n")
    (tmp_path / "hullproof.toml").write_text("target = 'release'\n")
    recipe = Recipe(Project.open(tmp_path), owner="")
    assert recipe.request().target == "release"
    (tmp_path / "hullproof.toml").write_text("")
    assert Recipe(Project.open(tmp_path), owner="").request().target is None


def test_an_unreadable_dockerfile_is_wrong_usage(tmp_path: Path) -> None:
    """A link to itself, for one."""
    (tmp_path / "Dockerfile").symlink_to("Dockerfile")
    with pytest.raises(UsageError, match="Dockerfile: is a link that leads round in a circle"):
        Project.open(tmp_path)


def test_an_image_of_the_users_belongs_to_no_run(project: Project) -> None:
    """It stays when the run is over."""
    recipe = Recipe(project, owner="x")
    assert recipe.request().owner == "x"
    assert recipe.to_stay().request().owner == ""


def test_a_scratch_copy_is_built_with_its_own_dockerfile(project: Project, tmp_path: Path) -> None:
    """Not with the user's."""
    request = Recipe(project, owner="").request(tmp_path / "copy")
    assert request.dockerfile == tmp_path / "copy" / "Dockerfile"
    assert request.context == tmp_path / "copy"


def test_a_project_is_called_what_its_metadata_say(tmp_path: Path) -> None:
    """Else what its folder is called."""
    folder = tmp_path / "checkout"
    folder.mkdir()
    (folder / "Dockerfile").write_text("FROM a\n")
    assert Project.open(folder).name == "checkout"
    (folder / "pyproject.toml").write_text("[project]\nname = 'shop'\n")
    assert Project.open(folder).name == "shop"


STAGES = """\
FROM a AS base
FROM base AS unit
RUN pytest
FROM base AS integration
RUN pytest integration
FROM base AS release
COPY --from=unit /x /x
"""


@pytest.mark.parametrize(
    ("text", "config", "stage"),
    [
        (STAGES, "", "unit"),
        (STAGES, "test_target = 'Integration'", "integration"),
        (STAGES.replace("COPY", "#"), "", "integration"),
        ("FROM a AS release\n", "", None),
    ],
    ids=["needed", "configured", "needed-by-none", "none"],
)
def test_the_test_stage_is_the_configured_one_or_the_one_that_runs_tests(
    tmp_path: Path, text: str, config: str, stage: str | None
) -> None:
    """One that the release needs comes before one that it does not."""
    (tmp_path / "Dockerfile").write_text(text)
    (tmp_path / "hullproof.toml").write_text(config)
    found = Project.open(tmp_path).test_stage
    assert (found.name if found else None) == stage


def test_a_test_stage_that_is_none_is_wrong_configuration(tmp_path: Path) -> None:
    """The nearest is named."""
    (tmp_path / "Dockerfile").write_text(STAGES)
    (tmp_path / "hullproof.toml").write_text("test_target = 'unitt'")
    with pytest.raises(UsageError, match="did you mean 'unit'"):
        Project.open(tmp_path)


def test_a_dockerfile_in_lower_case_is_taken_as_the_builder_takes_it(tmp_path: Path) -> None:
    """Where there is no other, and none is named."""
    (tmp_path / "dockerfile").write_text("FROM a\n")
    assert Project.open(tmp_path).config.dockerfile == "dockerfile"
    (tmp_path / "Dockerfile").write_text("FROM b\n")
    assert Project.open(tmp_path).config.dockerfile == "Dockerfile"
    (tmp_path / "Dockerfile").unlink()
    (tmp_path / "hullproof.toml").write_text("dockerfile = 'Dockerfile'\n")
    with pytest.raises(UsageError, match="no such file"):
        Project.open(tmp_path)
