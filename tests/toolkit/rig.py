"""Tools for tests of bad days: the command as a process, a wire to the engine that can be cut, and no rights."""

from __future__ import annotations

import contextlib
import os
import queue
import signal
import socket
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from hullproof.engine.connection import Engine
from hullproof.owner import IMAGES, OWNER_LABEL, RUN_LABEL, owner

PATIENCE_S = 120
NOBODY = 65534
OF_TESTS = "test-"
"""What the ids of tests' own runs begin with."""


def run_labels() -> dict[str, str]:
    """Label what a test makes as a run of its own does: `hullproof clean` removes it where the test is killed."""
    return {RUN_LABEL: f"{OF_TESTS}{uuid.uuid4().hex[:12]}", OWNER_LABEL: owner()}


@contextmanager
def signals_heard() -> Iterator[None]:
    """Take back what the caller had ignored (nohup, a job in the background): what is started here inherits that."""
    ignored = [each for each in (signal.SIGINT, signal.SIGHUP) if signal.getsignal(each) is signal.SIG_IGN]
    for signum in ignored:
        signal.signal(signum, signal.default_int_handler if signum == signal.SIGINT else signal.SIG_DFL)
    yield
    for signum in ignored:
        signal.signal(signum, signal.SIG_IGN)


class Started:
    """`hullproof`, started in a temporary folder of its own, with its progress as it comes."""

    def __init__(self, engine: Engine, temporary: Path, *arguments: str | Path, **environ: str) -> None:
        """Start it. What it leaves is looked for on `engine`."""
        temporary.mkdir(exist_ok=True)
        self.temporary = temporary
        self.lines: list[str] = []
        self._engine = engine
        self._new: queue.Queue[str | None] = queue.Queue()
        self.process = subprocess.Popen(
            [sys.executable, "-m", "hullproof", *map(str, arguments)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "TMPDIR": str(temporary), **environ},
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        for line in self.process.stderr or ():
            self.lines.append(line.rstrip("\n"))
            self._new.put(self.lines[-1])
        self._new.put(None)

    def wait_for(self, text: str) -> None:
        """Wait until the progress has said `text`."""
        deadline = time.monotonic() + PATIENCE_S
        while (line := self._new.get(timeout=max(0.0, deadline - time.monotonic()))) is not None:
            if text in line:
                return
        raise AssertionError(f"it ended without saying {text!r}: {self.lines}")

    def end(self) -> tuple[int, str]:
        """Wait for its end; return the exit code and what it printed."""
        stdout, stderr = self.process.stdout, self.process.stderr
        out = stdout.read() if stdout and not stdout.closed else ""
        code = self.process.wait(PATIENCE_S)
        self._reader.join(PATIENCE_S)
        for stream in (stdout, stderr):
            if stream:
                stream.close()
        return code, out

    def clean(self, **environ: str) -> None:
        """Run the command that removes what dead runs left, in the same temporary folder."""
        subprocess.run(
            [sys.executable, "-m", "hullproof", "clean"],
            check=True,
            capture_output=True,
            timeout=PATIENCE_S,
            env={**os.environ, "TMPDIR": str(self.temporary), **environ},
        )

    def left(self) -> list[str]:
        """Name all that it left: on the engine, among the processes, and in its temporary folder."""
        found = left_by(self._engine, self.process.pid)
        return found + [each.name for each in self.temporary.iterdir() if not each.name.endswith(".lock")]


@contextmanager
def started(engine: Engine, temporary: Path, *arguments: str | Path, **environ: str) -> Iterator[Started]:
    """Start the command, and see to it that it ends."""
    run = Started(engine, temporary, *arguments, **environ)
    try:
        yield run
    finally:
        if run.process.poll() is None:
            run.process.kill()
        run.end()


def left_by(engine: Engine, pid: int) -> list[str]:
    """Name what carries the labels of one process' runs: things on the engine, names of images, and builders that go on.

    What a test has made itself, by `run_labels`, is left out.
    """
    api, owner, filters = engine.client.api, f"/{pid}/", {"label": [RUN_LABEL]}
    listed = [
        *api.containers(all=True, filters=filters),
        *api.networks(filters=filters),
        *(api.volumes(filters=filters)["Volumes"] or []),
    ]
    found = [
        str(item.get("Id") or item["Name"])
        for item in listed
        if owner in (item["Labels"] or {}).get(OWNER_LABEL, "")
        and not item["Labels"][RUN_LABEL].startswith(OF_TESTS)
    ]
    for entry in Path("/proc").glob("[1-9]*/cmdline"):
        with contextlib.suppress(OSError):
            command = entry.read_bytes().replace(b"\0", b" ").decode("utf-8", "replace")
            if f"{OWNER_LABEL}=" in command and owner in command:
                found.append(command)
    names = [name for each in api.images(name=IMAGES) for name in each.get("RepoTags") or ()]
    names = [name for name in names if not name.startswith(f"{IMAGES}:{OF_TESTS}")]
    return found + [name for name in names if f".{pid}." in name]


class Cable:
    """A wire between us and the engine that can be cut. `host` is what DOCKER_HOST has to say.

    A process of its own passes on: it keeps its rights while a test does without.
    """

    def __init__(self, engine: Engine, path: Path, late: tuple[str, float] | None = None) -> None:
        """Listen at `path`, and pass everything on; a request with the text in `late` so many seconds late."""
        self.host = f"unix://{path}"
        relay = Path(__file__).with_name("relay.py")
        slow = map(str, late or ())
        self._process = subprocess.Popen([sys.executable, relay, path, engine.endpoint.host, *slow])
        deadline = time.monotonic() + PATIENCE_S
        while not self.listens(path):
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise AssertionError(f"the wire does not listen; exit code {self._process.poll()}")
            time.sleep(0.02)

    @staticmethod
    def listens(path: Path) -> bool:
        """Whether somebody takes connections there."""
        with socket.socket(socket.AF_UNIX) as end, contextlib.suppress(OSError):
            end.connect(str(path))
            return True
        return False

    @staticmethod
    def can_reach(engine: Engine) -> bool:
        """Whether the engine's own words can be passed on as they are: not through ssh, nor through TLS."""
        endpoint = engine.endpoint
        return endpoint.scheme in ("unix", "tcp", "http") and not endpoint.use_tls

    def pause(self) -> None:
        """Pass nothing on until `resume`, as an engine that hangs."""
        self._process.send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Pass on what has waited, and go on."""
        self._process.send_signal(signal.SIGCONT)

    def cut(self) -> None:
        """Break all connections, and take no new ones."""
        self._process.kill()
        self._process.wait()


@contextmanager
def unprivileged() -> Iterator[None]:
    """Do without root's rights over files, where we are root; programs started meanwhile do without for good."""
    if os.geteuid() != 0:
        yield
        return
    os.setresuid(NOBODY, NOBODY, 0)
    try:
        yield
    finally:
        os.setresuid(0, 0, 0)
