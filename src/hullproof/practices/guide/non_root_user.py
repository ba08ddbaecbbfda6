"""The release runs as an ordinary user.

Why: Root in a container is root to the kernel. A flaw in the application then reaches every file of the image,
every mounted volume, and everything the container's capabilities allow.

Proven by: The kernel's word on PID 1 and every other process: no uid 0, no effective, permitted or ambient
capabilities. The image's configuration names a user that is not root either, by a name that the image has or by a
number, and neither a setuid interpreter or shell nor a sudo rule without a password leads back to root.

Broken by: No USER; USER root, 0, 00 or 0:0; a build argument that defaults to root; an account whose uid is 0;
USER in another stage only; USER root again at the end; a name that /etc/passwd does not have; a setuid copy
of a shell or of Python; a rule of sudo or doas that asks for no password; an /etc/passwd that the user can write.

Fix: Create an account in the release stage (RUN useradd --system app; on Alpine, RUN adduser -S app), and write
USER app after the last step that needs root.
"""

from __future__ import annotations

import re

from hullproof.dockerfile import Release
from hullproof.facts import BuildFacts, Config, ContainerFacts, FileFacts, ImageFacts, Process
from hullproof.model import Evidence
from hullproof.practices.checks import (
    Observations,
    broken,
    check,
    in_container,
    in_dockerfile,
    in_image,
    proven,
    unproven,
)
from hullproof.practices.library.accounts import account_of
from hullproof.practices.library.places import deciding_layers, layer_place
from hullproof.practices.library.privileges import escalations, to_close
from hullproof.practices.library.processes import shown, why_unseen
from hullproof.practices.library.users import as_written, to_create, to_leave_root, users_elsewhere

_NO_SUCH_USER = re.compile(
    r"unable to find (?:user|group) (\S+?)[:,]?(?:\s|$)|no matching entries in (?:passwd|group) file|unknown user (\S+)"
)
_CAPABILITIES = {"CapEff": "effective", "CapPrm": "permitted", "CapAmb": "ambient"}
_DECIDES = "the line that decides the user of the release"


@check
def the_build_knows_the_user(release: Release, build: BuildFacts) -> Observations:
    """No step fails since the USER above it does not exist."""
    step = build.failed_step
    said = [build.error or "", *((step.error or "", *step.log[-5:]) if step else ())]
    found = _NO_SUCH_USER.search(" ".join(said))
    if found is not None:
        name = found[1] or found[2] or "named by USER"
        seen = in_dockerfile(release.governing("USER"), found[0])
        yield broken(
            f"the build fails because the user {name} does not exist", seen, fix=to_create(release, name)
        )


@check
def the_configuration_names_an_ordinary_user(
    release: Release, image: ImageFacts, files: FileFacts | None, container: ContainerFacts | None
) -> Observations:
    """USER, as the image resolves it, is not uid 0; a name is in /etc/passwd, a number need not be."""
    account, where = account_of(image.user, files), release.governing("USER")
    written = as_written(release, image)
    if account.uid == 0:
        becomes = container.main.uids[1] if container is not None and container.main is not None else 0
        runs = f"starts as root, and only becomes uid {becomes}" if becomes else "runs as root"
        alias = "" if account.name == "root" else f", and {account.name} is uid 0 in /etc/passwd"
        yield broken(
            f"the release {runs}: {written}{alias}",
            in_image(where, f"{written}: expected an ordinary user, got uid 0"),
            *users_elsewhere(release),
            fix=to_leave_root(release, account, becomes, image, files),
        )
    elif account.uid is not None:
        yield in_image(where, f"{written}: uid {account.uid}")
        if files is not None and not account.listed:
            yield in_image(
                "/etc/passwd", f"has no entry for uid {account.uid}: a number without a name is allowed"
            )
    elif files is not None:
        yield broken(
            f"the user {account.text} does not exist in the image's /etc/passwd",
            in_image(where, f"{written}: expected an account, /etc/passwd has none"),
            fix=to_create(release, account.text, files),
        )
    else:
        yield unproven(
            f"the user {account.text} could not be looked up: the image's /etc/passwd is not known"
        )


