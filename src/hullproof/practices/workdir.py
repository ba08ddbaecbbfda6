"""The release works in a directory of its own.

Why: Without WORKDIR the application runs in /, its files lie among the system's, and every relative path
depends on what a base image happened to set.

Proven by: The Dockerfile sets WORKDIR for the release, the result is absolute and not one of the system's own
directories, and the kernel says that the running process works in just that directory.

Broken by: No WORKDIR, or only the base's; WORKDIR /, /tmp or another of the system's directories; a relative
WORKDIR, which lands below wherever the one before it pointed; RUN cd, which is forgotten when its step ends; a
command or program that changes to another directory.

Fix: Set one absolute WORKDIR in the release stage (WORKDIR /app), use relative paths after it, and do not
change directories in the command.
"""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

from hullproof.dockerfile.options import names
from hullproof.practices._finding import Case, Finding, missing
from hullproof.practices._processes import children, is_init, shown
from hullproof.report.model import Evidence

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hullproof.config import Config
    from hullproof.dockerfile import Release
    from hullproof.facts import ContainerFacts, FileFacts, ImageFacts

_SHARED = names("""/ /bin /boot /dev /etc /lib /lib64 /proc /root /run /sbin /sys /tmp /usr /usr/bin /usr/lib /usr/local
    /usr/local/bin /usr/local/lib /usr/sbin /var /var/lib /var/tmp""")
"""Directories of the system, which others write into, too: https://refspecs.linuxfoundation.org/FHS_3.0/fhs/index.html"""


def judge(
    *,
    config: Config,
    release: Release,
    image: ImageFacts | None,
    files: FileFacts | None,
    container: ContainerFacts | None,
) -> Finding:
    """Compare what the Dockerfile sets, what the image says, and where the process really works."""
    case = Case()
    where = _judge_text(case, release, image)
    if image is None:
        if not case.is_broken:
            missing("image")
        return case.finding("")
    wanted = normal(image.workdir or "/")
    if not case.is_broken and (wanted in _SHARED or not wanted.startswith("/")):
        seen = Evidence(
            "image", where, f"expected an absolute directory of the release's own, got {image.workdir or '/'}"
        )
        case.broken(f"the release works in {image.workdir or '/'}, not in a directory of its own", seen)
    if config.workdir is not None and normal(config.workdir) != wanted:
        seen = Evidence("image", where, f"expected {config.workdir}, which is configured, got {wanted}")
        case.broken(
            f"the working directory is {wanted}, and the configuration pins {config.workdir}",
            seen,
            remedy=f"Write WORKDIR {config.workdir} in the release stage, or change `workdir` in [tool.hullproof].",
        )
    if container is None:
        if not case.is_broken:
            missing("container")
    else:
        _judge_process(case, where, resolved(wanted, files), container)
    case.show(Evidence("image", "config.WorkingDir", wanted))
    return case.finding(f"the release works in {wanted}, set by {where}")


def _judge_text(
    case: Case,
    release: Release,
    image: ImageFacts | None,
) -> str:
    """Judge what the Dockerfile sets; return the line that governs it."""
    base_env = image.env if image is not None else {}
    directories = release.contract_on(base_env).workdirs
    if not directories:
        return _no_workdir(case, release, image)
    final = directories[-1]
    where = release.where(final.line)
    absolute = max((place for place, each in enumerate(directories) if not each.relative), default=-1)
    surprises = [
        each
        for each in directories[absolute + 1 :]
        if not _depends_on_unknown(each.raw, base_env) and not _in_sight(release, each.line)
    ]
    if surprises:
        first = surprises[0]
        landed = normal(image.workdir) if image is not None and image.workdir else final.path
        clause = f"WORKDIR {first.raw} is relative and lands in {landed}"
        seen = Evidence(
            "dockerfile",
            release.where(first.line),
            f"expected an absolute path, got {first.raw}: {landed}",
        )
        case.broken(clause, seen, remedy=_in_full(first.raw, landed))
    return where


def _in_full(raw: str, landed: str) -> str:
    """Say how to write a relative WORKDIR; a `~` is no home here, but a directory of that name."""
    if raw.startswith("~"):
        return f"WORKDIR takes ~ for a name: write the whole path, such as WORKDIR {raw.lstrip('~').rstrip('/') or '/app'}."
    return f"Write the whole path: WORKDIR {landed if landed != '/' else '/app'}."


