"""Telling processes apart: shells, inits, programs that only wait, and the application itself."""

from __future__ import annotations

import re
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from hullproof.dockerfile.shell import read as read_shell
from hullproof.dockerfile.wrappers import unwrap
from hullproof.practices.library.logs import tells_of_waiting
from hullproof.tools import IDLERS, INITS, LAUNCHERS, SHELLS, names

if TYPE_CHECKING:
    from hullproof.facts import Config, ContainerFacts, ImageFacts, Process

_SAYING = names("echo printf : set trap exec wait")
"""What a shell that only waits may do beside."""
_INTERPRETER = re.compile(r"(?:python|pypy)[\d.]*$")
_SERVERS = re.compile(
    r"(python|pypy|gunicorn|uvicorn|hypercorn|daphne|celery|flask|waitress|granian|uwsgi|unitd?|gevent)"
)


def program(process: Process) -> str:
    """Name the program: for busybox the tool that it plays, without folder, login dash and wrapping."""
    called = PurePosixPath(process.command[0].lstrip("-")).name if process.command else ""
    real = PurePosixPath((process.executable or "").removesuffix(" (deleted)")).name
    if real.startswith("busybox"):
        return called or real
    return real or called or process.name


def is_shell(process: Process) -> bool:
    """Whether a shell stands here, and so not the application."""
    return program(process) in SHELLS


def is_init(process: Process) -> bool:
    """Whether it is one of the small inits made to be PID 1."""
    return program(process) in INITS


def is_idler(process: Process) -> bool:
    """Whether it only waits: a container kept alive without an application, by a program, a shell or a bare interpreter."""
    words = process.command
    bare = len(words) == 1 and re.fullmatch(r"(?:.*/)?(?:python|pypy)[\d.]*", words[0]) is not None
    return program(process) in IDLERS or bare or _only_waits(unwrap(words).script)


def _only_waits(script: str | None) -> bool:
    """Whether all that a shell is told to do is to wait: `sleep infinity`, `while true; do sleep 60; done`."""
    programs = {each.program for each in read_shell(script).commands} if script else set()
    return bool(programs & IDLERS) and programs <= IDLERS | _SAYING


def launcher(process: Process) -> tuple[str, tuple[str, ...]] | None:
    """Tell by what a process starts a program in an environment, and which one: `uv run`, `("uvicorn", ...)`."""
    words = process.command
    if len(words) > 1 and _INTERPRETER.match(PurePosixPath(words[0]).name) and not words[1].startswith("-"):
        words = words[1:]
    seen = unwrap(words)
    label = next((each for each in seen.wrappers if each.split()[0] in LAUNCHERS), None)
    return None if label is None else (label, seen.argv)


def is_application(process: Process, container: ContainerFacts) -> bool:
    """Whether it is a Python process, a Python server by name, or a process that listens."""
    if is_shell(process) or is_idler(process) or launcher(process) is not None:
        return False
    names = (program(process), PurePosixPath(process.command[0]).name if process.command else "")
    named = any(_SERVERS.match(name) for name in names)
    return named or any(process.pid in listener.pids for listener in container.listeners)


def children(parent: Process, container: ContainerFacts) -> list[Process]:
    """Return the processes that it started and that still run."""
    return [each for each in container.processes if each.ppid == parent.pid]


def application(container: ContainerFacts) -> list[Process]:
    """Return what the image starts: PID 1, or where that is an init (dumb-init works in /) what it starts."""
    main = container.main
    if main is None:
        return []
    return (children(main, container) if is_init(main) else []) or [main]


def shown(process: Process, most: int = 100) -> str:
    """Put a command line on one short line."""
    text = " ".join(process.command) or process.name or "?"
    line = " ".join(text.split())
    return line if len(line) <= most else f"{line[: most - 1]}…"


def why_unseen(container: ContainerFacts) -> str:
    """Say why nothing of the running container is known."""
    if container.exit_code is not None:
        return f"it ended with exit code {container.exit_code}; see default-command"
    return container.start_error or container.unobservable or "it ended before it could be looked at"


def is_started(config: Config, image: ImageFacts, container: ContainerFacts) -> bool:
    """Whether the command has done its part: it runs, and waits for no other service before it starts the application."""
    waits = config.stands_alone and waits_for_a_service(container, serves=bool(image.exposed))
    return not container.died and not waits


def runs_application(config: Config, image: ImageFacts, container: ContainerFacts) -> bool:
    """Whether it is started, and what was started is not a program that only waits: that is one fault, whatever else it does."""
    main = container.main
    return is_started(config, image, container) and not (main is not None and is_idler(main))


def waits_for_a_service(container: ContainerFacts, *, serves: bool) -> bool:
    """Whether the application is not there yet, since something waits for another service before it starts it.

    `serves`: the image exposes a port, so that an application that listens nowhere has not got that far.
    """
    main = container.main
    if container.died or container.listeners or main is None:
        return False
    return (is_shell(main) or (serves and not container.ready)) and tells_of_waiting(container.log)
