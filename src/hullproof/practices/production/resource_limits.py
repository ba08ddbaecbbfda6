"""The application keeps to its part of the machine.

Why: A container gets a part of a machine, and most ways to count processors count the whole: 64 workers on a node of 32 for the time of
one. They take the memory of 64, wait for each other, and are killed by the kernel before anybody has asked for anything.

Proven by: Two more boots with little memory, one with the time of one processor on a machine that claims to have sixteen, one on one
processor of a machine of four: both get ready, stay up, and the first has no more processes than the second. So a number
that is fixed, or that follows what is granted, holds, as does one by the machine's that ends at four; others do not.

Broken by: os.cpu_count() and multiprocessing.cpu_count(), gunicorn's `2 * cores + 1` by either, nproc and os.sched_getaffinity(),
which know no share of time; an end by the kernel's hand for memory, while idle.

Fix: Say how many workers there are where the container is described, with few as the default.

    ENV WEB_CONCURRENCY=2
    CMD ["gunicorn", "app:app"]
"""

from __future__ import annotations

from collections.abc import Mapping

from hullproof.dockerfile import Release
from hullproof.facts import FileFacts, ImageFacts, Shares
from hullproof.practices.checks import Observations, broken, check, in_experiment, in_image, proven, unproven
from hullproof.practices.library.workers import to_be_given
from hullproof.text import size

PROFILES = ("production", "kubernetes", "openshift")


@check
def the_number_of_processes_follows(
    release: Release,
    image: ImageFacts | None,
    files: FileFacts | None,
    shares: Shares,
    *,
    project_texts: Mapping[str, str],
) -> Observations:
    """What a machine claims to have makes no more of them than what is granted."""
    by_quota, by_set = len(shares.by_quota.processes), len(shares.by_set.processes)
    where = release.governing("CMD", "ENTRYPOINT")
    seen = (
        in_experiment(shares.options, shares.fault or f"{by_quota} processes"),
        in_experiment(shares.fewer, f"{by_set} processes"),
    )
    if shares.fault is not None:
        yield broken(
            f"with the time of one processor and {size(shares.memory_bytes)} of memory on a large machine, {shares.fault}",
            in_image(where, f"expected it to stay up: {shares.fault}"),
            *seen,
            fix=to_be_given(release, image, files, project_texts),
        )
    elif shares.follows_the_machine:
        yield broken(
            f"it starts {by_quota} processes by the machine's processors, and {by_set} on a smaller machine, where it has the time "
            "of one on both",
            in_image(where, f"expected {by_set} processes with {shares.options}, got {by_quota}"),
            *seen,
            fix=to_be_given(release, image, files, project_texts),
        )
    elif shares.cores < 2 and by_quota > 1:  # noqa: PLR2004 - one
        yield unproven(
            "whether it counts the machine's processors was not seen: the engine's machine has one", *seen
        )
    else:
        yield from seen
        number = "one process" if by_quota == 1 else f"{by_quota} processes"
        yield proven(
            f"it runs {number}, whatever machine it finds itself on, and stays up with little memory"
        )
