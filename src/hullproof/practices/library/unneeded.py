"""Sorting the files of a layer: what a release does not need, by kind."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType

from hullproof.dockerfile import Instruction, Release, test_commands
from hullproof.facts import ContainerFacts, FileEntry, FileFacts, ImageFacts, Layer
from hullproof.practices.library.kinds import first_group, kind_anywhere
from hullproof.practices.library.leaving import KEPT
from hullproof.practices.library.packages import installed_files
from hullproof.practices.library.places import (
    copies_context,
    is_installed,
    is_of_system,
    layer_place,
    own_entries,
)
from hullproof.practices.library.tests import ShippedTests
from hullproof.secrets import kind_of, setting_in

_NONE: Mapping[str, str] = MappingProxyType({})
_HOME_IN_SYSTEM = re.compile(r"^/(?:var/lib|usr/(?:local/)?(?:lib|libexec|share))/[^/]+")
"""Applications live there, too."""
_BUILT = re.compile(r"^(.*?/build/(?:lib(?:\.[^/]+)?|bdist\.[^/]+))/.")
_TEST_BYTECODE = re.compile(r"/__pycache__/[^/]*-pytest-[^/]*\.pyc$")
_BYTECODE = re.compile(r"^(.*?/__pycache__)/.|^(.*\.py[cod])$")
_SDIST = re.compile(r"/[A-Za-z0-9][\w.]*-\d+\.\d[\w.]*\.(?:tar\.gz|zip)$")
_SDIST_FOLDER = re.compile(r"/(?:dist|wheels|wheelhouse|sdist|sdists|pkgs)/[^/]+$|^/(?:tmp|var/tmp)/")
_LEFT_ARCHIVE = re.compile(r"^/(?:var/)?tmp/.*\.(?:tar|tar\.\w+|tgz|tbz2?|txz|zip|deb|rpm)$")
_LOG = re.compile(r"\.log(?:\.\d+)?$")
_JUNK = re.compile(
    r"^(.*?/(?:\.github|\.circleci|\.vscode|\.idea|\.devcontainer))/."
    r"|^(.*/(?:[Dd]ockerfile(?:\.[^/]+)?|[^/]+\.[Dd]ockerfile"
    r"|(?:docker-)?compose[^/]*\.ya?ml|noxfile\.py|tox\.ini|pytest\.ini|\.coveragerc|\.flake8|\.pylintrc|mypy\.ini"
    r"|\.pre-commit-config\.yaml|\.gitlab-ci\.yml|\.travis\.yml|Jenkinsfile|azure-pipelines\.yml|\.editorconfig"
    r"|\.DS_Store|[^/]+\.sw[op]|[^/]+~))$"
)


@dataclass(frozen=True)
class Needless:
    """Files of one kind that one line brings: the layer, and by the path to name them by what lies there."""

    where: str
    layer: Layer
    kind: str
    paths: dict[str, list[str]]

    @property
    def all(self) -> list[str]:
        """Every path of them."""
        return [path for held in self.paths.values() for path in held]


def needless_in(
    release: Release,
    image: ImageFacts,
    files: FileFacts,
    container: ContainerFacts | None,
    tests: Mapping[str, str],
    *,
    kept_secrets: Mapping[str, str] = _NONE,
) -> list[Needless]:
    """Find in the Dockerfile's own layers what no release needs; `tests` are the project's own, by content's SHA-256.

    `kept_secrets` are the secrets of the build that files hold, by the files' paths. A path counts where it comes in: a later
    `chown -R` writes all of it again.
    """
    sorter, seen = _Sorter(release, image, files, container, tests), set[str]()
    groups: dict[tuple[str, str], Needless] = {}
    for layer, entry in own_entries(files):
        found = None
        if entry.path not in seen:
            name = kept_secrets.get(entry.path)
            found = (f"{KEPT} {name}", entry.path) if name else sorter.kind(layer, entry)
        if found is not None:
            seen.add(entry.path)
            kind, top = found
            where = layer_place(release, files, layer)
            group = groups.setdefault((where, kind), Needless(where, layer, kind, {}))
            group.paths.setdefault(top, []).append(entry.path)
    return list(groups.values())


class _Sorter:
    """Tells of the files of one release which it does not need."""

    def __init__(
        self,
        release: Release,
        image: ImageFacts,
        files: FileFacts,
        container: ContainerFacts | None,
        tests: Mapping[str, str],
    ) -> None:
        """Take the facts; `tests` are the project's own test files, by the SHA-256 of their content."""
        self.release, self.files = release, files
        self.workdir = image.workdir.rstrip("/")
        self.used = _words(image, container)
        self.tests = ShippedTests(files, tests)

    def kind(self, layer: Layer, entry: FileEntry) -> tuple[str, str] | None:
        """Tell what kind of needless file it is, and the path to name it by; None for what a release may hold.

        Virtual environments of the host come from the context alone. Bytecode counts where it was copied from there
        or from a stage that ran the tests: made for the release it saves time at a start.
        """
        path, step = entry.path, self.release.instruction_at(layer.line)
        if entry.kind == "directory":
            return None
        if found := kind_anywhere(path):
            return found
        if copies_context(step) and (top := self._unused_environment(path)):
            return "virtual environment of the host", top
        installed = self._is_installed(path)
        if self.tests.is_own(entry, of_package=installed):
            return "tests", self.tests.top_of(entry) or path
        if installed:
            return None
        return self._secret(layer, entry, step) or self._of_project(entry, step)

    def _secret(self, layer: Layer, entry: FileEntry, step: Instruction | None) -> tuple[str, str] | None:
        """Judge by content and name; what the system has is the system's, but for what was written into it."""
        text = layer.texts.get(entry.path)
        if text is not None:
            generated = step is not None and step.keyword == "RUN"
            held = setting_in(entry.path, text, generated=generated)
            if held is not None:
                return f"file that holds {held}", entry.path
        is_read = entry.sha256 is not None or entry.kind != "file"
        kind = kind_of(entry.path, entry.holds, text, is_read=is_read)
        if kind is None or (entry.holds is None and is_of_system(entry.path) and kind != "credentials file"):
            return ("database", entry.path) if self._is_left_behind(entry, step) else None
        return kind, entry.path

    def _is_left_behind(self, entry: FileEntry, step: Instruction | None) -> bool:
        """Whether a database without secrets came along by accident: it lies where applications make theirs."""
        folder = entry.path.rpartition("/")[0]
        named = step is not None and any(each.rpartition("/")[2] == entry.name for each in step.sources)
        return (
            entry.holds is not None
            and copies_context(step)
            and not named
            and folder in {self.workdir, f"{self.workdir}/instance"}
        )

    def _may_be_own(self, path: str) -> bool:
        at_home = _HOME_IN_SYSTEM.match(self.workdir) is not None and path.startswith(f"{self.workdir}/")
        return at_home or not is_of_system(path)

    def _of_project(self, entry: FileEntry, step: Instruction | None) -> tuple[str, str] | None:
        """Judge what lies where applications live, outside the system's and the packages' folders."""
        path = entry.path
        if not self._may_be_own(path):
            return None
        copied = copies_context(step) or self._ran_tests(step)
        if top := self.tests.top_of(entry):
            return "tests", top
        bytecode = _BYTECODE.match(path)
        if bytecode is not None and not _TEST_BYTECODE.search(path):
            return ("bytecode cache", first_group(bytecode)) if copied else None
        top_level = path.rpartition("/")[0] == self.workdir
        built = _BUILT.match(path)
        kinds = {
            "tests": _TEST_BYTECODE.search(path),
            "wheel": path.endswith((".whl", ".egg")),
            "archive": _LEFT_ARCHIVE.search(path),
            "build leftover": built,
            "log file": copied and _LOG.search(path),
            "source distribution": _SDIST.search(path) and (top_level or _SDIST_FOLDER.search(path)),
            # Among the code it means nothing, and is no sign of COPY . .
            "development file": top_level
            and path.endswith((".dockerignore", "/.gitignore", "/.gitattributes")),
        }
        kind = next((name for name, is_one in kinds.items() if is_one), None)
        if kind is not None:
            return kind, built[1] if built else path
        junk = _JUNK.match(path)
        return ("development file", first_group(junk)) if junk is not None else None

    def _ran_tests(self, step: Instruction | None) -> bool:
        """Whether a step copies from a stage that ran the application's tests, and so left bytecode behind."""
        name = step.flag("from") if step is not None and step.keyword in {"COPY", "ADD"} else None
        source = self.release.dockerfile.find(name) if name is not None else None
        return source is not None and any(test_commands(each) for each in source.instructions)

    def _unused_environment(self, path: str) -> str | None:
        """Find the virtual environment that a file lies in, if nothing of the container runs from it."""
        top = _within(path, self._environments)
        is_used = top is not None and any(f"{top}/" in word or word == top for word in self.used)
        return None if is_used else top

    @cached_property
    def _environments(self) -> frozenset[str]:
        return frozenset(
            path.removesuffix("/pyvenv.cfg") for path in self.files.final if path.endswith("/pyvenv.cfg")
        )

    def _is_installed(self, path: str) -> bool:
        return is_installed(path) or _within(path, self._sites) is not None or path in self._installed

    @cached_property
    def _installed(self) -> frozenset[str]:
        return installed_files(self.files)

    @cached_property
    def _sites(self) -> frozenset[str]:
        """List directories of any name that hold installed packages, as `pip install --target` makes them.

        One that the application itself may lie in is none: its files are known by the packages' RECORD.
        """
        tops = {path.rsplit("/", 2)[0] for path in self.files.final if path.endswith(".dist-info/METADATA")}
        return frozenset(top for top in tops if not f"{self.workdir}/".startswith(f"{top}/"))


def _within(path: str, tops: Collection[str]) -> str | None:
    """Return the outermost directory among `tops` that a path lies in; there may be as many of them as files."""
    found = None
    while tops and path:
        path = path.rpartition("/")[0]
        found = path if path in tops else found
    return found


def _words(image: ImageFacts, container: ContainerFacts | None) -> list[str]:
    """List what says from where the container runs."""
    words = [*image.env.values(), *image.entrypoint, *image.command]
    for process in container.processes if container is not None else ():
        words += [*process.command, process.executable or ""]
    return words
