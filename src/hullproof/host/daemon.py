"""Start the Docker daemon that is installed on this machine, and wait until it answers."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import TYPE_CHECKING

from hullproof.engine.client import connect_client
from hullproof.engine.endpoint import Endpoint, NoEngineError
from hullproof.errors import DeadlineError, EngineError
from hullproof.host.machine import cause, find_program
from hullproof.owner import temporary
from hullproof.process import leave_running, run

if TYPE_CHECKING:
    import subprocess  # noqa: TID251 - its type alone
    from collections.abc import Callable, Sequence

_START_TIMEOUT_S = 60
_PID_FILE = Path("/var/run/docker.pid")
_LOG_LINES = 8


def start_daemon(endpoint: Endpoint, right: Sequence[str], *, say: Callable[[str], None]) -> None:
    """Start it through systemd where that runs the machine, else detached, and wait for its socket.

    It is left running, and what is said tells how to stop it. Raises EngineError with the log's end when
    it does not come.
    """
    if Path("/run/systemd/system").is_dir():
        _start_with_systemd(endpoint, right, say)
    elif _already_starting():
        say("a Docker daemon is starting: waiting for it")
        _wait(endpoint, None, None)
    else:
        _start_detached(endpoint, right, say)


def _start_with_systemd(endpoint: Endpoint, right: Sequence[str], say: Callable[[str], None]) -> None:
    say("starting the Docker daemon: systemctl start docker")
    done = run(
        [*right, "systemctl", "start", "docker"],
        timeout_s=_START_TIMEOUT_S,
        waiting_for="systemctl start docker",
    )
    if done.returncode != 0:
        journal = run(
            [*right, "journalctl", "-u", "docker", "-n", "20", "--no-pager"],
            timeout_s=15,
            waiting_for="journalctl",
        )
        seen = _telling(list(journal.lines)) or cause(done)
        raise EngineError(f"the Docker daemon does not start: {seen}; `journalctl -u docker` has the rest")
    _wait(endpoint, None, None)
    say("Docker daemon started; it stays for the next command (`sudo systemctl stop docker` stops it)")


def _already_starting() -> bool:
    """Whether the daemon that the pid file names lives: a package's own start script may be at it."""
    try:
        return Path(f"/proc/{int(_PID_FILE.read_text(encoding='ascii'))}/exe").exists()
    except (OSError, ValueError):
        return False


def _start_detached(endpoint: Endpoint, right: Sequence[str], say: Callable[[str], None]) -> None:
    program = find_program("dockerd")
    if program is None:
        raise EngineError("dockerd is missing: `hullproof doctor` says what to install")
    log = _log_file()
    say(f"starting the Docker daemon (no systemd here): {program}, log in {log}")
    search = f"{os.environ.get('PATH', os.defpath)}:/usr/local/sbin:/usr/sbin:/sbin"
    before = log.stat().st_size
    with log.open("ab") as stream:
        process = leave_running([*right, "env", f"PATH={search}", program], stream)
    _wait(endpoint, process, log, before)
    try:
        pid = _PID_FILE.read_text(encoding="ascii").strip()
    except OSError:
        pid = str(process.pid)
    # The daemon outlives us on purpose; Popen would warn of that when it is collected.
    process.returncode = 0
    say(f"Docker daemon started (pid {pid}); it stays for the next command (`sudo kill {pid}` stops it)")


def _log_file() -> Path:
    """Choose a place for the log: the system's for root, else the user's, else the temporary folder."""
    state = Path(os.environ.get("XDG_STATE_HOME") or Path.home() / ".local/state") / "hullproof"
    folders = [Path("/var/log")] if os.geteuid() == 0 else [state]
    for folder in [*folders, temporary()]:
        path = folder / "hullproof-dockerd.log"
        try:
            folder.mkdir(parents=True, exist_ok=True)
            path.open("ab").close()
        except OSError:
            continue
        return path
    raise EngineError(f"no place for the daemon's log: make {state} writable")


def _wait(
    endpoint: Endpoint, process: subprocess.Popen[bytes] | None, log: Path | None, before: int = 0
) -> None:
    """Wait until the API answers, or say how the wait ended, with what was logged since `before`."""
    deadline, last = time.monotonic() + _START_TIMEOUT_S, "nothing"
    while time.monotonic() < deadline:
        try:
            connect_client(endpoint, timeout_s=5).close()
        except NoEngineError as problem:
            if problem.case in ("engine-too-old", "permission-denied"):
                # It runs: what is wrong with it is for the next look to say.
                return
            last = str(problem)
        else:
            return
        if process is not None and process.poll() is not None:
            raise EngineError(
                f"the Docker daemon ended at once with exit code {process.returncode}: "
                f"{_log_end(log, before)}; {log} has the rest"
            )
        time.sleep(0.2)
    # Half-started is worse than not started: the next command would wait for it once more.
    if process is not None:
        process.terminate()
    seen = _log_end(log, before) or last
    raise DeadlineError(
        f"timed out after {_START_TIMEOUT_S} s waiting for the Docker daemon to answer; last output: {seen}"
    )


def _log_end(log: Path | None, before: int) -> str:
    if log is None:
        return ""
    try:
        lines = log.read_bytes()[before:].decode("utf-8", "replace").splitlines()
    except OSError:
        return ""
    return _telling(lines[-_LOG_LINES:]) or (lines[-1] if lines else "it logged nothing")


def _telling(lines: list[str]) -> str:
    """Return the last line that speaks of a failure."""
    signs = ("failed to start", "unable to", "level=fatal", "level=error", "panic:")
    return next((line.strip() for line in reversed(lines) if any(sign in line for sign in signs)), "")
