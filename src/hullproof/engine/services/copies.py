"""What a service would mount from this machine, packed to be copied into it: from within the project, and bounded."""

from __future__ import annotations

import io
import itertools
import os
import posixpath
import stat
import tarfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from hullproof.engine.services.allowed import Copy
from hullproof.errors import UsageError
from hullproof.project import projectfiles

MOST_FILES = 10_000
"""How many files, folders and links are copied into one service at the most."""
MOST_BYTES = 256_000_000
"""How much they may hold."""


@dataclass(frozen=True)
class _Member:
    path: str
    name: str
    status: os.stat_result


def check(project: Path, copies: Iterable[Copy]) -> None:
    """Raise UsageError for what is not copied: the text names it, and says why."""
    for _ in _members(project, copies):
        pass


def pack(project: Path, copies: Iterable[Copy], into: IO[bytes]) -> bool:
    """Write copies as a tar archive for the container's root; what is not there is passed over.

    Returns whether there is anything in it. Raises UsageError as `check` does, OSError where a file cannot be read.
    """
    found = False
    with tarfile.open(fileobj=into, mode="w") as archive:
        for member in _members(project, copies):
            found = True
            _add(archive, member)
        for copy in copies:
            if isinstance(copy.source, bytes):
                found = True
                info = tarfile.TarInfo(copy.target.lstrip("/"))
                info.size, info.mode = len(copy.source), 0o444
                archive.addfile(info, io.BytesIO(copy.source))
    return found


def _add(archive: tarfile.TarFile, member: _Member) -> None:
    status = member.status
    info = tarfile.TarInfo(member.name)
    info.mode, info.mtime = stat.S_IMODE(status.st_mode) & 0o777, int(status.st_mtime)
    info.uid, info.gid = status.st_uid, status.st_gid
    if stat.S_ISDIR(status.st_mode):
        info.type = tarfile.DIRTYPE
        archive.addfile(info)
    elif stat.S_ISLNK(status.st_mode):
        info.type, info.linkname = tarfile.SYMTYPE, os.readlink(member.path)  # noqa: PTH115 - a Path costs
        archive.addfile(info)
    else:
        info.size = status.st_size
        with (
            projectfiles.opened(member.path, MOST_BYTES) as descriptor,
            open(descriptor, "rb", closefd=False) as file,
        ):
            archive.addfile(info, file)


def _members(project: Path, copies: Iterable[Copy]) -> Iterator[_Member]:
    """List all that is copied, folders before what is in them."""
    top = os.path.realpath(project)
    files = left = 0
    for copy in copies:
        if isinstance(copy.source, bytes):
            continue
        real = os.path.realpath(copy.source)
        shown = os.path.relpath(copy.source, project)
        _require_within(top, real, shown)
        waiting = [(real, copy.target.strip("/"), shown)] if os.path.lexists(real) else []
        while waiting:
            path, name, shown = waiting.pop()
            status = os.lstat(path)
            files, left = files + 1, left + (status.st_size if stat.S_ISREG(status.st_mode) else 0)
            if files > MOST_FILES or left > MOST_BYTES:
                raise UsageError(
                    f"{shown}: with it, more than {MOST_FILES:,} files or {MOST_BYTES // 1_000_000} MB would be "
                    "copied into the service; mount less of the project"
                )
            _require_plain(top, path, status, shown)
            yield _Member(path, name, status)
            if stat.S_ISDIR(status.st_mode):
                with os.scandir(path) as entries:
                    waiting += [
                        (each.path, posixpath.join(name, each.name), posixpath.join(shown, each.name))
                        for each in itertools.islice(entries, MOST_FILES + 1)
                    ]


def _require_plain(top: str, path: str, status: os.stat_result, shown: str) -> None:
    if stat.S_ISLNK(status.st_mode):
        _require_within(top, os.path.realpath(path), shown)
    elif not (stat.S_ISDIR(status.st_mode) or stat.S_ISREG(status.st_mode)):
        raise UsageError(f"{shown}: is neither a file nor a folder, and not copied; mount what is")


def _require_within(top: str, real: str, shown: str) -> None:
    if real != top and not real.startswith(top.rstrip("/") + "/"):
        raise UsageError(f"{shown}: leads out of the project, and is not copied; put a copy into the project")
