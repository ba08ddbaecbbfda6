"""Variables in the course of a Dockerfile: which are in effect at which place, and with which values."""

from __future__ import annotations

import platform
from bisect import bisect_right
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from hullproof.dockerfile.expansion import expand
from hullproof.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hullproof.dockerfile.expansion import Values

_MACHINES = {"x86_64": "amd64", "AMD64": "amd64", "aarch64": "arm64", "i686": "386", "armv7l": "arm"}


def platform_arguments(build_args: Mapping[str, str]) -> dict[str, str]:
    """Give the arguments that BuildKit defines by itself; a platform in `build_args` takes precedence."""
    machine = platform.machine()
    here = f"linux/{_MACHINES.get(machine, machine or 'amd64')}"
    arguments: dict[str, str] = {}
    for side in ("BUILD", "TARGET"):
        whole = build_args.get(f"{side}PLATFORM", here)
        system, architecture, variant = (*whole.split("/"), "", "", "")[:3]
        arguments |= {
            f"{side}PLATFORM": whole,
            f"{side}OS": system,
            f"{side}ARCH": architecture,
            f"{side}VARIANT": variant,
        }
    return arguments


class History:
    """The values of variables in the course of a Dockerfile: each change is a moment, and none is forgotten."""

    def __init__(self, values: Mapping[str, str]) -> None:
        """Begin with what is known from elsewhere."""
        self._changes: dict[str, tuple[list[int], list[str | None]]] = {}
        self._names: list[str] = []
        self.characters = 0  # of all that was filled in, for whoever sets a limit
        for name, value in values.items():
            self.set(name, value)

    @property
    def now(self) -> int:
        """The moment that has come."""
        return len(self._names)

    def set(self, name: str, value: str | None) -> None:
        """Let a variable have a value from the next moment on; None takes it away."""
        self._names.append(name)
        moments, values = self._changes.setdefault(name, ([], []))
        moments.append(self.now)
        values.append(value)

    def put_back(self, begin: int, end: int) -> None:
        """Let what was changed from one moment to another be as it was at the first."""
        for name in dict.fromkeys(self._names[begin:end]):
            self.set(name, self.at(begin, name))

    def at(self, moment: int, name: str) -> str | None:
        """Return the value that a variable has at a moment; None for none."""
        moments, values = self._changes.get(name, ((), ()))
        position = bisect_right(moments, moment)
        return values[position - 1] if position else None

    def values(self) -> dict[str, str]:
        """Return all variables as they are now."""
        return {name: values[-1] for name, (_, values) in self._changes.items() if values[-1] is not None}


@dataclass(frozen=True)
class Scope:
    """The variables in effect at one place: of ENV and ARG, the one that came last is in effect.

    That is what builders do today; that ENV always wins, as their reference says, they did once. `where` names the
    place in messages.
    """

    history: History
    moment: int
    escape: str = "\\"
    where: str = ""
    outer: Mapping[str, str] = field(default_factory=dict)
    """What a bare `ARG X` finds: global arguments and the platform's."""

    def get(self, name: str, /) -> str | None:
        """Return the value of a variable; None where it has none."""
        return self.history.at(self.moment, name)

    def expand(self, word: str) -> str:
        """Replace the variables of one word. Raises UsageError, with the place, as `expand` does."""
        try:
            return expand(word, self, self.escape)
        except UsageError as error:
            raise UsageError(f"{self.where}: {error}") from None

    def expand_reference(self, word: str) -> str:
        """Replace the variables of a `--from`, where those from outside count as well.

        BuildKit replaces none there; where it would stop, the global value is what is meant.
        """
        return expand(word, _Fallback(self, self.outer), self.escape)


@dataclass(frozen=True)
class _Fallback:
    first: Values
    second: Values

    def get(self, name: str, /) -> str | None:
        found = self.first.get(name)
        return self.second.get(name) if found is None else found
