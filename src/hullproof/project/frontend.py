"""Dockerfiles that ask for a frontend from a registry (`# syntax=docker/dockerfile:1`), where none is in reach.

BuildKit fetches that frontend before it reads anything else, and cannot be told not to. Where it cannot be
fetched, the build uses the frontend within BuildKit, by a copy of the Dockerfile without that line.
"""

from __future__ import annotations

import posixpath
import re
from pathlib import Path

from hullproof.project import projectfiles

_DIRECTIVE = re.compile(r"#\s*(?P<name>[A-Za-z]+)\s*=")


def without_syntax_directive(text: str) -> str:
    """Return a Dockerfile's text with its syntax directive made a plain comment, line numbers unchanged.

    Other directives count only as long as nothing else stands before them, so the comment goes below them.
    """
    lines = text.splitlines(keepends=True)
    header = 0
    while header < len(lines) and _DIRECTIVE.match(lines[header].lstrip("\ufeff").strip()):
        header += 1
    kept = [line for line in lines[:header] if not _is_syntax(line)]
    dropped = [
        re.sub(r"[A-Za-z]+\s*=", "left out: ", line, count=1) for line in lines[:header] if _is_syntax(line)
    ]
    return "".join([*kept, *dropped, *lines[header:]])


def _is_syntax(line: str) -> bool:
    found = _DIRECTIVE.match(line.lstrip("\ufeff").strip())
    return found is not None and found["name"].lower() == "syntax"


def copy_without_syntax_directive(project: Path, dockerfile: str, folder: Path) -> Path:
    """Write such a copy into `folder`, as `write_copy` does."""
    text = projectfiles.read(project, dockerfile).decode("utf-8-sig")
    return write_copy(project, dockerfile, folder, without_syntax_directive(text))


def write_copy(project: Path, dockerfile: str, folder: Path, text: str) -> Path:
    """Write a text in the place of a Dockerfile into `folder`, with the ignore file that belongs to that alone, if any."""
    copy = folder / posixpath.basename(dockerfile)
    copy.write_text(text, encoding="utf-8")
    own_ignore = projectfiles.read_if_any(project, f"{dockerfile}.dockerignore")
    if own_ignore is not None:
        copy.with_name(f"{copy.name}.dockerignore").write_bytes(own_ignore)
    return copy
