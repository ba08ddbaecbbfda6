"""The tables. Plain columns and portable types, so that SQLite and PostgreSQL keep the same thing."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import BigInteger, Column, Index, Integer, MetaData, String, Table, Text

VERDICTS = ("broken", "unproven", "proven", "not-applicable")
"""From bad to good, as a reader wants to see them."""

metadata = MetaData()

# SQLite hands out row numbers for INTEGER only; elsewhere a BIGINT never runs out.
_Sequence = BigInteger().with_variant(Integer, "sqlite")

reports = Table(
    "reports",
    metadata,
    # The order of arrival. "Newest" goes by it, since no uploader's clock has to be trusted for it.
    Column("sequence", _Sequence, primary_key=True, autoincrement=True),
    Column("id", String(64), nullable=False, unique=True),
    Column("project", String(200), nullable=False),
    Column("verdict", String(20), nullable=False),
    Column("broken", Integer, nullable=False),
    Column("unproven", Integer, nullable=False),
    Column("proven", Integer, nullable=False),
    Column("not_applicable", Integer, nullable=False),
    Column("started_at", String(64), nullable=False),
    Column("received_at", String(64), nullable=False),
    Column("body", Text, nullable=False),
    Index("reports_by_project", "project", "sequence"),
    sqlite_autoincrement=True,  # a number is never used twice, so that paging by it stays true
)

probe = Table(
    "probe",
    metadata,
    Column("id", _Sequence, primary_key=True),  # always another, so that two probes never meet
    Column("written_at", String(64), nullable=False),
)


@dataclass(frozen=True)
class Entry:
    """A report as lists show it, without its body. Times are RFC 3339 text."""

    sequence: int
    id: str
    project: str
    verdict: str
    broken: int
    unproven: int
    proven: int
    not_applicable: int
    started_at: str
    received_at: str

    @property
    def counts(self) -> dict[str, int]:
        """How many proofs have each verdict, from bad to good."""
        return {verdict: getattr(self, verdict.replace("-", "_")) for verdict in VERDICTS}


entry_columns = tuple(column for column in reports.columns if column.name != "body")
"""What a query selects to make an `Entry` of each row."""
