"""What is known of a project before anything is written for it, and where each part of it was seen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

Interface = Literal["wsgi", "asgi"]
Kind = Literal["object", "factory", "script", "command"]
Runner = Literal["pytest", "unittest", "django"]

STREAMLIT_SETTINGS = ".streamlit/config.toml"
"""Beside it lies `secrets.toml`, which no image holds."""


@dataclass(frozen=True)
class Remark:
    """One line for the person who asked: what was `found` and where, what was `assumed`, or else a `note`."""

    kind: Literal["found", "assumed", "note"]
    text: str


@dataclass(frozen=True)
class Choices:
    """What the person decides; None leaves it to what the project says.

    `entry` is `module:name` or a script's file, `command` what the container runs. `python` is a version such as `3.13`.
    """

    entry: str | None = None
    command: str | None = None
    port: int | None = None
    python: str | None = None


@dataclass(frozen=True)
class Python:
    """The version that the image is built with by default, and those that the workflow tries."""

    version: str
    others: tuple[str, ...]
    said: tuple[Remark, ...] = ()


@dataclass(frozen=True)
class Tool:
    """The tool that a lock file belongs to: `requirements` are how pip gets it.

    One with a `cache`, where it keeps downloads, installs by itself; any other writes a list for pip.
    """

    name: str
    requirements: tuple[str, ...]
    cache: str = ""
    environment: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Install:
    """How one set of packages gets in.

    `file` is what pip installs from, `command` that of the tool that owns a lock file; neither where nothing is
    declared. `copied` are the project's files that are read for it. `made_by` is the shell command that writes `file`
    in the build, None where it is the project's own. `packages` are named beside it, `removed` are taken out again.
    """

    file: str | None = None
    copied: tuple[str, ...] = ()
    made_by: str | None = None
    packages: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    command: str | None = None

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to install."""
        return self.file is None and self.command is None and not self.packages


@dataclass(frozen=True)
class Own:
    """The project as a package that has to be installed: `copied` is what building it reads.

    `version` is whether its version comes from tags, which no build context has.
    """

    copied: tuple[str, ...]
    version: bool = False


@dataclass(frozen=True)
class Dependencies:
    """What the project declares that it needs.

    `places` names each declared package (normalised, PEP 503) and where it stands; `test_places` those that only
    tests and development need. `implied` are further packages that come with those of the release, each with what says so. `tool` is what
    installs them, None for pip. `build_system` and `run_system` are Debian packages that installing and running need.
    """

    release: Install
    places: Mapping[str, str]
    test: Install = Install()
    test_places: Mapping[str, str] = field(default_factory=dict)
    implied: Mapping[str, str] = field(default_factory=dict)
    tool: Tool | None = None
    build_system: tuple[str, ...] = ()
    run_system: tuple[str, ...] = ()
    said: tuple[Remark, ...] = ()

    def has(self, *names: str) -> bool:
        """Whether the release depends on any of these packages."""
        return any(name in self.places or name in self.implied for name in names)


@dataclass(frozen=True)
class Entry:
    """Where the application is entered: an object, a factory that makes one, or a script.

    `shown` is the code as a person knows it, such as `app = Flask(...)`. `root` is the folder from which
    `module` is imported, "" for the project's own. `words` are a script's command line. A `worker` takes its work from
    a queue.
    """

    kind: Kind
    path: str
    line: int
    shown: str
    module: str = ""
    name: str = ""
    framework: str | None = None
    interface: Interface | None = None
    root: str = ""
    words: tuple[str, ...] = ()
    worker: bool = False

    @property
    def place(self) -> str:
        """Where it is, for people."""
        return f"{self.path}:{self.line}" if self.line else self.path

    @property
    def spelled(self) -> str:
        """How `--entry` names it."""
        return f"{self.module}:{self.name}" if self.module else self.path


@dataclass(frozen=True)
class Application:
    """The application. `manage` is Django's manage.py, None without; `settings` the file with its settings.

    `beside` are further folders that modules are imported from: those of packages that are the project's own.
    """

    entry: Entry
    manage: str | None = None
    settings: str | None = None
    static_root: str | None = None
    beside: tuple[str, ...] = ()
    said: tuple[Remark, ...] = ()

    @property
    def root(self) -> str:
        """The folder from which its modules are imported, "" for the project's own."""
        return self.entry.root

    @property
    def roots(self) -> tuple[str, ...]:
        """All folders from which modules are imported."""
        return (self.root, *self.beside)


@dataclass(frozen=True)
class Server:
    """What the container runs. `port` is None for a worker; `stop_signal` where SIGTERM would not end it.

    `health` is the path by which it says that it is well; `speaks_http` where it is known to answer HTTP. `environment` what the image sets for it.
    """

    command: tuple[str, ...]
    port: int | None
    stop_signal: str | None = None
    said: tuple[Remark, ...] = ()
    health: str | None = None
    speaks_http: bool = False
    environment: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Tests:
    """The tests that the build runs: `command`, on what of `paths` is copied beside the application.

    `withheld` are tests that do not belong inside a build. `missing` are packages that the tests use and nothing
    declares. `written` says that there are no tests, so that a first one has to be written. `note` is a word on those
    that are not run, `foremost` what is said of them before all else.
    """

    __test__ = False  # pytest would take the name for one of its own

    runner: Runner
    command: tuple[str, ...]
    paths: tuple[str, ...]
    withheld: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    written: bool = False
    note: str = ""
    foremost: tuple[Remark, ...] = ()
    said: tuple[Remark, ...] = ()


@dataclass(frozen=True)
class Contents:
    """Which entries at the top of the project the release needs, and which the tests need beside those.

    `clutter` are the folders of the release with tests among their files. `files` are what at the top is no folder.
    """

    release: tuple[str, ...]
    tests: tuple[str, ...]
    clutter: tuple[str, ...] = ()
    files: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Findings:
    """All that is known of a project. `own` is None where its code is enough to run. `environment` is what it needs to start, `test_environment` to be tested.

    `is_repository`: workflows in it are read by GitHub. `is_configured`: there are settings for Hullproof already, of its
    owner's. `has_sessions`: its noxfile makes our sessions, or is still to be written. `hullproof` is how pip gets Hullproof.
    """

    folder: Path
    name: str
    python: Python
    dependencies: Dependencies
    application: Application
    server: Server
    tests: Tests
    contents: Contents
    own: Own | None
    environment: Mapping[str, str]
    test_environment: Mapping[str, str]
    remarks: tuple[Remark, ...]
    is_repository: bool = True
    is_configured: bool = False
    has_sessions: bool = True
    hullproof: str = "hullproof[nox]"
