"""Errors that a user can meet. Each owns its exit code; its text is one line: what, why, way out."""

from __future__ import annotations

import errno
from pathlib import Path
from typing import ClassVar

from hullproof.text import line


class HullproofError(Exception):
    """Anything that ends a command. Its text is shown as it is, without a traceback."""

    exit_code: ClassVar[int] = 1

    def __init__(self, text: str) -> None:
        """Make `text`, which may quote anything, one line that is safe to show wherever it is caught."""
        super().__init__(line(text))


class UsageError(HullproofError):
    """Wrong usage or wrong configuration."""

    exit_code = 2


class DockerfileError(UsageError):
    """A Dockerfile that no build would take: the project's own build fails. `name` is the project's, `home` where it is."""

    exit_code = 1

    def __init__(self, text: str, *, home: Path, name: str, dockerfile: str) -> None:
        """Take what is wrong, as `Dockerfile:3: ...`, and what the project is called."""
        super().__init__(text)
        self.home, self.name, self.dockerfile = home, name, dockerfile


class EngineError(HullproofError):
    """No usable engine, or no usable base image."""

    exit_code = 3


class DeadlineError(EngineError):
    """The engine did not answer in time. The text says what was waited for and what was seen last."""


class EndingError(EngineError):
    """Nothing more may be begun: the command is being interrupted. It is no news to whoever reads the command's end."""


class MachineError(HullproofError):
    """A run lacks what it needs of this machine: room, memory, a folder for what is temporary; or it failed itself."""

    exit_code = 3


class Unobservable(Exception):  # noqa: N818 - a finding about the project, not a fault of ours
    """A fact could not be observed. The text is the reason, one sentence, as the report shows it."""


_LACKING = {
    errno.ENOSPC: "no space is left on the disk: free some, or let TMPDIR name a folder with more room",
    errno.EDQUOT: "the disk quota is used up: free some space, or let TMPDIR name a folder with more room",
    errno.EROFS: "the file system is read-only: let TMPDIR name a folder that can be written",
    errno.EMFILE: "too many files are open: raise the limit (`ulimit -n`), or use a smaller --jobs",
    errno.ENFILE: "too many files are open on this machine: end what holds them, or use a smaller --jobs",
    errno.ENOMEM: "no memory is left: end what holds it, or use a smaller --jobs",
    errno.EAGAIN: "no more processes can be started: end some, or raise the limit (`ulimit -u`)",
}
_ENGINES = frozenset({"docker", "requests", "urllib3"})


def lacking(error: Exception) -> HullproofError | None:
    """Say in one line what an error means that is no fault of a project or of ours; None for any other."""
    if isinstance(error, HullproofError):
        return error
    if isinstance(error, MemoryError):
        return MachineError(_LACKING[errno.ENOMEM])
    if type(error).__module__.partition(".")[0] in _ENGINES:
        return EngineError(f"the engine went away or could not answer ({error}): start it, then run again")
    if isinstance(error, OSError) and error.errno in _LACKING:
        at = f"{error.filename}: " if error.filename else ""
        return MachineError(f"{at}{_LACKING[error.errno]}")
    if isinstance(error, FileNotFoundError) and "temporary directory" in str(error.strerror):
        return MachineError(f"{error.strerror}: let TMPDIR name a folder that can be written and has room")
    return None
