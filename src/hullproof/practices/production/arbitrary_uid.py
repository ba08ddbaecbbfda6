"""The container runs as whatever uid it is given.

Why: OpenShift gives each namespace a uid of its own, and others set runAsUser, to keep tenants apart. No account in the image has that
uid: it owns nothing, has no home and no name, and is in group 0 or in a group of its own.

Proven by: Two more boots of the image as a uid that no account has, in group 0 and in a group of its own, without any
capability: it gets ready, and each port answers as it does otherwise.

Broken by: Code that only its owner may read (COPY --chmod=700, a umask of 077); a program that its owner alone may run; a
folder that it has to write to and that belongs to one user; getpass.getuser(), and a home that is not there.

Fix: Let everybody read and run what the image holds, and give what is written to group 0, with the owner's rights.

    COPY --chown=10001:0 --chmod=755 app/ app/
    RUN install -d -o 10001 -g 0 -m 2775 /app/data
    ENV HOME=/tmp
"""

from __future__ import annotations

import re
from shlex import quote

from hullproof.dockerfile import Release
from hullproof.facts import STRANGER, FileFacts, ImageFacts, Trial
from hullproof.practices.checks import Observations, broken, check, in_image
from hullproof.practices.library.access import READ, RUN, WRITE, Barrier, barrier
from hullproof.practices.library.accounts import Account
from hullproof.practices.library.lines import before_command, before_user
from hullproof.practices.library.places import normal, resolved
from hullproof.practices.library.trials import (
    does_as_well,
    folder_of,
    refused,
    seen_of,
    what_fails,
    without_own_rights,
)

PROFILES = ("openshift",)

_ACCOUNT = re.compile(
    rf"\bpasswd database\b|\bgetpwuid\b|\bNo username set\b|\b(?:uid|user ID|user)\b.*\b{STRANGER}\b"
)
"""What programs say that look for the account of a uid that has none."""


@check
def it_boots_in_group_0(
    release: Release, image: ImageFacts, files: FileFacts | None, root_group_boot: Trial
) -> Observations:
    """As OpenShift runs it."""
    yield from _judged(root_group_boot, release, image, files, 0)


@check
def it_boots_in_a_group_of_its_own(
    release: Release,
    image: ImageFacts,
    files: FileFacts | None,
    stranger_boot: Trial,
    root_group_boot: Trial | None,
) -> Observations:
    """As runAsUser and runAsGroup have it. What fails in group 0 already is accused once."""
    if root_group_boot is None or root_group_boot.fault is None:
        yield from _judged(stranger_boot, release, image, files, STRANGER)


def _judged(
    trial: Trial, release: Release, image: ImageFacts, files: FileFacts | None, group: int
) -> Observations:
    whom = f"as a uid that no account has, in {'its own group' if group else 'group 0'},"
    if trial.fault is None:
        yield does_as_well(trial, whom)
        return
    stop, seen = _what_stops_it(trial, files, group), seen_of(trial, release)
    fix = without_own_rights(trial, release, files) or _to_do_without(release, trial)
    if stop is not None and files is not None:
        entry = stop.entry
        seen = (*seen, in_image(entry.path, f"belongs to {entry.uid}:{entry.gid}, mode {entry.mode:04o}"))
        fix = _to_allow(release, image, files, stop)
    yield broken(f"{whom} {what_fails(trial)}", *seen, fix=fix)


def _what_stops_it(trial: Trial, files: FileFacts | None, group: int) -> Barrier | None:
    """Find what on the way to the path that it was refused does not let it read or run, or else write.

    Owner and mode decide where permission is denied (EACCES); what is not permitted (EPERM), no mode allows.
    """
    denied = refused(trial)
    if denied is None or files is None or denied[1] != "Permission denied":
        return None
    path, nobody, groups = denied[0], Account(str(STRANGER), STRANGER, listed=False), frozenset({group})
    entry = files.final.get(resolved(path, files))
    is_program = entry is not None and entry.kind == "file" and entry.mode & 0o100
    needs = (READ, RUN, WRITE) if is_program else (READ, WRITE)
    return next(filter(None, (barrier(files, path, nobody, groups, need) for need in needs)), None)


def _to_allow(release: Release, image: ImageFacts, files: FileFacts, stop: Barrier) -> str:
    path, of_system = stop.entry.path, stop.entry.path in files.base
    if stop.verb in {"read", "enter", "run"}:
        folder = path if stop.entry.kind == "directory" else folder_of(path)
        # What the base has holds more than this project's: /etc/shadow is closed for a reason.
        wide = f"a+rX {quote(path)}" if folder in files.base else f"-R a+rX {quote(folder)}"
        way = before_user(release, f"RUN chmod {f'a+rx {quote(path)}' if stop.verb == 'run' else wide}")
        return f"Let everybody read and run {path}. {way}"
    if path == "/" and "HOME" not in image.env:
        home = before_command(release, "ENV HOME=/tmp")
        return f"The home of a uid that no account has is /: give it one that it may write to. {home}"
    if of_system:
        return f"Let it write below /tmp, or into a folder of its own: {path} is the system's."
    own = resolved(normal(image.workdir or "/"), files)
    if not f"{path}/".startswith(f"{own.rstrip('/')}/"):
        mode = "1777" if stop.entry.kind == "directory" else "a+rw"
        way = before_user(release, f"RUN chmod {mode} {quote(path)}")
        return f"Let everybody write to {path}. {way} Where its group is always 0, chgrp 0 and chmod g=u are enough."
    if stop.entry.gid == 0 and stop.entry.mode & 0o020:
        return (
            f"Let it write below /tmp, in the place of {path}: its owner and group 0 alone may write there."
        )
    way = before_user(release, f"RUN chgrp -R 0 {quote(path)} && chmod -R g=u {quote(path)}")
    return f"Let others than its owner write to {path}. {way} That is enough for group 0; for any group let it write below /tmp."


def _to_do_without(release: Release, trial: Trial) -> str | None:
    """Say what it is to do without where no file's mode stops it: an account's name, or rights of root's."""
    log, denied = trial.container.log, refused(trial)
    if any(_ACCOUNT.search(line) for line in log):
        by_variable = any("getpass.py" in line for line in log)
        way = before_command(release, "ENV LOGNAME=app HOME=/tmp") if by_variable else None
        return f"Let it start without asking for its account: a uid that no account has is not in /etc/passwd. {way or ''}".rstrip()
    if denied is not None and denied[1] == "Operation not permitted":
        return f"Set the owner and mode of {denied[0]} when the image is built: only root may change them where it runs."
    return None
