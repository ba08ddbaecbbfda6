"""Lists of requirements: which line of which file names a package, and how it comes into another."""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING

from hullproof.dockerfile import Release, Stage, install_commands
from hullproof.practices.library.lines import add, append, joined, remove_from
from hullproof.practices.library.stages import FOR_TESTS

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

_NAME = re.compile(r"\s*(?P<name>[A-Za-z0-9][\w.-]*)")


def named_in(lists: Collection[str], project_texts: Mapping[str, str]) -> dict[str, tuple[str, int, str]]:
    """Return what lists of the project name: by a package's normal name the list's path, the line's number, and what it says.

    A list is found by the end of its path, where the project has just one such.
    """
    found = {}
    for each in lists:
        wanted = posixpath.normpath(each).lstrip("./")
        paths = [path for path in project_texts if path == wanted or wanted.endswith(f"/{path}")]
        for path in paths if len(paths) == 1 else ():
            for number, row in enumerate(project_texts[path].splitlines(), 1):
                name = name_in(row)
                if name is not None:
                    found[name] = (path, number, row.partition(" #")[0].strip())
    return found


def name_in(requirement: str) -> str | None:
    """Return the normal name of the package that a requirement names; None where it names none: an option, a comment, a path."""
    name = _NAME.match(requirement)
    return _normal(name["name"]) if name is not None else None


def to_unlist(
    release: Release,
    line: int,
    tools: Collection[str],
    for_tests: Mapping[Stage, str],
    project_texts: Mapping[str, str],
) -> str | None:
    """Say which lines of the lists that a step installs from go to those of the tests; None where no line names a tool."""
    step = release.instruction_at(line)
    installs = install_commands(step) if step is not None else ()
    lists_of_all = [
        file for each in installs for file in each.requirement_files if not FOR_TESTS.search(file)
    ]
    rows = named_in(lists_of_all, project_texts)
    meant = [rows[name] for name in map(_normal, tools) if name in rows]
    if not meant or any(row.endswith("\\") for _, _, row in meant):
        return None  # a list with hashes is made by a tool, from another
    ways: list[str | None] = [remove_from(path, number) for path, number, _ in meant]
    tested = [each for each in for_tests if each not in release.ancestors]
    steps = [
        (each, file)
        for stage in tested
        for each in stage.instructions
        for install in install_commands(each)
        for file in install.requirement_files
        if FOR_TESTS.search(file)
    ]
    there = named_in([file for _, file in steps], project_texts)
    missing = [row for _, _, row in meant if name_in(row) not in there]
    lists = {path for path, _, _ in there.values()}
    if missing and len(lists) == 1:
        ways.append(append(lists.pop(), *missing))
    elif missing and len(tested) == 1 and installs[0].tool == "pip":
        ways.append(
            add(release, "after", tested[0].line, f"RUN pip install --no-cache-dir {' '.join(missing)}")
        )
    elif missing:
        return None
    return joined(*ways)


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
