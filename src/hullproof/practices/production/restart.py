"""The container starts again, however it ended.

Why: A container that was killed, for memory or with its machine, is started again with the files that it had. One that then finds its
own stale pid file, a lock, or a database that it has made already does not come back, and nobody is awake.

Proven by: One more boot that is killed (SIGKILL) and started again, then stopped and started again: it gets ready each time, and
each port answers as it does otherwise.

Broken by: A pid file or a lock that is not removed; an entry script that makes what must not be there (mkdir, CREATE TABLE,
createsuperuser); a Unix socket that is bound twice; a folder below /tmp that is moved away.

Fix: Let the start expect what an earlier one has left, and remove what is stale.

    #!/bin/sh
    set -e
    rm -f /app/run.pid
    mkdir -p /app/data
    exec "$@"
"""

from __future__ import annotations

from collections.abc import Mapping

from hullproof.dockerfile import Release
from hullproof.facts import FileFacts, ImageFacts, Restarts
from hullproof.practices.checks import Observations, broken, check, in_experiment, in_image, proven
from hullproof.practices.library.leftovers import to_come_back
from hullproof.practices.library.logs import error_line

PROFILES = ("production", "kubernetes", "openshift")


@check
def it_gets_ready_each_time(
    release: Release,
    image: ImageFacts | None,
    files: FileFacts | None,
    restarts: Restarts,
    *,
    project_texts: Mapping[str, str],
) -> Observations:
    """After SIGKILL, and after the stop signal."""
    for ended, fault in (("killed", restarts.after_kill), ("stopped", restarts.after_stop)):
        if fault is None:
            continue
        error = error_line(restarts.log)
        because = f" ({error})" if error else ""
        yield broken(
            f"{ended} and started again, it does not come back: {fault}{because}",
            in_image(release.governing("CMD", "ENTRYPOINT"), f"{ended} and started again: {fault}"),
            *(in_experiment("log", line) for line in restarts.log[-3:]),
            fix=None
            if error is None
            else to_come_back(release, image, files, restarts.log, error=error, project=project_texts),
        )
        return
    yield in_experiment("SIGKILL, start", "ready again")
    yield in_experiment("stop, start", "ready again")
    yield proven("killed or stopped, it gets ready again when it is started again")
