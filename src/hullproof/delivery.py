"""Where finished reports go: to stdout, into a file, or into a folder with one for each project."""

from __future__ import annotations

import contextlib
import os
import shutil
import sys
from collections.abc import Callable, Sequence
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


def delivery(projects: Sequence[Project], format_: str | None, output: Path | None) -> Delivery:
    """Return what takes a finished report to where it was asked for; UsageError where that cannot be."""
    if output is None:
        return lambda _project, report: show(report, format_ or "text", sys.stdout)
    if len(projects) == 1 and not output.is_dir():
        return _to_file(output, format_)
    return _to_folder(projects, output, format_ or "json")


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


def _to_file(output: Path, format_: str | None) -> Delivery:
    require_place(output)
    by_ending = {suffix: name for name, suffix in SUFFIXES.items()}
    chosen = format_ or by_ending.get(output.suffix.lower())
    if chosen is None:
        raise UsageError(f"{output}: no format has this ending; use {', '.join(by_ending)} or --format")
    return lambda _project, report: _save(output, FORMATS[chosen](report))


def require_place(output: Path) -> None:
    """Raise UsageError where a file cannot be written: before the work, not after it."""
    folder = output.absolute().parent
    if not folder.is_dir():
        raise UsageError(f"{output}: there is no folder {folder}; make it first")
    if output.is_dir():
        raise UsageError(f"{output}: is a folder; name a file")
    if not os.access(output if output.exists() else folder, os.W_OK):
        raise UsageError(f"{output}: cannot be written; choose another place")


def _to_folder(projects: Sequence[Project], output: Path, format_: str) -> Delivery:
    try:
        output.mkdir(parents=True, exist_ok=True)
    except FileExistsError:
        raise UsageError(f"{output}: is a file; with several projects, name a folder") from None
    except OSError as error:
        raise UsageError(f"{output}: this folder cannot be made ({error.strerror})") from error
    if not os.access(output, os.W_OK | os.X_OK):
        raise UsageError(f"{output}: this folder cannot be written to; choose another one")
    names = distinct([project.name for project in projects])
    places = {
        project.folder: output / (name + SUFFIXES[format_])
        for project, name in zip(projects, names, strict=True)
    }
    return lambda project, report: _save(places[project.folder], FORMATS[format_](report))


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


def _save(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise UsageError(f"{path}: cannot be written ({error.strerror})") from error
    say(f"report: {path}")
