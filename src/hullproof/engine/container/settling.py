"""Whether a container has settled: it goes on as it is, as far as that can be told from what it does in a second.

Fourth part of the probe (see `watch.py`). One that has settled may still end by itself, by a timer or by the next request.
"""

from hullproof.engine.container.clock import Clock
from hullproof.engine.container.kernel import parse_sockets, processes, read, table

SETTLES_IN_S = 1.0
IDLE_SHARE = 20  # one part in so many of a processor's time is what servers take that wait for requests
CONNECTING = "02"
RUNNABLE = (b"R", b"D")
"""It runs, waits for a processor or for a disk."""


class Doing:
    """What a container does at one moment: which processes it has, how long each thread has run, how many want to."""

    def __init__(self, clock: Clock) -> None:
        """Look."""
        self.age = clock.age()
        self.pids = {one["pid"] for one in processes()}
        paths = clock.paths()
        self.ran = {path: nanoseconds(read(path, 128)) for path in paths}
        # On a busy machine, one that works may not have run for all of a second.
        self.runnable = sum(
            state(read(path.removesuffix("schedstat") + "stat", 512)) in RUNNABLE for path in paths
        )
        self.connecting = sum(len(parse_sockets(table(name), CONNECTING)) for name in ("tcp", "tcp6"))

    def is_as_before(self, before: "Doing") -> bool:
        """Whether it has the same processes, which have hardly run since then, and wants no processor and no connection."""
        spent = sum(now - before.ran.get(path, 0) for path, now in self.ran.items())
        idles = spent / 1e9 * IDLE_SHARE <= self.age - before.age
        wants = any((self.runnable, self.connecting, before.runnable, before.connecting))
        return idles and self.pids == before.pids and not wants


def nanoseconds(raw: bytes) -> int:
    """Return for how long a thread has run, by its /proc/PID/task/TID/schedstat."""
    fields = raw.split()
    return int(fields[0]) if fields else 0


def state(raw: bytes) -> bytes:
    """Return what a thread does, in a letter, by its /proc/PID/task/TID/stat."""
    return raw.rpartition(b")")[2][1:2]
