"""What the release works with belongs to the user it runs as.

Why: An application that cannot read its files does not start; one whose files anybody may write, or that
belong to somebody else, can be changed behind its back. So there is one owner: the run-time user.

Proven by: The working directory, every file and directory under it, and whatever links in it lead to belong to the
uid of the running process; nothing there is writable for everybody or unreadable for its owner.

Broken by: A COPY without --chown; a directory that WORKDIR made, which is root's even when every COPY into it
has --chown; a later step that gives files back to root; chmod 777; the uid of somebody else.

Fix: Copy with --chown=app:app, and make the directory the user's before WORKDIR enters it: RUN install -d -o app
-g app /app (WORKDIR makes it as root, and a COPY into a directory that exists leaves its owner alone).
"""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

from hullproof.model import Evidence
from hullproof.practices._finding import Case, Finding, unproven
from hullproof.practices.library.accounts import run_time_uid
from hullproof.practices.library.places import deciding_layers, layer_place, normal, resolved
from hullproof.practices.library.unneeded import is_systems

if TYPE_CHECKING:
    from collections.abc import Callable

    from hullproof.dockerfile import Release
    from hullproof.facts import ContainerFacts, FileEntry, FileFacts, ImageFacts

_DEFENSIBLE = "root-owned and read-only is defensible, but not what this practice asks for"
_MAKE_DIRECTORY = (
    "Make the directory the user's before WORKDIR enters it (RUN install -d -o {uid} {top}): "
    "WORKDIR makes it as root, and --chown on a COPY into it leaves the directory itself alone."
)


def judge(
    *,
    release: Release,
    image: ImageFacts,
    files: FileFacts,
    container: ContainerFacts | None,
) -> Finding:
    """Compare the owner and mode of everything under the working directory with the run-time user."""
    top = resolved(normal(image.workdir or "/"), files)
    runs_as = run_time_uid(image, files, container)
    if runs_as is None:
        return unproven(
            f"who the release runs as is not known: {image.user} is not in /etc/passwd; see non-root-user"
        )
    uid, source = runs_as
    place = release.governing("WORKDIR")
    if top == "/":
        return _at_root(place, uid)
    tops = (top, *_linked(files, top))
    inside = [
        entry
        for path, entry in files.final.items()
        if entry.kind in ("file", "directory")
        and any(path == one or path.startswith(f"{one}/") for one in tops)
    ]
    if not inside:
        return unproven(f"the image has no {top}, so there is nothing whose owner could be judged")
    case = Case()
    _judge_owner(case, release, files, uid, [entry for entry in inside if entry.uid != uid], top=top)
    _judge_modes(case, release, files, inside, uid)
    case.show(
        Evidence(
            "container" if source.startswith("/proc") else "image", source, f"the release runs as uid {uid}"
        ),
        Evidence("image", place, f"{len(inside)} files and directories at {top}"),
    )
    return case.finding(
        f"all {len(inside)} files and directories at {top} belong to uid {uid}, which the release runs as"
    )


def _linked(files: FileFacts, top: str) -> list[str]:
    """List where links below the working directory lead, outside of it: to the application's own files elsewhere.

    What the base, the system or a virtual environment has there keeps its owner, and so does the interpreter that
    a virtual environment links to.
    """
    goals = {
        resolved(normal(posixpath.join(posixpath.dirname(path), entry.target)), files)
        for path, entry in files.final.items()
        if entry.kind == "symlink" and path.startswith(f"{top}/") and not _in_environment(path, files)
    }
    return [
        goal
        for goal in sorted(goals)
        if not f"{goal}/".startswith(f"{top}/")
        and files.base.get(goal) is None
        and not is_systems(f"{goal}/")
        and f"{goal}/pyvenv.cfg" not in files.final
    ]


def _in_environment(path: str, files: FileFacts) -> bool:
    """Whether it is a link in a virtual environment's bin."""
    return f"{posixpath.dirname(posixpath.dirname(path))}/pyvenv.cfg" in files.final


