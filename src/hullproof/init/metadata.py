"""What pyproject.toml says: packages, and the sets of them that are no part of the release."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING, Any, Literal

from packaging.utils import canonicalize_name

from hullproof import toml
from hullproof.errors import UsageError
from hullproof.init.requirements import Declared, declared

if TYPE_CHECKING:
    from hullproof.init.files import Files

FILE = "pyproject.toml"
_SET_NAME = re.compile(r"[A-Za-z0-9._-]+")
_MOST_SETS = 500
"""So many extras and groups are read, and with each what it includes."""
_OTHER_SETS = (
    ("tool", "uv", "dev-dependencies"),
    ("tool", "rye", "dev-dependencies"),
    ("tool", "pdm", "dev-dependencies", "*"),
    ("tool", "hatch", "envs", "*", "dependencies"),
    ("tool", "hatch", "envs", "*", "extra-dependencies"),
)
"""Where tools keep the packages of development, beside the standards' extras and groups."""


@dataclass(frozen=True)
class Set:
    """Packages that have a name: a group (PEP 735, Poetry's, uv's, PDM's), an extra, or a tool's environment.

    `keys` lead to the lists of requirements in pyproject.toml, its own and those that it includes.
    """

    name: str
    kind: Literal["group", "extra", "environment"]
    place: str
    packages: tuple[Declared, ...]
    keys: tuple[tuple[str, ...], ...] = ()


@dataclass(frozen=True)
class Metadata:
    """What a pyproject.toml says, as far as it matters here.

    `dependencies` are those of [project] and of Poetry; `dynamic`: whether they are worked out when it is built.
    """

    table: Mapping[str, Any] = field(default_factory=dict)
    path: str = FILE
    dynamic: bool = False
    dependencies: tuple[Declared, ...] = ()
    sets: tuple[Set, ...] = ()

    @property
    def name(self) -> str | None:
        """What the project's own distribution is called."""
        return name_in(self.table)

    @property
    def itself(self) -> str | None:
        """A pattern of how requirements ask for the project's own distribution, however its name is spelled there."""
        if self.name is None or not _SET_NAME.fullmatch(self.name):
            return None
        return rf"(?i)\s*{self.name.replace('-', '[-_.]+')}(?![A-Za-z0-9._-])"

    @property
    def project(self) -> bool:
        """Whether there is a [project]."""
        return bool(toml.table(self.table, "project"))

    @property
    def poetry(self) -> bool:
        """Whether Poetry's own table names the dependencies."""
        return bool(self.tool("poetry", "dependencies"))

    def tool(self, *names: str) -> Mapping[str, Any]:
        """Return a table below [tool], empty where there is none."""
        return toml.table(self.table, "tool", *names)


def read(files: Files, path: str = FILE) -> Metadata:
    """Read a pyproject.toml; without one there is nothing to know. Raises UsageError for what is no TOML."""
    if path not in files:
        return Metadata()
    try:
        table = toml.loads(files.text(path))
    except toml.TomlError as error:
        raise UsageError(f"{path} is not valid TOML: {error}") from error
    project, poetry = toml.table(table, "project"), toml.table(table, "tool", "poetry", "dependencies")
    listed = _declared(files, path, strings(project.get("dependencies")))
    return Metadata(
        table=table,
        path=path,
        dynamic="dependencies" in strings(project.get("dynamic")),
        dependencies=(*listed, *_of_poetry(files, path, poetry)),
        sets=tuple(islice(_sets(files, path, table), _MOST_SETS)),
    )


def name_in(table: Mapping[str, Any]) -> str | None:
    """Return what a pyproject.toml calls its own distribution, in one spelling."""
    named = toml.text(toml.table(table, "project"), "name") or toml.text(
        toml.table(table, "tool", "poetry"), "name"
    )
    return canonicalize_name(named) if named else None


