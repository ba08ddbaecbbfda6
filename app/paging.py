"""Lists in pages: each page says where the next one begins, so nothing shifts while reports arrive."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from urllib.parse import urlencode

from app.problems import ProblemError
from app.tables import Entry, Place

USUAL_LIMIT = 50
HIGHEST_LIMIT = 100

_LIMIT = re.compile(r"[0-9]{1,3}")
_PLACE = re.compile(r"([0-9])_(-?[0-9]{1,17})_([0-9]{1,17})")


@dataclass(frozen=True)
class Wanted:
    """The page asked for: at most `limit` entries, all behind the place `before`."""

    limit: int
    before: Place | None

    @property
    def one_more(self) -> int:
        """How many to look for, so that it shows whether there is a next page."""
        return self.limit + 1

    def shown(self, found: list[Entry]) -> list[Entry]:
        """Return what belongs on the page of what was found."""
        return found[: self.limit]

    def next_url(self, found: list[Entry], path: str, **arguments: str | None) -> str | None:
        """Return the address of the page after what was found, or None on the last."""
        if len(found) <= self.limit:
            return None
        before = "_".join(map(str, found[self.limit - 1].place))
        given = {name: value for name, value in arguments.items() if value is not None}
        return f"{path}?{urlencode({**given, 'limit': self.limit, 'before': before})}"


def page_from(arguments: Mapping[str, str]) -> Wanted:
    """Read `limit` and `before` from a query string. Raises a 400 that names the wrong one."""
    limit = arguments.get("limit", str(USUAL_LIMIT))
    if not _LIMIT.fullmatch(limit) or not 1 <= int(limit) <= HIGHEST_LIMIT:
        raise _wrong("limit", f"a whole number from 1 to {HIGHEST_LIMIT}")
    if "before" not in arguments:
        return Wanted(int(limit), None)
    place = _PLACE.fullmatch(arguments["before"])
    if place is None or not arguments["before"].isascii():
        raise _wrong("before", "what the page before gave as the next")
    return Wanted(int(limit), (int(place[1]), int(place[2]), int(place[3])))


def _wrong(name: str, expected: str) -> ProblemError:
    return ProblemError(HTTPStatus.BAD_REQUEST, f"'{name}' must be {expected}.", parameter=name)
