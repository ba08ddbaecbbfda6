"""Finds a project's settings, reads them, and says where each was written."""

from __future__ import annotations

import re
import reprlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hullproof import toml
from hullproof.errors import UsageError
from hullproof.project import projectfiles
from hullproof.project.config.model import Accepted, Config
from hullproof.project.config.values import READERS
from hullproof.text import clean, nearest

SECTION = "pyproject.toml [tool.hullproof]"
OWN_FILE = "hullproof.toml"

_SHOWN = 80
_LONGEST_NAME = 200
# https://packaging.python.org/en/latest/specifications/name-normalization/
_NAME = re.compile(r"[A-Z0-9]|[A-Z0-9][A-Z0-9._-]*[A-Z0-9]", re.IGNORECASE)


@dataclass(frozen=True)
class Written:
    """What a project has written down.

    `name` is what it calls itself there or in pyproject.toml, None where it says nothing. `places` says where each setting that is
    set was found, and the name.
    """

    config: Config = field(default_factory=Config)
    name: str | None = None
    places: Mapping[str, str] = field(default_factory=dict)


def load(folder: Path) -> Written:
    """Read the configuration of the project in `folder`.

    Raises UsageError for what cannot be read, an unknown key, or a value of the wrong kind: one line that says
    what, where and what would be right.
    """
    metadata = _read_toml(folder, "pyproject.toml") or {}
    table, place = toml.table(metadata, "tool").get("hullproof"), SECTION
    own = _read_toml(folder, OWN_FILE)
    if own is not None:
        if table is not None:
            raise UsageError(
                "hullproof.toml and [tool.hullproof] in pyproject.toml both exist; keep one of them"
            )
        table, place = own, OWN_FILE
    name, places = _name(metadata)
    if table is None:
        return Written(name=name, places=places)
    config = _from_table(table, place, folder)
    return Written(config, config.name or name, {**places, **dict.fromkeys(table, place)})


def _read_toml(folder: Path, name: str) -> dict[str, Any] | None:
    content = projectfiles.read_if_any(folder, name)
    try:
        return None if content is None else toml.loads(content.decode("utf-8-sig"))
    except (toml.TomlError, UnicodeDecodeError) as error:
        raise UsageError(f"{name} is not valid TOML: {error}") from error


def _name(metadata: Mapping[str, Any]) -> tuple[str | None, dict[str, str]]:
    """Return the name that a project's metadata give it, and its place; what is no valid name is passed over."""
    sections = {
        "[project]": toml.table(metadata, "project"),
        "[tool.poetry]": toml.table(metadata, "tool", "poetry"),
    }
    for section, table in sections.items():
        name = table.get("name")
        if isinstance(name, str) and len(name) <= _LONGEST_NAME and _NAME.fullmatch(name):
            return name, {"name": f"pyproject.toml {section}"}
    return None, {}


def _from_table(table: Any, where: str, folder: Path) -> Config:
    if not isinstance(table, dict):
        raise UsageError(f"{where}: must be a table of settings")
    values = {}
    for key, value in table.items():
        if key not in READERS:
            raise UsageError(f"{where}: unknown key {clean(repr(key), _SHOWN)}; {nearest(key, READERS)}")
        try:
            values[key] = READERS[key](value)
        except ValueError as error:
            raise UsageError(f"{where}: {key} = {_shown(value)} must be {error}") from None
    config = Config(**values)
    _require_files(config, where, folder)
    _require_once(config.accept, where)
    return config


def _shown(value: Any) -> str:
    """Return a value on one line, whatever it is: one may be nested deeply, or a number of a million digits."""
    try:
        return clean(reprlib.repr(value), _SHOWN)
    except ValueError:
        return "(a number of very many digits)"


def _require_files(config: Config, where: str, folder: Path) -> None:
    for name, path in config.secrets.items():
        _require_file(folder, path, f"{where}: secrets: {name}")
    if config.context is not None:
        _require_folder(folder, config.context, f"{where}: context")
    for name, path in config.contexts.items():
        _require_folder(folder, path, f"{where}: contexts: {name}")
    if config.compose is not None:
        _require_file(folder, config.compose, f"{where}: compose")
    if config.services is not None and config.compose is None:
        raise UsageError(
            f"{where}: services = {list(config.services)} needs `compose`, the file that describes them"
        )


def _require_file(folder: Path, path: str, where: str) -> None:
    try:
        projectfiles.locate(folder, path)
    except FileNotFoundError:
        raise UsageError(f"{where}: there is no file {path}; make it, or fix the path") from None
    except projectfiles.ProjectFileError as error:
        raise UsageError(f"{where}: {error}") from None


def _require_folder(folder: Path, path: str, where: str) -> None:
    found = (folder / path).resolve()
    if not found.is_dir():
        raise UsageError(f"{where}: there is no folder {path}; make it, or fix the path")
    if not found.is_relative_to(folder.resolve()):
        raise UsageError(
            f"{where}: {path} leads out of the project; hand it over by the option --build-context NAME=PATH"
        )


def _require_once(accept: tuple[Accepted, ...], where: str) -> None:
    names = [each.practice for each in accept]
    for name in names:
        if names.count(name) > 1:
            raise UsageError(f"{where}: accept names {name} twice; keep one of the two entries")
