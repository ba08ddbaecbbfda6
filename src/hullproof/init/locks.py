"""Reads lock files as far as it takes: which packages come with the release, from where, and for which Pythons."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from packaging.utils import InvalidWheelFilename, canonicalize_name, parse_wheel_filename

from hullproof import toml
from hullproof.errors import UsageError
from hullproof.project import projectfiles

if TYPE_CHECKING:
    from packaging.tags import Tag

    from hullproof.init.files import Files

_Table = Mapping[str, Any]
_CPYTHON = re.compile(r"cp3(\d+)\Z")
_PLATFORMS = ("manylinux", "linux")
_MOST_PACKAGES = 20_000


@dataclass(frozen=True)
class Package:
    """One locked package: the wheels that its index has, and the folder or repository where it comes from one."""

    name: str
    wheels: tuple[str, ...] = ()
    folder: str | None = None
    repository: str | None = None
    needs: tuple[tuple[str, frozenset[str]], ...] = ()
    optional: Mapping[str, tuple[tuple[str, frozenset[str]], ...]] = field(default_factory=dict)


@dataclass(frozen=True)
class Lock:
    """A lock file. `main` names what it says comes with the release; None where it has to be followed.

    `indexes` are those that packages come from. `all_hashed`: every package has hashes, of which pip checks all or none.
    """

    path: str
    packages: Mapping[str, Package]
    main: frozenset[str] | None = None
    indexes: frozenset[str] = frozenset()
    all_hashed: bool = True

    def release(self, own: str | None) -> frozenset[str]:
        """Name what comes with the release: the lock says so, or all is followed from the project's `own` package."""
        if self.main is not None:
            return self.main
        found: set[str] = set()
        waiting: list[tuple[str, frozenset[str]]] = [(own or "", frozenset())]
        while waiting:
            name, extras = waiting.pop()
            package = self.packages.get(name, Package(name))
            wanted = (*package.needs, *(each for extra in extras for each in package.optional.get(extra, ())))
            for each, asked in wanted:
                if each not in found and each in self.packages:
                    found.add(each)
                    waiting.append((each, asked))
        return frozenset(found)

    def fitting(self, versions: Iterable[str]) -> list[str]:
        """Keep the versions of Python that each binary package has a wheel for; all where there is no such package."""
        kept = list(versions)
        for package in self.packages.values():
            binary = [tag for wheel in package.wheels for tag in _tags(wheel) if _is_binary(tag)]
            usable = [each for each in kept if any(_runs(tag, int(each.partition(".")[2])) for tag in binary)]
            kept = usable or kept
        return kept

    @property
    def is_binary(self) -> bool:
        """Whether it names wheels that are for some versions of Python only."""
        wheels = (wheel for package in self.packages.values() for wheel in package.wheels)
        return any(_is_binary(tag) for wheel in wheels for tag in _tags(wheel))


def find(files: Files) -> Lock | None:
    """Read the project's lock file, if it has one that is known. Raises UsageError for one that cannot be read."""
    path = files.first(*_READERS)
    if path is None or (path == "Pipfile.lock" and "Pipfile" not in files):
        return None
    try:
        content = projectfiles.read(files.folder, path, largest=projectfiles.LARGEST_LOCK).decode()
        table = json.loads(content) if path == "Pipfile.lock" else toml.loads(content)
        return _READERS[path](table)
    except (OSError, ValueError, RecursionError, TypeError, AttributeError, LookupError) as error:
        raise UsageError(f"{path} cannot be read: {error}; generate it again") from error


def _tags(wheel: str) -> frozenset[Tag]:
    try:
        return parse_wheel_filename(wheel)[3]
    except InvalidWheelFilename:
        return frozenset()


def _is_binary(tag: Tag) -> bool:
    """Whether a wheel is for Linux and made for some Python. Where there is one, a pure one beside it is a last resort."""
    return (
        tag.platform.startswith(_PLATFORMS)
        and _CPYTHON.match(tag.interpreter) is not None
        and tag.abi != "none"
    )


