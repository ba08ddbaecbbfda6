"""Words to name things with that are planted: those of the project, so that nothing stands out."""

from __future__ import annotations

import keyword
import random
import re

_random = random.SystemRandom()
_WORD = re.compile(r"[A-Z]?[a-z]{3,10}")
_RESERVED = frozenset(
    {*keyword.kwlist, "none", "true", "false", "pytest", "self", "skip", "test", "tests", "unittest"}
)


class Vocabulary:
    """The words of a text, to draw from."""

    def __init__(self, text: str = "") -> None:
        """Take a text of the project's."""
        self._words = sorted({each.lower() for each in _WORD.findall(text)} - _RESERVED)

    def pick(self) -> tuple[str, str]:
        """Draw two words; where the text has too few, they are made up."""
        made = ["".join(_random.choice(part) for part in ("bdfgklmnprst", "aeiou") * 3) for _ in range(2)]
        drawn = _random.sample(self._words, k=min(2, len(self._words)))
        first, second = (*drawn, *made)[:2]
        return first, second

    def line(self) -> str:
        """Draw a few words and a number: a line that is not there twice."""
        return " ".join((*self.pick(), str(_random.randrange(1 << 40))))
