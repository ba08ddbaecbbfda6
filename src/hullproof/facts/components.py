"""What software an image is made of: every distribution that a Python in it can import, and every package of its system's.

By what their own databases say: https://packaging.python.org/en/latest/specifications/recording-installed-packages/, dpkg's status and
apk's list. Nothing is guessed from files.
"""

from __future__ import annotations

import posixpath
import re
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from hullproof.engine.model.image import FileFacts, ImageFacts
from hullproof.errors import Unobservable
from hullproof.model import Component

_SITES = frozenset({"site-packages", "dist-packages"})
_DIST_INFO = re.compile(r"(?P<name>[A-Za-z0-9][A-Za-z0-9._]*)-(?P<version>[^-/]+)\.dist-info/METADATA")
_EGG_INFO = re.compile(
    r"(?P<name>[A-Za-z0-9][A-Za-z0-9._]*)-(?P<version>[^-/]+?)(?:-py\d[\d.]*)?(?:-[\w.-]+)?\.egg-info(?:/PKG-INFO)?"
)
_METADATA = (".dist-info/METADATA", ".egg-info", ".egg-info/PKG-INFO")
_RPM = ("/var/lib/rpm", "/usr/lib/sysimage/rpm")
_DPKG, _APK = "/var/lib/dpkg/status", ("/lib/apk/db/installed", "/usr/lib/apk/db/installed")


@dataclass(frozen=True)
class SystemPackage:
    """A package as the system's own database has it."""

    name: str
    version: str
    architecture: str | None


def components(files: FileFacts, image: ImageFacts) -> tuple[Component, ...]:
    """Return what an image is made of, in order. Raises Unobservable where a database is there that is not read."""
    rpm = next((path for path in _RPM if any(each.startswith(f"{path}/") for each in files.final)), None)
    if rpm:
        raise Unobservable(f"{rpm}: packages of RPM are not read, so that the list would not be whole")
    found = {*_distributions(files, image), *_system(files)}
    return tuple(sorted(found, key=lambda each: (each.kind, each.name, each.version, each.place)))


# --- Python ----------------------------------------------------------------------------------------------


def _distributions(files: FileFacts, image: ImageFacts) -> Iterator[Component]:
    """Go through what stands directly in a folder that some Python imports from: what is vendored deeper is not imported."""
    named = {posixpath.normpath(each) for each in image.env.get("PYTHONPATH", "").split(":") if each}
    for path, entry in files.final.items():
        if entry.kind != "file" or not path.endswith(_METADATA):  # the one of all paths in a hundred
            continue
        is_file = path.endswith(".egg-info")
        metadata = path if is_file else posixpath.dirname(path)
        site, within = posixpath.dirname(metadata), posixpath.relpath(path, posixpath.dirname(metadata))
        if posixpath.basename(site) not in _SITES and site not in named:
            continue
        if match := _DIST_INFO.fullmatch(within) or _EGG_INFO.fullmatch(within):
            name = re.sub(r"[-_.]+", "-", match["name"]).lower()
            yield Component("pypi", name, match["version"].replace("_", "-"), site)


# --- the system ------------------------------------------------------------------------------------------


def _system(files: FileFacts) -> Iterator[Component]:
    system = _os_release(files)
    vendor, release = system.get("ID", "debian"), system.get("VERSION_ID")
    for path in files.final:
        if path == _DPKG or (path.startswith(f"{_DPKG}.d/") and not path.endswith(".md5sums")):
            kind, packages = "deb", dpkg_packages(files.text(path) or "")
        elif path in _APK:
            kind, packages = "apk", apk_packages(files.text(path) or "")
        else:
            continue
        for each in packages:
            distribution = f"{vendor}-{release}" if release else vendor
            yield Component(kind, each.name, each.version, path, vendor, each.architecture, distribution)


def _os_release(files: FileFacts) -> Mapping[str, str]:
    """https://www.freedesktop.org/software/systemd/man/latest/os-release.html ."""
    text = files.text("/etc/os-release") or files.text("/usr/lib/os-release") or ""
    pairs = (line.partition("=") for line in text.splitlines() if "=" in line and not line.startswith("#"))
    return {name.strip(): _unquoted(value) for name, _, value in pairs}


def _unquoted(value: str) -> str:
    try:
        return "".join(shlex.split(value))
    except ValueError:
        return value.strip("\"'")


def dpkg_packages(text: str) -> Iterator[SystemPackage]:
    """Read dpkg's status: each package whose state ends in `installed`, or that has none (distroless)."""
    for paragraph in re.split(r"\n\s*\n", text):
        name, status, version, architecture = (
            re.search(rf"(?m)^{field}:[ \t]*(.*\S)", paragraph)
            for field in ("Package", "Status", "Version", "Architecture")
        )
        if name and (status is None or status[1].split()[-1] == "installed"):
            yield SystemPackage(
                name[1], version[1] if version else "", architecture[1] if architecture else None
            )


def apk_packages(text: str) -> Iterator[SystemPackage]:
    """Read apk's list of what is installed: https://wiki.alpinelinux.org/wiki/Apk_spec ."""
    for paragraph in re.split(r"\n\s*\n", text):
        fields = {line[0]: line[2:].strip() for line in paragraph.splitlines() if line[1:2] == ":"}
        if "P" in fields:
            yield SystemPackage(fields["P"], fields.get("V", ""), fields.get("A"))
