"""The container starts, stays up and stops when told.

Why: docker run IMAGE is all that an orchestrator does. The command has to be right without help, the application
has to be PID 1 to get the stop signal, and a container that ignores that signal is killed in the middle of its work.

Proven by: Started with no override, the container becomes ready and stays up; PID 1 is the application, or a small
init with the application right below it; the stop signal ends it in good time and good order (a program that serves on
its standard input, the end of that); the image's own HEALTHCHECK, where it has one, succeeds. What is in shell form counts
by what was seen: where the shell makes way, it holds.

Broken by: No CMD; a shell that stays in front of the application; a wrong file; a process that exits at once or
soon after, or only sleeps; uv run or another launcher in front; SIGTERM without effect, as on any Python program that
is PID 1 and has no handler for it; an ENTRYPOINT that ignores CMD; a HEALTHCHECK that cannot succeed.

Fix: Start the application itself in exec form (CMD ["python", "run.py"]), let an entry script end in exec "$@", and
handle SIGTERM: in the program (signal.signal), by a server that does, or by STOPSIGNAL SIGINT, which Python handles.
"""

from __future__ import annotations

from collections.abc import Mapping

from hullproof.dockerfile import Release
from hullproof.facts import ENDS_WELL_WITHIN_S, Config, ContainerFacts, FileFacts, ImageFacts
from hullproof.practices.checks import (
    Observations,
    broken,
    check,
    in_container,
    in_dockerfile,
    in_image,
    listed,
    proven,
    unproven,
)
from hullproof.practices.library.command import (
    ignored_command,
    in_shell_form,
    line_of_command,
    notes_on_form,
)
from hullproof.practices.library.failures import why_not_up
from hullproof.practices.library.front import application_below, in_front
from hullproof.practices.library.health import said, says_healthy
from hullproof.practices.library.logs import development_server, exception_in, quoted
from hullproof.practices.library.own import to_end_on
from hullproof.practices.library.processes import (
    is_application,
    is_init,
    is_started,
    program,
    runs_application,
    shown,
)
from hullproof.practices.library.readiness import failing, seen_last, why_not_ready
from hullproof.practices.library.starting import to_hand_on, to_start
from hullproof.practices.library.stopping import ends_in_order, how_it_ended, unusual_signal, why_late


@check
def there_is_a_command(
    config: Config, release: Release, image: ImageFacts | None, files: FileFacts | None
) -> Observations:
    """The Dockerfile itself says what to start, and it is what the configuration pins."""
    where = line_of_command(release)
    if not release.contract.starts_something:
        yield broken(
            "there is no CMD and no ENTRYPOINT: the container starts whatever the base says",
            in_dockerfile(where, "expected CMD or ENTRYPOINT in this stage, found none"),
            fix=to_start(release, image, files),
        )
    yield from notes_on_form(release)
    whole = () if image is None else image.entrypoint + image.command
    if image is not None and config.command is not None and config.command not in (image.command, whole):
        yield broken(
            f"the command is {' '.join(whole) or 'empty'}, and the configuration pins {' '.join(config.command)}",
            in_image(where, f"expected {list(config.command)}, which is configured, got {list(whole)}"),
            fix="Let CMD and `command` in [tool.hullproof] say the same.",
        )


@check
def it_starts_and_stays(
    config: Config, release: Release, image: ImageFacts, files: FileFacts | None, container: ContainerFacts
) -> Observations:
    """The engine can start it, and it does not end by itself."""
    where, cause = line_of_command(release), why_not_up(config, release, image, files, container)
    if cause is None:
        ready = f"is ready after {container.ready_after_s:.1f} s" if container.ready_after_s else "stays up"
        held = ", with its standard input held open (docker run -i)" if container.on_stdin else ""
        way = "; its shell execs the application" if in_shell_form(release) else ""
        whole = " ".join(image.entrypoint + image.command)
        watched = in_container("/proc/1", f"watched for {container.watched_s:.0f} s, in which it stays up")
        yield proven(f"the command {whole} starts{held}, {ready} and stops when told{way}", watched)
    elif release.contract.starts_something:
        seen = in_container(where, f"expected it to start and stay: {cause.clause}")
        yield cause.observed(seen, *quoted(container))


@check
def pid_1_is_the_application(
    config: Config, release: Release, image: ImageFacts, files: FileFacts | None, container: ContainerFacts
) -> Observations:
    """No shell, launcher or idler stands in front of it; a small init may."""
    main, where = container.main, line_of_command(release)
    if not is_started(config, image, container):
        return
    if main is None:
        reason = container.unobservable or "PID 1 was not found"
        yield unproven(f"what runs in the container could not be seen: {reason}")
        return
    line = in_dockerfile(where, "the command in force")
    seen = in_container("/proc/1/cmdline", f"PID 1 is {shown(main)}")
    front, below = in_front(release, image, files, container), application_below(main, container)
    if front is not None:
        first = in_container(
            f"/proc/{front.process.pid}/cmdline", f"expected the application, got {shown(front.process)}"
        )
        yield broken(front.clause, line, first, fix=front.fix)
    elif is_init(main) and below is not None:
        yield seen
        yield in_container(f"/proc/{below.pid}/cmdline", f"below it: {shown(below)}")
    elif is_application(main, container):
        yield seen
    elif is_init(main):
        yield unproven(f"below {program(main)} no application was seen", line, seen)
    else:
        clause = f"whether PID 1 is the application is unknown: {shown(main, 60)} is not Python and listens nowhere"
        yield unproven(clause, line, seen)


