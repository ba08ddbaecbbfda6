"""What each setting may be. A reader takes a TOML value and returns ours; ValueError says what would be right."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime
from pathlib import PurePosixPath
from typing import Any

from hullproof.project.config.model import Accepted

_LAST_PORT = 65535
_DAY_S = 86_400
_TERABYTE_MB = 1_000_000
_LONGEST = 4_096
"""The most characters of a name or a path: no system has longer paths."""
_LONGEST_NAME = 200
_MOST_BYTES = 100_000
"""The most bytes of a table or a list: one argument of a program may have 131,072 on Linux."""
_LEAST_MB, _MOST_MB = 10, 10_000_000  # engines take no less than 6 MiB
_MOST_PROCESSES = 16_384  # half of what a machine has by default: kernel.pid_max
_PORT = re.compile(r"([0-9]{1,5})(?:/(tcp|udp))?")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_HTTP_PATH = re.compile(r"/[!-~]*")
_PORTS = 'a list of ports, such as [5000, "53/udp"]'
_ACCEPTED_KEYS = {"practice", "reason", "until"}
_ACCEPTED = (
    "a list of practices that may be broken for a while, each with its reason and its last day, "
    'such as [{ practice = "ownership", reason = "why", until = "2027-01-31" }]'
)


def _text(value: Any) -> str:
    if not isinstance(value, str) or not value:
        raise ValueError("a string that is not empty")
    if "\0" in value or len(value) > _LONGEST:
        raise ValueError(f"a string without NUL, of at most {_LONGEST:,} characters")
    return value


def _project_name(value: Any) -> str:
    if (
        not isinstance(value, str)
        or not value.strip()
        or len(value) > _LONGEST_NAME
        or not value.isprintable()
    ):
        raise ValueError(f"a string of one line, not empty, of at most {_LONGEST_NAME} characters")
    return value.strip()


def _path_within(value: Any) -> str:
    text = _text(value)
    path = PurePosixPath(text)
    if path.is_absolute() or ".." in path.parts or not path.name:
        raise ValueError('a path within the project, such as "docker/Dockerfile"')
    return str(path)


def _path_or_port(value: Any) -> str | int:
    if isinstance(value, str) and len(value) <= _LONGEST and _HTTP_PATH.fullmatch(value):
        return value
    if isinstance(value, int) and not isinstance(value, bool) and 0 < value <= _LAST_PORT:
        return value
    raise ValueError('an HTTP path that starts with "/", or a TCP port from 1 to 65535')


def _number(most: float) -> Callable[[Any], float]:
    def read(value: Any) -> float:
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 < value <= most:
            raise ValueError(f"a number above 0, up to {most:,.0f}")
        return float(value)

    return read


def _memory(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not _LEAST_MB <= value <= _MOST_MB:
        raise ValueError(f"a number from {_LEAST_MB} to {_MOST_MB}, in units of 1,000,000 bytes")
    return float(value)


def _processes(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 < value <= _MOST_PROCESSES:
        raise ValueError(f"a whole number from 1 to {_MOST_PROCESSES}")
    return value


def _switch(value: Any) -> bool:
    if not isinstance(value, bool):
        raise ValueError("true or false")
    return value


def _texts_by_name(value: Any) -> dict[str, str]:
    if not isinstance(value, dict) or not all(isinstance(each, str) for each in value.values()):
        raise ValueError('a table of strings, such as { NAME = "value" }')
    if any(not name or "=" in name for name in value):
        raise ValueError("a table whose names are not empty and have no =")
    _require_passable([*value, *value.values()])
    return dict(value)


def _paths(what: str, others: str) -> Callable[[Any], dict[str, str]]:
    """Read a table of paths within the project: `what` it is, and by which option `others` are handed over."""

    def read(value: Any) -> dict[str, str]:
        paths = _texts_by_name(value)
        try:
            return {name: _path_within(path) for name, path in paths.items()}
        except ValueError:
            raise ValueError(f"a table of {what}; hand over others by the option {others}") from None

    return read


def _require_passable(texts: Iterable[str]) -> None:
    """Refuse what could not be handed to a program as its arguments."""
    texts = list(texts)
    if any("\0" in each for each in texts) or sum(len(each.encode()) for each in texts) > _MOST_BYTES:
        raise ValueError(f"without NUL, and of at most {_MOST_BYTES:,} bytes in all")


def _ports(value: Any) -> tuple[str, ...]:
    if not isinstance(value, list):
        raise ValueError(_PORTS)
    ports = []
    for each in value:
        number, protocol = each, "tcp"
        if isinstance(each, str) and (found := _PORT.fullmatch(each)):
            number, protocol = int(found[1]), found[2] or protocol
        if not isinstance(number, int) or isinstance(number, bool) or not 0 < number <= _LAST_PORT:
            raise ValueError(_PORTS)
        ports.append(f"{number}/{protocol}")
    return tuple(ports)


def _argument_list(value: Any) -> tuple[str, ...]:
    if not isinstance(value, list) or not value or not all(isinstance(each, str) for each in value):
        raise ValueError('a list of strings, such as ["python", "run.py"]')
    _require_passable(value)
    return tuple(value)


def _names(what: str) -> Callable[[Any], tuple[str, ...]]:
    """Read a list of names, each once; `what` says of what, with an example."""

    def read(value: Any) -> tuple[str, ...]:
        if (
            not isinstance(value, list)
            or not value
            or not all(isinstance(each, str) and each for each in value)
        ):
            raise ValueError(f"a list of {what}")
        _require_passable(value)
        return tuple(dict.fromkeys(value))

    return read


def _accept(value: Any) -> tuple[Accepted, ...]:
    if not isinstance(value, list):
        raise ValueError(_ACCEPTED)
    return tuple(_accepted(each) for each in value)


def _accepted(value: Any) -> Accepted:
    if not isinstance(value, dict) or set(value) != _ACCEPTED_KEYS:
        raise ValueError(_ACCEPTED)
    practice, reason = value["practice"], value["reason"]
    if (
        not isinstance(practice, str)
        or not isinstance(reason, str)
        or not 0 < len(reason.strip()) <= _LONGEST
    ):
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
    "name": _project_name,
    "dockerfile": _path_within,
    "context": _path_within,
    "target": _text,
    "test_target": _text,
    "ready": _path_or_port,
    "ready_timeout_s": _number(_DAY_S),
    "env": _texts_by_name,
    "build_args": _texts_by_name,
    "secrets": _paths('files within the project, such as { netrc = "ci/netrc" }', "--secret ID=PATH"),
    "contexts": _paths(
        'folders within the project, such as { shared = "lib/shared" }', "--build-context NAME=PATH"
    ),
    "user": _text,
    "workdir": _text,
    "ports": _ports,
    "command": _argument_list,
    "max_size_mb": _number(_TERABYTE_MB),
    "compose": _path_within,
    "service": _text,
    "services": _names('services of the compose file, such as ["db", "cache"]'),
    "memory_mb": _memory,
    "pids": _processes,
    "offline": _switch,
    "profile": _text,
    "practices": _names('practices, such as ["arbitrary-uid", "numeric-user"]'),
    "accept": _accept,
}
