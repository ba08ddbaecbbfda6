"""A run and what it leaves behind: nothing.

Every container, network, volume and image that Hullproof makes carries the label `hullproof.run=<id>` and
a label that says which process owns it; every scratch file lives in one temporary folder. All of it goes
when the run ends. What a killed run left is told by its owner's being gone, and swept by the next run.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import signal
import socket
import stat
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from types import FrameType

    from hullproof.engine.connection import Engine

RUN_LABEL = "hullproof.run"
OWNER_LABEL = "hullproof.owner"
_FOLDER_PREFIX = "hullproof-"
_OWNER_FILE = "owner"


class Interrupted(KeyboardInterrupt):
    """SIGTERM or SIGHUP, made to unwind the stack as Ctrl-C does. `signum` is the signal's number."""

    def __init__(self, signum: int) -> None:
        """Keep the signal's number, for the exit code."""
        super().__init__(signum)
        self.signum = signum


def _start_time(pid: int) -> str | None:
    """Return when a process started, in clock ticks since boot, or None where there is no such process."""
    try:
        stat_line = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    return stat_line.rpartition(")")[2].split()[19]


def _machine() -> str:
    """Return a name for the world in which a process number means something: one boot, one pid namespace."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="utf-8").strip()
        return f"{boot}.{Path('/proc/self/ns/pid').stat().st_ino}"
    except OSError:
        return socket.gethostname()


def owner() -> str:
    """Return the label value that names this process so that a later one can tell whether it still lives."""
    pid = os.getpid()
    return f"{_machine()}/{pid}/{_start_time(pid) or '-'}"


def is_dead(owner_value: str) -> bool:
    """Tell whether the process behind an owner label is gone. One on another machine counts as alive."""
    machine, _, process = owner_value.partition("/")
    pid, _, started = process.partition("/")
    if machine != _machine() or not pid.isdigit():
        return False
    if started != "-":
        return _start_time(int(pid)) != started
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return False


@dataclass
class Run:
    """One run of Hullproof: its id, its labels and its scratch folder. Use it as a context manager.

    On leaving, by whatever way, all that carries the run's label is removed from the engines that it used.
    """

    id: str = field(default_factory=lambda: secrets.token_hex(6))
    folder: Path = field(init=False)
    _engines: list[Engine] = field(default_factory=list)

    @property
    def labels(self) -> Mapping[str, str]:
        """The labels that all that this run makes must carry."""
        return {RUN_LABEL: self.id, OWNER_LABEL: owner()}

    def uses(self, engine: Engine) -> Engine:
        """Note that this run makes things on `engine`, sweep what dead runs left there, return the engine."""
        self._engines.append(engine)
        sweep(engine)
        return engine

    def scratch(self, name: str) -> Path:
        """Make and return a fresh folder within the run's own."""
        return Path(tempfile.mkdtemp(prefix=name + "-", dir=self.folder))

    def __enter__(self) -> Run:
        """Make the scratch folder, and sweep those of dead runs."""
        sweep_folders()
        self.folder = Path(tempfile.mkdtemp(prefix=f"{_FOLDER_PREFIX}{self.id}-"))
        (self.folder / _OWNER_FILE).write_text(owner(), encoding="utf-8")
        return self

    def __exit__(self, *_: object) -> None:
        """Remove all that the run made; a second signal does not cut this short."""
        with _signals_held():
            for engine in self._engines:
                remove_labelled(engine, f"{RUN_LABEL}={self.id}")
            remove_tree(self.folder)


@contextlib.contextmanager
def _signals_held() -> Iterator[None]:
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    held = {signum: signal.signal(signum, signal.SIG_IGN) for signum in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for signum, handler in held.items():
            signal.signal(signum, handler)


def unwind_on_signals() -> None:
    """Make SIGTERM and SIGHUP raise `Interrupted` in the main thread, so that every `with` cleans up."""

    def handle(signum: int, _frame: FrameType | None) -> None:
        raise Interrupted(signum)

    for signum in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(signum, handle)


def remove_tree(folder: Path) -> None:
    """Remove a folder and all below it, also where a copied tree holds unwritable folders."""

    def make_writable_and_retry(function: Callable[..., Any], path: str, _error: object) -> None:
        with contextlib.suppress(OSError):
            parent = Path(path).parent
            parent.chmod(parent.stat().st_mode | stat.S_IRWXU)
            function(path)

    shutil.rmtree(folder, onerror=make_writable_and_retry)
    if folder.exists():
        shutil.rmtree(folder, ignore_errors=True)


def sweep_folders() -> list[str]:
    """Remove the scratch folders of dead runs; return their names."""
    swept = []
    for folder in Path(tempfile.gettempdir()).glob(f"{_FOLDER_PREFIX}*"):
        try:
            dead = is_dead((folder / _OWNER_FILE).read_text(encoding="utf-8"))
        except OSError:
            continue  # not ours, or being made or removed this moment
        if dead:
            remove_tree(folder)
            swept.append(folder.name)
    return swept


def sweep(engine: Engine) -> list[str]:
    """Remove from the engine what dead runs left; return a line for each thing removed."""
    return remove_labelled(engine, RUN_LABEL, only_dead=True)


def remove_labelled(engine: Engine, label: str, *, only_dead: bool = False) -> list[str]:
    """Remove all containers, networks, volumes and images that carry `label`; return a line for each.

    Best effort: what another process removes at the same moment, or an engine that is gone, is no error.
    """
    api = engine.client.api
    query = {"label": [label]}
    removed: list[str] = []

    def each(
        kind: str, items: Callable[[], list[dict[str, Any]]], remove: Callable[[dict[str, Any]], None]
    ) -> None:
        with contextlib.suppress(Exception):
            for item in items():
                if only_dead and not is_dead((item.get("Labels") or {}).get(OWNER_LABEL, "")):
                    continue
                with contextlib.suppress(Exception):
                    remove(item)
                    removed.append(
                        f"{kind} {(item.get('Id') or item.get('Name', '')).removeprefix('sha256:')[:12]}"
                    )

    each(
        "container",
        lambda: api.containers(all=True, filters=query),
        lambda item: api.remove_container(item["Id"], v=True, force=True),
    )
    each("network", lambda: api.networks(filters=query), lambda item: api.remove_network(item["Id"]))
    each(
        "volume",
        lambda: api.volumes(filters=query)["Volumes"] or [],
        lambda item: api.remove_volume(item["Name"], force=True),
    )
    each(
        "image",
        lambda: api.images(filters=query),
        lambda item: api.remove_image(item["Id"], force=True),
    )
    return removed
