"""Which steps of the release's build install its dependencies, and what of the project declares those."""

from __future__ import annotations

import fnmatch
import posixpath
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from hullproof.dockerfile import commands, install_commands, script_runs_tests, test_commands
from hullproof.lab.outcomes import InstallStep
from hullproof.project import projectfiles, scripts, tree
from hullproof.project.arrivals import trace
from hullproof.project.sources import own_places

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from hullproof.dockerfile import Install, Place, Resolution
    from hullproof.project.project import Project

_NESTED = re.compile(r"^[ \t]*(?:-r|-c|--requirement|--constraint)[=\s]\s*(?P<file>\S+)", re.MULTILINE)
_PROJECT_FILES = ("pyproject.toml", "setup.py", "setup.cfg")
_EXPORTS = {
    ("poetry", "export"): ("pyproject.toml", "poetry.lock"),
    ("uv", "export"): ("pyproject.toml", "uv.lock"),
    ("uv", "pip"): ("pyproject.toml", "requirements.in"),
    ("pdm", "export"): ("pyproject.toml", "pdm.lock"),
    ("pipenv", "requirements"): ("Pipfile", "Pipfile.lock"),
    ("pip-compile", ""): ("requirements.in", "pyproject.toml"),
}
_PYTHON = re.compile(r"(?:python|pypy)[\d.]*")
_DECLARING = re.compile(
    r"(?<![\w./-])[\w./-]*(?:pyproject\.toml|Pipfile\.lock|poetry\.lock|uv\.lock|setup\.cfg)\b"
)
"""What a line of Python reads that lists the dependencies for pip."""
_PATTERN = re.compile(r"(?<![\w.${}/*-])[\w.${}/-]*\*[\w.${}/*-]*")
_VARIABLE = re.compile(r"\$\{?(\w+)")
_PATH = re.compile(r"(?<![\w.${}/-])[\w.${}/-]*\w\.\w+")
_exporting: WeakKeyDictionary[Resolution, str] = WeakKeyDictionary()
"""The commands of a release's build that write lists of dependencies."""


@dataclass(frozen=True)
class Candidate:
    """A step that may install dependencies. `tentative`: only what it does when it runs again can tell.

    `exports`: it installs nothing itself, but writes the list from which a later step does.
    """

    step: InstallStep
    tentative: bool = False
    exports: bool = False

    @property
    def line(self) -> int:
        """Where it stands in the Dockerfile."""
        return self.step.line


def candidates(project: Project) -> tuple[Candidate, ...]:
    """List the installing steps of all stages that the release needs, in the order of the Dockerfile.

    A step that installs named packages counts only where none before it, in its own image, installs from a file.
    """
    declared: list[Candidate] = []
    named: list[Candidate] = []
    for stage in project.needed_stages:
        for place in own_places(project, stage):
            instruction = place.instruction
            installs = [each for each in install_commands(instruction) if not each.tools_only]
            files = tuple(dict.fromkeys(_declaring(project, place, installs)))
            if any(each.declares_file or each.artifacts or _is_computed(place, each) for each in installs):
                if all(each.no_deps and each.installs_project for each in installs):
                    continue  # the application's own step
                declared.append(Candidate(_step(place, files), _is_tentative(installs, declared)))
            elif installs and not test_commands(instruction):
                named.append(Candidate(_step(place, ())))
            elif (exported := _exported(project, place)) and not installs:
                declared.append(Candidate(_step(place, exported), tentative=True, exports=True))
            elif (scripted := _scripted(project, place)) and not installs:
                declared.append(Candidate(_step(place, scripted)))
    with_declared = _stages_with(project, {each.line for each in declared if each.step.files})
    by_line = project.dockerfile.by_line
    alone = [each for each in named if by_line[each.line].stage_index not in with_declared]
    return tuple(sorted([*declared, *alone], key=lambda candidate: candidate.line))


def _stages_with(project: Project, lines: set[int]) -> set[int]:
    """Number the stages whose image some of these lines make, in the stage itself or below it."""
    resolution = project.dockerfile.resolved(project.build_args)
    found: set[int] = set()
    for index, (parent, own) in enumerate(zip(resolution.parents, resolution.places, strict=True)):
        if (parent and parent.index in found) or any(each.instruction.line in lines for each in own):
            found.add(index)
    return found


def _step(place: Place, files: tuple[str, ...]) -> InstallStep:
    return InstallStep(
        place.instruction.line,
        place.instruction.original.strip(),
        place.stage.reference,
        files,
    )


def _is_tentative(installs: list[Install], before: list[Candidate]) -> bool:
    """Whether a step may add no more than the project itself, or what an earlier step prepared."""
    if all(each.artifacts and not each.declares_file for each in installs):
        return True
    from_project = [each for each in installs if each.installs_project and not each.requirement_files]
    return bool(before) and len([each for each in installs if each.declares_file]) <= len(from_project)


