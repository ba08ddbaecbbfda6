"""Scratch copies of a project's tree: cheap, faithful to what a build sees, and never the tree itself.

One true copy is made per run, of what the build can need; every experiment works on a tree of hard links to
that copy, and replaces files instead of writing into them. No file of the user's is ever linked: its link
count and change time stay as they were.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import stat
import threading
from typing import TYPE_CHECKING, TypeAlias

from hullproof import ignorefile, interruption, projectfiles
from hullproof.lab.sources import context_sources

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from hullproof.lifecycle import Run
    from hullproof.project import Project

_WHOLE = 1 << 30
Keep: TypeAlias = "Callable[[str], bool]"
"""Told a path within the tree: whether it is to be copied. A folder that is not takes all below with it."""


class Bench:
    """Where one project's scratch copies are made. May be used from several threads."""

    def __init__(self, project: Project, run: Run) -> None:
        """Take the project, and the run whose scratch folder holds the copies."""
        self.project = project
        self._run = run
        self._lock = threading.Lock()
        self._pristine: Path | None = None

    def copy(self, name: str) -> Path:
        """Make a copy for one experiment. Change files in it only by `put`."""
        with self._lock:
            if self._pristine is None:
                target = self._run.scratch("pristine") / "context"
                copy_tree(self.project.folder, target, keep=needed(self.project), skip=self._run.folder)
                self._provide_build_files(target)
                self._pristine = target
        target = self._run.scratch(name) / "context"
        copy_tree(self._pristine, target, link=True)
        return target

    def empty(self, name: str) -> Path:
        """Make a context of nothing but the Dockerfile and the ignore file: for what depends on paths alone."""
        target = self._run.scratch(name) / "context"
        target.mkdir()
        self._provide_build_files(target)
        return target

    def folder(self, name: str) -> Path:
        """Make a scratch folder."""
        return self._run.scratch(name)

    def _provide_build_files(self, target: Path) -> None:
        """See to it that the Dockerfile and its ignore file are there, also where they are links to elsewhere."""
        folder, dockerfile = self.project.folder, self.project.config.dockerfile
        found = ignorefile.find(folder, dockerfile)
        for path in [dockerfile, *([found.name] if found else [])]:
            there = target / path
            if not there.is_file() or there.is_symlink():
                put(there, projectfiles.read(folder, path))


def put(path: Path, content: bytes, mode: int | None = None) -> None:
    """Write a file of a scratch copy anew: what it was linked to stays as it is. A new mode or its old one."""
    with _open_for_change(path.parent):
        path.parent.mkdir(parents=True, exist_ok=True)
        with contextlib.suppress(OSError):
            mode = mode if mode is not None or path.is_symlink() else stat.S_IMODE(path.stat().st_mode)
        path.unlink(missing_ok=True)
        path.write_bytes(content)
        path.chmod(0o644 if mode is None else mode)


def remove(path: Path) -> None:
    """Remove a file of a scratch copy."""
    with _open_for_change(path.parent):
        path.unlink()


@contextlib.contextmanager
def _open_for_change(folder: Path) -> Iterator[None]:
    """Let a copied folder be changed, also that of a read-only project, and give it its mode back: the cache asks."""
    there = next(each for each in (folder, *folder.parents) if each.is_dir())
    mode = stat.S_IMODE(there.stat().st_mode)
    if mode & stat.S_IRWXU == stat.S_IRWXU:
        yield
        return
    there.chmod(mode | stat.S_IRWXU)
    try:
        yield
    finally:
        there.chmod(mode)


def needed(project: Project) -> Keep:
    """Say which paths the release's build can need: what it copies, less what the ignore file surely excludes."""
    names = _needed_names(project)
    found = ignorefile.find(project.folder, project.config.dockerfile)
    anywhere: set[str] = set()
    at_top: set[str] = set()
    # Only plain names are judged here, and only where nothing is let back in: the rest is the builder's to say.
    for pattern in found.patterns if found and not found.exceptions else ():
        text = pattern.text.strip("/")
        name = text.removeprefix("**/")
        if name and not any(character in name for character in "/*?[\\"):
            (anywhere if text != name else at_top).add(name)

    def keep(path: str) -> bool:
        top, slash, _ = path.partition("/")
        if (names is not None and top not in names) or path.rpartition("/")[2] in anywhere:
            return False
        return bool(slash) or path not in at_top

    return keep


