"""What a person should know that init cannot settle."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from hullproof.init.model import Application, Dependencies, Remark

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hullproof.init.files import Files

_COMPOSE = ("compose.yaml", "compose.yml", "docker-compose.yaml", "docker-compose.yml")
_DATABASES = {
    "PostgreSQL": ("psycopg", "psycopg2", "psycopg2-binary", "asyncpg", "psycopg-binary"),
    "MySQL": ("mysqlclient", "pymysql", "aiomysql", "asyncmy"),
}
_CALLED = {"postgresql": "PostgreSQL", "postgis": "PostgreSQL", "mysql": "MySQL", "oracle": "Oracle"}
_ENGINES = re.compile(r"django\.(?:contrib\.gis\.)?db\.backends\.(postgresql|postgis|mysql|oracle)")


def repository(folder: Path) -> Path | None:
    """Find the top of the git repository that a folder is in; None where it is in none."""
    return next((each for each in (folder, *folder.parents) if (each / ".git").exists()), None)


def look(files: Files, application: Application, dependencies: Dependencies) -> Iterator[Remark]:
    """Say which database has to be started beside the container, and where the workflow belongs."""
    compose = files.first(*_COMPOSE)
    where = _database(files, application, dependencies)
    if where is not None:
        how = f'compose = "{compose}"' if compose else "`compose` to the compose file that describes it"
        own = "[tool.hullproof]" in files.text("pyproject.toml")
        settings = "pyproject.toml [tool.hullproof]" if own else "hullproof.toml"
        yield Remark("note", f"{where}: if the application cannot start without it, set {how} in {settings}")
    top = repository(files.folder)
    if top not in (None, files.folder):
        yield Remark(
            "note", f"no workflow: GitHub reads those at the top of the repository only, which is {top}"
        )


def _database(files: Files, application: Application, dependencies: Dependencies) -> str | None:
    for path in files.code if application.settings else ():
        found = _ENGINES.search(files.text(path)) if "settings" in path else None
        if found is not None:
            return f"{_CALLED[found[1]]}, in {path}:{files.line_of(path, found[0])}"
    for name, drivers in _DATABASES.items():
        for driver in drivers:
            if driver in dependencies.places and application.settings is None:
                return f"{name}, by {driver} in {dependencies.places[driver]}"
    return None
