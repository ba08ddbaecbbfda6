"""Where stand-ins are made: a scratch folder that does not stay, and one maker at a time on a machine."""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
import time
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from hullproof.errors import DeadlineError, EngineError
from hullproof.process import run

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_LOCK_TIMEOUT_S = 1200
_SCRATCH_PREFIX = "hullproof-stand-in-"


@contextmanager
def scratch_folder() -> Iterator[Path]:
    """Yield a folder that is gone afterwards, and take along those that killed runs left. The lock is held."""
    for stale in Path(tempfile.gettempdir()).glob(f"{_SCRATCH_PREFIX}*"):
        if stale.is_dir() and stale.stat().st_uid == os.getuid():
            _remove(stale)
    scratch = Path(tempfile.mkdtemp(prefix=_SCRATCH_PREFIX))
    # apt fetches as its own user, which must be able to walk in.
    scratch.chmod(0o755)
    try:
        yield scratch
    finally:
        _remove(scratch)


def _remove(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    # What mmdebstrap made in a user namespace belongs to ids that only such a namespace can remove.
    if folder.exists() and os.getuid() != 0 and (unshare := shutil.which("unshare")):
        with suppress(EngineError):
            run(
                [unshare, "--map-auto", "--map-root-user", "rm", "-rf", str(folder)],
                timeout_s=60,
                waiting_for=f"{folder} to be removed",
                tidies_up=True,
            )


@contextmanager
def one_at_a_time(say: Callable[[str], None]) -> Iterator[None]:
    """Hold this machine's lock for making stand-ins; the kernel frees it when its holder dies."""
    path = Path(tempfile.gettempdir()) / f"hullproof-{os.getuid()}.lock"
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        deadline, said = time.monotonic() + _LOCK_TIMEOUT_S, False
        while True:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if not said:
                    say("another run is making a stand-in base: waiting for it")
                    said = True
                if time.monotonic() > deadline:
                    raise DeadlineError(
                        f"waited {_LOCK_TIMEOUT_S} s for another run to make its stand-in base, in vain; "
                        f"last seen: {path} still held (`fuser {path}` names the process)"
                    ) from None
                time.sleep(0.3)
        yield
    finally:
        os.close(descriptor)
