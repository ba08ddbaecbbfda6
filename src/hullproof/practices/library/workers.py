"""Saying how the number of an application's processes is given to it, where it counts the processors of the machine."""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING

from hullproof.practices.checks import listed
from hullproof.practices.library.lines import instead, rewrite, text_of
from hullproof.practices.library.own import Row, rows, with_os

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hullproof.dockerfile import Release
    from hullproof.facts import FileFacts, ImageFacts

_COUNT = re.compile(
    r"len\(\s*os\.sched_getaffinity\(0\)\s*\)|\b(?:os|multiprocessing|psutil)\.(?:process_)?cpu_count\([^()]*\)"
)
_OF_NUMBERS = re.compile(r"[\s\d+*/().,-]*(?:(?:int|min|max|or)\b[\s\d+*/().,-]*)*")
"""What a count is made into a number of workers by."""
_ASSIGNED = re.compile(r"^(?P<name>\s*\w+(?:\s*:\s*int)?\s*=\s*)(?P<value>[^#]+?)\s*(?P<note>#.*)?$")
_GIVEN = 'int(os.environ.get("WEB_CONCURRENCY", "2"))'
_IN_SHELL = re.compile(r"\$\(\s*(?:nproc(?: --all)?|getconf _NPROCESSORS_(?:ONLN|CONF))\s*\)")
_ASKS = re.compile(
    r"^[^#]*(?:\bcpu_count\(|\bsched_getaffinity\(|\$\(\s*nproc\b|`nproc\b|\b_NPROCESSORS_(?:ONLN|CONF)\b)"
)
"""A line that asks for the machine's processors, in Python or in a shell; a comment does not."""
_SHOWN = 3
_GIVEN_IN_SHELL = "${WEB_CONCURRENCY:-2}"


def to_be_given(
    release: Release, image: ImageFacts | None, files: FileFacts | None, project_texts: Mapping[str, str]
) -> str | None:
    """Say which one line takes the number from WEB_CONCURRENCY, two where nobody gives it; None where no line counts, or several do."""
    every = list(rows(image, files, project_texts)) if image is not None else []
    counting = [row for row in every if _COUNT.search(row.text) or _IN_SHELL.search(row.text)]
    counting = [row for row in counting if "Thread" not in row.text]  # they are of one process
    steps = {each.line: each for each in (release.last("CMD"), release.last("ENTRYPOINT")) if each}
    asking = [each for each in steps.values() if _IN_SHELL.search(text_of(each) or "")]
    way = None
    if len(counting) + len(asking) == 1:
        way = (
            _in_row(counting[0])
            if counting
            else instead(release, asking[0].line, _IN_SHELL.sub(_GIVEN_IN_SHELL, text_of(asking[0]) or ""))
        )
    elif not counting and not asking:
        way = _of_celery(release)
    told = way or _where(release, project_texts)
    return (
        f"Let who starts the container say how many workers there are, with few as the default. {told}"
        if told
        else None
    )


def _where(release: Release, project_texts: Mapping[str, str]) -> str | None:
    """Name the lines that ask for the machine's processors, in the command or the project's own files; None for none, or many."""
    commands = [each for each in (release.last("CMD"), release.last("ENTRYPOINT")) if each is not None]
    places = [release.where(each.line) for each in commands if _ASKS.search(each.original)] or [
        f"{path}:{number}"
        for path, text in sorted(project_texts.items())
        if not _is_of_tests(path)
        for number, line in enumerate(text.splitlines(), 1)
        if _ASKS.search(line)
    ]
    if not 0 < len(places) <= _SHOWN:
        return None
    return f"A variable such as WEB_CONCURRENCY takes the place of the count at {listed(places)}."


def _is_of_tests(path: str) -> bool:
    return "tests" in path.split("/")[:-1] or posixpath.basename(path).startswith(("test_", "conftest"))


def _in_row(row: Row) -> str | None:
    if _IN_SHELL.search(row.text):
        return rewrite(row.path, row.number, _IN_SHELL.sub(_GIVEN_IN_SHELL, row.text))
    assigned = _ASSIGNED.match(row.text)
    alone = assigned is not None and _OF_NUMBERS.fullmatch(_COUNT.sub("", assigned["value"]))
    meant = f"{assigned['name']}{_GIVEN}" if assigned is not None and alone else _COUNT.sub(_GIVEN, row.text)
    return with_os(row, meant)


def _of_celery(release: Release) -> str | None:
    """Say that a worker of Celery's, which counts processors itself, is given a number in its command."""
    command = release.last("CMD")
    text = text_of(command) if command is not None else None
    if command is None or text is None or not {"worker"} <= set(command.args) or not _is_celery(command.args):
        return None
    if not command.json or not text.endswith("]"):
        return None
    return instead(release, command.line, f'{text[:-1].rstrip()}, "--concurrency=2"]')


def _is_celery(words: tuple[str, ...]) -> bool:
    """Whether a command starts Celery and does not say how many children it has."""
    given = any(each.startswith(("--concurrency", "-c", "--autoscale", "--pool", "-P")) for each in words)
    return not given and any(each.rpartition("/")[2] == "celery" for each in words)