def _no_workdir(
    case: Case,
    release: Release,
    image: ImageFacts | None,
) -> str:
    """Accuse a Dockerfile without WORKDIR, and point at what its author may have taken for one."""
    where = release.where(release.line)
    lost = _lost_cds(release)
    inherited = image.workdir if image is not None and image.workdir not in ("", "/") else None
    clause = "there is no WORKDIR: " + (
        f"{inherited} is the base's choice" if inherited else "the release works in /"
    )
    clause += ", and RUN cd lasts only for its own step" if lost else ""
    case.broken(clause, Evidence("dockerfile", where, "expected a WORKDIR in this stage, found none"), *lost)
    return where


def _in_sight(release: Release, line: int) -> bool:
    """Whether a relative WORKDIR stands right below the absolute one that it continues: no surprise to a reader."""
    chain = release.chain
    at = next(place for place, each in enumerate(chain) if each.line == line)
    before = [each for each in chain[:at] if each.keyword not in {"ARG", "ENV", "LABEL"}]
    if not before or before[-1].keyword != "WORKDIR" or before[-1].stage_index != chain[at].stage_index:
        return False
    return before[-1].args[0].startswith(("/", "$")) or _in_sight(release, before[-1].line)


def _depends_on_unknown(raw: str, base_env: Mapping[str, str]) -> bool:
    """Whether it hangs on a variable that only the base could know, while the base could not be seen."""
    return raw.startswith("$") and not base_env


def _lost_cds(release: Release) -> list[Evidence]:
    """Find RUN steps that end in a change of directory, which is forgotten at once."""
    found = []
    for instruction in release.chain:
        if instruction.keyword == "RUN":
            tail = instruction.shell_text.replace(";", "\n").replace("&&", "\n").strip().splitlines()
            if tail and tail[-1].split()[:1] == ["cd"]:
                statement = f"RUN {tail[-1].strip()} changes nothing for the steps after it"
                found.append(Evidence("dockerfile", release.where(instruction.line), statement))
    return found


def _judge_process(case: Case, where: str, wanted: str, container: ContainerFacts) -> None:
    main = container.main
    if main is None:
        reason = container.start_error or container.unobservable or "it ended before it could be looked at"
        case.doubt(
            f"where the process works could not be seen: {reason}",
            Evidence("container", where, f"expected PID 1 in {wanted}, could not see it"),
        )
        return
    # An init may go elsewhere itself (dumb-init works in /): what counts is where it starts the application.
    below = children(main, container) if is_init(main) else []
    for process in below or [main]:
        place = f"/proc/{process.pid}/cwd"
        if process.cwd is None:
            case.doubt(
                f"the kernel would not say where PID {process.pid} works",
                Evidence("container", place, "unknown"),
            )
        elif normal(process.cwd) != wanted:
            case.broken(
                f"PID {process.pid} ({shown(process, 40)}) works in {process.cwd}, not in {wanted}",
                Evidence("dockerfile", where, f"sets the working directory {wanted}"),
                Evidence("container", place, f"expected {wanted}, got {process.cwd}"),
                remedy="Do not change directories in the command or the program; set WORKDIR to where it has to work.",
            )
        else:
            case.show(Evidence("container", place, process.cwd))


def normal(path: str) -> str:
    """Write a path in one way: no trailing or double slashes, no dots."""
    return "/" + posixpath.normpath(path).lstrip("/") if path.startswith("/") else posixpath.normpath(path)


def resolved(path: str, files: FileFacts | None) -> str:
    """Follow symbolic links in a directory's path, as the kernel does: /var/run/app is /run/app."""
    if files is None:
        return path
    at, waiting, hops = "/", path.strip("/").split("/"), 0
    while waiting:
        step = posixpath.join(at, waiting.pop(0))
        entry = files.final.get(step)
        if entry is not None and entry.kind == "symlink" and hops < 40:  # noqa: PLR2004 - the kernel's limit
            hops += 1
            goal = normal(posixpath.join(at, entry.target))
            at, waiting = "/", [*goal.strip("/").split("/"), *waiting]
        else:
            at = normal(step)
    return at
