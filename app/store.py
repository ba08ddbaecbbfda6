"""Where reports are kept: one row a report, written once, never changed.

A report that was acknowledged survives `kill -9` and a power cut. On SQLite that takes the write-ahead log
with `synchronous=FULL`: one fsync a commit, before the answer goes out, and readers never wait for a writer.
(`NORMAL`, the usual companion of the write-ahead log, may lose the last commits when the power fails.)
"""

from __future__ import annotations

import threading
from contextlib import contextmanager
from datetime import datetime, timezone
from typing import TYPE_CHECKING

from sqlalchemy import delete, func, insert, select
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from app.database import PATIENCE_S, engine_for, transaction
from app.tables import Entry, entry_columns, metadata, probe, reports

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Connection

    from app.intake import Report


class StoreUnavailableError(Exception):
    """The database does not answer or refuses. The message may be shown to anyone; the cause is chained."""


class Store:
    """The reports of all projects. Safe to use from any number of threads.

    Every method raises `StoreUnavailableError` when the database cannot do what it is asked.
    """

    def __init__(self, url: str) -> None:
        """Connect to nothing yet. Raises `ConfigurationError` for a URL that can never work."""
        self._engine = engine_for(url)
        self._has_tables = False
        self._making_tables = threading.Lock()

    def close(self) -> None:
        """Close the connections. SQLite then folds its log back into the one database file."""
        self._engine.dispose()

    def add(self, report: Report) -> bool:
        """Keep `report`. Returns False when it was there already, in which case nothing changes."""
        row = {
            "id": report.id,
            "project": report.project,
            "verdict": report.verdict,
            **{verdict.replace("-", "_"): count for verdict, count in report.counts.items()},
            "started_at": report.started_at,
            "received_at": _now(),
            "body": report.body,
        }
        try:
            with self._transaction() as connection:
                connection.execute(insert(reports).values(row))
        except IntegrityError:
            # The unique id decides, not a look beforehand: two identical uploads may come at once.
            return False
        return True

    def body(self, report_id: str) -> str | None:
        """Return the report with this id as its JSON text, or None where there is none."""
        if "\0" in report_id:  # no report has it, and PostgreSQL will not even look
            return None
        with self._transaction() as connection:
            body: str | None = connection.scalar(select(reports.c.body).where(reports.c.id == report_id))
        return body

    def newest(self, project: str) -> Entry | None:
        """Return the report of `project` that arrived last, or None where there is none."""
        found = self.page(limit=1, project=project)
        return found[0] if found else None

    def page(self, *, limit: int, before: int | None = None, project: str | None = None) -> list[Entry]:
        """Return at most `limit` reports, newest first, of one project or of all.

        `before` is the `sequence` of the last entry of the page before.
        """
        if project is not None and "\0" in project:
            return []
        query = select(*entry_columns).order_by(reports.c.sequence.desc()).limit(limit)
        if before is not None:
            query = query.where(reports.c.sequence < before)
        if project is not None:
            query = query.where(reports.c.project == project)
        with self._transaction() as connection:
            return [Entry(*row) for row in connection.execute(query)]

    def projects(self, *, limit: int, before: int | None = None) -> list[Entry]:
        """Return the newest report of each project, newest first, in pages like those of `page`."""
        newest = select(func.max(reports.c.sequence)).group_by(reports.c.project)
        query = select(*entry_columns).where(reports.c.sequence.in_(newest))
        if before is not None:
            query = query.where(reports.c.sequence < before)
        query = query.order_by(reports.c.sequence.desc()).limit(limit)
        with self._transaction() as connection:
            return [Entry(*row) for row in connection.execute(query)]

    def check_writable(self) -> None:
        """Write and commit something. A full disk or a read-only volume shows in nothing less."""
        with self._transaction() as connection:
            connection.execute(delete(probe))
            connection.execute(insert(probe).values(written_at=_now()))

    @contextmanager
    def _transaction(self) -> Iterator[Connection]:
        """Give a connection whose work is committed at the end, or not at all."""
        try:
            self._make_tables()
            with transaction(self._engine) as connection:
                yield connection
        except IntegrityError:
            raise
        except (DBAPIError, PoolTimeoutError) as error:
            raise StoreUnavailableError(self._reason(error)) from error

    def _make_tables(self) -> None:
        """Create what is missing, once. Not in `__init__`: the database may come up after the board."""
        if self._has_tables:
            return
        if not self._making_tables.acquire(timeout=PATIENCE_S):
            raise StoreUnavailableError("the store cannot be used: the database has not answered yet")
        try:
            if not self._has_tables:
                with transaction(self._engine) as connection:
                    metadata.create_all(connection)
                self._has_tables = True
        finally:
            self._making_tables.release()

    def _reason(self, error: DBAPIError | PoolTimeoutError) -> str:
        # A server's message may name hosts and users. SQLite's names nothing that is not public.
        if self._engine.dialect.name == "sqlite" and isinstance(error, DBAPIError):
            return f"the store cannot be used: {error.orig}"
        return "the store cannot be used: the database does not answer or refuses"


def _now() -> str:
    return datetime.now(timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z")
