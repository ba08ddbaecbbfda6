"""A release board in a container, as the tests see it: from outside over HTTP, from inside through the kernel."""

from __future__ import annotations

import json
import stat
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import Any

import pytest
import requests
from docker.errors import APIError, NotFound
from docker.models.containers import Container

TOKEN = "a-made-up-token"
PORT = 5000
READY_DEADLINE_S = 30.0
END_DEADLINE_S = 15.0
POLL_S = 0.05
LOG_LINES = 20
_INSIDE = Path(__file__).parent / "inside"


@dataclass(frozen=True)
class Process:
    """One process, as the kernel describes it in /proc."""

    pid: int
    command: list[str]
    executable: str
    cwd: str
    uids: list[int]  # real, effective, saved, file system
    gids: list[int]
    groups: list[int]
    capabilities: dict[str, int]
    no_new_privileges: bool


@dataclass(frozen=True)
class Listener:
    """One socket that waits for others, as the kernel lists it in /proc/net."""

    protocol: str
    address: str
    port: int


@dataclass(frozen=True)
class File:
    """One file, folder or link of the container's file system."""

    path: PurePosixPath
    mode: int
    uid: int
    gid: int

    def __str__(self) -> str:
        """Show it as `ls -l` does."""
        return f"{stat.filemode(self.mode)} {self.uid}:{self.gid} {self.path}"

    def is_below(self, folder: str) -> bool:
        """Whether it is `folder` or lies in it."""
        return self.path.is_relative_to(folder)

    @property
    def is_folder(self) -> bool:
        """Whether it is a folder."""
        return stat.S_ISDIR(self.mode)

    @property
    def is_world_writable(self) -> bool:
        """Whether any user may change it. Of a folder with the sticky bit, such as /tmp, nobody may."""
        if stat.S_ISLNK(self.mode):
            return False
        return bool(self.mode & stat.S_IWOTH) and not (self.is_folder and self.mode & stat.S_ISVTX)


@dataclass(frozen=True)
class Kernel:
    """What the kernel says inside a container at one moment."""

    processes: list[Process]
    listeners: list[Listener]

    @property
    def pid_1(self) -> Process:
        """The process that the container is."""
        return next(process for process in self.processes if process.pid == 1)


