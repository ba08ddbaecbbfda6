"""Whether a project has to be installed to run: some ask, as installed packages can, for their own metadata."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from hullproof import toml
from hullproof.init import origins, requirements
from hullproof.init.metadata import strings
from hullproof.init.model import Own, Remark

if TYPE_CHECKING:
    from hullproof.init.files import Files
    from hullproof.init.metadata import Metadata

_READERS = re.compile(r"\bimportlib[._]metadata\b|\bpkg_resources\b")
_OF_ITSELF = r"""\(\s*(?:__package__|__name__|["']{}["'])"""
_FROM_TAGS = ("setuptools-scm", "setuptools_scm", "hatch-vcs")


def look(files: Files, metadata: Metadata, release: tuple[str, ...]) -> tuple[Own | None, tuple[Remark, ...]]:
    """Return how the project itself gets in, None where its code is enough. `release` is where that is."""
    system = metadata.table.get("build-system")
    name = metadata.name
    if not isinstance(system, dict) or name is None:
        return None, ()
    itself = re.compile(_OF_ITSELF.format(re.sub(r"[-_.]+", "[-_.]+", name)), re.IGNORECASE)
    for path in files.code:
        text = files.text(path)
        found = itself.search(text) if _READERS.search(text) else None
        if found is not None:
            tagged = any(each in needed for needed in strings(system.get("requires")) for each in _FROM_TAGS)
            _require_known(files, metadata, strings(system.get("requires")))
            copied = tuple(dict.fromkeys(("pyproject.toml", *_described(files, metadata), *release)))
            remark = Remark(
                "found", f"{name} asks for its own version, in {path}:{files.line_of(path, found[0])}"
            )
            return Own(copied, tagged), (remark,)
    return None, ()


def _require_known(files: Files, metadata: Metadata, requires: list[str]) -> None:
    """Raise UsageError where what builds the project comes from where pip, which gets it by name, would not look."""
    needed = (requirements.declared(text, f"{metadata.path} [build-system]") for text in requires)
    way_out = "name it in [build-system] with its address, then init again"
    origins.require_known(files, metadata, "pip", [each for each in needed if each], way_out=way_out)


def _described(files: Files, metadata: Metadata) -> list[str]:
    """List the files that building it reads: its description, its licence, what setuptools had before."""
    project = toml.table(metadata.table, "project")
    named = [project.get("readme"), project.get("license"), metadata.tool("poetry").get("readme")]
    paths = [each.get("file") if isinstance(each, dict) else each for each in named]
    return [
        path
        for path in (*paths, "setup.py", "setup.cfg", "MANIFEST.in")
        if isinstance(path, str) and path in files
    ]
