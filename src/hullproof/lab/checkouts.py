"""Experiment: the release is built from other checkouts of the same commit: clean, by another umask, on Windows."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from hullproof.lab.rebuilds import CheckoutBuild, Rebuilds

if TYPE_CHECKING:
    from hullproof.project.git import Tracked

TRACKED = "from tracked files alone"
UMASK = "with modes as under umask 077"
LINE_ENDS = "with line ends as git gives them on Windows"

_LARGEST_TEXT = 1 << 20
_OUTPUT_LINES = 10


def run(rebuilds: Rebuilds, tracked: Tracked) -> tuple[CheckoutBuild, ...]:
    """Build from each. A checkout that is none other than the project's is not built."""

    def untracked(file: Path, path: str, _: os.stat_result) -> bool:
        if tracked.keeps(path):
            return False
        file.unlink()
        return True

    def private(file: Path, _path: str, status: os.stat_result) -> bool:
        mode = stat.S_IMODE(status.st_mode)
        if stat.S_ISLNK(status.st_mode) or not mode & 0o077:
            return False
        file.chmod(mode & ~0o077)
        return True

    def windows(file: Path, path: str, status: os.stat_result) -> bool:
        if not stat.S_ISREG(status.st_mode) or path in tracked.settled or status.st_size > _LARGEST_TEXT:
            return False
        content = file.read_bytes()
        if b"\0" in content or b"\n" not in content or b"\r\n" in content or not tracked.keeps(path):
            return False
        file.write_bytes(content.replace(b"\n", b"\r\n"))
        return True

    return (
        _built(rebuilds, TRACKED, untracked),
        _built(rebuilds, UMASK, private, folders=True),
        _built(rebuilds, LINE_ENDS, windows),
    )


def _built(
    rebuilds: Rebuilds,
    how: str,
    change: Callable[[Path, str, os.stat_result], bool],
    *,
    folders: bool = False,
) -> CheckoutBuild:
    changed: list[str] = []

    def apply(context: Path) -> None:
        changed.extend(
            path for file, path, status in _entries(context, folders=folders) if change(file, path, status)
        )

    own = rebuilds.recipe.project.config.dockerfile
    built = rebuilds.by(rebuilds.apart, f"the build {how}", change=apply, output="image", links=False)
    paths = tuple(sorted(path for path in changed if path != own))
    step = built.failed_step
    return CheckoutBuild(
        how,
        paths,
        built.image_id if changed else None,
        error=None if built.ok else built.error or "no reason was given",
        line=step.line if step else None,
        output=tuple((step.log if step and step.log else built.output)[-_OUTPUT_LINES:]),
    )


def _entries(context: Path, *, folders: bool) -> Iterator[tuple[Path, str, os.stat_result]]:
    """Go through a copy: its files and, where asked for, its folders, those below first."""
    for folder, names, files in os.walk(context, topdown=False):
        for name in (*files, *(names if folders else ())):
            file = Path(folder, name)
            yield file, str(file.relative_to(context)), file.lstat()