def _sets(files: Files, path: str, table: Mapping[str, Any]) -> Iterator[Set]:
    own = canonicalize_name(toml.text(toml.table(table, "project"), "name"))
    groups = toml.table(table, "dependency-groups")
    for name in filter(_SET_NAME.fullmatch, islice(groups, _MOST_SETS)):
        keys: tuple[tuple[str, ...], ...] = tuple(
            ("dependency-groups", each) for each in _included(groups, name)
        )
        texts = [text for key in keys for text in strings(groups[key[-1]])]
        listed = tuple(each for each in _declared(files, path, texts) if each.name != own)
        yield Set(name, "group", f"{path} [dependency-groups] {name}", listed, keys)
    extras = toml.table(table, "project", "optional-dependencies")
    for name in filter(_SET_NAME.fullmatch, islice(extras, _MOST_SETS)):
        keys = tuple(
            ("project", "optional-dependencies", each) for each in _asked_of_itself(extras, name, own)
        )
        packages = [
            each
            for key in keys
            for each in _declared(files, path, strings(extras[key[-1]]))
            if each.name != own
        ]
        yield Set(name, "extra", f"{path} [project.optional-dependencies] {name}", tuple(packages), keys)
    for name, own_table in islice(toml.table(table, "tool", "poetry", "group").items(), _MOST_SETS):
        if isinstance(own_table, dict) and _SET_NAME.fullmatch(name):
            packages = list(_of_poetry(files, path, toml.table(own_table, "dependencies")))
            yield Set(name, "group", f"{path} [tool.poetry.group.{name}]", tuple(packages))
    old = toml.table(table, "tool", "poetry", "dev-dependencies")
    if old:
        yield Set(
            "dev", "group", f"{path} [tool.poetry.dev-dependencies]", tuple(_of_poetry(files, path, old))
        )
    for pattern in _OTHER_SETS:
        for key in _matching(table, pattern):
            texts = strings(toml.table(table, *key[:-1]).get(key[-1]))
            name = key[pattern.index("*")] if "*" in pattern else "dev"
            if texts and _SET_NAME.fullmatch(name):
                kind: Literal["group", "environment"] = "environment" if "hatch" in key else "group"
                yield Set(
                    name,
                    kind,
                    f"{path} [{'.'.join(key[:-1])}] {key[-1]}",
                    _declared(files, path, texts),
                    (key,),
                )


def _matching(table: Mapping[str, Any], pattern: Sequence[str]) -> list[tuple[str, ...]]:
    """List the keys that a pattern leads to, in which `*` stands for any."""
    found: list[tuple[str, ...]] = [()]
    for part in pattern:
        found = [
            (*key, each)
            for key in found
            for each in islice(toml.table(table, *key), _MOST_SETS)
            if part in ("*", each)
        ]
    return found


def _included(groups: Mapping[str, Any], name: str) -> list[str]:
    """List a group and those that it includes (PEP 735), each once."""
    found: dict[str, None] = {}
    waiting = [name]
    while waiting:
        each = waiting.pop(0)
        own = groups.get(each)
        if each not in found and isinstance(own, list) and _SET_NAME.fullmatch(each):
            found[each] = None
            waiting += [
                str(one["include-group"]) for one in own if isinstance(one, dict) if "include-group" in one
            ]
    return list(found)


def _asked_of_itself(extras: Mapping[str, Any], name: str, own: str) -> list[str]:
    """List an extra and those that it asks the project itself for, as in `dev = ["shop[test]"]`."""
    found: dict[str, None] = {}
    waiting = [name]
    while waiting:
        each = waiting.pop(0)
        if each in found or each not in extras:
            continue
        found[each] = None
        asked = (declared(text, "") for text in strings(extras[each]))
        waiting += [extra for one in asked if one and one.name == own for extra in sorted(one.extras)]
    return list(found)


def _of_poetry(files: Files, path: str, table: Mapping[str, Any]) -> Iterator[Declared]:
    """Yield Poetry's dependencies, which are a table from names to versions or tables of settings."""
    for name, value in table.items():
        if name != "python":
            settings = value if isinstance(value, dict) else {}
            url = (
                f"git+{settings['git']}" if "git" in settings else settings.get("url") or settings.get("path")
            )
            place = f"{path}:{files.line_of_key(path, name)}"
            extras = frozenset(strings(settings.get("extras")))
            yield Declared(canonicalize_name(name), place, extras, str(url) if url else None)


def _declared(files: Files, path: str, texts: Sequence[str]) -> tuple[Declared, ...]:
    found = (declared(text, f"{path}:{files.line_of_string(path, text)}") for text in texts)
    return tuple(each for each in found if each is not None)


def strings(value: object) -> list[str]:
    """Return the texts of a list; none for anything else."""
    return [each for each in value if isinstance(each, str)] if isinstance(value, list) else []
