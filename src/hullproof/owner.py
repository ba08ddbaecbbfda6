"""Who owns what a run makes: labels, names, and whether the process behind them still lives.

Every container, network and volume that Hullproof makes carries the label `hullproof.run=<id>` and a label that says
which process owns it. A label would be a part of an image, and so change which one it is: an image is told by a name
instead, and every scratch file lives in a temporary folder whose name says the same. What belongs to a process that
lives, or to nobody that can be told, is left alone.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import secrets
import shutil
import socket
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path

from hullproof.errors import EngineError
from hullproof.interruption import signals_held
from hullproof.process import run

RUN_LABEL = "hullproof.run"
OWNER_LABEL = "hullproof.owner"

_UNSHARE_S = 60

_PROCESS = re.compile(r"([1-9][0-9]{0,9})/([0-9]{1,20}|-)")
_SIGNED = re.compile(r"(?P<of>[a-z0-9-]+)-([0-9a-f]{12})\.([0-9]+)\.([0-9]+|-)\.[^.]+")
_FOLDERS = "hullproof-"
IMAGES = "hullproof-run"
"""The repository that a run's images have their names in."""


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


def _place() -> str:
    return hashlib.sha256(_machine().encode()).hexdigest()[:12]


def _signed(kind: str) -> str:
    """Begin a name that says who owns what bears it."""
    return f"{kind}-{_place()}.{os.getpid()}.{_start_time(os.getpid()) or '-'}."


def _is_left(name: str) -> bool:
    """Tell whether a name is of a process that is gone. One on another machine counts as alive."""
    found = _SIGNED.fullmatch(name)
    return found is not None and found[2] == _place() and _is_gone(int(found[3]), found[4])


def image_name(run_id: str) -> str:
    """Return a name for one image of a run, as `--tag` takes it."""
    return f"{IMAGES}:{_signed(run_id)}{secrets.token_hex(4)}"


def is_image_of(name: str, run_id: str | None) -> bool:
    """Tell whether a name is that of an image of this run, or where that is None of any run that is gone."""
    repository, _, tag = name.rpartition(":")
    if repository != IMAGES:
        return False
    if run_id is None:
        return _is_left(tag)
    found = _SIGNED.fullmatch(tag)
    return found is not None and found["of"] == run_id


def make_folder(kind: str) -> Path:
    """Make a folder in the temporary one, whose name says who owns it: there is no moment without an owner."""
    return Path(tempfile.mkdtemp(prefix=f"{_FOLDERS}{_signed(kind)}", dir=temporary()))


def temporary() -> Path:
    """Return the folder for temporary files. Raises FileNotFoundError where there is none.

    Python tries by a file of its own which folder will do, the first time: a signal in between would leave that there.
    """
    with signals_held():
        return Path(tempfile.gettempdir())


@contextlib.contextmanager
def owned_folder(kind: str) -> Iterator[Path]:
    """Yield a temporary folder that is gone afterwards, or swept by a later run if this process is killed."""
    folder = make_folder(kind)
    try:
        yield folder
    finally:
        with signals_held():
            remove_tree(folder)


def remove_tree(folder: Path) -> None:
    """Remove a folder and all below it, also where a copied tree holds folders that may not be read or changed.

    What mmdebstrap has made in a user namespace belongs to ids that only such a namespace can remove.
    """
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
    if folder.exists() and os.geteuid() != 0 and (unshare := shutil.which("unshare")):
        command = [unshare, "--map-auto", "--map-root-user", "rm", "-rf", "--", str(folder)]
        with contextlib.suppress(EngineError):
            run(command, timeout_s=_UNSHARE_S, waiting_for=f"{folder} to be removed", tidies_up=True)


def sweep_folders() -> list[str]:
    """Remove the scratch folders of dead runs; return their names."""
    dead = []
    for folder in temporary().glob(f"{_FOLDERS}*"):
        with contextlib.suppress(OSError):
            status = folder.lstat()
            ours = stat.S_ISDIR(status.st_mode) and status.st_uid == os.geteuid()
            if ours and _is_left(folder.name.removeprefix(_FOLDERS)):
                dead.append(folder)
    for folder in dead:
        remove_tree(folder)
    return [folder.name for folder in dead]
