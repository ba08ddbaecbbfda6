"""Saying how an account gets to what it may not read, enter, run or write to, and how a module is found."""

from __future__ import annotations

import posixpath
import shlex
from typing import TYPE_CHECKING

from hullproof.practices.library.access import Barrier, barrier
from hullproof.practices.library.accounts import Account, account_of, run_time_groups
from hullproof.practices.library.lines import before_command, before_user, copied_with, instead

if TYPE_CHECKING:
    from hullproof.dockerfile import Release
    from hullproof.facts import FileFacts, ImageFacts


def past(release: Release, files: FileFacts, stop: Barrier, path: str | None, account: Account) -> str:
    """Say how to let a user do what it may not."""
    step = release.instruction_at(files.owning_layers[stop.entry.path].line)
    at, owner = stop.entry.path, account.for_chown
    word = shlex.quote(at)
    if stop.verb == "enter" and stop.entry.uid == 0 and (at == "/root" or at.startswith("/root/")):
        inside = "" if path is None else f" ({path} lies in there)"
        return f"{at} is root's home, which {account.shown} cannot enter{inside}: install to a place for all, such as /venv."
    if stop.verb == "run":
        text = (
            copied_with(step, chown=owner, chmod="755")
            if step and step.keyword in {"COPY", "ADD"} and stop.entry.kind == "file"
            else None
        )
        shown = instead(release, step.line, text) if step else None
        return f"Give {at} its execute bit, for its user, too. {shown or before_user(release, f'RUN chmod a+rx {word}')}"
    if stop.verb == "write to" and at == "/home":
        return f"{account.shown} has no home: make one (useradd --create-home), or let it write to another place."
    if stop.verb == "write to":
        way = before_user(release, f"RUN chown {owner} {word}")
        return f"Give {at} to the user, or let it write to another place. {way}"
    way = before_user(release, f"RUN chown -R {owner} {word}")
    return f"Give {at} to the user that reads it. {way} Or copy it with --chown={owner}."


def to_bring_module(release: Release, module: str, image: ImageFacts, files: FileFacts | None) -> str:
    """Say where a module is that was not found, or how it gets into the image."""
    top = module.partition(".")[0]
    ends = (f"/{top}/__init__.py", f"/{top}.py")
    at = (
        next((path for path in files.final if path.endswith(ends) and _is_top(path, files)), None)
        if files
        else None
    )
    if files is None or at is None:
        return f"Install what brings {top} (name it in the requirements of the release), or copy it where it is the project's own."
    account = account_of(image.user, files)
    stop = barrier(files, at, account, run_time_groups(account, files, None))
    if stop is not None:
        return past(release, files, stop, at, account)
    place = at.removesuffix("/__init__.py")
    folder = posixpath.dirname(place)
    text = f"ENV PYTHONPATH={folder}"
    return (
        f"{top} is at {place}, where the command does not look: start the python that it was installed for, or name the folder. "
        f"{before_command(release, text) or f'Write {text}.'}"
    )


def _is_top(path: str, files: FileFacts) -> bool:
    """Whether a module's file is of no package: what is within another is imported by that one's name."""
    place = path.removesuffix("/__init__.py")
    return f"{posixpath.dirname(place)}/__init__.py" not in files.final
