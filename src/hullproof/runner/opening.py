"""Opening a project: what it says of itself, and what is said of it where it is proven."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from hullproof.errors import UsageError
from hullproof.project.project import Project


@dataclass(frozen=True)
class Given:
    """What is said of a project where it is proven, and wins over what its configuration says.

    `secrets` are files by id and `contexts` folders by name, wherever they lie; `option` is how the options that gave all
    this begin, for a report's word on where a setting is from.
    """

    build_args: Mapping[str, str] = field(default_factory=dict)
    dockerfile: str | None = None
    secrets: Mapping[str, str] = field(default_factory=dict)
    contexts: Mapping[str, str] = field(default_factory=dict)
    offline: bool = False
    option: str = "--"


def open_project(folder: Path, given: Given) -> Project:
    """Read the project in `folder`. Raises UsageError, one line, where it cannot be read or is wrong."""
    project = Project.open(folder, given.build_args, given.dockerfile)
    project = project.handed(given.secrets, given.contexts, given.option)
    if project.config.accept:
        _require_practices(project)
    return project.offline(f"{given.option}offline") if given.offline else project


def _require_practices(project: Project) -> None:
    from hullproof.practices import get  # noqa: PLC0415 - heavy, and most projects accept nothing

    try:
        for each in project.config.accept:
            get(each.practice)
    except UsageError as error:
        raise UsageError(f"{project.places['accept']}: accept: {error}") from None
