"""Variables in Dockerfile words, as BuildKit replaces them: quotes, escapes, `${X:-default}` and kin."""

from __future__ import annotations

import platform
import re
from bisect import bisect_right
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Protocol

from hullproof.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

LONGEST = 128 << 10
"""The most characters that a word may have with its variables filled in: Linux hands no longer one to a program."""
DEEPEST = 100
"""So deep may `${A:-${B:-...}}` be nested."""

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*|[0-9@*#?$!-]")
_SIGN = re.compile(r":[-+?]|##|%%|//|[-+?#%/]|")
_MACHINES = {"x86_64": "amd64", "AMD64": "amd64", "aarch64": "arm64", "i686": "386", "armv7l": "arm"}


class Values(Protocol):
    """Variables by name."""

    def get(self, name: str, /) -> str | None:
        """Return a variable's value; None where there is none."""


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


def expand(word: str, values: Values, escape: str = "\\") -> str:
    """Replace variables and remove quotes. Unknown variables become empty, as in a build.

    Raises UsageError for what comes to more than `LONGEST` characters or is nested deeper than `DEEPEST`.
    """
    if not _special(escape, "").search(word):
        return word
    return _Reader(word, values, escape).read()


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
        return self._counted(_modified(self.values.get(name[0]), sign, operand, new))


def _modified(value: str | None, sign: str, operand: str, new: str) -> str:
    """Apply one `${X<sign>operand}`, or `${X/operand/new}`."""
    present = bool(value) if sign.startswith(":") else value is not None
    if sign in {":-", "-"}:
        return value if present and value is not None else operand
    if sign in {":+", "+"}:
        return operand if present else ""
    text = value or ""
    if sign in {"#", "##"}:
        return _trimmed(text, operand, longest=sign == "##")
    if sign in {"%", "%%"}:
        return _trimmed(text[::-1], operand[::-1], longest=sign == "%%")[::-1]
    if sign in {"/", "//"}:
        return _substituted(text, operand, new, each=sign == "//") if operand else text
    return text


def _trimmed(text: str, pattern: str, *, longest: bool) -> str:
    """Cut the shortest or the longest match off the beginning."""
    pieces = _pieces(pattern)
    first = pieces[0].match(text)
    end = _end(pieces, text, first, longest=longest)
    return text if end is None else text[end:]


def _substituted(text: str, pattern: str, new: str, *, each: bool) -> str:
    """Put `new` in the place of the first match or of each; `*` takes as much as it can, as in BuildKit."""
    pieces = _pieces(pattern)
    done: list[str] = []
    at = length = 0
    while length <= LONGEST:
        first = pieces[0].search(text, at)
        end = _end(pieces, text, first, longest=True)
        if first is None or end is None:
            break
        done += [text[at : first.start()], new]
        length += first.start() - at + len(new)
        at = end
        if not each or at == len(text):
            break
    return "".join([*done, text[at:]])


def _pieces(pattern: str) -> list[re.Pattern[str]]:
    """Divide a pattern at its stars, into pieces that match so many characters each."""
    return [
        re.compile("".join("." if each == "?" else re.escape(each) for each in piece), re.DOTALL)
        for piece in pattern.split("*")
    ]


def _end(
    pieces: list[re.Pattern[str]], text: str, first: re.Match[str] | None, *, longest: bool
) -> int | None:
    """Return where a match that begins with `first` ends; None where the other pieces do not follow.

    Each piece is taken where it comes first, which leaves the most room for the rest: nothing is tried twice, as a
    regular expression with several stars would.
    """
    if first is None:
        return None
    at = first.end()
    for number, piece in enumerate(pieces[1:], start=2):
        last = number == len(pieces)
        if last and longest:
            piece = re.compile(f"(?s:.*){piece.pattern}", re.DOTALL)  # noqa: PLW2901 - the same, as far on as can be
        found = piece.match(text, at) if last and longest else piece.search(text, at)
        if found is None:
            return None
        at = found.end()
    return at
