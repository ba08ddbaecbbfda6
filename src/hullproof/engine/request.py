"""What to build, and the arguments that say so to `docker buildx build`."""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from hullproof.engine.tracing import LayerInstructions

CGROUP = "HULLPROOF_BUILD_CGROUP"
"""The environment variable that names the cgroup, on the engine's machine, below which steps of a build run.

It is all by which BuildKit can be held to limits, and a part of what its cache looks a step up by: so the same one in
each run, and none unless the user, not the project, names it.
"""


def build_cgroup() -> str | None:
    """Return the cgroup that the user names for the steps of builds, None where they have no limits."""
    return os.environ.get(CGROUP) or None


@dataclass(frozen=True)
class BuildRequest:
    """What to build. `output`: "image" into the engine, "none" for the cache only, a path for a tar of the files.

    `instructions` lets steps be traced to lines (see `engine.tracing`). `build_contexts` puts named images under
    the Dockerfile's references, `secrets` are files by id. `owner` is the run that the build is of; the image of one
    of nobody's stays. `cached`: whether steps may be taken from the builder's cache. `provenance`: with all that the
    builder can say of the build, for which a path is that of an OCI archive. `say` is told why nothing goes on yet.
    """

    context: Path
    dockerfile: Path
    target: str | None = None
    output: Path | str = "image"
    tags: tuple[str, ...] = ()
    owner: str = ""
    build_args: Mapping[str, str] = field(default_factory=dict)
    build_contexts: Mapping[str, str] = field(default_factory=dict)
    secrets: Mapping[str, Path] = field(default_factory=dict)
    instructions: LayerInstructions = field(default_factory=dict)
    cached: bool = True
    provenance: bool = False
    say: Callable[[str], None] = field(default=lambda _line: None, compare=False, repr=False)

    def argv(self, metadata_file: Path) -> list[str]:
        """Return the arguments after `docker`."""
        args = [
            "buildx",
            "build",
            "--progress=rawjson",
            f"--metadata-file={metadata_file}",
            f"--file={self.dockerfile}",
        ]
        if isinstance(self.output, Path):
            kind = "oci" if self.provenance else "tar"
            args.append(f"--output={_fields(f'type={kind}', f'dest={self.output}')}")
        else:
            args.append("--load" if self.output == "image" else "--output=type=cacheonly")
        if self.provenance:
            args.append("--provenance=mode=max")
        if not self.cached:
            args.append("--no-cache")
        if self.target:
            args.append(f"--target={self.target}")
        if cgroup := build_cgroup():
            args.append(f"--cgroup-parent={cgroup}")
        args += [f"--tag={tag}" for tag in self.tags]
        args += [f"--build-arg={name}={value}" for name, value in self.build_args.items()]
        args += [f"--build-context={name}={value}" for name, value in self.build_contexts.items()]
        args += [f"--secret={_fields(f'id={name}', f'src={path}')}" for name, path in self.secrets.items()]
        return [*args, str(self.context)]


def _fields(*fields: str) -> str:
    """Join fields as docker reads them: as a line of CSV, since paths may hold commas, quotes and line ends."""
    line = io.StringIO()
    csv.writer(line).writerow(fields)
    return line.getvalue().removesuffix("\r\n")
