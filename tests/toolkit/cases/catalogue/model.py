"""What a case is, and the edits that make it from the good project."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent
from typing import TypeAlias

from hullproof.practices import GUIDE

GOOD = Path(__file__).parent.parent / "good"

Edit: TypeAlias = Callable[[Path], None]
"""Changes the project in the folder that it is given."""

NOTHING_RUNS = frozenset(
    {"default-command", "expose", "necessary-files", "non-root-user", "ownership", "workdir"}
)
"""The practices that a project breaks too, or leaves unproven, when its container never runs."""

NOTHING_BUILDS = NOTHING_RUNS | {"multistage", "requirements-first", "slim-base", "test-gate"}
"""The practices that nothing can be said of when the image cannot be built."""


class EditError(Exception):
    """An edit does not fit the project that it was given."""


@dataclass(frozen=True)
class Case:
    """One variant of a project. `id` is "PRACTICE/NAME", or "benign/NAME" where nothing is broken.

    `frozen/` before that is the part of the corpus that no rule is written for. The edits are made in a copy of `start`,
    in an empty folder for None.

    Of a sabotaged case its practice must be found broken. `also_expected` may rightly be found broken as well,
    because of the same fault, and `may_be_unproven` cannot be shown once it is there. All other practices
    must be proven, or not applicable, and in a benign case all of them. That is said of the guide's practices; of a case
    of another family of its own practice, and of a benign one of those that `only` names.
    """

    id: str
    title: str
    edits: tuple[Edit, ...]
    also_expected: frozenset[str] = frozenset()
    may_be_unproven: frozenset[str] = frozenset()
    only: tuple[str, ...] = ()
    start: Path | None = GOOD

    @property
    def asked(self) -> tuple[str, ...] | None:
        """The practices to prove, None for the guide's."""
        if self.only or self.practice is None or self.practice in GUIDE:
            return self.only or None
        return (self.practice,)

    @property
    def is_frozen(self) -> bool:
        """Whether it belongs to the part that no rule is written for."""
        return self.id.startswith("frozen/")

    @property
    def practice(self) -> str | None:
        """The practice that is broken, None in a benign case."""
        family = self.id.removeprefix("frozen/").partition("/")[0]
        return None if family == "benign" else family


def materialise(case: Case, folder: Path) -> Path:
    """Write the case's project to `folder`, which must not exist yet, and return it."""
    if case.start is None:
        folder.mkdir(parents=True)
    else:
        shutil.copytree(case.start, folder, ignore=shutil.ignore_patterns("__pycache__", ".*_cache"))
    for edit in case.edits:
        edit(folder)
    return folder


def replace(path: str, old: str, new: str) -> Edit:
    """Replace text that occurs exactly once in a file."""

    def edit(project: Path) -> None:
        file = project / path
        text = file.read_text()
        if (found := text.count(old)) != 1:
            raise EditError(f"{path} has {old!r} {found} times, not once")
        file.write_text(text.replace(old, new))

    return edit


def dockerfile(old: str, new: str) -> Edit:
    """Replace text that occurs exactly once in the Dockerfile."""
    return replace("Dockerfile", old, new)


def before(old: str, *lines: str) -> Edit:
    """Put lines in front of text that occurs exactly once in the Dockerfile."""
    return dockerfile(old, "\n".join([*lines, old]))


def after(old: str, *lines: str) -> Edit:
    """Put lines behind text that occurs exactly once in the Dockerfile."""
    return dockerfile(old, "\n".join([old, *lines]))


def without(line: str) -> Edit:
    """Drop a line of the Dockerfile."""
    return dockerfile(line + "\n", "")


def append(path: str, text: str) -> Edit:
    """Add text at the end of a file."""

    def edit(project: Path) -> None:
        file = project / path
        file.write_text(file.read_text() + dedent(text))

    return edit


def write(path: str, text: str, mode: int = 0o644) -> Edit:
    """Write a file, in the place of the one that is there, if any."""

    def edit(project: Path) -> None:
        file = project / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(dedent(text))
        file.chmod(mode)

    return edit


def delete(path: str) -> Edit:
    """Remove a file or a directory."""

    def edit(project: Path) -> None:
        target = project / path
        if target.is_dir():
            shutil.rmtree(target)
        else:
            target.unlink()

    return edit


def rename(path: str, to: str) -> Edit:
    """Move a file or a directory."""

    def edit(project: Path) -> None:
        target = project / to
        target.parent.mkdir(parents=True, exist_ok=True)
        (project / path).rename(target)

    return edit


def link(path: str, target: str) -> Edit:
    """Make a symbolic link."""

    def edit(project: Path) -> None:
        file = project / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.symlink_to(target)

    return edit


def line_ends(path: str, end: str) -> Edit:
    """End a file's lines another way."""

    def edit(project: Path) -> None:
        file = project / path
        file.write_bytes(file.read_bytes().replace(b"\n", end.encode()))

    return edit
