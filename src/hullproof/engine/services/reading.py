"""Reads a compose file, and all that belongs to it, in such a way that compose itself meets nothing else.

Compose opens whatever a file names: other compose files, on other machines too (for which it runs git), and env
files, which may be anything at any place of this machine. So each file that it would open is read here first, as what
it is: a regular file within the project. Compose is handed what was understood of it, as JSON, in a folder of its own,
and an environment in which there is nothing but what the project's configuration sets.
"""

from __future__ import annotations

import json
import posixpath
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from hullproof.errors import UsageError
from hullproof.project import projectfiles

LARGEST = 1 << 19
"""The most bytes that a compose file or an env file may have."""
_MOST_FILES = 100
_MOST_VALUES = 50_000
_DEEPEST = 60

Document = dict[str, Any]
"""A compose file, or a part of one."""


def stage(project: Path, file: str, into: Path) -> None:
    """Write the compose file at `file` within the project, and all that compose reads with it, to the folder `into`.

    Each lies there at its place within the project. Raises UsageError, one line, that names the file, for what lies
    outside the project or elsewhere than on this machine, is no file, is no YAML or holds too much.
    """
    waiting, staged = [(file, posixpath.dirname(file))], set[tuple[str, str]]()
    _stage_variables(project, posixpath.join(posixpath.dirname(file), ".env"), into)
    while waiting:
        path, folder = waiting.pop()
        if (path, folder) in staged:
            continue
        staged.add((path, folder))
        if len(staged) > _MOST_FILES:
            raise UsageError(f"{file}: includes more than {_MOST_FILES} files; include fewer")
        document = _document(path, _read(project, path, named_in=file))
        _write(into, path, json.dumps(document, allow_nan=False))
        for named, its_folder in _named(path, folder, document):
            if its_folder is None:
                _stage_variables(project, named, into)
            else:
                waiting.append((named, its_folder))


def _read(project: Path, path: str, named_in: str) -> bytes:
    try:
        return projectfiles.read(project, path, largest=LARGEST)
    except FileNotFoundError:
        raise UsageError(
            f"{named_in}: there is no file {path} in the project; make it, or fix the path"
        ) from None


def _stage_variables(project: Path, path: str, into: Path) -> None:
    """Hand on a file of variables as it is; compose says itself where one that it needs is not there."""
    try:
        content = projectfiles.read(project, path, largest=LARGEST)
    except FileNotFoundError:
        return
    _write(into, path, content.decode("utf-8", "replace"))


def _write(into: Path, path: str, text: str) -> None:
    place = into / path
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text(text, encoding="utf-8")


# --- what compose would open ----------------------------------------------------------------------------


def _named(path: str, folder: str, document: Document) -> Iterator[tuple[str, str | None]]:
    """Name what compose opens for the compose file at `path`, whose own paths are relative to `folder`.

    Each is a path within the project, with the folder for its own paths; with None, it is a file of variables.
    """
    for each in _list(document.get("include")):
        included = each if isinstance(each, dict) else {"path": each}
        files = [_within(path, "include", folder, one) for one in _list(included.get("path"))]
        its_folder = posixpath.dirname(files[0]) if files else folder
        if included.get("project_directory") is not None:
            its_folder = _within(path, "include", folder, included["project_directory"])
        yield from ((one, its_folder) for one in files)
        yield posixpath.join(its_folder, ".env"), None
        for one in _list(included.get("env_file")):
            yield _within(path, "include: env_file", folder, one), None
    services = document.get("services")
    for name, service in services.items() if isinstance(services, dict) else ():
        if isinstance(service, dict):
            yield from _named_by_service(path, folder, name, service)


def _named_by_service(
    path: str, folder: str, name: str, service: Document
) -> Iterator[tuple[str, str | None]]:
    extended = service.get("extends")
    if isinstance(extended, dict) and extended.get("file") is not None:
        file = _within(path, f"service {name}: extends", folder, extended["file"])
        yield file, posixpath.dirname(file)
    for key in ("env_file", "label_file"):
        for each in _list(service.get(key)):
            value = each.get("path") if isinstance(each, dict) else each
            yield _within(path, f"service {name}: {key}", folder, value), None


def _within(file: str, what: str, folder: str, value: object) -> str:
    """Return the path within the project that a value of `file`, in `folder`, stands for. Raises UsageError."""
    if not isinstance(value, str) or "$" in value:
        raise UsageError(f"{file}: {what} = {value!r} must be the path of a file, without variables")
    path = posixpath.normpath(posixpath.join(folder, value))
    if ":" in value or posixpath.isabs(path) or path.split("/")[0] in ("..", "~"):
        raise UsageError(
            f"{file}: {what} = {value!r} is not read, since it leads out of the project; put a copy into the project"
        )
    return path


def _list(value: object) -> list[Any]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


# --- YAML -----------------------------------------------------------------------------------------------


class _Loader(yaml.SafeLoader):
    """YAML as compose takes it: `on` and `22:22` are texts there, and so is a date.

    `<<` is left to us: PyYAML merges without counting.
    """


_Loader.yaml_implicit_resolvers = {}
for _tag, _pattern, _first in (
    ("null", r"~|null|Null|NULL|", ["~", "n", "N", ""]),
    ("bool", r"true|True|TRUE|false|False|FALSE", list("tTfF")),
    ("int", r"[-+]?(?:[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+)", list("-+0123456789")),
    ("float", r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?", list("-+0123456789.")),
):
    _Loader.add_implicit_resolver(f"tag:yaml.org,2002:{_tag}", re.compile(rf"(?:{_pattern})\Z"), _first)


def _document(path: str, content: bytes) -> Document:
    """Read YAML, bounded in what its aliases come to. Raises UsageError."""
    try:
        loaded = yaml.load(content.decode("utf-8-sig"), _Loader)  # noqa: S506 - it is a SafeLoader
        document = _Plain().of(loaded)
        json.dumps(document, allow_nan=False)
    except RecursionError:
        raise UsageError(f"{path}: is nested too deeply; write it flatter") from None
    except (yaml.YAMLError, ValueError, TypeError) as error:
        said = " ".join(str(error).split())
        raise UsageError(f"{path}: cannot be read as a compose file ({said})") from None
    if not isinstance(document, dict):
        raise UsageError(f"{path}: is no compose file; it must hold `services`")
    return document


class _Plain:
    """Makes values of YAML plain ones of JSON, and counts them: an alias stands for all that it names."""

    def __init__(self) -> None:
        self._count = 0

    def of(self, value: Any, depth: int = 0) -> Any:  # noqa: ANN401 - any value
        """Return the value as JSON has it. Raises ValueError where it comes to too much, or JSON has none such."""
        self._count += 1
        if self._count > _MOST_VALUES or depth > _DEEPEST:
            raise ValueError(f"it comes to more than {_MOST_VALUES:,} values, or {_DEEPEST} levels")
        if isinstance(value, dict):
            return self._mapping(value, depth + 1)
        if isinstance(value, list):
            return [self.of(each, depth + 1) for each in value]
        if value is None or isinstance(value, (str, int, float)):
            return value
        raise ValueError(f"{type(value).__name__} is no value that compose knows")

    def _mapping(self, value: dict[Any, Any], depth: int) -> Document:
        """Merge what `<<` names below what is written: https://yaml.org/type/merge.html."""
        plain = {str(key): self.of(each, depth) for key, each in value.items() if key != "<<"}
        for each in _list(value.get("<<")):
            merged = self.of(each, depth)
            if not isinstance(merged, dict):
                raise TypeError("<< must name a mapping")
            plain = {**merged, **plain}
        return plain
