"""The container runs with a root that it cannot write to.

Why: Kubernetes' readOnlyRootFilesystem and `docker run --read-only` take from an intruder the place to put a program, and show what the
application keeps where it is lost with the container. An image that was never booted so fails on its first day there.

Proven by: One more boot of the image with a read-only root, /tmp in memory, and the volumes that it declares: it gets ready,
and each port answers as it does otherwise.

Broken by: A file of process ids, of logs, of uploads or a database beside the code; a cache below the home directory; an
entry script that writes a configuration. The paths are those of the error and of what an ordinary boot has changed.

Fix: Let it write below /tmp or into a declared volume, and mount memory over the other places where it runs.

    VOLUME /app/data
    ENV MPLCONFIGDIR=/tmp/matplotlib
    CMD ["gunicorn", "--worker-tmp-dir=/dev/shm", "--pid=/tmp/gunicorn.pid", "app:app"]
"""

from __future__ import annotations

from collections.abc import Iterable

from hullproof.dockerfile import Release
from hullproof.facts import FileFacts, ImageFacts, Trial
from hullproof.practices.checks import Observations, broken, check, in_experiment, listed
from hullproof.practices.library.lines import before_command
from hullproof.practices.library.trials import does_as_well, folder_of, refused, seen_of, what_fails

PROFILES = ("production", "kubernetes", "openshift")

_IN_MEMORY = ("/tmp/", "/dev/", "/proc/", "/sys/", "/run/secrets/")  # noqa: S108 - places, not files of ours


@check
def it_boots_without_writing_to_its_root(
    release: Release,
    image: ImageFacts,
    files: FileFacts | None,
    read_only_boot: Trial,
    changed_paths: tuple[str, ...] | None,
) -> Observations:
    """It does as well as in the ordinary boot; else the paths that it writes to say what it needs."""
    if read_only_boot.fault is None:
        yield does_as_well(read_only_boot, "with a read-only root")
        return
    denied = refused(read_only_boot)
    written = [path for path in changed_paths or () if _is_in_root(path, image)]
    places = [denied[0]] if denied else written
    yield broken(
        f"with a read-only root {what_fails(read_only_boot)}",
        *seen_of(read_only_boot, release),
        *(in_experiment(path, "written to by an ordinary boot") for path in written),
        fix=_to_write(release, places, files),
    )


def _is_in_root(path: str, image: ImageFacts) -> bool:
    """Whether a path is neither in memory nor in a volume, and is more than a cache that nobody misses."""
    volumes = tuple(f"{each.rstrip('/')}/" for each in image.volumes)
    return not f"{path}/".startswith((*_IN_MEMORY, *volumes)) and "__pycache__" not in path


def _to_write(release: Release, paths: Iterable[str], files: FileFacts | None) -> str | None:
    folders = list(dict.fromkeys(map(folder_of, paths)))
    if not folders:
        return None
    first = folders[0]
    held = [
        each for each in folders if files is None or any(path.startswith(f"{each}/") for path in files.final)
    ]
    if held:
        return (
            f"It writes to {listed(folders)}: let it write below /tmp instead, or into a folder of its own that is declared as "
            f"VOLUME, but mount nothing over what the image has in {held[0]}."
        )
    return (
        f"It writes to {listed(folders)}: let it write below /tmp instead, or declare a volume; where it runs, docker run --tmpfs "
        f"{first} or an emptyDir of Kubernetes at {first} helps as well. {before_command(release, f'VOLUME {first}')}"
    )
