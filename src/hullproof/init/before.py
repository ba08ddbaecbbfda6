"""What the Dockerfile that is there gives its image, and ours would not: somebody needed it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from hullproof.dockerfile import Release, commands, options, parse, valued
from hullproof.errors import UsageError
from hullproof.init.model import Remark

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from hullproof.init.files import Files

_INSTALLING = {"apt": "install", "apt-get": "install", "apk": "add"}
_VERSION = re.compile("[=~<>]")
_PLAIN = re.compile(r"[a-z0-9][a-z0-9+.-]+(?:[=~<>]\S+)?")
_OF_TOOLS = re.compile(
    r"PATH|LANG|LC_\w+|DEBIAN_FRONTEND|VIRTUAL_ENV|(?:PYTHON|PIP|UV|POETRY|PDM|PIPENV)_?\w*"
)
"""What tells Python and those that install packages how to work: ours sets what it needs of these."""


def look(files: Files, installed: Iterable[str], variables: Iterable[str]) -> Iterator[Remark]:
    """Name packages of the system, variables and volumes that it has.

    `installed` are packages and `variables` are names that ours has, too.
    """
    try:
        dockerfile = parse(files.text(files.dockerfile), files.dockerfile)
    except UsageError:
        return
    release = Release(dockerfile, dockerfile.release())
    names = [name for each in release.chain if each.keyword == "ENV" for name, _ in each.pairs]
    volumes = [path for each in release.chain if each.keyword == "VOLUME" for path in each.args]
    known = {*installed, *variables}
    for does, each in (
        ("installs", [_VERSION.split(package)[0] for package in _packages(release)]),
        ("sets", [name for name in names if not _OF_TOOLS.fullmatch(name)]),
        ("has VOLUME", volumes),
    ):
        missing = [name for name in dict.fromkeys(each) if name not in known]
        if missing:
            what = f"{files.dockerfile} {does} {', '.join(missing)}"
            yield Remark("note", f"{what}; ours does not: add to it what is still needed")


def _packages(release: Release) -> Iterator[str]:
    """Yield what the steps of the release install with Debian's or Alpine's tool."""
    for step in release.chain:
        for each in commands(step).commands if step.keyword == "RUN" else ():
            words = options.split(each.argv[1:], valued.SYSTEM).words
            if words[:1] == [_INSTALLING.get(each.program, "")]:
                yield from filter(_PLAIN.fullmatch, words[1:])
