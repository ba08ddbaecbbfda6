"""Where reports are kept, and all SQL there is: one row a report, written once, never changed.

A report that was acknowledged survives `kill -9` and a power cut. On SQLite that takes the write-ahead log
with `synchronous=FULL`: one fsync a commit, before the answer goes out, and readers never wait for a writer.
(`NORMAL`, the usual companion of the write-ahead log, may lose the last commits when the power fails.)
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, func, insert, or_, select, tuple_
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from app.database import PATIENCE_S, engine_for, transaction
from app.tables import STATES, Entry, Place, metadata, probe, reports

if TYPE_CHECKING:
    from sqlalchemy import Column, ColumnElement, Connection, Select

    from app.reports import Report

_in_entry = tuple(column for column in reports.columns if column.name != "body")
_newest_first = (reports.c.proved_ms, reports.c.sequence)
_worst_first = (reports.c.badness, *_newest_first)


class StoreUnavailableError(Exception):
    """The database does not answer or refuses. The message may be shown to anyone; the cause is chained."""


class Store:
    """The reports of all projects. Safe to use from any number of threads.

    Every method raises `StoreUnavailableError` when the database cannot do what it is asked.
    """

    def __init__(self, url: str, *, keep: int | None = None) -> None:
        """Connect to nothing yet. Of each project at most `keep` reports on each profile are kept, None for all.

        Raises `ConfigurationError` for a URL that can never work.
        """
        self._engine = engine_for(url)
        self._keep = keep
        self._has_tables = False
        self._making_tables = threading.Lock()

    def close(self) -> None:
        """Close the connections. SQLite then folds its log back into the one database file."""
        self._engine.dispose()

    # --- in and out --------------------------------------------------------------------------------------

    def add(self, report: Report) -> bool:
        """Keep `report`. Returns False when it was there already, in which case nothing changes."""
        is_partly_good = report.verdict in ("proven", "not-applicable") and not report.is_complete
        row = {name: value for name, value in vars(report).items() if name in reports.c}
        row["proved_ms"] = min(report.started_ms, time.time_ns() // 1_000_000)
        row["badness"] = STATES.index("partial" if is_partly_good else report.verdict)
        row["received_at"] = _now()
        try:
            with self._transaction() as connection:
                connection.execute(insert(reports).values(row))
                if self._keep is not None:
                    self._forget(connection, report)
        except IntegrityError:
            # The unique id decides, not a look beforehand: two identical uploads may come at once.
            return False
        return True

    def _forget(self, connection: Connection, report: Report) -> None:
        """Delete what is beyond the number of reports that are kept; the one that has just come stays in any case."""
        alike = (reports.c.project == report.project, reports.c.profile == report.profile)
        ordered = _sorted(select(reports.c.sequence).where(*alike), _newest_first)
        too_old = ordered.offset(self._keep)
        connection.execute(
            delete(reports).where(*alike, reports.c.id != report.id, reports.c.sequence.in_(too_old))
        )

    def get(self, report_id: str) -> tuple[Entry, str] | None:
        """Return the report with this id as its entry and its JSON text, or None where there is none."""
        if "\0" in report_id:  # no report has it, and PostgreSQL will not even look
            return None
        with self._transaction() as connection:
            row = connection.execute(
                select(*_in_entry, reports.c.body).where(reports.c.id == report_id)
            ).first()
        return None if row is None else (Entry(*row[:-1]), row[-1])

    def delete(self, report_id: str) -> bool:
        """Delete one report. Returns False where there is none."""
        return self._delete(reports.c.id, report_id)

    def delete_project(self, project: str) -> bool:
        """Delete all reports of a project. Returns False where there is none."""
        return self._delete(reports.c.project, project)

    def _delete(self, column: Column[Any], value: str) -> bool:
        if "\0" in value:
            return False
        with self._transaction() as connection:
            return connection.execute(delete(reports).where(column == value)).rowcount > 0

    # --- lists -------------------------------------------------------------------------------------------

    def newest(self, project: str, profile: str) -> Entry | None:
        """Return the report of `project` on this profile that was proved last, or None where there is none."""
        found = self.page(limit=1, project=project, profile=profile)
        return found[0] if found else None

    def worst(self, project: str) -> Entry | None:
        """Return the worst among a project's newest reports on each profile, or None where there is none."""
        found = self._entries(self._newest(project), _worst_first, 1, None, project)
        return found[0] if found else None

    def page(
        self,
        *,
        limit: int,
        before: Place | None = None,
        project: str | None = None,
        profile: str | None = None,
    ) -> list[Entry]:
        """Return at most `limit` reports, newest first, of one project or of all, on one profile or on any.

        `before` is the place of the last entry of the page before.
        """
        query = select(*_in_entry)
        if project is not None:
            query = query.where(reports.c.project == project)
        if profile is not None:
            query = query.where(reports.c.profile == profile)
        return self._entries(query, _newest_first, limit, before and before[1:], project, profile)

    def projects(self, *, limit: int, before: Place | None = None, search: str = "") -> list[Entry]:
        """Return the newest report of each project on each profile, the worst first, in pages like those of `page`.

        `search` keeps to projects whose name, or whose newest revision, has that text in it.
        """
        query = self._newest()
        if search:
            found = (
                column.icontains(search, autoescape=True)
                for column in (reports.c.project, reports.c.revision)
            )
            query = query.where(or_(*found))
        return self._entries(query, _worst_first, limit, before, search)

    @staticmethod
    def _newest(project: str | None = None) -> Select[Any]:
        """Ask for the newest report on each profile, of one project or of each."""
        place = func.row_number().over(
            partition_by=(reports.c.project, reports.c.profile),
            order_by=[column.desc() for column in _newest_first],
        )
        placed = select(reports.c.sequence, place.label("place"))
        if project is not None:
            placed = placed.where(reports.c.project == project)
        ranked = placed.subquery()
        newest = select(ranked.c.sequence).where(ranked.c.place == 1)
        return select(*_in_entry).where(reports.c.sequence.in_(newest))

    def _entries(
        self,
        query: Select[Any],
        order: Sequence[ColumnElement[Any]],
        limit: int,
        before: tuple[int, ...] | None,
        *texts: str | None,
    ) -> list[Entry]:
        if any("\0" in text for text in texts if text is not None):
            return []
        if before is not None:
            query = query.where(tuple_(*order) < tuple_(*before))
        with self._transaction() as connection:
            return [Entry(*row) for row in connection.execute(_sorted(query, order).limit(limit))]

    # --- the database ------------------------------------------------------------------------------------

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


def _sorted(query: Select[Any], order: Sequence[ColumnElement[Any]]) -> Select[Any]:
    return query.order_by(*(column.desc() for column in order))


def _now() -> str:
    return datetime.now(timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z")
