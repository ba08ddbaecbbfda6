"""Which stand-in base answers for which image reference: pure decisions, no processes.

A stand-in is Debian's own Python under the roof of the official images' layout. Debian carries one Python in
each release, so the nearest one that is not older than what was asked for is taken, and that is said.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from hullproof.errors import EngineError

# Debian's Pythons: release, number, Python. In ascending order of Python.
PYTHONS = (("bookworm", "12", (3, 11)), ("trixie", "13", (3, 13)), ("sid", "unstable", (3, 14)))
_NUMBERS = {"bookworm": "12", "trixie": "13", "sid": "unstable"}
_ALIASES = {
    "latest": "trixie",
    "stable": "trixie",
    "oldstable": "bookworm",
    "unstable": "sid",
    "12": "bookworm",
    "13": "trixie",
}
# The newest stable Debian: what a reference without a version gets.
_NEWEST_STABLE = (3, 13)

# What an official slim image has beside its Debian: authorities, /etc/services, time zones.
SLIM_PACKAGES = ("adduser", "ca-certificates", "netbase", "tzdata", "python3", "python3-venv")
# Official images bring it along up to 3.11: `pip wheel` needs it for projects that have a setup.py alone.
WHEEL = ("python3-wheel",)
_WITHOUT_WHEEL = (3, 12)
# The compilers and headers of the full images (buildpack-deps), without its image and database libraries
# that hardly anyone compiles against.
FULL_PACKAGES = (
    *SLIM_PACKAGES,
    *(
        "autoconf",
        "automake",
        "bzip2",
        "curl",
        "file",
        "g++",
        "gcc",
        "git",
        "gnupg",
        "libbz2-dev",
        "libc6-dev",
    ),
    *(
        "libexpat1-dev",
        "libffi-dev",
        "libgdbm-dev",
        "libjpeg-dev",
        "liblzma-dev",
        "libncurses-dev",
        "libpng-dev",
    ),
    *(
        "libpq-dev",
        "libreadline-dev",
        "libsqlite3-dev",
        "libssl-dev",
        "libtool",
        "libxml2-dev",
        "libxslt1-dev",
    ),
    *(
        "libyaml-dev",
        "make",
        "openssh-client",
        "patch",
        "pkg-config",
        "procps",
        "python3-dev",
        "unzip",
        "uuid-dev",
    ),
    *("wget", "xz-utils", "zlib1g-dev"),
)
DEBIAN_PACKAGES = ("adduser", "tzdata")


@dataclass(frozen=True)
class Reference:
    """An image reference in its parts: `python:3.10-slim` is `docker.io`, `library/python`, `3.10-slim`."""

    text: str
    registry: str
    repository: str
    tag: str
    digest: str | None = None

    @property
    def official(self) -> str | None:
        """The name of an official image (`python`), else None."""
        if self.registry == "docker.io" and self.repository.startswith("library/"):
            return self.repository.removeprefix("library/")
        return None

    @property
    def likeness(self) -> str | None:
        """The official image that it is, or mirrors: registries keep theirs under `library`, as Docker Hub does."""
        folder, _, name = self.repository.rpartition("/")
        return name if folder in {"library", "docker/library"} else self.official

    @property
    def familiar(self) -> str:
        """The reference as BuildKit compares it: short for Docker Hub, with neither `latest` nor defaults."""
        name = self.repository if self.registry == "docker.io" else f"{self.registry}/{self.repository}"
        tag = f":{self.tag}" if self.tag and (self.tag != "latest" or self.digest) else ""
        return (self.official or name) + tag + (f"@{self.digest}" if self.digest else "")


def parse_reference(text: str) -> Reference:
    """Take an image reference apart. Raises EngineError when it is none."""
    match = re.fullmatch(
        r"(?P<name>[a-zA-Z0-9][\w.\-/:]*?)(?::(?P<tag>[\w][\w.-]{0,127}))?(?:@(?P<digest>[a-z0-9]+:[0-9a-f]{32,}))?",
        text,
    )
    if match is None:
        raise EngineError(f"{text!r} is not an image reference: write it as name[:tag][@digest]")
    first, slash, rest = match["name"].partition("/")
    if slash and ("." in first or ":" in first or first == "localhost"):
        registry, repository = first, rest
    else:
        registry, repository = "docker.io", match["name"]
    if registry in ("docker.io", "index.docker.io", "registry-1.docker.io"):
        registry = "docker.io"
        repository = repository if "/" in repository else f"library/{repository}"
    digest = match["digest"]
    return Reference(text, registry, repository, match["tag"] or ("" if digest else "latest"), digest)


@dataclass(frozen=True)
class Plan:
    """A stand-in to be made. `python` is None for plain Debian. `name` is its repository and first tag part.

    `in_place_of` is the Python that was asked for, where Debian has another: a Dockerfile that names its folder of
    packages or its program finds them.
    """

    asked: str
    suite: str
    python: str | None
    full: bool
    packages: tuple[str, ...]
    in_place_of: str | None = None

    @property
    def name(self) -> str:
        """What distinguishes it: `python-3.11-slim-bookworm`. Requests that get the same share it."""
        if self.python is None:
            return f"debian-{self.suite}"
        kind = f"python-{self.python}-{'full' if self.full else 'slim'}-{self.suite}"
        return f"{kind}-for-{self.in_place_of}" if self.in_place_of else kind

    @property
    def got(self) -> str:
        """What one gets, for people: `Debian 12's Python 3.11`."""
        debian = f"Debian {_NUMBERS[self.suite]}"
        return f"{debian}'s Python {self.python}" if self.python else f"{debian} ({self.suite})"


def plan(reference: Reference) -> Plan:
    """Choose the stand-in for a reference.

    Raises EngineError, saying why, for what cannot be made from Debian.
    """
    if reference.likeness == "python":
        return _plan_python(reference)
    if reference.likeness == "debian":
        return _plan_debian(reference)
    raise _not_at_hand(reference, "stand-ins are made of `python` and `debian` images only")


def _not_at_hand(reference: Reference, why: str) -> EngineError:
    """Say that an image cannot be had here, `why` there is no stand-in, and how to get it: which base is right is not ours to say."""
    return EngineError(
        f"base image {reference.text} is neither present nor pullable, and {why}: "
        f"`docker pull {reference.text}` where a registry can be reached, or `docker load` it"
    )


def _plan_python(reference: Reference) -> Plan:
    words = reference.tag.split("-")
    for word in words:
        if word.startswith(("alpine", "windowsservercore", "nanoserver")):
            raise _not_at_hand(reference, f"{word} cannot be made from Debian")
    wanted = _python_version(words[0] if words else "", reference)
    suite, _, version = next((row for row in PYTHONS if row[2] >= wanted), (None, None, None))
    if suite is None or version is None:
        newest = ".".join(map(str, PYTHONS[-1][2]))
        raise _not_at_hand(reference, f"Debian's newest Python is {newest}")
    full = "slim" not in words
    packages = (FULL_PACKAGES if full else SLIM_PACKAGES) + (WHEEL if version < _WITHOUT_WHEEL else ())
    asked, got = (".".join(map(str, each)) for each in (wanted, version))
    return Plan(reference.text, suite, got, full, packages, in_place_of=asked if asked != got else None)


def _python_version(word: str, reference: Reference) -> tuple[int, int]:
    """Return the Python that a tag's first word asks for; the newest stable one where it leaves that open."""
    match = re.match(r"(\d+)(?:\.(\d+))?", word)
    if match is None:
        return _NEWEST_STABLE
    if match[1] != "3":
        raise _not_at_hand(reference, f"Debian has no Python {match[1]}")
    return (3, int(match[2])) if match[2] else _NEWEST_STABLE


def _plan_debian(reference: Reference) -> Plan:
    words = [
        word
        for word in reference.tag.split("-")
        if word and word != "slim" and not re.fullmatch(r"\d{8}", word)
    ]
    release = (words[0] if words else "latest").split(".")[0]
    suite = _ALIASES.get(release, release)
    if len(words) > 1 or suite not in _NUMBERS:
        raise _not_at_hand(reference, f"stand-ins are made of {', '.join(_NUMBERS)} only")
    return Plan(reference.text, suite, None, full=False, packages=DEBIAN_PACKAGES)
