"""The container starts, stays up and stops when told.

Why: docker run IMAGE is all that an orchestrator does. The command has to be right without help, the application
has to be PID 1 to get the stop signal, and a container that ignores that signal is killed in the middle of its work.

Proven by: Started with no override, the container becomes ready and stays up; PID 1 is the application, or a small
init with the application right below it; the stop signal ends it in good time; CMD and ENTRYPOINT are in exec form.

Broken by: No CMD; shell form; a wrong file; a shell in front of the application; a process that exits at once or
soon after, or only sleeps; SIGTERM without effect, as on any Python program that is PID 1 and has no handler for
it; an ENTRYPOINT that swallows CMD.

Fix: Start the application itself in exec form (CMD ["python", "run.py"]), let an entry script end in exec "$@", and
handle SIGTERM: in the program (signal.signal), by a server that does, or by STOPSIGNAL SIGINT, which Python handles.
"""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING

from hullproof.facts import signal_number
from hullproof.model import Evidence
from hullproof.practices._finding import Case, Finding, missing
from hullproof.practices.library.command import judge_form, judge_swallowing
from hullproof.practices.library.logs import last_words
from hullproof.practices.library.processes import (
    children,
    is_application,
    is_idler,
    is_init,
    is_shell,
    program,
    shown,
    waits_for_a_service,
)
from hullproof.practices.library.stopping import (
    NO_SHELL,
    beside,
    judge_death,
    judge_start_error,
    judge_stop,
    quoted,
)

if TYPE_CHECKING:
    from hullproof.dockerfile import Contract, Release
    from hullproof.facts import Config, ContainerFacts, FileFacts, ImageFacts, Process

_NOT_LISTENING = (
    "Let the command start a server that listens on the exposed port; where it only takes longer to start, raise "
    "`ready_timeout_s` in [tool.hullproof]."
)
_NOT_READY = (
    "In [tool.hullproof], let `ready` name a path that answers 2xx or 3xx, or a port; where it only takes longer to "
    "start, raise `ready_timeout_s`."
)


def judge(
    *,
    config: Config,
    release: Release,
    image: ImageFacts | None,
    files: FileFacts | None,
    container: ContainerFacts | None,
) -> Finding:
    """Judge the form of the command, then its life: start, readiness, PID 1, stop."""
    case = Case()
    promised = release.contract
    where = judge_form(case, release, promised)
    if image is not None:
        _judge_pin(case, where, config, image)
    if container is None or image is None:
        if not case.is_broken:
            missing("image" if image is None else "container")
        return case.finding("")
    if container.start_error is not None:
        judge_start_error(case, where, container.start_error)
    elif container.exit_code is not None:
        judge_death(case, where, container, image, config, commanded=promised.starts_something)
    elif config.stands_alone and waits_for_a_service(container, serves=bool(image.exposed)):
        told = f"the application is not started: it waits for another service; {last_words(container.log)}"
        case.doubt(told, Evidence("container", where, told), *quoted(container), remedy=beside(config))
    else:
        _judge_life(case, where, image, container)
        judge_swallowing(case, release, promised, image=image, files=files, container=container)
        judge_stop(case, where, container, image, _stop_signal_at(release, promised))
    ready = (
        f"is ready after {container.ready_after_s:.1f} s"
        if container.ready_after_s is not None
        else "stays up"
    )
    return case.finding(
        f"the command {' '.join(image.entrypoint + image.command)} starts, {ready} and stops when told"
    )


def _stop_signal_at(release: Release, promised: Contract) -> str | None:
    """Name the line of a STOPSIGNAL that asks for another signal than SIGTERM."""
    asked = promised.stop_signal
    return (
        release.where(asked.line)
        if asked is not None and signal_number(asked.text.upper()) != signal.SIGTERM
        else None
    )


