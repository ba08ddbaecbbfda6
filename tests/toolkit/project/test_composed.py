"""What a compose file says of the project's own build: taken where the project asks for it, or cannot do without."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

import pytest

from hullproof.errors import UsageError
from hullproof.project.project import Project

DOCKERFILE = """\
FROM python:3.11-slim AS base
FROM base AS development
CMD ["sh"]
FROM base AS live
ARG VERSION
COPY --from=shared /word /
CMD ["python"]
"""
COMPOSE = """\
services:
  web:
    build:
      context: .
      target: development
      args:
        VERSION: ${VERSION:-7}
        SECRET: ${SECRET}
      additional_contexts:
        shared: ./lib
        outer: ../outer
  db:
    image: postgres
"""


def opened(
    folder: Path, compose: str = COMPOSE, settings: str = "", dockerfile: str = "Dockerfile"
) -> Project:
    """Write a project, and open it."""
    (folder / dockerfile).parent.mkdir(parents=True, exist_ok=True)
    (folder / dockerfile).write_text(DOCKERFILE)
    (folder / "compose.yaml").write_text(dedent(compose))
    (folder / "hullproof.toml").write_text(settings)
    return Project.open(folder)


def test_what_the_build_cannot_do_without_is_taken(tmp_path: Path) -> None:
    """A context that it names and nobody hands in; no target and no argument, which may be for development."""
    project = opened(tmp_path)
    assert project.config.contexts == {"shared": "lib"}
    assert project.places["contexts.shared"] == "compose.yaml (service web)"
    assert project.composed == ("contexts.shared",)
    assert (project.config.target, dict(project.build_args)) == (None, {})


def test_a_service_that_is_named_says_all_that_is_not_said_otherwise(tmp_path: Path) -> None:
    """But for what only the environment of this machine would say."""
    project = opened(tmp_path, settings='service = "web"\n')
    assert project.release.stage.name == "development"
    assert dict(project.build_args) == {"VERSION": "7"}
    own = opened(tmp_path, settings='service = "web"\ntarget = "live"\nbuild_args = { VERSION = "8" }\n')
    assert own.release.stage.name == "live"
    assert dict(own.build_args) == {"VERSION": "8"}


def test_its_dockerfile_is_built_where_there_is_no_other(tmp_path: Path) -> None:
    """Two services that are built alike are as one; two that are built otherwise say nothing."""
    compose = """\
        services:
          web: {build: {dockerfile: docker/web.Dockerfile}}
          worker: {build: {context: ., dockerfile: docker/web.Dockerfile}}
        """
    assert (
        opened(tmp_path, compose, dockerfile="docker/web.Dockerfile").config.dockerfile
        == "docker/web.Dockerfile"
    )
    with pytest.raises(UsageError, match="no such file"):
        opened(
            tmp_path / "differing",
            compose.replace("{dockerfile: docker/web", "{dockerfile: docker/x"),
            dockerfile="docker/web.Dockerfile",
        )


@pytest.mark.parametrize(
    ("build", "settings"),
    [
        ("build: ../other", 'service = "web"\n'),
        ("build: https://example.org/x.git", 'service = "web"\n'),
        ("image: x", 'service = "web"\n'),
        ("build: .", 'service = "wep"\n'),
    ],
)
def test_a_service_that_is_not_this_project_is_refused(tmp_path: Path, build: str, settings: str) -> None:
    """By name; and what is no compose file as well."""
    with pytest.raises(UsageError, match=r"not built of a folder within|did you mean 'web'"):
        opened(tmp_path, f"services:\n  web:\n    {build}\n", settings)
    with pytest.raises(UsageError, match="cannot be read as a compose file"):
        opened(tmp_path, "- [", settings)
    assert opened(tmp_path, "- [").composed == ()


def test_a_service_that_is_named_may_be_built_of_a_folder_within(tmp_path: Path) -> None:
    """Its Dockerfile is then one of that folder's, or lies outside of it."""
    compose = "services: {web: {build: {context: ./src, dockerfile: ../docker/web.Dockerfile}}}\n"
    (tmp_path / "src").mkdir()
    project = opened(tmp_path, compose, 'service = "web"\n', dockerfile="docker/web.Dockerfile")
    assert project.folder == tmp_path / "src"
    assert project.home == tmp_path
    assert project.config.dockerfile == "docker/web.Dockerfile"
    assert project.release.where(1) == "docker/web.Dockerfile:1"


def test_an_argument_without_a_value_is_not_one_that_is_empty(tmp_path: Path) -> None:
    """It is the environment's, and without that the Dockerfile's default; numbers and switches are texts."""
    compose = """\
        services:
          web:
            build:
              context: .
              args: { VERSION: , NONE: null, EMPTY: "", NUMBER: 3.10, SWITCH: yes }
        """
    project = opened(tmp_path, compose, 'service = "web"')
    assert dict(project.build_args) == {"EMPTY": "", "NUMBER": "3.10", "SWITCH": "yes"}


@pytest.mark.parametrize("nothing", ["", "~", "null"])
def test_where_nothing_is_written_no_name_and_no_path_is_meant(tmp_path: Path, nothing: str) -> None:
    """A context is the project's folder then, and a service without a name is none."""
    compose = (
        f"services: {{web: {{build: {{context: {nothing}, target: live}}}}, {nothing or '~'}: {{build: .}}}}"
    )
    assert opened(tmp_path, compose, 'service = "web"').config.target == "live"
    with pytest.raises(UsageError, match="there is no service 'wep'; did you mean 'web'"):
        opened(tmp_path, compose, 'service = "wep"')
