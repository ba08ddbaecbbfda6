"""Which line of the Dockerfile a step of a build is: BuildKit tells its name, such as `[deps 3/4] RUN pip install`.

The name holds the stage, a number and the instruction with its variables replaced. None of it can be relied on
alone: the FROM is counted, and shown only where it is fetched; and of builds that run at once and share a step,
all are shown the name that the first one gave it, with a stage and a number of another Dockerfile.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from difflib import SequenceMatcher
from functools import lru_cache
from typing import TypeAlias

LayerInstructions: TypeAlias = Mapping[str, Sequence[tuple[int, str]]]
"""For each stage, by the name that BuildKit shows, the (line, text) of its FROM and then of each
instruction that makes a step: RUN, COPY, ADD and WORKDIR."""

_STEP_NAME = re.compile(
    # The number is padded: the first of ten steps of a stage without a name is `[ 1/10]`.
    r"\[(?:[a-z]+/\S+ )?(?:(?P<stage>[^\s\]]+)\s+)?\s*(?P<number>\d+)/(?P<total>\d+)\]\s(?P<text>.*)",
    re.DOTALL,
)
_CONTINUED = re.compile(r"[\\`]\s*\n")
_MOST_COMPARED = 200
_MOST_TEXT = 1000  # of characters: comparing takes the square of it
_SURE = 0.9
"""Two texts as alike as this are one instruction, wherever its name says that it stands."""


def stage_of(name: str) -> str | None:
    """Return the stage that a step's name tells, "" for the only one; None for BuildKit's own steps."""
    match = _STEP_NAME.match(name)
    return (match["stage"] or "").lower() if match else None


class _Numbers:
    """The steps of one stage that were shown, by their keys, and how well they fit if its FROM is number 1, or 0."""

    def __init__(self) -> None:
        self.keys: list[str] = []
        self.fits = {1: 0.0, 0: 0.0}

    @property
    def first(self) -> int:
        """The number of the FROM: 0 where it is not shown."""
        return max(self.fits, key=self.fits.__getitem__)


class Tracer:
    """Traces the steps of one build."""

    def __init__(self, instructions: LayerInstructions) -> None:
        """Take the Dockerfile's instructions."""
        self._instructions = {stage.lower(): tuple(own) for stage, own in instructions.items()}
        self._same: dict[str, set[tuple[int, str]]] = defaultdict(set)
        self._by_keyword: dict[str, set[tuple[int, str]]] = defaultdict(set)
        for own in self._instructions.values():
            for each in own:
                self._same[_joined(each[1])].add(each)
                self._by_keyword[_keyword(each[1])].add(each)
        self._shown: dict[str, _Numbers] = defaultdict(_Numbers)

    def hear(self, key: str, name: str) -> Sequence[str]:
        """Take a step's name, under a key; return the keys of those that may be traced differently now."""
        match = _STEP_NAME.match(name)
        stage = (match["stage"] or "").lower() if match else ""
        if match is None or stage not in self._instructions:
            return ()
        numbers, text = self._shown[stage], match["text"]
        before = numbers.first
        numbers.keys.append(key)
        for first in numbers.fits:
            there = self._at(stage, int(match["number"]) - first)
            if there is not None and _keyword(there[1]) == _keyword(text):
                numbers.fits[first] += 1 + _is_like(text, there[1])
        return () if numbers.first == before else numbers.keys

    def trace(self, name: str) -> tuple[int | None, str]:
        """Return the line, None where it is not known, and the instruction as the Dockerfile has it."""
        match = _STEP_NAME.match(name)
        if match is None:
            return None, name
        text = match["text"]
        stage = stage_of(name) or ""
        there = self._at(
            stage, int(match["number"]) - (self._shown[stage].first if stage in self._shown else 1)
        )
        if (
            there is not None
            and _keyword(there[1]) == _keyword(text)
            and _is_like(text, there[1]) >= 1 - _SURE
        ):
            return there
        alike = self._alike(text)
        return next(iter(alike)) if len(alike) == 1 else (None, text)

    def _alike(self, text: str) -> set[tuple[int, str]]:
        """Find instructions anywhere that are as good as the same; among very many, those that are just the same."""
        candidates = self._by_keyword.get(_keyword(text), set())
        if len(candidates) > _MOST_COMPARED:
            return self._same.get(_joined(text), set())
        return {each for each in candidates if _is_like(text, each[1]) >= _SURE}

    def _at(self, stage: str, index: int) -> tuple[int, str] | None:
        own = self._instructions.get(stage, ())
        return own[index] if 0 <= index < len(own) else None


def _keyword(text: str) -> str:
    return text.split(None, 1)[0].upper() if text.strip() else ""


def _joined(text: str) -> str:
    return " ".join(_CONTINUED.sub(" ", text).split())


@lru_cache(maxsize=4096)
def _is_like(shown: str, written: str) -> float:
    """Tell how much a step's name is like an instruction, from 0 to 1; of a heredoc only the first line is shown."""
    plain = _CONTINUED.sub(" ", written)
    if "<<" in shown:
        shown, plain = shown.split(" (", maxsplit=1)[0], plain.splitlines()[0]
    one, other = " ".join(shown.split()), " ".join(plain.split())
    if one == other:
        return 1.0
    return SequenceMatcher(None, one[:_MOST_TEXT], other[:_MOST_TEXT], autojunk=False).ratio()