def _judge_pin(case: Case, where: str, config: Config, image: ImageFacts) -> None:
    if config.command is not None and config.command not in (image.command, image.entrypoint + image.command):
        got = list(image.entrypoint + image.command)
        seen = Evidence("image", where, f"expected {list(config.command)}, which is configured, got {got}")
        case.broken(
            f"the command is {' '.join(got) or 'empty'}, and the configuration pins {' '.join(config.command)}",
            seen,
            remedy="Let CMD and `command` in [tool.hullproof] say the same.",
        )


def _judge_life(case: Case, where: str, image: ImageFacts, container: ContainerFacts) -> None:
    """Judge a container that runs: whether PID 1 is the application, and whether it is ready."""
    main = container.main
    if main is None:
        case.doubt(
            f"what runs in the container could not be seen: {container.unobservable or 'PID 1 was not found'}"
        )
    else:
        _judge_main(case, where, main, container)
    listens = any(each.protocol == "tcp" for each in container.listeners)
    told = container.ready_by or "no port was listened on"
    seen = Evidence(
        "container", where, f"expected it to become ready, watched for {container.watched_s:.0f} s: {told}"
    )
    if container.ready:
        case.show(Evidence("container", "readiness", told))
    elif container.unobservable is not None:
        case.doubt(f"whether it became ready could not be seen: {container.unobservable}", seen)
    elif container.slowed is not None:
        case.doubt(f"the container is not ready, but {container.slowed}: {told}", seen, *quoted(container))
    elif image.exposed and not listens and not _serves_udp(image, container):
        case.broken(
            f"the container never becomes ready: {told}", seen, *quoted(container), remedy=_NOT_LISTENING
        )
    elif listens:
        clause = f"the container listens, but did not become ready: {told}"
        case.doubt(clause, seen, *quoted(container), remedy=_NOT_READY)
    else:
        case.show(Evidence("container", "readiness", "a worker: it exposes no port and stays"))


def _judge_main(case: Case, where: str, main: Process, container: ContainerFacts) -> None:
    line = Evidence("dockerfile", where, "the command in force")
    seen = Evidence("container", "/proc/1/cmdline", f"PID 1 is {shown(main)}")
    below = children(main, container)
    if is_shell(main):
        case.broken(
            f"a shell is PID 1 in front of the application: {shown(main, 60)}", line, seen, remedy=NO_SHELL
        )
    elif is_idler(main):
        case.broken(f"PID 1 only waits, and is not the application: {shown(main, 60)}", line, seen)
    elif is_application(main, container):
        case.show(seen)
    elif is_init(main):
        _judge_below_init(case, line, seen, main, container)
    elif any(is_application(each, container) for each in below):
        case.broken(f"{program(main)} is PID 1 in front of the application: {shown(main, 60)}", line, seen)
    else:
        case.doubt(
            f"whether PID 1 is the application cannot be told: {shown(main, 60)} is not Python and listens nowhere",
            line,
            seen,
        )


def _judge_below_init(
    case: Case, line: Evidence, seen: Evidence, main: Process, container: ContainerFacts
) -> None:
    """Let an init stand in front, as long as no shell stands between it and the application."""
    below = children(main, container)
    between = [each for each in below if is_shell(each) or is_idler(each)]
    supervised = [
        each for each in container.processes if each.pid != main.pid and is_application(each, container)
    ]
    direct = any(is_application(each, container) for each in below)
    if supervised and (direct or not between):
        case.show(
            seen,
            Evidence("container", f"/proc/{supervised[0].pid}/cmdline", f"below it: {shown(supervised[0])}"),
        )
    elif between:
        first = between[0]
        case.broken(
            f"{program(main)} starts {shown(first, 60)}, not the application",
            line,
            Evidence(
                "container", f"/proc/{first.pid}/cmdline", f"expected the application, got {shown(first)}"
            ),
        )
    else:
        case.doubt(f"below {program(main)} no application was seen", line, seen)


def _serves_udp(image: ImageFacts, container: ContainerFacts) -> bool:
    wanted = {text for text in image.exposed if text.endswith("/udp")}
    return any(f"{each.port}/udp" in wanted for each in container.listeners if each.protocol == "udp")