def _runs(tag: Tag, minor: int) -> bool:
    """Whether CPython 3.`minor` takes wheels of a tag (PEP 425): its own version's, or an older one's stable interface."""
    made_for = _CPYTHON.match(tag.interpreter)
    if made_for is None or tag.abi.endswith("t"):  # without the global lock
        return False
    return int(made_for[1]) == minor or (tag.abi == "abi3" and int(made_for[1]) <= minor)


def _uv(table: _Table) -> Lock:
    packages: dict[str, Package] = {}
    for each in table.get("package", [])[:_MOST_PACKAGES]:
        source = each.get("source", {})
        folder = next((source[key] for key in ("virtual", "editable", "directory") if key in source), None)
        name = toml.text(each, "name")
        wheels = tuple(_file_names(each.get("wheels", [])))
        before = packages.get(name, Package(name))  # one that has several versions stands there several times
        packages[name] = Package(
            name,
            (*before.wheels, *wheels),
            folder,
            source.get("git"),
            (*before.needs, *_needs(each.get("dependencies", []))),
            {extra: tuple(_needs(own)) for extra, own in each.get("optional-dependencies", {}).items()},
        )
    return Lock("uv.lock", packages)


def _needs(wanted: Iterable[_Table]) -> Iterator[tuple[str, frozenset[str]]]:
    return ((toml.text(each, "name"), frozenset(each.get("extra", ()))) for each in wanted)


def _file_names(files: Iterable[_Table]) -> Iterator[str]:
    """Name the files of a package, which stand in a lock file by address, path or name."""
    for each in files:
        where = each.get("file") or each.get("name") or each.get("url") or each.get("path") or ""
        yield str(where).partition("#")[0].rpartition("/")[2]


def _of_groups(path: str, main: str) -> Callable[[_Table], Lock]:
    """Return a reader of Poetry's and PDM's lock files, in which packages name their groups."""

    def read(table: _Table) -> Lock:
        found: dict[str, Package] = {}
        release, hashed = set(), True
        apart = toml.table(table, "metadata").get("files", {})  # where Poetry before 1.3 kept them
        for each in table.get("package", [])[:_MOST_PACKAGES]:
            source, name = each.get("source", each), canonicalize_name(toml.text(each, "name"))
            files = each.get("files") or apart.get(each["name"], [])
            folder = source.get("path") or (source.get("url") if source.get("type") == "directory" else None)
            repository = source.get("git") or (source.get("url") if source.get("type") == "git" else None)
            before = found.get(name, Package(name))
            found[name] = Package(name, (*before.wheels, *_file_names(files)), folder, repository)
            hashed = hashed and bool(files) and all("hash" in file for file in files)
            if main in each.get("groups", [main]):
                release.add(name)
        sources = [each.get("source", {}) for each in table.get("package", [])]
        indexes = frozenset(toml.text(each, "url") for each in sources if each.get("type") == "legacy")
        hashed = hashed and not any(each.folder or each.repository for each in found.values())
        hashed = hashed and all(each.get("type", "legacy") == "legacy" for each in sources)
        return Lock(path, found, frozenset(release), indexes, hashed)

    return read


def _pylock(table: _Table) -> Lock:
    found: dict[str, Package] = {}
    for each in table.get("packages", [])[:_MOST_PACKAGES]:
        name = canonicalize_name(toml.text(each, "name"))
        folder, repository = toml.table(each, "directory"), toml.table(each, "vcs")
        wheels = tuple(_file_names(each.get("wheels", [])))
        found[name] = Package(name, wheels, folder.get("path"), repository.get("url"))
    return Lock("pylock.toml", found, frozenset(found))


def _pipenv(table: _Table) -> Lock:
    release = {canonicalize_name(name) for name in table.get("default", {})}
    found: dict[str, Package] = {
        canonicalize_name(name): Package(name, (), own.get("path"), own.get("git"))
        for part in ("default", "develop")
        for name, own in table.get(part, {}).items()
    }
    return Lock("Pipfile.lock", found, frozenset(release))


_READERS: Mapping[str, Callable[[_Table], Lock]] = {
    "uv.lock": _uv,
    "poetry.lock": _of_groups("poetry.lock", "main"),
    "pdm.lock": _of_groups("pdm.lock", "default"),
    "Pipfile.lock": _pipenv,
    "pylock.toml": _pylock,
}
