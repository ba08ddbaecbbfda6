"""How a container ends when it is told to: what the kernel and the clock say of it, and how to hear the signal."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING

from hullproof.dockerfile.wrappers import program as unversioned
from hullproof.facts import signal_number
from hullproof.practices.library.lines import before_command, remove
from hullproof.practices.library.processes import is_shell, program
from hullproof.practices.library.reasons import Reason

if TYPE_CHECKING:
    from hullproof.dockerfile import Release
    from hullproof.facts import ContainerFacts, Stopped


def unusual_signal(release: Release) -> str | None:
    """Name the line of a STOPSIGNAL that asks for another signal than SIGTERM; None where there is none."""
    asked = release.contract.stop_signal
    if asked is None or signal_number(asked.text.upper()) == signal.SIGTERM:
        return None
    return release.where(asked.line)


def how_it_ended(stopped: Stopped) -> str:
    """Say it in a verb, for a clause."""
    return "had to be killed" if stopped.killed else f"took {stopped.seconds:.1f} s to end"


def why_late(
    release: Release, container: ContainerFacts, stopped: Stopped, handler: str | None
) -> Reason | None:
    """Tell why a container does not end in good time after its stop signal; None where it does.

    `handler` says which line of the application sets one that ends it, where that is known.
    """
    clause = f"the container {how_it_ended(stopped)} after {stopped.signal}"
    if stopped.is_surely_slow or _is_deaf(container, stopped):
        return Reason(
            f"{clause}{_why_deaf(container, stopped)}", _to_hear(release, container, stopped, handler)
        )
    if stopped.is_slow:
        own = max(0.0, stopped.seconds - stopped.slowed_s)
        slow = f"the engine or the machine was slow, and only {own:.1f} s are surely the container's own"
        return Reason(f"{clause}, but {slow}", is_fault=False)
    return None


def _is_deaf(container: ContainerFacts, stopped: Stopped) -> bool:
    """Whether the kernel ignores the signal for want of a handler, as it does for PID 1: no clock is needed to see that."""
    main = container.main
    return stopped.killed and main is not None and main.handles(stopped.signal) is False


def _why_deaf(container: ContainerFacts, stopped: Stopped) -> str:
    """Say why the signal had no effect, as far as that is known."""
    main = container.main
    if main is None:
        return ""
    if is_shell(main):
        return ": the shell in front of the application does not pass it on"
    if main.handles(stopped.signal) is False:
        return f": PID 1 ({program(main)}) has no handler for it, and without one the kernel ignores it for PID 1"
    return (
        f": PID 1 ({program(main)}) has a handler for it, and goes on" if main.handles(stopped.signal) else ""
    )


def _to_hear(release: Release, container: ContainerFacts, stopped: Stopped, handler: str | None) -> str:
    """Say how the application comes to end on its stop signal."""
    main, asked = container.main, release.contract.stop_signal
    if main is not None and is_shell(main):
        return f"The application then gets {stopped.signal} itself."
    if asked is not None and unusual_signal(release) is not None:
        return f"Leave STOPSIGNAL out, or name a signal that the application ends on. {remove(release, asked.line)}"
    if handler or (main is not None and main.handles(stopped.signal)):
        words = f"Let the handler of {stopped.signal} end the program within seconds (sys.exit), whatever it has under way."
        if main is not None and program(main).startswith("uwsgi"):
            words = f"Start uwsgi with --die-on-term: without it, {stopped.signal} makes it load the application anew."
        return f"{words} {handler}" if handler else words
    if signal_number(stopped.signal) != signal.SIGTERM:
        return f"Write a STOPSIGNAL that the application handles, or handle {stopped.signal} in it (signal.signal)."
    interrupt = before_command(release, "STOPSIGNAL SIGINT")
    if interrupt is None or main is None or unversioned(program(main)) != "python":
        return "Handle SIGTERM in the program (signal.signal), or use a server that does."
    return f"{interrupt} Python handles it; else handle SIGTERM in the program (signal.signal), or use a server that does."


def ends_in_order(stopped: Stopped) -> bool:
    """Whether its exit status is what a program ends with that was told to: 0, or that of the signal."""
    return stopped.exit_code in {0, 143, 128 + (signal_number(stopped.signal) or signal.SIGTERM)}
