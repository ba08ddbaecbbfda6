"""Where finished reports go: to stdout, into files, or into folders with some for each project."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Protocol, TextIO

from hullproof import options
from hullproof.errors import HullproofError, UsageError
from hullproof.model import Report
from hullproof.report import BESIDE, SUFFIXES, Detail, render, require
from hullproof.report.reading import verdict_line
from hullproof.report.upload import Board
from hullproof.terminal import say, screen_width, takes_color, write
from hullproof.text import clean, file_name


class Subject(Protocol):
    """A project, of which no more is needed than what its reports are called by."""

    @property
    def name(self) -> str:
        """What the project is called."""

    @property
    def folder(self) -> Path:
        """Where it is; no two have the same."""


Delivery = Callable[[Subject, Report], None]

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


@dataclass(frozen=True)
class _Place:
    """A file that a project's report goes to, and its format."""

    path: Path
    format: str


def delivery(
    projects: Sequence[Subject],
    formats: Sequence[str],
    outputs: Sequence[Output | Board],
    *,
    detail: Detail = "summary",
    brief: bool = False,
) -> Delivery:
    """Return what takes a finished report to all places where it was asked for.

    `formats` is for those of `outputs` that have none, of which folders get a report of each; where there are no
    such, for stdout, which is silent where `outputs` stand alone. Where stdout does not show the verdict to a person,
    its line goes to stderr. `detail` is how much stdout's text shows, and `brief` makes Markdown short.
    Raises UsageError where that cannot be done.
    """
    formats = tuple(dict.fromkeys(formats))
    several = len(projects) > 1
    boards = [output for output in outputs if isinstance(output, Board)]
    written = [output for output in outputs if isinstance(output, Output)]
    folders = [output for output in written if several or output.path.is_dir()]
    files = [_file(output, formats) for output in written if output not in folders]
    takes_formats = any(output.format is None for output in written)
    screen = None if takes_formats else _screen(formats, silent=bool(written))
    places = _places(projects, files, folders, formats)

    def deliver(project: Subject, report: Report) -> None:
        if screen:
            show(report, screen, sys.stdout, detail=detail, brief=brief)
        try:
            _take_all(
                [
                    *(partial(_save, each, report, brief=brief) for each in places[project.folder]),
                    *(partial(each.send, report) for each in boards),
                ],
                is_told=detail != "verdict",
            )
        finally:
            if screen != "text":
                say(f"{clean(project.name)}: {verdict_line(report)}" if several else verdict_line(report))

    return deliver


def _places(
    projects: Sequence[Subject], files: Sequence[_Place], folders: Sequence[Output], formats: Sequence[str]
) -> dict[Path, list[_Place]]:
    """Return the files that each project's report goes to, by the project's folder; make the folders that lack.

    Raises UsageError where one cannot be written, or two reports would go to one.
    """
    for folder in folders:
        _require_folder_name(folder.path)
    names = distinct([file_name(project.name) for project in projects])
    places = {
        project.folder: [*files, *_in_folders(folders, formats or ("json",), name)]
        for project, name in zip(projects, names, strict=True)
    }
    written = [place for own in places.values() for place in own]
    _require_distinct([place.path for place in written])
    for each in {place.format for place in written}:
        require(each)
    for place in files:
        require_place(place.path)
    for folder in folders:
        _make_folder(folder.path)
    return places


def show(
    report: Report, format_: str, stream: TextIO, *, detail: Detail = "summary", brief: bool = False
) -> None:
    """Write a report to a stream: in colour and in its width where it is a terminal."""
    how = _how(format_, brief=brief)
    if format_ == "text":
        how = {"width": screen_width(), "color": takes_color(stream), "detail": detail}
    write(render(report, format_, **how), stream)


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


def _require_distinct(paths: Sequence[Path]) -> None:
    seen = set()
    for path in paths:
        if path.resolve() in seen:
            raise UsageError(f"{path}: two reports would go there; name each file and folder once")
        seen.add(path.resolve())


def require_place(output: Path) -> None:
    """Raise UsageError where a file cannot be written: before the work, not after it."""
    try:
        folder = options.path(output).absolute().parent
    except ValueError as error:
        raise UsageError(str(error)) from None
    if not folder.is_dir():
        raise UsageError(f"{output}: there is no folder {folder}; make it first")
    if output.is_dir():
        raise UsageError(f"{output}: is a folder; name a file")
    if not os.access(output if output.exists() else folder, os.W_OK):
        raise UsageError(f"{output}: cannot be written; choose another place")


def write_file(path: Path, text: str) -> None:
    """Write a file. Raises UsageError where it cannot be written."""
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise UsageError(f"{path}: cannot be written ({error.strerror})") from error


def _require_folder_name(output: Path) -> None:
    if output.is_file() or (_format_of(output) and not output.is_dir()):
        raise UsageError(f"{output}: names a file; with several projects, name a folder")


def _make_folder(output: Path) -> None:
    try:
        output.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(f"{output}: this folder cannot be made ({error.strerror})") from error
    if not os.access(output, os.W_OK | os.X_OK):
        raise UsageError(f"{output}: this folder cannot be written to; choose another one")


def distinct(names: Sequence[str]) -> list[str]:
    """Number the later ones of names that are alike, so that no report overwrites another."""
    taken: set[str] = set()
    chosen_names = []
    for name in names:
        number, chosen = 1, name
        # Some filesystems take "Web" and "web" for one; and "web-2" may be a project's own name.
        while chosen.lower() in taken or (number > 1 and chosen in names):
            number += 1
            chosen = f"{name}-{number}"
        taken.add(chosen.lower())
        chosen_names.append(chosen)
    return chosen_names


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
