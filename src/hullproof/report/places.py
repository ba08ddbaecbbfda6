"""The files and folders that reports go to: what cannot be written is known before the work, not after it."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from hullproof import options
from hullproof.errors import UsageError


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


def make_folder(output: Path) -> None:
    """Make a folder, unless it is there. Raises UsageError where nothing can be written to it."""
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


def require_distinct(paths: Sequence[Path]) -> None:
    """Raise UsageError where two reports would go to one file."""
    seen = set()
    for path in paths:
        if path.resolve() in seen:
            raise UsageError(f"{path}: two reports would go there; name each file and folder once")
        seen.add(path.resolve())
