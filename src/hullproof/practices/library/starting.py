"""Saying which command starts what is in the image: one that is missing, misspelled, or never handed on."""

from __future__ import annotations

import difflib
import posixpath
import re
from typing import TYPE_CHECKING

from hullproof.practices.library.command import as_json
from hullproof.practices.library.lines import source_of

if TYPE_CHECKING:
    from hullproof.dockerfile import Release
    from hullproof.facts import FileFacts, ImageFacts

_USUAL_SCRIPTS = frozenset({"run.py", "main.py", "app.py", "server.py", "serve.py", "bot.py", "worker.py"})
_NOT_STARTED = re.compile(
    r"python[\d.]*: No module named (\w+)$|python[\d.]*: can't open file '([^']+)'", re.MULTILINE
)


def to_start(image: ImageFacts | None, files: FileFacts | None) -> str:
    """Say which command to add: the package or script in the image that is there to be started, where just one is."""
    top = (image.workdir if image is not None else "").rstrip("/")
    inside = [
        path.removeprefix(f"{top}/")
        for path in (files.final if files is not None else ())
        if path.startswith(f"{top}/")
    ]
    packages = [path.partition("/")[0] for path in inside if re.fullmatch(r"\w+/__main__\.py", path)]
    scripts = [path for path in inside if path in _USUAL_SCRIPTS]
    found: list[tuple[str, ...]] = [("python", "-m", each) for each in packages]
    found = found or [("python", each) for each in scripts]
    if not top or len(found) != 1:
        return "Add a CMD that starts the application, as a JSON list; for a worker or a server it is what you start by hand."
    return f"Add a command that starts the application: CMD {as_json(found[0])}."


def misspelled(log: tuple[str, ...], image: ImageFacts, files: FileFacts | None) -> str | None:
    """Say how a command is written whose module or script is there under a name that is nearly the same."""
    found = next(iter(_NOT_STARTED.findall("\n".join(log))), None)
    if found is None or files is None:
        return None
    module, file = found
    top = (image.workdir or "/").rstrip("/")
    there = [path.removeprefix(f"{top}/") for path in files.final if path.startswith(f"{top}/")]
    names = (
        [path.removesuffix("/__main__.py") for path in there if path.endswith("/__main__.py")]
        if module
        else there
    )
    wanted = module or file.removeprefix(f"{top}/")
    near = difflib.get_close_matches(wanted, names, n=1, cutoff=0.8)
    keyword, words = ("CMD", image.command) if wanted in image.command else ("ENTRYPOINT", image.entrypoint)
    if not near or wanted not in words:
        return None
    meant = tuple(near[0] if word == wanted else word for word in words)
    return f"The image has no {wanted}, it has {near[0]}: {keyword} {as_json(meant)}."


def to_hand_on(release: Release, image: ImageFacts, files: FileFacts | None) -> str | None:
    """Say how an entry script that never looks at its arguments becomes CMD; None where it is no such script."""
    if files is None or not image.entrypoint or not image.command:
        return None
    path = posixpath.normpath(posixpath.join(image.workdir or "/", image.entrypoint[-1]))
    text, source = files.text(path) or "", source_of(release, posixpath.basename(path))
    if not text.startswith("#!") or re.search(r"\$[@*]|\$\{[@*]", text):
        return None
    place = f"{source}:{len(text.splitlines())}" if source is not None else f"the last line of {path}"
    return f'Add `exec "$@"` after {place}.'