def _at_root(place: str, uid: int) -> Finding:
    """Judge a release that works in /, which is the system's: what is its own there cannot be told apart."""
    if uid == 0:
        return unproven(
            "the release works in / as root, so nothing there is its own; see workdir and non-root-user"
        )
    case = Case()
    case.broken(
        f"the release works in /, which belongs to root, not to uid {uid}, which it runs as; see workdir",
        Evidence("image", place, f"expected a directory of uid {uid}, got /, which is root's"),
        remedy="Give the release a working directory of its own (WORKDIR /app) that belongs to its user.",
    )
    return case.finding("")


def _judge_owner(
    case: Case, release: Release, files: FileFacts, uid: int, strange: list[FileEntry], *, top: str
) -> None:
    if not strange:
        return
    strange.sort(key=lambda entry: (entry.path != top, entry.path))
    owners = sorted({entry.uid for entry in strange})
    first = strange[0].path
    more = f" and {len(strange) - 1} more" if len(strange) > 1 else ""
    whose = "root" if owners == [0] else " and ".join(f"uid {owner}" for owner in owners[:3])
    clause = (
        f"{first}{more} belong{'' if more else 's'} to {whose}, not to uid {uid}, which the release runs as"
    )
    if owners == [0] and not any(_writable(entry) or _unreadable(entry, uid) for entry in strange):
        clause += f" ({_DEFENSIBLE})"
    found = _per_layer(release, files, strange, lambda entry: f"expected uid {uid}, got {entry.uid}")
    only_directory = [entry.path for entry in strange] == [top]
    case.broken(clause, *found, remedy=_MAKE_DIRECTORY.format(uid=uid, top=top) if only_directory else None)


def _judge_modes(case: Case, release: Release, files: FileFacts, inside: list[FileEntry], uid: int) -> None:
    open_to_all = sorted(
        (entry for entry in inside if _writable(entry) and not _is_lock(entry, files)),
        key=lambda entry: entry.path,
    )
    if open_to_all:
        clause = f"{_some(open_to_all)} can be written by everybody (mode {open_to_all[0].mode:04o})"
        found = _per_layer(
            release,
            files,
            open_to_all,
            lambda entry: f"expected nothing for others to write, got mode {entry.mode:04o}",
        )
        case.broken(
            clause, *found, remedy="Take the right to write from others: chmod -R o-w, or COPY --chmod=755."
        )
    closed = sorted((entry for entry in inside if _unreadable(entry, uid)), key=lambda entry: entry.path)
    if closed:
        clause = (
            f"{_some(closed)} cannot be read by uid {uid} (mode {closed[0].mode:04o}, uid {closed[0].uid})"
        )
        found = _per_layer(
            release,
            files,
            closed,
            lambda entry: f"expected it readable, got mode {entry.mode:04o}, uid {entry.uid}",
        )
        case.broken(
            clause, *found, remedy="Make it readable for its owner: chmod -R u+rX, or COPY --chmod=755."
        )


def _some(entries: list[FileEntry]) -> str:
    return entries[0].path + (f" and {len(entries) - 1} more" if len(entries) > 1 else "")


def _per_layer(
    release: Release, files: FileFacts, entries: list[FileEntry], say: Callable[[FileEntry], str]
) -> list[Evidence]:
    """Make one evidence per line of the Dockerfile: its first path, and how many more."""
    decides = deciding_layers(files)
    by_place: dict[str, list[FileEntry]] = {}
    for entry in entries:
        by_place.setdefault(layer_place(release, files, decides[entry.path]), []).append(entry)
    return [Evidence("image", place, f"{_some(group)}: {say(group[0])}") for place, group in by_place.items()]


def _writable(entry: FileEntry) -> bool:
    return bool(entry.mode & 0o002)


def _is_lock(entry: FileEntry, files: FileFacts) -> bool:
    """Whether it is the empty file that uv locks a virtual environment with: it gives it to all."""
    folder = posixpath.dirname(entry.path)
    return entry.name == ".lock" and entry.size == 0 and f"{folder}/pyvenv.cfg" in files.final


def _unreadable(entry: FileEntry, uid: int) -> bool:
    """Whether the run-time user cannot use it: files need reading, directories entering too. Root can all."""
    if uid == 0:
        return False
    need = 0o5 if entry.kind == "directory" else 0o4
    bits = entry.mode >> 6 if entry.uid == uid else entry.mode | entry.mode >> 3
    return (bits & need) != need
