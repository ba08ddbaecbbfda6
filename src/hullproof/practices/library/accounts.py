"""Users as an image knows them: /etc/passwd and /etc/group, and what USER resolves to."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hullproof.errors import Unobservable

if TYPE_CHECKING:
    from hullproof.facts import ContainerFacts, FileFacts, ImageFacts, Layer

_FIELDS = 4
"""So many a line of /etc/passwd or /etc/group has at the least."""
_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*\$?")
"""What adduser takes for a name (see its `NAME_REGEX`); others, which would be more than a name to a shell, go by number."""


@dataclass(frozen=True)
class Account:
    """What a USER resolves to. `uid` is None where the name is not known; `listed`: /etc/passwd has it.

    `group` is what /etc/group calls its own group, None where it does not name that.
    """

    text: str
    uid: int | None
    listed: bool
    name: str | None = None
    gid: int | None = None
    group: str | None = None

    @property
    def shown(self) -> str:
        """The account in a sentence: `app (uid 1000)`, `uid 4711`."""
        return f"{self.name} (uid {self.uid})" if self.name is not None else f"uid {self.uid}"

    @property
    def for_chown(self) -> str:
        """The account as --chown takes it: `app:app`, `app:65533` where its group has no name, `4711`."""
        if self.name is None:
            return str(self.uid)
        user = self.name if _PLAIN.fullmatch(self.name) else str(self.uid)
        if self.gid is None:
            return f"{user}:{user}"
        return f"{user}:{self.group if self.group and _PLAIN.fullmatch(self.group) else self.gid}"


@dataclass(frozen=True)
class _Group:
    """A line of /etc/group: `members` are those whose own group it need not be."""

    name: str
    gid: int
    members: frozenset[str]


def account_of(user: str, files: FileFacts | None) -> Account:
    """Resolve `USER` as an engine does: empty is root, digits are a uid (`00` is 0), the rest is a name."""
    wanted = user.partition(":")[0].strip() or "root"
    number = int(wanted) if wanted.isascii() and wanted.isdigit() else None
    for name, uid, gid in _passwd(files.text("/etc/passwd") if files is not None else None):
        if (number is None and name == wanted) or uid == number:
            group = next((each.name for each in _groups(files) if each.gid == gid), None) if files else None
            return Account(user, uid, listed=True, name=name, gid=gid, group=group)
    if wanted == "root":
        return Account(user, 0, listed=False, name="root")
    return Account(user, number, listed=False)


def chown_at(account: Account, files: FileFacts, layer: Layer) -> str:
    """Write an account as the step that makes a layer can take it: by number, where that has no such name yet."""
    before = files.layers[: files.layers.index(layer)]
    texts = [each.texts["/etc/passwd"] for each in before if "/etc/passwd" in each.texts]
    is_known = not texts or any(name == account.name for name, _, _ in _passwd(texts[-1]))
    if account.name is None or account.gid is None or is_known:
        return account.for_chown
    return f"{account.uid}:{account.gid}"


def run_time_account(
    image: ImageFacts, files: FileFacts | None, container: ContainerFacts | None
) -> tuple[Account, str]:
    """Return whom the application runs as, and where that was seen: the kernel first, the configuration else.

    Raises Unobservable where the configuration names somebody whom the image does not have.
    """
    if container is not None and container.main is not None:
        return account_of(str(container.main.uids[1]), files), "/proc/1/status"
    account = account_of(image.user, files)
    if account.uid is None:
        raise Unobservable(f"{image.user} is not in the image's /etc/passwd; see non-root-user")
    return account, "config.User"


def run_time_groups(account: Account, files: FileFacts, container: ContainerFacts | None) -> frozenset[int]:
    """Return the groups that the application runs in: the kernel first, /etc/group else."""
    if container is not None and container.main is not None:
        return frozenset((container.main.gids[1], *container.main.groups))
    own = () if account.gid is None else (account.gid,)
    return frozenset((*own, *(each.gid for each in _groups(files) if account.name in each.members)))


def made_account(files: FileFacts | None) -> str | None:
    """Name an ordinary account that the Dockerfile's own steps made, None where there is none."""
    if files is None:
        return None
    texts = [
        each.texts["/etc/passwd"] for each in files.layers if each.from_base and "/etc/passwd" in each.texts
    ]
    known = {name for name, _, _ in _passwd(texts[-1] if texts else None)}
    made = (name for name, uid, _ in _passwd(files.text("/etc/passwd")) if uid and name not in known)
    return next(made, None)


def group_of(user: str, files: FileFacts | None) -> int | None:
    """Return the gid of the group that a `USER user:group` names; None where it names none, or one that is not known."""
    wanted = user.partition(":")[2].strip()
    if wanted.isascii() and wanted.isdigit():
        return int(wanted)
    return next((each.gid for each in _groups(files) if each.name == wanted), None) if files else None


def groups_of(name: str, gid: int | None, files: FileFacts) -> set[str]:
    """Name the groups that a user is in."""
    return {each.name for each in _groups(files) if each.gid == gid or name in each.members}


def _groups(files: FileFacts) -> list[_Group]:
    rows = [line.split(":") for line in (files.text("/etc/group") or "").splitlines()]
    return [
        _Group(row[0], int(row[2]), frozenset(row[3].split(",")))
        for row in rows
        if len(row) >= _FIELDS and row[2].isdigit()
    ]


def _passwd(text: str | None) -> list[tuple[str, int, int]]:
    rows = [line.split(":") for line in (text or "").splitlines()]
    return [
        (row[0], int(row[2]), int(row[3]))
        for row in rows
        if len(row) >= _FIELDS and row[2].isdigit() and row[3].isdigit()
    ]
