"""What runs leave behind, and whose it is: told by the owner's being gone, and then swept.

Every container, network, volume and image that Hullproof makes carries the label `hullproof.run=<id>` and
a label that says which process owns it; every scratch file lives in a temporary folder whose name says the
same. What belongs to a process that lives, or to nobody that can be told, is left alone.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import shutil
import signal
import socket
import stat
import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from hullproof.engine.connection import Engine

RUN_LABEL = "hullproof.run"
OWNER_LABEL = "hullproof.owner"

_PROCESS = re.compile(r"([1-9][0-9]{0,9})/([0-9]{1,20}|-)")
_FOLDER = re.compile(r"hullproof-[a-z0-9-]+-([0-9a-f]{12})\.([0-9]+)\.([0-9]+|-)\.[^.]+")


# --- who owns what -----------------------------------------------------------------------------------


def _start_time(pid: int) -> str | None:
    """Return when a process started, in clock ticks since boot, or None where there is no such process."""
    try:
        stat_line = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    state, *fields = stat_line.rpartition(")")[2].split()
    return None if state in "ZX" else fields[18]


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
    """Tell whether the process behind an owner label is gone.

    One on another machine counts as alive, and so does a value that no run of ours can have written.
    """
    machine, _, process = owner_value.partition("/")
    found = _PROCESS.fullmatch(process)
    return machine == _machine() and found is not None and _is_gone(int(found[1]), found[2])


def _is_gone(pid: int, started: str) -> bool:
    """Tell whether the process is gone; one that started at another time is another one."""
    if started != "-":
        return _start_time(pid) != started
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    except (PermissionError, OverflowError):
        return False
    return False


# --- sweeping ----------------------------------------------------------------------------------------


def make_folder(kind: str) -> Path:
    """Make a folder in the temporary one, whose name says who owns it: there is no moment without an owner."""
    place = hashlib.sha256(_machine().encode()).hexdigest()[:12]
    started = _start_time(os.getpid()) or "-"
    return Path(tempfile.mkdtemp(prefix=f"hullproof-{kind}-{place}.{os.getpid()}.{started}."))


@contextlib.contextmanager
def owned_folder(kind: str) -> Iterator[Path]:
    """Yield a temporary folder that is gone afterwards, or swept by a later run if this process is killed."""
    folder = make_folder(kind)
    try:
        yield folder
    finally:
        remove_tree(folder)


def remove_tree(folder: Path) -> None:
    """Remove a folder and all below it, also where a copied tree holds folders that may not be read or changed."""
    shutil.rmtree(folder, ignore_errors=True)
    if not folder.exists():
        return
    for parent, names, _ in os.walk(folder):
        for path in (parent, *(f"{parent}/{name}" for name in names)):
            with contextlib.suppress(OSError):
                mode = os.lstat(path).st_mode
                if stat.S_ISDIR(mode):
                    os.chmod(path, stat.S_IMODE(mode) | stat.S_IRWXU)  # noqa: PTH101 - strings, as walked
    shutil.rmtree(folder, ignore_errors=True)


def sweep_folders() -> list[str]:
    """Remove the scratch folders of dead runs, and end what builds they had going; return the folders' names."""
    place = hashlib.sha256(_machine().encode()).hexdigest()[:12]
    dead = []
    for folder in Path(tempfile.gettempdir()).glob("hullproof-*"):
        found = _FOLDER.fullmatch(folder.name)
        with contextlib.suppress(OSError):
            status = folder.lstat()
            ours = stat.S_ISDIR(status.st_mode) and status.st_uid == os.geteuid()
            if ours and found and found[1] == place and _is_gone(int(found[2]), found[3]):
                dead.append(folder)
    if dead:
        end_builders(lambda labels: is_dead(labels.get(OWNER_LABEL, "")))
    for folder in dead:
        end_programs(folder)
        remove_tree(folder)
    return [folder.name for folder in dead]


def end_builders(of: Callable[[Mapping[str, str]], bool]) -> int:
    """End this user's `docker buildx build` processes whose labels of ours are told by `of`; return how many.

    BuildKit cancels a build whose client is gone. Where there is no /proc, none is found.
    """
    ended = 0
    for entry in Path("/proc").glob("[1-9]*"):
        with contextlib.suppress(OSError):
            if entry.stat().st_uid != os.geteuid():
                continue
            arguments = (entry / "cmdline").read_bytes().decode("utf-8", "replace").split("\0")
            labels = dict(
                argument.removeprefix("--label=").split("=", 1)
                for argument in arguments
                if argument.startswith(("--label=hullproof.run=", "--label=hullproof.owner="))
            )
            if labels and of(labels):
                os.kill(int(entry.name), signal.SIGKILL)
                ended += 1
    return ended


def end_programs(folder: Path) -> None:
    """End this user's programs that were given a `--file` in a run's folder: compose, which makes services.

    Where there is no /proc, none is found.
    """
    given = os.fsencode(f"--file={folder}/")
    for entry in Path("/proc").glob("[1-9]*"):
        with contextlib.suppress(OSError):
            if entry.stat().st_uid == os.geteuid() and any(
                argument.startswith(given) for argument in (entry / "cmdline").read_bytes().split(b"\0")
            ):
                os.kill(int(entry.name), signal.SIGKILL)


def end_children() -> None:
    """End the programs that this process has started in a session of their own, with their children."""
    for entry in Path("/proc").glob("[1-9]*"):
        with contextlib.suppress(OSError, ValueError):
            pid = int(entry.name)
            parent = (
                (entry / "stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()[1]
            )
            if int(parent) == os.getpid() and os.getsid(pid) == pid:
                os.killpg(pid, signal.SIGTERM)


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
        found: list[dict[str, Any]] = []
        with _refusals_passed_over():
            found = items()
        for item in found:
            if only_dead and not is_dead((item.get("Labels") or {}).get(OWNER_LABEL, "")):
                continue
            with _refusals_passed_over():
                remove(item)
                name = (item.get("Id") or item.get("Name", "")).removeprefix("sha256:")[:12]
                removed.append(f"{kind} {name}")

    with contextlib.suppress(Exception):  # the engine is gone: what is on it, the next run's sweep removes
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


@contextlib.contextmanager
def _refusals_passed_over() -> Iterator[None]:
    """Pass over what the engine will not remove: it is gone already, or somebody has put it to use."""
    from docker.errors import APIError  # noqa: PLC0415 - the SDK is slow to import

    with contextlib.suppress(APIError):
        yield
