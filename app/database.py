"""The engine under the store, and how SQLite is set up to lose nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError

from app.config import ConfigurationError

if TYPE_CHECKING:
    from sqlalchemy import URL, Engine

BUSY_TIMEOUT_S = 5
"""How long a writer waits for another process's write lock before it gives up."""

PRAGMAS = ("journal_mode=WAL", "synchronous=FULL", "temp_store=MEMORY")
"""Set on each connection to SQLite. Why the first two: see `app.store`. The last, since a container may have no place
for the temporary files of a large query."""


def engine_for(url: str) -> Engine:
    """Return an engine for `url` that has not connected yet. Raises `ConfigurationError`."""
    try:
        parsed = make_url(url)
        _refuse_memory(parsed)
        if parsed.get_backend_name() != "sqlite":
            # A server may have closed an idle connection: ask before use, instead of failing a request.
            return create_engine(parsed, pool_pre_ping=True)
        engine = create_engine(parsed, connect_args={"timeout": BUSY_TIMEOUT_S})
    except (ArgumentError, NoSuchModuleError, ValueError) as error:
        # Not the URL itself: it may hold a password.
        raise ConfigurationError(
            "BOARD_DATABASE_URL is no database URL: it must look like sqlite:////data/board.sqlite3"
        ) from error
    except ImportError as error:
        raise ConfigurationError(
            f"BOARD_DATABASE_URL needs the Python package {error.name!r}, which is not installed"
        ) from error
    event.listen(engine, "connect", _set_up_sqlite)
    return engine


def _refuse_memory(url: URL) -> None:
    is_memory = not url.database or ":memory:" in url.database or url.query.get("mode") == "memory"
    if url.get_backend_name() == "sqlite" and is_memory:
        raise ConfigurationError(
            "BOARD_DATABASE_URL names a database in memory, which would lose every report: "
            "it must name a file, such as sqlite:////data/board.sqlite3"
        )


def _set_up_sqlite(connection: Any, _record: object) -> None:  # noqa: ANN401 - the driver's own type
    cursor = connection.cursor()
    try:
        for pragma in PRAGMAS:
            cursor.execute(f"PRAGMA {pragma}")
    finally:
        cursor.close()
