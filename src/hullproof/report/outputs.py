"""Where finished reports go: to stdout, into files, or into folders with some for each project."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Protocol, TextIO

from hullproof import options
from hullproof.errors import HullproofError, UsageError
from hullproof.model import Report
from hullproof.report import BESIDE, JOINT, SUFFIXES, Detail, render, render_all, require
from hullproof.report.places import distinct, make_folder, require_distinct, require_place, write_file
from hullproof.report.reading import verdict_line
from hullproof.report.several import Summary
from hullproof.report.upload import Board
from hullproof.terminal import say, screen_width, takes_color, write
from hullproof.text import clean, file_name


class Subject(Protocol):
    """A project, of which no more is needed than what its reports are called by."""

    @property
    def name(self) -> str:
        """What the project is called."""

    @property
    def home(self) -> Path:
        """Where its Dockerfile and its settings are; no two have the same, as they may have their context."""


_WRITTEN: Mapping[str, str] = {**SUFFIXES, **BESIDE}
_BY_ENDING = {suffix: name for name, suffix in _WRITTEN.items()}


def _format_of(path: Path) -> str | None:
    """Return the format that a file's ending names, the longest first: `.svr.intoto.json` is not just `.json`."""
    name = path.name.lower()
    endings = sorted(_BY_ENDING, key=len, reverse=True)
    return next((_BY_ENDING[each] for each in endings if name.endswith(each) and name != each), None)


@dataclass(frozen=True)
class Output:
    """Where reports shall go: a file, or a folder; and in which format, where it was said."""

    path: Path
    format: str | None = None

    @classmethod
    def parse(cls, text: str) -> Output | Board:
        """Read `FILE`, `FORMAT:FILE` or `board:URL`. A format that is not said is that of the file's ending, if any.

        Raises UsageError where no file is named, as by a variable that is not set.
        """
        name, colon, rest = text.partition(":")
        if colon and name == "board":
            return Board.parse(rest)
        is_said = bool(colon) and name in _WRITTEN
        if not (rest if is_said else text):
            raise UsageError(f"--output {text!r} names no file; write it as {text or 'markdown:'}report.md")
        try:
            path = options.path(rest if is_said else text)
        except ValueError as error:
            raise UsageError(f"--output {error}") from None
        if is_said:
            return cls(path, name)
        return cls(path, None if path.is_dir() else _format_of(path))

    @property
    def is_file(self) -> bool:
        """Whether it names a file, and not a folder that may have to be made."""
        return self.path.is_file() or (_format_of(self.path) is not None and not self.path.is_dir())


@dataclass(frozen=True)
class _Place:
    """A file that a project's report goes to, and its format."""

    path: Path
    format: str


@dataclass(frozen=True)
class Delivery:
    """Takes finished reports to all places where they were asked for, and at the end what they come to together.

    `screen` is what stdout gets, None for nothing. `places` are the files of each project alone, by its home, and
    `joint` those that have all projects in one, where there are `several`.
    """

    places: Mapping[Path, Sequence[_Place]]
    boards: Sequence[Board]
    screen: str | None
    joint: Sequence[_Place] = ()
    several: bool = False
    detail: Detail = "summary"
    brief: bool = False

    def __call__(self, project: Subject, report: Report) -> None:
        """Take a finished report. Raises UsageError for the first place that it cannot be taken to."""
        self._show(report)
        try:
            _take_all(
                [
                    *(partial(_save, each, report, brief=self.brief) for each in self.places[project.home]),
                    *(partial(each.send, report) for each in self.boards),
                ],
                is_told=self.detail != "verdict",
            )
        finally:
            if self.several and self.detail != "verdict":
                say(f"{clean(project.name)}: {verdict_line(report)}")
            elif self.screen != "text" and not self.several:
                say(verdict_line(report))

    def _show(self, report: Report) -> None:
        """Show it at once: of several what is not good, and nothing where they are one document."""
        if self.screen and not self.several:
            show(report, self.screen, sys.stdout, detail=self.detail, brief=self.brief)
        elif self.screen == "github":
            show(report, self.screen, sys.stdout)
        elif self.screen == "text" and self.detail == "evidence":
            show(report, self.screen, sys.stdout, detail="evidence")
        elif self.screen == "text" and self.detail == "summary" and not report.verdict.is_good:
            show(report, self.screen, sys.stdout, detail="faults")

    def end(self, summary: Summary) -> None:
        """Show and write what several projects come to together. Raises UsageError for a file that cannot be written."""
        if self.screen and self.screen in JOINT:
            how = _shown(self.screen, sys.stdout, detail=self.detail, brief=self.brief)
            write(render_all(summary, self.screen, **how), sys.stdout)
        for each in self.joint:
            write_file(each.path, render_all(summary, each.format, **_how(each.format, brief=self.brief)))
            if self.detail != "verdict":
                say(f"report: {each.path}")
        if self.screen != "text":
            say(summary.line)


