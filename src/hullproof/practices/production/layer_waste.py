"""No bytes are shipped twice, or hidden.

Why: A layer cannot take bytes out of the layers below it. What a later instruction deletes, replaces, or merely gives
another owner or mode, is pulled and stored all the same, and its copy once more.

Proven by: The files of all layers that the Dockerfile adds, compared with each other: what is hidden by a later one, or
there again, comes to less than 5 MB.

Broken by: RUN chown -R or chmod -R behind the COPY; RUN rm of what an earlier step downloaded; the same environment
copied twice, or copied and installed; an upgrade of what a step before has installed.

Fix: Let the step that makes files leave them as they are to be: COPY --chown and --chmod, rm in the RUN that downloads,
one COPY --from for the environment.

    COPY --from=deps --chown=app:app /opt/venv /opt/venv
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hullproof.dockerfile import Release, commands
from hullproof.facts import FileEntry, FileFacts, Layer
from hullproof.practices.checks import Observations, broken, check, in_image, proven
from hullproof.practices.library.accounts import account_of, chown_at, group_of
from hullproof.practices.library.lines import copied_with, instead, joined, remove
from hullproof.practices.library.places import layer_place, normal

if TYPE_CHECKING:
    from collections.abc import Callable

PROFILES = ("production", "kubernetes", "openshift", "release")

MOST_BYTES = 5_000_000
"""Half of what a small virtual environment takes: less is not worth another arrangement of the steps."""
_MB = 1_000_000
_SHOWN = 3
_PLAIN = {"chown": re.compile(r"[\w-]+(?::[\w-]+)?", re.ASCII), "chmod": re.compile("[0-7]+")}
"""What COPY takes as its flags."""


@dataclass(frozen=True)
class _Wasted:
    """A file that the upper layer hides, or ships once more."""

    entry: FileEntry
    lower: Layer
    upper: Layer
    how: str


@check
def no_bytes_are_shipped_for_nothing(release: Release, files: FileFacts) -> Observations:
    """What later layers hide or repeat of the Dockerfile's own layers stays under the bound."""
    groups: dict[tuple[str, str, str], list[FileEntry]] = defaultdict(list)
    for each in _wasted(files):
        lower, upper = (layer_place(release, files, layer) for layer in (each.lower, each.upper))
        groups[lower, upper, each.how].append(each.entry)
    sizes = {key: sum(each.size for each in entries) for key, entries in groups.items()}
    total = sum(sizes.values())
    largest = sorted(groups, key=lambda key: -sizes[key])
    evidence = [
        in_image(
            upper,
            f"{how} {sizes[lower, upper, how] / _MB:.1f} MB of {lower}: {_named(groups[lower, upper, how])}",
        )
        for lower, upper, how in largest
    ]
    if total <= MOST_BYTES:
        yield proven(
            f"later layers hide or repeat {total / _MB:.1f} MB of {_shipped(files) / _MB:.1f} MB",
            *evidence[:_SHOWN],
        )
        return
    lower, upper, how = largest[0]
    yield broken(
        f"{total / _MB:.1f} MB are shipped for nothing: {upper} {how} {sizes[largest[0]] / _MB:.1f} MB of {lower}",
        *evidence,
        fix=(_by_copy(release, files, lower, upper) if how == "repeats" else None)
        or _FIXES[how](lower, upper),
    )


def _again(lower: str, upper: str) -> str:
    return (
        f"Let {lower} leave the files as {upper} needs them (COPY --chown=USER:GROUP and --chmod=MODE, or chown in the same "
        f"RUN), and take the change out of {upper}."
    )