@check
def the_entrypoint_runs_cmd(
    config: Config, release: Release, image: ImageFacts, files: FileFacts | None, container: ContainerFacts
) -> Observations:
    """Where there are both, a process runs what CMD says."""
    started = is_started(config, image, container)
    ignored = ignored_command(release, image, files, container) if started else None
    if ignored is not None:
        words, running = ignored.text, "; ".join(shown(each, 50) for each in container.processes[:3])
        yield broken(
            f"ENTRYPOINT ignores CMD: `{words}` never runs",
            in_dockerfile(release.where(ignored.line), f"expected a process that runs {words}"),
            in_container("/proc", f"what runs is {running}"),
            fix=to_hand_on(release, image, files)
            or 'Write ENTRYPOINT in exec form, and end an entry script with exec "$@", so that it becomes CMD.',
        )


@check
def it_becomes_ready(
    config: Config, release: Release, image: ImageFacts, container: ContainerFacts
) -> Observations:
    """It listens where it says, or answers what `ready` asks for; one that answers with failures alone shows nothing."""
    if not runs_application(config, image, container):
        return
    reason, failure = why_not_ready(image, container), failing(config, container)
    if reason is not None:
        watched = f"watched for {container.watched_s:.0f} s: {seen_last(container)}"
        seen = in_container(line_of_command(release), f"expected it to become ready, {watched}")
        yield reason.observed(seen, *(quoted(container) if container.unobservable is None else ()))
    elif failure is not None:
        answer, fails = failure
        seen = in_container(f"port {answer.port}", f"expected HTTP below 500, got {answer.status}")
        yield fails.observed(seen, *quoted(container))
    else:
        otherwise = "a worker: it exposes no port and stays"
        if container.sockets:
            otherwise = f"it listens at {listed(container.sockets)}"
        yield in_container("readiness", seen_last(container) if container.ready else otherwise)
    if container.on_stdin:
        held = "ends where it is closed, so it is held open here: start it by docker run -i"
        yield in_container("stdin", held)
    if (line := development_server(container.log)) is not None:
        yield in_container("log", f"a development server, as it says itself: {line}")


@check
def it_stops_when_told(
    config: Config,
    release: Release,
    image: ImageFacts,
    files: FileFacts | None,
    *,
    container: ContainerFacts,
    project_texts: Mapping[str, str],
) -> Observations:
    """The stop signal ends it in good time."""
    stopped, where = container.stopped, unusual_signal(release) or line_of_command(release)
    if not runs_application(config, image, container):
        return
    if stopped is None:
        yield unproven("how the container stops was not seen", in_container(where, "no stop was observed"))
        return
    handler = to_end_on(stopped.signal, image, files, project_texts)
    if container.on_stdin and stopped.killed:
        # Its client tells it to stop by closing its input, and that it ends well then has been seen.
        yield in_container("stop", "ended with exit code 0 when its standard input was closed")
        alone = f"{stopped.signal} alone does not end it: it {how_it_ended(stopped)}"
        yield in_container(f"stop with {image.stop_signal}", alone)
    elif (late := why_late(release, container, stopped, handler)) is not None:
        limit = f"expected it to end within {ENDS_WELL_WITHIN_S:.0f} s of {stopped.signal}"
        seen = in_dockerfile if late.is_fault else in_container
        yield late.observed(seen(where, f"{limit}, it {how_it_ended(stopped)}"))
    elif not ends_in_order(stopped) and (error := exception_in(container.log)) is not None:
        yield broken(
            f"the container ends with exit code {stopped.exit_code} after {stopped.signal}; its log says: {error}",
            in_dockerfile(where, f"expected exit code 0 after {stopped.signal}, got {stopped.exit_code}"),
            *quoted(container),
            fix=f"Let what runs on {stopped.signal} come to its end without an error. {handler or ''}".rstrip(),
        )
    else:
        odd = "" if ends_in_order(stopped) else ", which is unusual"
        ended = f"ended after {stopped.seconds:.1f} s with exit code {stopped.exit_code}{odd}"
        yield in_container(f"stop with {image.stop_signal}", f"{stopped.signal}: {ended}")


@check
def its_health_check_succeeds(
    config: Config, release: Release, image: ImageFacts, container: ContainerFacts, judged: frozenset[str]
) -> Observations:
    """HEALTHCHECK, run in the booted container, says healthy: an orchestrator kills what never is."""
    health = container.health
    if health is None or not is_started(config, image, container) or not container.ready:
        return
    if "healthcheck" in judged:
        yield in_container("HEALTHCHECK", f"{said(health)}; see healthcheck")
    else:
        yield from says_healthy(config, release, container, health)
