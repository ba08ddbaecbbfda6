"""Ways back to root that files leave open: setuid interpreters and shells, file capabilities, sudo rules."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from hullproof.practices._accounts import Account, groups_of
from hullproof.practices._places import deciding_layers, layer_place

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hullproof.dockerfile import Dockerfile
    from hullproof.facts import FileEntry, FileFacts

_INTERPRETER = re.compile(
    r"(?:python[\d.]*|pypy[\d.]*|perl[\d.]*|ruby[\d.]*|node|php[\d.]*|lua[\d.]*|tclsh[\d.]*|[bd]?ash|sh|zsh|ksh|mksh"
    r"|fish|busybox|env|find|vim?|vim\.\w+|nano|less|awk|gawk|mawk|sed|cp|mv|dd|tar|tee|chmod|chown|install|xargs"
    r"|nsenter|setpriv|capsh|chroot|unshare|gosu|su-exec|rsync|socat|nc|gdb|strace|make|git|wget|curl)$"
)
_SAME_PROGRAM = 20_000
"""Bytes from which two programs of equal size, one a known shell, are taken for copies of each other."""
_SHELL = re.compile(r"^(?:/usr(?:/local)?)?/bin/(?:[bd]?ash|sh|zsh|busybox|python[\d.]*|perl[\d.]*|env)$")


def ways_back(dockerfile: Dockerfile, files: FileFacts) -> Iterator[tuple[str, str, str]]:
    """Find programs that hand out root: path, place, reason.

    What the base brings for the purpose (su, passwd, mount) is not judged; an interpreter or shell that does
    is, wherever it comes from, and so is a copy of one under another name.
    """
    sizes = {
        entry.size: entry.path
        for entry in files.final.values()
        if entry.kind == "file" and entry.size >= _SAME_PROGRAM and _SHELL.match(entry.path)
    }
    for path, entry in files.final.items():
        power = _power(entry)
        if power is None:
            continue
        added = files.base.get(path) != entry
        twin = sizes.get(entry.size) if added else None
        if _INTERPRETER.match(entry.name) or (twin is not None and twin != path):
            copied = f", a copy of {twin}" if twin is not None and not _INTERPRETER.match(entry.name) else ""
            layer = deciding_layers(files)[path]
            yield path, layer_place(dockerfile, files, layer), f"{power}{copied}"


def _power(entry: FileEntry) -> str | None:
    if entry.setuid and entry.uid == 0:
        return f"it is setuid root (mode {entry.mode:04o})"
    return "it carries capabilities" if entry.capabilities and entry.kind == "file" else None


def passwordless_sudo(files: FileFacts, account: Account) -> tuple[str, str] | None:
    """Find a sudo rule that lets this account act without a password: path and rule."""
    installed = any(entry.setuid and entry.name == "sudo" for entry in files.final.values())
    if not installed or account.name is None or account.uid == 0:
        return None
    groups = groups_of(account.name, account.gid, files)
    who = {account.name, f"#{account.uid}", "ALL", *(f"%{group}" for group in groups)}
    rules = (path for path in sorted(files.final) if re.match(r"/etc/sudoers(?:$|\.d/[^.~]+$)", path))
    for path in rules:
        for line in (files.text(path) or "").splitlines():
            if line.split()[:1] and line.split()[0] in who and "NOPASSWD:" in line:
                return path, line.strip()
    return None
