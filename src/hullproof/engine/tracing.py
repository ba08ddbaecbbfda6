"""Which line of the Dockerfile a step of a build is: BuildKit tells its name, such as `[deps 3/4] RUN pip install`.

The name holds the stage, a number and the instruction with its variables replaced. None of it can be relied on
alone: the FROM is counted, and shown only where it is fetched; a WORKDIR that is `/` makes no step; and of builds that
run at once and share a step, all are shown the name that the first one gave it, with a stage and a number of another
Dockerfile. So a step is an instruction that its text can be, where its number says that it stands, or the only one
anywhere; else its line is not known.
"""

from __future__ import annotations

import posixpath
import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from functools import lru_cache
from itertools import accumulate
from typing import TypeAlias

LayerInstructions: TypeAlias = Mapping[str, Sequence[tuple[int, str]]]
"""For each stage, by the name that BuildKit shows, the (line, text) of its FROM and then of each
instruction that makes a step: RUN, COPY, ADD and WORKDIR."""

_STEP_NAME = re.compile(
    # The number is padded: the first of ten steps of a stage without a name is `[ 1/10]`.
    r"\[(?:[a-z]+/\S+ )?(?:(?P<stage>[^\s\]]+)\s)?\s*(?P<number>\d+)/(?P<total>\d+)\]\s(?P<text>.*)",
    re.DOTALL,
)
_CONTINUED = re.compile(r"[\\`][ \t]*\n")
_COMMENT = re.compile(r"(?m)^[ \t]*#.*\n?")
_VARIABLE = re.compile(r"\\?\$(?:\w+|\{[^}]*\})|[\"'\\]")
"""What BuildKit replaces in a name, or takes away."""

_MOST_COMPARED = 200
_MOST_SKIPPED = 8


def stage_of(name: str) -> str | None:
    """Return the stage that a step's name tells, "" for the only one; None for BuildKit's own steps."""
    match = _STEP_NAME.match(name)
    return (match["stage"] or "").lower() if match else None


class _Numbers:
    """The steps of one stage that were shown, by their keys, and how well they fit if its FROM is number 1, or 0."""

    def __init__(self) -> None:
        self.keys: list[str] = []
        self.fits = {1: 0, 0: 0}

    @property
    def first(self) -> int:
        """The number of the FROM: 0 where it is not shown."""
        return max(self.fits, key=self.fits.__getitem__)


class Tracer:
    """Traces the steps of one build."""

    def __init__(self, instructions: LayerInstructions) -> None:
        """Take the Dockerfile's instructions."""
        self._instructions = {
            stage.lower(): tuple(each for each in own if not _is_root(each[1]))
            for stage, own in instructions.items()
        }
        self._same: dict[str, set[tuple[int, str]]] = defaultdict(set)
        self._by_keyword: dict[str, set[tuple[int, str]]] = defaultdict(set)
        self._unsure: dict[str, list[int]] = {}
        """For each stage, how many WORKDIRs that may be `/` stand before each of its instructions."""
        for stage, own in self._instructions.items():
            self._unsure[stage] = list(accumulate((_may_be_root(text) for _, text in own), initial=0))
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
            if there is not None:
                numbers.fits[first] += _can_be(text, there[1]) + (text == _joined(there[1]))
        return () if numbers.first == before else numbers.keys

    def trace(self, name: str) -> tuple[int | None, str]:
        """Return the line, None where it is not known, and the instruction as the Dockerfile has it."""
        match = _STEP_NAME.match(name)
        if match is None:
            return None, name
        text, stage = match["text"], stage_of(name) or ""
        first = self._shown[stage].first if stage in self._shown else 1
        fitting = self._there(stage, int(match["number"]) - first, text) or self._anywhere(text)
        return next(iter(fitting)) if len(fitting) == 1 else (None, text)

    def _there(self, stage: str, index: int, text: str) -> set[tuple[int, str]]:
        """Find the instructions that the step of this number can be: several where a WORKDIR before may make no step."""
        unsure = self._unsure.get(stage, [])
        found: set[tuple[int, str]] = set()
        for skipped in range(_MOST_SKIPPED):
            there = self._at(stage, index + skipped)
            if there is None or unsure[index + skipped] < skipped:
                break
            if _can_be(text, there[1]):
                found.add(there)
        return found

    def _anywhere(self, text: str) -> set[tuple[int, str]]:
        """Find the instructions of all stages that it can be; among very many, those that are just the same."""
        candidates = self._by_keyword.get(_keyword(text), set())
        if len(candidates) > _MOST_COMPARED:
            return self._same.get(_joined(text), set())
        return {each for each in candidates if _can_be(text, each[1])}

    def _at(self, stage: str, index: int) -> tuple[int, str] | None:
        own = self._instructions.get(stage, ())
        return own[index] if 0 <= index < len(own) else None


def _keyword(text: str) -> str:
    return text.split(None, 1)[0].upper() if text.strip() else ""


def _joined(text: str) -> str:
    return " ".join(_COMMENT.sub("", _CONTINUED.sub(" ", _COMMENT.sub("", text))).split())


def _is_root(text: str) -> bool:
    """Whether it is a WORKDIR that makes no step, whatever came before."""
    keyword, _, path = _joined(text).partition(" ")
    path = path.strip("\"'")
    return keyword.upper() == "WORKDIR" and path.startswith("/") and posixpath.normpath(path).strip("/") == ""


def _may_be_root(text: str) -> bool:
    """Whether it is a WORKDIR that makes no step if its variables, or those before, lead there."""
    keyword, _, path = _joined(text).partition(" ")
    return keyword.upper() == "WORKDIR" and ("$" in path or not path.strip("\"'").startswith("/"))


@lru_cache(maxsize=4096)
def _can_be(shown: str, written: str) -> bool:
    """Tell whether a step's name can be an instruction: the same but for variables; of a heredoc, its first line is shown."""
    plain = _joined(written)
    if "<<" in shown:
        shown, plain = shown.split(" (", maxsplit=1)[0], _joined(written.splitlines()[0])
    if _keyword(shown) != _keyword(plain):
        return False
    if _keyword(shown) == "FROM":
        return True  # a base has many names
    said = " ".join(shown.split())[len(_keyword(plain)) :]
    first, *rest = _VARIABLE.split(plain[len(_keyword(plain)) :])
    if not rest:
        return said == first
    if not said.startswith(first):
        return False
    at = len(first)
    for piece in rest[:-1]:
        found = said.find(piece, at)
        if found < 0:
            return False
        at = found + len(piece)
    return said.endswith(rest[-1]) and len(said) - len(rest[-1]) >= at
