"""Opening a project: what it says of itself, and what is said of it where it is proven."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from hullproof.errors import UsageError
from hullproof.practices import get
from hullproof.project.project import Project


def open_project(
    folder: Path,
    build_args: Mapping[str, str],
    dockerfile: str | None = None,
    *,
    secrets: Mapping[str, str] | None = None,
    contexts: Mapping[str, str] | None = None,
    offline: bool = False,
    option: str = "--",
) -> Project:
    """Read the project in `folder`; what is given here wins over what its configuration says.

    `secrets` are files by id and `contexts` folders by name, wherever they lie; `option` is how the options that gave all this begin, for a report's
    word on where a setting is from. Raises UsageError, one line, where the project cannot be read or is wrong.
    """
    project = Project.open(folder, build_args, dockerfile).handed(secrets or {}, contexts or {}, option)
    try:
        for each in project.config.accept:
            get(each.practice)
    except UsageError as error:
        raise UsageError(f"{project.places['accept']}: accept: {error}") from None
    return project.offline(f"{option}offline") if offline else project
