"""Saying how a project's own tool installs its dependencies before its code."""

from __future__ import annotations

import fnmatch
import posixpath

from hullproof.dockerfile import Install, Release, install_commands
from hullproof.facts import InstallStep
from hullproof.practices.checks import listed
from hullproof.practices.library.lines import add, copy_of, instead, joined, remove, text_of
from hullproof.practices.library.places import copies_context

_WITHOUT_PROJECT = {
    "uv sync": "--no-install-project",
    "poetry install": "--no-root",
    "pdm install": "--no-self",
    "pdm sync": "--no-self",
}
"""How tools are part to install what a project needs, and not yet the project, whose code is not there."""


def copy_the_code_after(release: Release, step: InstallStep) -> str:
    """Say how to install before the code is there: with the step's own files, its line, and its tool."""
    return _in_lines(release, step) or _in_prose(release, step)


def _in_lines(release: Release, step: InstallStep) -> str | None:
    """Say it line by line: what brings code before the step comes after it, and only what declares stays."""
    run, stage, install = (
        release.instruction_at(step.line),
        release.stage_at(step.line),
        _install(release, step),
    )
    if run is None or stage is None or install is None or not step.files:
        return None
    how = f"{install.tool} {install.action}"
    option, text = _WITHOUT_PROJECT.get(how), text_of(run)
    if text is None or run.mounts or (install.installs_project and not option):
        return None
    bring = [each for each in stage.instructions if each.line < step.line and copies_context(each)]
    code = [each for each in bring if not all(_matched(source, step.files) for source in each.sources)]
    lists = [source for each in bring if each not in code for source in each.sources]
    missing = [
        each for each in step.files if not any(each in _matched(source, step.files) for source in lists)
    ]
    if not code or any(each.heredocs or text_of(each) is None for each in code):
        return None
    first = (
        instead(release, code[0].line, copy_of(code[0], missing))
        if missing
        else remove(release, code[0].line)
    )
    ways = [first, *(remove(release, each.line) for each in code[1:])]
    if option and option not in text:
        ways.append(instead(release, step.line, text.replace(how, f"{how} {option}", 1)))
    ways += [add(release, "after", step.line, text_of(each)) for each in code]
    if option and option not in text:
        ways.append(add(release, "after", step.line, text))
    return joined(*ways)


def _matched(source: str, files: tuple[str, ...]) -> list[str]:
    """List the files that a source of a COPY names, itself or by a pattern."""
    return [each for each in files if fnmatch.fnmatchcase(each, posixpath.normpath(source))]


def _in_prose(release: Release, step: InstallStep) -> str:
    where, install = release.where(step.line), _install(release, step)
    files = listed(list(step.files), 6) or "what declares the dependencies"
    how = f"{install.tool} {install.action}" if install else ""
    option = _WITHOUT_PROJECT.get(how)
    again = f", and {how} once more behind it for the project itself" if option else ""
    part = f" with {option}" if option else ""
    if install is not None and install.installs_project and not option:
        part, again = " without the project itself", f", and {how} --no-deps behind it for the project itself"
    return f"Before {where}, copy only {files}; install there{part}, and copy the code after it{again}."


def declare_in_a_file(release: Release, step: InstallStep) -> str:
    """Say how to install what a step names from a file."""
    install = _install(release, step)
    tool = "uv pip" if install is not None and install.tool.startswith("uv") else "pip"
    return (
        f"Write what {release.where(step.line)} names into requirements.txt, COPY it, and install with "
        f"{tool} install -r requirements.txt."
    )


def _install(release: Release, step: InstallStep) -> Install | None:
    instruction = release.instruction_at(step.line)
    return next(iter(install_commands(instruction)), None) if instruction is not None else None
