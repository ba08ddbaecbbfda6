"""What `${X#pattern}` and its kin make of a variable's value, in time that no pattern can draw out."""

from __future__ import annotations

import re

LONGEST = 128 << 10
"""The most characters that a word may have with its variables filled in: Linux hands no longer one to a program."""


def modified(value: str | None, sign: str, operand: str, new: str) -> str:
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
