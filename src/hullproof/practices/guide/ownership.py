"""What the release works with belongs to the user it runs as.

Why: An application that cannot read its files does not start; one whose files anybody may write, or that
belong to somebody else, can be changed behind its back. So there is one owner: the run-time user.

Proven by: The working directory, every file and directory under it, and whatever links in it lead to belong to the
uid of the running process; nothing there is writable for everybody or unreadable for its owner.

Broken by: A COPY without --chown; a directory that WORKDIR made, which is root's even when every COPY into it
has --chown; a later step that gives files back to root; chmod 777; the uid of somebody else. A release that runs as
root, or works in /, has nothing of its own to be judged: these are the faults of non-root-user and workdir.

Fix: Copy with --chown=app:app, and make the directory the user's before WORKDIR enters it: RUN install -d -o app
-g app /app (WORKDIR makes it as root, and a COPY into a directory that exists leaves its owner alone).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from hullproof.dockerfile import Release
from hullproof.facts import ContainerFacts, FileEntry, FileFacts, ImageFacts
from hullproof.model import Evidence
from hullproof.practices.checks import (
    Observations,
    broken,
    check,
    in_container,
    in_image,
    not_applicable,
    proven,
    unproven,
)
from hullproof.practices.library.access import is_readable
from hullproof.practices.library.accounts import Account, run_time_account, run_time_groups
from hullproof.practices.library.owners import named, to_give, to_open
from hullproof.practices.library.places import by_line, linked_directories, normal, resolved


@check
def it_belongs_to_the_run_time_user(
    release: Release, image: ImageFacts, files: FileFacts, container: ContainerFacts | None
) -> Observations:
    """Each file and directory has the uid of the process, as the kernel or else the configuration tells it."""
    account, source = run_time_account(image, files, container)
    top, where = resolved(normal(image.workdir or "/"), files), release.governing("WORKDIR")
    inside = list(_inside(image, files, account))
    strange = sorted((each for each in inside if each.uid != account.uid), key=lambda each: each.path)
    if account.uid == 0:
        yield not_applicable("the release runs as root, so no file is a user's own; see non-root-user")
    elif top == "/":
        yield not_applicable("the release works in /, where nothing is its own; see workdir")
    elif not inside:
        yield unproven(f"the image has no {top}, so there is nothing whose owner could be judged")
    elif strange:
        groups = run_time_groups(account, files, container)
        yield broken(
            f"{named(strange)} {'belong' if strange[1:] else 'belongs'} to {_owners(strange)}, not to {account.shown}, "
            f"which the release runs as{_consequence(strange, account, groups)}",
            *_per_line(release, files, strange, lambda each: f"expected uid {account.uid}, got {each.uid}"),
            fix=to_give(release, files, strange, account),
        )
    else:
        all_of_it = (
            f"all {len(inside)} files and directories at {top} belong"
            if inside[1:]
            else f"{top}, which is empty, belongs"
        )
        yield proven(f"{all_of_it} to {account.shown}, which the release runs as")
    yield (in_container if source.startswith("/proc") else in_image)(
        source, f"the release runs as {account.shown}"
    )
    yield in_image(where, f"{len(inside)} files and directories at {top}")


@check
def its_modes_are_for_its_owner(
    release: Release, image: ImageFacts, files: FileFacts, container: ContainerFacts | None
) -> Observations:
    """Nothing is writable for everybody, and what is the user's own it can read."""
    account, _ = run_time_account(image, files, container)
    inside = sorted(_inside(image, files, account), key=lambda each: each.path)
    writable = [each for each in inside if each.mode & 0o002 and not _is_lock(each, files)]
    if writable:
        yield broken(
            f"{named(writable)} can be written by everybody (mode {writable[0].mode:04o})",
            *_per_line(
                release,
                files,
                writable,
                lambda each: f"expected nothing for others to write, got mode {each.mode:04o}",
            ),
            fix=to_open(release, files, writable, "o-w"),
        )
    closed = [
        each for each in inside if each.uid == account.uid and not is_readable(each, account, frozenset())
    ]
    if closed:
        yield broken(
            f"{named(closed)} cannot be read by {account.shown}, whose {'they are' if closed[1:] else 'it is'} "
            f"(mode {closed[0].mode:04o})",
            *_per_line(
                release, files, closed, lambda each: f"expected it readable, got mode {each.mode:04o}"
            ),
            fix=to_open(release, files, closed, "u+rX"),
        )


def _inside(image: ImageFacts, files: FileFacts, account: Account) -> Iterator[FileEntry]:
    """Go through all that the release works with: nothing of it is a user's own where it runs as root, or works in /."""
    top = resolved(normal(image.workdir or "/"), files)
    if top == "/" or account.uid == 0:
        return
    tops = (top, *linked_directories(files, top))
    for path, entry in files.final.items():
        if entry.kind in ("file", "directory") and any(
            path == one or path.startswith(f"{one}/") for one in tops
        ):
            yield entry


def _owners(entries: list[FileEntry]) -> str:
    owners = sorted({each.uid for each in entries})
    return "root" if owners == [0] else " and ".join(f"uid {owner}" for owner in owners[:3])


def _consequence(strange: list[FileEntry], account: Account, groups: frozenset[int]) -> str:
    """Say what comes of it: some of it cannot be read, or all of it can and root's own is a defensible choice."""
    closed = next((each for each in strange if not is_readable(each, account, groups)), None)
    if closed is not None:
        return f", and cannot read {closed.path} (mode {closed.mode:04o})"
    if _owners(strange) != "root" or any(each.mode & 0o002 for each in strange):
        return ""
    return " (root-owned and read-only is defensible, but not what this practice asks for)"


def _is_lock(entry: FileEntry, files: FileFacts) -> bool:
    """Whether it is the empty file that uv locks a virtual environment with: it gives it to all."""
    folder = entry.path.rpartition("/")[0]
    return entry.name == ".lock" and entry.size == 0 and f"{folder}/pyvenv.cfg" in files.final


def _per_line(
    release: Release, files: FileFacts, entries: list[FileEntry], say: Callable[[FileEntry], str]
) -> list[Evidence]:
    """Make one evidence per line of the Dockerfile: its first path, and how many more."""
    return [
        in_image(place, f"{named(group)}: {say(group[0])}")
        for place, group in by_line(release, files, entries).items()
    ]
