"""Why something does not go as it should, told once and judged by what is known of whose fault it is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from hullproof.practices.checks import broken, unproven

if TYPE_CHECKING:
    from hullproof.model import Evidence
    from hullproof.practices.checks import Observation


@dataclass(frozen=True)
class Reason:
    """A clause, the fix, and whether it is a fault of the image at all: what is none, or cannot be told, is unproven."""

    clause: str
    fix: str | None = None
    is_fault: bool = True

    def observed(self, *evidence: Evidence) -> Observation:
        """Make of it what a check observes."""
        return (broken if self.is_fault else unproven)(self.clause, *evidence, fix=self.fix)
