"""Which Python the image gets."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from packaging.specifiers import SpecifierSet

from hullproof.errors import UsageError
from hullproof.init.model import Python, Remark

if TYPE_CHECKING:
    from hullproof.init.files import Files
    from hullproof.init.metadata import Metadata

KNOWN = ("3.10", "3.11", "3.12", "3.13", "3.14")
"""What Python's own images are made for, oldest first."""
USUAL = "3.13"
"""Taken where the project says nothing: not the newest, for which some packages have no wheels yet."""
_VERSION = re.compile(r"(?:cpython-|python-)?(3\.\d+)(?:\.\d+)?\s*\Z")
_ENVIRONMENTS = (".venv/pyvenv.cfg", "venv/pyvenv.cfg")


def look(files: Files, metadata: Metadata, asked: str | None) -> Python:
    """Choose the version: as asked, else as the project pins it, as its environment has it, or a usual one.

    Raises UsageError where none fits what the project requires.
    """
    required, where = _required(metadata)
    fitting = [each for each in KNOWN if _fits(each, required)]
    if asked is not None:
        found = _VERSION.match(asked)
        if found is None:
            raise UsageError(f"--python {asked}: is no version of Python; give one such as --python {USUAL}")
        if not _fits(found[1], required):
            raise UsageError(f"--python {asked}: {where} says {required}; give one that fits")
        return Python(found[1], _others(found[1], fitting, required))
    for path in (".python-version", "runtime.txt", *_ENVIRONMENTS):
        version = _pinned(files, path)
        if version is not None and _fits(version, required):
            return Python(
                version, _others(version, fitting, required), (Remark("found", f"Python {version}, in {path}"),)
            )
    if not fitting:
        raise UsageError(f"{where} allows none of Python {', '.join(KNOWN)}; say which with --python")
    version = USUAL if USUAL in fitting else fitting[-1]
    why = f"which {where} allows" if where else "since nothing says which"
    return Python(
        version,
        _others(version, fitting, required),
        (Remark("assumed", f"Python {version}, {why} (--python)"),),
    )


def _fits(version: str, required: SpecifierSet | None) -> bool:
    """Whether some patch release of it is allowed."""
    return required is None or any(required.contains(f"{version}.{patch}") for patch in (0, 99))


def _others(version: str, fitting: list[str], required: SpecifierSet | None) -> tuple[str, ...]:
    """Choose what the workflow tries: from the chosen version on, where the project says what it works with."""
    if required is None or version not in fitting:
        return (version,)
    return tuple(fitting[fitting.index(version) :])


def _pinned(files: Files, path: str) -> str | None:
    """Read the first version of a file that pins one. An environment lies outside the listed files."""
    try:
        with (files.folder / path).open(encoding="utf-8", errors="replace") as stream:
            text = stream.read(10_000)
    except OSError:
        return None
    for line in text.splitlines():
        key, _, value = line.rpartition("=")
        if key.strip() in {"", "version", "version_info"}:
            found = _VERSION.match(value.strip())
            if found is not None:
                return found[1]
    return None


def _required(metadata: Metadata) -> tuple[SpecifierSet | None, str]:
    """Return what the project says of versions, and where."""
    project = metadata.table.get("project", {})
    written = project.get("requires-python") if isinstance(project, dict) else None
    where = "pyproject.toml (requires-python)"
    if written is None:
        written = metadata.tool("poetry", "dependencies").get("python")
        where = "pyproject.toml [tool.poetry.dependencies]"
    if not isinstance(written, str):
        return None, ""
    try:
        return SpecifierSet(_plain(written)), where
    except ValueError:
        return None, ""


def _plain(written: str) -> str:
    """Bring Poetry's `^3.11` and `~3.11` into the form of PEP 440."""
    parts = []
    for part in written.replace(" ", "").split(","):
        numbers = part[1:].split(".")
        if part.startswith("^"):
            parts += [f">={part[1:]}", f"<{int(numbers[0]) + 1}"]
        elif part.startswith("~") and not part.startswith("~=") and len(numbers) > 1:
            parts += [f">={part[1:]}", f"<{numbers[0]}.{int(numbers[1]) + 1}"]
        else:
            parts.append(part)
    return ",".join(parts)
