r"""PID 1 reaps the children that are left to it.

Why: A process whose parent has ended becomes a child of PID 1, and stays in the table of processes until PID 1 has asked how it ended.
Programs that are no init do not ask: each subprocess of a subprocess stays as a zombie, until no more can be started.

Proven by: A process is left to PID 1, from outside the image: two seconds after its end it is gone. An application of one process, which
starts no others, is not concerned.

Broken by: A supervisor or an application as PID 1 that waits for its own children alone: uvicorn with workers, a script in Python,
waitress with subprocesses.

Fix: Put an init in front of it, in the image or where it runs (docker run --init).

    RUN apt-get update && apt-get install -y --no-install-recommends tini \
        && rm -rf /var/lib/apt/lists/*
    ENTRYPOINT ["tini", "--"]
"""

from __future__ import annotations

from hullproof.dockerfile import Release
from hullproof.facts import ContainerFacts, FileFacts
from hullproof.practices.checks import (
    Observations,
    broken,
    check,
    in_container,
    in_experiment,
    in_image,
    not_applicable,
    proven,
)
from hullproof.practices.library.command import as_json
from hullproof.practices.library.lines import before_command, before_user, instead, joined
from hullproof.practices.library.processes import program

PROFILES = ("production", "kubernetes", "openshift")


@check
def an_orphan_is_gone(
    release: Release, files: FileFacts | None, container: ContainerFacts, orphan: str
) -> Observations:
    """One that is left to PID 1 is asked how it ended."""
    main = container.main
    name = program(main) if main is not None else "PID 1"
    seen = in_experiment("an orphan of our own", orphan)
    if orphan == "gone":
        yield seen
        yield proven(f"PID 1 ({name}) reaps what is left to it")
    elif len(container.processes) == 1:
        yield not_applicable(
            "it is one process and starts no others, so that nothing is left to it",
            in_container("/proc", f"one process: {name}"),
        )
    else:
        yield broken(
            f"PID 1 ({name}) reaps no orphan: each that is left to it stays as a zombie",
            in_image(release.governing("CMD", "ENTRYPOINT"), f"starts {name} as PID 1"),
            seen,
            fix=_to_have_an_init(release, files),
        )


def _to_have_an_init(release: Release, files: FileFacts | None) -> str | None:
    """Say how the image gets a small init in front of what it starts; None where its base has no apt-get, or an ENTRYPOINT."""
    entrypoint = release.contract.entrypoint
    if (
        files is None
        or "/usr/bin/apt-get" not in files.final
        or (entrypoint is not None and entrypoint.shell_form)
    ):
        return None
    install = "apt-get install -y --no-install-recommends tini && rm -rf /var/lib/apt/lists/*"
    words = ("tini", "--", *(entrypoint.argv if entrypoint is not None else ()))
    text = f"ENTRYPOINT {as_json(words)}"
    written = release.last("ENTRYPOINT")
    starts = instead(release, written.line, text) if written is not None else before_command(release, text)
    shown = joined(before_user(release, f"RUN apt-get update && {install}"), starts)
    return f"{shown} Or start it with docker run --init." if shown else None
