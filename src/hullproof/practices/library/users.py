"""USER in words: what the Dockerfile says of it, and how a release comes to run as an ordinary user."""

from __future__ import annotations

import re
import shlex
from typing import TYPE_CHECKING

from hullproof.practices.checks import in_dockerfile
from hullproof.practices.library.accounts import account_of, made_account
from hullproof.practices.library.lines import (
    add,
    but,
    instead,
    joined,
    known,
    last_step,
    rewrite,
    text_of,
)
from hullproof.practices.library.own import started_script

if TYPE_CHECKING:
    from hullproof.dockerfile import Release
    from hullproof.facts import FileFacts, ImageFacts
    from hullproof.model import Evidence
    from hullproof.practices.library.accounts import Account

_UID_0 = re.compile(r"\s(?:--non-unique|-o)(?=\s)|\s(?:--uid|-u)[ =]0(?=\s)")
_CHANGES_USER = re.compile(r"\s*exec\s+(?:(?:gosu|su-exec)\s+\S+|setpriv(?:\s+--\S+)+)\s+(?P<rest>.+)\Z")


def as_written(release: Release, image: ImageFacts) -> str:
    """Say what the Dockerfile says of the user, and what that resolves to."""
    user, written = image.user, release.last("USER")
    if written is None:
        return f"there is no USER, and the base says {user}" if user else "there is no USER"
    raw = " ".join(written.args)
    resolved = "" if raw == user else f", which resolves to {user or 'an empty string'}"
    return f"USER {raw}{resolved}"


def users_elsewhere(release: Release) -> list[Evidence]:
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


def to_create(release: Release, user: str, files: FileFacts | None = None) -> str:
    """Say how to make an account exist; or that what looks like a comment is a part of its name."""
    name, there = user.partition(":")[0], release.last("USER")
    if " #" in name:
        return "Put the comment on a line of its own: at the end of a USER it is a part of the name."
    create = f"RUN {_creating(release, name, files)}"
    shown = add(release, "before", there.line, create) if there is not None else None
    return shown or f"Create the account in the release stage ({create}) before USER."


def _creating(release: Release, name: str, files: FileFacts | None) -> str:
    """Write the command that makes an account: what has no useradd is told by its files, or by its base where there are none."""
    on_alpine = "alpine" in release.base.reference if files is None else "/etc/alpine-release" in files.final
    return f"{'adduser -S' if on_alpine else 'useradd --system'} {name}"


def to_leave_root(
    release: Release, account: Account, becomes: int, image: ImageFacts, files: FileFacts | None
) -> str | None:
    """Say which user to set, where, and what has to be that user's by then."""
    if account.uid == 0 and account.name not in (None, "root"):
        own = _to_renumber(release, files) if files is not None else None
        return known(f"Give the account {account.name} a uid of its own, which is not 0.", own)
    if becomes:
        name = account_of(str(becomes), files).name or str(becomes)
        return _to_start_as(release, name, image, files)
    made = made_account(files)
    name = made or "app"
    create = "" if made else _creating(release, name, files)
    top = (image.workdir or "/").rstrip("/")
    uid = account_of(name, files).uid if made else None
    strange = files is not None and any(
        each.uid != uid for path, each in files.final.items() if f"{path}/".startswith(f"{top}/")
    )
    needed = [
        each for each in (create, f"chown -R {name} {shlex.quote(top)}" if top and strange else "") if each
    ]
    why = f" That gives {name} what lies at {top}, which ownership asks for next." if top and strange else ""
    return f"{_to_set(release, name, needed)}{why}"


def _to_renumber(release: Release, files: FileFacts) -> str | None:
    """Say how the step that makes uid 0 of an account no longer does."""
    layer = files.owning_layers.get("/etc/passwd")
    step = release.instruction_at(layer.line) if layer is not None else None
    text = text_of(step) if step is not None and step.keyword == "RUN" else None
    if step is None or text is None:
        return None
    meant = _UID_0.sub("", text)
    if meant != text:
        return instead(release, step.line, meant)
    return but(
        release, step, re.compile(r"^\s*sed\b.*/etc/passwd|^\s*usermod\b.*\s(?:-u|--uid)[ =]0\b").search
    )


def _to_start_as(release: Release, name: str, image: ImageFacts, files: FileFacts | None) -> str:
    """Say how an entry script that changes the user starts as that user, and leaves it at that."""
    words = "Let the entry script start the application as it is; what it does as root belongs into a RUN."
    for word in (*image.entrypoint, *image.command):
        source, text = started_script(release, word, image, files)
        for number, row in enumerate(text.splitlines(), 1):
            changes = _CHANGES_USER.match(row)
            shown = rewrite(source, number, f"exec {changes['rest']}") if changes and source else None
            if shown:
                return f"{words} {_to_set(release, name, [])} {shown}"
    return f"{words} {_to_set(release, name, [])}"


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
