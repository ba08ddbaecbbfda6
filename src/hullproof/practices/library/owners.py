"""Whose files are, in words: naming several in a phrase or a command, and what makes them a user's."""

from __future__ import annotations

import posixpath
import shlex
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from hullproof.practices.library.accounts import chown_at
from hullproof.practices.library.lines import add, before_user, copied_with, instead, known
from hullproof.practices.library.places import by_line

if TYPE_CHECKING:
    from hullproof.dockerfile import Instruction, Release
    from hullproof.facts import FileEntry, FileFacts
    from hullproof.practices.library.accounts import Account

_MOST_NAMED = 6


def named(entries: list[FileEntry]) -> str:
    """Name the first, and how many more."""
    return entries[0].path + (f" and {len(entries) - 1} more" if entries[1:] else "")


def common(entries: list[FileEntry]) -> str:
    """Name the directories and files that hold them all, as words of a command; of many, the one directory above."""
    paths = {each.path for each in entries}
    tops = [each for each in sorted(paths) if paths.isdisjoint(map(str, PurePosixPath(each).parents))]
    above = posixpath.commonpath(tops)
    return shlex.join([above] if len(tops) > _MOST_NAMED and above != "/" else tops)


def to_give(release: Release, files: FileFacts, strange: list[FileEntry], account: Account) -> str | None:
    """Say for each line what makes its files the user's."""
    ways, owner = [], account.for_chown
    for place, group in by_line(release, files, strange).items():
        made_by = release.instruction_at(files.owning_layers[group[0].path].line)
        keyword = made_by.keyword if made_by is not None else ""
        if keyword in ("COPY", "ADD"):
            # --chown is for what it copies: a directory that the base has already stays as it is.
            there = [each for each in group if each.kind == "directory" and each.path in files.base]
            if len(there) < len(group):
                whose = chown_at(account, files, files.owning_layers[group[0].path])
                text = copied_with(made_by, chown=whose) if made_by is not None else None
                shown = instead(release, made_by.line, text) if made_by is not None else None
                ways.append(shown or f"Write {keyword} --chown={owner} at {place}.")
            if there:
                ways.append(
                    before_user(release, f"RUN chown {owner} {shlex.join(each.path for each in there)}")
                )
        else:
            made = keyword == "WORKDIR"
            why = " WORKDIR makes it as root, and no COPY into it changes that." if made else ""
            goal = common(group)
            give = f"chown {owner} {goal}" if made else f"chown -R {owner} {goal}"
            first = f"mkdir -p {goal} && " if made and _comes_after_user(release, made_by) else ""
            ways.append(f"{before_user(release, f'RUN {first}{give}')}{why}")
    return known(*ways)


def to_open(release: Release, files: FileFacts, entries: list[FileEntry], mode: str) -> str:
    """Say how files get another mode: behind USER by that user itself, whose they are."""
    text = f"RUN chmod -R {mode} {common(entries)}"
    lines = [files.owning_layers[each.path].line for each in entries]
    user, last = release.last("USER"), max((line or 0 for line in lines), default=0)
    late = add(release, "after", last, text) if user is not None and last > user.line else None
    return f"{late or before_user(release, text)} Or copy it with --chmod=755."


def _comes_after_user(release: Release, step: Instruction | None) -> bool:
    """Whether a step stands behind the USER in force, so that what it makes is not there yet when root acts."""
    user = release.last("USER")
    return user is not None and step is not None and step.line > user.line
