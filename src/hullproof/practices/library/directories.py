"""Saying how a release gets a directory of its own, which is its user's."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hullproof.practices.library.accounts import account_of
from hullproof.practices.library.lines import add, instead, joined

if TYPE_CHECKING:
    from hullproof.dockerfile import Instruction, Release
    from hullproof.facts import FileFacts, ImageFacts


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
    return [add(release, "before", user.line, f"RUN mkdir -p {folder} && chown {account.for_chown} {folder}")]
