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
        if folder is not None and folder[1] in self._folders:
            return folder[1]
        return entry.path if entry.path in self._modules else None

    @cached_property
    def _modules(self) -> frozenset[str]:
        """List the files that are called and written as tests, and that no code imports."""
        called_so = [path for path in self._all if _FILE.search(path)]
        return frozenset(
            path for path in called_so if self._holds(path) and not self._is_code(path, called_so)
        )

    @cached_property
    def _folders(self) -> frozenset[str]:
        """List the folders called `tests` that hold a test, or that the project has its tests in, and no code imports."""
        tops: dict[str, list[str]] = {}
        for path in self._all:
            if found := _FOLDER.match(path):
                tops.setdefault(found[1], []).append(path)
        return frozenset(
            top
            for top, paths in tops.items()
            if (
                any(map(self._is_test, paths)) or any(f"{top}/".endswith(f"/{home}/") for home in self._homes)
            )
            and not self._is_code(top, paths)
        )

    def _is_test(self, path: str) -> bool:
        return (_FILE.search(path) is not None and self._holds(path)) or self._all[path].sha256 in self._own

    def _holds(self, path: str) -> bool:
        """Whether a file that is called like a test holds one; a conftest does, and so does what was not read."""
        text = self._texts.get(path)
        return text is None or path.endswith("/conftest.py") or holds_tests(text)

    def _is_code(self, module: str, tests: list[str]) -> bool:
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
        inside = set(tests)
        folder = module.rpartition("/")[0]
        for path, text in self._code:
            if path not in inside and name in text:
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
