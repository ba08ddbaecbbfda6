"""Saying how a start copes with what an earlier one has left: in the line that fails on it, or before anything runs."""

from __future__ import annotations

import json
import posixpath
import re
from typing import TYPE_CHECKING

from hullproof.practices.library.command import program_path
from hullproof.practices.library.lines import before_command, insert, rewrite
from hullproof.practices.library.own import Row, raised_at

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hullproof.dockerfile import Release
    from hullproof.facts import FileFacts, ImageFacts

_PATH = re.compile(r"(?<![\w/.:])(/[\w./-]*\w)")
_STALE = re.compile(r"(?:^|[._-])(?:pid|lock|lck|sock|socket)$")
"""Names of files that say that somebody runs: in a container that starts, nobody does."""
_BOUND = re.compile(r"\.bind\(\s*[\"'](/[\w./-]+)[\"']\s*\)")
_OF_PYTHON = (
    (re.compile(r"\bos\.mkdir\(([^(),]+)\)"), r"os.makedirs(\1, exist_ok=True)"),
    (re.compile(r"\bos\.makedirs\(([^(),]+)\)"), r"os.makedirs(\1, exist_ok=True)"),
    (re.compile(r"\.mkdir\(\)"), ".mkdir(exist_ok=True)"),
    (re.compile(r"\.mkdir\(parents=True\)"), ".mkdir(parents=True, exist_ok=True)"),
)
_TABLE = re.compile(r"\b(create (?:table|(?:unique )?index)) (?!if\b)", re.IGNORECASE)
_OF_SHELL = (
    (re.compile(r"^(\s*)mkdir (?!-)"), r"\1mkdir -p "),
    (re.compile(r"^(\s*)ln (?!-)"), r"\1ln -fn "),
    (re.compile(r"^(\s*)ln -s "), r"\1ln -sfn "),
)


def to_come_back(
    release: Release,
    image: ImageFacts | None,
    files: FileFacts | None,
    log: tuple[str, ...],
    *,
    error: str,
    project: Mapping[str, str],
) -> str:
    """Say how a start that failed with an error gets by the next time: in lines where they are plain, else what has to."""
    row = raised_at(log, project)
    way = (
        (_in_program(row, error) if row is not None else _in_script(error, project))
        or _without_stale(release, image, files, _stale(row, error), project)
        or ""
    )
    at = f", which {row.path}:{row.number} meets" if row is not None and not way else ""
    return f"Let the start expect what an earlier one has left{at}: {error.rstrip('.')}. {way}".rstrip()


def _in_program(row: Row, error: str) -> str | None:
    """Say how the line of the program makes what is not there yet."""
    if _TABLE.search(row.text) and "already exists" in error:
        return rewrite(row.path, row.number, _TABLE.sub(r"\1 if not exists ", row.text))
    for pattern, meant in _OF_PYTHON if "FileExistsError" in error else ():
        if pattern.search(row.text):
            return rewrite(row.path, row.number, pattern.sub(meant, row.text))
    return None


def _in_script(error: str, project: Mapping[str, str]) -> str | None:
    """Say how the one line of a script that makes the path of an error makes it where it is not there yet."""
    if "File exists" not in error:
        return None
    named = _PATH.findall(error)
    found = [
        (path, number, pattern.sub(meant, text))
        for path, whole in project.items()
        if path.endswith(".sh") or whole.startswith("#!")
        for number, text in enumerate(whole.splitlines(), 1)
        for pattern, meant in _OF_SHELL
        if pattern.search(text) and any(name in text.split() for name in named)
    ]
    return rewrite(*found[0]) if len(found) == 1 else None


def _stale(row: Row | None, error: str) -> str | None:
    """Name the one lock, pid file or socket that a start failed on; None for what may hold more than that."""
    bound = _BOUND.search(row.text) if row is not None else None
    named = {path for path in _PATH.findall(error) if _STALE.search(posixpath.basename(path))}
    return bound[1] if bound is not None else named.pop() if len(named) == 1 else None


def _without_stale(
    release: Release,
    image: ImageFacts | None,
    files: FileFacts | None,
    path: str | None,
    project: Mapping[str, str],
) -> str | None:
    """Say how a file is removed before anything runs; None where others may hold it, or there is no shell to remove it."""
    if path is None or image is None or files is None or _is_shared(release, path):
        return None
    removal = f"rm -f {path}"
    if image.entrypoint:
        script = posixpath.basename(image.entrypoint[0])
        found = [
            each
            for each, whole in project.items()
            if posixpath.basename(each) == script and whole[:2] == "#!"
        ]
        return insert(found[0], "after", 1, removal) if script.endswith(".sh") and len(found) == 1 else None
    command = release.last("CMD")
    if command is None or not command.json or program_path("sh", image, files) is None:
        return None
    words = ["sh", "-c", f'{removal} && exec "$@"', "sh"]
    return before_command(release, f"ENTRYPOINT {json.dumps(words)}")


def _is_shared(release: Release, path: str) -> bool:
    """Whether a path may lie in a volume, where others may hold what it says."""
    volumes = [each for step in release.chain if step.keyword == "VOLUME" for each in step.args]
    return any(f"{path}/".startswith(f"{each.rstrip('/')}/") for each in volumes)
