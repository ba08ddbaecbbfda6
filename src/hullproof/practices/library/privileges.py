"""Privilege escalation that files leave open: setuid interpreters and shells, file capabilities, rules of sudo."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hullproof.practices.library.accounts import Account, groups_of
from hullproof.practices.library.lines import before_user, but

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from hullproof.dockerfile import Release
    from hullproof.facts import FileEntry, FileFacts

_INTERPRETER = re.compile(
    r"(?:python[\d.]*|pypy[\d.]*|perl[\d.]*|ruby[\d.]*|node|php[\d.]*|lua[\d.]*|tclsh[\d.]*|[bd]?ash|sh|zsh|ksh|mksh"
    r"|fish|busybox|env|find|vim?|vim\.\w+|nano|less|awk|gawk|mawk|sed|cp|mv|dd|tar|tee|chmod|chown|install|xargs"
    r"|nsenter|setpriv|capsh|chroot|unshare|gosu|su-exec|rsync|socat|nc|gdb|strace|make|git|wget|curl)$"
)
_SAME_PROGRAM = 20_000
"""Bytes from which two programs of equal size, one a known shell, are taken for copies of each other."""
_GIVES_RIGHTS = re.compile(r"^\s*chmod\s+(?:-\S+\s+)*(?:[ugoa]*\+\w*s|[4-7]\d{3})|^\s*setcap\s+(?!-r)")
_EMPTIES_PASSWORD = re.compile(
    r"^\s*(?:passwd\s+(?:-d|--delete)\s+root|usermod\s+-p\s+\S*\s+root|sed\b.*/etc/(?:shadow|passwd))"
)
_ACCOUNTS = ("/etc/passwd", "/etc/shadow")
_SHELL = re.compile(r"^(?:/usr(?:/local)?)?/bin/(?:[bd]?ash|sh|zsh|busybox|python[\d.]*|perl[\d.]*|env)$")


@dataclass(frozen=True)
class Escalation:
    """A file that lets an account become root: a clause that says how, what was seen of it, and the fix.

    `opens` finds commands that make it so, and `closes` is one that takes it back, "" where there is none.
    """

    path: str
    clause: str
    seen: str
    fix: str
    opens: re.Pattern[str]
    closes: str = ""


def to_close(release: Release, files: FileFacts, escalation: Escalation) -> str:
    """Say which line is written without what leaves a way to root open; else what root does against it before USER."""
    step = release.instruction_at(files.owning_layers[escalation.path].line)
    shown = but(release, step, escalation.opens.search) if step is not None else None
    then = before_user(release, f"RUN {escalation.closes}") if escalation.closes else None
    return " ".join(filter(None, (escalation.fix, shown or then)))


def escalations(files: FileFacts, account: Account) -> Iterator[Escalation]:
    """Find all that makes root of this account without a password."""
    yield from _programs(files)
    if account.uid not in (0, None):
        helpers = {entry.name for entry in files.final.values() if entry.setuid and entry.uid == 0}
        yield from _rules(files, account, helpers)
        yield from _databases(files, account, helpers)


def _programs(files: FileFacts) -> Iterator[Escalation]:
    """Find programs that run what they are given, as root.

    What the base brings for the purpose (su, passwd, mount) is not judged; an interpreter or shell that does
    is, wherever it comes from, and so is a copy of one under another name.
    """
    shells = {
        entry.size: entry.path
        for entry in files.final.values()
        if entry.kind == "file" and entry.size >= _SAME_PROGRAM and _SHELL.match(entry.path)
    }
    for path, entry in files.final.items():
        power = _power(entry)
        if power is None:
            continue
        known = _INTERPRETER.match(entry.name) is not None
        twin = shells.get(entry.size) if files.base.get(path) != entry else None
        if known or twin not in (None, path):
            why = power if known else f"{power}, and is a copy of {twin}"
            fix = f"Take the setuid bit and the capabilities off {path}."
            closes = f"chmod u-s {path}" if entry.setuid else f"setcap -r {path}"
            clause = f"{path} makes root of whoever runs it: it {why}"
            yield Escalation(path, clause, f"it {why}", fix, _GIVES_RIGHTS, closes)


def _power(entry: FileEntry) -> str | None:
    if not entry.mode & 0o011:
        return None  # only its owner can run it
    if entry.setuid and entry.uid == 0:
        return f"is setuid root (mode {entry.mode:04o})"
    return "carries capabilities" if entry.capabilities and entry.kind == "file" else None


def _rules(files: FileFacts, account: Account, helpers: Collection[str]) -> Iterator[Escalation]:
    """Find rules of sudo and doas, where these are among the setuid `helpers`, for an account that has a name."""
    if account.name is None:
        return
    groups = groups_of(account.name, account.gid, files)
    clause = f"lets {account.name} become root without a password"
    who = {account.name, f"#{account.uid}", "ALL", *(f"%{group}" for group in groups)}
    rules = (path for path in sorted(files.final) if re.match(r"/etc/sudoers(?:$|\.d/[^.~]+$)", path))
    for path in rules if "sudo" in helpers else ():
        for line in _lines(files, path):
            if line.split()[:1] and line.split()[0] in who and "NOPASSWD:" in line:
                fix, opens = "Remove sudo and its rule from the release.", _naming(path)
                yield Escalation(path, f"{path} {clause}", line, fix, opens, _without_lines(path, line))
                break
    meant = {account.name, *(f":{each}" for each in groups)}
    for line in _lines(files, "/etc/doas.conf") if "doas" in helpers else ():
        words = line.split()
        if words[:1] == ["permit"] and "nopass" in words and meant & set(words):
            fix = "Remove doas and its rule from the release."
            path = "/etc/doas.conf"
            yield Escalation(path, f"{path} {clause}", line, fix, _naming(path), _without_lines(path, line))


def _databases(files: FileFacts, account: Account, helpers: Collection[str]) -> Iterator[Escalation]:
    """Find a root without a password, and lists of accounts and rules that the account can write."""
    for path in _ACCOUNTS:
        fields = next((line.split(":") for line in _lines(files, path) if line.startswith("root:")), [])
        if "su" in helpers and fields[1:2] == [""]:
            clause, seen = f"{path} gives root an empty password", "root's password is empty, and su is there"
            fix = "Lock root's password: remove the step that empties it, such as passwd -d root."
            yield Escalation(path, clause, seen, fix, _EMPTIES_PASSWORD, "passwd -l root")
    for path in (*_ACCOUNTS, "/etc/sudoers", "/etc/sudoers.d"):
        entry = files.final.get(path)
        if entry is not None and (entry.mode & 0o002 or (entry.uid == account.uid and entry.mode & 0o200)):
            clause = f"{path} can be written by the user, who can make itself root there"
            seen = f"mode {entry.mode:04o}, uid {entry.uid}"
            fix = f"Leave {path} to root: remove the chmod or chown that opens it."
            closes = f"chown root {path} && chmod go-w {path}"
            yield Escalation(path, clause, seen, fix, _naming(path), closes)


def _naming(path: str) -> re.Pattern[str]:
    """Make a pattern of commands that name a path, or the folder that it lies in."""
    folder = path.rpartition("/")[0]
    return re.compile(rf"(?:^|[\s>'\"])(?:{re.escape(path)}|{re.escape(folder)}/?)(?:['\"\s]|$)")


def _without_lines(path: str, line: str) -> str:
    """Write a command that takes a line out of a file, by how it begins."""
    return f"sed -i '/^{re.sub(r'[^A-Za-z0-9_]', '.', line.split(maxsplit=1)[0])} /d' {path}"


def _lines(files: FileFacts, path: str) -> list[str]:
    return [line.strip() for line in (files.text(path) or "").splitlines()]
