"""Where a folder's repository is, and what its references say."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path

from hullproof.errors import UsageError
from hullproof.project.projectfiles import read_regular

_LARGEST_NAME = 4096
_LARGEST_CONFIG = 1 << 20
_LARGEST_REFS = 64 << 20
_MOST_LINKS = 5
_COMMIT = re.compile(rb"[0-9a-f]{40}")
_URL = re.compile(rb"^[ \t]*url[ \t]*=[ \t]*(?P<url>\S+)", re.MULTILINE)
_REMOTE = re.compile(rb"^\[remote \"[^\n]*\"\](?P<body>[^\[]*)", re.MULTILINE)
_PASSWORD = re.compile(r"(?<=://)[^/@\s]*@")
_OWN = ("refs/bisect/", "refs/worktree/", "refs/rewritten/")
"""What each worktree has for itself, besides HEAD: https://git-scm.com/docs/git-worktree#_refs."""
_WORKTREE = re.compile(r"^[ \t]*worktree[ \t]*=[ \t]*(?P<path>[^\n]*?)[ \t]*$", re.MULTILINE | re.IGNORECASE)


class UnknownError(Exception):
    """What is asked cannot be told from the repository's files."""


def read(path: Path, largest: int) -> bytes | None:
    """Return a file of the repository; None where there is none. Raises UnknownError for what cannot be read."""
    try:
        # An empty folder may stay behind where a reference's name was a part of others' names.
        return None if path.is_dir() else read_regular(path, largest)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, ValueError, UsageError) as error:
        raise UnknownError(str(error)) from error


@dataclass(frozen=True)
class Repository:
    """A repository and one tree that is checked out from it.

    `top` is where the tree lies, `own` what belongs to this tree alone (HEAD, the index), `common` what it shares
    with other trees (objects, references).
    """

    top: Path
    own: Path
    common: Path

    def commit(self) -> str | None:
        """Return the id of the commit that is checked out, 40 hexadecimal digits; None before the first one."""
        return self.resolve("HEAD")

    def resolve(self, name: str, depth: int = _MOST_LINKS) -> str | None:
        """Return the id that a reference leads to. None where it does not exist."""
        if name != "HEAD" and (not name.startswith("refs/") or ".." in name or "\0" in name):
            raise UnknownError(f"{name} is no reference")
        own = name == "HEAD" or name.startswith(_OWN)
        content = self._read(self.own if own else self.common, name, _LARGEST_NAME)
        if content is None:
            return self._packed(name)
        content = content.strip()
        if _COMMIT.fullmatch(content):
            return content.decode()
        link = content.removeprefix(b"ref:").strip().decode("utf-8", "surrogateescape")
        if not content.startswith(b"ref:") or not depth:
            raise UnknownError(f"{name} leads nowhere")
        return self.resolve(link, depth - 1)

    def _packed(self, name: str) -> str | None:
        packed = self._read(self.common, "packed-refs", _LARGEST_REFS) or b""
        line = re.compile(rb"^([0-9a-f]{40}) " + re.escape(os.fsencode(name)) + rb"$", re.MULTILINE)
        found = line.search(packed)
        return found[1].decode() if found else None

    @staticmethod
    def _read(place: Path, name: str, largest: int) -> bytes | None:
        """Read what a revision is told from. Raises UnknownError where a link leads to another repository's."""
        if not (place / name).resolve().is_relative_to(place.resolve()):
            raise UnknownError(f"{name} leads out of {place}")
        return read(place / name, largest)

    def is_set(self, setting: re.Pattern[bytes]) -> bool:
        """Whether a line of the repository's configuration matches."""
        places = (self.common / "config", self.own / "config.worktree", self.top / ".gitmodules")
        return any(setting.search(read(path, _LARGEST_CONFIG) or b"") for path in places)

    def remotes(self) -> tuple[str, ...]:
        """List the addresses of the repositories that this one is fetched from, without names and passwords."""
        text = read(self.common / "config", _LARGEST_CONFIG) or b""
        urls = [
            found["url"] for section in _REMOTE.finditer(text) for found in _URL.finditer(section["body"])
        ]
        return tuple(_PASSWORD.sub("", each.decode("utf-8", "replace")) for each in urls)


def find(folder: Path) -> Repository | None:
    """Find the repository whose tree holds the folder; None where there is none.

    A bare repository has no tree: what looks like one within a tree is files of it, whatever git takes it for.
    """
    return next((found for top in (folder, *folder.parents) if (found := of_tree(top))), None)


def of_tree(top: Path) -> Repository | None:
    """Return the repository from which the tree at `top` is checked out, if there is one."""
    own = _own(top)
    if own is None:
        return None
    shared = read(own / "commondir", _LARGEST_NAME)
    if not shared:
        return Repository(top, own, own)
    common = own / os.fsdecode(shared.strip())
    if common.resolve() != own.resolve().parent.parent:  # which has it at worktrees/NAME
        raise UnknownError(f"{own} is no worktree of {common}")
    return Repository(top, own, common)


def _own(top: Path) -> Path | None:
    own = top / ".git"
    if not own.is_dir():
        content = read(own, _LARGEST_NAME)
        if content is None or not content.startswith(b"gitdir: "):
            return None
        own = top / os.fsdecode(content.removeprefix(b"gitdir: ").rstrip(b"\r\n"))
        if not _leads_back(own, top):
            raise UnknownError(f"{own} is the repository of another tree")
    elif own.is_symlink() and not own.resolve().is_relative_to(top.resolve()) and not _leads_back(own, top):
        raise UnknownError(f"{own} leads to the repository of another tree")
    return own if (own / "HEAD").is_symlink() or (own / "HEAD").exists() else None


def _leads_back(own: Path, top: Path) -> bool:
    """Whether a repository that lies elsewhere says that it is this tree's: else any folder could be named."""
    back = read(own / "gitdir", _LARGEST_NAME)
    if back is not None:  # a worktree's
        return (own / os.fsdecode(back.strip())).resolve() == (top / ".git").resolve()
    config = read(own / "config", _LARGEST_CONFIG) or b""  # a submodule's
    found = _WORKTREE.search(config.decode("utf-8", "replace"))
    return found is not None and (own / found["path"].strip('"')).resolve() == top.resolve()
