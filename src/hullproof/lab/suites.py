"""Where a project's tests live, and what a new one beside them must be called to be found."""

from __future__ import annotations

import configparser
import fnmatch
import hashlib
import itertools
import posixpath
import re
import shlex
import sys
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from hullproof.lab import tree

if TYPE_CHECKING:
    from pathlib import Path

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

USUAL_PATTERNS = ("test_*.py", "*_test.py")
LOOKED_FOR = "test_*.py, *_test.py and tests.py"
_DJANGO = frozenset({"tests.py", "test.py"})
_INI = (
    ("pytest.ini", "pytest"),
    (".pytest.ini", "pytest"),
    ("tox.ini", "pytest"),
    ("setup.cfg", "tool:pytest"),
)
_SMALLEST, _LARGEST = 40, 1 << 20
_TASK_FILES = (
    "noxfile.py",
    "tox.ini",
    "Makefile",
    "makefile",
    "justfile",
    "tasks.py",
    "pyproject.toml",
    "setup.cfg",
)


@dataclass(frozen=True)
class Suites:
    """The tests of a project. `files` are paths of test files; `testpaths` what pytest is configured to run."""

    root: Path
    files: tuple[str, ...]
    patterns: tuple[str, ...] = USUAL_PATTERNS
    testpaths: tuple[str, ...] = ()
    task_texts: str = ""
    marker: str | None = None
    """What pytest's settings select by: `addopts = -m unit`."""
    fixed_names: tuple[str, ...] = ()
    """The only names that pytest is told to look for, where none is a pattern: `python_files = tests.py`."""

    @cached_property
    def folders(self) -> Mapping[str, int]:
        """The directories that hold test files, "" for the top, with how many each holds."""
        return Counter(posixpath.dirname(path) for path in self.files)

    def below(self, path: str) -> list[str]:
        """List the test directories at or below a path; the nearest come first, then the fullest."""
        inside = [folder for folder in self.folders if path in {"", folder} or folder.startswith(path + "/")]
        return sorted(
            inside, key=lambda folder: (folder.count("/") if folder else -1, -self.folders[folder], folder)
        )

    def is_mentioned(self, folder: str) -> bool:
        """Whether a task file (noxfile, tox.ini, Makefile, ...) names the directory."""
        return (
            bool(folder)
            and re.search(rf"(?<![\w/.]){re.escape(folder)}(?![\w])", self.task_texts) is not None
        )

    def text_of(self, folder: str) -> str:
        """Give the text of all test files in a directory."""
        return "\n".join(
            tree.text(self.root / path) for path in self.files if posixpath.dirname(path) == folder
        )

    def name_for(self, folder: str, nonce: str, patterns: Iterable[str] = ()) -> str:
        """Name a new test file in the style of its neighbours, so that whatever finds them finds it.

        Where pytest knows fixed names only, it is that of a neighbour: what is planted goes to its end.
        """
        names = [posixpath.basename(path) for path in self.files if posixpath.dirname(path) == folder]
        known = [name for name in names if name in self.fixed_names]
        if known:
            return known[0]
        styles = [style for style in (*patterns, *self.patterns, *USUAL_PATTERNS) if "*" in style]
        best = max(styles, key=lambda style: sum(fnmatch.fnmatch(name, style) for name in names))
        stem = (
            best.removesuffix(".py").replace("*", f"hullproof_{nonce}", 1).replace("*", "").replace("?", "x")
        )
        stem = stem.replace("testhullproof", "test_hullproof")
        return (stem if stem.isidentifier() else f"test_hullproof_{nonce}") + ".py"


def find(folder: Path, more: Iterable[str] = ()) -> Suites:
    """Look for the tests of the project in `folder`. `more`: further names of test files, as patterns."""
    settings = _pytest_settings(folder)
    patterns, testpaths = _words(settings.get("python_files")), _words(settings.get("testpaths"))
    addopts = _words(settings.get("addopts"))
    wanted = (*patterns, *more, *USUAL_PATTERNS)
    found = [
        path
        for path in tree.files(folder)
        if (name := posixpath.basename(path)) in _DJANGO
        or any(fnmatch.fnmatch(name, each) for each in wanted)
    ]
    texts = "\n".join(tree.text(folder / name) for name in _TASK_FILES)
    return Suites(
        folder,
        tuple(path for path in found if path.endswith(".py")),
        (*patterns, *USUAL_PATTERNS),
        testpaths,
        texts,
        next((after for option, after in itertools.pairwise(addopts) if option == "-m"), None),
        () if any("*" in each for each in patterns) else patterns,
    )


def contents(folder: Path) -> Mapping[str, str]:
    """Give the SHA-256 of each test file's content, with the file's path. Tiny files say nothing and are left out."""
    found = {}
    for path in find(folder).files:
        try:
            content = (folder / path).read_bytes()
        except OSError:
            continue
        if _SMALLEST <= len(content) <= _LARGEST:
            found[hashlib.sha256(content).hexdigest()] = path
    return found


def _pytest_settings(folder: Path) -> Mapping[str, Any]:
    """Read pytest's settings where it would; what cannot be read says nothing."""
    for name, section in _INI:
        parser = configparser.ConfigParser(interpolation=None, strict=False)
        try:
            parser.read_string(tree.text(folder / name))
        except configparser.Error:
            continue
        if parser.has_section(section):
            return parser[section]
    try:
        table = tomllib.loads(tree.text(folder / "pyproject.toml")).get("tool", {}).get("pytest", {})
    except (tomllib.TOMLDecodeError, AttributeError):
        return {}
    options = table.get("ini_options", table) if isinstance(table, dict) else {}
    return options if isinstance(options, dict) else {}


def _words(value: object) -> tuple[str, ...]:
    if isinstance(value, str):
        try:
            return tuple(shlex.split(value))
        except ValueError:
            return tuple(value.split())
    return tuple(str(each) for each in value) if isinstance(value, list) else ()
