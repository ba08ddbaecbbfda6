"""What shells complete, apart from what commands read: those that need no project load none of that."""

from __future__ import annotations

import click


def complete_practices(_context: click.Context, _parameter: click.Parameter, typed: str) -> list[str]:
    """Complete the last of several ids, as a shell asks for it."""
    from hullproof.practices import every  # noqa: PLC0415 - heavy, and only shells ask

    before, comma, last = typed.rpartition(",")
    return [f"{before}{comma}{each.id}" for each in every() if each.id.startswith(last)]


def complete_profiles(_context: click.Context, _parameter: click.Parameter, typed: str) -> list[str]:
    """Complete the name of a profile, as a shell asks for it."""
    from hullproof.practices.profiles import known  # noqa: PLC0415 - heavy, and only shells ask

    return [each for each in known() if each.startswith(typed)]
