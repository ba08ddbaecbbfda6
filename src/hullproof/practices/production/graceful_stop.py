"""Nobody loses an answer when the container is told to stop.

Why: Each deployment stops containers that are in the middle of requests. A server that drops them, or a program that calls exit in
its signal handler, loses some at each release, and nobody sees it in a test.

Proven by: One more boot, in which half a request is sent, then the stop signal, then the rest: it is answered, or its connection
was closed in good order before it was a whole request, which a client may then send again (RFC 9112, section 9.3.1). The
container ends within the engine's grace, with exit code 0 or that of the signal. Without HTTP, its end alone is looked at.

Broken by: A handler of SIGTERM that exits at once; a stop signal that means at once, such as gunicorn's SIGQUIT, after which it
answers 500; no time to finish; a connection that is reset; an end that takes SIGKILL.

Fix: Let the server finish what it has begun: handle SIGTERM by its own means, in exec form, and give it the time.

    CMD ["gunicorn", "--worker-class=gthread", "--threads=4", "--graceful-timeout=8", "app:app"]
"""

from __future__ import annotations

import posixpath

from hullproof.dockerfile import Release
from hullproof.facts import ContainerFacts, HalfSent
from hullproof.practices.checks import (
    Observations,
    broken,
    check,
    in_container,
    in_experiment,
    in_image,
    proven,
    unproven,
)
from hullproof.practices.library.command import to_write
from hullproof.practices.library.lines import remove
from hullproof.practices.library.logs import exception_in
from hullproof.practices.library.processes import shown
from hullproof.practices.library.stopping import ends_in_order, unusual_signal

PROFILES = ("production", "kubernetes", "openshift")

_WORDS = {
    "lost": "its connection is closed without an answer",
    "closed": "its connection is closed without an answer",
    "reset": "its connection is reset",
}


@check
def it_ends_in_order(release: Release, container: ContainerFacts, judged: frozenset[str]) -> Observations:
    """Told to stop with nothing under way, it ends by itself, and says so by its exit code."""
    stopped = container.stopped
    if stopped is None or stopped.killed:
        why = "it was not stopped" if stopped is None else f"it does not end on {stopped.signal}"
        yield unproven(f"{why}, which `default-command` is about")
    elif ends_in_order(stopped):
        yield in_container(stopped.signal, f"exit code {stopped.exit_code} after {stopped.seconds:.1f} s")
        if not _speaks_http(container):
            yield proven(
                f"it ends on {stopped.signal} with exit code {stopped.exit_code}; it answers no HTTP"
            )
    elif "default-command" in judged and exception_in(container.log) is not None:
        yield unproven(f"on {stopped.signal} it ends with an error, which `default-command` is about")
    else:
        yield broken(
            f"told to stop, it ends with exit code {stopped.exit_code}, as a failure",
            in_image(
                release.governing("CMD", "ENTRYPOINT"),
                f"expected 0 or that of {stopped.signal}, got {stopped.exit_code}",
            ),
            fix=f"Let it end by sys.exit(0), or by the signal itself, once {stopped.signal} has come.",
        )


@check
def a_request_under_way_is_answered(
    release: Release, container: ContainerFacts, half_sent: HalfSent | None
) -> Observations:
    """Half a request, the stop signal, the rest."""
    if not _speaks_http(container) or (container.stopped is not None and container.stopped.killed):
        return
    if half_sent is None:
        yield unproven("what becomes of a request under way was not seen")
        return
    place = f"a request half sent to {half_sent.port}/tcp"
    if half_sent.is_graceful:
        is_refused = half_sent.answer == "closed" and half_sent.body == "early"
        what = "closed in good order, before the request was whole" if is_refused else half_sent.last
        yield in_experiment(place, what)
        yield proven(
            f"a request under way is {'refused in good order' if is_refused else 'answered'} when it is told to stop"
        )
        return
    where = release.governing("CMD", "ENTRYPOINT")
    if half_sent.is_answered:
        yield broken(
            "with a request under way it does not end within 10 s of the stop signal",
            in_image(where, "expected an end after the answer, needed SIGKILL"),
        )
        return
    came = _WORDS.get(half_sent.last, f"it gets {half_sent.last}")
    yield broken(
        f"a request that is under way when the stop signal comes is lost: {came}",
        in_image(where, f"expected an answer, and {came}"),
        in_experiment(place, half_sent.last),
        fix=_to_finish(release, container),
    )


def _speaks_http(container: ContainerFacts) -> bool:
    return any(each.status is not None and "TLS" not in each.detail for each in container.answers)


def _to_finish(release: Release, container: ContainerFacts) -> str | None:
    """Say what the server in use needs to finish what it has."""
    asked, main = release.contract.stop_signal, container.main
    if asked is not None and unusual_signal(release) is not None:
        gone = remove(release, asked.line)
        return f"Leave STOPSIGNAL out: on SIGTERM servers finish what they have begun. {gone}"
    if main is None or "gunicorn" not in shown(main, 200):
        return None
    words = "Give gunicorn threads and time to finish what it has."
    options = ("--worker-class=gthread", "--threads=4", "--graceful-timeout=8")
    command = release.contract.command
    if command is None or command.shell_form or posixpath.basename(command.argv[0]) != "gunicorn":
        return f"{words[:-1]}: {' '.join(options)}."
    return f"{words} {to_write(release, 'CMD', (command.argv[0], *options, *command.argv[1:]))}"
