"""Saying how a project's own tool installs its dependencies before its code."""

from __future__ import annotations

from hullproof.dockerfile import Install, Release, install_commands
from hullproof.facts import InstallStep
from hullproof.practices.checks import listed

_WITHOUT_PROJECT = {
    "uv sync": "--no-install-project",
    "poetry install": "--no-root",
    "pdm install": "--no-self",
    "pdm sync": "--no-self",
}
"""How tools are told to install what a project needs, and not yet the project, whose code is not there."""


def copy_the_code_after(release: Release, step: InstallStep) -> str:
    """Say how to install before the code is there: with the step's own files, its line, and its tool."""
    where, install = release.where(step.line), _install(release, step)
    files = listed(list(step.files), 6) or "what declares the dependencies"
    how = f"{install.tool} {install.action}" if install else ""
    option = _WITHOUT_PROJECT.get(how)
    again = f", and {how} once more behind it for the project itself" if option else ""
    told = f" with {option}" if option else ""
    if install is not None and install.installs_project and not option:
        told, again = " without the project itself", f", and {how} --no-deps behind it for the project itself"
    return f"Before {where}, copy only {files}; install there{told}, and copy the code after it{again}."


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
