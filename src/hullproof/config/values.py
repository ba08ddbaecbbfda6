"""What each setting may be. A reader takes a TOML value and returns ours; ValueError says what would be right."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from datetime import date, datetime
from pathlib import PurePosixPath
from typing import Any

from hullproof.config.model import Accepted

_LAST_PORT = 65535
_PORT = re.compile(r"([0-9]{1,5})(?:/(tcp|udp))?")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_ACCEPTED_KEYS = {"practice", "reason", "until"}
_ACCEPTED = (
    "a list of practices that may be broken for a while, each with its reason and its last day, "
    'such as [{ practice = "ownership", reason = "why", until = "2027-01-31" }]'
)


def _text(value: Any) -> str:
    if not isinstance(value, str) or not value:
        raise ValueError("a string that is not empty")
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
        raise ValueError('a table of strings, such as { NAME = "value" }')
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
        raise ValueError('a list of strings, such as ["python", "run.py"]')
    return tuple(value)


def _services(value: Any) -> tuple[str, ...]:
    if not isinstance(value, list) or not value or not all(isinstance(each, str) and each for each in value):
        raise ValueError('a list of services of the compose file, such as ["db", "cache"]')
    return tuple(dict.fromkeys(value))


def _accept(value: Any) -> tuple[Accepted, ...]:
    if not isinstance(value, list):
        raise ValueError(_ACCEPTED)
    return tuple(_accepted(each) for each in value)


def _accepted(value: Any) -> Accepted:
    if not isinstance(value, dict) or set(value) != _ACCEPTED_KEYS:
        raise ValueError(_ACCEPTED)
    practice, reason = value["practice"], value["reason"]
    if not isinstance(practice, str) or not isinstance(reason, str) or not reason.strip():
        raise ValueError(_ACCEPTED)
    return Accepted(practice, " ".join(reason.split()), _day(value["until"]))


def _day(value: Any) -> date:
    """Read a day, written as TOML has it or as a text."""
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    try:
        if isinstance(value, str) and _DAY.fullmatch(value):
            return date.fromisoformat(value)
    except ValueError:
        pass
    raise ValueError(f'{_ACCEPTED}; `until` is a day, such as "2027-01-31"')


READERS: Mapping[str, Callable[[Any], Any]] = {
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
    "compose": _text,
    "services": _services,
    "accept": _accept,
}
