"""The container runs as whatever uid it is given.

Why: OpenShift gives each namespace a uid of its own, and others set runAsUser, to keep tenants apart. No account in the image has that
uid: it owns nothing, has no home and no name, and is in group 0 or in a group of its own.

Proven by: Two more boots of the image as a uid that no account has, in group 0 and in a group of its own, without any
capability: it gets ready, and each port answers as it does otherwise.

Broken by: Code that only its owner may read (COPY --chmod=700, a umask of 077); a program that its owner alone may run; a
folder that it has to write to and that belongs to one user; getpass.getuser(), and a home that is not there.

Fix: Let everybody read and run what the image holds, and give what is written to group 0, with the owner's rights.

    COPY --chown=10001:0 --chmod=a+rX app/ app/
    RUN install -d -o 10001 -g 0 -m 2775 /app/data
    ENV HOME=/tmp
"""

from __future__ import annotations

from hullproof.dockerfile import Release
from hullproof.facts import FileEntry, FileFacts, Trial
from hullproof.model import Evidence
from hullproof.practices.checks import Observations, broken, check, in_image
from hullproof.practices.library.trials import does_as_well, folder_of, refused, seen_of, told

PROFILES = ("openshift",)


@check
def it_boots_in_group_0(release: Release, files: FileFacts | None, root_group_boot: Trial) -> Observations:
    """As OpenShift runs it."""
    yield from _judged(root_group_boot, release, files, "as a uid that no account has, in group 0,")


@check
def it_boots_in_a_group_of_its_own(
    release: Release, files: FileFacts | None, stranger_boot: Trial, root_group_boot: Trial | None
) -> Observations:
    """As runAsUser and runAsGroup have it. What fails in group 0 already is accused once."""
    if root_group_boot is None or root_group_boot.fault is None:
        yield from _judged(stranger_boot, release, files, "as a uid that no account has, in its own group,")


def _judged(trial: Trial, release: Release, files: FileFacts | None, whom: str) -> Observations:
    if trial.fault is None:
        yield does_as_well(trial, whom)
        return
    denied = refused(trial)
    seen = seen_of(trial, release)
    entry = _nearest(denied[0], files) if denied and files else None
    if entry is not None:
        seen = (*seen, _shown(entry))
    yield broken(f"{whom} {told(trial)}", *seen, fix=_to_allow(denied, entry))


def _nearest(path: str, files: FileFacts) -> FileEntry | None:
    """Return the path's entry in the image, or that of the folder in which it would be made."""
    while path and path not in files.final:
        path = path.rpartition("/")[0]
    return files.final.get(path)


def _shown(entry: FileEntry) -> Evidence:
    return in_image(entry.path, f"belongs to {entry.uid}:{entry.gid}, mode {entry.mode:04o}")


def _to_allow(denied: tuple[str, str] | None, entry: FileEntry | None) -> str | None:
    if denied is None:
        return None
    path, error = denied
    if error == "Read-only file system":
        return None
    if entry is None or entry.path == path:
        return f"Let everybody read and run {path}: COPY --chmod=a+rX, or RUN chmod -R a+rX {folder_of(path)} before USER."
    return (
        f"Let others than its owner write to {entry.path}: RUN chgrp -R 0 {entry.path} && chmod -R g=u {entry.path} before "
        f"USER is enough for group 0; for any group let it write below /tmp, or declare VOLUME {entry.path}."
    )
