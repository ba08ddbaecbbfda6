"""Saying how a project's own tool installs its dependencies before its code."""

from __future__ import annotations

import fnmatch
import posixpath
import re
from collections.abc import Mapping

from hullproof.dockerfile import Install, Instruction, Release, Stage, commands, install_commands
from hullproof.dockerfile.model import Mount
from hullproof.facts import InstallStep
from hullproof.practices.checks import listed
from hullproof.practices.library.lines import add, append, copy_of, instead, joined, remove, text_of
from hullproof.practices.library.lists import name_in, named_in
from hullproof.practices.library.packaging import before_its_code
from hullproof.practices.library.places import copies_context

_LIST = "requirements.txt"
_INSTALLS = re.compile(r"\s*(?:#.*|set [-+].*|(?:python3? -m )?(?:uv )?pip3? install\b(?!.*(?:\s|=)\.).*)?$")
"""A line of a script that installs from lists, or does nothing."""
_WITHOUT_PROJECT = {
    "uv sync": "--no-install-project",
    "poetry install": "--no-root",
    "pdm install": "--no-self",
    "pdm sync": "--no-self",
}
"""How tools are part to install what a project needs, and not yet the project, whose code is not there."""


def copy_the_code_after(release: Release, step: InstallStep, project_texts: Mapping[str, str]) -> str:
    """Say how to install before the code is there: with the step's own files, its line, and its tool."""
    return (
        _in_lines(release, step)
        or before_its_code(release, step, project_texts)
        or _by_script(release, step, project_texts)
        or _in_prose(release, step)
    )


def _by_script(release: Release, step: InstallStep, project_texts: Mapping[str, str]) -> str | None:
    """Say how a script that only installs is copied with what it installs from, and the code behind it; None where it does more."""
    run, stage = release.instruction_at(step.line), release.stage_at(step.line)
    every = commands(run).commands if run is not None else ()
    script = posixpath.normpath(every[0].argv[0]) if len(every) == 1 and every[0].argv else ""
    text = project_texts.get(script, "")
    if (
        run is None
        or stage is None
        or run.mounts
        or not text
        or not all(map(_INSTALLS.match, text.splitlines()))
    ):
        return None
    code = _code(release, stage, step)
    meant = copy_of(code[0], list(dict.fromkeys((*step.files, script)))) if len(code) == 1 else None
    return joined(
        *(instead(release, each.line, meant) for each in code),
        *(add(release, "after", step.line, text_of(each)) for each in code),
    )


def instead_of_written(release: Release, file: str) -> str | None:
    """Say that a file of the project is copied where a here-document writes one of its name; None where none does."""
    name = posixpath.basename(file)
    written = [
        each
        for stage in release.needed
        for each in stage.instructions
        if each.keyword == "COPY" and len(each.heredocs) == 1 and not each.sources
        if name in {posixpath.basename(each.destination or ""), each.heredocs[0].name}
    ]
    if len(written) != 1:
        return None
    return instead(release, written[0].line, " ".join(["COPY", *written[0].flags, file, written[0].args[-1]]))


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
    if text is None or run.mounts:
        return None if text is None else _mounting_the_file(release, run, install, text)
    if install.installs_project and not option:
        return None
    home = next((each for each in release.ancestors_of(stage) if _code(release, each, step)), stage)
    first = next(filter(install_commands, home.instructions), None)
    if (
        home != stage
        and first is not None
        and any(each.line < first.line for each in _code(release, home, step))
    ):
        # The stage below has the code already, and installs as well: one fix for both.
        files = tuple(
            posixpath.normpath(file) for each in install_commands(first) for file in each.requirement_files
        )
        return _in_lines(release, InstallStep(first.line, first.original, home.label, files))
    code = _code(release, home, step)
    lists = [source for each in _bringing(release, home, step) if each not in code for source in each.sources]
    missing = [
        each for each in step.files if not any(each in _matched(source, step.files) for source in lists)
    ]
    if not code or any(each.heredocs or text_of(each) is None for each in code):
        return None
    again = option is not None and option not in text
    return joined(
        instead(release, code[0].line, copy_of(code[0], missing))
        if missing
        else remove(release, code[0].line),
        *(remove(release, each.line) for each in code[1:]),
        instead(release, step.line, text.replace(how, f"{how} {option}", 1)) if again else "",
        *(
            add(release, "after", line, text_of(each))
            for line in _behind(release, home, step)
            for each in code
        ),
        add(release, "after", step.line, text) if again else "",
    )


