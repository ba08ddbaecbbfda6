"""Python and distribution get fixes.

Why: After its end of life a Python or a distribution gets no fixes, whatever is found in it. An image goes on building on
it, with nothing to tell that from one that is kept; the packages of the distribution vanish from its mirrors later.

Proven by: The interpreter that the release's PATH leads to, and the os-release of its files, against the dates that
Python and distributions publish, which come with Hullproof. An end within 90 days is said ahead.

Broken by: A Python or a release of Debian, Ubuntu, Alpine or Red Hat's family that is past its last day.

Fix: Raise the base to one that is supported, in the FROM or the argument that it takes.

    ARG PYTHON_VERSION=3.13
    FROM python:${PYTHON_VERSION}-slim-trixie
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from hullproof.dockerfile import Release
from hullproof.facts import BaseFacts, FileFacts, ImageFacts
from hullproof.model import Evidence
from hullproof.practices.checks import Observations, broken, check, in_dockerfile, in_image, proven, unproven
from hullproof.practices.library.places import resolved
from hullproof.practices.library.raising import to_raise
from hullproof.practices.library.support import (
    AS_OF,
    ROLLING,
    SUITES,
    distribution_until,
    os_release,
    python_until,
)

PROFILES = ("production", "kubernetes", "openshift", "release")

AHEAD = timedelta(days=90)
"""How long before the end it is said."""
_TAG_PYTHON = re.compile(r"(?<![\d.])(?P<version>[23]\.\d+)(?!\d)")
_PROGRAM = re.compile(r"python(?P<version>[23]\.\d+)")
_NAMES = ("python", "python3")
_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


@dataclass(frozen=True)
class _Part:
    """What may come to its end: `Debian 12`, until when, where that was seen, and which line brings it."""

    name: str
    until: date | None
    evidence: Evidence
    line: int | None = None


@check
def python_is_supported(
    release: Release,
    base: BaseFacts,
    image: ImageFacts,
    files: FileFacts,
    *,
    today: date,
    project_texts: Mapping[str, str],
) -> Observations:
    """The interpreter that runs the application gets fixes today."""
    raised = to_raise(release, today, AHEAD, project_texts)
    program = _interpreter(image, files)
    found = _PROGRAM.fullmatch(posixpath.basename(program)) if program else None
    is_base_s = program is None or files.final.get(program) is files.base.get(program)
    asked = _TAG_PYTHON.search(base.reference.rpartition(":")[2]) if base.stand_in and is_base_s else None
    if asked is not None:
        name = f"Python {asked['version']}"
        yield from _judged(
            _Part(name, python_until(asked["version"]), _stands_in(release, base)),
            release,
            base,
            raised,
            today,
        )
    elif found is None:
        yield unproven(
            "which Python the release runs could not be seen: its PATH leads to none with a version in its name"
        )
    else:
        part = _Part(
            f"Python {found['version']}",
            python_until(found["version"]),
            in_image("files", f"{program}"),
            None if is_base_s else files.owning_layers[str(program)].line,
        )
        yield from _judged(part, release, base, raised, today)


@check
def the_distribution_is_supported(
    release: Release, base: BaseFacts, files: FileFacts, today: date, project_texts: Mapping[str, str]
) -> Observations:
    """The distribution that the files are of gets fixes today."""
    raised = to_raise(release, today, AHEAD, project_texts)
    place = next((each for each in ("/usr/lib/os-release", "/etc/os-release") if files.text(each)), "")
    is_base_s = not place or files.final.get(place) is files.base.get(place)
    suite = next((each for each in SUITES if each in base.reference), None)
    if base.stand_in and is_base_s and suite is not None:
        part = _Part(
            f"Debian {SUITES[suite]}",
            distribution_until("debian", SUITES[suite]),
            _stands_in(release, base),
        )
        yield from _judged(part, release, base, raised, today)
        return
    text = files.text(place)
    if text is None:
        yield unproven("the image does not say which distribution it is: it has no os-release")
        return
    said = os_release(text)
    identifier, version = said.get("ID", "linux"), said.get("VERSION_ID", "")
    evidence = in_image("/etc/os-release", f"ID={identifier} VERSION_ID={version}")
    if identifier in ROLLING:
        yield proven(f"{said.get('NAME', identifier)} has no releases that end", evidence)
        return
    name = f"{said.get('NAME', identifier).removesuffix(' GNU/Linux')} {version or '(no release)'}"
    line = None if is_base_s else files.owning_layers[place].line
    part = _Part(name, distribution_until(identifier, version), evidence, line)
    yield from _judged(part, release, base, raised, today)


def _stands_in(release: Release, base: BaseFacts) -> Evidence:
    """Say that the real base is what ships."""
    return in_dockerfile(release.where(base.line), f"FROM {base.reference}, for which a stand-in was taken")


def _judged(part: _Part, release: Release, base: BaseFacts, raised: str | None, today: date) -> Observations:
    """Compare the last day with today. `raised` is how the base becomes one that is kept."""
    what = part.name.rpartition(" ")[0]
    if part.line is None:
        source = in_dockerfile(release.where(base.line), f"FROM {base.reference}")
        fix = raised or f"Raise the base of {release.where(base.line)} to one whose {what} is supported."
    else:
        source = in_dockerfile(release.where(part.line), f"brings {part.name}")
        fix = f"Let {release.where(part.line)} bring a {what} that is supported."
    if part.until is None:
        yield unproven(
            f"until when {part.name} is supported is not known here (tables of {AS_OF})", part.evidence
        )
    elif today > part.until:
        yield broken(
            f"{part.name} has had no security fixes since {part.until}",
            source,
            part.evidence,
            fix=fix,
        )
    elif today + AHEAD >= part.until:
        days = (part.until - today).days
        yield proven(
            f"{part.name} is supported for {days} more days, until {part.until}: plan its successor",
            part.evidence,
        )
    else:
        yield proven(f"{part.name} is supported until {part.until}", part.evidence)


def _interpreter(image: ImageFacts, files: FileFacts) -> str | None:
    """Follow PATH and links to the interpreter that `python` is; else to the one that the command starts."""
    command = (*image.entrypoint, *image.command)[:1]
    names = [each for each in command if each.startswith("/")]
    names += [
        posixpath.join(folder, name)
        for folder in image.env.get("PATH", _PATH).split(":")
        for name in _NAMES
        if folder
    ]
    for path in names:
        if path in files.final:
            program = _followed(path, files)
            if _PROGRAM.fullmatch(posixpath.basename(program)):
                return program
    versions = [path for path in files.final if re.fullmatch(r"(?:/usr(?:/local)?)?/bin/python3\.\d+", path)]
    return versions[0] if len(versions) == 1 else None


def _followed(path: str, files: FileFacts) -> str:
    folder, _, name = path.rpartition("/")
    for _ in range(8):
        at = posixpath.join(resolved(folder or "/", files), name)
        entry = files.final.get(at)
        if entry is None or entry.kind != "symlink":
            return at
        folder, _, name = posixpath.normpath(posixpath.join(posixpath.dirname(at), entry.target)).rpartition(
            "/"
        )
    return path
