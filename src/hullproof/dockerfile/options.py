"""Splits a command's arguments into options and the rest, given which options take a value."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass
class Options:
    """Options as (name, value) in order, value None for a flag; and the words that are none."""

    given: list[tuple[str, str | None]] = field(default_factory=list)
    words: list[str] = field(default_factory=list)

    def has(self, *names: str) -> bool:
        """Whether any of these options is given."""
        return any(name in names for name, _ in self.given)

    def all(self, *names: str) -> tuple[str, ...]:
        """Return the values given to these options, in order."""
        return tuple(value for name, value in self.given if name in names and value is not None)


def split(args: Sequence[str], valued: frozenset[str]) -> Options:
    """Split arguments: `-r x`, `-rx`, `-qr x`, `--requirement x`, `--requirement=x`, `--`."""
    options = Options()
    rest = deque(args)
    while rest:
        word = rest.popleft()
        if word == "--":
            options.words += rest
            break
        if word.startswith("--"):
            _long(word, rest, valued, options)
        elif word.startswith("-") and len(word) > 1:
            _short(word, rest, valued, options)
        else:
            options.words.append(word)
    return options


def _long(word: str, rest: deque[str], valued: frozenset[str], options: Options) -> None:
    name, equals, value = word.partition("=")
    if equals:
        options.given.append((name, value))
    elif name in valued and rest and not rest[0].startswith("--"):
        options.given.append((name, rest.popleft()))
    else:
        options.given.append((name, None))


def _short(word: str, rest: deque[str], valued: frozenset[str], options: Options) -> None:
    for position, letter in enumerate(word[1:], start=1):
        name, attached = f"-{letter}", word[position + 1 :]
        if name not in valued:
            options.given.append((name, None))
            continue
        value = attached.removeprefix("=") if attached else rest.popleft() if rest else None
        options.given.append((name, value))
        return
