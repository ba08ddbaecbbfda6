"""Reads lock files as far as it takes: which packages come with the release, and whether pip can check hashes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from packaging.utils import canonicalize_name

from hullproof import toml
from hullproof.errors import UsageError
from hullproof.project import projectfiles

if TYPE_CHECKING:
    from hullproof.init.files import Files

_UNHASHED = frozenset({"git", "directory", "editable", "path", "file", "url"})


@dataclass(frozen=True)
class Lock:
    """A lock file. `release` names what it says comes with the application, as far as it says so.

    `all_hashed`: every package comes from an index, with hashes; pip checks all or none.
    """

    path: str
    release: frozenset[str]
    all_hashed: bool


def read(files: Files, path: str) -> Lock:
    """Read uv.lock, poetry.lock or Pipfile.lock. Raises UsageError for one that cannot be read."""
    try:
        content = projectfiles.read(files.folder, path, largest=projectfiles.LARGEST_LOCK).decode()
        table = json.loads(content) if path == "Pipfile.lock" else toml.loads(content)
    except (OSError, ValueError, RecursionError) as error:
        raise UsageError(f"{path} cannot be read: {error}; generate it again") from error
    readers = {"uv.lock": _uv, "poetry.lock": _poetry, "Pipfile.lock": _pipenv}
    release, all_hashed = readers[path](table)
    return Lock(path, release, all_hashed)


def pipfile_packages(files: Files) -> tuple[dict[str, str], dict[str, str]]:
    """Return what Pipfile declares for the application and for development, by name, each with its place."""
    try:
        table = toml.loads(files.text("Pipfile"))
    except toml.TomlError as error:
        raise UsageError(f"Pipfile is not valid TOML: {error}") from error

    def places(section: str) -> dict[str, str]:
        names = table.get(section, {})
        return {
            str(canonicalize_name(name)): f"Pipfile:{files.line_of_key('Pipfile', name)}" for name in names
        }

    return places("packages"), places("dev-packages")


def _uv(table: Mapping[str, Any]) -> tuple[frozenset[str], bool]:
    """Follow the dependencies from the project itself: uv.lock does not say what is for what."""
    packages = {str(each.get("name")): each for each in table.get("package", [])}
    own = [each for each in packages.values() if {"virtual", "editable"} & set(each.get("source", {}))]
    found: set[str] = set()
    waiting = [(each, frozenset[str]()) for each in own]
    while waiting:
        package, extras = waiting.pop()
        optional = package.get("optional-dependencies", {})
        wanted = [
            *package.get("dependencies", []),
            *(one for name in extras for one in optional.get(name, [])),
        ]
        for each in wanted:
            name = str(each.get("name"))
            if name not in found and name in packages:
                found.add(name)
                waiting.append((packages[name], frozenset(each.get("extra", ()))))
    foreign = [each for each in packages.values() if each not in own]
    return frozenset(found), not any(_UNHASHED & set(each.get("source", {})) for each in foreign)


def _poetry(table: Mapping[str, Any]) -> tuple[frozenset[str], bool]:
    packages = table.get("package", [])
    names = {
        canonicalize_name(str(each.get("name"))) for each in packages if "main" in each.get("groups", [])
    }
    kinds = {str(each.get("source", {}).get("type", "legacy")) for each in packages}
    return frozenset(names), not kinds & _UNHASHED


def _pipenv(table: Mapping[str, Any]) -> tuple[frozenset[str], bool]:
    default, development = table.get("default", {}), table.get("develop", {})
    hashed = all(each.get("hashes") for each in (*default.values(), *development.values()))
    return frozenset(canonicalize_name(name) for name in default), hashed
