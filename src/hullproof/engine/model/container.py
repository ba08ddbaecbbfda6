"""The booted container: its processes, its ports, and its end."""

from __future__ import annotations

import signal
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

ENDS_WELL_WITHIN_S = 8.0
"""Engines kill after 10 seconds. A Celery worker on its in-memory broker takes 6 to finish in good order."""


@dataclass(frozen=True)
class Process:
    """A process in the container, as the kernel tells it in /proc/PID/.

    `uids` and `gids`: real, effective, saved, filesystem. `capabilities` are bit masks by the names of
    /proc/PID/status: CapInh, CapPrm, CapEff, CapBnd, CapAmb. `caught` is the SigCgt mask, `ignored` SigIgn, `blocked` SigBlk.
    `executable` and `cwd` are None where the kernel would not say.
    """

    pid: int
    ppid: int
    uids: tuple[int, int, int, int]
    gids: tuple[int, int, int, int]
    command: tuple[str, ...]
    name: str = ""
    groups: tuple[int, ...] = ()
    executable: str | None = None
    cwd: str | None = None
    capabilities: Mapping[str, int] = field(default_factory=dict)
    caught: int = 0
    ignored: int = 0
    blocked: int = 0
    no_new_privileges: bool | None = None

    def handles(self, signal_name: str) -> bool | None:
        """Whether it has a handler for this signal, or may wait for it; None for a signal that is not known by number."""
        number = signal_number(signal_name)
        return None if number is None else bool((self.caught | self.blocked) >> (number - 1) & 1)


@dataclass(frozen=True)
class Listener:
    """A socket that waits for clients in the container's network namespace. `pids`: who holds it open."""

    protocol: Literal["tcp", "udp"]
    address: str
    port: int
    pids: tuple[int, ...] = ()

    @property
    def is_loopback(self) -> bool:
        """Whether nobody outside the container can reach it."""
        return self.address.startswith("127.") or self.address in ("::1", "::ffff:127.0.0.1")


@dataclass(frozen=True)
class Answer:
    """What a port said when asked on the container's own, non-loopback address.

    `status` is the HTTP status, where it speaks HTTP. `detail`: what was seen, in a few words.
    """

    protocol: Literal["tcp", "udp"]
    port: int
    answered: bool
    status: int | None = None
    detail: str = ""


@dataclass(frozen=True)
class Stopped:
    """How the container ended after the stop signal. `killed`: only SIGKILL at the deadline ended it.

    `seconds` is how long that took at most, `slowed_s` how many of them may not be its own: the engine may have been
    slow to pass the signal on.
    """

    signal: str
    seconds: float
    exit_code: int | None
    killed: bool
    slowed_s: float = 0.0

    @property
    def is_slow(self) -> bool:
        """Whether it may have taken too long."""
        return self.killed or self.seconds > ENDS_WELL_WITHIN_S

    @property
    def is_surely_slow(self) -> bool:
        """Whether it took too long, whatever the engine took."""
        return self.is_slow and self.seconds - self.slowed_s > ENDS_WELL_WITHIN_S


@dataclass(frozen=True)
class HealthCheck:
    """What the image's own HEALTHCHECK said in the booted container, the last time that it was run.

    `command` is its text in shell form, else its arguments. `exit_code` is None where it did not end in its time,
    126 or 127 where it could not be run. `tries`: how often it was run. `early`: its start period was not over.
    """

    command: tuple[str, ...]
    exit_code: int | None
    output: str = ""
    tries: int = 1
    early: bool = False


@dataclass(frozen=True)
class Executed:
    """A command that was run in the container. `stdout` and `stderr` are text, `?`-like where it was none."""

    command: tuple[str, ...]
    exit_code: int
    stdout: str
    stderr: str


@dataclass(frozen=True)
class ContainerFacts:
    """The booted release image: started with no override but its network and labels.

    `start_error`: the engine could not start it; then nothing else is known. `exit_code` is set when the
    process ended by itself, `lived_s` seconds after its start. `ready`: the configured path answered, or
    else any port was listened on; `ready_by` says what was seen, or what was waited for and seen last.
    `watched_s`: how long it was watched in all. `unobservable`: why nothing could be seen from inside;
    then `processes`, `listeners` and `answers` are empty and mean nothing. `sidecar`: the image of the container
    that it was looked at from, None where nothing was seen. `slowed`: why it is no fault of its own that it is not
    ready, None where that is not known. `limit`: which of the limits that it was given here it ran into, so that what
    was seen may be their doing. `sockets`: the paths of the Unix sockets that wait for clients. `stderr`: the last lines
    of one that ended by itself that went there. `on_stdin`: it ends well where its standard input is closed, and was
    started with one that is held open, as by `docker run -i`.
    """

    start_error: str | None = None
    ready: bool = False
    ready_after_s: float | None = None
    ready_by: str = ""
    exit_code: int | None = None
    lived_s: float | None = None
    watched_s: float = 0.0
    processes: tuple[Process, ...] = ()
    listeners: tuple[Listener, ...] = ()
    answers: tuple[Answer, ...] = ()
    log: tuple[str, ...] = ()
    stopped: Stopped | None = None
    unobservable: str | None = None
    sidecar: str | None = None
    slowed: str | None = None
    limit: str | None = None
    sockets: tuple[str, ...] = ()
    stderr: tuple[str, ...] = ()
    health: HealthCheck | None = None
    on_stdin: bool = False

    @property
    def died(self) -> bool:
        """Whether it did not start, or ended before it was told to."""
        return self.start_error is not None or self.exit_code is not None

    @property
    def ends_for_want_of_input(self) -> bool:
        """Whether it ended as a program does that finds its standard input closed: well, or complaining of that."""
        if self.exit_code is None or self.listeners:
            return False
        return self.exit_code == 0 or any("EOFError" in line for line in self.log)

    @property
    def is_late(self) -> bool:
        """Whether nothing but a clock speaks against it: it is not up in time, or hears the stop signal and is slow."""
        if self.died or self.unobservable is not None:
            return False
        main, stopped = self.main, self.stopped
        hears = main is None or stopped is None or main.handles(stopped.signal) is not False
        return not (self.ready or self.listeners) or (stopped is not None and stopped.is_slow and hears)

    @property
    def main(self) -> Process | None:
        """PID 1, where it was seen."""
        return next((process for process in self.processes if process.pid == 1), None)


def signal_number(name: str) -> int | None:
    """Turn `SIGTERM`, `TERM` or `15` into 15."""
    if name.isdigit():
        return int(name)
    full = name if name.startswith("SIG") else f"SIG{name}"
    found = getattr(signal, full, None)
    return int(found) if found is not None else None