@dataclass
class Board:
    """A container of the release image. `host` is where the engine publishes ports."""

    container: Container
    host: str
    http: requests.Session = field(default_factory=requests.Session)

    def __post_init__(self) -> None:
        """Talk to the board itself, whatever proxy this machine has to use for others."""
        self.http.trust_env = False

    # --- from outside ------------------------------------------------------------------------------------

    @cached_property
    def port(self) -> int:
        """The published port: the engine picks another one each time that the container starts."""
        self.container.reload()
        published = self.container.attrs["NetworkSettings"]["Ports"][f"{PORT}/tcp"]
        return int(published[0]["HostPort"])

    def get(self, path: str) -> requests.Response:
        """Ask for a page."""
        return self.http.get(f"http://{self._netloc}{path}", timeout=END_DEADLINE_S)

    def door(self) -> str:
        """Tell whether a new connection is served: `open` or `closed`. The one that is kept alive would not tell."""
        with requests.Session() as stranger:
            stranger.trust_env = False
            try:
                stranger.get(f"http://{self._netloc}/healthz", timeout=END_DEADLINE_S)
            except requests.RequestException:
                return "closed"
            return "open"

    def upload(
        self, report: dict[str, Any], authorization: str | None = f"Bearer {TOKEN}"
    ) -> requests.Response:
        """Send a report."""
        headers = {} if authorization is None else {"Authorization": authorization}
        url = f"http://{self._netloc}/api/reports"
        return self.http.post(url, json=report, headers=headers, timeout=END_DEADLINE_S)

    @property
    def _netloc(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    def wait_until_ready(self) -> Board:
        """Wait until it answers that it is ready. That its port takes connections says nothing: the engine does that.

        Fails, with what the container said last, when it ends instead or the deadline passes.
        """

        def answer() -> str:
            if self.state["Status"] != "running":
                pytest.fail(f"the container ended before it was ready\n{self.last_words()}")
            try:
                return str(self.get("/readyz").status_code)
            except (requests.RequestException, KeyError, TypeError) as error:
                return repr(error)

        try:
            self.wait_for("GET /readyz to answer", answer, "200", READY_DEADLINE_S)
        except pytest.fail.Exception as failure:
            if self.state["Status"] == "running":
                pytest.fail(f"{failure}\ninside it listens: {self.kernel().listeners or 'nothing'}")
            raise
        return self

    # --- its life ----------------------------------------------------------------------------------------

    @property
    def state(self) -> dict[str, Any]:
        """What the engine says of it now: `Status`, `ExitCode`, `Health`, ..."""
        self.container.reload()
        state: dict[str, Any] = self.container.attrs["State"]
        return state

    @property
    def health(self) -> str:
        """What its health check has come to: `starting`, `healthy` or `unhealthy`."""
        return str(self.state["Health"]["Status"])

    def start_again(self) -> Board:
        """Start it after it has ended, and wait until it is ready."""
        self.container.start()
        self.__dict__.pop("port", None)
        return self.wait_until_ready()

    def exit_code(self) -> int:
        """Wait until it has ended."""
        try:
            return int(self.container.wait(timeout=END_DEADLINE_S)["StatusCode"])
        except (requests.ReadTimeout, requests.ConnectionError):
            pytest.fail(f"the container still runs after {END_DEADLINE_S:g} s\n{self.last_words()}")

    def wait_for(self, what: str, seen: Callable[[], str], wanted: str, deadline_s: float) -> None:
        """Wait until `seen` gives what is wanted; fail, with what was seen last, when it never does."""
        end = time.monotonic() + deadline_s
        while (last := seen()) != wanted:
            if time.monotonic() > end:
                pytest.fail(
                    f"waited {deadline_s:g} s for {what} {wanted!r}, last seen: {last!r}\n{self.last_words()}"
                )
            time.sleep(POLL_S)

    def last_words(self) -> str:
        """How it is and what it said last."""
        return last_words(self.container)

    # --- from inside -------------------------------------------------------------------------------------

    def run(self, *command: str, user: str = "") -> tuple[int, str]:
        """Run a command in the container, by default as the user that the board runs as. Never a shell."""
        done = self.container.exec_run(list(command), user=user)
        assert isinstance(done.output, bytes)
        return done.exit_code or 0, done.output.decode("utf-8", "replace")

    def kernel(self) -> Kernel:
        """Ask the kernel about the container's processes and sockets."""
        told = self._run_inside("kernel.py")
        return Kernel(
            [Process(**process) for process in told["processes"]],
            [Listener(**listener) for listener in told["listeners"]],
        )

    def files(self) -> list[File]:
        """List all files of the container's own file system. As root, who may look into every folder."""
        told = self._run_inside("files.py", user="0")
        return [File(PurePosixPath(path), mode, uid, gid) for path, mode, uid, gid in told]

    def _run_inside(self, script: str, user: str = "") -> Any:  # noqa: ANN401 - JSON
        source = (_INSIDE / script).read_text(encoding="utf-8")
        code, output = self.run("python3", "-I", "-c", source, user=user)
        assert code == 0, f"{script} exits with {code} inside the container: {output[-2000:]}"
        return json.loads(output)


def last_words(container: Container) -> str:
    """How a container is and what it said last. Never raises: this is said where something else went wrong."""
    try:
        container.reload()
        state = container.attrs["State"]
        log = container.logs(tail=LOG_LINES).decode("utf-8", "replace").strip()
    except (APIError, NotFound, requests.RequestException) as error:
        return f"container {container.short_id}: {error}"
    end = "" if state["Status"] == "running" else f", exit code {state['ExitCode']} {state.get('Error', '')}"
    return f"container {container.name}: {state['Status']}{end}\n{log or '(it printed nothing)'}"


def report(project: str) -> dict[str, Any]:
    """Make a report that the board takes."""
    return {
        "schema": "hullproof.report/1",
        "verdict": "proven",
        "project": {"name": project, "dockerfile": "Dockerfile"},
        "image": None,
        "engine": None,
        "hullproof_version": "0.1.0",
        "started_at": "2026-11-23T08:56:05Z",
        "duration_s": 42.5,
        "build_error": None,
        "left_out": [],
        "proofs": [
            {
                "id": "workdir",
                "family": "guide",
                "title": "A working directory",
                "verdict": "proven",
                "summary": "Process 1 works in /app.",
                "evidence": [{"source": "container", "where": "/proc/1/cwd", "statement": "/app"}],
                "remedy": None,
                "duration_s": 0.25,
            }
        ],
    }
