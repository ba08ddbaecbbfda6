"""Which server of a database an application talks to, and which of its tests need one: no build has any.

https://docs.docker.com/build/ runs steps without services beside them.
"""

from __future__ import annotations

import ast
import posixpath
import re
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from hullproof.init import code
from hullproof.project import composed

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from hullproof.init.files import Files
    from hullproof.init.model import Application, Dependencies

_DRIVERS = {
    "PostgreSQL": ("psycopg", "psycopg2", "psycopg2-binary", "asyncpg", "psycopg-binary", "aiopg", "pg8000"),
    "MySQL": ("mysqlclient", "pymysql", "aiomysql", "asyncmy", "mysql-connector-python"),
    "MongoDB": ("pymongo", "motor", "mongoengine", "beanie"),
}
_CALLED = {"postgresql": "PostgreSQL", "postgis": "PostgreSQL", "mysql": "MySQL", "oracle": "Oracle"}
_ENGINE = re.compile(r"django\.(?:contrib\.gis\.)?db\.backends\.(postgresql|postgis|mysql|oracle)")
_ADDRESS = re.compile(r"""["'](postgres(?:ql)?|mysql|mariadb|mongodb)(?:\+\w+)?(?:\+srv)?://""")
_SCHEMES = {
    "postgres": "PostgreSQL",
    "postgresql": "PostgreSQL",
    "mysql": "MySQL",
    "mariadb": "MariaDB",
    "mongodb": "MongoDB",
    "mongo": "MongoDB",
}
_BY_ADDRESS = re.compile(r"dj_database_url|\benv\.db(?:_url)?\(\s*\)")
"""How Django's settings take an address that is known only where it runs; one that is named there gets a made-up value."""
_SERVICE = re.compile(
    r"""^[ \t]*image:[ \t]*["']?(?:[\w.:-]+/)*(postgres|mysql|mariadb|mongo)\b""", re.MULTILINE
)
_FALLS_BACK = re.compile(r"""sqlite(?:\+\w+)?://|backends\.sqlite3|sqlite3?\.connect""")
_DJANGO_NEEDS = re.compile(
    r"^[ \t]*class[ \t].*\b(?:Transaction|LiveServer|StaticLiveServer|API|APITransaction|APILiveServer)?(?<!Simple)(?<!unittest\.)TestCase\b"
    r"|django_db|\btransactional_db\b|def\s+test\w*\([^)]{0,500}\bdb\b",
    re.MULTILINE,
)
_OF_DJANGO = re.compile(
    r"^[ \t]*from[ \t]+(?:django\.test|rest_framework\.test)[ \t]+import\b|django\.test\.|import[ \t]+pytest",
    re.MULTILINE,
)
_CONNECTS = re.compile(
    r"psycopg|asyncpg|aiopg|pymysql|aiomysql|pymongo|motor\b|create_(?:async_)?engine|sessionmaker|create_all|drop_all"
    r"|DATABASE_URL|\b[Ss]ession(?:Local)?\b|get_(?:db|session)\b|dependency_overrides"
)
_CLIENT = re.compile(r"TestClient|test_client\(|AsyncClient|ASGITransport|\bclient\b")


@dataclass(frozen=True)
class Database:
    """A server of a database: what it is, and where that is said."""

    name: str
    where: str


def find(files: Files, application: Application, dependencies: Dependencies) -> Database | None:
    """Return the server that the application talks to; None where there is none, or where it falls back on SQLite."""
    if application.settings is not None:
        settings = (application.settings, *(path for path in files.code if "settings" in path))
        found = _of_django(files, settings)
        if found or not any(_BY_ADDRESS.search(files.text(path)) for path in settings):
            return found
    if any(_FALLS_BACK.search(files.text(path)) for path in files.code):
        return None
    return _by_address(files) or _by_driver(dependencies) or _by_service(files)


def _of_django(files: Files, settings: Iterable[str]) -> Database | None:
    for path in settings:
        found = _ENGINE.search(files.text(path))
        if found is not None and not _FALLS_BACK.search(files.text(path)):
            return Database(_CALLED[found[1]], f"in {path}:{files.line_of(path, found[0])}")
    return None


def _by_address(files: Files) -> Database | None:
    for path in files.code:
        found = _ADDRESS.search(files.text(path))
        if found is not None:
            return Database(_SCHEMES[found[1]], f"in {path}:{files.line_of(path, found[0])}")
    return None


def _by_driver(dependencies: Dependencies) -> Database | None:
    for name, drivers in _DRIVERS.items():
        for driver in drivers:
            if driver in dependencies.places:
                return Database(name, f"by {driver} in {dependencies.places[driver]}")
    return None


def _by_service(files: Files) -> Database | None:
    compose = files.first(*composed.USUAL)
    service = _SERVICE.search(files.text(compose)) if compose else None
    if compose is None or service is None:
        return None
    return Database(_SCHEMES[service[1]], f"in {compose}:{files.line_of(compose, service[0].strip())}")


class Need:
    """Tells which tests need the database. What is not sure to do without is taken to need it."""

    def __init__(self, files: Files, application: Application) -> None:
        """Take the project's files."""
        self._files, self._application = files, application

    def of(self, path: str) -> bool:
        """Whether a test file needs it: by its base classes and marks, its fixtures, or as it asks the application."""
        text = self._files.text(path)
        if self._application.manage is not None:
            return bool(_DJANGO_NEEDS.search(text)) and bool(_OF_DJANGO.search(text))
        if _CONNECTS.search(text) or _CLIENT.search(text):
            return True
        fixtures = self._fixtures(posixpath.dirname(path))
        return any(autouse or re.search(rf"\b{name}\b", text) for name, autouse in fixtures.items())

    def conftests(self) -> list[str]:
        """List the files of fixtures that connect as they are imported."""
        return [path for path in self._conftests if _connects_at_import(self._files, path)]

    def _fixtures(self, folder: str) -> dict[str, bool]:
        """Name the fixtures above a folder that need it, and whether each is used by every test."""
        found: dict[str, bool] = {}
        for path in self._conftests:
            home = posixpath.dirname(path)
            if not home or folder == home or folder.startswith(f"{home}/"):
                found |= dict(_needing(self._files, path))
        return found

    @cached_property
    def _conftests(self) -> list[str]:
        return [path for path in self._files.paths if posixpath.basename(path) == "conftest.py"]


def _needing(files: Files, path: str) -> Iterator[tuple[str, bool]]:
    """Yield the fixtures of a conftest.py that connect, or use one that does."""
    tree = code.parse(files.content(path))
    functions = (
        [each for each in tree.body if isinstance(each, (ast.FunctionDef, ast.AsyncFunctionDef))]
        if tree
        else []
    )
    found: set[str] = set()
    for _ in functions:  # each round finds those that use what the one before found
        for each in functions:
            used = {argument.arg for argument in each.args.args}
            if used & found or _CONNECTS.search(ast.unparse(each)) or _CLIENT.search(ast.unparse(each)):
                found.add(each.name)
    for each in functions:
        if each.name in found:
            yield each.name, any("autouse=True" in ast.unparse(mark) for mark in each.decorator_list)


def _connects_at_import(files: Files, path: str) -> bool:
    tree = code.parse(files.content(path))
    statements = (
        []
        if tree is None
        else [
            each
            for each in tree.body
            if not isinstance(
                each, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Import, ast.ImportFrom)
            )
        ]
    )
    return any(re.search(r"\bconnect\(|create_all|create_pool", ast.unparse(each)) for each in statements)
