"""What the application prints is seen when it prints it.

Why: Logs are read from stdout and stderr, when something goes wrong. Python holds back what it prints into a pipe until some
kilobytes have come together, and loses it when the container is killed; a log file goes with the container, or fills its disk.

Proven by: The log is read once the container is ready, before any request, and beside it that of a boot with PYTHONUNBUFFERED=1:
no line is missing. An ordinary boot has changed no log file.

Broken by: print() without PYTHONUNBUFFERED=1 or flush; a handler or a server's option that logs into a file.

Fix: Let Python hand on what it prints, and log to stdout or stderr.

    ENV PYTHONUNBUFFERED=1
    CMD ["gunicorn", "--access-logfile=-", "--error-logfile=-", "app:app"]
"""

from __future__ import annotations

import re

from hullproof.dockerfile import Release
from hullproof.facts import HeldLines
from hullproof.practices.checks import (
    Observations,
    broken,
    check,
    in_container,
    in_experiment,
    in_image,
    listed,
    not_applicable,
    proven,
)
from hullproof.practices.library.lines import before_command

PROFILES = ("production", "kubernetes", "openshift")

_LOG_FILE = re.compile(
    r"\.log(?:\.\d+)?$|(?<!^/var)/logs?/[^/]+(?<!\.pid)(?<!\.lock)$|^/var/log/(?!(?:lastlog|wtmp|btmp|faillog)$)"
)
_SHOWN = 80


@check
def no_line_is_held_back(
    release: Release, held_lines: HeldLines, changed_paths: tuple[str, ...] | None
) -> Observations:
    """What comes at once without buffers comes at once as it is."""
    where = release.governing("CMD", "ENTRYPOINT")
    if held_lines.held:
        late = "comes only when it stops" if held_lines.late else "does not come at all when it is stopped"
        first = held_lines.held[0][:_SHOWN]
        more = f" and {len(held_lines.held) - 1} lines more" if len(held_lines.held) > 1 else ""
        yield broken(
            f'what it prints is held back: "{first}"{more} {late}',
            in_image(where, "its log, before any request, lacks what it has with PYTHONUNBUFFERED=1"),
            *(in_experiment("PYTHONUNBUFFERED=1", line) for line in held_lines.held),
            fix=before_command(release, "ENV PYTHONUNBUFFERED=1"),
        )
    elif held_lines.printed:
        yield in_container("log", f"{held_lines.printed} lines before any request")
        yield proven("what it prints is in its log at once")
    elif not _log_files(changed_paths):
        yield not_applicable("it prints nothing when it starts, and writes no log file")


@check
def no_log_goes_into_a_file(release: Release, changed_paths: tuple[str, ...]) -> Observations:
    """No file of an ordinary boot is a log, by its name or place."""
    files = _log_files(changed_paths)
    if files:
        yield broken(
            f"it logs into {listed(files)}, which is lost with the container",
            in_image(release.governing("CMD", "ENTRYPOINT"), f"an ordinary boot writes {listed(files)}"),
            *(in_container(path, "written by an ordinary boot") for path in files),
            fix=f"Log to stdout or stderr, in the place of {files[0]}.",
        )


def _log_files(paths: tuple[str, ...] | None) -> list[str]:
    return [path for path in paths or () if _LOG_FILE.search(path)]
