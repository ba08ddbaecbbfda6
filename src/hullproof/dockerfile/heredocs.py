"""Here-documents: where a line announces them, by the rules of BuildKit's own reading of shell words."""

from __future__ import annotations

import re

from hullproof.dockerfile.model import Heredoc

# What Go takes for a space, which is not quite what Python's \s takes for one.
SPACES = f"\t\n\v\f\r \x85\xa0\u1680{''.join(map(chr, range(0x2000, 0x200B)))}\u2028\u2029\u202f\u205f\u3000"
_SPACE = re.compile(f"[{SPACES}]")
_NAME = re.compile(r"[^\W\d]\w*|\d+|[@*#?$!-]")
_ANNOUNCED = re.compile(r"[0-9]*<<(-?)[ \t]*([^<]+)\Z")
_PIECES = re.compile(r"\\(.?)|'([^']*)'|\"((?:\\[\"$\\]|[^\"])*)\"|([^\\'\"]+)", re.DOTALL)


class _Unfinished(Exception):  # noqa: N818 - no program's error: the line is then read as announcing nothing
    pass


def announced(line: str) -> list[Heredoc]:
    """List the here-documents that a line announces, in order, without content."""
    try:
        words = _words(line)
    except (_Unfinished, RecursionError):
        return []
    return [doc for doc in map(_announced, words) if doc]


def _announced(word: str) -> Heredoc | None:
    found = _ANNOUNCED.match(word)
    if found is None:
        return None
    name = "".join(_unquoted(*piece.groups()) for piece in _PIECES.finditer(found[2]))
    quoted = sum(map(found[2].count, "'\"")) != sum(map(name.count, "'\""))
    return Heredoc(name, chomp=bool(found[1]), expand=not quoted) if name else None


def _unquoted(escaped: str | None, single: str | None, double: str | None, plain: str | None) -> str:
    if double is not None:
        return re.sub(r"\\([\"$\\])", r"\1", double)
    return escaped or single or plain or ""


def _words(text: str) -> list[str]:
    """Split a line at its spaces outside of quotes; nothing is taken away. Raises _Unfinished where a quote stays open."""
    words, at = [""], 0
    while at < len(text):
        end = _end_of_piece(text, at)
        if text.startswith("<<", at):
            end = at + 2 + len(text[at + 2 :]) - len(text[at + 2 :].lstrip(" \t"))
            words[-1] += text[at:end]
        elif text[at] == "$" or _SPACE.match(text[at]):
            first, *others = _SPACE.split(text[at:end])
            words[-1] += first
            words += others
        else:
            words[-1] += text[at:end]
        at = end
    return words


def _end_of_piece(text: str, at: int) -> int:
    """Return where a quotation, a variable, an escape or a plain character ends."""
    if text[at] == "\\":
        return min(at + 2, len(text))
    if text[at] == "'":
        end = text.find("'", at + 1) + 1
        if not end:
            raise _Unfinished
        return end
    if text[at] == '"':
        return _end_of_double(text, at + 1)
    return _end_of_variable(text, at + 1) if text[at] == "$" else at + 1


def _end_of_double(text: str, at: int) -> int:
    while text[at : at + 1] != '"':
        if at >= len(text):
            raise _Unfinished
        if text[at] == "$":
            at = _end_of_variable(text, at + 1)
        else:
            at += 2 if text[at] == "\\" and text[at + 1 : at + 2] in {'"', "$", "\\"} else 1
    return at + 1


def _end_of_variable(text: str, at: int) -> int:
    """Return where `$name` or `${name…}` ends; `at` is behind the dollar."""
    if text[at : at + 1] != "{":
        name = _NAME.match(text, at)
        return name.end() if name else at
    name = _NAME.match(text, at + 1)
    at = name.end() if name else at + 1
    sign = text[at : at + 1]
    if sign == "}" and name:
        return at + 1
    if sign == "/":
        at = _end_at(text, at + 1 + (text[at + 1 : at + 2] == "/"), "/")
        return _end_at(text, at, "}")
    if sign in {"+", "-", "?", "#", "%"} or (sign == ":" and name):
        return _end_at(text, at + 1 + (sign == ":"), "}")
    raise _Unfinished


def _end_at(text: str, at: int, stop: str) -> int:
    while text[at : at + 1] != stop:
        if at >= len(text):
            raise _Unfinished
        at = _end_of_piece(text, at)
    return at + 1
