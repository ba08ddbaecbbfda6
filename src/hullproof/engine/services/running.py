"""Starts services by docker compose, and waits until they are ready."""

from __future__ import annotations

import json
import os
import tarfile
import tempfile
from typing import TYPE_CHECKING, NoReturn

from hullproof.engine.container.words import engine_errors
from hullproof.engine.hostcommand import Done, run
from hullproof.engine.plugins import RUN_NOTHING, find_compose
from hullproof.engine.services.model import Copy, Services, choose
from hullproof.engine.services.readiness import Readiness
from hullproof.errors import EngineError, UsageError
from hullproof.facts import Unobservable
from hullproof.text import one_line

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from hullproof.engine.connection import Engine
    from hullproof.engine.container.sidecar import Helper

READ_DEADLINE_S = 30.0
CREATE_DEADLINE_S = 1200.0
"""How long making the services may take: their images may have to be pulled."""
START_DEADLINE_S = 120.0
"""How long their getting ready may take. Databases make their files when they start first."""


def read(engine: Engine, folder: Path, file: str, wanted: Sequence[str] | None, scratch: Path) -> Services:
    """Read the compose file `file` of the project in `folder` and choose the wanted services.

    Raises UsageError, one line, for a file that compose cannot read or a service that is not in it; EngineError
    where compose is not there.
    """
    path, resolved = folder / file, scratch / "resolved.json"
    done = _compose(
        engine,
        [f"--file={path}", "--profile=*", "config", "--format=json", f"--output={resolved}"],
        READ_DEADLINE_S,
        f"docker compose to read {file}",
    )
    if done.returncode != 0:
        said = one_line(done.lines[-1]) if done.lines else f"exit code {done.returncode}"
        raise UsageError(f"{file} cannot be read by docker compose: {said}")
    services = choose(file, json.loads(resolved.read_text(encoding="utf-8")), wanted)
    for name, copies in services.copies.items():
        for each in copies:
            if each.source.exists() and not (each.source.is_file() or each.source.is_dir()):
                raise UsageError(
                    f"{file}: service {name} mounts {each.source}, which is not a file or folder that can be copied; "
                    "name the services that are needed in `services`"
                )
    return services


def start(
    engine: Engine,
    services: Services,
    *,
    project: str,
    labels: Mapping[str, str],
    scratch: Path,
    helper: Helper | str,
    say: Callable[[str], None],
) -> str:
    """Start services and wait until they are ready; return the network on which they are found by name.

    All that is made carries `labels` and is removed by them. `helper` tells when a service without a health
    check takes connections, where there is one. Raises Unobservable, with the reason, where a service cannot be started or does not
    get ready: that is a finding; EngineError when the engine goes away.
    """
    say(f"starting {', '.join(services.names)} beside the container, from {services.file}")
    description = scratch / "compose.json"
    description.write_text(json.dumps(services.described(project, labels)), encoding="utf-8")
    common = [f"--file={description}", f"--project-name={project}"]
    made = _compose(engine, [*common, "create"], CREATE_DEADLINE_S, "docker compose to make the services")
    if made.returncode != 0:
        _fail(services, made)
    readiness = Readiness(engine, project, labels)
    for name, copies in services.copies.items():
        for container_id in readiness.containers(name):
            _copy_in(engine, container_id, name, copies)
    begun = _compose(
        engine,
        [*common, "up", "--detach", "--no-recreate", "--no-build"],
        START_DEADLINE_S,
        f"the services of {services.file} to start",
    )
    readiness.require_none_failed()
    if begun.returncode != 0:
        _fail(services, begun)
    readiness.wait(START_DEADLINE_S, helper)
    return f"{project}_default"


def _compose(engine: Engine, arguments: Sequence[str], timeout_s: float, waiting_for: str) -> Done:
    found = find_compose(engine.docker)
    if found is None:
        raise EngineError(
            "`compose` is configured, and docker's compose plugin is missing: `hullproof doctor` names the package"
        )
    command, _version = found
    environ = {**os.environ, **RUN_NOTHING, "COMPOSE_ANSI": "never", "COMPOSE_PROGRESS": "plain"}
    return run([*command, *arguments], timeout_s=timeout_s, waiting_for=waiting_for, environ=environ)


def _fail(services: Services, done: Done) -> NoReturn:
    said = (
        one_line(done.lines[-1]) if done.lines else f"docker compose ended with exit code {done.returncode}"
    )
    raise Unobservable(f"the services of {services.file} cannot be started: {said}")


def _copy_in(engine: Engine, container_id: str, name: str, copies: Sequence[Copy]) -> None:
    """Give a service that has not started what it would mount; what is not there it would get empty."""
    from docker.errors import APIError  # noqa: PLC0415 - the SDK is slow to import

    there = [each for each in copies if each.source.exists()]
    if not there:
        return
    with tempfile.TemporaryFile() as packed:
        try:
            with tarfile.open(fileobj=packed, mode="w") as archive:
                for each in there:
                    archive.add(each.source, each.target.lstrip("/"))
        except OSError as error:
            raise Unobservable(
                f"service {name} cannot be given {error.filename}: {error.strerror}"
            ) from error
        packed.seek(0)
        try:
            with engine_errors(f"copying files into service {name}", APIError):
                engine.client.api.put_archive(container_id, "/", packed)
        except APIError as error:
            raise Unobservable(
                f"service {name} cannot be given its files: {one_line(str(error.explanation))}"
            ) from error
