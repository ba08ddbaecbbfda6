"""A Docker engine of a test's own, which may be hung, killed and started again."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

from .rig import PATIENCE_S, Cable


def hand_over(source: str, target: str, *images: str) -> None:
    """Load images of the engine that listens at `source` into the one at `target`."""
    with subprocess.Popen(["docker", "--host", source, "save", *images], stdout=subprocess.PIPE) as save:
        load = ["docker", "--host", target, "load"]
        subprocess.run(load, stdin=save.stdout, check=True, capture_output=True)
    assert save.returncode == 0


_STARTED = 'ip link set lo up; exec dockerd "$@"'
"""Its network has no more than loopback, which published ports need."""


class Daemon:
    """An engine of a test's own, in a network of its own, which can be made to hang. `host` is where it listens."""

    def __init__(self, folder: Path, *options: str) -> None:
        """Start it, with all that it makes in `folder`, and further options of dockerd's."""
        self._options = options
        self.host = f"unix://{folder}/socket"
        self._folder = folder
        self.start()

    def start(self) -> None:
        """Start it, anew after `kill`. Its mounts are its own, too, so that they go with it however it ends."""
        places = {"data-root": "data", "exec-root": "run", "pidfile": "pid"}
        with (self._folder / "log").open("w") as log:
            self._process = subprocess.Popen(
                ["unshare", "--net", "--mount", "sh", "-c", _STARTED, "dockerd"]
                + ["--debug", f"--host={self.host}"]
                + [f"--{option}={self._folder / name}" for option, name in places.items()]
                + list(self._options),
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        try:
            self._wait(lambda: Cable.listens(self._folder / "socket"))
        except AssertionError:
            self.end()
            raise

    def _wait(self, until: Callable[[], bool]) -> None:
        deadline = time.monotonic() + PATIENCE_S
        while not until():
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise AssertionError((self._folder / "log").read_text())
            time.sleep(0.01)

    def calls(self) -> int:
        """Count what it has been asked since it was started."""
        return (self._folder / "log").read_text().count('msg="Calling ')

    def wait_for_call(self, more_than: int) -> None:
        """Wait until it has been asked more than so many things."""
        self._wait(lambda: self.calls() > more_than)

    @staticmethod
    def can_be_had() -> bool:
        """Whether this user may start one here."""
        return os.geteuid() == 0 and all(map(shutil.which, ("dockerd", "containerd", "unshare")))

    def pause(self) -> None:
        """Let it hang."""
        self._process.send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Let it go on."""
        self._process.send_signal(signal.SIGCONT)

    def end(self) -> None:
        """End it with its containers; it takes its own files' mounts along."""
        self.resume()
        self._process.terminate()
        try:
            self._process.wait(30)
        except subprocess.TimeoutExpired:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()

    def kill(self) -> None:
        """End it as a machine does that has no memory left."""
        self._process.kill()
        self._process.wait()
