"""Recognising compilers, headers and package lists among an image's files and package databases."""

from __future__ import annotations

import csv
import posixpath
import re
from typing import TYPE_CHECKING

from hullproof.facts.components import apk_packages, dpkg_packages

if TYPE_CHECKING:
    from collections.abc import Iterable

    from hullproof.facts import FileFacts, Layer

_COMPILER = re.compile(
    r"/s?bin/(?:[a-z0-9_]+-(?:[a-z0-9_]+-)*)?"
    r"(?:gcc|g\+\+|cc|c\+\+|cpp|clang|clang\+\+|tcc|gfortran|rustc|cargo|go|ghc)(?:-\d[\d.]*)?$"
    r"|/lib(?:exec)?/gcc/.*/cc1(?:plus)?$"
)
_COMPILER_PACKAGE = re.compile(
    r"(?:build-essential|build-base|alpine-sdk|(?:gcc|g\+\+|cpp|clang|gfortran|golang|rustc|cargo|tcc)(?:-\d[\d.]*)?"
    r"|(?:gcc|g\+\+|cpp|gfortran)-(?:\d+-)?[a-z0-9_]+-linux-gnu\w*|golang-.*-go|go|rust)$"
)
_DEVELOPMENT = re.compile(r".+-(?:dev|devel)$")
_APT_LIST = re.compile(r"^/var/lib/apt/lists/(?!lock$|partial/|auxfiles/)[^/]+")
_OTHER_LIST = re.compile(
    r"^/var/cache/apt/archives/(?:partial/)?[^/]+\.deb$|^/var/cache/apk/.+|^/etc/apk/cache/.+"
    r"|^/var/cache/(?:dnf|yum|libdnf5)/.+"
)
_DPKG = re.compile(r"^/var/lib/dpkg/status(?:$|\.d/)")
_APK = "/lib/apk/db/installed"


def is_compiler(path: str) -> bool:
    """Whether a path is that of a compiler: /usr/bin/gcc-12, /usr/lib/gcc/x86_64-linux-gnu/12/cc1, ..."""
    return _COMPILER.search(path) is not None


def brings_package(name: str) -> bool:
    """Whether a system package is a compiler or holds headers: gcc-12, build-essential, libpq-dev, ..."""
    return _COMPILER_PACKAGE.match(name) is not None or _DEVELOPMENT.match(name) is not None


def is_package_list(path: str) -> bool:
    """Whether it is one of a package manager's lists or downloaded archives, which only installing needs."""
    return _APT_LIST.match(path) is not None or _OTHER_LIST.match(path) is not None


def packages(layers: Iterable[Layer]) -> set[str]:
    """Name the system packages that the databases in these layers list as installed."""
    found: set[str] = set()
    for layer in layers:
        for path, text in layer.texts.items():
            if _DPKG.match(path):
                found |= {each.name for each in dpkg_packages(text)}
            elif path.endswith(_APK):
                found |= {each.name for each in apk_packages(text)}
    return found


def installed_files(files: FileFacts) -> frozenset[str]:
    """List the files that Python distributions brought along, as their RECORDs in the release's own layers say.

    Format: https://packaging.python.org/en/latest/specifications/recording-installed-packages/#the-record-file
    """
    found = set()
    for layer in files.added_layers:
        for path, text in layer.texts.items():
            if path.endswith(".dist-info/RECORD"):
                site = path.rsplit("/", 2)[0]
                rows = csv.reader(text.splitlines())
                found |= {posixpath.normpath(posixpath.join(site, row[0])) for row in rows if row}
    return frozenset(found)
