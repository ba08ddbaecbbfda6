"""Users as an image knows them: /etc/passwd and /etc/group, and what USER comes down to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hullproof.facts import ContainerFacts, FileFacts, ImageFacts

_PASSWD_FIELDS = 4


@dataclass(frozen=True)
class Account:
    """What a USER comes down to. `uid` is None where the name is not known; `listed`: /etc/passwd has it."""

    text: str
    uid: int | None
    listed: bool
    name: str | None = None
    gid: int | None = None


def account_of(user: str, files: FileFacts | None) -> Account:
    """Resolve `USER` as an engine does: empty is root, digits are a uid (`00` is 0), the rest is a name."""
    wanted = user.partition(":")[0].strip() or "root"
    number = int(wanted) if wanted.isascii() and wanted.isdigit() else None
    for name, uid, gid in _passwd(files):
        if (number is None and name == wanted) or uid == number:
            return Account(user, uid, listed=True, name=name, gid=gid)
    if wanted == "root":
        return Account(user, 0, listed=False, name="root")
    return Account(user, number, listed=False)


def run_time_uid(
    image: ImageFacts, files: FileFacts | None, container: ContainerFacts | None
) -> tuple[int, str] | None:
    """Tell the uid that the application runs as, and where that was seen: the kernel first, the config else."""
    if container is not None and container.main is not None:
        return container.main.uids[1], "/proc/1/status"
    uid = account_of(image.user, files).uid
    return None if uid is None else (uid, "config.User")


def groups_of(name: str, gid: int | None, files: FileFacts) -> set[str]:
    """Name the groups that a user is in."""
    found = set()
    for line in (files.text("/etc/group") or "").splitlines():
        fields = line.split(":")
        if len(fields) >= _PASSWD_FIELDS and (fields[2] == str(gid) or name in fields[3].split(",")):
            found.add(fields[0])
    return found


def _passwd(files: FileFacts | None) -> list[tuple[str, int, int]]:
    text = (files.text("/etc/passwd") if files is not None else None) or ""
    rows = [line.split(":") for line in text.splitlines()]
    return [
        (row[0], int(row[2]), int(row[3]))
        for row in rows
        if len(row) >= _PASSWD_FIELDS and row[2].isdigit() and row[3].isdigit()
    ]