def delivery(
    projects: Sequence[Subject],
    formats: Sequence[str],
    outputs: Sequence[Output | Board],
    *,
    detail: Detail = "summary",
    brief: bool = False,
    several: bool = False,
) -> Delivery:
    """Return what takes finished reports to all places where they were asked for.

    `formats` is for those of `outputs` that have none, of which folders get a report of each; where there are no
    such, for stdout, which is silent where `outputs` stand alone. Where stdout does not show the
    verdict to a person, its line goes to stderr. With `several`, whatever is left of them, they are one document at the
    end. `detail` is how much stdout's text shows, and `brief` makes Markdown short. Raises UsageError where that cannot be done.
    """
    formats = tuple(dict.fromkeys(formats))
    boards = [output for output in outputs if isinstance(output, Board)]
    written = [output for output in outputs if isinstance(output, Output)]
    folders = [output for output in written if output.path.is_dir() or (several and not output.is_file)]
    files = [_file(output, formats) for output in written if output not in folders]
    takes_formats = any(output.format is None for output in written)
    screen = None if takes_formats else _screen(formats, silent=bool(written))
    joint = files if several else []
    for each in joint:
        if each.format not in JOINT:
            raise UsageError(f"{each.path}: {each.format} is of one project; with several, name a folder")
    places = _places(projects, [] if several else files, joint, folders, formats)
    return Delivery(places, boards, screen, joint, several, detail, brief)


def _places(
    projects: Sequence[Subject],
    files: Sequence[_Place],
    joint: Sequence[_Place],
    folders: Sequence[Output],
    formats: Sequence[str],
) -> dict[Path, list[_Place]]:
    """Return the files that each project's report goes to, by the project's home; make the folders that lack.

    Raises UsageError where one cannot be written, or two reports would go to one.
    """
    names = distinct([file_name(project.name) for project in projects])
    places = {
        project.home: [*files, *_in_folders(folders, formats or ("json",), name)]
        for project, name in zip(projects, names, strict=True)
    }
    written = [*joint, *(place for own in places.values() for place in own)]
    require_distinct([place.path for place in written])
    for each in {place.format for place in written}:
        require(each)
    for place in (*files, *joint):
        require_place(place.path)
    for folder in folders:
        make_folder(folder.path)
    return places


def show(
    report: Report, format_: str, stream: TextIO, *, detail: Detail = "summary", brief: bool = False
) -> None:
    """Write a report to a stream: in colour and in its width where it is a terminal."""
    write(render(report, format_, **_shown(format_, stream, detail=detail, brief=brief)), stream)


def _shown(format_: str, stream: TextIO, *, detail: Detail, brief: bool) -> dict[str, Any]:
    if format_ != "text":
        return _how(format_, brief=brief)
    return {"width": screen_width(), "color": takes_color(stream), "detail": detail}


def _how(format_: str, *, brief: bool) -> dict[str, Any]:
    return {"brief": True} if brief and format_ == "markdown" else {}


def _file(output: Output, formats: Sequence[str]) -> _Place:
    if output.format is None and len(formats) > 1:
        raise UsageError(f"{output.path}: one file takes one --format, not {' and '.join(formats)}")
    if output.format is None and not formats:
        raise UsageError(
            f"{output.path}: no format has this ending; use {', '.join((*SUFFIXES.values(), '.intoto.json', '.cdx.json'))}, or name one: markdown:{output.path}"
        )
    return _Place(output.path, output.format or formats[0])


def _screen(formats: Sequence[str], *, silent: bool) -> str | None:
    """Return the format that stdout gets; None where it gets nothing."""
    if len(formats) > 1:
        raise UsageError(
            f"stdout takes one --format, not {' and '.join(formats)}; write files: --output report{SUFFIXES[formats[1]]}"
        )
    return formats[0] if formats else None if silent else "text"


def _in_folders(folders: Sequence[Output], formats: Sequence[str], name: str) -> Iterator[_Place]:
    for folder in folders:
        for each in (folder.format,) if folder.format else formats:
            yield _Place(folder.path / (name + _WRITTEN[each]), each)


def _take_all(steps: Iterable[Callable[[], object]], *, is_told: bool) -> None:
    """Take a report to each of its places, saying which, then raise the first error: none keeps it from the others."""
    faults = []
    for step in steps:
        try:
            place = step()
        except HullproofError as error:  # noqa: PERF203 - each may fail or not
            faults.append(error)
        else:
            if is_told:
                say(f"report: {place}")
    if faults:
        raise faults[0]


def _save(place: _Place, report: Report, *, brief: bool) -> Path:
    write_file(place.path, render(report, place.format, **_how(place.format, brief=brief)))
    return place.path
