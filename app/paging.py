"""Lists in pages: each page says where the next one begins, so nothing shifts while reports arrive."""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING

from flask import url_for

from app.problems import ProblemError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from app.tables import Entry

USUAL_LIMIT = 50
HIGHEST_LIMIT = 100
HIGHEST_SEQUENCE = 2**63 - 1


@dataclass(frozen=True)
class Wanted:
    """The page asked for: at most `limit` entries, all before the one with this sequence number."""

    limit: int
    before: int | None


@dataclass(frozen=True)
class Page:
    """The page given. `before` asks for the next one; None on the last."""

    entries: list[Entry]
    limit: int
    before: int | None

    @classmethod
    def of(cls, found: list[Entry], wanted: Wanted) -> Page:
        """Make a page of `found`, which holds one entry more than wanted where there is a next page."""
        entries = found[: wanted.limit]
        has_next = len(found) > wanted.limit
        return cls(entries, wanted.limit, entries[-1].sequence if has_next else None)

    def next_url(self, endpoint: str, *, project: str | None) -> str | None:
        """Return the address of the next page, or None on the last."""
        if self.before is None:
            return None
        return url_for(endpoint, project=project, limit=self.limit, before=self.before)


def page_from(arguments: Mapping[str, str]) -> Wanted:
    """Read `limit` and `before` from a query string. Raises a 400 that names the wrong one."""
    return Wanted(
        limit=_number(arguments, "limit", HIGHEST_LIMIT) or USUAL_LIMIT,
        before=_number(arguments, "before", HIGHEST_SEQUENCE),
    )


def _number(arguments: Mapping[str, str], name: str, highest: int) -> int | None:
    text = arguments.get(name)
    if text is None:
        return None
    digits_fit = text.isascii() and text.isdigit() and len(text) <= len(str(highest))
    if not digits_fit or not 1 <= int(text) <= highest:
        raise ProblemError(
            HTTPStatus.BAD_REQUEST, f"'{name}' must be a whole number from 1 to {highest}.", parameter=name
        )
    return int(text)
