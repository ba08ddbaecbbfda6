"""Leaves an orphan to PID 1 of a container, and tells what becomes of it.

This file is sent as text to a sidecar's Python (3.10 or newer) among the container's processes. It prints `gone`, `zombie`, or
whose child the orphan is where that is not PID 1.
"""

import os
import time

LIVES_S = 0.3
WAITED_S = 2.0


def main() -> None:
    """Fork twice, let the one in the middle end, and look at the last one after its own end."""
    read, write = os.pipe()
    middle = os.fork()
    if middle == 0:
        orphan = os.fork()
        if orphan == 0:
            time.sleep(LIVES_S)  # until it is an orphan
        else:
            os.write(write, str(orphan).encode())
        os._exit(0)
    os.waitpid(middle, 0)
    pid = os.read(read, 32).decode()
    print(what_became(pid))  # noqa: T201 - its output is what is read


def what_became(pid: str) -> str:
    """Say what became of the orphan, once it is gone or the time is up."""
    until = time.monotonic() + LIVES_S + WAITED_S
    state, parent = "", ""
    while time.monotonic() < until:
        try:
            with open("/proc/" + pid + "/stat", encoding="ascii", errors="replace") as file:  # noqa: PTH123 - as cheap
                state, parent = file.read().rpartition(")")[2].split()[:2]
        except OSError:
            return "gone"
        time.sleep(0.1)
    return "zombie" if (state, parent) == ("Z", "1") else "child of " + parent + ", in state " + state


if __name__ == "__main__":
    main()
