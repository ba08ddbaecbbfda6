"""A uv workspace, and packages in folders of the project: whose application it is, and which of them it needs.

https://docs.astral.sh/uv/concepts/projects/workspaces/. Their code is copied and found by its folder, as the project's
own is: nothing of it is installed.
"""

from __future__ import annotations

import posixpath
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from hullproof.errors import UsageError
from hullproof.init import metadata as metadatas
from hullproof.init.files import under

if TYPE_CHECKING:
    from hullproof.init.files import Files
    from hullproof.init.locks import Lock
    from hullproof.init.metadata import Metadata


@dataclass(frozen=True)
class Workspace:
    """What the lock file says lies in folders of the project.

    `package` is the application's own, in `folder`; "" where it is the whole project. `locals_` are the others that it
    needs, by name, with their folders. `members` are the folders of all. `metadata` is the application's, with the
    groups of the workspace.
    """

    package: str
    folder: str
    locals_: dict[str, str]
    members: tuple[str, ...]
    metadata: Metadata

    @property
    def described(self) -> tuple[str, ...]:
        """Return the files that describe the members, which uv looks for."""
        return tuple(under(folder, metadatas.FILE) for folder in self.members if folder != ".")

    def roots(self, files: Files) -> tuple[str, ...]:
        """Return the folders from which the modules of the other packages are imported."""
        return tuple(_root(files, folder) for folder in self.locals_.values())

    def code(self, files: Files) -> tuple[str, ...]:
        """Return the folders with the code of all these packages."""
        return tuple(_root(files, folder) for folder in (self.folder, *self.locals_.values()) if folder)


def look(files: Files, written: Metadata, lock: Lock | None, entry: str) -> Workspace | None:
    """Return what of the project are packages in folders; None where it is one package. `entry` is the application's file.

    Raises UsageError where a workspace has no lock file, or where a package lies outside of the project.
    """
    is_workspace = bool(written.tool("uv", "workspace"))
    if is_workspace and (lock is None or lock.path != "uv.lock"):
        raise UsageError(
            "pyproject.toml [tool.uv.workspace] has no uv.lock beside it; run `uv lock`, then init again"
        )
    if lock is None or lock.path != "uv.lock":
        return None
    folders = {each.name: posixpath.normpath(each.folder) for each in lock.packages.values() if each.folder}
    own = [name for name, folder in folders.items() if folder == "." or entry.startswith(f"{folder}/")]
    package = max(own, key=lambda name: len(folders[name]), default="")
    needed = {name: folders[name] for name in sorted(lock.release(package)) if name in folders}
    away = next((name for name, folder in needed.items() if folder.startswith("..")), None)
    if away is not None:
        raise UsageError(
            f"uv.lock: {away} comes from {needed[away]}, outside of this folder, which no build can see; init the folder "
            "that holds both"
        )
    if not is_workspace and not needed:
        return None
    folder = folders.get(package, ".")
    if folder == ".":
        return Workspace("", "", needed, tuple(folders.values()), written)
    of_member = metadatas.read(files, under(folder, metadatas.FILE))
    return Workspace(
        package,
        folder,
        needed,
        tuple(folders.values()),
        replace(of_member, sets=(*of_member.sets, *written.sets)),
    )


def _root(files: Files, folder: str) -> str:
    source = under(folder, "src")
    return source if any(files.below(source)) else folder
