"""Saying how the base of a release is raised to a Python and a distribution that get fixes, in the tag that names them."""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING

from hullproof.practices.library.lines import instead, joined, text_of
from hullproof.practices.library.support import PYTHON, SUITES, distribution_until, python_until

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date, timedelta

    from hullproof.dockerfile import Release

_TAG = re.compile(r"(?P<python>\d+\.\d+)(?:\.\d+)?(?P<rest>(?:-slim)?(?:-(?P<suite>[a-z]+))?)")
"""The tags of the official image that name a Python and one of Debian's releases: https://hub.docker.com/_/python."""
_BOUNDED = re.compile(r"(?m)^\s*(?:requires-python|python)\s*=\s*[\"'].*(?:<|==|~=|\^)")


def to_raise(release: Release, today: date, ahead: timedelta, project_texts: Mapping[str, str]) -> str | None:
    """Say how each FROM of the official Python image names the nearest that is kept for a while; None where no tag tells.

    What gets fixes today stays. A project that bounds its own Python decides for itself; a digest is another one for each tag.
    """
    name, _, tag = release.base.reference.rpartition(":")
    found = _TAG.fullmatch(tag)
    if found is None or posixpath.basename(name) != "python" or _is_bounded(project_texts):
        return None
    python, suite = _kept_python(found["python"], today, ahead), _kept_suite(found["suite"], today, ahead)
    if python is None or suite is None:
        return None
    old, new = tag, tag
    if python != found["python"]:
        new = f"{python}{found['rest']}"
    if found["suite"]:
        new = new.replace(f"-{found['suite']}", f"-{suite}")
    if new == old:
        return None
    froms = [stage for stage in release.dockerfile.stages if stage.base == f"{name}:{old}"]
    ways = [
        instead(release, stage.line, _from(stage.platform, f"{name}:{new}", stage.name)) for stage in froms
    ] or _by_argument(release, (found["python"], python), (found["suite"] or "", suite))
    others = [
        instead(
            release, each.line, (text_of(each) or "").replace(f"python{found['python']}", f"python{python}")
        )
        for each in release.dockerfile.instructions
        if python != found["python"] and f"python{found['python']}" in each.original
    ]
    shown = joined(*ways, *others) if ways else None
    return f"{shown} Install what the project depends on anew, and run its tests with it." if shown else None


def _by_argument(release: Release, python: tuple[str, str], suite: tuple[str, str]) -> list[str | None]:
    """Say how the arguments that the tag is made of have other defaults; nothing where somebody gives them, or one has more to say."""
    ways = list[str | None]()
    for step in release.dockerfile.global_args:
        for name, value in step.pairs:
            parts = (value or "").strip("\"'")
            meant = parts.replace(suite[0], suite[1]) if suite[0] else parts
            if re.fullmatch(rf"{re.escape(python[0])}(?:\.\d+)?(?:-.*)?", meant) and python[0] != python[1]:
                meant = re.sub(r"^\d+\.\d+(?:\.\d+)?", python[1], meant)
            if meant == parts or f"{name}" not in release.base.raw:
                continue
            if name in release.build_args or len(step.pairs) != 1:
                return []
            ways.append(instead(release, step.line, f"ARG {name}={meant}"))
    return ways


def _from(platform: str | None, base: str, name: str | None) -> str:
    words = ["FROM", *([f"--platform={platform}"] if platform else []), base, *(["AS", name] if name else [])]
    return " ".join(words)


def _kept_python(version: str, today: date, ahead: timedelta) -> str | None:
    """Name the oldest Python, of this one and the later ones, that gets fixes."""
    later = sorted((each for each in PYTHON if _number(each) >= _number(version)), key=_number)
    return _kept({each: python_until(each) for each in later}, today, ahead)


def _kept_suite(suite: str | None, today: date, ahead: timedelta) -> str | None:
    """Name the oldest release of Debian's, of this one and the later ones, that gets fixes; "" for none named."""
    if suite is None:
        return ""
    names = list(SUITES)
    later = names[names.index(suite) :] if suite in SUITES else []
    return _kept({each: distribution_until("debian", SUITES[each]) for each in later}, today, ahead)


def _kept(ends: Mapping[str, date | None], today: date, ahead: timedelta) -> str | None:
    """Return the first where it is kept today, else the first after it that is kept for a while."""
    first = next(iter(ends.values()), None)
    until = today if first is None or first >= today else today + ahead
    return next((each for each, end in ends.items() if end is not None and end >= until), None)


def _number(version: str) -> tuple[int, ...]:
    return tuple(int(each) for each in version.split("."))


def _is_bounded(project_texts: Mapping[str, str]) -> bool:
    return any(
        posixpath.basename(path) == "pyproject.toml" and _BOUNDED.search(text) is not None
        for path, text in project_texts.items()
    )
