"""Reading a fix: the sentences of it that say which line to write, and what following them does to a project.

It knows no practice and no case, only the sentences of docs/reference/fixes.md. All else is prose, which it does not follow.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from hullproof.dockerfile import parse

Change = Callable[["Draft"], None]
"""Changes the draft as one sentence says."""


class File:
    """A file that is being changed. Its lines keep their numbers until it is written; an instruction is known by its first.

    `before` and `after` hold what goes there, by line; `instead` what takes a line's place, None for nothing.
    """

    def __init__(self, path: Path, *, is_dockerfile: bool) -> None:
        """Read the file as it is: one that is not there is empty."""
        self.path = path
        text = path.read_text(encoding="utf-8") if path.exists() else ""
        self.lines = text.splitlines()
        self.ends = {number: number for number in range(1, len(self.lines) + 1)}
        if is_dockerfile:
            self.ends |= {each.line: each.end_line for each in parse(text, path.name).instructions}
        self.before: dict[int, list[str]] = {}
        self.after: dict[int, list[str]] = {}
        self.instead: dict[int, str | None] = {}
        self.appended: list[str] = []

    def write(self) -> None:
        """Write it with its changes."""
        made = list[str]()
        number = 1
        while number <= len(self.lines):
            end = self.ends[number]
            made += self.before.get(number, [])
            own = self.instead.get(number, "\n".join(self.lines[number - 1 : end]))
            made += [] if own is None else [own]
            made += self.after.get(number, [])
            number = end + 1
        text = "\n".join([*made, *self.appended])
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.path.write_text(f"{text}\n", encoding="utf-8")


@dataclass
class Draft:
    """A project whose files are being changed."""

    folder: Path
    dockerfile: str

    def __post_init__(self) -> None:
        """Begin with nothing changed."""
        self.files: dict[str, File] = {}

    def file(self, name: str) -> File:
        """Return a file by the name that a fix calls it."""
        return self.files.setdefault(name, File(self.folder / name, is_dockerfile=name == self.dockerfile))

    def at(self, found: re.Match[str]) -> tuple[File, int]:
        """Return the file and the line that a sentence names. Raises KeyError where there is no such line."""
        file, line = self.file(found["file"]), int(found["line"])
        _ = file.ends[line]
        return file, line


def changes(fix: str) -> list[Change]:
    """Read all sentences of a fix that name lines, in their order; none for prose."""
    found = [(match.start(), match, make) for form, make in _FORMS for match in form.finditer(fix)]
    every = {match[0]: make(match) for _, match, make in sorted(found, key=lambda each: each[0])}
    return list(every.values())


def handed_in(fix: str) -> list[str]:
    """List the ids of the secrets that a fix asks whoever builds to hand in."""
    return list(dict.fromkeys(_HANDED_IN.findall(fix)))


def follow(fix: str, folder: Path, dockerfile: str = "Dockerfile") -> int:
    """Do what a fix says in a project's folder; return how many sentences could be followed."""
    draft, followed = Draft(folder, dockerfile), 0
    for change in changes(fix):
        try:
            change(draft)
        except (KeyError, OSError):
            continue
        followed += 1
    for file in draft.files.values():
        file.write()
    return followed


def _instead(found: re.Match[str]) -> Change:
    def change(draft: Draft) -> None:
        file, line = draft.at(found)
        file.instead[line] = found["text"]

    return change


def _beside(found: re.Match[str]) -> Change:
    def change(draft: Draft) -> None:
        file, line = draft.at(found)
        place = file.before if found["side"] == "before" else file.after
        place.setdefault(line, []).extend(_TEXT.findall(found["texts"]))

    return change


def _remove(found: re.Match[str]) -> Change:
    def change(draft: Draft) -> None:
        file, line = draft.at(found)
        file.instead |= dict.fromkeys(range(line, int(found["last"] or line) + 1))

    return change


def _append(found: re.Match[str]) -> Change:
    def change(draft: Draft) -> None:
        draft.file(found["file"]).appended += _TEXT.findall(found["texts"])

    return change


_HANDED_IN = re.compile(r"(?:(?<=^)|(?<=[.] ))Hand it in by --secret id=(\w+),env=\w+\.(?= |$)")
_TEXT = re.compile(r"`([^`]+)`")
_TEXTS = r"(?P<texts>`[^`]+`(?:, `[^`]+`)*)"
_FILE = r"(?P<file>[^\s`:]+)"
_AT = rf"{_FILE}:(?P<line>\d+)"
_FORMS: tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], Change]], ...] = tuple(
    (re.compile(rf"(?:(?<=^)|(?<=[.] )){pattern}\.(?= |$)"), make)
    for pattern, make in (
        (rf"Write `(?P<text>[^`]+)` in the place of {_AT}", _instead),
        (rf"Add {_TEXTS} (?P<side>before|after) {_AT}", _beside),
        (rf"Add {_TEXTS} to {_FILE}", _append),
        (rf"Remove {_AT}(?:-(?P<last>\d+))?", _remove),
    )
)
"""The sentences: each begins one, and ends with its full stop."""
