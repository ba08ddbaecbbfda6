"""Starts services by docker compose, and waits until they are ready."""

from __future__ import annotations

import json
import os
import re
import tempfile
from typing import TYPE_CHECKING, NoReturn

from docker.errors import APIError

from hullproof.engine.container.words import engine_errors
from hullproof.engine.plugins import RUN_NOTHING, find_compose
from hullproof.engine.services.allowed import allowed
from hullproof.engine.services.copies import check, pack
from hullproof.engine.services.model import Services, aliases, choose
from hullproof.engine.services.readiness import Readiness
from hullproof.errors import EngineError, Unobservable, UsageError
from hullproof.owner import RUN_LABEL
from hullproof.process import Done, Program, follow
from hullproof.text import one_line

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    from hullproof.engine.connection import Engine
    from hullproof.engine.container.sidecar import Helper
    from hullproof.engine.services.allowed import Build, Copy, Description
    from hullproof.model import Conditions

READ_DEADLINE_S = 30.0
CREATE_DEADLINE_S = 1200.0
"""How long making the services may take: their images may have to be pulled."""
START_DEADLINE_S = 120.0
"""How long their getting ready may take. Databases make their files when they start first."""

_NOT_SET = re.compile(r'The \\?"(\w+)\\?" variable is not set')
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_LINES_KEPT = 400


def read(
    engine: Engine,
    folder: Path,
    file: str,
    *,
    wanted: Sequence[str] | None,
    env: Mapping[str, str],
    scratch: Path,
) -> Services:
    """Read the compose file `file` of the project in `folder` and choose the wanted services.

    `env` are the variables that the file may use, beside those of the project's .env file: this machine's own are
    not handed on. Raises UsageError, one line, for a file that cannot be read, a service that is not in it, or one
    that asks for what is not given; EngineError where compose is not there.
    """
    staged, resolved, variables = scratch / "project", scratch / "resolved.json", scratch / "variables"
    from hullproof.engine.services.reading import stage  # noqa: PLC0415 - heavy, and most projects have no compose file

    stage(folder, file, staged)
    variables.write_text("".join(_assignments(env)), encoding="utf-8")
    files = [each for each in ((staged / file).with_name(".env"), variables) if each.exists()]
    done = _compose(
        engine,
        [
            *(f"--env-file={each}" for each in files),
            f"--file={staged / file}",
            "--profile=*",
            "config",
            "--format=json",
            f"--output={resolved}",
        ],
        READ_DEADLINE_S,
        f"docker compose to read {file}",
        environ={},
    )
    if done.returncode != 0:
        said = done.lines[-1].replace(f"{staged}/", "") if done.lines else f"exit code {done.returncode}"
        raise UsageError(f"{file} cannot be read by docker compose: {one_line(said)}")
    model = _resolved(resolved, staged, folder)
    used = {}
    for name in choose(file, model, wanted):
        used[name] = allowed(file, name, model, folder, env)
        try:
            check(folder, used[name].copies)
        except UsageError as error:
            raise UsageError(f"{file}: service {name}: {error}") from error
    found = {name: aliases(model["services"][name]) for name in used}
    not_set = dict.fromkeys(name for line in done.lines for name in _NOT_SET.findall(line))
    return Services(folder, file, used, found, tuple(not_set))


def _assignments(env: Mapping[str, str]) -> Iterator[str]:
    """Spell variables as a file of them. They are the project's, so they are none of compose's own environment."""
    for name, value in env.items():
        if _VARIABLE.fullmatch(name):
            escaped = re.sub(r'([\\"$])', r"\\\1", value).replace("\n", r"\n")
            yield f'{name}="{escaped}"\n'


def _resolved(path: Path, staged: Path, folder: Path) -> Description:
    """Load what compose made of the file: it doubles each `$`, and places of the copy are those of the project."""
    text = path.read_text(encoding="utf-8").replace("$$", "$")
    there, here = (json.dumps(str(each), ensure_ascii=False)[1:-1] for each in (staged, folder))
    model: Description = json.loads(text.replace(there, here))
    return model


