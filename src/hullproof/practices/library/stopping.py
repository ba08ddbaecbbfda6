"""How a container ends: it cannot be started, it ends by itself, or it is told to stop."""

from __future__ import annotations

import posixpath
import re
import signal
from typing import TYPE_CHECKING

from hullproof.facts import ENDS_WELL_WITHIN_S, signal_number
from hullproof.model import Evidence
from hullproof.practices.library.logs import (
    last_words,
    missed_file,
    misses_a_service,
    misses_a_setting,
    telling_line,
)
from hullproof.practices.library.processes import SHELLS, is_shell, program

if TYPE_CHECKING:
    from hullproof.facts import Config, ContainerFacts, ImageFacts, Stopped
    from hullproof.practices._finding import Case

NO_SHELL = (
    'Start the application itself: exec form without a shell, or exec "$@" at the end of the entry script.'
)
_FOREGROUND = "Make the command start the application in the foreground, from a file that is in the image."
_CANNOT_START = (
    'Name a program that the image has and its user may run, such as CMD ["python", "run.py"]. A script needs a first '
    "line such as #!/bin/sh, Unix line ends, and its execute bit (COPY --chmod=755)."
)
_MISSING = "Copy or install what it misses, in a version that fits the rest."
_NO_COMMAND = (
    "There is no CMD. If the ENTRYPOINT starts what it is handed, add the CMD that starts the application; if it starts "
    "the application itself, keep that in the foreground."
)
_BESIDE = (
    "It looks for a service that is not there, such as a database: name the compose file that describes it "
    "(`compose` in [tool.hullproof]), and tell the application where it is (`env`)."
)
_OFFLINE = "It was booted without a network: leave out `offline` in [tool.hullproof], or --offline, where it needs one."
_SETTINGS = (
    "It looks for a setting that is not in its environment: give a default in the image (ENV), or, where there can be "
    "none, the value that it is to be proven with (`env` in [tool.hullproof])."
)
_SIGNAL = "Leave STOPSIGNAL out, or name a signal that the application ends on."
_VARIABLE = re.compile(r"\$(?:[A-Za-z_]|\{[A-Za-z_])")
_NO_SUCH_COMMAND = (
    "executable file not found",
    "no such file or directory",
    "permission denied",
    "exec format error",
    "is a directory",
    "not a directory",
    "no command specified",
)


def judge_start_error(case: Case, where: str, error: str) -> None:
    """Judge a container that the engine could not start."""
    lowered = error.lower()
    seen = Evidence("container", where, error)
    if "find user" in lowered or "find group" in lowered or "passwd" in lowered:
        case.doubt("the container does not start because of its user, see non-root-user", seen)
    elif any(reason in lowered for reason in _NO_SUCH_COMMAND):
        case.broken(f"the container does not start: {error}", seen, remedy=_CANNOT_START)
    else:
        case.doubt(f"the engine could not start the container: {error}", seen)


def beside(config: Config) -> str:
    """Say how an application gets the service that it misses."""
    return _OFFLINE if config.offline else _BESIDE


def judge_death(
    case: Case, where: str, container: ContainerFacts, image: ImageFacts, config: Config, *, commanded: bool
) -> None:
    """Judge a container that ended. One that found no database or no setting, where none was given, shows nothing."""
    after = f" after {container.lived_s:.1f} s" if container.lived_s is not None else ""
    clause = f"the container ends by itself{after} with exit code {container.exit_code}; {last_words(container.log)}"
    seen = f"expected it to stay, it ended with exit code {container.exit_code}{after}"
    evidence = (Evidence("container", where, seen), *quoted(container))
    if missed_file(container.log, "") is not None:
        case.broken(clause, *evidence, remedy=_MISSING)
    elif config.stands_alone and misses_a_service(container.log):
        case.doubt(f"{clause} (a service that it needs is not there)", *evidence, remedy=beside(config))
    elif misses_a_setting(container.log):
        case.doubt(f"{clause} (a setting that it needs is not there)", *evidence, remedy=_SETTINGS)
    elif image.entrypoint and not image.command and not container.exit_code:
        case.broken(clause, *evidence, remedy=_NO_COMMAND)
    elif (word := _unreplaced(image)) is not None:
        remedy = (
            f"A JSON list replaces no variables, so that the program got {word} as it stands: write the value, or let a "
            'shell replace it and make way: CMD ["sh", "-c", "exec ..."].'
        )
        case.broken(clause, *evidence, remedy=remedy)
    else:
        # Where nothing says what to start, the remedy is to write that.
        case.broken(clause, *evidence, remedy=_FOREGROUND if commanded else None)


