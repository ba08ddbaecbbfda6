"""Compares the files of a tree with an index: by how they look, and by their content where that tells nothing."""

from __future__ import annotations

import enum
import hashlib
import os
import re
import stat
import time
from collections.abc import Callable, Sequence
from functools import cached_property
from typing import TYPE_CHECKING

from hullproof.errors import UsageError
from hullproof.project.git.conversions import Conversions
from hullproof.project.git.repository import UnknownError, of_tree
from hullproof.project.projectfiles import opened

if TYPE_CHECKING:
    from hullproof.project.git.index import Entry
    from hullproof.project.git.repository import Repository

_LARGEST_FILE = 1 << 40
_LARGEST_TEXT = 64 << 20
_CHUNK = 1 << 20
_WORD = 0xFFFFFFFF
_SECOND = 1_000_000_000
_SUBMODULE, _FOLDER = 0o160000, 0o040000
_ANY_MODE = re.compile(
    rb"^[ \t]*filemode[ \t]*=[ \t]*(?:false|no|off|0)[ \t\r]*$", re.MULTILINE | re.IGNORECASE
)
_IGNORING = re.compile(rb"^[ \t]*ignore(?:submodules)?[ \t]*=", re.MULTILINE | re.IGNORECASE)


class _State(enum.Enum):
    SAME = enum.auto()
    DIFFERENT = enum.auto()
    UNKNOWN = enum.auto()


class Tree:
    """The files of a repository's tree, and how to tell whether those of a submodule differ from a commit."""

    def __init__(
        self,
        repository: Repository,
        written_ns: int,
        deadline: float,
        of_submodule: Callable[[Repository, str, float], bool],
    ) -> None:
        """Take the repository, when its index was written, and until when to look, by the monotonic clock."""
        self._repository, self._written_ns, self._deadline = repository, written_ns, deadline
        self._submodule_differs = of_submodule
        self._top = os.fsencode(repository.top) + b"/"
        self._folders: dict[bytes, bool] = {b"": True}
        self._conversions = Conversions(repository)

    def differs(self, entries: Sequence[Entry]) -> bool:
        """Whether any file differs from its entry. Raises UnknownError where none surely does, and one may."""
        unknown = False
        for entry in entries:
            self._require_time()
            state = self._state(entry)
            if state is _State.DIFFERENT:
                return True
            unknown |= state is _State.UNKNOWN
        if unknown:
            raise UnknownError("a file may have been converted by a filter, or be ignored")
        return False

    def _require_time(self) -> None:
        if time.monotonic() > self._deadline:
            raise UnknownError("there are too many files to compare in time")

    def _state(self, entry: Entry) -> _State:
        if entry.assumed or entry.mode == _FOLDER:
            return _State.SAME
        try:
            if entry.mode == _SUBMODULE:
                return self._submodule(entry)
            status = os.lstat(self._top + entry.path) if self._lies_in_folders(entry.path) else None
            if status is None:
                return _State.SAME if entry.skipped else _State.DIFFERENT
            state = self._compared(entry, status)
        except (FileNotFoundError, NotADirectoryError):
            return _State.SAME if entry.skipped else _State.DIFFERENT
        except (OSError, UsageError) as error:
            raise UnknownError(str(error)) from error
        # A file that is here although it is none of those checked out: whether git looks at it depends.
        return _State.UNKNOWN if entry.skipped and state is _State.DIFFERENT else state

    def _lies_in_folders(self, path: bytes) -> bool:
        """Whether all above a file are folders; what lies behind a link is not the file that was recorded."""
        folder = path.rpartition(b"/")[0]
        if folder not in self._folders:
            above = self._lies_in_folders(folder)
            self._folders[folder] = above and stat.S_ISDIR(os.lstat(self._top + folder).st_mode)
        return self._folders[folder]

    def _compared(self, entry: Entry, status: os.stat_result) -> _State:
        if stat.S_IFMT(status.st_mode) != stat.S_IFMT(entry.mode):
            return _State.DIFFERENT
        is_file = stat.S_ISREG(status.st_mode)
        if is_file and (status.st_mode ^ entry.mode) & stat.S_IXUSR and not self._any_mode:
            return _State.DIFFERENT
        # What was written when the index was, or after it, may have been written once more at the same moment.
        if status.st_size and _looks(status) == entry.looked and status.st_mtime_ns < self._written_ns:
            return _State.SAME
        if not is_file:
            content = os.readlink(self._top + entry.path)  # noqa: PTH115 - bytes, as they are hashed
            same = _blob(len(content), content) == entry.id
            return _State.SAME if same else _State.DIFFERENT
        return self._read(entry, status.st_size)

    @cached_property
    def _any_mode(self) -> bool:
        return self._repository.is_set(_ANY_MODE)

    def _read(self, entry: Entry, size: int) -> _State:
        """Compare a file's content. One that a conversion may explain is not known to differ."""
        hashed = hashlib.sha1(b"blob %d\0" % size, usedforsecurity=False)
        kept = b""
        with opened(os.fsdecode(self._top + entry.path), _LARGEST_FILE) as descriptor:
            while chunk := os.read(descriptor, _CHUNK):
                self._require_time()
                hashed.update(chunk)
                kept += chunk if size <= _LARGEST_TEXT else b""
        if hashed.digest() == entry.id:
            return _State.SAME
        plain = kept.replace(b"\r\n", b"\n")
        if _blob(len(plain), plain) == entry.id or self._conversions.may_apply(entry.path):
            return _State.UNKNOWN
        return _State.DIFFERENT

    def _submodule(self, entry: Entry) -> _State:
        """Compare a submodule. One that is not checked out, an empty folder, is as it was recorded."""
        folder = self._repository.top / os.fsdecode(entry.path)
        if not self._lies_in_folders(entry.path + b"/"):
            return _State.DIFFERENT
        nested = of_tree(folder)
        if nested is None:
            return _State.SAME
        commit = nested.commit()
        if commit == entry.id.hex() and not self._submodule_differs(nested, commit, self._deadline):
            return _State.SAME
        return _State.UNKNOWN if self._repository.is_set(_IGNORING) else _State.DIFFERENT


def _looks(status: os.stat_result) -> tuple[int, ...]:
    """Return of a file what the index records of it."""
    changed_s, changed_ns = divmod(status.st_ctime_ns, _SECOND)
    written_s, written_ns = divmod(status.st_mtime_ns, _SECOND)
    return (
        changed_s & _WORD,
        changed_ns,
        written_s & _WORD,
        written_ns,
        status.st_ino & _WORD,
        status.st_uid & _WORD,
        status.st_gid & _WORD,
        status.st_size & _WORD,
    )


def _blob(size: int, content: bytes) -> bytes:
    return hashlib.sha1(b"blob %d\0" % size + content, usedforsecurity=False).digest()
