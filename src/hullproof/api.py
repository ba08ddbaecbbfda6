"""Proving from Python. What `hullproof` itself exports is promised; this module is not."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from contextlib import closing
from pathlib import Path

from hullproof.engine.connection import Engine
from hullproof.errors import UsageError
from hullproof.interruption import unwinding_on_signals
from hullproof.model import Evidence, Proof, Report, Verdict
from hullproof.options import folders
from hullproof.run.run import Run
from hullproof.runner.choice import choose
from hullproof.runner.opening import Given, open_image, open_project
from hullproof.runner.prove import prove as prove_project

__all__ = ["Evidence", "Proof", "Report", "Verdict", "prove"]


def prove(
    project: str | os.PathLike[str] | None = None,
    *,
    image: str | None = None,
    only: Sequence[str] | None = None,
    experiments: bool = True,
    build_args: Mapping[str, str] | None = None,
    secrets: Mapping[str, str | os.PathLike[str]] | None = None,
    contexts: Mapping[str, str | os.PathLike[str]] | None = None,
    dockerfile: str | None = None,
    offline: bool = False,
    profile: str | None = None,
) -> Report:
    """Build a project's image, prove its practices, and return the report.

    A project that does not build, or whose container dies, gets a report as well: `report.verdict.is_good` tells whether
    a release may be signed off. Nothing of what is made stays, however this ends.

    - `project`: the folder with the Dockerfile, by default the current one; its `[tool.hullproof]` or `hullproof.toml` holds.
    - `image`: proven, by name, digest or id, instead of one that is built: with a `project`, which is built to be compared,
      or without one.
    - `profile`: the set of practices to prove, such as `"production"`; wins over the settings.
    - `only`: ids of practices, such as `["expose"]`; all of the profile by default.
    - `experiments`: whether those that take rebuilds are proven, too.
    - `build_args`, `secrets` (files by id), `contexts` (folders by name, for COPY --from and FROM) and `dockerfile` (a path
      within the project) win over the settings.
    - `offline`: whether the image is booted without a network.

    Raises `hullproof.errors.HullproofError`, whose text is one line and whose `exit_code` is the command's: 2 for wrong
    usage or settings, 3 where there is no engine or no base image.
    """
    files = {name: str(Path(path).absolute()) for name, path in (secrets or {}).items()}
    try:
        named = folders(f"{name}={path}" for name, path in (contexts or {}).items())
    except ValueError as error:
        raise UsageError(f"contexts: {error}") from None
    given = Given(build_args or {}, dockerfile, files, named, offline=offline, profile=profile, image=image)
    opened = (
        open_image(image, given)
        if image is not None and project is None
        else open_project(Path(project or "."), given)
    )
    builds = image is None or project is not None
    choose(opened.config, only, experiments=experiments)
    with unwinding_on_signals(), closing(Engine.connect(builds=builds)) as engine, Run() as run:
        run.uses(engine)
        return prove_project(opened, engine, run, only=only, experiments=experiments, image=image)