def _bringing(release: Release, stage: Stage, step: InstallStep) -> list[Instruction]:
    """List what brings files before a step: from the context, or where nothing does from a stage that holds it."""
    before = [each for each in stage.instructions if each.line < step.line]
    stages = [each for each in before if each.sources and release.dockerfile.find(each.flag("from") or "")]
    return [each for each in before if copies_context(each)] or stages


def _code(release: Release, stage: Stage, step: InstallStep) -> list[Instruction]:
    """List what brings more before a step than what declares the dependencies."""
    is_list = [
        *step.files,
        *(
            file
            for each in stage.instructions
            for one in install_commands(each)
            for file in one.requirement_files
        ),
    ]
    return [
        each
        for each in _bringing(release, stage, step)
        if not all(_matched(source, tuple(is_list)) for source in each.sources)
    ]


def _behind(release: Release, stage: Stage, step: InstallStep) -> list[int]:
    """List the lines behind which the code is copied: the step's, or the last that installs in each stage on its own."""
    on_it = [each for each in release.dockerfile.stages if release.ancestors_of(each)[1:2] == (stage,)]
    installing = [[step.line for step in each.instructions if install_commands(step)] for each in on_it]
    if not any(installing):
        return [step.line]
    return [max([each.line, *lines]) for each, lines in zip(on_it, installing, strict=True)]


def _mounting_the_file(release: Release, run: Instruction, install: Install, text: str) -> str | None:
    """Say how a step that has a whole folder mounted has the one file of it that it installs from."""
    bound = [each for each in run.mounts if each.type == "bind"]
    if len(bound) != 1 or len(install.requirement_files) != 1:
        return None
    mount, file = bound[0], install.requirement_files[0]
    flag = next(each for each in run.flags if Mount.read(each.partition("=")[2]) == mount)
    target = (mount.target or "").rstrip("/")
    if not target or not file.startswith(f"{target}/"):
        return None
    source = posixpath.join(mount.source or "", file.removeprefix(f"{target}/"))
    origin = f"from={mount.from_}," if mount.from_ else ""
    return instead(
        release, run.line, text.replace(flag, f"--mount=type=bind,{origin}source={source},target={file}")
    )


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


def declare_in_a_file(release: Release, step: InstallStep, project_texts: Mapping[str, str]) -> str:
    """Say how to install what a step names from a file."""
    install, run = _install(release, step), release.instruction_at(step.line)
    text = text_of(run) if run is not None else None
    if (
        install is not None
        and text is not None
        and install.tool in {"pip", "uv", "uv pip"}
        and install.packages
    ):
        there = named_in([_LIST], project_texts)
        missing = [each for each in install.packages if name_in(each) not in there]
        first, *others = install.packages
        meant = re.sub(rf"(?<=\s)[\"']?{re.escape(first)}[\"']?(?=\s|$)", f"-r {_LIST}", text)
        for each in others:
            meant = re.sub(rf"\s[\"']?{re.escape(each)}[\"']?(?=\s|$)", "", meant)
        shown = joined(
            *([append(_LIST, *missing)] if missing else []),
            add(release, "before", step.line, f"COPY {_LIST} ./"),
            instead(release, step.line, meant if meant.count(_LIST) == 1 else None),
        )
        if shown is not None:
            return shown
    tool = "uv pip" if install is not None and install.tool.startswith("uv") else "pip"
    return (
        f"Write what {release.where(step.line)} names into requirements.txt, COPY it, and install with "
        f"{tool} install -r requirements.txt."
    )


def _install(release: Release, step: InstallStep) -> Install | None:
    instruction = release.instruction_at(step.line)
    return next(iter(install_commands(instruction)), None) if instruction is not None else None