def _declaring(project: Project, place: Place, installs: Iterable[Install]) -> Iterator[str]:
    """Find the files of the project that declare what a step installs, nested ones included."""
    for install in installs:
        for raw in (*install.requirement_files, *install.constraint_files):
            found = _in_project(project, place, raw)
            if found is not None:
                yield from _with_nested(project.folder, found)
        for raw in _read_by_others(project, place) if _is_computed(place, install) else ():
            found = _in_project(project, place, raw, guess=False)
            if found is not None:
                yield from _with_nested(project.folder, found)
        for raw in _implied(install):
            found = _in_project(project, place, raw, guess=False)
            if found is not None:
                yield found


def _implied(install: Install) -> Iterator[str]:
    """Yield the paths of files that an installer reads without being told."""
    yield from install.implied_files
    for raw in () if install.no_deps else install.local_paths:
        folder = re.sub(r"\[[^\]]*\]\Z", "", raw.removeprefix("file://")) or "."
        yield from (posixpath.join(folder, name) for name in _PROJECT_FILES)


def _is_computed(place: Place, install: Install) -> bool:
    """Whether what is installed is worked out while the step runs: by another command, or in a loop of the shell's."""
    words = (*install.packages, *install.requirement_files)
    return install.computed or any(
        place.scope.get(name) is None for word in words for name in _VARIABLE.findall(word)
    )


def _read_by_others(project: Project, place: Place) -> Iterator[str]:
    """Yield what may be paths in a step whose packages another command works out: `cat list.txt | xargs pip install`."""
    text = place.instruction.shell_text
    yield from (found[0] for found in _PATH.finditer(text))
    yield from _export_names(place)
    for pattern in (found[0] for found in _PATTERN.finditer(text)):
        folder, wanted = posixpath.split(pattern)
        names = {posixpath.basename(path) for path in tree.files(project.folder) if scripts.declares(path)}
        yield from (posixpath.join(folder, name) for name in sorted(names) if fnmatch.fnmatch(name, wanted))


def _in_project(project: Project, place: Place, raw: str, *, guess: bool = True) -> str | None:
    """Trace a path in a step back to a file of the context; by its name alone where nothing else leads there."""
    path = place.scope.expand(raw)
    found = trace(project, place.stage, place.instruction.line, place.absolute(path))
    if found is not None and projectfiles.is_file(project.folder, found):
        return found
    plain = posixpath.normpath(path).lstrip("/")
    if guess and place.workdir.strip("/") and plain.startswith(place.workdir.strip("/") + "/"):
        plain = plain[len(place.workdir.strip("/")) + 1 :]
    guessed = guess and projectfiles.is_file(project.folder, plain)
    return plain if guessed and not _made_by_export(project, posixpath.basename(plain)) else None


def _made_by_export(project: Project, name: str) -> bool:
    """Whether some step writes a file of that name: then it is not the project's."""
    resolution = project.dockerfile.resolved(project.build_args)
    if resolution not in _exporting:
        _exporting[resolution] = "\n".join(
            command.text
            for stage in project.needed_stages
            for instruction in stage.instructions
            if instruction.keyword == "RUN"
            for command in commands(instruction).commands
            if _export_of(command.argv)
        )
    return name in _exporting[resolution]


def _with_nested(folder: Path, path: str) -> Iterator[str]:
    """Yield a requirements file and those that it names with -r and -c, each once."""
    waiting, seen = [path], set[str]()
    while waiting:
        each = waiting.pop(0)
        if each in seen or not projectfiles.is_file(folder, each):
            continue
        seen.add(each)
        yield each
        waiting += [
            posixpath.normpath(posixpath.join(posixpath.dirname(each), match["file"]))
            for match in _NESTED.finditer(projectfiles.text(folder, each))
        ]


def _exported(project: Project, place: Place) -> tuple[str, ...]:
    """Find what a step reads that writes a requirements file for a later step: `poetry export` and its kin."""
    if place.instruction.keyword != "RUN":
        return ()
    found = (_in_project(project, place, name, guess=False) for name in _export_names(place))
    return tuple(dict.fromkeys(path for path in found if path))


def _export_names(place: Place) -> Iterator[str]:
    for command in commands(place.instruction).commands:
        yield from _export_of(command.argv)


def _scripted(project: Project, place: Place) -> tuple[str, ...]:
    """List what declares the packages that a script of the project installs; the script itself, where it names them.

    Scripts that run tests install what those need, in the same step.
    """
    if test_commands(place.instruction):
        return ()
    declaring: list[str] = []
    for script, text in scripts.installing(project, place):
        if script_runs_tests(text):
            continue
        traced = (_in_project(project, place, found[0], guess=False) for found in _PATH.finditer(text))
        named = [path for path in traced if path is not None and scripts.declares(path)]
        declaring += [each for path in named for each in _with_nested(project.folder, path)] or [script]
    return tuple(dict.fromkeys(declaring))


def _export_of(argv: tuple[str, ...]) -> tuple[str, ...]:
    program = posixpath.basename(argv[0]) if argv else ""
    words = [word for word in argv[1:] if not word.startswith("-")]
    if program == "uv" and words[:2] == ["pip", "install"]:
        return ()
    if program == "pip-compile":
        return (*words, *_EXPORTS[program, ""])
    if _PYTHON.fullmatch(program) and "-c" in argv:
        return tuple(_DECLARING.findall(argv[-1]))
    return _EXPORTS.get((program, words[0] if words else ""), ())
