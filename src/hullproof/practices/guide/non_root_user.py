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
from hullproof.practices.library.accounts import Account, account_of, made_account
from hullproof.practices.library.lines import add, instead, joined, last_step
from hullproof.practices.library.places import deciding_layers, layer_place
from hullproof.practices.library.privileges import escalations
from hullproof.practices.library.processes import shown, why_unseen

_NO_SUCH_USER = re.compile(
    r"unable to find (?:user|group) (\S+?)[:,]?(?:\s|$)|no matching entries in (?:passwd|group) file|unknown user (\S+)"
)
_CAPABILITIES = {"CapEff": "effective", "CapPrm": "permitted", "CapAmb": "ambient"}


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
            f"the build fails because the user {name} does not exist", seen, fix=_to_create(release, name)
        )


@check
def the_configuration_names_an_ordinary_user(
    release: Release, image: ImageFacts, files: FileFacts | None, container: ContainerFacts | None
) -> Observations:
    """USER, as the image resolves it, is not uid 0; a name is in /etc/passwd, a number need not be."""
    account, where, written = (
        account_of(image.user, files),
        release.governing("USER"),
        _as_written(release, image),
    )
    if account.uid == 0:
        becomes = container.main.uids[1] if container is not None and container.main is not None else 0
        runs = f"starts as root, and only becomes uid {becomes}" if becomes else "runs as root"
        alias = "" if account.name == "root" else f", and {account.name} is uid 0 in /etc/passwd"
        yield broken(
            f"the release {runs}: {written}{alias}",
            in_image(where, f"{written}: expected an ordinary user, got uid 0"),
            *_users_elsewhere(release),
            fix=_to_leave_root(release, account, becomes, image, files),
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
            fix=_to_create(release, account.text),
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
def no_process_has_root_s_rights(
    release: Release, image: ImageFacts, files: FileFacts | None, container: ContainerFacts
) -> Observations:
    """The kernel knows of every process: real, effective and saved uid, and capabilities."""
    where = release.governing("USER")
    decides = in_dockerfile(where, "the line that decides the user of the release")
    if container.start_error is not None and _NO_SUCH_USER.search(container.start_error):
        yield broken(
            "the container does not start, since its user does not exist",
            in_container(where, container.start_error),
            fix=_to_create(release, image.user),
        )
        return
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
            decides,
            *(_seen_as_root(process) for process in as_root),
            fix=_to_leave_root(release, account_of(image.user, files), 0, image, files),
        )
    for process in (each for each in container.processes if each not in as_root):
        held = {key: process.capabilities[key] for key in _CAPABILITIES if process.capabilities.get(key)}
        place, line = f"/proc/{process.pid}/status", shown(process, 60)
        if not held:
            yield in_container(place, f"{line}: uid {process.uids[1]}, no capabilities")
            continue
        masks = ", ".join(f"{key} {mask:016x}" for key, mask in held.items())
        yield broken(
            f"PID {process.pid} ({shown(process, 30)}) has {' and '.join(_CAPABILITIES[key] for key in held)} capabilities",
            decides,
            in_container(place, f"{line}: expected none, got {masks}"),
            fix="Take the file capabilities (setcap) off the program; listen on a port above 1023 instead.",
        )
    runs_as = account_of(str(container.processes[0].uids[1]), files)
    yield proven(
        f"every process runs as {runs_as.shown}, without capabilities and without a way back to root"
    )


@check
def nothing_leads_back_to_root(release: Release, image: ImageFacts, files: FileFacts) -> Observations:
    """No setuid interpreter or shell, no rule that asks for no password, no list of accounts that the user writes."""
    decides = deciding_layers(files)
    for each in escalations(files, account_of(image.user, files)):
        place = layer_place(release, files, decides[each.path])
        yield broken(each.clause, in_image(place, f"{each.path}: {each.seen}"), fix=each.fix)


def _as_written(release: Release, image: ImageFacts) -> str:
    """Say what the Dockerfile says of the user, and what that resolves to."""
    user, written = image.user, release.last("USER")
    if written is None:
        return f"there is no USER, and the base says {user}" if user else "there is no USER"
    raw = " ".join(written.args)
    resolved = "" if raw == user else f", which resolves to {user or 'an empty string'}"
    return f"USER {raw}{resolved}"


def _users_elsewhere(release: Release) -> list[Evidence]:
    """List the USERs of stages that the release is not built on, where its own stage has none."""
    if release.last("USER") is not None:
        return []
    return [
        in_dockerfile(
            release.where(each.line),
            f"USER {' '.join(each.args)} is in a stage that the release is not built on",
        )
        for each in release.dockerfile.instructions
        if each.keyword == "USER"
    ]


def _seen_as_root(process: Process) -> Evidence:
    uids = "/".join(map(str, process.uids[:3]))
    statement = f"{shown(process, 60)}: expected no uid 0, got {uids} (real/effective/saved)"
    return in_container(f"/proc/{process.pid}/status", statement)


def _to_create(release: Release, user: str) -> str:
    """Say how to make an account exist; or that what looks like a comment is a part of its name."""
    name, there = user.partition(":")[0], release.last("USER")
    if " #" in name:
        return "Put the comment on a line of its own: at the end of a USER it is a part of the name."
    create = f"RUN useradd --system {name}"
    shown = add(release, "before", there.line, create) if there is not None else None
    return shown or f"Create the account in the release stage ({create}) before USER."


def _to_leave_root(
    release: Release, account: Account, becomes: int, image: ImageFacts, files: FileFacts | None
) -> str:
    """Say which user to set, where, and what has to be that user's by then."""
    if account.uid == 0 and account.name not in (None, "root"):
        return f"Give the account {account.name} a uid of its own, which is not 0."
    if becomes:
        name = account_of(str(becomes), files).name or str(becomes)
        return f"Write USER {name} and let the entry script start the application as it is; what it does as root belongs into a RUN."
    made = made_account(files)
    name = made or "app"
    on_alpine = files is not None and "/etc/alpine-release" in files.final
    create = "" if made else f"{'adduser -S' if on_alpine else 'useradd --system'} {name}"
    top = (image.workdir or "/").rstrip("/")
    uid = account_of(name, files).uid if made else None
    strange = files is not None and any(
        each.uid != uid for path, each in files.final.items() if f"{path}/".startswith(f"{top}/")
    )
    needed = [each for each in (create, f"chown -R {name} {top}" if top and strange else "") if each]
    why = f" That gives {name} what lies at {top}, which ownership asks for next." if top and strange else ""
    return f"{_to_set(release, name, needed)}{why}"


def _to_set(release: Release, name: str, needed: list[str]) -> str:
    """Say where to write USER, behind what needs root: in the place of the one in force where nothing comes after that."""
    step, user = last_step(release), release.last("USER")
    as_root = f"RUN {' && '.join(needed)}" if needed else None
    if user is not None and (step is None or user.line > step.line):
        before = [add(release, "before", user.line, as_root)] if as_root else []
        shown = joined(*before, instead(release, user.line, f"USER {name}"))
    else:
        at = step.line if step is not None else release.line
        before = [add(release, "after", at, as_root)] if as_root else []
        shown = joined(*before, add(release, "after", at, f"USER {name}"))
    return shown or f"Write USER {name} in the release stage, after the last step that needs root."