@check
def it_is_the_user_that_is_configured(
    config: Config, release: Release, image: ImageFacts, files: FileFacts | None
) -> Observations:
    """`user` in [tool.hullproof] is the same: as written, or by uid; a group has to be written the same."""
    pinned, account = config.user, account_of(image.user, files)
    if pinned is None or pinned == account.text:
        return
    if ":" in pinned or account.uid is None or account_of(pinned, files).uid != account.uid:
        yield broken(
            f"the user is {image.user or 'root'}, and the configuration pins {pinned}",
            in_image(
                release.governing("USER"),
                f"expected {pinned}, which is configured, got {image.user or 'no user'}",
            ),
            fix=f"Make USER {pinned} the last USER of the release, or change `user` in [tool.hullproof].",
        )


@check
def a_container_starts_as_that_user(
    release: Release, image: ImageFacts, container: ContainerFacts
) -> Observations:
    """The engine finds the user when it starts a container."""
    error = container.start_error
    if error is not None and _NO_SUCH_USER.search(error):
        yield broken(
            "the container does not start, since its user does not exist",
            in_container(release.governing("USER"), error),
            fix=to_create(release, image.user),
        )


@check
def no_process_is_root(
    release: Release, image: ImageFacts, files: FileFacts | None, container: ContainerFacts
) -> Observations:
    """The kernel knows the real, effective and saved uid of every process."""
    if not container.processes:
        reason = why_unseen(container)
        yield unproven(
            f"what user the processes run as could not be seen: {reason}", in_container("/proc", reason)
        )
        return
    as_root = [process for process in container.processes if 0 in process.uids[:3]]
    if as_root:
        first, more = f"PID {as_root[0].pid} ({shown(as_root[0], 30)})", len(as_root) - 1
        yield broken(
            f"{first} and {more} more run as root" if more else f"{first} runs as root",
            in_dockerfile(release.governing("USER"), _DECIDES),
            *(_seen_as_root(process) for process in as_root),
            fix=to_leave_root(release, account_of(image.user, files), 0, image, files),
        )
    runs_as = account_of(str(container.processes[0].uids[1]), files)
    yield proven(
        f"every process runs as {runs_as.shown}, without capabilities and without a way back to root"
    )


@check
def no_process_has_capabilities(release: Release, container: ContainerFacts) -> Observations:
    """Nor does one that is not root's have a part of root's rights: effective, permitted or ambient."""
    for process in container.processes:
        if 0 in process.uids[:3]:
            continue  # root has them all, which is one fault
        held = {key: process.capabilities[key] for key in _CAPABILITIES if process.capabilities.get(key)}
        place, line = f"/proc/{process.pid}/status", shown(process, 60)
        if not held:
            yield in_container(place, f"{line}: uid {process.uids[1]}, no capabilities")
            continue
        masks = ", ".join(f"{key} {mask:016x}" for key, mask in held.items())
        yield broken(
            f"PID {process.pid} ({shown(process, 30)}) has {' and '.join(_CAPABILITIES[key] for key in held)} capabilities",
            in_dockerfile(release.governing("USER"), _DECIDES),
            in_container(place, f"{line}: expected none, got {masks}"),
            fix="Take the file capabilities (setcap) off the program; listen on a port above 1023 instead.",
        )


@check
def nothing_leads_back_to_root(release: Release, image: ImageFacts, files: FileFacts) -> Observations:
    """No setuid interpreter or shell, no rule that asks for no password, no list of accounts that the user writes."""
    decides = deciding_layers(files)
    for each in escalations(files, account_of(image.user, files)):
        place = layer_place(release, files, decides[each.path])
        yield broken(
            each.clause, in_image(place, f"{each.path}: {each.seen}"), fix=to_close(release, files, each)
        )


def _seen_as_root(process: Process) -> Evidence:
    uids = "/".join(map(str, process.uids[:3]))
    statement = f"{shown(process, 60)}: expected no uid 0, got {uids} (real/effective/saved)"
    return in_container(f"/proc/{process.pid}/status", statement)
