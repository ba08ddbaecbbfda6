"""Scratch copies of a project's tree: cheap, faithful to what a build sees, and never the tree itself.

One true copy is made per run, of what the build can need; every experiment works on a tree of hard links to
that copy, and replaces files instead of writing into them. No file of the user's is ever linked: its link
count and change time stay as they were.
"""

from __future__ import annotations

import contextlib
import shutil
import stat
import threading
from typing import TYPE_CHECKING

from hullproof.errors import Unobservable
from hullproof.lab.copying import copy_tree
from hullproof.project import projectfiles
from hullproof.project.sources import context_sources

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from hullproof.lab.copying import Keep
    from hullproof.project.project import Project
    from hullproof.run.run import Run


class Bench:
    """Where one project's scratch copies are made. May be used from several threads."""

    def __init__(self, project: Project, run: Run) -> None:
        """Take the project, and the run whose scratch folder holds the copies."""
        self.project = project
        self._run = run
        self._lock = threading.Lock()
        self._pristine: Path | None = None

    def copy(self, name: str, *, link: bool = True) -> Path:
        """Make a copy for one experiment. Change files in it only by `put`, unless they are to be no links."""
        with self._lock:
            if self._pristine is None:
                target = self._run.scratch("pristine") / "context"
                keep, most = needed(self.project), shutil.disk_usage(target.parent).free // 2
                copy_tree(self.project.folder, target, keep=keep, skip=self._run.folder, most=most)
                self._provide_build_files(target)
                self._pristine = target
        target = self._run.scratch(name) / "context"
        copy_tree(self._pristine, target, link=link)
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
        found = self.project.ignore_file
        for path in [dockerfile, *([found.name] if found else [])]:
            if self.project.outside is not None and not projectfiles.is_file(folder, path):
                continue  # it lies where the builder looks for it, outside of the context
            if not projectfiles.is_file(target, path) or (target / path).is_symlink():
                put(target, path, projectfiles.read(folder, path))


def content_of(context: Path, path: str) -> bytes:
    """Return the content of a file of a scratch copy. Raises Unobservable for what is not read."""
    try:
        return projectfiles.read(context, path, largest=projectfiles.LARGEST_LOCK)
    except (OSError, projectfiles.ProjectFileError) as error:
        raise Unobservable(str(error)) from error


def put(context: Path, path: str, content: bytes, mode: int | None = None) -> None:
    """Write a file of a scratch copy anew: what it was linked to stays as it is. A new mode or its old one.

    Raises Unobservable where a link in the path leads out of the copy, perhaps to the user's own tree.
    """
    file = _within(context, path)
    with _open_for_change(file.parent):
        file.parent.mkdir(parents=True, exist_ok=True)
        with contextlib.suppress(OSError):
            mode = mode if mode is not None or file.is_symlink() else stat.S_IMODE(file.stat().st_mode)
        file.unlink(missing_ok=True)
        file.write_bytes(content)
        file.chmod(0o644 if mode is None else mode)


def remove(context: Path, path: str) -> None:
    """Remove a file of a scratch copy. Raises as `put` does."""
    file = _within(context, path)
    with _open_for_change(file.parent):
        file.unlink()


def _within(context: Path, path: str) -> Path:
    file, top = context / path, context.resolve()
    if not file.parent.resolve().is_relative_to(top):
        raise Unobservable(f"{path} leads out of the project, and is not written to")
    return file


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
    found = project.ignore_file
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
