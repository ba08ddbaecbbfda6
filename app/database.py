"""The engine under the store: SQLite, set up to lose nothing, or PostgreSQL; and no wait without an end on either."""

from __future__ import annotations

import os
import socket
from contextlib import contextmanager, suppress
from threading import Timer
from typing import TYPE_CHECKING, Any

from sqlalchemy import NullPool, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError

from app.config import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import URL, Connection, Engine

PATIENCE_S = 5
"""How long a request waits for the database: to connect, for a lock that another holds, for a statement to end."""

LONGEST_S = PATIENCE_S + 1
"""How long a transaction may take in all. The database's own limit comes first, where that can still tell the time."""

PRAGMAS = ("journal_mode=WAL", "synchronous=FULL", "temp_store=MEMORY")
"""Set on each connection to SQLite. Why the first two: see `app.store`. The last, since a container may have no place
for the temporary files of a large query."""


def engine_for(url: str) -> Engine:
    """Return an engine for `url` that has not connected yet. Raises `ConfigurationError`."""
    try:
        parsed = make_url(url)
        make = {"pysqlite": _sqlite, "psycopg": _postgresql}[parsed.get_driver_name()]
        return make(parsed)
    except (ArgumentError, NoSuchModuleError, ValueError, KeyError) as error:
        # Not the URL itself: it may hold a password.
        raise ConfigurationError(
            "BOARD_DATABASE_URL is no database URL that this board takes: it must look like "
            "sqlite:////data/board.sqlite3 or postgresql+psycopg://user:password@host/name"
        ) from error
    except ImportError as error:
        raise ConfigurationError(
            f"BOARD_DATABASE_URL needs the Python package {error.name!r}, which is not installed"
        ) from error


@contextmanager
def transaction(engine: Engine) -> Iterator[Connection]:
    """Give a connection whose work is committed at the end or not at all, and which ends after `LONGEST_S`, come what may."""
    with engine.connect() as connection:
        driver = connection.connection.driver_connection
        watch = Timer(LONGEST_S, _cut, [driver])
        watch.daemon = True
        watch.start()
        try:
            with connection.begin():
                yield connection
        finally:
            watch.cancel()
            watch.join()  # it may be at work on a connection that is about to be somebody else's


def _sqlite(url: URL) -> Engine:
    if not url.database or ":memory:" in url.database or url.query.get("mode") == "memory":
        raise ConfigurationError(
            "BOARD_DATABASE_URL names a database in memory, which would lose every report: "
            "it must name a file, such as sqlite:////data/board.sqlite3"
        )
    engine = create_engine(url, connect_args={"timeout": PATIENCE_S}, pool_timeout=PATIENCE_S)
    event.listen(engine, "connect", _set_up_sqlite)
    return engine


def _set_up_sqlite(connection: Any, _record: object) -> None:  # noqa: ANN401 - the driver's own type
    cursor = connection.cursor()
    try:
        for pragma in PRAGMAS:
            cursor.execute(f"PRAGMA {pragma}")
    finally:
        cursor.close()


def _postgresql(url: URL) -> Engine:
    # The server's own limit, so that nothing goes on there that nobody waits for. What the URL says comes after it, and wins.
    options = f"-c statement_timeout={PATIENCE_S * 1000} {url.query.get('options', '')}"
    arguments = {"connect_timeout": PATIENCE_S, "options": options.strip()}
    # A connection for each transaction, and none kept: no request meets one that a restart, a proxy or a hang has killed.
    return create_engine(url, connect_args=arguments, poolclass=NullPool)


def _cut(driver: Any) -> None:  # noqa: ANN401 - a driver's connection
    """End what a connection waits for. A server or a network that hangs keeps to no timeout of a driver's: hang up."""
    with suppress(Exception):  # it may have ended just now
        if hasattr(driver, "interrupt"):
            driver.interrupt()
        else:
            with socket.socket(fileno=os.dup(driver.fileno())) as end:
                end.shutdown(socket.SHUT_RDWR)
