"""How a compose file of the project says that it is built: the `build` section of its service.

Read is what is written there, without compose and without an engine: a value in which a variable has no default is passed
over. https://github.com/compose-spec/compose-spec/blob/main/build.md
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from hullproof.errors import UsageError
from hullproof.project import projectfiles
from hullproof.text import nearest

if TYPE_CHECKING:
    from pathlib import Path

    from hullproof.project.config import Config

USUAL = ("compose.yaml", "compose.yml", "docker-compose.yaml", "docker-compose.yml")
"""Where docker compose looks for its file, in this order."""
_LARGEST = 1 << 19
_NULL = "tag:yaml.org,2002:null"
_VARIABLE = re.compile(r"\$(?:\$|\{(?P<name>\w+)(?::?-(?P<default>[^${}]*))?[^}]*\}|\w+)")


@dataclass(frozen=True)
class Section:
    """What the `build` section of one service says. `place` names it; `context` and `dockerfile` are paths within the project.

    `contexts` are folders within the project, by name; `elsewhere` what else contexts are: a path that leads out, an image.
    """

    place: str
    context: str = "."
    dockerfile: str | None = None
    target: str | None = None
    args: Mapping[str, str] = field(default_factory=dict)
    contexts: Mapping[str, str] = field(default_factory=dict)
    elsewhere: Mapping[str, str] = field(default_factory=dict)


def section(folder: Path, config: Config) -> Section | None:
    """Return the section that builds the project in `folder`: of the service that it names, else of all that build it alike.

    None where there is none, or where several differ. Raises UsageError for a service that is named and not there, or
    that is built of another folder.
    """
    file = config.compose or next((each for each in USUAL if projectfiles.is_file(folder, each)), None)
    if file is None:
        if config.service is not None:
            raise UsageError(f"service = {config.service!r}: there is no compose file; name it in `compose`")
        return None
    services = _services(folder, file, is_wanted=config.service is not None)
    found = {
        name: made
        for name, service in services.items()
        if isinstance(service, dict) and (made := _read(file, name, service.get("build"))) is not None
    }
    if config.service is None:
        own = [each for each in found.values() if each.context == "."]
        alike = {(each.dockerfile, tuple(each.contexts.items())) for each in own}
        return own[0] if len(alike) == 1 else None
    if config.service not in services:
        raise UsageError(
            f"{file}: there is no service {config.service!r}; {nearest(config.service, services)}"
        )
    if config.service not in found:
        raise UsageError(
            f"{file}: service {config.service} is not built of a folder within the project; prove the folder that its `context` names"
        )
    return found[config.service]


def _services(folder: Path, file: str, *, is_wanted: bool) -> Mapping[str, Any]:
    """Read the services of a compose file; one that cannot be read is passed over, unless a service of it is named."""
    import yaml  # noqa: PLC0415 - heavy, and most projects have no compose file

    class Texts(yaml.BaseLoader):
        """Texts alone, and None where nothing is written: `VERSION:` is passed on from the environment."""

    Texts.add_implicit_resolver(_NULL, re.compile(r"(?:~|null|Null|NULL|)\Z"), ["~", "n", "N", ""])
    Texts.add_constructor(_NULL, lambda *_: None)
    try:
        document = yaml.load(projectfiles.read(folder, file, largest=_LARGEST), Texts)  # noqa: S506 - the same
        services = document["services"]
    except (OSError, UsageError, yaml.YAMLError, ValueError, RecursionError, KeyError, TypeError) as error:
        if is_wanted:
            raise UsageError(f"{file}: cannot be read as a compose file with services ({error})") from None
        return {}
    found = services.items() if isinstance(services, dict) else ()
    return {name: service for name, service in found if isinstance(name, str)}


def _read(file: str, name: str, build: object) -> Section | None:
    """Read one section; None for what is not built of a folder within the project, or not from a file."""
    if isinstance(build, str):
        build = {"context": build}
    if not isinstance(build, dict) or "dockerfile_inline" in build:
        return None
    home = posixpath.dirname(file)
    given = _filled(build.get("context") or ".")
    context = _within(home, given) if given is not None else None
    if context is None:
        return None
    contexts = {key: value for key, value in _pairs(build.get("additional_contexts")).items() if value}
    own = {key: path for key, value in contexts.items() if (path := _within(home, value)) is not None}
    dockerfile = _filled(build.get("dockerfile"))
    return Section(
        f"{file} (service {name})",
        context,
        _within(context, dockerfile or "Dockerfile"),
        _filled(build.get("target")) or None,
        _pairs(build.get("args")),
        own,
        {key: value for key, value in contexts.items() if key not in own},
    )


def _pairs(value: object) -> dict[str, str]:
    """Read a mapping, or a list of NAME=VALUE, without what has no value here."""
    if isinstance(value, list):
        value = dict(each.split("=", 1) for each in value if isinstance(each, str) and "=" in each)
    found = {str(key): _filled(each) for key, each in value.items()} if isinstance(value, dict) else {}
    return {key: each for key, each in found.items() if each is not None}


def _filled(value: object) -> str | None:
    """Fill in the defaults of variables; None for what is no text, or has a variable without one."""
    if not isinstance(value, str):
        return None
    found = [each for each in _VARIABLE.finditer(value) if each[0] != "$$"]
    if any(each["default"] is None for each in found):
        return None
    return _VARIABLE.sub(lambda each: "$" if each[0] == "$$" else str(each["default"]), value)


def _within(home: str, path: str) -> str | None:
    """Return the path within the project, `.` for all of it; None for what leads out, or is no path."""
    if ":" in path or posixpath.isabs(path) or path.startswith("~"):
        return None
    found = posixpath.normpath(posixpath.join(home, path))
    return None if found.split("/")[0] == ".." else found
