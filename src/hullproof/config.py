"""Configuration: `[tool.hullproof]` in pyproject.toml, or hullproof.toml where there is none.

Everything has a default that works on a project that never heard of Hullproof. What is written down pins
what must not drift.
"""

from __future__ import annotations

import difflib
import math
import re
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path, PurePosixPath
from typing import Any

from hullproof.errors import UsageError
from hullproof.report.text import clean

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

_LAST_PORT = 65535
_PORT = re.compile(r"([0-9]{1,5})(?:/(tcp|udp))?")
_SHOWN = 80


@dataclass(frozen=True)
class Config:
    """What a project pins.

    `dockerfile` is a path within the project. `target` and `test_target` name stages. `ready` is an HTTP path or
    a TCP port that tells when the container is ready, within `ready_timeout_s` seconds. `env` is set in the
    booted container, `build_args` and `secrets` (id to file, within the project or absolute) in builds.
    `user`, `workdir`, `ports` and `command` are the contract that the image must keep. `max_size_mb` is the most
    that the release may weigh, in units of 1,000,000 bytes, unpacked.
    """

    dockerfile: str = "Dockerfile"
    target: str | None = None
    test_target: str | None = None
    ready: str | int | None = None
    ready_timeout_s: float = 30.0
    env: Mapping[str, str] = field(default_factory=dict)
    build_args: Mapping[str, str] = field(default_factory=dict)
    secrets: Mapping[str, str] = field(default_factory=dict)
    user: str | None = None
    workdir: str | None = None
    ports: tuple[str, ...] | None = None
    command: tuple[str, ...] | None = None
    max_size_mb: float | None = None


_Reader = Callable[[Any], Any]


def load(folder: Path) -> Config:
    """Read the configuration of the project in `folder`.

    Raises UsageError for what cannot be read, an unknown key, or a value of the wrong kind: one line that says
    what, where and what would be right.
    """
    own = folder / "hullproof.toml"
    pyproject = folder / "pyproject.toml"
    if pyproject.is_file():
        section = _read_toml(pyproject).get("tool", {})
        table = section.get("hullproof") if isinstance(section, dict) else None
        if table is not None:
            if own.is_file():
                raise UsageError(
                    "hullproof.toml and [tool.hullproof] in pyproject.toml both exist; keep one of them"
                )
            return _from_table(table, "pyproject.toml [tool.hullproof]", folder)
    if own.is_file():
        return _from_table(_read_toml(own), "hullproof.toml", folder)
    return Config()


def _read_toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_bytes().decode("utf-8-sig"))
    except OSError as error:
        raise UsageError(f"{path.name} cannot be read: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UsageError(f"{path.name} is no valid TOML: {error}") from error


def _from_table(table: Any, where: str, folder: Path) -> Config:
    if not isinstance(table, dict):
        raise UsageError(f"{where}: must be a table of settings")
    known = [each.name for each in fields(Config)]
    values = {}
    for key, value in table.items():
        if key not in _READERS:
            near = difflib.get_close_matches(key, known, n=1, cutoff=0.4)
            hint = f"did you mean {near[0]!r}?" if near else f"known are: {', '.join(known)}"
            raise UsageError(f"{where}: unknown key {clean(repr(key), _SHOWN)}; {hint}")
        try:
            values[key] = _READERS[key](value)
        except ValueError as error:
            raise UsageError(f"{where}: {key} = {clean(repr(value), _SHOWN)} must be {error}") from None
    for name, path in values.get("secrets", {}).items():
        if not (folder / path).is_file():
            raise UsageError(
                f"{where}: secrets: there is no file {path} for {name}; make it, or mend the path"
            )
    return Config(**values)


def _text(value: Any) -> str:
    if not isinstance(value, str) or not value:
        raise ValueError("a text that is not empty")
    return value


def _path_within(value: Any) -> str:
    text = _text(value)
    path = PurePosixPath(text)
    if path.is_absolute() or ".." in path.parts or not path.name:
        raise ValueError('a path within the project, such as "docker/Dockerfile"')
    return str(path)


def _path_or_port(value: Any) -> str | int:
    if isinstance(value, str) and value.startswith("/"):
        return value
    if isinstance(value, int) and not isinstance(value, bool) and 0 < value <= _LAST_PORT:
        return value
    raise ValueError('an HTTP path that starts with "/", or a TCP port from 1 to 65535')


def _positive(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 < value < math.inf:
        raise ValueError("a number above 0")
    return float(value)


def _texts_by_name(value: Any) -> dict[str, str]:
    if not isinstance(value, dict) or not all(isinstance(each, str) for each in value.values()):
        raise ValueError('a table of texts, such as { NAME = "value" }')
    return dict(value)


def _ports(value: Any) -> tuple[str, ...]:
    if not isinstance(value, list):
        raise ValueError('a list of ports, such as [5000, "53/udp"]')
    ports = []
    for each in value:
        found = None if isinstance(each, bool) else _PORT.fullmatch(str(each))
        if found is None or not 0 < int(found[1]) <= _LAST_PORT:
            raise ValueError('a list of ports, such as [5000, "53/udp"]')
        ports.append(f"{int(found[1])}/{found[2] or 'tcp'}")
    return tuple(ports)


def _argument_list(value: Any) -> tuple[str, ...]:
    if not isinstance(value, list) or not value or not all(isinstance(each, str) for each in value):
        raise ValueError('a list of texts, such as ["python", "run.py"]')
    return tuple(value)


_READERS: Mapping[str, _Reader] = {
    "dockerfile": _path_within,
    "target": _text,
    "test_target": _text,
    "ready": _path_or_port,
    "ready_timeout_s": _positive,
    "env": _texts_by_name,
    "build_args": _texts_by_name,
    "secrets": _texts_by_name,
    "user": _text,
    "workdir": _text,
    "ports": _ports,
    "command": _argument_list,
    "max_size_mb": _positive,
}
