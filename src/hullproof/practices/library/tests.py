"""Which files of a release are tests: those that hold tests, whatever they and their folders are called.

A module that other code of the release imports is code, also where it lies in a package called `tests`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cached_property

from hullproof.facts import FileEntry, FileFacts
from hullproof.tools import holds_tests

_FOLDER = re.compile(r"^(.*?/tests?)/")
_FILE = re.compile(r"/(?:test_[^/]*|[^/]*_test|conftest|tests)\.py$")
_NAMES = r"(?:[ \t]*\([^()]*|(?:(?!\bimport\b)[^\n])*)"
"""What stands between `import` and a name, on one line or in brackets; it ends where the next of the kind begins."""
_OF_DEVELOPMENT = re.compile(r"/(?:setup|noxfile|tasks|fabfile)\.py$|/run_?tests\.py$")
"""They name tests as what they are."""
_SITE = re.compile(r"^.*/(?:site|dist)-packages/")


class ShippedTests:
    """Tells tests among the files of a release."""

    def __init__(self, files: FileFacts, own: Mapping[str, str]) -> None:
        """Take all files, and the project's own tests: their paths by the SHA-256 of their content."""
        self._files, self._own = files, own
        self._homes = {path.rpartition("/")[0] for path in own.values()} - {""}
        # Of those alone that are asked about: packages may bring thousands, and each takes a look through all code.
        self._modules: dict[str, bool] = {}
        self._folders: dict[str, bool] = {}

    def is_own(self, entry: FileEntry, *, of_package: bool) -> bool:
        """Whether it is a test of the project's by its content, wherever it was put; `of_package`: an installer did it.

        Among packages it must be called as in the project, too: the stub that Django writes for each application is,
        letter by letter, a file of Django's.
        """
        path = self._own.get(entry.sha256 or "")
        if path is None or not of_package:
            return path is not None
        site = _SITE.match(entry.path)
        called = entry.path[site.end() :] if site else ""
        above = path.removesuffix(called).rstrip("/")
        return bool(called) and path.endswith(called) and above.rpartition("/")[2] in {"", "src", "lib"}

    def top_of(self, entry: FileEntry) -> str | None:
        """Return the path to name a test by: its folder, if all in there are tests, or itself; None for no test."""
        folder = _FOLDER.match(entry.path)
        if folder is not None and self._is_folder_of_tests(folder[1]):
            return folder[1]
        return entry.path if self._is_module_of_tests(entry.path) else None

    def _is_module_of_tests(self, path: str) -> bool:
        """Whether a file is called and written as a test, and no code imports it."""
        if path not in self._modules:
            self._modules[path] = (
                path in self._called_so and self._holds(path) and not self._is_code(path, self._called_so)
            )
        return self._modules[path]

    def _is_folder_of_tests(self, top: str) -> bool:
        """Whether a folder called `tests` holds a test, or the project has its tests in it, and no code imports it."""
        if top not in self._folders:
            paths = self._within_folders.get(top, [])
            is_one = any(map(self._is_test, paths)) or any(
                f"{top}/".endswith(f"/{home}/") for home in self._homes
            )
            self._folders[top] = is_one and bool(paths) and not self._is_code(top, frozenset(paths))
        return self._folders[top]

    @cached_property
    def _called_so(self) -> frozenset[str]:
        return frozenset(path for path in self._all if _FILE.search(path))

    @cached_property
    def _within_folders(self) -> dict[str, list[str]]:
        """List what lies in each folder called `tests`."""
        tops: dict[str, list[str]] = {}
        for path in self._all:
            if found := _FOLDER.match(path):
                tops.setdefault(found[1], []).append(path)
        return tops

    def _is_test(self, path: str) -> bool:
        return (_FILE.search(path) is not None and self._holds(path)) or self._all[path].sha256 in self._own

    def _holds(self, path: str) -> bool:
        """Whether a file that is called like a test holds one; a conftest does, and so does what was not read."""
        text = self._texts.get(path)
        return text is None or path.endswith("/conftest.py") or holds_tests(text)

    def _is_code(self, module: str, tests: frozenset[str]) -> bool:
        """Whether some other module imports a file or folder of modules, by its package's name and its own."""
        above, name = module.removesuffix(".py").rsplit("/", 2)[-2:]
        within, it = re.escape(above), re.escape(name)
        dotted = re.compile(
            rf"(?:from|import)[ \t]+(?:[\w.]*\.)?{within}\.{it}\b|[\"'](?:[\w.]*\.)?{within}\.{it}(?:\.|[\"']\s*[,\])])"
            rf"|from[ \t]+(?:[\w.]*\.)?{within}[ \t]+import{_NAMES}\b{it}\b"
        )
        relative = re.compile(
            rf"from[ \t]+\.{it}\b|from[ \t]+\.[ \t]+import{_NAMES}\b{it}\b|^(?:from|import)[ \t]+{it}\b",
            re.MULTILINE,
        )
        folder = module.rpartition("/")[0]
        for path, text in self._code:
            if path not in tests and name in text:
                beside = path.rpartition("/")[0] == folder
                if dotted.search(text) or (beside and relative.search(text)):
                    return True
        return False

    @cached_property
    def _all(self) -> dict[str, FileEntry]:
        """All that the Dockerfile's own layers hold, also what a later layer hides."""
        return {
            each.path: each
            for layer in self._files.added_layers
            for each in layer.entries
            if each.kind != "directory"
        }

    @cached_property
    def _texts(self) -> dict[str, str]:
        return {path: text for layer in self._files.added_layers for path, text in layer.texts.items()}

    @property
    def _code(self) -> Iterator[tuple[str, str]]:
        return (
            (path, text)
            for path, text in self._texts.items()
            if path.endswith(".py") and not _FILE.search(path) and not _OF_DEVELOPMENT.search(path)
        )
