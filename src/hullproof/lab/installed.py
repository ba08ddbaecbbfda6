"""What a step says that it installed, and the project's own distributions, which do not count."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from hullproof import toml
from hullproof.project import projectfiles

if TYPE_CHECKING:
    from pathlib import Path

    from hullproof.engine.model.build import Step

_INSTALLED = (
    re.compile(r"^(?:#\d+ [\d.]+ )?Successfully installed (?P<names>.+)$"),
    re.compile(r"^(?:#\d+ [\d.]+ )?Installing collected packages: (?P<names>.+)$"),
    re.compile(r"^\s*\+ (?P<names>[A-Za-z0-9][\w.-]*)(?:==| @ |\Z)"),
    re.compile(r"^\s*[-•] (?:Installing|Updating) (?P<names>[A-Za-z0-9][\w.-]*) \("),
    re.compile(r"^\s*(?:✔|✓)? ?Install (?P<names>[A-Za-z0-9][\w.-]*) \S+ successful"),
)
_VERSION = re.compile(r"-\d[^-]*\Z")
_ANSI = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")


def foreign_packages(step: Step, own: frozenset[str]) -> frozenset[str]:
    """List the packages that a step's output says it installed, but for the project's own."""
    found = set()
    for line in step.log:
        plain = _ANSI.sub("", line)
        for pattern in _INSTALLED:
            match = pattern.match(plain)
            if match:
                found |= {
                    normal(_VERSION.sub("", name))
                    for name in re.split(r"[,\s]+", match["names"].strip())
                    if name
                }
    return frozenset(found - own)


def own_names(folder: Path) -> frozenset[str]:
    """Give the names under which the project's own distributions install."""
    names = set()
    for path in [
        folder / "pyproject.toml",
        *folder.glob("*/pyproject.toml"),
        *folder.glob("*/*/pyproject.toml"),
    ]:
        try:
            metadata = toml.loads(projectfiles.text(folder, str(path.relative_to(folder))))
        except toml.TomlError:
            continue
        parts = (toml.table(metadata, "project"), toml.table(metadata, "tool", "poetry"))
        names |= {name for part in parts if isinstance(name := part.get("name"), str)}
    for name in ("setup.cfg", "setup.py"):
        text = projectfiles.text(folder, name)
        names |= set(re.findall(r"""^[ \t]*name[ \t]*=[ \t]*["']?([\w.-]+)""", text, re.MULTILINE))
    return frozenset(normal(name) for name in names if name)


def normal(name: str) -> str:
    """Bring a distribution's name into the form in which names are compared."""
    return re.sub(r"[-_.]+", "-", name).lower()