def _needed_names(project: Project) -> frozenset[str] | None:
    """List the entries at the top of the context that the build takes; None where it may take any."""
    folder = project.folder
    names = {project.config.dockerfile.split("/", 1)[0], ".dockerignore"}
    for source in context_sources(project):
        if source.top is None:
            return None
        at = folder
        for part in source.path.split("/"):
            at = at / part
            if at.is_symlink():
                return None  # BuildKit follows it within the context
        names.add(source.top)
    names.add(f"{project.config.dockerfile.split('/', 1)[0]}.dockerignore")
    return frozenset(names)


def copy_tree(
    source: Path, target: Path, *, keep: Keep | None = None, skip: Path | None = None, link: bool = False
) -> None:
    """Copy a tree with modes, times and extended attributes, which decide whether the cache fits.

    What cannot be read becomes an entry that cannot be read either, so that a build fares as it would have.
    Symlinks stay as they are; sockets become empty files, as BuildKit makes of them. With `link`, files are
    hard links.
    """
    waiting = [(str(source), str(target), "")]
    modes: list[tuple[str, os.stat_result]] = []
    ending = interruption.current()
    while waiting:
        here, there, prefix = waiting.pop()
        os.mkdir(there)  # noqa: PTH102 - paths of 100,000 files are kept as plain strings
        modes.append((there, os.stat(here)))  # noqa: PTH116 - the same
        try:
            entries = list(os.scandir(here))
        except OSError:
            continue  # an unreadable folder: its mode says so in the copy, too
        for entry in entries:
            ending.require_none()
            path = prefix + entry.name
            if (keep and not keep(path)) or (skip and entry.path == str(skip)):
                continue
            if entry.is_dir(follow_symlinks=False):
                waiting.append((entry.path, f"{there}/{entry.name}", path + "/"))
            else:
                _copy_entry(entry, f"{there}/{entry.name}", link=link)
    for folder, status in reversed(modes):
        os.chmod(folder, stat.S_IMODE(status.st_mode))  # noqa: PTH101 - the same
        os.utime(folder, ns=(status.st_mtime_ns, status.st_mtime_ns))


def _copy_entry(entry: os.DirEntry[str], target: str, *, link: bool) -> None:
    status = entry.stat(follow_symlinks=False)
    if entry.is_symlink():
        os.symlink(os.readlink(entry.path), target)  # noqa: PTH115, PTH211 - see above
        os.utime(target, ns=(status.st_mtime_ns, status.st_mtime_ns), follow_symlinks=False)
        return
    if link:
        with contextlib.suppress(OSError):
            os.link(entry.path, target, follow_symlinks=False)
            return
    if stat.S_ISFIFO(status.st_mode):
        os.mkfifo(target, stat.S_IMODE(status.st_mode))
    elif stat.S_ISREG(status.st_mode):
        _copy_file(entry.path, target, status)
    elif stat.S_ISSOCK(status.st_mode):
        os.close(os.open(target, os.O_CREAT | os.O_WRONLY, 0o755))


def _copy_file(source: str, target: str, status: os.stat_result) -> None:
    """Copy a file; the kernel shares its blocks where the filesystem can."""
    writing = os.open(target, os.O_CREAT | os.O_WRONLY | os.O_EXCL, 0o600)
    try:
        with contextlib.suppress(PermissionError):
            reading = os.open(source, os.O_RDONLY)
            try:
                _copy_bytes(reading, writing, status.st_size)
                _copy_attributes(reading, writing)
            finally:
                os.close(reading)
        os.fchmod(writing, stat.S_IMODE(status.st_mode))
        os.utime(writing, ns=(status.st_mtime_ns, status.st_mtime_ns))
    finally:
        os.close(writing)


def _copy_bytes(reading: int, writing: int, size: int) -> None:
    if size and hasattr(os, "copy_file_range"):
        with contextlib.suppress(OSError):
            while os.copy_file_range(reading, writing, _WHOLE):
                pass
            return
        os.lseek(reading, 0, os.SEEK_SET)
        os.ftruncate(writing, 0)
        os.lseek(writing, 0, os.SEEK_SET)
    with open(reading, "rb", closefd=False) as source, open(writing, "wb", closefd=False) as target:
        shutil.copyfileobj(source, target)


def _copy_attributes(reading: int, writing: int) -> None:
    if not hasattr(os, "listxattr"):
        return
    with contextlib.suppress(OSError):
        for name in os.listxattr(reading):
            with contextlib.suppress(OSError):
                os.setxattr(writing, name, os.getxattr(reading, name))
