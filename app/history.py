"""What has changed from one report to the next, practice by practice."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from app.tables import VERDICTS, Entry


@dataclass(frozen=True)
class Change:
    """A practice whose verdict differs. `before` is None where the report before says nothing of it."""

    practice: str
    before: str | None
    after: str

    @property
    def is_worse(self) -> bool:
        """Whether it was good or unknown, and is so no longer."""
        return _badness(self.after) > _badness(self.before)


@dataclass(frozen=True)
class Row:
    """A practice's verdicts over several reports, None where a report says nothing of it."""

    practice: str
    verdicts: list[str | None]


def changes(before: Entry, after: Entry) -> list[Change]:
    """Return what `after` says otherwise than `before`, what got worse first. What it says nothing of, it does not change."""
    old, new = dict(before.practices), dict(after.practices)
    found = [
        Change(name, old.get(name), verdict) for name, verdict in new.items() if old.get(name) != verdict
    ]
    return sorted(found, key=lambda change: not change.is_worse)


def histories(entries: Sequence[Entry]) -> dict[str, tuple[list[Entry], list[Row]]]:
    """Return, of each profile that several reports are about, those reports and each practice's verdicts in them."""
    of_profile: dict[str, list[Entry]] = {}
    for entry in entries:
        of_profile.setdefault(entry.profile, []).append(entry)
    return {profile: (found, table(found)) for profile, found in of_profile.items() if len(found) > 1}


def table(entries: Sequence[Entry]) -> list[Row]:
    """Return each practice's verdicts in `entries`, which come newest first, as the columns do."""
    reports = [dict(entry.practices) for entry in entries]
    names = dict.fromkeys(name for report in reports for name in report)
    return [Row(name, [report.get(name) for report in reports]) for name in names]


def _badness(verdict: str | None) -> int:
    """Return how bad a verdict is; what was not asked for accuses nobody."""
    return 0 if verdict is None or verdict in VERDICTS[2:] else 2 - VERDICTS.index(verdict)
