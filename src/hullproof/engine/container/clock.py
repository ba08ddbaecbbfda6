"""The container's age, and how much of it its processes were ready to run and no processor was theirs.

Second part of the probe (see `watch.py`). What is late on a machine that had no time for it is not late by itself.
"""

# ruff: noqa: PTH208 - importing pathlib would cost more than all that is done here

import os
import time

from hullproof.engine.container.kernel import read

INTERVAL_S = 0.2
DUTY = 20  # one part in so many of a processor's time goes into counting, at most
MAX_THREADS = 4096
INTERVALS_KEPT = 64
CLOCK_BOOTTIME = 7


class Clock:
    """A clock that can be asked for what the container had of its time. Seconds count from PID 1's start.

    The kernel counts for each thread how long it ran and how long it waited to (/proc/PID/task/TID/schedstat). Threads
    may wait for each other only: what others took is at most what was left of one processor while somebody waited.
    """

    def __init__(self) -> None:
        """Begin."""
        self.born = self.now() - self.age_of_first()
        self.lost = 0.0
        self.counted_at = 0.0
        self.interval = INTERVAL_S
        self.threads: dict[str, tuple[int, int]] = {}
        self.left: list[list[float]] = []

    @staticmethod
    def now() -> float:
        """Return the clock that /proc/PID/stat counts in."""
        return time.clock_gettime(CLOCK_BOOTTIME)

    def age_of_first(self) -> float:
        """Return the age of PID 1 by the kernel's account, 0 where it gives none."""
        fields = read("/proc/1/stat").rpartition(b")")[2].split()
        started = int(fields[19]) / os.sysconf("SC_CLK_TCK") if len(fields) > 19 else 0  # noqa: PLR2004 - a column
        return max(0.0, self.now() - started) if started else 0.0

    def age(self) -> float:
        """Return how long the container has lived."""
        return self.now() - self.born

    def had(self) -> float:
        """Return how much of its age it had a processor when it wanted one, or wanted none."""
        self.count()
        return self.age() - self.lost

    def is_past(self, deadline: float) -> bool:
        """Whether it had so much time. Nothing is late by a count that is old: it is counted anew before that is said."""
        if self.had() < deadline:
            return False
        self.count(anew=True)
        return self.had() >= deadline

    def count(self, *, anew: bool = False) -> None:
        """Add what was lost since it was counted last, where that is some time ago, or in any case (`anew`)."""
        age = self.age()
        length = age - self.counted_at
        if length < self.interval and not anew:
            return
        # In time of a processor: on a busy machine the counting itself waits for one, and costs no more for that.
        began = time.process_time()
        ran, waited, longest = self.gains()
        self.add(length, ran, waited, longest)
        self.counted_at = age
        self.interval = max(INTERVAL_S, DUTY * (time.process_time() - began))

    def add(self, length: float, ran: float, waited: float, longest: float) -> None:
        """Count an interval, in which its threads `ran` and `waited` for so long in all, the one that waited most `longest`.

        The kernel tells of a wait when it is over, so that it may reach back into earlier intervals.
        """
        self.left = [*self.left[-INTERVALS_KEPT:], [length, max(0.0, length - ran)]]
        reach = length + longest
        for interval in reversed(self.left):
            if waited <= 0 or reach <= 0:
                break
            took = min(waited, interval[1], reach)
            interval[1] -= took
            waited -= took
            self.lost += took
            reach -= interval[0]

    def gains(self) -> tuple[float, float, float]:
        """Return how long all threads ran and waited since the last time, and how long the one that waited most."""
        before, self.threads = self.threads, {}
        ran, waited, longest = 0, 0, 0
        for path in self.paths():
            fields = read(path, 128).split()
            if len(fields) > 1:
                self.threads[path] = now = (int(fields[0]), int(fields[1]))
                was = before.get(path, (0, 0))
                ran += now[0] - was[0]
                waited += now[1] - was[1]
                longest = max(longest, now[1] - was[1])
        return ran / 1e9, waited / 1e9, longest / 1e9

    def paths(self) -> list[str]:
        """List where the kernel tells of each thread, our own left out."""
        found: list[str] = []
        for pid in os.listdir("/proc"):
            if pid.isdigit() and int(pid) != os.getpid() and len(found) < MAX_THREADS:
                try:
                    threads = os.listdir("/proc/" + pid + "/task")
                except OSError:
                    continue
                found += ["/proc/" + pid + "/task/" + each + "/schedstat" for each in threads[:MAX_THREADS]]
        return found
