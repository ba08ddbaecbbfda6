"""Where things stand: lines of the Dockerfile and layers of the image, as evidence names them."""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hullproof.dockerfile import Instruction, Release
    from hullproof.facts import FileEntry, FileFacts, Layer


# Where packages put their files. Tests, keys and the like of an installed package are the package's business.
_INSTALLED = re.compile(
    r"/(?:site|dist)-packages/|/lib(?:64)?/(?:python|pypy)\d[\d.]*/|/node_modules/|/conda-meta/"
    r"|/bin/__pycache__/"  # pip compiles the scripts that packages put there
)
_SYSTEM = re.compile(
    r"^/(?:usr/(?:local/)?(?:s?bin|lib(?:32|64|x32|exec)?|share|include|games|etc|man)|s?bin|lib(?:32|64|x32)?|etc"
    r"|boot|proc|sys|dev|run|var/(?:lib|cache|log|spool|backups|mail))/"
)
_REMOTE = re.compile(r"(?:https?|ftp|ssh)://|git@")


def copies_context(instruction: Instruction | None) -> bool:
    """Whether it copies from the build context, not from another stage or image."""
    return (
        instruction is not None
        and instruction.keyword in {"COPY", "ADD"}
        and instruction.flag("from") is None
    )


def is_installed(path: str) -> bool:
    """Whether a path lies where installers put packages."""
    return _INSTALLED.search(path) is not None


def is_of_system(path: str) -> bool:
    """Whether a path lies where the system and its packages have their files."""
    return _SYSTEM.match(path) is not None


def is_systems(path: str) -> bool:
    """Whether a path lies where the system and its packages have their files, or libraries theirs."""
    return is_of_system(path) or is_installed(path)


def takes_most(release: Release) -> Instruction | None:
    """Find the step that takes most from the context: all of it first, then folders, then files by name.

    None where the build takes nothing: BuildKit then sends nothing, whatever lies there.
    """
    steps = (each for stage in release.needed for each in release.chain_of(stage))
    takers = [(_share(taken), each) for each in steps if (taken := taken_from_context(each))]
    return max(takers, key=lambda taker: taker[0])[1] if takers else None


def taken_from_context(instruction: Instruction) -> list[str]:
    """List what an instruction takes from the context, as written."""
    taken = [each.source or "." for each in instruction.mounts if each.type == "bind" and each.from_ is None]
    if copies_context(instruction):
        taken += [source for source in instruction.sources if not _REMOTE.match(source)]
    return taken


def _share(taken: list[str]) -> int:
    """Rank by how much is taken, as far as names tell."""
    if any(source in {".", "./", "/", "*"} for source in taken):
        return 2
    return int(any("." not in source.rstrip("/").rpartition("/")[2] for source in taken))


def layer_place(release: Release, files: FileFacts, layer: Layer) -> str:
    """Name a layer by the line that made it, or by its number where that is not known."""
    if layer.line is not None:
        return release.where(layer.line)
    return f"layer {files.layers.index(layer) + 1}"


def by_line(release: Release, files: FileFacts, entries: list[FileEntry]) -> dict[str, list[FileEntry]]:
    """Group files of the final view by the line that made their owners what they are, as `layer_place` names it."""
    found: dict[str, list[FileEntry]] = {}
    for entry in entries:
        found.setdefault(layer_place(release, files, files.owning_layers[entry.path]), []).append(entry)
    return found


def own_entries(files: FileFacts) -> Iterator[tuple[Layer, FileEntry]]:
    """Go through all that the Dockerfile's own layers hold, also what a later layer hides."""
    for layer in files.added_layers:
        for entry in layer.entries:
            yield layer, entry


def deciding_layers(files: FileFacts) -> dict[str, Layer]:
    """Tell for each path which layer decides how it looks in the final view."""
    return {entry.path: layer for layer in files.layers for entry in layer.entries}


def normal(path: str) -> str:
    """Write a path in one way: no trailing or double slashes, no dots."""
    return "/" + posixpath.normpath(path).lstrip("/") if path.startswith("/") else posixpath.normpath(path)


def resolved(path: str, files: FileFacts | None) -> str:
    """Follow symbolic links in a directory's path, as the kernel does: /var/run/app is /run/app."""
    if files is None:
        return path
    at, waiting, hops = "/", path.strip("/").split("/"), 0
    while waiting:
        step = posixpath.join(at, waiting.pop(0))
        entry = files.final.get(step)
        if entry is not None and entry.kind == "symlink" and hops < 40:  # noqa: PLR2004 - the kernel's limit
            hops += 1
            goal = normal(posixpath.join(at, entry.target))
            at, waiting = "/", [*goal.strip("/").split("/"), *waiting]
        else:
            at = normal(step)
    return at


def linked_directories(files: FileFacts, top: str) -> list[str]:
    """List where links below a directory lead, outside of it: to the application's own files elsewhere.

    What the base, the system or a virtual environment has there is left out, and so is the interpreter that
    a virtual environment links to.
    """
    goals = {
        resolved(normal(posixpath.join(posixpath.dirname(path), entry.target)), files)
        for path, entry in files.final.items()
        if entry.kind == "symlink"
        and path.startswith(f"{top}/")
        and f"{posixpath.dirname(posixpath.dirname(path))}/pyvenv.cfg" not in files.final
    }
    return [
        goal
        for goal in sorted(goals)
        if not f"{goal}/".startswith(f"{top}/")
        and files.base.get(goal) is None
        and not is_systems(f"{goal}/")
        and f"{goal}/pyvenv.cfg" not in files.final
    ]
