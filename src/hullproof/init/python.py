"""Which Python the image gets: one that the project says it runs on, and that its locked packages have wheels for."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.version import Version

from hullproof import toml
from hullproof.errors import UsageError
from hullproof.init.model import Python, Remark
from hullproof.project import projectfiles

if TYPE_CHECKING:
    from hullproof.init.files import Files
    from hullproof.init.locks import Lock
    from hullproof.init.metadata import Metadata

KNOWN = ("3.10", "3.11", "3.12", "3.13", "3.14")
"""What Python's own images are made for, oldest first."""
USUAL = "3.13"
"""Taken where the project says nothing: not the newest, for which some packages have no wheels yet."""
_VERSION = re.compile(r"(?:cpython-|python-)?(3\.\d+)(?:\.\d+)?\s*\Z")
_FAR = "3.99"
"""Allowed by who names no last version."""
_OLDEST = Version("3.9")
"""The first whose images have a pip with `--python`."""
_LARGEST = 100_000
_LONGEST = 1_000

_PINS = (
    (".python-version", r"^[ \t]*(?:cpython-|python-)?(3\.\d+)"),
    ("runtime.txt", r"^[ \t]*(?:cpython-|python-)?(3\.\d+)"),
    (".tool-versions", r"^python\s+(3\.\d+)"),
    ("mise.toml", r"""^python\s*=\s*["'](3\.\d+)"""),
    ("Pipfile", r"""^python_(?:full_)?version\s*=\s*["'](3\.\d+)"""),
    ("Dockerfile", r"^(?:FROM\s+(?:\S+/)?python:|ARG\s+PYTHON_VERSION=)(3\.\d+)\b"),
    (".venv/pyvenv.cfg", r"^version(?:_info)?\s*=\s*(3\.\d+)"),
    ("venv/pyvenv.cfg", r"^version(?:_info)?\s*=\s*(3\.\d+)"),
)
"""What pins one version, the strongest first. An environment is no part of the project, and not among its files."""
_HINTS = (
    (r"pyproject\.toml", r"^\s*(?:python_version|target-version)\s*=.*"),  # mypy's, ruff's, black's
    (r"(?:mypy|setup)\.(?:ini|cfg)", r"^\s*python_version\s*=.*"),
    (r"\.github/workflows/[^/]+\.ya?ml|\.gitlab-ci\.ya?ml", r"^.*\bpython(?:[-_]version)?\b.*|^\s*-\s*[\"']?3\.\d+[\"']?\s*$"),
    (r"tox\.ini", r"^\s*env_?list\s*=.*"),
    (r"pyproject\.toml|setup\.(?:py|cfg)", r".*Programming Language :: Python :: .*"),
)  # fmt: skip
"""The lines that tell on which versions it is worked: the newest that one of these names, in this order."""
_NAMED = re.compile(r"(?<![\d.])(?:py)?3\.?(\d{1,2})\b")


def look(files: Files, metadata: Metadata, lock: Lock | None, asked: str | None) -> Python:
    """Choose the version: as asked, as the project pins it or works with it, as the lock allows, or the lowest.

    An upper end of a range is no choice: what is pinned was made when the lower end was. Raises UsageError where
    none fits what the project requires.
    """
    required, where = _required(metadata)
    fitting = [each for each in KNOWN if _fits(each, required)]
    if asked is not None:
        return _asked(asked, fitting, required, where)
    for place, pattern in _PINS:
        path = files.dockerfile if place == "Dockerfile" else place
        text = projectfiles.head(files.folder, path, _LARGEST).decode("utf-8", "replace")
        pinned = re.search(pattern, text, re.MULTILINE)
        if pinned and _fits(pinned[1], required) and Version(pinned[1]) >= _OLDEST:
            return _chosen(pinned[1], fitting, required, Remark("found", f"Python {pinned[1]}, in {path}"))
    if not fitting:
        raise UsageError(f"{where} allows none of Python {', '.join(KNOWN)}; say which with --python")
    if len(fitting) == 1:
        return _chosen(fitting[0], fitting, required, Remark("found", f"Python {fitting[0]}, in {where}"))
    locked = lock.fitting(fitting) if lock is not None else fitting
    for version, place in _hinted(files):
        if version in locked:
            return _chosen(version, locked, required, Remark("found", f"Python {version}, in {place}"))
    if lock is not None and lock.is_binary:
        version, why = locked[-1], f"the newest that all packages in {lock.path} have wheels for"
    elif required is not None:
        version, why = locked[0], f"the lowest that {where} allows"
    else:
        version, why = (USUAL if USUAL in locked else locked[-1]), "since nothing says which"
    return _chosen(version, locked, required, Remark("assumed", f"Python {version}, {why} (--python)"))


def _asked(asked: str, fitting: list[str], required: SpecifierSet | None, where: str) -> Python:
    found = _VERSION.match(asked)
    if found is None:
        raise UsageError(f"--python {asked}: is not a version of Python; give one such as --python {USUAL}")
    if Version(found[1]) < _OLDEST:
        raise UsageError(f"--python {asked}: its pip is too old for these images; give {_OLDEST} or newer")
    if not _fits(found[1], required):
        raise UsageError(f"--python {asked}: {where} says {required}; give one that fits")
    return _chosen(found[1], fitting, required)


def _chosen(version: str, fitting: list[str], required: SpecifierSet | None, *said: Remark) -> Python:
    """Add what the workflow tries: from the chosen version up to the last that the project says it works with."""
    others: tuple[str, ...] = (version,)
    if required is not None and version in fitting and not required.contains(_FAR):
        others = tuple(fitting[fitting.index(version) :])
    return Python(version, others, said)


def _hinted(files: Files) -> Iterator[tuple[str, str]]:
    """Yield the newest version that each kind of file names, with the place."""
    for paths, telling in _HINTS:
        named = [
            (int(minor), f"{path}:{number}")
            for path in files.paths
            if re.fullmatch(paths, path)
            for number, line in enumerate(files.text(path)[:_LARGEST].splitlines(), start=1)
            if re.match(telling, line[:_LONGEST], re.IGNORECASE)
            for minor in _NAMED.findall(line[:_LONGEST])
        ]
        if named:
            minor, place = max(named, key=lambda each: each[0])
            yield f"3.{minor}", place


def _fits(version: str, required: SpecifierSet | None) -> bool:
    """Whether some patch release of it is allowed."""
    return required is None or any(required.contains(f"{version}.{patch}") for patch in (0, 99))


def _required(metadata: Metadata) -> tuple[SpecifierSet | None, str]:
    """Return what the project says of versions, and where."""
    written = toml.table(metadata.table, "project").get("requires-python")
    where = "pyproject.toml [project]"
    if written is None:
        written = metadata.tool("poetry", "dependencies").get("python")
        where = "pyproject.toml [tool.poetry.dependencies]"
    if not isinstance(written, str) or len(written) > _LONGEST:
        return None, ""
    try:
        return SpecifierSet(_plain(written)), where
    except (InvalidSpecifier, ValueError):
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
