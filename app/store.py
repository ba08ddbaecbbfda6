"""Where reports are kept, and all SQL there is: one row a report, written once, never changed.

A report that was acknowledged survives `kill -9` and a power cut. On SQLite that takes the write-ahead log
with `synchronous=FULL`: one fsync a commit, before the answer goes out, and readers never wait for a writer.
(`NORMAL`, the usual companion of the write-ahead log, may lose the last commits when the power fails.)
"""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    delete,
    func,
    insert,
    or_,
    select,
    tuple_,
)
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from app.database import PATIENCE_S, engine_for, transaction

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement, Connection, Select

    from app.reports import Report

VERDICTS = ("broken", "unproven", "proven", "not-applicable")
"""From bad to good, as a reader wants to see them."""

STATES = ("not-applicable", "proven", "partial", "unproven", "broken")
"""From good to bad: the verdicts, and what is good as far as it was asked for, which is not the whole."""

Place = tuple[int, int, int]
"""Where an entry stands in lists, which go from large to small: how bad it is, when it was proved, when it came."""

metadata = MetaData()

# SQLite hands out row numbers for INTEGER only; elsewhere a BIGINT never runs out.
_Sequence = BigInteger().with_variant(Integer, "sqlite")

reports = Table(
    "reports",
    metadata,
    Column("sequence", _Sequence, primary_key=True, autoincrement=True),
    Column("id", String(64), nullable=False, unique=True),
    Column("project", String(200), nullable=False),
    # In milliseconds since 1970: when it was started, by the uploader's clock, or when it came, whichever was first.
    # So an old report that is sent again stays old, and a clock that runs ahead puts nothing on top for ever.
    Column("proved_ms", BigInteger, nullable=False),
    Column("badness", Integer, nullable=False),  # place in STATES
    Column("verdict", String(20), nullable=False),
    Column("practices", JSON, nullable=False),  # [[id, verdict], ...]
    Column("is_complete", Boolean, nullable=False),
    Column("left_out", Integer, nullable=False),
    Column("revision", Text),
    Column("hullproof_version", Text, nullable=False),
    Column("is_stand_in", Boolean, nullable=False),
    Column("started_at", String(64), nullable=False),
    Column("received_at", String(64), nullable=False),
    Column("body", Text, nullable=False),
    Index("reports_by_project", "project", "proved_ms", "sequence"),
    Index("reports_by_time", "proved_ms", "sequence"),
    sqlite_autoincrement=True,  # a number is never used twice, so that paging by it stays true
)

probe = Table(
    "probe",
    metadata,
    Column("id", _Sequence, primary_key=True),  # always another, so that two probes never meet
    Column("written_at", String(64), nullable=False),
)

_in_entry = tuple(column for column in reports.columns if column.name != "body")
_newest_first = (reports.c.proved_ms, reports.c.sequence)
_worst_first = (reports.c.badness, *_newest_first)


@dataclass(frozen=True)
class Entry:
    """A report as lists show it, without its body. Times are RFC 3339 text, but for `proved_ms`."""

    sequence: int
    id: str
    project: str
    proved_ms: int
    badness: int
    verdict: str
    practices: Sequence[tuple[str, str]]
    is_complete: bool
    left_out: int
    revision: str | None
    hullproof_version: str
    is_stand_in: bool
    started_at: str
    received_at: str

    @property
    def place(self) -> Place:
        """Where it stands in lists."""
        return self.badness, self.proved_ms, self.sequence

    @property
    def state(self) -> str:
        """Its verdict, or `partial` where that is good, but not of the whole profile."""
        return STATES[self.badness]

    @property
    def counts(self) -> dict[str, int]:
        """How many proofs have each verdict, from bad to good."""
        found = Counter(verdict for _, verdict in self.practices)
        return {verdict: found[verdict] for verdict in VERDICTS}

    @property
    def asked_words(self) -> str:
        """How much of the profile was asked for: `3 of 11 asked`."""
        asked = len(self.practices)
        return f"{asked} of {asked + self.left_out} asked" if self.left_out else "in part"

    @property
    def is_dirty(self) -> bool:
        """Whether what was proven differs from the revision that it names."""
        return (self.revision or "").endswith("-dirty")


class StoreUnavailableError(Exception):
    """The database does not answer or refuses. The message may be shown to anyone; the cause is chained."""


class Store:
    """The reports of all projects. Safe to use from any number of threads.

    Every method raises `StoreUnavailableError` when the database cannot do what it is asked.
    """

    def __init__(self, url: str, *, keep: int | None = None) -> None:
        """Connect to nothing yet. Of each project at most `keep` reports are kept, None for all.

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
        of_project = reports.c.project == report.project
        ordered = _sorted(select(reports.c.sequence).where(of_project), _newest_first)
        too_old = ordered.offset(self._keep)
        connection.execute(
            delete(reports).where(of_project, reports.c.id != report.id, reports.c.sequence.in_(too_old))
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

    def newest(self, project: str) -> Entry | None:
        """Return the report of `project` that was proved last, or None where there is none."""
        found = self.page(limit=1, project=project)
        return found[0] if found else None

    def page(self, *, limit: int, before: Place | None = None, project: str | None = None) -> list[Entry]:
        """Return at most `limit` reports, newest first, of one project or of all.

        `before` is the place of the last entry of the page before.
        """
        query = select(*_in_entry)
        if project is not None:
            query = query.where(reports.c.project == project)
        return self._entries(query, _newest_first, limit, before and before[1:], project)

    def projects(self, *, limit: int, before: Place | None = None, search: str = "") -> list[Entry]:
        """Return the newest report of each project, the worst first, in pages like those of `page`.

        `search` keeps to projects whose name, or whose newest revision, has that text in it.
        """
        place = func.row_number().over(
            partition_by=reports.c.project, order_by=[column.desc() for column in _newest_first]
        )
        placed = select(reports.c.sequence, place.label("place")).subquery()
        newest = select(placed.c.sequence).where(placed.c.place == 1)
        query = select(*_in_entry).where(reports.c.sequence.in_(newest))
        if search:
            found = (
                column.icontains(search, autoescape=True)
                for column in (reports.c.project, reports.c.revision)
            )
            query = query.where(or_(*found))
        return self._entries(query, _worst_first, limit, before, search)

    def _entries(
        self,
        query: Select[Any],
        order: Sequence[ColumnElement[Any]],
        limit: int,
        before: tuple[int, ...] | None,
        text: str | None,
    ) -> list[Entry]:
        if text is not None and "\0" in text:
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
