"""Reads requirements files as far as it takes: the names in them, the files and the indexes that they lead to.

The format is pip's own (https://pip.pypa.io/en/stable/reference/requirements-file-format/); `packaging` reads the
requirements in it. What neither knows is passed over: pip will have its say in the build.
"""

from __future__ import annotations

import functools
import posixpath
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from hullproof.errors import UsageError

if TYPE_CHECKING:
    from hullproof.init.files import Files

_COMMENT = re.compile(r"(?:^|\s)#.*$")
_OTHER_FILE = re.compile(r"(?:-r|-c|--requirement|--constraint)(?:\s+|=)?(?P<file>\S.*)")
_INDEX = re.compile(
    r"(?:-i|-f|--index-url|--extra-index-url|--find-links|--pypi-url)(?:\s+|=)?(?P<where>\S+)"
)
_EDITABLE = re.compile(r"(?:-e|--editable)(?:\s+|=)")
_LINE_OPTION = re.compile(r"\s--?[a-z]")
_VERSION_CONTROL = re.compile(r"(?:git|hg|svn|bzr)\+")
_EGG = re.compile(r"[#&]egg=([A-Za-z0-9._-]+)")


@dataclass(frozen=True)
class Declared:
    """One package that a file asks for, and where; `text` is how. `extras` and `url` as in PEP 508."""

    name: str
    place: str
    extras: frozenset[str] = frozenset()
    url: str | None = None
    text: str = ""


@dataclass(frozen=True)
class Listed:
    """What one requirements file and those that it leads to ask for.

    `files` are all of them; `indexes` are the addresses that they take packages from, each with its place.
    """

    files: tuple[str, ...] = ()
    packages: tuple[Declared, ...] = ()
    indexes: tuple[tuple[str, str], ...] = ()


def read(files: Files, path: str) -> Listed:
    """Read a requirements file of the project and those that it names.

    Raises UsageError where it installs a folder, or leads out of the project: no build could do that before the
    code is there.
    """
    seen: dict[str, None] = {}
    packages, indexes = [], []
    for place, line in _all_lines(files, path, seen):
        index = _INDEX.match(line)
        if index is not None:
            if "://" not in index["where"]:
                raise _from_a_folder(place, line)
            indexes.append((index["where"], place))
        elif (found := _package(place, line)) is not None:
            packages.append(found)
    return Listed(tuple(seen), tuple(packages), tuple(indexes))


@functools.lru_cache(maxsize=100_000)
def declared(text: str, place: str) -> Declared | None:
    """Read one requirement; None where it is none that `packaging` knows."""
    try:
        requirement = Requirement(text)
    except InvalidRequirement:
        return None
    return Declared(
        canonicalize_name(requirement.name), place, frozenset(requirement.extras), requirement.url, text
    )


def _package(place: str, line: str) -> Declared | None:
    text, editable = _EDITABLE.subn("", line)
    if text.startswith("-"):
        return None
    text = _LINE_OPTION.split(text, maxsplit=1)[0].strip()
    found = declared(text, place)
    if found is None and (_VERSION_CONTROL.match(text) or "://" in text):
        egg = _EGG.search(text)
        found = Declared(canonicalize_name(egg[1]) if egg else "", place, url=text)
    if found is None and not (editable or text.startswith((".", "/")) or text.endswith(".whl")):
        return None
    if found is None or (found.url or "").startswith("file:"):
        raise _from_a_folder(place, text)
    return found


def _from_a_folder(place: str, text: str) -> UsageError:
    return UsageError(
        f"{place}: installs {text} from a folder, which is not there yet when the build installs "
        "packages; list its dependencies instead, the code is found without being installed"
    )


def _all_lines(files: Files, path: str, seen: dict[str, None]) -> Iterator[tuple[str, str]]:
    """Yield the lines of a file with their places and, where it names another one, of that: each file once."""
    reading = [(path, _lines(files.text(path)))] if path not in seen else []
    seen[path] = None
    while reading:
        path, lines = reading[-1]
        number, line = next(lines, (0, ""))
        other = _OTHER_FILE.match(line)
        if not number:
            reading.pop()
        elif other is None:
            yield f"{path}:{number}", line
        else:
            nested = posixpath.normpath(posixpath.join(posixpath.dirname(path), other["file"].strip()))
            if nested not in files:
                raise UsageError(f"{path}:{number}: there is no file {nested} in the project; fix the line")
            if nested not in seen:
                seen[nested] = None
                reading.append((nested, _lines(files.text(nested))))


def _lines(text: str) -> Iterator[tuple[int, str]]:
    """Yield the logical lines, each with the number of its first: comments gone, continuations joined."""
    held, start = "", 0
    for number, raw in enumerate(text.splitlines(), start=1):
        start = start if held else number
        line = _COMMENT.sub("", held + raw).rstrip()
        if line.endswith("\\"):
            held = line[:-1] + " "
            continue
        held = ""
        if line.strip():
            yield start, line.strip()
