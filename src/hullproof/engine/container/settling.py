"""Whether a container has settled: it goes on as it is, as far as that can be told from what it does in a second.

Fourth part of the probe (see `watch.py`). One that has settled may still end by itself, by a timer or by the next request.
"""

from hullproof.engine.container.clock import Clock
from hullproof.engine.container.kernel import parse_sockets, processes, read, table

SETTLES_IN_S = 1.0
IDLE_SHARE = 20  # one part in so many of a processor's time is what servers take that wait for requests
CONNECTING = "02"


class Doing:
    """What a container does at one moment: which processes it has, how long each thread wanted to run, whom it waits for."""

    def __init__(self, clock: Clock) -> None:
        """Look."""
        self.age = clock.age()
        self.pids = {one["pid"] for one in processes()}
        self.wanted = {path: wanted(read(path, 128)) for path in clock.paths()}
        self.connecting = sum(len(parse_sockets(table(name), CONNECTING)) for name in ("tcp", "tcp6"))

    def is_as_before(self, before: "Doing") -> bool:
        """Whether it has the same processes, which hardly wanted to run since then, and waits for nobody to answer."""
        spent = sum(now - before.wanted.get(path, 0) for path, now in self.wanted.items())
        idles = spent / 1e9 * IDLE_SHARE <= self.age - before.age
        return idles and self.pids == before.pids and not self.connecting and not before.connecting


def wanted(raw: bytes) -> int:
    """Return how many nanoseconds a thread ran and waited for a processor, by its /proc/PID/task/TID/schedstat."""
    fields = raw.split()
    return int(fields[0]) + int(fields[1]) if len(fields) > 1 else 0
