"""What pyproject.toml says: packages, groups, extras, the versions of Python, and who builds it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING, Any

from packaging.utils import canonicalize_name
from packaging.version import Version

from hullproof import toml
from hullproof.errors import UsageError
from hullproof.init import pipfiles
from hullproof.init.pipfiles import Declared

if TYPE_CHECKING:
    from hullproof.init.files import Files

_FILE = "pyproject.toml"
_SET_NAME = re.compile(r"[A-Za-z0-9._-]+")
_MOST_SETS = 500
"""So many extras and groups are read, and with each what it includes."""
_TOMLLIB = Version("3.11")


@dataclass(frozen=True)
class Metadata:
    """What pyproject.toml says, as far as it matters here.

    `project`, `poetry`: whether there is [project] or [tool.poetry]. `dynamic`: whether the dependencies are
    worked out when it is built. `groups` are those of PEP 735, with what they include; `poetry_groups` and
    `uv_groups` those that Poetry and uv had before.
    """

    table: Mapping[str, Any] = field(default_factory=dict)
    project: bool = False
    poetry: bool = False
    dynamic: bool = False
    dependencies: tuple[Declared, ...] = ()
    extras: Mapping[str, tuple[Declared, ...]] = field(default_factory=dict)
    groups: Mapping[str, tuple[Declared, ...]] = field(default_factory=dict)
    poetry_groups: Mapping[str, tuple[Declared, ...]] = field(default_factory=dict)
    uv_groups: Mapping[str, tuple[Declared, ...]] = field(default_factory=dict)

    @property
    def name(self) -> str | None:
        """What the project's own distribution is called."""
        named = toml.table(self.table, "project").get("name") or toml.table(self.table, "tool", "poetry").get(
            "name"
        )
        return canonicalize_name(named) if isinstance(named, str) else None

    def tool(self, *names: str) -> Mapping[str, Any]:
        """Return a table below [tool], empty where there is none."""
        return toml.table(self.table, "tool", *names)

    def where_of(self, name: str) -> str:
        """Say where a group or an extra stands."""
        if name in self.groups:
            return f"{_FILE} [dependency-groups] {name}"
        if name in self.poetry_groups:
            return f"{_FILE} [tool.poetry.group.{name}]"
        if name in self.uv_groups:
            return f"{_FILE} [tool.uv] dev-dependencies"
        return f"{_FILE} [project.optional-dependencies] {name}"

    def listing(self, target: str, sets: Sequence[str] = (), *, python: str) -> str:
        """Return the shell command that writes for pip what is depended on, or some extras and groups of that.

        tomllib came with Python 3.11; before that, pip brings its twin.
        """
        module = "tomllib" if Version(python) >= _TOMLLIB else "pip._vendor.tomli as tomllib"
        values = [self._values(name) for name in self._with_included(sets)] if sets else []
        expression = ", ".join(values or ["*project['project']['dependencies']"])
        script = (
            f"import {module}; project = tomllib.load(open('{_FILE}', 'rb')); print({expression}, sep='\\n')"
        )
        return f'python -c "{script}" > {target}'

    def _values(self, name: str) -> str:
        """Return the Python that unpacks a group or an extra, without what leads to other ones."""
        if name in self.groups:
            own, raw = (
                f"project['dependency-groups']['{name}']",
                toml.table(self.table, "dependency-groups")[name],
            )
            wanted = "isinstance(each, str)"
        else:
            own = f"project['project']['optional-dependencies']['{name}']"
            raw = toml.table(self.table, "project", "optional-dependencies")[name]
            wanted = f"not each.startswith('{self._raw_name}[')"
        plain = all(isinstance(each, str) and not each.startswith(f"{self._raw_name}[") for each in raw)
        return f"*{own}" if plain else f"*(each for each in {own} if {wanted})"

    @property
    def _raw_name(self) -> str:
        name = str(toml.table(self.table, "project").get("name", ""))
        return name if _SET_NAME.fullmatch(name) else ""

    def _with_included(self, names: Sequence[str]) -> list[str]:
        """Add the groups that groups include, and the extras that extras ask the project itself for."""
        found: dict[str, None] = {}
        waiting = list(names)
        while waiting:
            name = waiting.pop(0)
            if name in found:
                continue
            found[name] = None
            raw = toml.table(self.table, "dependency-groups").get(name, [])
            waiting += [str(each["include-group"]) for each in raw if isinstance(each, dict)]
            waiting += [
                extra
                for each in self.extras.get(name, ())
                if each.name == self.name
                for extra in sorted(each.extras)
            ]
        return [name for name in found if name in self.groups or name in self.extras]


