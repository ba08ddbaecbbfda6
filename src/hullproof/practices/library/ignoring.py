"""Lines of an ignore file: which one withholds a path or lets it back in, and how it gets through."""

from __future__ import annotations

import fnmatch
import posixpath
from typing import TYPE_CHECKING

from hullproof.practices.library.lines import insert, remove_from

if TYPE_CHECKING:
    from collections.abc import Iterator

_ALL = frozenset({"*", "**", "."})


def to_let_through(file: str, text: str, path: str) -> str | None:
    """Say which line goes, or is followed by an exception, so that a path gets through; None where no line is known to withhold it.

    The exception comes right behind that line, so that what later ones withhold below the path stays withheld.
    """
    found = [(number, pattern) for number, pattern in _patterns(text) if _fits(path, pattern)]
    if not found:
        return None
    number, pattern = found[-1]
    if not set("*?[").intersection(pattern.removeprefix("**/")) and len(found) == 1:
        return remove_from(file, number)
    return insert(file, "after", number, f"!{path}")


def letting_back_in(text: str, path: str) -> tuple[int, str] | None:
    """Find the `!` line that has the last word on a path: its number, and itself as written; None where none has."""
    last = None
    for number, row in _rows(text):
        is_exception = row.startswith("!")
        if _fits(path, _plain(row.removeprefix("!"))):
            last = (number, row) if is_exception else None
    return last


def withholds_all(text: str) -> bool:
    """Whether it first leaves out everything."""
    return any(pattern in _ALL for _, pattern in _patterns(text))


def _patterns(text: str) -> Iterator[tuple[int, str]]:
    """Yield the lines that leave something out, with their numbers."""
    return ((number, _plain(row)) for number, row in _rows(text) if not row.startswith("!"))


def _rows(text: str) -> Iterator[tuple[int, str]]:
    """Yield the lines that count, with their numbers."""
    for number, row in enumerate(text.splitlines(), 1):
        if row.strip() and not row.startswith("#"):
            yield number, row.strip()


def _plain(row: str) -> str:
    return posixpath.normpath(row.strip().strip("/"))


def _fits(path: str, pattern: str) -> bool:
    """Whether a pattern matches a path or a folder that it lies in, as far as names tell."""
    parts = path.strip("/").split("/")
    above = ["/".join(parts[: at + 1]) for at in range(len(parts))]
    plain = pattern.removeprefix("**/")
    if plain == pattern:
        return any(each.count("/") == plain.count("/") and fnmatch.fnmatchcase(each, plain) for each in above)
    return any(fnmatch.fnmatchcase(f"/{each}", f"*/{plain}") for each in above)
