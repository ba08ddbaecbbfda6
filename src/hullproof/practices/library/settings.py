"""Settings that an application ended for want of, as its log and its sources together tell."""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hullproof.practices.library.environment import variables

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from hullproof.facts import FileFacts

_VARIABLE = r"\b[A-Z][A-Z0-9]*_[A-Z0-9_]+\b"
# What settings libraries and os.environ say of a variable that is not there: pydantic, decouple, environs, Django,
# Click, shells; and what programs say in words of their own of a name that is written like a variable's.
_MISSING = re.compile(
    r"\bKeyError: '[A-Z][A-Z0-9_]+'|The [A-Z_]+ setting must not be empty|UndefinedValueError: \w+ not found"
    r"|\b[A-Z][A-Z0-9_]+: (?:unbound variable|parameter (?:null or )?not set)"
    r"|validation errors? for \w*(?:Settings|Config|Configuration|Env|Environment)\b"
    r"|\bMissing (?:option|argument|parameter)\b"
    r"|(?i:\b(?:environment|env) var(?:iable)?s?\b.{0,60}"
    r"\b(?:not (?:set|found|defined)|missing|required|undefined|must be set|unset)\b"
    r"|\b(?:set|missing|required|define) (?:the |an? )?\S* ?(?:environment|env) var)"
    rf"|{_VARIABLE}.{{0,30}}\b(?:not (?:set|found|defined|provided|given|configured)|missing|required|unset|empty|must be)\b"
    rf"|(?i:\b(?:missing|set|provide|define|unset|configure|requires?|required)\b).{{0,30}}{_VARIABLE}"
)
_READS_ENVIRONMENT = re.compile(r"^\s+.*\b(?:os\.environ|os\.getenv|getenv\()")
_END_OF_TRACEBACK = 4
_NAMED = re.compile(
    r"\bKeyError: '([A-Z][A-Z0-9_]+)'|The ([A-Z_]+) setting must|UndefinedValueError: (\w+) not found"
    r"|\b([A-Z][A-Z0-9_]+): (?:unbound variable|parameter )|(?i:variable[s:]? [\"'`]?)([A-Z][A-Z0-9_]{2,})"
    rf"|({_VARIABLE})"
)
_REQUIRED_FIELD = re.compile(r"^\s+Field required\b|^\s+Input should be .*input_value=None")
# What ends a program whatever its settings are: it is to blame on the code, the command or the image.
_STRUCTURAL = re.compile(
    r"\b(?:ModuleNotFound|Import|Syntax|Indentation|Tab|Name|FileNotFound|Permission|IsADirectory|Recursion|Memory"
    r"|ZeroDivision|UnboundLocal|NotImplemented|Assertion|Index)Error\b|No module named|can't open file"
    r"|\bErrno (?:1|2|13|17|20|21|28|30|98|99)\b|[Aa]ddress already in use|[Pp]ermission denied"
    r"|(?:module|type object) '[^']*' has no attribute|Attribute \".*\" not found in module|Failed to find attribute"
    r"|unrecognized arguments|invalid choice|No such (?:option|command)|TemplateNotFound"
)


@dataclass(frozen=True)
class Setting:
    """A variable that the sources cannot do without, and where they read it: `/app/bot.py:6`."""

    name: str
    where: str


def says_one_is_missing(log: tuple[str, ...]) -> bool:
    """Whether a log tells of a variable that the environment does not have: by its words, or where a traceback ends."""
    said = any(_MISSING.search(line) and not _STRUCTURAL.search(line) for line in log)
    return said or any(_READS_ENVIRONMENT.match(line) for line in log[-_END_OF_TRACEBACK:])


def missing(
    log: tuple[str, ...], files: FileFacts | None, env: Mapping[str, str], error: str | None
) -> tuple[Setting, ...] | None:
    """Return the settings that an application ended for want of; None where nothing speaks for that.

    The log may say so in the words of some library, or name a variable; what it says in words of its own is told by
    the sources, which read a variable that the environment does not have, unless the `error` is of another make, or
    there is none: then the program came to its end.
    """
    sources = _sources(files) if files is not None else {}
    named = set(_named(log))
    read = [each for each in required(sources) if each.name not in env]
    if error is None:
        said = [name for name in sorted(named - env.keys()) if _is_said_missing(log, name)]
        asked = [name for name in said if any(name in text for text in sources.values())]
        return (
            tuple(next((each for each in read if each.name == name), Setting(name, "")) for name in asked)
            or None
        )
    spoken = [each for each in read if each.name in named or re.search(rf"\b{each.name}\b", error)]
    if says_one_is_missing(log) or spoken:
        known = {each.name for each in read}
        others = [
            Setting(name, "")
            for name in sorted(named - known)
            if name not in env and _is_said_missing(log, name)
        ]
        return (*spoken, *others) or tuple(read)
    return tuple(read) if read and not _STRUCTURAL.search(error) else None


def _sources(files: FileFacts) -> dict[str, str]:
    """Take the texts that the Dockerfile adds and the release still has, by their paths."""
    return {
        path: text
        for layer in files.added_layers
        for path, text in layer.texts.items()
        if path in files.final
    }


def required(sources: Mapping[str, str]) -> list[Setting]:
    """List the variables that sources cannot do without, each where it comes first."""
    found: dict[str, Setting] = {}
    for name, where in variables(sources):
        found.setdefault(name, Setting(name, where))
    return list(found.values())


def _is_said_missing(log: tuple[str, ...], name: str) -> bool:
    said = any(name in line and _MISSING.search(line) and not _STRUCTURAL.search(line) for line in log)
    return said or name.lower() in {line.strip().lower() for line in log}


def _named(log: tuple[str, ...]) -> Iterator[str]:
    """Name the variables that a log speaks of; pydantic names a field on the line above what is wrong with it."""
    for line in log:
        for match in _NAMED.finditer(line):
            yield next(group for group in match.groups() if group)
    for field, verdict in itertools.pairwise(log):
        if _REQUIRED_FIELD.match(verdict) and field.strip().isidentifier():
            yield field.strip().upper()
