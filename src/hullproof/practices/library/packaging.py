"""Saying how a project that is installed as a package gets its dependencies before its code: by an empty package first."""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING, Any

from hullproof import toml
from hullproof.dockerfile import install_commands
from hullproof.practices.library.lines import add, instead, joined, text_of
from hullproof.practices.library.places import copies_context

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hullproof.dockerfile import Instruction, Release
    from hullproof.facts import InstallStep

_DECLARED = "pyproject.toml"
_WORD = re.compile(r"[\w./-]+")
_PLAIN = frozenset({"setuptools.build_meta", "hatchling.build"})
"""Backends that build a package of one empty module."""


def before_its_code(release: Release, step: InstallStep, project_texts: Mapping[str, str]) -> str | None:
    """Say line by line how pip installs an empty package with all dependencies, and the code behind it; None where that is not plain."""
    run, package = release.instruction_at(step.line), _package(project_texts)
    text = text_of(run) if run is not None else None
    if run is None or text is None or package is None or run.mounts or not _is_pip_alone(run):
        return None
    stage = release.dockerfile.stages[run.stage_index]
    above = [each for each in release.dockerfile.stages if stage in release.ancestors_of(each)[1:]]
    if any(install_commands(each) for one in above for each in one.instructions):
        return None  # what it installs would come behind the code all the same
    code = [
        each
        for each in stage.instructions
        if copies_context(each) and each.line < run.line and _brings(each, package)
    ]
    readme = _project(project_texts).get("readme")
    lists = [_DECLARED, *([readme] if readme else [])]
    there = [
        posixpath.normpath(name) for each in stage.instructions if each not in code for name in each.sources
    ]
    missing = [each for each in lists if each not in there]
    first = f"RUN mkdir -p {package} && touch {package}/__init__.py &&"
    if len(code) != 1 or any("/" in each for each in lists):
        return None
    return joined(
        instead(release, code[0].line, f"COPY {' '.join(missing)} ./")
        if missing
        else f"Remove {release.where(code[0].line)}.",
        instead(release, step.line, f"{first} {text.removeprefix('RUN ')}"),
        add(release, "after", step.line, text_of(code[0])),
        add(release, "after", step.line, text.replace(" install", " install --no-deps", 1)),
    )


def _package(project_texts: Mapping[str, str]) -> str | None:
    """Return the folder of the one package that a project of plain settings builds, by its name; None for any other."""
    declared = _declared(project_texts)
    project, backend = _project(project_texts), toml.table(declared, "build-system").get("build-backend")
    others = {"setup.py", "setup.cfg"} & set(project_texts)
    name = project.get("name")
    # These take more of the project than its name and its dependencies.
    more = {"dynamic", "license-files"} & set(project) or isinstance(project.get("license"), dict)
    plain = all(
        isinstance(each, str) and _WORD.fullmatch(each) for each in (name, project.get("readme", name))
    )
    if not plain or others or more or backend not in _PLAIN:
        return None
    module = re.sub(r"[-.]+", "_", str(name)).lower()
    found = [
        each
        for each in (module, f"src/{module}")
        if f"{each}/__init__.py" in project_texts or _holds_code(each, project_texts)
    ]
    return found[0] if len(found) == 1 else None


def _project(project_texts: Mapping[str, str]) -> Mapping[str, Any]:
    return toml.table(_declared(project_texts), "project")


def _declared(project_texts: Mapping[str, str]) -> Mapping[str, Any]:
    """Read pyproject.toml; nothing where it is not there, or no TOML."""
    try:
        return toml.loads(project_texts.get(_DECLARED, ""))
    except toml.TomlError:
        return {}


def _holds_code(folder: str, project_texts: Mapping[str, str]) -> bool:
    return any(posixpath.dirname(path) == folder and path.endswith(".py") for path in project_texts)


def _is_pip_alone(run: Instruction) -> bool:
    """Whether a step does nothing but install the project that lies in its directory."""
    installs = install_commands(run)
    return (
        len(installs) == 1
        and not run.json
        and installs[0].tool == "pip"
        and not installs[0].no_deps
        and [each.partition("[")[0] for each in installs[0].local_paths] in (["."], ["./"])
        and text_of(run) == f"RUN {installs[0].command.text}"
        and not {"-e", "--editable"} & set(installs[0].command.argv)
    )


def _brings(copy: Instruction, package: str) -> bool:
    """Whether a COPY brings the package: all of the context, or a folder that it lies in."""
    return any(posixpath.normpath(each) in {".", package, package.partition("/")[0]} for each in copy.sources)
