"""Reading a fix: the sentences of it that say which line to write, and what following them does to a project.

It knows no practice and no case. What is not among these forms is prose, which it does not follow.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from hullproof.dockerfile import parse
from hullproof.dockerfile.model import Instruction

Change = Callable[["Draft"], None]
"""Changes the draft as one sentence says."""


@dataclass
class Draft:
    """A project whose files are being changed. Lines of the Dockerfile keep their numbers until it is written.

    `before` and `after` hold what goes there, by line; `instead` what takes an instruction's place, None for nothing.
    """

    folder: Path
    name: str

    def __post_init__(self) -> None:
        """Read the Dockerfile as it is."""
        self.file = self.folder / self.name
        self.text = self.file.read_text(encoding="utf-8")
        read = parse(self.text, self.name)
        self.instructions = read.instructions
        lines = self.text.splitlines()
        self.steps = {stage.line: (stage.line, lines[stage.line - 1]) for stage in read.stages}
        self.steps |= {each.line: (each.end_line, each.original) for each in self.instructions}
        self.before: dict[int, list[str]] = {}
        self.after: dict[int, list[str]] = {}
        self.instead: dict[int, str | None] = {}

    def at(self, line: str) -> tuple[int, str]:
        """Return the line of the instruction that begins there, and its text. Raises KeyError where none does."""
        return int(line), self.steps[int(line)][1]

    def last(self, keyword: str) -> Instruction:
        """Return the last instruction of a kind. Raises StopIteration where there is none."""
        return next(each for each in reversed(self.instructions) if each.keyword == keyword)

    def write(self) -> None:
        """Write the Dockerfile."""
        ends = {line: end for line, (end, _) in self.steps.items()}
        lines, made = self.text.splitlines(), list[str]()
        number = 1
        while number <= len(lines):
            end = ends.get(number, number)
            made += self.before.get(number, [])
            own = self.instead.get(number, "\n".join(lines[number - 1 : end]))
            made += [] if own is None else [own]
            made += self.after.get(number, [])
            number = end + 1
        self.file.write_text("\n".join(made) + "\n", encoding="utf-8")


def changes(fix: str) -> list[Change]:
    """Read all sentences of a fix that name lines, in their order; none for prose."""
    found = [(match.start(), make(match)) for form, make in _FORMS for match in form.finditer(fix)]
    return [change for _, change in sorted(found, key=lambda each: each[0])]


def follow(fix: str, folder: Path, dockerfile: str = "Dockerfile") -> int:
    """Do what a fix says in a project's folder; return how many sentences could be followed."""
    draft, followed = Draft(folder, dockerfile), 0
    for change in changes(fix):
        try:
            change(draft)
        except (StopIteration, KeyError, OSError):
            continue
        followed += 1
    draft.write()
    return followed


def _instead(found: re.Match[str]) -> Change:
    def change(draft: Draft) -> None:
        if found["file"] != draft.name:
            _write_line(draft.folder / found["file"], int(found["line"]), found["text"])
            return
        line, _ = draft.at(found["line"])
        draft.instead[line] = found["text"]

    return change


def _beside(found: re.Match[str]) -> Change:
    def change(draft: Draft) -> None:
        if found["file"] != draft.name:
            _add_line(
                draft.folder / found["file"], int(found["line"]) - (found["side"] == "before"), found["text"]
            )
            return
        line, _ = draft.at(found["line"])
        place = draft.before if found["side"] == "before" else draft.after
        place.setdefault(line, []).append(found["text"])

    return change


def _remove(found: re.Match[str]) -> Change:
    def change(draft: Draft) -> None:
        line, _ = draft.at(found["line"])
        draft.instead[line] = None

    return change


def _owner(found: re.Match[str]) -> Change:
    """`Write COPY --chown=app:app at Dockerfile:20`: the flag, in the place of one that is there."""

    def change(draft: Draft) -> None:
        line, written = draft.at(found["line"])
        text = re.sub(r"\s--chown=\S+", "", written.strip())
        draft.instead[line] = re.sub(r"(?i)^(copy|add)\b", rf"\1 {found['flag']}", text)

    return change


def _before_user(found: re.Match[str]) -> Change:
    def change(draft: Draft) -> None:
        draft.before.setdefault(draft.last("USER").line, []).append(found["text"])

    return change


def _base(found: re.Match[str]) -> Change:
    def change(draft: Draft) -> None:
        line, written = draft.at(found["line"])
        named = re.search(r"(?i)\sas\s+\S+", written)
        draft.instead[line] = f"FROM {found['image']}{named[0] if named else ''}"

    return change


def _command(found: re.Match[str]) -> Change:
    """`…: CMD ["python", "run.py"].`: a whole list, in the place of the last of its kind, else at the end."""

    def change(draft: Draft) -> None:
        words, _ = json.JSONDecoder().raw_decode(found["list"])
        text = f"{found['keyword']} {json.dumps(words)}"
        there = [each for each in draft.instructions if each.keyword == found["keyword"]]
        if there:
            draft.instead[there[-1].line] = text
        else:
            draft.after.setdefault(draft.instructions[-1].line, []).append(text)

    return change


def _lines_of_a_file(found: re.Match[str]) -> Change:
    def change(draft: Draft) -> None:
        _append(draft.folder / found["file"], found["lines"].split(", "))

    return change


def _exception(found: re.Match[str]) -> Change:
    def change(draft: Draft) -> None:
        _append(draft.folder / found["file"], [f"!{found['path']}"])

    return change


def _write_line(file: Path, number: int, text: str) -> None:
    lines = file.read_text(encoding="utf-8").splitlines()
    lines[number - 1] = text
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _add_line(file: Path, after: int, text: str) -> None:
    lines = file.read_text(encoding="utf-8").splitlines()
    file.write_text("\n".join([*lines[:after], text, *lines[after:]]) + "\n", encoding="utf-8")


def _append(file: Path, lines: Sequence[str]) -> None:
    text = file.read_text(encoding="utf-8") if file.exists() else ""
    end = "" if text.endswith("\n") or not text else "\n"
    file.write_text(text + end + "\n".join(lines) + "\n", encoding="utf-8")


_AT = r"(?P<file>[^\s`:]+):(?P<line>\d+)"
_FORMS: tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], Change]], ...] = tuple(
    (re.compile(pattern), make)
    for pattern, make in (
        (rf"[Ww]rite `(?P<text>[^`]+)` in the place of {_AT}", _instead),
        (rf"[Aa]dd `(?P<text>[^`]+)` (?P<side>before|after) {_AT}", _beside),
        (rf"[Rr]emove {_AT}", _remove),
        (rf"Write (?:COPY|ADD) (?P<flag>--chown=\S+)(?: \(or [^)]*\))? at {_AT}", _owner),
        (r"[Aa]dd (?P<text>RUN [^`.;(]+?) before USER", _before_user),
        (r"(?<=: )(?P<text>RUN chmod [^`.;]+?) before USER", _before_user),
        (rf"Start the release from (?P<image>\S+) at {_AT}", _base),
        (r"(?<!`)(?<!HEALTHCHECK )(?P<keyword>CMD|ENTRYPOINT) (?P<list>\[\".*?\"\])(?=[.;]| with)", _command),
        (r"Add to (?P<file>\S+): (?P<lines>.+?)\.(?= |$)(?!\S)", _lines_of_a_file),
        (r"add !(?P<path>\S+) after \S+ in (?P<file>\S+?)\.(?: |$)", _exception),
    )
)
