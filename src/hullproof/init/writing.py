"""Writes planned files: each whole or not at all, never over another's work, never outside the project."""

from __future__ import annotations

import contextlib
import difflib
import os
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import Literal

from hullproof.errors import UsageError
from hullproof.init.plan import Planned
from hullproof.project import projectfiles

State = Literal["missing", "same", "differs"]


@dataclass(frozen=True)
class Compared:
    """A planned file beside what is there. `target` is where it really lies; `old` its text, "" where missing.

    What differs `may_be_replaced` where the person says so.
    """

    planned: Planned
    target: Path
    state: State
    old: str = ""
    may_be_replaced: bool = False

    @property
    def diff(self) -> str:
        """What would change, as a patch that `git apply` takes."""
        path = self.planned.path
        before = "/dev/null" if self.state == "missing" else f"a/{path}"
        # Lines as git sees them: `splitlines` would end one at a form feed, too.
        old, new = (StringIO(text).readlines() for text in (self.old, self.planned.text))
        lines = difflib.unified_diff(old, new, before, f"b/{path}")
        return "".join(
            line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in lines
        )


def compare(folder: Path, planned: Planned) -> Compared:
    """Compare a planned file with what is there.

    Raises UsageError, one line, where it cannot be read, is no file, or where a link leads out of the project.
    """
    path, top = folder / planned.path, folder.resolve()
    try:
        target = path.resolve()
    except (OSError, RuntimeError) as error:  # a loop of links
        raise UsageError(f"{planned.path}: is a link that leads nowhere; remove it") from error
    if target.is_symlink():  # a loop, of which newer Pythons do not complain
        raise UsageError(f"{planned.path}: is a link that leads nowhere; remove it")
    if not target.is_relative_to(top):
        raise UsageError(f"{planned.path}: is a link to {target}, outside the project; remove it")
    for parent in reversed(target.relative_to(top).parents):
        if (top / parent).exists() and not (top / parent).is_dir():
            raise UsageError(f"{planned.path}: {parent} is a file, not a folder; move it")
    if target.is_dir():
        raise UsageError(f"{planned.path}: is a folder, not a file; move it")
    try:
        old = projectfiles.read_regular(target, projectfiles.LARGEST, shown=planned.path).decode(
            "utf-8", "replace"
        )
    except FileNotFoundError:
        return Compared(planned, target, "missing")
    except OSError as error:
        raise UsageError(f"{planned.path}: cannot be read ({error.strerror})") from error
    same = old.replace("\r\n", "\n") == planned.text
    return Compared(planned, target, "same" if same else "differs", old, may_be_replaced=not same)


def write(compared: Sequence[Compared]) -> None:
    """Write each file: into a new one beside it, which then takes its place.

    Raises UsageError where one cannot be written; those before it are written whole.
    """
    for each in compared:
        try:
            each.target.parent.mkdir(parents=True, exist_ok=True)
            _replace(each.target, each.planned.text)
        except OSError as error:  # noqa: PERF203 - each has a name of its own to tell
            raise UsageError(f"{each.planned.path}: cannot be written ({error.strerror})") from error


def _replace(target: Path, text: str) -> None:
    new = target.with_name(f".{target.name}.{secrets.token_hex(4)}")
    # As `open` would make it: with the mode that the person's umask leaves.
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666)
    try:
        with open(descriptor, "w", encoding="utf-8", newline="\n") as stream:  # noqa: PTH123 - a descriptor
            stream.write(text)
        if target.exists():
            new.chmod(target.stat().st_mode & 0o7777)
        new.replace(target)
    except BaseException:
        with contextlib.suppress(OSError):
            new.unlink()
        raise
