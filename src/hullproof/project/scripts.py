"""Scripts and Makefiles of the project that a step runs: those that install its dependencies, or run its tests."""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING

from hullproof.dockerfile import commands, script_runs_tests
from hullproof.project import projectfiles
from hullproof.project.arrivals import trace
from hullproof.project.sources import own_places
from hullproof.tools import SHELLS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hullproof.dockerfile import Place, ShellCommand
    from hullproof.project.project import Project

_INSTALLS = re.compile(
    r"\b(?:pip[\d.]*|uv(?:\s+pip)?|poetry|pdm|pipenv|conda|mamba)\s+(?:install|sync)\b|\bpip-sync\b"
)
_RUN_SCRIPTS = SHELLS | {"source", "."}
_TASKS = {
    "make": ("Makefile", "makefile", "GNUmakefile"),
    "gmake": ("Makefile", "makefile"),
    "just": ("justfile", "Justfile"),
    "task": ("Taskfile.yml", "Taskfile.yaml"),
}
_LARGEST = 1 << 16
_DECLARING = re.compile(
    r"(?:requirements|constraints)[\w.-]*|pyproject\.toml|[\w-]+\.lock|Pipfile(?:\.lock)?|environment\.ya?ml|setup\.(?:py|cfg)",
    re.IGNORECASE,
)
"""Names of files that declare dependencies."""


def installing(project: Project, place: Place) -> Iterator[tuple[str, str]]:
    """Yield path and text of each file of the project that a RUN step runs, and that installs something."""
    if place.instruction.keyword != "RUN":
        return
    for command in commands(place.instruction).commands:
        for name in _run_by(command):
            path = trace(project, place.stage, place.instruction.line, place.absolute(name))
            text = projectfiles.text(project.folder, path, largest=_LARGEST) if path is not None else ""
            if path is not None and _INSTALLS.search(text):
                yield path, text


def testing(project: Project) -> dict[int, str]:
    """Map the line of each step that runs the tests through a script of the project to the script's path."""
    places = (place for stage in project.dockerfile.stages for place in own_places(project, stage))
    found = {}
    for place in places:
        for command in commands(place.instruction).commands if place.instruction.keyword == "RUN" else ():
            for name in _scripts_of(command):
                path = trace(project, place.stage, place.instruction.line, place.absolute(name))
                if path is not None and script_runs_tests(
                    projectfiles.text(project.folder, path, largest=_LARGEST)
                ):
                    found[place.instruction.line] = path
    return found


def _scripts_of(command: ShellCommand) -> tuple[str, ...]:
    """Name the script that a command runs, but no Makefile: which of its rules runs is not told by its text."""
    if command.program == "python":
        return tuple(word for word in command.argv[1:] if word.endswith(".py"))[:1]
    return () if command.program in _TASKS else _run_by(command)


def _run_by(command: ShellCommand) -> tuple[str, ...]:
    """Name the files that a command may run."""
    if command.program in _TASKS:
        return _TASKS[command.program]
    if command.program in _RUN_SCRIPTS:
        return tuple(word for word in command.argv[1:] if not word.startswith("-"))[:1]
    return (command.argv[0],) if "/" in command.argv[0] else ()


def declares(path: str) -> bool:
    """Whether a file declares dependencies, by its name or by the folder of requirements that it lies in."""
    folder, name = posixpath.split(path)
    return _DECLARING.fullmatch(name) is not None or posixpath.basename(folder).lower() == "requirements"
