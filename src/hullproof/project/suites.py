"""Which files of a project hold tests: told by what is in them, not by the folder that they lie in."""

from __future__ import annotations

import configparser
import fnmatch
import hashlib
import posixpath
import re
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from hullproof import toml
from hullproof.project import projectfiles, tree
from hullproof.tools import holds_tests

if TYPE_CHECKING:
    from pathlib import Path

LOOKED_FOR = "test_*.py, *_test.py and tests.py"
_USUAL = ("test_*.py", "*_test.py", "tests.py")
_INI = (
    ("pytest.ini", "pytest"),
    (".pytest.ini", "pytest"),
    ("tox.ini", "pytest"),
    ("setup.cfg", "tool:pytest"),
)
_SMALLEST = 40
_LONGEST = 10_000
_EXAMPLE = re.compile(r"^[ \t]*>>> ", re.MULTILINE)
_DOCUMENTS = (".py", ".md", ".rst", ".txt")
_MAY_ASK = (".py", ".toml", ".ini", ".cfg", ".sh", "akefile")


@dataclass(frozen=True)
class TestFile:
    """A file that holds tests.

    `is_named_so`: runners look for files of such a name. `has_fixed_name`: pytest is told to look for just this name,
    so that it would not find another beside it. `is_document`: its tests are the examples in its text.
    """

    __test__ = False  # pytest would take the name for one of its own

    path: str
    is_named_so: bool = True
    has_fixed_name: bool = False
    is_document: bool = False


def find(folder: Path) -> tuple[str, ...]:
    """List the test files of the project in `folder`: called as runners look for them, and with a test in them."""
    return tuple(path for path, _ in _found(folder))


def _found(folder: Path) -> Iterator[tuple[str, bytes]]:
    """Yield the path and the content of each; what is not read is passed over."""
    patterns = _patterns(folder)
    for path in tree.files(folder):
        if _fits(path, patterns):
            try:
                content = projectfiles.read(folder, path)
            except (OSError, projectfiles.ProjectFileError):
                continue
            if holds_tests(content.decode("utf-8", "replace")):
                yield path, content


def scan(folder: Path, text: str) -> Iterator[TestFile]:
    """Yield every file that holds tests, whatever its name; those whose tests are examples, where those are run.

    That is so where `text`, a Dockerfile, or a file of the project speaks of doctest.
    """
    patterns = _patterns(folder)
    paths = [path for path in tree.files(folder) if path.endswith((*_DOCUMENTS, *_MAY_ASK))]
    asked = "doctest" in text
    examples = []
    for path in paths:
        if not path.endswith(_MAY_ASK):
            continue
        content = projectfiles.text(folder, path)
        asked = asked or "doctest" in content
        if not path.endswith(".py"):
            continue
        if holds_tests(content):
            yield TestFile(path, _fits(path, patterns), posixpath.basename(path) in patterns[len(_USUAL) :])
        elif _EXAMPLE.search(content):
            examples.append(path)
    if asked:
        documents = [path for path in paths if path.endswith(_DOCUMENTS) and not path.endswith(".py")]
        examples += [path for path in documents if _EXAMPLE.search(projectfiles.text(folder, path))]
        yield from (TestFile(path, is_named_so=False, is_document=True) for path in examples)


def contents(folder: Path) -> Mapping[str, str]:
    """Give the SHA-256 of each test file's content, with the file's path. Tiny files say nothing and are left out."""
    return {
        hashlib.sha256(content).hexdigest(): path
        for path, content in _found(folder)
        if len(content) >= _SMALLEST
    }


def _fits(path: str, patterns: tuple[str, ...]) -> bool:
    name = posixpath.basename(path)
    return name.endswith(".py") and _any_of(patterns).match(name) is not None


@lru_cache(maxsize=16)
def _any_of(patterns: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile("|".join(map(fnmatch.translate, patterns)))


def _patterns(folder: Path) -> tuple[str, ...]:
    """List the names of test files: the usual ones, and those that pytest's settings add (`python_files`)."""
    return (*_USUAL, *_words(_pytest_settings(folder).get("python_files")))


def _pytest_settings(folder: Path) -> Mapping[str, Any]:
    """Read pytest's settings where it would; what cannot be read says nothing."""
    for name, section in _INI:
        parser = configparser.ConfigParser(interpolation=None, strict=False)
        try:
            parser.read_string(projectfiles.text(folder, name))
        except configparser.Error:
            continue
        if parser.has_section(section):
            return parser[section]
    try:
        metadata = toml.loads(projectfiles.text(folder, "pyproject.toml"))
    except toml.TomlError:
        return {}
    table = toml.table(metadata, "tool", "pytest")
    return toml.table(table, "ini_options") if "ini_options" in table else table


def _words(value: object) -> tuple[str, ...]:
    if isinstance(value, str):
        if len(value) > _LONGEST:
            return ()
        try:
            return tuple(shlex.split(value))
        except ValueError:
            return tuple(value.split())
    return tuple(each for each in value if isinstance(each, str)) if isinstance(value, list) else ()
