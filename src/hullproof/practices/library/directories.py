"""Saying how a release gets a directory of its own, which is its user's, and keeps to it."""

from __future__ import annotations

import re
import shlex
from typing import TYPE_CHECKING

from hullproof.dockerfile import simple_words
from hullproof.practices.library.accounts import account_of
from hullproof.practices.library.command import to_write
from hullproof.practices.library.lines import add, instead, joined, remove_from
from hullproof.practices.library.own import started_script, to_stay

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hullproof.dockerfile import Instruction, Release
    from hullproof.facts import FileFacts, ImageFacts

_CHDIR = re.compile(r"(?:-C|--chdir(?:=.*)?)\Z")
_SHELL_CHDIR = re.compile(r"\s*cd\s+\S+\s*(?:&&|;)\s*(?:exec\s+)?(?P<rest>.+)\Z")


def to_work_in(
    release: Release, folder: str, image: ImageFacts | None, files: FileFacts | None
) -> str | None:
    """Say which WORKDIR to write, and where; and to give the directory to the user, since WORKDIR makes it as root."""
    there = release.last("WORKDIR")
    if there is not None:
        return joined(
            instead(release, there.line, f"WORKDIR {folder}"), *_to_own(release, folder, image, files)
        )
    first = next((each for each in release.stage.instructions if _is_relative(each)), None)
    first = first or next((each for each in release.stage.instructions if each.keyword != "ARG"), None)
    if first is None:
        return None
    return joined(
        add(release, "before", first.line, f"WORKDIR {folder}"), *_to_own(release, folder, image, files)
    )


def to_keep_to_it(
    release: Release, image: ImageFacts, files: FileFacts | None, project_texts: Mapping[str, str]
) -> str | None:
    """Say what of the command, of its entry script or of the program no longer changes directories; None where that is not plain."""
    for keyword, words in (("CMD", image.command), ("ENTRYPOINT", image.entrypoint)):
        plain = _in_place(words)
        if plain is not None:
            return to_write(release, keyword, plain)
    for word in (*image.entrypoint, *image.command):
        source, text = started_script(release, word, image, files)
        changes = [
            number for number, row in enumerate(text.splitlines(), 1) if re.match(r"\s*cd\s+[^;&|]+$", row)
        ]
        if source is not None and text.startswith("#!") and len(changes) == 1:
            return remove_from(source, changes[0])
    return to_stay(image, files, project_texts)


def _in_place(words: tuple[str, ...]) -> tuple[str, ...] | None:
    """Return a command without what changes directories before it: `env --chdir=/tmp`, `sh -c "cd /tmp && exec ..."`."""
    if words[:1] == ("env",) and any(_CHDIR.match(each) for each in words[1:2]):
        rest = words[2:] if "=" in words[1] else words[3:]
        return rest or None
    found = _SHELL_CHDIR.match(words[-1]) if len(words) > 2 and words[-2].endswith("c") else None  # noqa: PLR2004 - sh -c
    simple = simple_words(found["rest"]) if found is not None else None
    return simple[0] if simple is not None and not simple[1] else None


def _is_relative(step: Instruction) -> bool:
    """Whether it copies to a place that hangs on the working directory."""
    return step.keyword in {"COPY", "ADD"} and not step.args[-1].startswith(("/", "$"))


def _to_own(
    release: Release, folder: str, image: ImageFacts | None, files: FileFacts | None
) -> list[str | None]:
    """Say how the user gets the directory, where it is not that user's already."""
    user = release.last("USER")
    if user is None or image is None or files is None:
        return []
    account, entry = account_of(image.user, files), files.final.get(folder)
    if account.uid in (None, 0) or (entry is not None and entry.uid == account.uid):
        return []
    word = shlex.quote(folder)
    return [add(release, "before", user.line, f"RUN mkdir -p {word} && chown {account.for_chown} {word}")]
