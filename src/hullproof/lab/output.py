"""What the output of a build's steps says of planted tests."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hullproof.engine.model.build import Step
    from hullproof.lab.failing import Spot

_TOKEN = re.compile(r"\w+")
_FAILS = re.compile(r"\b(?:FAIL|ERROR)", re.IGNORECASE)
_SESSION_ENDS = re.compile(r"\b(?:passed|failed|errors?|deselected|ran)\b.* in [\d.]+ ?s|^Ran \d+ tests? in ")
"""The last line of pytest, and of unittest: what follows is another runner's."""


@dataclass(frozen=True)
class Reported:
    """The line of output that says most of a planted test, the step's line, and how many runners had ended before."""

    line: int | None
    said: str
    session: int = 0
    is_named: bool = False


class Output:
    """Looks for planted tests by their numbers, which only a run brings forth, and by their names."""

    def __init__(self, spots: Iterable[Spot]) -> None:
        """Take all files in which tests are planted."""
        tests = [(test, spot) for spot in spots for test in spot.tests]
        self._by_number = {str(test.sum.value): spot for test, spot in tests}
        self._by_name = {test.name: spot for test, spot in tests}
        self._runners: set[int | None] = set()
        """Lines of the steps that are known to run tests: their output had a number."""

    def is_wanted(self, line: str) -> bool:
        """Whether a line of output says something: of a planted test, or that a runner ends."""
        words = _TOKEN.findall(line)
        return (
            any(word in self._by_number or word in self._by_name for word in words)
            or _SESSION_ENDS.search(line) is not None
        )

    def read(self, steps: Iterable[Step], spots: Iterable[Spot], *, by_name: bool) -> dict[Spot, Reported]:
        """Find out which of the files the output of steps reports failures of.

        Names are in the text, where linters read them. They count where they are said to fail: in a step that is known
        to run tests, or (`by_name`) in any.
        """
        found: dict[Spot, Reported] = {}
        wanted = set(spots)
        for step in steps:
            session = 0
            lines = [(line, _TOKEN.findall(line)) for line in step.kept]
            if any(word in self._by_number for _, words in lines for word in words):
                self._runners.add(step.line)
            for line, words in lines:
                session += _SESSION_ENDS.search(line) is not None
                ran = {self._by_number[word] for word in words if word in self._by_number}
                named = {self._by_name[word] for word in words if word in self._by_name}
                counts = _FAILS.search(line) and (by_name or step.line in self._runners)
                for spot in wanted & (ran | (named if counts else set())):
                    if spot not in found or (counts and spot in named and not found[spot].is_named):
                        found[spot] = Reported(step.line, line.strip(), session, is_named=spot in named)
        return found
