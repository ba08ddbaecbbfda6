"""Variables in Dockerfile words, as BuildKit replaces them: quotes, escapes, `${X:-default}` and kin."""

from __future__ import annotations

import fnmatch
import platform
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hullproof.dockerfile.model import Instruction

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*|[0-9@*#?$!-]")
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


def expand(word: str, values: Mapping[str, str], escape: str = "\\") -> str:
    """Replace variables and remove quotes. Unknown variables become empty, as in a build."""
    return _Reader(word, values, escape).read()


@dataclass
class Scope:
    """The variables in effect at one place: of ENV and ARG, the one that came last is in effect.

    That is what builders do today; that ENV always wins, as their reference says, they did once.
    """

    build_args: Mapping[str, str]
    outer: Mapping[str, str] = field(default_factory=dict)
    """What a bare `ARG X` finds: global arguments and the platform's."""
    escape: str = "\\"
    env: dict[str, str] = field(default_factory=dict)
    args: dict[str, str] = field(default_factory=dict)

    def values(self) -> dict[str, str]:
        """All variables that a word can use here."""
        return {**self.env, **self.args}

    def expand(self, word: str) -> str:
        """Replace the variables of one word."""
        return expand(word, self.values(), self.escape)

    def apply(self, instruction: Instruction) -> None:
        """Let an ENV or ARG take effect; anything else changes nothing."""
        if instruction.keyword == "ENV":
            # One ENV's values all see the variables from before it.
            before = self.values()
            for name, raw in instruction.pairs:
                resolved = expand(name, before, self.escape)
                self.env[resolved] = expand(raw or "", before, self.escape)
                self.args.pop(resolved, None)
        elif instruction.keyword == "ARG":
            for name, raw in instruction.pairs:
                self._declare(name, raw)

    def _declare(self, name: str, raw: str | None) -> None:
        if name in self.build_args:
            self.args[name] = self.build_args[name]
        elif raw is not None:
            self.args[name] = self.expand(raw)
        elif name in self.outer:
            self.args[name] = self.outer[name]


class _Reader:
    """Reads one word from left to right. Nothing in it raises: a malformed `${` stays as it is."""

    def __init__(self, word: str, values: Mapping[str, str], escape: str) -> None:
        self.word, self.values, self.escape, self.at = word, values, escape, 0

    def read(self, until: str = "") -> str:
        parts: list[str] = []
        while self.at < len(self.word) and self.word[self.at] not in until:
            character = self.word[self.at]
            if character == "'":
                parts.append(self._single())
            elif character == '"':
                parts.append(self._double())
            elif character == "$":
                parts.append(self._variable())
            else:
                if character == self.escape and self.at + 1 < len(self.word):
                    self.at += 1
                parts.append(self.word[self.at])
                self.at += 1
        return "".join(parts)

    def _single(self) -> str:
        end = self.word.find("'", self.at + 1)
        end = len(self.word) if end < 0 else end
        text = self.word[self.at + 1 : end]
        self.at = end + 1
        return text

    def _double(self) -> str:
        parts: list[str] = []
        self.at += 1
        while self.at < len(self.word) and self.word[self.at] != '"':
            character = self.word[self.at]
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
        return self.values.get(name[0], "")

    def _braced(self) -> str:
        start = self.at - 1
        name = _NAME.match(self.word, self.at + 1)
        if name is None:
            self.at = len(self.word)
            return self.word[start:]
        self.at = name.end()
        operator = re.compile(r":[-+?]|##|%%|//|[-+?#%/]|").match(self.word, self.at)
        sign = operator[0] if operator else ""
        self.at += len(sign)
        # An escaped slash belongs to the pattern, so the two halves are read apart.
        operand = self.read(until="/}" if sign.startswith("/") else "}")
        new = ""
        if sign.startswith("/") and self.word[self.at : self.at + 1] == "/":
            self.at += 1
            new = self.read(until="}")
        if self.at >= len(self.word):
            return self.word[start:]
        self.at += 1
        return _modified(self.values.get(name[0]), sign, operand, new)


def _modified(value: str | None, sign: str, operand: str, new: str) -> str:
    """Apply one `${X<sign>operand}`, or `${X/operand/new}`."""
    present = bool(value) if sign.startswith(":") else value is not None
    if sign in {":-", "-"}:
        return value if present and value is not None else operand
    if sign in {":+", "+"}:
        return operand if present else ""
    text = value or ""
    if sign in {"#", "##", "%", "%%"}:
        return _trimmed(text, sign, operand)
    if sign in {"/", "//"}:
        count = 1 if sign == "/" else 0
        return re.sub(_expression(operand), lambda _: new, text, count=count) if operand else text
    return text


def _trimmed(text: str, sign: str, pattern: str) -> str:
    """Cut the shortest (`#`, `%`) or longest (`##`, `%%`) match off the beginning or the end."""
    lengths = range(len(text) + 1) if len(sign) == 1 else range(len(text), -1, -1)
    for length in lengths:
        cut = text[:length] if sign[0] == "#" else text[len(text) - length :]
        if fnmatch.fnmatchcase(cut, pattern):
            return text[length:] if sign[0] == "#" else text[: len(text) - length]
    return text


def _expression(pattern: str) -> str:
    """Turn a shell pattern into a regular expression; `*` takes as much as it can, as in BuildKit."""
    return "".join({"*": ".*", "?": "."}.get(character, re.escape(character)) for character in pattern)
