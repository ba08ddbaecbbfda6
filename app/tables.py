"""The tables. Plain columns and portable types, so that SQLite and PostgreSQL keep the same thing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import JSON, BigInteger, Boolean, Column, Index, Integer, MetaData, String, Table, Text

VERDICTS = ("broken", "unproven", "proven", "not-applicable")
"""From bad to good, as a reader wants to see them."""

STATES = ("not-applicable", "proven", "partial", "unproven", "broken")
"""From good to bad: the verdicts, and what is good as far as it was asked for, which is not the whole."""

DEFAULT_PROFILE = "guide"
"""The set of practices that a report is about where it names none."""

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
    Column("profile", String(200), nullable=False),
    Column("is_complete", Boolean, nullable=False),
    Column("left_out", Integer, nullable=False),
    Column("revision", Text),
    Column("hullproof_version", Text, nullable=False),
    Column("is_stand_in", Boolean, nullable=False),
    Column("started_at", String(64), nullable=False),
    Column("received_at", String(64), nullable=False),
    Column("body", Text, nullable=False),
    Index("reports_by_project", "project", "proved_ms", "sequence"),
    Index("reports_by_profile", "project", "profile", "proved_ms", "sequence"),
    Index("reports_by_time", "proved_ms", "sequence"),
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
    """A report as lists show it, without its body. Times are RFC 3339 text, but for `proved_ms`."""

    sequence: int
    id: str
    project: str
    proved_ms: int
    badness: int
    verdict: str
    practices: Sequence[tuple[str, str]]
    profile: str
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
    def words(self) -> str:
        """Its verdict, for which profile where that is not the default, and how much of it: `proven for x, 3 of 26 asked`."""
        said = self.verdict.replace("-", " ")
        if self.profile != DEFAULT_PROFILE:
            said += f" for {self.profile}"
        if self.is_complete:
            return said
        asked = len(self.practices)
        return f"{said}, {asked} of {asked + self.left_out} asked" if self.left_out else f"{said}, in part"

    @property
    def is_dirty(self) -> bool:
        """Whether what was proven differs from the revision that it names."""
        return (self.revision or "").endswith("-dirty")
