"""Which Python the image gets."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from packaging.specifiers import SpecifierSet
from packaging.version import Version

from hullproof.errors import UsageError
from hullproof.init.model import Python, Remark
from hullproof.project import projectfiles

if TYPE_CHECKING:
    from hullproof.init.files import Files
    from hullproof.init.metadata import Metadata

KNOWN = ("3.10", "3.11", "3.12", "3.13", "3.14")
"""What Python's own images are made for, oldest first."""
USUAL = "3.13"
"""Taken where the project says nothing: not the newest, for which some packages have no wheels yet."""
_VERSION = re.compile(r"(?:cpython-|python-)?(3\.\d+)(?:\.\d+)?\s*\Z")
_PINS = {
    "Pipfile": re.compile(r"""^python_(?:full_)?version\s*=\s*["'](3\.\d+)""", re.MULTILINE),
    "Dockerfile": re.compile(r"^(?:FROM\s+(?:\S+/)?python:|ARG\s+PYTHON_VERSION=)(3\.\d+)\b", re.MULTILINE),
    "pyvenv.cfg": re.compile(r"^version(?:_info)?\s*=\s*(3\.\d+)", re.MULTILINE),
    "": re.compile(r"^[ \t]*(?:cpython-|python-)?(3\.\d+)", re.MULTILINE),
}
"""What pins a version, by the name of the file."""
_FAR = "3.99"
"""Allowed by who names no last version."""
_OLDEST = Version("3.9")
"""The first whose images have a pip with `--python`."""
_LARGEST = 100_000
_LONGEST = 1_000
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
            raise UsageError(
                f"--python {asked}: is not a version of Python; give one such as --python {USUAL}"
            )
        if Version(found[1]) < _OLDEST:
            raise UsageError(
                f"--python {asked}: its pip is too old for these images; give {_OLDEST} or newer"
            )
        if not _fits(found[1], required):
            raise UsageError(f"--python {asked}: {where} says {required}; give one that fits")
        return Python(found[1], _others(found[1], fitting, required))
    for path in (".python-version", "runtime.txt", "Pipfile", *_ENVIRONMENTS, "Dockerfile"):
        version = _pinned(files, path)
        if version is not None and _fits(version, required) and Version(version) >= _OLDEST:
            return Python(
                version,
                _others(version, fitting, required),
                (Remark("found", f"Python {version}, in {path}"),),
            )
    if not fitting:
        raise UsageError(f"{where} allows none of Python {', '.join(KNOWN)}; say which with --python")
    version = USUAL if USUAL in fitting else fitting[-1]
    if len(fitting) == 1:
        return Python(version, (version,), (Remark("found", f"Python {version}, in {where}"),))
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
    """Choose what the workflow tries: from the chosen version up to the last that the project says it works with."""
    if required is None or version not in fitting or required.contains(_FAR):
        return (version,)
    return tuple(fitting[fitting.index(version) :])


def _pinned(files: Files, path: str) -> str | None:
    """Read what a file pins. An environment is no part of the project, and so not among its files."""
    text = projectfiles.head(files.folder, path, _LARGEST).decode("utf-8", "replace")
    found = _PINS.get(path.rpartition("/")[2], _PINS[""]).search(text)
    return found[1] if found else None


def _required(metadata: Metadata) -> tuple[SpecifierSet | None, str]:
    """Return what the project says of versions, and where."""
    project = metadata.table.get("project", {})
    written = project.get("requires-python") if isinstance(project, dict) else None
    where = "pyproject.toml [project]"
    if written is None:
        written = metadata.tool("poetry", "dependencies").get("python")
        where = "pyproject.toml [tool.poetry.dependencies]"
    if not isinstance(written, str) or len(written) > _LONGEST:
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
