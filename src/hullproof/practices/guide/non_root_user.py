"""The release runs as an ordinary user.

Why: Root in a container is root to the kernel. A flaw in the application then reaches every file of the image,
every mounted volume, and everything the container's capabilities allow.

Proven by: The kernel's word on PID 1 and every other process: no uid 0, no effective, permitted or ambient
capabilities. The image's configuration names a user that is not root either, the account exists, and neither
a setuid interpreter or shell nor a sudo rule without a password leads back to root.

Broken by: No USER; USER root, 0, 00 or 0:0; a build argument that defaults to root; an account whose uid is 0;
USER in another stage only; USER root again at the end; a name that /etc/passwd does not have; a setuid copy
of a shell or of Python; a rule of sudo or doas that asks for no password; an /etc/passwd that the user can write.

Fix: Create an account in the release stage (RUN useradd --system app; on Alpine, RUN adduser -S app), and write
USER app after the last step that needs root.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from hullproof.model import Evidence
from hullproof.practices._finding import Case, Finding, missing
from hullproof.practices.library.accounts import Account, account_of
from hullproof.practices.library.places import deciding_layers, layer_place
from hullproof.practices.library.privileges import open_doors, ways_back
from hullproof.practices.library.processes import shown

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hullproof.dockerfile import Release
    from hullproof.facts import BuildFacts, Config, ContainerFacts, FileFacts, ImageFacts, Process

_NO_SUCH_USER = re.compile(
    r"unable to find (?:user|group) (\S+?)[:,]?(?:\s|$)|no matching entries in (?:passwd|group) file|unknown user (\S+)"
)
_CAPABILITIES = {"CapEff": "effective", "CapPrm": "permitted", "CapAmb": "ambient"}


def judge(
    *,
    config: Config,
    release: Release,
    build: BuildFacts,
    image: ImageFacts | None,
    files: FileFacts | None,
    container: ContainerFacts | None,
) -> Finding:
    """Ask the configuration, then the kernel, then look for ways back to root."""
    case = Case()
    where = release.governing("USER")
    written = release.last("USER")
    raw = " ".join(written.args) if written else None
    if image is None:
        _judge_failed_build(case, where, build)
        if not case.is_broken:
            missing("image")
        return case.finding("")
    account = account_of(image.user, files)
    becomes = container.main.uids[1] if container is not None and container.main is not None else 0
    _judge_config(case, where, raw, account, files, becomes=becomes)
    if not image.user and (elsewhere := _users_elsewhere(release)):
        case.show(*elsewhere)
    if config.user is not None and not _same_user(config.user, account, files):
        seen = Evidence(
            "image", where, f"expected {config.user}, which is configured, got {image.user or 'no user'}"
        )
        case.broken(
            f"the user is {image.user or 'root'}, and the configuration pins {config.user}",
            seen,
            remedy=f"Make USER {config.user} the last USER of the release, or change `user` in [tool.hullproof].",
        )
    if container is None:
        if not case.is_broken:
            missing("container")
    else:
        _judge_processes(case, where, container, image.user)
    if files is not None:
        _judge_ways_back(case, release, files, account)
    name = account.name or image.user
    return case.finding(
        f"every process runs as {name} (uid {account.uid}), without capabilities and without a way back to root"
    )


def _judge_failed_build(case: Case, where: str, build: BuildFacts) -> None:
    """Look whether the build failed on the very USER that it names."""
    step = build.failed_step
    told = " ".join(
        filter(None, (build.error, step.error if step else None, *(step.log[-5:] if step else ())))
    )
    found = _NO_SUCH_USER.search(told)
    if found is not None:
        name = found[1] or found[2] or "named by USER"
        case.broken(
            f"the build fails because the user {name} does not exist", Evidence("dockerfile", where, found[0])
        )


def _judge_config(
    case: Case, where: str, raw: str | None, account: Account, files: FileFacts | None, *, becomes: int
) -> None:
    """Judge the user that the configuration names: as USER wrote it, and as /etc/passwd resolves it.

    `becomes` is the uid of the application where an entry script gives root up: whoever execs into the container,
    and every check that goes by the configuration, has root all the same.
    """
    text = account.text
    spelled = f"USER {raw}" if raw is not None else "no USER"
    comes_out = f", which comes out as {text or 'empty'}" if raw is not None and raw != text else ""
    seen = Evidence("image", where, f"{spelled}{comes_out}: expected an ordinary user, got uid {account.uid}")
    if account.uid == 0:
        runs = f"starts as root, and only becomes uid {becomes}" if becomes else "runs as root"
        if raw is None:
            clause = f"the release {runs}: " + (f"the base says {text}" if text else "there is no USER")
        else:
            alias = (
                ", whose uid is 0 in /etc/passwd"
                if account.name not in (None, "root") and not text[:1].isdigit()
                else ""
            )
            clause = f"the release {runs}: {spelled}{comes_out}{alias}"
        case.broken(clause, seen)
    elif account.uid is None and files is not None:
        case.broken(
            f"the user {text} does not exist in the image's /etc/passwd",
            Evidence("image", where, f"{spelled}{comes_out}: expected an account, /etc/passwd has none"),
            remedy=_to_create(text),
        )
    elif account.uid is None:
        case.doubt(f"the user {text} could not be looked up: the image's /etc/passwd is not known", seen)
    else:
        case.show(Evidence("image", where, f"{spelled}{comes_out}: uid {account.uid}"))
        if files is not None and not account.listed:
            _judge_unlisted(case, seen, account.uid, files)


def _to_create(user: str) -> str:
    """Say how to make an account exist; or that what looks like a comment is a part of its name."""
    name = user.partition(":")[0]
    if " #" in name:
        return "Put the comment on a line of its own: at the end of a USER it is a part of the name."
    return f"Create the account in the release stage (RUN useradd --system {name}) before USER."


def _judge_unlisted(case: Case, seen: Evidence, uid: int, files: FileFacts) -> None:
    """Let a number stand without an entry in /etc/passwd, as long as the image was made with it in mind."""
    owns = next(
        (entry.path for layer in files.added_layers for entry in layer.entries if entry.uid == uid), None
    )
    passwd = Evidence("image", "/etc/passwd", f"has no entry for uid {uid}")
    if owns is None:
        case.broken(
            f"uid {uid} has no account in the image and owns nothing in it",
            seen,
            passwd,
            remedy=f"Create the account (RUN useradd --uid {uid} app) and give it the application's files.",
        )
    else:
        case.show(
            passwd, Evidence("image", owns, f"belongs to uid {uid}: a number without a name is allowed")
        )


def _users_elsewhere(release: Release) -> list[Evidence]:
    chain = release.chain
    return [
        Evidence(
            "dockerfile",
            release.where(each.line),
            f"USER {' '.join(each.args)} is in a stage that the release is not built on",
        )
        for each in release.dockerfile.instructions
        if each.keyword == "USER" and each not in chain
    ]


def _judge_processes(case: Case, where: str, container: ContainerFacts, user: str) -> None:
    """Ask the kernel, of every process: real, effective and saved uid, and capabilities."""
    if container.start_error is not None and _NO_SUCH_USER.search(container.start_error):
        case.broken(
            "the container does not start, since its user does not exist",
            Evidence("container", where, container.start_error),
            remedy=_to_create(user),
        )
        return
    if not container.processes:
        reason = container.start_error or container.unobservable or "it ended before it could be looked at"
        case.doubt(
            f"what user the processes run as could not be seen: {reason}",
            Evidence("container", "/proc", reason),
        )
    as_root = [process for process in container.processes if 0 in process.uids[:3]]
    if as_root:
        first = f"PID {as_root[0].pid} ({shown(as_root[0], 30)})"
        case.broken(
            f"{first} and {len(as_root) - 1} more run as root" if as_root[1:] else f"{first} runs as root",
            Evidence("dockerfile", where, "the line that decides the user of the release"),
            *(_seen_as_root(process) for process in as_root),
        )
    for process in container.processes:
        place, line = f"/proc/{process.pid}/status", shown(process, 60)
        held = [word for key, word in _CAPABILITIES.items() if process.capabilities.get(key)]
        if process in as_root:
            continue
        if held:
            case.broken(
                f"PID {process.pid} ({shown(process, 30)}) has {' and '.join(held)} capabilities",
                Evidence("dockerfile", where, "the line that decides the user of the release"),
                Evidence("container", place, f"{line}: expected none, got {_masks(process.capabilities)}"),
                remedy="Take the file capabilities (setcap) off the program; listen on a port above 1023 instead.",
            )
        else:
            case.show(Evidence("container", place, f"{line}: uid {process.uids[1]}, no capabilities"))


def _seen_as_root(process: Process) -> Evidence:
    uids = "/".join(str(uid) for uid in process.uids[:3])
    statement = f"{shown(process, 60)}: expected no uid 0, got {uids} (real/effective/saved)"
    return Evidence("container", f"/proc/{process.pid}/status", statement)


def _judge_ways_back(case: Case, release: Release, files: FileFacts, account: Account) -> None:
    for path, where, why in ways_back(release, files):
        case.broken(
            f"{path} is a way back to root: {why}",
            Evidence("image", where, f"{path}: {why}"),
            remedy=f"Take the setuid bit and the capabilities off {path}: chmod u-s, setcap -r.",
        )
    for door in open_doors(files, account):
        place = layer_place(release, files, deciding_layers(files)[door.path])
        case.broken(door.clause, Evidence("image", place, f"{door.path}: {door.seen}"), remedy=door.remedy)


def _masks(capabilities: Mapping[str, int]) -> str:
    return ", ".join(f"{key} {capabilities[key]:016x}" for key in _CAPABILITIES if capabilities.get(key))


def _same_user(pinned: str, account: Account, files: FileFacts | None) -> bool:
    """Compare with what is configured: as written, or by uid; a pinned group has to be written the same."""
    if pinned == account.text:
        return True
    return ":" not in pinned and account.uid is not None and account_of(pinned, files).uid == account.uid
