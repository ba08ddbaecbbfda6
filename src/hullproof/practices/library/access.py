"""Who may read, enter, write or run what: as the kernel decides it from owner, group and mode."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from hullproof.practices.library.places import resolved

if TYPE_CHECKING:
    from hullproof.facts import FileEntry, FileFacts
    from hullproof.practices.library.accounts import Account

READ, WRITE, RUN = 0o4, 0o2, 0o1


@dataclass(frozen=True)
class Barrier:
    """The file or directory that stops somebody, and the verb for what it does not let do: `read`, `enter`."""

    entry: FileEntry
    verb: str

    @property
    def owner(self) -> str:
        """Whose it is."""
        return "root" if self.entry.uid == 0 else f"uid {self.entry.uid}"

    @property
    def seen(self) -> str:
        """What it is that stops: `/app (mode 0755, of root)`."""
        return f"{self.entry.path} (mode {self.entry.mode:04o}, of {self.owner})"


def may(entry: FileEntry, account: Account, groups: frozenset[int], need: int) -> bool:
    """Whether an account in these groups has all the bits that it needs. Root needs none to read, write and enter."""
    if account.uid == 0:
        return not need & RUN or entry.kind == "directory" or bool(entry.mode & 0o111)
    shift = 6 if entry.uid == account.uid else 3 if entry.gid in groups else 0
    return (entry.mode >> shift & need) == need


def is_readable(entry: FileEntry, account: Account, groups: frozenset[int]) -> bool:
    """Whether a file can be read, or a directory entered and listed."""
    return may(entry, account, groups, READ | RUN if entry.kind == "directory" else READ)


def barrier(
    files: FileFacts, path: str, account: Account, groups: frozenset[int], need: int = READ
) -> Barrier | None:
    """Find what stops an account on the way to a path: a directory above it, or itself; None where nothing does.

    Of a path that is not there, the directory that it would be made in is what may stop.
    """
    goal = resolved(path, files)
    *above, _ = _steps(goal)
    for folder in above:
        entry = files.final.get(folder)
        if entry is not None and entry.kind == "directory" and not may(entry, account, groups, RUN):
            return Barrier(entry, "enter")
    entry = files.final.get(goal)
    if entry is None:
        folder_entry = next((files.final[each] for each in reversed(above) if each in files.final), None)
        if folder_entry is not None and not may(folder_entry, account, groups, WRITE | RUN):
            return Barrier(folder_entry, "write to")
        return None
    verbs = {READ: "read", WRITE: "write", RUN: "run", READ | RUN: "run"}
    for bit in (READ, WRITE, RUN):
        if need & bit and not may(entry, account, groups, bit):
            return Barrier(entry, verbs[bit])
    return None


def _steps(path: str) -> list[str]:
    """List the directories on the way to a path, the path last."""
    parts = path.strip("/").split("/")
    return ["/", *("/" + "/".join(parts[: at + 1]) for at in range(len(parts)))]