def _by_copy(release: Release, files: FileFacts, lower: str, upper: str) -> str | None:
    """Say how a COPY gives its files the owner and the mode that a RUN of nothing else gives them.

    The RUN then only does the directory itself, which COPY leaves as it is. None where that is not plain, or the RUN changes
    what the COPY does not bring.
    """
    copy, run = (
        release.instruction_at(int(each.rpartition(":")[2]) if ":" in each else None)
        for each in (lower, upper)
    )
    if copy is None or run is None or copy.keyword not in {"COPY", "ADD"} or run.keyword != "RUN":
        return None
    brought, changed = (_entries(files, each.line) for each in (copy, run))
    flags, alone = {"chown": copy.flag("chown"), "chmod": copy.flag("chmod")}, []
    for each in commands(run).commands:
        words = [word for word in each.argv[1:] if not word.startswith("-")]
        if each.program not in flags or len(words) != 2 or "-R" not in each.argv:  # noqa: PLR2004 - what and where
            return None
        given, top = words[0], normal(words[1])
        flags[each.program] = _owner_at(given, files, copy.line) if each.program == "chown" else given
        alone += [each.text.replace(" -R", "", 1)] if top in changed else []
        changed = {path for path in changed if path not in brought and not f"{top}/".startswith(f"{path}/")}
    if changed or not all(each is None or _PLAIN[name].fullmatch(each) for name, each in flags.items()):
        return None
    rest = instead(release, run.line, f"RUN {' && '.join(alone)}") if alone else remove(release, run.line)
    return joined(instead(release, copy.line, copied_with(copy, **flags)), rest)


def _entries(files: FileFacts, line: int) -> set[str]:
    return {entry.path for layer in files.added_layers if layer.line == line for entry in layer.entries}


def _owner_at(owner: str, files: FileFacts, line: int) -> str:
    """Write what `chown` is given as the COPY at a line can take it: by number, where that has no such name yet."""
    account = account_of(owner, files)
    layer = next(each for each in files.added_layers if each.line == line)
    group = group_of(owner, files) if ":" in owner else account.gid
    if group is None or account.gid is None or chown_at(account, files, layer) == account.for_chown:
        return owner
    return f"{account.uid}:{group}"


def _elsewhere(lower: str, upper: str) -> str:
    return f"Keep one of the two: take the files in {lower} or in {upper}, not in both."


def _hidden(lower: str, upper: str) -> str:
    return f"Delete in the RUN of {lower} what {upper} deletes or replaces, or leave it in a stage that the release does not start from."


_FIXES: dict[str, Callable[[str, str], str]] = {
    "repeats": _again,
    "has again": _elsewhere,
    "deletes": _hidden,
    "replaces": _hidden,
}


def _wasted(files: FileFacts) -> Iterator[_Wasted]:
    """Find what of each own layer a later one hides at the same path, or ships again at another."""
    visible: dict[str, tuple[Layer, FileEntry]] = {}
    contents: dict[object, tuple[Layer, FileEntry]] = {}
    for layer in files.added_layers:
        for path in _removed(layer, visible):
            below, entry = visible.pop(path)
            yield _Wasted(entry, below, layer, "deletes")
        own = {entry.path: entry for entry in layer.entries if entry.kind == "file" and entry.size}
        for path, entry in own.items():
            if path in visible:
                below, old = visible[path]
                yield _Wasted(
                    old, below, layer, "repeats" if _content(old) == _content(entry) else "replaces"
                )
            elif (found := contents.get(_content(entry))) and found[1].path in visible:
                yield _Wasted(entry, found[0], layer, "has again")
        for path, entry in own.items():
            visible[path] = (layer, entry)
            contents.setdefault(_content(entry), (layer, entry))


def _removed(layer: Layer, visible: dict[str, tuple[Layer, FileEntry]]) -> list[str]:
    gone = {each.rstrip("/") for each in layer.removed}
    if not gone:
        return []
    return [path for path in visible if any(parent in gone for parent in _with_parents(path))]


def _with_parents(path: str) -> Iterator[str]:
    while path:
        yield path
        path = path.rpartition("/")[0]


def _content(entry: FileEntry) -> object:
    """What tells that two files have the same content: its hash, or of large ones name, size and time."""
    return (entry.size, entry.sha256) if entry.sha256 else (entry.name, entry.size, entry.mtime)


def _shipped(files: FileFacts) -> int:
    return sum(entry.size for layer in files.added_layers for entry in layer.entries)


def _named(entries: list[FileEntry]) -> str:
    largest = sorted(entries, key=lambda each: -each.size)
    more = f" and {len(entries) - _SHOWN} more files" if len(entries) > _SHOWN else ""
    return ", ".join(each.path for each in largest[:_SHOWN]) + more
