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

from hullproof.dockerfile import Release
from hullproof.facts import STRANGER, FileFacts, Trial
from hullproof.practices.checks import Observations, broken, check, in_image
from hullproof.practices.library.access import READ, WRITE, Barrier, barrier
from hullproof.practices.library.accounts import Account
from hullproof.practices.library.lines import before_user
from hullproof.practices.library.trials import does_as_well, folder_of, refused, seen_of, what_fails

PROFILES = ("openshift",)


@check
def it_boots_in_group_0(release: Release, files: FileFacts | None, root_group_boot: Trial) -> Observations:
    """As OpenShift runs it."""
    yield from _judged(root_group_boot, release, files, 0)


@check
def it_boots_in_a_group_of_its_own(
    release: Release, files: FileFacts | None, stranger_boot: Trial, root_group_boot: Trial | None
) -> Observations:
    """As runAsUser and runAsGroup have it. What fails in group 0 already is accused once."""
    if root_group_boot is None or root_group_boot.fault is None:
        yield from _judged(stranger_boot, release, files, STRANGER)


def _judged(trial: Trial, release: Release, files: FileFacts | None, group: int) -> Observations:
    whom = f"as a uid that no account has, in {'its own group' if group else 'group 0'},"
    if trial.fault is None:
        yield does_as_well(trial, whom)
        return
    stop, seen = _what_stops_it(trial, files, group), seen_of(trial, release)
    if stop is not None:
        entry = stop.entry
        seen = (*seen, in_image(entry.path, f"belongs to {entry.uid}:{entry.gid}, mode {entry.mode:04o}"))
    yield broken(f"{whom} {what_fails(trial)}", *seen, fix=_to_allow(release, stop) if stop else None)


def _what_stops_it(trial: Trial, files: FileFacts | None, group: int) -> Barrier | None:
    """Find what on the way to the path that it was refused does not let it read, or else write."""
    denied = refused(trial)
    if denied is None or files is None:
        return None
    path, nobody, groups = denied[0], Account(str(STRANGER), STRANGER, listed=False), frozenset({group})
    return barrier(files, path, nobody, groups, READ) or barrier(files, path, nobody, groups, WRITE)


def _to_allow(release: Release, stop: Barrier) -> str:
    path = stop.entry.path
    if stop.verb in {"read", "enter"}:
        folder = path if stop.entry.kind == "directory" else folder_of(path)
        way = before_user(release, f"RUN chmod -R a+rX {folder}")
        return f"Let everybody read and run {path}. {way}"
    way = before_user(release, f"RUN chgrp -R 0 {path} && chmod -R g=u {path}")
    return f"Let others than its owner write to {path}. {way} That is enough for group 0; for any group let it write below /tmp."
