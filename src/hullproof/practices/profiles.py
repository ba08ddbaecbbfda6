"""Profiles: named sets of practices, each read off what the practices say of themselves.

A practice whose module names `PROFILES` stands in those, and one that names none stands in each: what a team adds
holds wherever it proves. So there is no list to keep, and a name that a practice brings is a profile.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from hullproof.errors import UsageError
from hullproof.model import DEFAULT_PROFILE
from hullproof.practices import Practice, every, get
from hullproof.text import nearest


def known() -> tuple[str, ...]:
    """Return the names of all profiles, the default first."""
    return tuple(dict.fromkeys((DEFAULT_PROFILE, *(name for each in every() for name in each.profiles))))


def members(profile: str, more: Iterable[str] = ()) -> tuple[Practice, ...]:
    """Return the practices of a profile and, beside them, those that `more` names by id, in order.

    Raises UsageError for a profile or a practice that there is not, and for two that contradict each other.
    """
    if profile not in known():
        raise UsageError(f"there is no profile called {profile!r}; {nearest(profile, known())}")
    added = {get(name).id for name in more}
    found = tuple(
        each for each in every() if not each.profiles or profile in each.profiles or each.id in added
    )
    _require_agreement(found)
    return found


def _require_agreement(practices: Sequence[Practice]) -> None:
    """Refuse two practices of which one cannot hold where the other does."""
    ids = {each.id for each in practices}
    for each in practices:
        for other in ids & set(each.contradicts):
            raise UsageError(f"{each.id} and {other} contradict each other; leave out one of them")
