"""What a boot with other options shows: that it does as well as usual, or what went wrong and where."""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING

from hullproof.practices.checks import in_experiment, in_image, proven
from hullproof.practices.library.lines import but
from hullproof.practices.library.logs import error_line
from hullproof.practices.library.places import resolved

if TYPE_CHECKING:
    from hullproof.dockerfile import Release
    from hullproof.facts import FileFacts, Trial
    from hullproof.model import Evidence
    from hullproof.practices.checks import Observation

# `[Errno 30] Read-only file system: '/app/x'`, and `sh: 1: cannot create /app/x: Read-only file system`
_REFUSED = re.compile(
    r"(?P<why>Read-only file system|Permission denied|Operation not permitted)\b[^/\n]{0,40}?['\"](?P<after>/[^'\"\n]*)"
    r"|['\"`]?(?P<before>/[^'\"`:\s]+)['\"`]?: (?:\[Errno \d+\] )?(?P<also>Read-only file system|Permission denied|Operation not permitted)",
    re.IGNORECASE,
)


def does_as_well(trial: Trial, what: str) -> Observation:
    """Say that it holds: `what` begins the sentence, as in "with a read-only root"."""
    after = trial.container.ready_after_s
    seen = "ready" if after is None else f"ready after {after:.1f} s, and answers as it does otherwise"
    return proven(
        f"{what} it gets ready and answers as it does otherwise", in_experiment(trial.options, seen)
    )


def refused(trial: Trial) -> tuple[str, str] | None:
    """Return the path that it was refused last and the error, as its log or the engine tells them."""
    last = _refusal(trial)
    return (last["after"] or last["before"], (last["why"] or last["also"]).capitalize()) if last else None


def _refusal(trial: Trial) -> re.Match[str] | None:
    lines = reversed([*trial.container.log, trial.container.start_error or ""])
    return next((match for line in lines if (match := _REFUSED.search(line))), None)


def without_own_rights(trial: Trial, release: Release, files: FileFacts | None) -> str | None:
    """Say how a program is to go without capabilities of its own that the kernel did not start for them; None for others."""
    denied = refused(trial)
    if denied is None or files is None:
        return None
    path = resolved(denied[0], files)
    entry, layer = files.final.get(path), files.owning_layers.get(path)
    if entry is None or not entry.capabilities:
        return None
    step = release.instruction_at(layer.line if layer else None)
    shorter = but(release, step, lambda command: command.split()[0] == "setcap") if step else None
    return f"Take the file capabilities (setcap) off {path}: a port above 1023 needs none. {shorter or ''}".rstrip()


def what_fails(trial: Trial) -> str:
    """Say what went wrong, and the error that the log has: that of what was refused, which a server may end with one of its own."""
    refusal = _refusal(trial)
    error = refusal.string.strip() if refusal else error_line(trial.container.log, trial.container.stderr)
    return f"{trial.fault}" + (f" ({error})" if error and error not in str(trial.fault) else "")


def seen_of(trial: Trial, release: Release) -> tuple[Evidence, ...]:
    """Show the line that starts it, the options, and the end of its log."""
    where = release.governing("CMD", "ENTRYPOINT")
    lines = [line for line in trial.container.log if line.strip()][-3:]
    return (
        in_image(where, f"with {trial.options}: {trial.fault}"),
        in_experiment(trial.options, str(trial.fault)),
        *(in_experiment("log", line) for line in lines),
    )


def folder_of(path: str) -> str:
    """Return the folder that has to be given for a path to be written."""
    return posixpath.dirname(path) if posixpath.dirname(path) != "/" else path
