"""Where finished reports go: to stdout, into files, or into folders with some for each project."""

from __future__ import annotations

import contextlib
import os
import shutil
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from hullproof.errors import UsageError
from hullproof.progress_lines import say
from hullproof.project import Project
from hullproof.report import FORMATS, SUFFIXES, as_terminal
from hullproof.report.model import Report

Delivery = Callable[[Project, Report], None]

_WIDEST = 140
_NARROWEST = 40
_BY_ENDING = {suffix: name for name, suffix in SUFFIXES.items()}


@dataclass(frozen=True)
class _Place:
    """A file that a project's report goes to, and its format."""

    path: Path
    format: str


def delivery(projects: Sequence[Project], formats: Sequence[str], outputs: Sequence[Path]) -> Delivery:
    """Return what takes a finished report to all places where it was asked for.

    The ending of each of `outputs` says its format. `formats` is for those whose ending says none and for
    folders, which get a report of each; where there are neither, for stdout, which is silent where `outputs`
    stand alone. Raises UsageError where that cannot be done.
    """
    formats = tuple(dict.fromkeys(formats))
    several = len(projects) > 1
    folders = [output for output in outputs if several or output.is_dir()]
    files = [_file(output, formats) for output in outputs if output not in folders]
    takes_formats = folders or any(_format_of(output) is None for output in outputs)
    screen = None if takes_formats else _screen(formats, silent=bool(outputs))
    for folder in folders:
        _require_folder_name(folder)
    names = distinct([project.name for project in projects])
    places = {
        project.folder: [*files, *_places(folders, formats or ("json",), name)]
        for project, name in zip(projects, names, strict=True)
    }
    _require_distinct([place.path for own in places.values() for place in own])
    for place in files:
        require_place(place.path)
    for folder in folders:
        _make_folder(folder)

    def deliver(project: Project, report: Report) -> None:
        if screen:
            show(report, screen, sys.stdout)
        _save_all(places[project.folder], report)

    return deliver


def show(report: Report, format_: str, stream: TextIO) -> None:
    """Write a report to a stream: in colour and in its width where it is a terminal."""
    if format_ != "text":
        write(FORMATS[format_](report), stream)
        return
    columns = shutil.get_terminal_size((100, 24)).columns
    color = stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
    write(as_terminal.render(report, width=max(_NARROWEST, min(columns, _WIDEST)), color=color), stream)


def write(text: str, stream: TextIO) -> None:
    """Write what the stream's encoding has, `?` for the rest. Who stops reading has read enough."""
    encoding = stream.encoding or "utf-8"
    try:
        stream.write(text.encode(encoding, "replace").decode(encoding))
        stream.flush()
    except BrokenPipeError:
        let_go(stream)


def let_go(stream: TextIO) -> None:
    """Let what is still in the stream's buffer go nowhere: its reader has gone, and Python would complain."""
    with contextlib.suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def _format_of(output: Path) -> str | None:
    return _BY_ENDING.get(output.suffix.lower())


def _file(output: Path, formats: Sequence[str]) -> _Place:
    known = _format_of(output)
    if known is None and len(formats) > 1:
        raise UsageError(f"{output}: one file takes one --format, not {' and '.join(formats)}")
    if known is None and not formats:
        raise UsageError(f"{output}: no format has this ending; use {', '.join(_BY_ENDING)} or --format")
    return _Place(output, known or formats[0])


def _screen(formats: Sequence[str], *, silent: bool) -> str | None:
    """Return the format that stdout gets; None where it gets nothing."""
    if len(formats) > 1:
        raise UsageError(
            f"stdout takes one --format, not {' and '.join(formats)}; write files: --output report{SUFFIXES[formats[1]]}"
        )
    return formats[0] if formats else None if silent else "text"


def _places(folders: Sequence[Path], formats: Sequence[str], name: str) -> Iterator[_Place]:
    for folder in folders:
        for each in formats:
            yield _Place(folder / (name + SUFFIXES[each]), each)


def _require_distinct(paths: Sequence[Path]) -> None:
    seen = set()
    for path in paths:
        if path.resolve() in seen:
            raise UsageError(f"{path}: two reports would go there; name each file and folder once")
        seen.add(path.resolve())


def require_place(output: Path) -> None:
    """Raise UsageError where a file cannot be written: before the work, not after it."""
    folder = output.absolute().parent
    if not folder.is_dir():
        raise UsageError(f"{output}: there is no folder {folder}; make it first")
    if output.is_dir():
        raise UsageError(f"{output}: is a folder; name a file")
    if not os.access(output if output.exists() else folder, os.W_OK):
        raise UsageError(f"{output}: cannot be written; choose another place")


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


def _save_all(places: Sequence[_Place], report: Report) -> None:
    """Write what can be written, then raise UsageError for the first that could not."""
    faults = []
    for place in places:
        try:
            place.path.write_text(FORMATS[place.format](report), encoding="utf-8")
        except OSError as error:  # noqa: PERF203 - one full disk keeps no other report from its place
            faults.append(UsageError(f"{place.path}: cannot be written ({error.strerror})"))
        else:
            say(f"report: {place.path}")
    if faults:
        raise faults[0]
