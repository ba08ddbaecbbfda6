"""Which practices are proven: those of the project's profile, or those that were asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hullproof.errors import UsageError
from hullproof.practices import Practice, every, get
from hullproof.practices.profiles import members

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hullproof.facts import Config


def choose(
    config: Config, only: Sequence[str] | None, *, experiments: bool
) -> tuple[list[Practice], list[Practice]]:
    """Return the practices to prove and those of the project's profile that are left out, each in order.

    `only` names practices by id, of the profile or not; by default it is the profile's. Without `experiments`, those that
    need one are left out. Raises UsageError for an id that is none, and where nothing is left to prove.
    """
    if only is not None and not only:
        raise UsageError("--only names no practice; `hullproof explain` lists them")
    profile = members(config.profile, config.practices)
    asked = [get(name) for name in dict.fromkeys(only)] if only else profile
    chosen = [each for each in every() if each in asked and (experiments or not each.needs_experiment)]
    if not chosen:
        names = ", ".join(each.id for each in asked)
        raise UsageError(f"{names}: cannot be proven without experiments; leave out --no-experiments")
    return chosen, [each for each in profile if each not in chosen]
