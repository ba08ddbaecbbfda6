"""Experiment: the release is built twice, under conditions that ought to make no difference, and compared rung by rung."""

from __future__ import annotations

import os
import re
import stat
import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from hullproof.engine.history import layers_with_lines, with_lines
from hullproof.engine.image import inspect_image
from hullproof.engine.layers import read_files
from hullproof.errors import Unobservable
from hullproof.lab.private import MARK, private
from hullproof.lab.rebuilds import Difference, Rebuilds, ReproductionFacts

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from hullproof.engine.model.image import BaseFacts, FileEntry, FileFacts, ImageFacts
    from hullproof.lab.recipe import Recipe

_YEAR_S = 365 * 86_400
_DAY_S = 86_400
_LARGEST_HASHED = 1 << 30
_GROUP_WRITES = stat.S_IWGRP
_DISTRIBUTION = re.compile(r".*/(?:site|dist)-packages/(?P<name>[^/]+)\.dist-info/METADATA")
_SYSTEM_PACKAGE = re.compile(r"(?m)^Package: (\S+)(?:\n(?!Package: ).*)*?\nVersion: (\S+)")
_STAMPED = re.compile(r".*/(?:site|dist)-packages/.*\.pyc")


@dataclass(frozen=True)
class _Built:
    image: ImageFacts
    files: FileFacts


def run(rebuilds: Rebuilds, base: BaseFacts) -> ReproductionFacts:
    """Build it stage by stage, and then all at once from another copy: a year older, writable by its group."""
    recipe = private(rebuilds.recipe, rebuilds.bench.folder("private"))
    started = time.monotonic()
    for stage in rebuilds.recipe.project.needed_stages[:-1]:
        rebuilds.by(recipe, f"the build of stage {stage.reference} alone", target=stage.reference)
    first = _built(rebuilds, recipe, base, "the first of two builds")
    between = time.monotonic()
    second = _built(rebuilds, replace(recipe, cached=False), base, "the second of two builds", varied=True)
    seconds = (between - started, time.monotonic() - between)
    facts = ReproductionFacts(is_identical=first.image.id == second.image.id, seconds=seconds)
    facts = replace(facts, dated=tuple(_dated(first.files)), stamped=_stamped(first.files))
    if facts.is_identical:
        return facts
    contents, modes, times = _compared(first.files, second.files)
    return replace(
        facts,
        settings=tuple(_settings(first.image, second.image)),
        contents=tuple(contents),
        modes=tuple(modes),
        times=times,
        packages=tuple(sorted(_packages(first.files) ^ _packages(second.files))),
    )


def _built(rebuilds: Rebuilds, recipe: Recipe, base: BaseFacts, what: str, *, varied: bool = False) -> _Built:
    """Build once, and read all that was made."""
    built = rebuilds.by(recipe, what, change=_vary if varied else None, output="image", links=not varied)
    if built.image_id is None:
        raise Unobservable(f"{what} failed: {built.error}")
    image = inspect_image(rebuilds.engine, built.image_id, base_diff_ids=base.diff_ids)
    files = read_files(rebuilds.engine, image.id, base_diff_ids=base.diff_ids, most_hashed=_LARGEST_HASHED)
    chain = rebuilds.recipe.project.release.chain
    image = replace(image, history=with_lines(image.history, chain))
    return _Built(image, layers_with_lines(files, image))


def _vary(context: Path) -> None:
    """Make a copy as another checkout is: of another time, and by another umask."""
    for folder, _, names in os.walk(context):
        for name in (*names, "."):
            path = os.path.join(folder, name)  # noqa: PTH118 - as many as the project has
            status = os.lstat(path)
            if not stat.S_ISLNK(status.st_mode):
                os.chmod(path, stat.S_IMODE(status.st_mode) | _GROUP_WRITES)  # noqa: PTH101 - the same
            earlier = status.st_mtime_ns - _YEAR_S * 10**9
            os.utime(path, ns=(earlier, earlier), follow_symlinks=False)


def _compared(first: FileFacts, second: FileFacts) -> tuple[list[Difference], list[Difference], int]:
    """Compare own layers in pairs; return what differs in content, what in modes and owners, and how many in times alone."""
    contents: dict[str, Difference] = {}
    modes: dict[str, Difference] = {}
    times: set[str] = set()
    for one, other in zip(first.added_layers, second.added_layers, strict=False):
        if one.diff_id == other.diff_id:
            continue
        here, there = (
            {each.path: each for each in layer.entries if each.path != MARK} for layer in (one, other)
        )
        for path in sorted(here.keys() | there.keys()):
            a, b = here.get(path), there.get(path)
            difference = Difference(path, one.line, a, b)
            if a is None or b is None or _content(a) != _content(b):
                contents[path] = difference
            elif (a.mode, a.uid, a.gid) != (b.mode, b.uid, b.gid):
                modes[path] = difference
            elif a.mtime != b.mtime:
                times.add(path)
        for path in sorted(set(one.removed) ^ set(other.removed)):
            contents[path] = Difference(path, one.line, None, None)
    modes = {path: each for path, each in modes.items() if path not in contents}
    return [*contents.values()], [*modes.values()], len(times - contents.keys() - modes.keys())


def _content(entry: FileEntry) -> tuple[object, ...]:
    return entry.kind, entry.size, entry.target, entry.sha256, entry.capabilities


def _settings(first: ImageFacts, second: ImageFacts) -> Iterator[str]:
    """Name the fields of the configuration that differ, the history among them."""
    for name in (
        "user",
        "workdir",
        "exposed",
        "command",
        "entrypoint",
        "env",
        "labels",
        "volumes",
        "healthcheck",
    ):
        if getattr(first, name) != getattr(second, name):
            yield name
    if [each.created_by for each in first.history] != [each.created_by for each in second.history]:
        yield "history"


def _packages(files: FileFacts) -> set[str]:
    """Name all that is installed, with versions."""
    found = {match["name"] for path in files.final if (match := _DISTRIBUTION.fullmatch(path))}
    listed = _SYSTEM_PACKAGE.findall(files.text("/var/lib/dpkg/status") or "")
    return found | {f"{name} {version}" for name, version in listed}


def _dated(files: FileFacts) -> Iterator[str]:
    """Name the accounts that own layers add with the day of the build: equal today, and different tomorrow."""
    today = int(time.time()) // _DAY_S
    of_base = {
        line
        for layer in files.layers
        if layer.from_base
        for line in layer.texts.get("/etc/shadow", "").splitlines()
    }
    for layer in files.added_layers:
        for line in layer.texts.get("/etc/shadow", "").splitlines():
            fields = line.split(":")
            if line not in of_base and len(fields) > 2 and fields[2] in {str(today), str(today - 1)}:  # noqa: PLR2004 - shadow(5)
                yield f"{fields[0]}:{layer.line or 0}"


def _stamped(files: FileFacts) -> int:
    return sum(
        each.bytecode is not None and not each.bytecode.by_hash and _STAMPED.fullmatch(path) is not None
        for path, each in files.final.items()
    )
