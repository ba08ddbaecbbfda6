"""Whether what is checked out is what was committed."""

from __future__ import annotations

import hashlib
import time
from dataclasses import dataclass, field
from pathlib import Path

from hullproof.project.git.index import DEADLINE_S, LARGEST_INDEX, parse, until
from hullproof.project.git.objects import tree_of
from hullproof.project.git.repository import Repository, UnknownError, find, read
from hullproof.project.git.tree import Tree

_NO_INDEX = b"DIRC\0\0\0\2\0\0\0\0" + bytes(20)


@dataclass(frozen=True)
class Checkout:
    """What is known of the tree that a folder lies in.

    `revision` is the commit's id, 40 hexadecimal digits, with `-dirty` where anything that is recorded differs from
    it; None where there is no commit, or it cannot be told. `prefix` is the folder's path within the tree, None where
    it lies in none. `remotes` are the addresses that the repository is fetched from, with what passwords they hold left out.
    """

    revision: str | None = None
    prefix: str | None = None
    remotes: tuple[str, ...] = field(default=(), compare=False)


def look(folder: Path, deadline_s: float = DEADLINE_S) -> Checkout:
    """Look at the repository whose tree holds `folder`. What takes longer than `deadline_s` seconds is unknown."""
    folder = folder.resolve()
    prefix: str | None = None
    remotes: tuple[str, ...] = ()
    try:
        repository = find(folder)
        if repository is None:
            return Checkout()
        prefix = "" if folder == repository.top else str(folder.relative_to(repository.top))
        remotes = repository.remotes()
        commit = repository.commit()
        dirty = commit is not None and differs(repository, commit, time.monotonic() + deadline_s)
    except UnknownError:
        return Checkout(None, prefix, remotes)
    return Checkout(f"{commit}-dirty" if dirty else commit, prefix, remotes)


def state(folder: Path) -> str:
    """Return what is checked out and what is recorded, as one text that changes with either; "" without a repository.

    Raises UnknownError where that cannot be told.
    """
    repository = find(folder.resolve())
    if repository is None:
        return ""
    require_time = until(time.monotonic() + DEADLINE_S)
    index = parse(read(repository.own / "index", LARGEST_INDEX) or _NO_INDEX, require_time)
    if index.merging:
        raise UnknownError("a merge is under way")
    settings = [read(place / "config", LARGEST_INDEX) or b"" for place in (repository.common, repository.own)]
    return (
        f"{repository.commit()} {index.tree(require_time)} {hashlib.sha256(b''.join(settings)).hexdigest()}"
    )


def differs(repository: Repository, commit: str, deadline: float) -> bool:
    """Whether the index or any file in it differs from a commit; what was never added does not count.

    Raises UnknownError where that cannot be told, or not by `deadline`, by the monotonic clock.
    """
    path, require_time = repository.own / "index", until(deadline)
    index = parse(read(path, LARGEST_INDEX) or _NO_INDEX, require_time)
    if index.merging or index.tree(require_time) != tree_of(repository, commit):
        return True
    written_ns = path.stat().st_mtime_ns if index.entries else 0
    return Tree(repository, written_ns, deadline, of_submodule=differs).differs(index.entries)