def start(
    engine: Engine,
    services: Services,
    *,
    project: str,
    labels: Mapping[str, str],
    scratch: Path,
    helper: Helper | str,
    build: Callable[[Build], str],
    conditions: Conditions,
    say: Callable[[str], None],
) -> str:
    """Start services and wait until they are ready; return the network on which they are found by name.

    `build` builds an image and returns its id. All that is made carries `labels` and is removed by them. `helper`
    tells when a service without a health check takes connections, where there is one. Raises Unobservable, with
    the reason, where a service cannot be started or does not
    get ready: that is a finding; EngineError when the engine goes away.
    """
    for line in services.remarks:
        say(line)
    say(f"starting {', '.join(services.names)} beside the container, from {services.file}")
    description = scratch / "compose.json"
    images = {name: build(used.build) for name, used in services.used.items() if used.build}
    described = json.dumps(services.described(project, labels, images, conditions))
    description.write_text(described.replace("$", "$$"), encoding="utf-8")
    common = [f"--file={description}", f"--project-name={project}"]
    run_id = labels[RUN_LABEL]
    made = _compose(
        engine, [*common, "create"], CREATE_DEADLINE_S, "docker compose to make the services", owner=run_id
    )
    if made.returncode != 0:
        _fail(services, made)
    readiness = Readiness(engine, project, labels)
    for name, used in services.used.items():
        for container_id in readiness.containers(name):
            _copy_in(engine, container_id, name, services.folder, used.copies)
    begun = _compose(
        engine,
        [*common, "up", "--detach", "--no-recreate", "--no-build"],
        START_DEADLINE_S,
        f"the services of {services.file} to start",
        owner=run_id,
    )
    readiness.require_none_failed()
    if begun.returncode != 0:
        _fail(services, begun)
    readiness.wait(START_DEADLINE_S, helper)
    return f"{project}_default"


def _compose(
    engine: Engine,
    arguments: Sequence[str],
    timeout_s: float,
    waiting_for: str,
    *,
    owner: str = "",
    environ: Mapping[str, str] | None = None,
) -> Done:
    """Run compose for a run, in this machine's environment or in nothing but `environ`."""
    found = find_compose(engine.docker)
    if found is None:
        raise EngineError(
            "`compose` is configured, and docker's compose plugin is missing: `hullproof doctor` names the package"
        )
    command, _version = found
    plain = {**RUN_NOTHING, "COMPOSE_ANSI": "never", "COMPOSE_PROGRESS": "plain"}
    environ = {**(os.environ if environ is None else environ), **plain}
    compose = Program([*command, *arguments], owner=owner, environ=environ)
    with compose, engine.calls.attended(compose.end):
        done = follow(compose, timeout_s, waiting_for, keep=_LINES_KEPT)
    engine.calls.require_open()
    return done


def _fail(services: Services, done: Done) -> NoReturn:
    said = (
        one_line(done.lines[-1]) if done.lines else f"docker compose ended with exit code {done.returncode}"
    )
    raise Unobservable(f"the services of {services.file} cannot be started: {said}")


def _copy_in(engine: Engine, container_id: str, name: str, folder: Path, copies: Sequence[Copy]) -> None:
    """Give a service that has not started what it would mount; what is not there it would get empty."""
    with tempfile.TemporaryFile() as packed:
        try:
            if not pack(folder, copies, packed):
                return
        except (OSError, UsageError) as error:
            raise Unobservable(f"service {name} cannot be given its files: {one_line(str(error))}") from error
        packed.seek(0)
        try:
            with engine_errors(f"copying files into service {name}", APIError):
                engine.client.api.put_archive(container_id, "/", packed)
        except APIError as error:
            raise Unobservable(
                f"service {name} cannot be given its files: {one_line(str(error.explanation))}"
            ) from error
