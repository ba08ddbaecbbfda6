"""What stands in front of the application as PID 1: a shell, a launcher, a program that only waits; and how it goes."""

from __future__ import annotations

import posixpath
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hullproof.dockerfile import simple_words
from hullproof.dockerfile.wrappers import unwrap
from hullproof.practices.library.command import (
    as_json,
    in_shell_form,
    program_elsewhere,
    program_path,
    to_exec_form,
    to_find,
    to_start_with,
)
from hullproof.practices.library.lines import rewrite
from hullproof.practices.library.own import started_script
from hullproof.practices.library.processes import (
    children,
    is_application,
    is_idler,
    is_init,
    is_shell,
    launcher,
    program,
    shown,
)
from hullproof.practices.library.starting import to_start

if TYPE_CHECKING:
    from hullproof.dockerfile import Release
    from hullproof.facts import ContainerFacts, FileFacts, ImageFacts, Process


@dataclass(frozen=True)
class Front:
    """A process in front of the application: a clause that says so, and the fix."""

    process: Process
    clause: str
    fix: str


def application_below(main: Process, container: ContainerFacts) -> Process | None:
    """Return the first process of the application's that is not PID 1 itself."""
    return next(
        (each for each in container.processes if each != main and is_application(each, container)), None
    )


def in_front(
    release: Release, image: ImageFacts, files: FileFacts | None, container: ContainerFacts
) -> Front | None:
    """Find what should not stand where PID 1 does, or between an init and the application; None where nothing does."""
    main = container.main
    if main is None:
        return None
    if is_idler(main):
        clause = f"PID 1 only waits, and is not the application: {shown(main, 60)}"
        return Front(main, clause, to_start(release, image, files))
    if is_shell(main):
        clause = f"a shell is PID 1 in front of the application: {shown(main, 60)}"
        return Front(main, clause, _to_make_way(release, image, files, main, container))
    if is_init(main):
        return _below_init(release, image, files, main, container)
    below = next((each for each in children(main, container) if is_application(each, container)), None)
    if below is None or is_application(main, container):
        return None
    return _before(release, main, below, image, files)


def _below_init(
    release: Release, image: ImageFacts, files: FileFacts | None, main: Process, container: ContainerFacts
) -> Front | None:
    below = children(main, container)
    if any(is_application(each, container) for each in below):
        return None
    front = next((each for each in below if is_shell(each) or is_idler(each)), None)
    if front is not None:
        clause = f"{program(main)} starts {shown(front, 60)}, not the application"
        if is_idler(front):
            return Front(front, clause, to_start(release, image, files))
        return Front(front, clause, _to_make_way(release, image, files, front, container))
    front = next((each for each in below if launcher(each) is not None), None)
    behind = front and next(
        (each for each in children(front, container) if is_application(each, container)), None
    )
    return _before(release, front, behind, image, files) if front is not None and behind is not None else None


def _before(
    release: Release, front: Process, behind: Process, image: ImageFacts, files: FileFacts | None
) -> Front:
    """Describe a program that starts the application and stays."""
    seen = launcher(front)
    name = seen[0] if seen is not None else program(front)
    fix = (
        f"Let CMD start {shown(behind, 60)} itself, or let {name} become it with exec."
        if seen is None
        else _to_launch_directly(release, seen, front, image, files)
    )
    return Front(front, f"{name} is PID {front.pid} in front of the application: {shown(front, 60)}", fix)


def _to_launch_directly(
    release: Release,
    seen: tuple[str, tuple[str, ...]],
    front: Process,
    image: ImageFacts,
    files: FileFacts | None,
) -> str:
    """Say how to start what a launcher starts, without it."""
    label, words = seen
    tool, first = label.split(maxsplit=1)[0], words[0]
    found = program_path(first, image, files) if files is not None else first
    elsewhere = program_elsewhere(first, files) if files is not None and found is None else None
    path = "" if elsewhere is None else f" {to_find(release, posixpath.dirname(elsewhere))}"
    syncs = tool == "uv" and not {"--no-sync", "--frozen"} & set(front.command)
    why = (
        " It would install what the lock file has, development tools included, at each start."
        if syncs
        else ""
    )
    way = to_start_with(release, words) or f"Start the program itself: CMD {as_json(words)}."
    return f"{way}{path} The release then needs no {tool}.{why}"


def _to_make_way(
    release: Release, image: ImageFacts, files: FileFacts | None, shell: Process, container: ContainerFacts
) -> str:
    """Say how a shell makes way for what it starts."""
    form, running = in_shell_form(release), [each.command for each in container.processes]
    if form is not None:
        return to_exec_form(release, form[0], form[1].text, running)
    keyword = "CMD" if image.command else "ENTRYPOINT"
    script = unwrap(shell.command).script
    if script is not None:
        return to_exec_form(release, keyword, script, running)
    file = next((word for word in shell.command[1:] if not word.startswith("-")), None)
    if file is None:
        return f"Let {keyword} start the application itself, without a shell."
    last = 'exec "$@"' if image.entrypoint and image.command else "exec and the application's command"
    return (
        _with_exec(*started_script(release, file, image, files), container)
        or f"Let the last line of {file} be {last}."
    )


def _with_exec(source: str | None, text: str, container: ContainerFacts) -> str | None:
    """Say which line of an entry script to write with exec: its last command, if that is what runs."""
    rows = [(number, row.strip()) for number, row in enumerate(text.splitlines(), 1)]
    starts = [(number, row) for number, row in rows if row and not row.startswith("#") and row != "wait"]
    if source is None or not starts:
        return None
    number, row = starts[-1]
    command = row.removesuffix("&").strip()
    found = simple_words(command)
    name = posixpath.basename(found[0][0]) if found is not None and found[0] else ""
    handed_on = command in {'"$@"', "$@"}
    runs = any(
        name in each.command or any(word.endswith(f"/{name}") for word in each.command)
        for each in container.processes
        if not is_idler(each)
    )
    return rewrite(source, number, f"exec {command}") if handed_on or (name and runs) else None
