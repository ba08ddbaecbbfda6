"""Opening a project: what it says of itself, and what is said of it where it is proven."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from hullproof.errors import UsageError
from hullproof.project.project import Project


@dataclass(frozen=True)
class Given:
    """What is said of a project where it is proven, and wins over what its configuration says.

    `secrets` are files by id and `contexts` folders by name, wherever they lie; `option` is how the options that gave all
    this begin, for a report's word on where a setting is from. `profile` is None for the configured one;
    `image` is the one to prove where none is to be built.
    """

    build_args: Mapping[str, str] = field(default_factory=dict)
    dockerfile: str | None = None
    secrets: Mapping[str, str] = field(default_factory=dict)
    contexts: Mapping[str, str] = field(default_factory=dict)
    offline: bool = False
    profile: str | None = None
    image: str | None = None
    option: str = "--"


def open_project(folder: Path, given: Given) -> Project:
    """Read the project in `folder`. Raises UsageError, one line, where it cannot be read or is wrong."""
    if given.image is not None:
        _require_reference(given.image, given.option)
    project = Project.open(folder, given.build_args, given.dockerfile)
    return _settled(project.handed(given.secrets, given.contexts, given.option), given)


def open_image(reference: str, given: Given) -> Project:
    """Take an image that is given alone, in the place of a project. Raises UsageError for what only a project can use."""
    from hullproof.runner.given import stub  # noqa: PLC0415 - heavy, and for images that are given alone

    _require_reference(reference, given.option)
    for_projects = {
        "build-arg": given.build_args,
        "dockerfile": given.dockerfile,
        "secret": given.secrets,
        "build-context": given.contexts,
    }
    for name, value in for_projects.items():
        if value:
            raise UsageError(
                f"{given.option}{name} is for a build, and {given.option}image {reference} has no project"
            )
    return _settled(stub(reference), given)


def _require_reference(image: str, option: str) -> None:
    from hullproof.runner.given import require_reference  # noqa: PLC0415 - heavy, and for images that are given

    require_reference(image, f"{option}image")


def _settled(project: Project, given: Given) -> Project:
    project = project.profiled(given.profile, f"{given.option}profile") if given.profile else project
    if {"accept", "profile", "practices"} & set(project.places):
        _require_practices(project)
    return project.offline(f"{given.option}offline") if given.offline else project


def _require_practices(project: Project) -> None:
    """Refuse a practice or a profile that there is not, and say where it was written."""
    from hullproof.practices import get  # noqa: PLC0415 - heavy, and most projects say nothing of practices
    from hullproof.practices.profiles import members  # noqa: PLC0415 - the same

    config = project.config
    asked: dict[str, Callable[[], object]] = {
        "accept": lambda: [get(each.practice) for each in config.accept],
        "profile": lambda: members(config.profile),
        "practices": lambda: members(config.profile, config.practices),
    }
    for setting, look in asked.items():
        try:
            look()
        except UsageError as error:  # noqa: PERF203 - each setting has a place of its own
            place = project.places.get(setting, setting)
            said = (
                place if place.endswith(setting) else f"{place}: {setting}"
            )  # an option bears its setting's name
            raise UsageError(f"{said}: {error}") from None
