"""The words of a Dockerfile with their variables filled in, as BuildKit does it: quotes, escapes, `${X:-default}` and kin."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Protocol

from hullproof.dockerfile.modifiers import LONGEST, modified
from hullproof.errors import UsageError

DEEPEST = 100
"""So deep may `${A:-${B:-...}}` be nested."""

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*|[0-9@*#?$!-]")
_SIGN = re.compile(r":[-+?]|##|%%|//|[-+?#%/]|")


class Values(Protocol):
    """Variables by name."""

    def get(self, name: str, /) -> str | None:
        """Return a variable's value; None where there is none."""


def expand(word: str, values: Values, escape: str = "\\") -> str:
    """Replace variables and remove quotes. Unknown variables become empty, as in a build.

    Raises UsageError for what comes to more than `LONGEST` characters or is nested deeper than `DEEPEST`.
    """
    if not _special(escape, "").search(word):
        return word
    return _Reader(word, values, escape).read()


@lru_cache(maxsize=64)
def _special(escape: str, until: str) -> re.Pattern[str]:
    """Find the next character that is not simply itself."""
    return re.compile(f"[{re.escape(escape + until)}'\"$]")


class _Reader:
    """Reads one word from left to right; a malformed `${` stays as it is."""

    def __init__(self, word: str, values: Values, escape: str) -> None:
        self.word, self.values, self.escape, self.at = word, values, escape, 0
        self.depth = 0
        self.length = 0

    def read(self, until: str = "") -> str:
        parts: list[str] = []
        special = _special(self.escape, until)
        while self.at < len(self.word):
            parts.append(self._plain(special))
            character = self.word[self.at : self.at + 1]
            if not character or character in until:
                break
            if character == "'":
                parts.append(self._single())
            elif character == '"':
                parts.append(self._double())
            elif character == "$":
                parts.append(self._variable())
            else:
                self.at += 1 if self.at + 1 < len(self.word) else 0
                parts.append(self.word[self.at])
                self.at += 1
        return "".join(parts)

    def _plain(self, special: re.Pattern[str]) -> str:
        """Read on to the next special character."""
        start = self.at
        found = special.search(self.word, start)
        self.at = found.start() if found else len(self.word)
        return self.word[start : self.at]

    def _single(self) -> str:
        end = self.word.find("'", self.at + 1)
        end = len(self.word) if end < 0 else end
        text = self.word[self.at + 1 : end]
        self.at = end + 1
        return text

    def _double(self) -> str:
        parts: list[str] = []
        self.at += 1
        special = _special(self.escape, "")
        while self.at < len(self.word):
            parts.append(self._plain(special))
            character = self.word[self.at : self.at + 1]
            if not character or character == '"':
                break
            if character == "$":
                parts.append(self._variable())
                continue
            following = self.word[self.at + 1 : self.at + 2]
            if character == self.escape and following and following in f'"${self.escape}':
                self.at += 1
            parts.append(self.word[self.at])
            self.at += 1
        self.at += 1
        return "".join(parts)

    def _variable(self) -> str:
        self.at += 1
        if self.word[self.at : self.at + 1] == "{":
            return self._braced()
        name = _NAME.match(self.word, self.at)
        if name is None:
            return "$"
        self.at = name.end()
        return self._counted(self.values.get(name[0]) or "")

    def _counted(self, value: str) -> str:
        """Hand on a value that is filled in, as long as all of them are not too long together."""
        self.length += len(value)
        if self.length > LONGEST:
            raise UsageError(
                f"with its variables filled in, a word has more than {LONGEST:,} characters, the most that is "
                "followed; shorten the variables"
            )
        return value

    def _braced(self) -> str:
        start = self.at - 1
        name = _NAME.match(self.word, self.at + 1)
        if name is None:
            self.at = len(self.word)
            return self.word[start:]
        self.at = name.end()
        operator = _SIGN.match(self.word, self.at)
        sign = operator[0] if operator else ""
        self.at += len(sign)
        self.depth += 1
        before = self.length
        if self.depth > DEEPEST:
            raise UsageError(f"variables are nested more than {DEEPEST} deep, the most that is followed")
        # An escaped slash belongs to the pattern, so the two halves are read apart.
        operand = self.read(until="/}" if sign.startswith("/") else "}")
        new = ""
        if sign.startswith("/") and self.word[self.at : self.at + 1] == "/":
            self.at += 1
            new = self.read(until="}")
        self.depth -= 1
        self.length = before  # what the operand holds counts where it is taken
        if self.at >= len(self.word):
            return self.word[start:]
        self.at += 1
        return self._counted(modified(self.values.get(name[0]), sign, operand, new))
