"""Stops all processes of a container but PID 1, which only the engine can stop.

This file, after `kernel.py`, is sent as text to a sidecar's Python (3.10 or newer) that may send signals.
"""

import os
import signal

from hullproof.engine.container.kernel import processes

ROUNDS = 3


def main() -> None:
    """Stop them, and those that they have started meanwhile; print a line for each that cannot be."""
    for _ in range(ROUNDS):
        for pid in [int(str(one["pid"])) for one in processes()]:
            try:
                if pid != 1:
                    os.kill(pid, signal.SIGSTOP)
            except ProcessLookupError:  # noqa: PERF203 - each may have gone
                pass
            except OSError as error:
                print("PID", pid, error.strerror)  # noqa: T201 - its output is what is read


if __name__ == "__main__":
    main()
