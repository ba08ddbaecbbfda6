"""What a project's proof depends on, of the project itself: one digest of all that a build or an experiment can see.

It is on the safe side: any change to a file of the project changes it, whether or not the image has that file. What is
no file of the project (a repository's own, environments, caches) is left out where the ignore file surely keeps it from
the builder, and where it does not, there is no digest.
"""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Callable, Iterator
from pathlib import Path

from hullproof import interruption
from hullproof.errors import UsageError
from hullproof.project import tree
from hullproof.project.git import UnknownError, state
from hullproof.project.projectfiles import read_regular

MOST_FILES = 20_000
MOST_BYTES = 500_000_000
"""What is more is not read again to save the time of a proof."""


class UncertainError(Exception):
    """What something depends on cannot be told for sure, or not cheaply."""


def digest(folder: Path, reaches_builder: Callable[[str], bool], apart: Path | None = None) -> str:
    """Return the SHA-256 of a project's files: paths, kinds, modes, contents, links' targets, and its repository's state.

    `reaches_builder` tells of a path whether a build may take it. Raises UncertainError where what is no file of the
    project may reach the builder (`apart` is such a folder, too), or something cannot be read, or there is too much of it.
    """
    try:
        return _digest(folder, reaches_builder, apart)
    except (OSError, UsageError, UnknownError) as error:
        raise UncertainError(str(error)) from error


def _digest(folder: Path, reaches_builder: Callable[[str], bool], apart: Path | None) -> str:
    found, left_bytes, ending = hashlib.sha256(), MOST_BYTES, interruption.current()
    for number, (path, entry) in enumerate(_entries(folder, apart)):
        ending.require_none()
        if number >= MOST_FILES:
            raise UncertainError(f"{folder.name} has more than {MOST_FILES} files")
        if _is_apart(entry, apart):
            if reaches_builder(path):
                raise UncertainError(f"{path} may reach the builder, and is not looked at")
            continue
        mode, content = entry.stat(follow_symlinks=False).st_mode, b""
        if stat.S_ISREG(mode):
            content = read_regular(entry.path, left_bytes, shown=path)
            left_bytes -= len(content)
        elif stat.S_ISLNK(mode):
            content = os.fsencode(Path(entry.path).readlink())
        for part in (os.fsencode(path), b"%o" % mode, content):
            found.update(b"%d:" % len(part))
            found.update(part)
    found.update(state(folder).encode())
    return found.hexdigest()


def _entries(folder: Path, apart: Path | None) -> Iterator[tuple[str, os.DirEntry[str]]]:
    """Yield all that lies in the tree, folders before what is in them, in an order that stays the same."""
    waiting = [""]
    while waiting:
        prefix = waiting.pop()
        with os.scandir(folder / prefix) as scanned:
            entries = sorted(scanned, key=lambda entry: entry.name)
        for entry in entries:
            path = prefix + entry.name
            yield path, entry
            if entry.is_dir(follow_symlinks=False) and not _is_apart(entry, apart):
                waiting.append(f"{path}/")


def _is_apart(entry: os.DirEntry[str], apart: Path | None) -> bool:
    return tree.is_foreign(entry) or (apart is not None and entry.path == str(apart))
