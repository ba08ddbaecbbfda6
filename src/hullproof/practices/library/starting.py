"""Saying which command starts what is in the image: one that is missing, misspelled, or never handed on."""

from __future__ import annotations

import difflib
import re
from typing import TYPE_CHECKING

from hullproof.practices.library.command import in_shell_form, to_exec_form, to_start_with, to_write
from hullproof.practices.library.lines import insert
from hullproof.practices.library.own import started_script

if TYPE_CHECKING:
    from hullproof.dockerfile import Release
    from hullproof.facts import FileFacts, ImageFacts

_USUAL_SCRIPTS = frozenset({"run.py", "main.py", "app.py", "server.py", "serve.py", "bot.py", "worker.py"})
_NOT_STARTED = re.compile(
    r"python[\d.]*: No module named (\w+)$|python[\d.]*: can't open file '([^']+)'", re.MULTILINE
)
_HANDS_ON = 'exec "$@"'


def to_start(release: Release, image: ImageFacts | None, files: FileFacts | None) -> str:
    """Say which command to write: the package or script in the image that is there to be started, where just one is."""
    found = startable(image, files)
    shown = to_start_with(release, found) if found is not None else None
    if shown is None:
        return "Add a CMD that starts the application, as a JSON list; for a worker or a server it is what you start by hand."
    return f"Let the command start the application. {shown}"


def startable(image: ImageFacts | None, files: FileFacts | None) -> tuple[str, ...] | None:
    """Return the command that starts what is in the working directory; None where there is no such thing, or several."""
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
    return found[0] if top and len(found) == 1 else None


def misspelled(
    release: Release, log: tuple[str, ...], image: ImageFacts, files: FileFacts | None
) -> str | None:
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
    return f"The image has no {wanted}, it has {near[0]}. {to_write(release, keyword, meant)}"


def to_hand_on(release: Release, image: ImageFacts, files: FileFacts | None) -> str | None:
    """Say how an entry script that never looks at its arguments becomes CMD; None where it is no such script."""
    form = in_shell_form(release)
    if form is not None and form[0] == "ENTRYPOINT":
        return to_exec_form(release, form[0], form[1].text)
    if not image.entrypoint or not image.command:
        return None
    file = image.entrypoint[-1]
    source, text = started_script(release, file, image, files)
    if not text.startswith("#!") or re.search(r"\$[@*]|\$\{[@*]", text):
        return None
    shown = insert(source, "after", len(text.splitlines()), _HANDS_ON) if source is not None else None
    return shown or f"Let {_HANDS_ON} be the last line of {file}."
