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

from collections.abc import Mapping

from hullproof.dockerfile import Instruction, Release
from hullproof.dockerfile.contract import Workdir
from hullproof.facts import Config, ContainerFacts, FileFacts, ImageFacts
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
from hullproof.practices.library.directories import to_keep_to_it, to_work_in
from hullproof.practices.library.lines import instead, joined, known
from hullproof.practices.library.places import normal, resolved
from hullproof.practices.library.processes import application, shown, why_unseen
from hullproof.tools import names

_STAY = "Do not change directories in the command or the program; set WORKDIR to where it has to work."
_SHARED = names("""/ /bin /boot /dev /etc /lib /lib64 /proc /root /run /sbin /sys /tmp /usr /usr/bin /usr/lib /usr/local
    /usr/local/bin /usr/local/lib /usr/sbin /var /var/lib /var/tmp""")
"""Directories of the system, which others write into, too: https://refspecs.linuxfoundation.org/FHS_3.0/fhs/index.html"""


@check
def the_dockerfile_sets_it(
    release: Release, image: ImageFacts | None, files: FileFacts | None, container: ContainerFacts | None
) -> Observations:
    """There is a WORKDIR, and each one says by itself where it leads."""
    if release.last("WORKDIR") is None:
        inherited = image.workdir if image is not None and image.workdir not in ("", "/") else None
        runs = f"{inherited} is the base's choice" if inherited else "the release works in /"
        lost = list(_lost_changes(release))
        yield broken(
            f"there is no WORKDIR: {runs}{', and RUN cd lasts only for its own step' if lost else ''}",
            in_dockerfile(release.where(release.line), "expected a WORKDIR in this stage, found none"),
            *lost,
            fix=to_work_in(release, _own_directory(container), image, files),
        )
    base_env = image.env if image is not None else {}
    surprising, last = release.surprising_workdirs(base_env), release.last("WORKDIR")
    for each in surprising:
        is_in_force = image is not None and image.workdir and last is not None and each.line == last.line
        landed = normal(image.workdir) if image is not None and is_in_force else each.path
        yield broken(
            f"WORKDIR {each.raw} is relative and lands in {landed}",
            in_dockerfile(release.where(each.line), f"expected an absolute path, got {each.raw}: {landed}"),
            fix=_in_full(release, each, landed),
        )


@check
def it_is_a_directory_of_its_own(
    release: Release, config: Config, image: ImageFacts, files: FileFacts | None
) -> Observations:
    """What the image's configuration says is absolute, none of the system's directories, and the one that is pinned."""
    where, works_in = release.governing("WORKDIR"), normal(image.workdir or "/")
    if release.last("WORKDIR") and (works_in in _SHARED or not works_in.startswith("/")):
        yield broken(
            f"the release works in {works_in}, not in a directory of its own",
            in_image(where, f"expected an absolute directory of the release's own, got {works_in}"),
            fix=to_work_in(release, "/app", image, files),
        )
    if config.workdir is not None and normal(config.workdir) != works_in:
        yield broken(
            f"the working directory is {works_in}, and the configuration pins {config.workdir}",
            in_image(where, f"expected {config.workdir}, which is configured, got {works_in}"),
            fix=f"Write WORKDIR {config.workdir} in the release stage, or change `workdir` in [tool.hullproof].",
        )
    yield in_image("config.WorkingDir", works_in)
    yield proven(f"the release works in {works_in}, set by {where}")


@check
def the_process_works_there(
    release: Release,
    image: ImageFacts,
    files: FileFacts | None,
    *,
    container: ContainerFacts,
    project_texts: Mapping[str, str],
) -> Observations:
    """PID 1, or what an init starts, works in just that directory."""
    where, expected = release.governing("WORKDIR"), resolved(normal(image.workdir or "/"), files)
    if container.main is None:
        yield unproven(
            f"where the process works could not be seen: {why_unseen(container)}",
            in_container(where, f"expected PID 1 in {expected}, could not see it"),
        )
    for process in application(container):
        place = f"/proc/{process.pid}/cwd"
        if process.cwd is None:
            yield unproven(
                f"the working directory of PID {process.pid} could not be read",
                in_container(place, "unknown"),
            )
        elif normal(process.cwd) == expected:
            yield in_container(place, process.cwd)
        else:
            yield broken(
                f"PID {process.pid} ({shown(process, 40)}) works in {process.cwd}, not in {expected}",
                in_dockerfile(where, f"sets the working directory {expected}"),
                in_container(place, f"expected {expected}, got {process.cwd}"),
                fix=known(_STAY, to_keep_to_it(release, image, files, project_texts)),
            )


def _own_directory(container: ContainerFacts | None) -> str:
    """Name the directory to work in: the one that the process went to by itself, else the usual one."""
    cwd = container.main.cwd if container is not None and container.main is not None else None
    return cwd if cwd is not None and normal(cwd) not in _SHARED else "/app"


def _in_full(release: Release, each: Workdir, landed: str) -> str | None:
    """Say how to write a relative WORKDIR; a `~` is no home here, but a directory of that name."""
    whole = "/app" if landed in _SHARED else landed
    if each.raw.startswith("~"):
        whole = each.raw.lstrip("~").rstrip("/") or "/app"
        why = "WORKDIR takes ~ for a name, so write the whole path."
        return joined(why, instead(release, each.line, f"WORKDIR {whole}"))
    return instead(release, each.line, f"WORKDIR {whole}")


def _lost_changes(release: Release) -> list[Evidence]:
    """Find RUN steps that end in a change of directory, which is forgotten at once."""
    return [
        in_dockerfile(release.where(each.line), f"RUN {last} changes nothing for the steps after it")
        for each in release.chain
        if each.keyword == "RUN" and (last := _last_command(each)).split()[:1] == ["cd"]
    ]


def _last_command(instruction: Instruction) -> str:
    lines = instruction.shell_text.replace(";", "\n").replace("&&", "\n").strip().splitlines()
    return lines[-1].strip() if lines else ""