def _unreplaced(image: ImageFacts) -> str | None:
    """Find a word with a variable in a command that no shell is started with."""
    words = image.entrypoint + image.command
    if any(posixpath.basename(word) in SHELLS for word in words):
        return None
    return next((word for word in words if _VARIABLE.search(word)), None)


def judge_stop(
    case: Case, where: str, container: ContainerFacts, image: ImageFacts, asked_at: str | None
) -> None:
    """Judge how it ended when it was told to. `asked_at` is the line whose STOPSIGNAL is another than usual."""
    stopped = container.stopped
    if stopped is None:
        case.doubt(
            "how the container stops was not seen", Evidence("container", where, "no stop was observed")
        )
        return
    took = f"{stopped.signal}: ended after {stopped.seconds:.1f} s with exit code {stopped.exit_code}"
    if stopped.is_slow:
        end = "had to be killed" if stopped.killed else f"took {stopped.seconds:.1f} s to end"
        why = _why_deaf(container, stopped)
        seen = Evidence(
            "container",
            asked_at or where,
            f"expected it to end within {ENDS_WELL_WITHIN_S:.0f} s of {stopped.signal}, it {end}",
        )
        if not (stopped.is_surely_slow or _is_deaf(container, stopped)):
            own = max(0.0, stopped.seconds - stopped.slowed_s)
            told = f"the engine or the machine was slow, and only {own:.1f} s are surely the container's own"
            case.doubt(f"the container {end} after {stopped.signal}, but {told}", seen)
            return
        remedy = _to_hear(container, stopped) if asked_at is None else _SIGNAL
        case.broken(f"the container {end} after {stopped.signal}{why}", seen, remedy=remedy)
        return
    usual = {0, 143, 128 + (signal_number(stopped.signal) or 15)}
    odd = "" if stopped.exit_code in usual else ", which is unusual"
    case.show(Evidence("container", f"stop with {image.stop_signal}", f"{took}{odd}"))


def _is_deaf(container: ContainerFacts, stopped: Stopped) -> bool:
    """Whether the kernel ignores the signal for want of a handler, as it does for PID 1: no clock is needed to see that."""
    main = container.main
    return stopped.killed and main is not None and main.handles(stopped.signal) is False


def _why_deaf(container: ContainerFacts, stopped: Stopped) -> str:
    main = container.main
    if main is None:
        return ""
    if is_shell(main):
        return ": the shell in front of the application does not pass it on"
    if main.handles(stopped.signal) is False:
        return f": PID 1 ({program(main)}) has no handler for it, and without one the kernel ignores it for PID 1"
    return ""


def _to_hear(container: ContainerFacts, stopped: Stopped) -> str | None:
    main = container.main
    if main is None:
        return None
    if is_shell(main):
        return NO_SHELL
    if main.handles(stopped.signal) is not False:
        return None
    if signal_number(stopped.signal) == signal.SIGTERM:
        return (
            "Handle SIGTERM in the program (signal.signal), use a server that does, or write STOPSIGNAL SIGINT, which "
            "Python handles."
        )
    return (
        f"Write a STOPSIGNAL that the application handles, or handle {stopped.signal} in it (signal.signal)."
    )


def quoted(container: ContainerFacts) -> tuple[Evidence, ...]:
    """Quote the end of the log, and before it the line that tells most."""
    lines = [line for line in container.log if line.strip(" ~^\t")]
    told = telling_line(container.log)
    quoted = lines[-3:] if told is None or any(told in line for line in lines[-3:]) else [told, *lines[-2:]]
    return tuple(Evidence("container", "log", line) for line in quoted)
