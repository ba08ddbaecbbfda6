"""What to write so that the release has the files that it lacks."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Mapping

from hullproof.dockerfile import Instruction, Release
from hullproof.facts import FileFacts, MissingFiles
from hullproof.practices.checks import listed
from hullproof.practices.library.lines import add, but, last_step
from hullproof.practices.library.logs import missed_module
from hullproof.practices.library.places import deciding_layers, is_installed, normal


def to_bring(release: Release, files: FileFacts, missing: MissingFiles) -> tuple[int | None, str]:
    """Return the line that brought who asks for them, None where that is not known, and the fix: a COPY like that one."""
    names = listed(list(missing.paths))
    line = _line_of(files, missing.by_shipped)
    step = release.instruction_at(line)
    if missing.by_shipped and is_installed(missing.by_shipped):
        return line, f"Declare {names} as data of the package, so that installing it brings it along."
    target, last = _place(missing), last_step(release)
    after = line or (last.line if last is not None else release.line)
    fix = target and add(release, "after", after, _copy(release, step, missing.paths, target))
    return line, fix or f"Copy {names} into the release, to where the application looks for it."


def to_bring_module(
    release: Release, files: FileFacts | None, log: tuple[str, ...], project_texts: Mapping[str, str]
) -> str | None:
    """Say how a module of the project's comes to the package that lacks it; None where the log names no such one."""
    module = missed_module(log)
    if module is None or files is None:
        return None
    ends = (f"{module.replace('.', '/')}.py", f"{module.replace('.', '/')}/__init__.py")
    found = [
        path for path in project_texts if path in ends or path.endswith(tuple(f"/{each}" for each in ends))
    ]
    if len(found) != 1:
        return None
    folder = posixpath.dirname(found[0])
    beside = {path for path in project_texts if posixpath.dirname(path) == folder and path != found[0]}
    texts = {project_texts[path]: path for path in beside if project_texts[path]}
    for at in files.final:
        by = texts.get(files.text(at) or "")
        if by is not None and posixpath.basename(by) == posixpath.basename(at):
            needed = MissingFiles((found[0],), by, at, "", imported=True, line=0, said="")
            return to_bring(release, files, needed)[1]
    return None


def to_leave_installed(release: Release, log: tuple[str, ...]) -> str | None:
    """Say that a step no longer uninstalls the package of a module that is missed then; None where none does."""
    module = (missed_module(log) or "").partition(".")[0]
    for step in release.chain if module else ():
        if step.keyword == "RUN" and re.search(
            rf"\bpip3? uninstall\b.*\b{re.escape(module)}\b", step.shell_text
        ):
            return but(release, step, lambda command: re.search(r"\bpip3? uninstall\b", command))
    return None


def _copy(release: Release, step: Instruction | None, paths: tuple[str, ...], target: str) -> str:
    """Write a COPY to the folder of `target`, with the owner and the mode that another one gives."""
    flags = [each for each in (step.flags if step else ()) if each.startswith(("--chown=", "--chmod="))]
    home = (release.contract.workdir.path if release.contract.workdir else "").rstrip("/") + "/"
    into = posixpath.dirname(target.removeprefix(home))
    return " ".join(["COPY", *flags, *paths, f"{into}/" if into else "./"])


def _line_of(files: FileFacts, path: str) -> int | None:
    layer = deciding_layers(files).get(path)
    return layer.line if layer is not None else None


def _place(missing: MissingFiles) -> str | None:
    """Say where the first of them belongs: beside who asks, as in the project. None where that does not tell."""
    if not missing.by_shipped:
        return None
    by, there = missing.by.split("/"), missing.by_shipped.strip("/").split("/")
    while by and there and by[-1] == there[-1]:
        by.pop()
        there.pop()
    above = "".join(f"{each}/" for each in by)
    first = missing.paths[0]
    if not first.startswith(above):
        return None
    return normal("/" + "/".join([*there, first.removeprefix(above)]))