def read(files: Files) -> Metadata:
    """Read pyproject.toml; without one there is nothing to know. Raises UsageError for what is no TOML."""
    if _FILE not in files:
        return Metadata()
    try:
        table = toml.loads(files.text(_FILE))
    except toml.TomlError as error:
        raise UsageError(f"{_FILE} is not valid TOML: {error}") from error
    project, poetry = toml.table(table, "project"), toml.table(table, "tool", "poetry")
    extras, groups = (
        {name: own for name, own in islice(part.items(), _MOST_SETS) if _SET_NAME.fullmatch(name)}
        for part in (toml.table(project, "optional-dependencies"), toml.table(table, "dependency-groups"))
    )
    return Metadata(
        table=table,
        project=bool(project),
        poetry=bool(toml.table(poetry, "dependencies")),
        dynamic="dependencies" in _strings(project.get("dynamic")),
        dependencies=(
            *_declared(files, _strings(project.get("dependencies"))),
            *_of_poetry(files, toml.table(poetry, "dependencies")),
        ),
        extras={name: tuple(_declared(files, _strings(own))) for name, own in extras.items()},
        groups={name: tuple(_declared(files, _group(groups, name))) for name in groups},
        uv_groups=_uv_groups(files, table),
        poetry_groups=_poetry_groups(files, poetry),
    )


def _poetry_groups(files: Files, poetry: Mapping[str, Any]) -> dict[str, tuple[Declared, ...]]:
    tables = {
        name: toml.table(own, "dependencies")
        for name, own in toml.table(poetry, "group").items()
        if isinstance(own, dict) and _SET_NAME.fullmatch(name)
    }
    if "dev-dependencies" in poetry:
        tables["dev"] = toml.table(poetry, "dev-dependencies")
    return {name: tuple(_of_poetry(files, own)) for name, own in tables.items()}


def _uv_groups(files: Files, table: Mapping[str, Any]) -> dict[str, tuple[Declared, ...]]:
    texts = _strings(toml.table(table, "tool", "uv").get("dev-dependencies"))
    return {"dev": tuple(_declared(files, texts))} if texts else {}


def _of_poetry(files: Files, table: Mapping[str, Any]) -> Iterable[Declared]:
    """Yield Poetry's dependencies, which are a table from names to versions or tables of settings."""
    for name, value in table.items():
        if name != "python":
            extras = _strings(value.get("extras")) if isinstance(value, dict) else []
            url = value.get("git") if isinstance(value, dict) else None
            place = f"{_FILE}:{files.line_of_key(_FILE, name)}"
            yield Declared(canonicalize_name(name), place, frozenset(extras), f"git+{url}" if url else None)


def _group(groups: Mapping[str, Any], name: str) -> list[str]:
    """List the requirements of a group and of those that it includes (PEP 735), each group once."""
    found: list[str] = []
    waiting: list[Any] = [{"include-group": name}]
    seen = set[str]()
    while waiting:
        each = waiting.pop()
        if isinstance(each, str):
            found.append(each)
        elif isinstance(each, dict) and (included := str(each.get("include-group"))) not in seen:
            seen.add(included)
            own = groups.get(included)
            waiting += reversed(own) if isinstance(own, list) else []
    return found


def _declared(files: Files, texts: Iterable[str]) -> Iterable[Declared]:
    for text in texts:
        found = pipfiles.declared(text, f"{_FILE}:{files.line_of_string(_FILE, text)}")
        if found is not None:
            yield found


def _strings(value: object) -> list[str]:
    return [each for each in value if isinstance(each, str)] if isinstance(value, list) else []
