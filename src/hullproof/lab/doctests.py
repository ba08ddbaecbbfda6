"""Where to plant in a project whose only tests are the examples in its docstrings and documents."""

from __future__ import annotations

import fnmatch
import posixpath
import re
from typing import TYPE_CHECKING

from hullproof.dockerfile import test_commands
from hullproof.lab import tree
from hullproof.lab.beds import Bed, Group
from hullproof.lab.sources import own_places, trace

if TYPE_CHECKING:
    from hullproof.dockerfile import TestRun
    from hullproof.lab.sources import Place
    from hullproof.project import Project

_DOCUMENTS = (".py", ".md", ".rst", ".txt")
_EXAMPLE = re.compile(r"^\s*>>> ", re.MULTILINE)
_SETTINGS = ("pyproject.toml", "pytest.ini", ".pytest.ini", "setup.cfg", "tox.ini")


def find(project: Project) -> tuple[Group, ...]:
    """List the files whose examples the test steps run: those that each is given, else all that have any."""
    documents = [
        path
        for path in tree.files(project.folder)
        if path.endswith(_DOCUMENTS) and _EXAMPLE.search(tree.text(project.folder / path))
    ]
    by_settings = any("--doctest-" in tree.text(project.folder / name) for name in _SETTINGS)
    groups = []
    for stage in project.needed_stages:
        for place in own_places(project, stage):
            for run in test_commands(place.instruction):
                asked = by_settings or any(word.startswith("--doctest-") for word in run.command.argv)
                if run.runner == "doctest" or (run.runner == "pytest" and asked):
                    given = [path for path in documents if _is_given(project, place, run, path)]
                    groups.append(
                        tuple(Bed(posixpath.dirname(path), document=path) for path in given or documents)
                    )
    return tuple(dict.fromkeys(group for group in groups if group))


def _is_given(project: Project, place: Place, run: TestRun, path: str) -> bool:
    """Whether an argument of the runner is this file, a folder above it, or a pattern that it fits."""
    above = [path[:at] for at in (len(path), *(match.start() for match in re.finditer("/", path)))]
    return any(
        fnmatch.fnmatch(path, posixpath.normpath(raw))
        or trace(project, place.stage, run.line, place.absolute(raw)) in above
        for raw in run.paths
    )


def example(path: str, nonce: str, *, passing: bool = False) -> bytes:
    """Write an example that fails, or passes, to stand at the end of a file."""
    line = (
        ">>> None"
        if passing
        else f'>>> raise AssertionError("hullproof planted this failing example: {nonce}")'
    )
    if not path.endswith(".py"):
        return f"\n\n{line}\n".encode()
    return f'\n\ndef hullproof_{nonce}():\n    """Planted by Hullproof.\n\n    {line}\n    """\n'.encode()
