"""Look a machine over, for `hullproof doctor`: what a run would find, and what fixes what is amiss."""

from __future__ import annotations

import os
import shutil
import socket
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hullproof.engine.connection import PLATFORM, Engine
from hullproof.engine.endpoint import NoEngineError, find_endpoint
from hullproof.engine.plugins import find_compose
from hullproof.engine.registry import why_unreachable
from hullproof.errors import EngineError, HullproofError
from hullproof.host.install import MANUAL, look_around, needed_packages
from hullproof.host.machine import System, this_system
from hullproof.host.trust import host_trust

if TYPE_CHECKING:
    from collections.abc import Iterable

_OF_THE_ENGINE = frozenset(
    {"no-socket", "permission-denied", "not-running", "unreachable", "engine-too-old", "no-buildkit"}
)

# A full proof with its experiments keeps a few images and caches at a time.
_SPACE_WANTED = 5 * 1000**3


@dataclass(frozen=True)
class Finding:
    """One thing looked at. `remedy` is None when nothing has to be done; `needed` when runs fail without it."""

    subject: str
    ok: bool
    text: str
    remedy: str | None = None
    needed: bool = True


def doctor(registries: Iterable[str] = ("docker.io",)) -> list[Finding]:
    """Return findings, the engine's first. Changes nothing."""
    findings: list[Finding] = []
    engine: Engine | None = None
    try:
        engine = Engine.connect()
    except NoEngineError as problem:
        findings.append(
            Finding("engine", ok=False, text=str(problem), remedy=way_out(this_system(), problem))
        )
    except EngineError as error:
        findings.append(Finding("engine", ok=False, text=str(error)))
    else:
        info = engine.info()
        text = (
            f"{info.name} {info.version} ({info.platform}, {info.storage_driver}) at {engine.endpoint.host}"
        )
        findings += [
            Finding("engine", ok=True, text=text),
            Finding("buildx", ok=True, text=engine.buildx_version),
        ]
        if info.note:
            remedy = f"none needed; for a newer engine see {MANUAL}"
            findings.append(Finding("builds", ok=False, text=info.note, remedy=remedy, needed=False))
        findings += _platform(engine)
        findings.append(_space(engine))
        findings += [_registry(engine, registry) for registry in registries]
        engine.close()
    return [*findings, _compose(), _mmdebstrap(), *_trust()]


def way_out(system: System, problem: NoEngineError) -> str:
    """Say what to run on this system for this problem, if it is with this machine's own engine."""
    if problem.case in _OF_THE_ENGINE and not find_endpoint().is_default_socket:
        return "the engine is named by DOCKER_HOST or the docker context in use: see to it there, or name another"
    answers = problem.case in ("cli-missing", "buildx-missing", "buildx-too-old")
    if problem.case == "permission-denied":
        return "sudo usermod -aG docker $USER, then log in again"
    if not system.has_apt_engine:
        return f"see {MANUAL}"
    packages = needed_packages(system, look_around(), engine_answers=answers)
    if not packages:
        return "sudo systemctl start docker (or, without systemd: sudo dockerd)"
    beside = (
        " (from Debian 13, by a pinned source that the installer writes)"
        if system.codename == "bookworm"
        else ""
    )
    return f"sudo apt-get install {' '.join(packages)}{beside}; `hullproof doctor --install` does it all"


def _platform(engine: Engine) -> list[Finding]:
    try:
        engine.require_own_platform()
    except EngineError as error:
        return [Finding("platform", ok=False, text=str(error), remedy=f"unset {PLATFORM}")]
    return []


def _space(engine: Engine) -> Finding:
    """Report the free disk at the engine where it can be known: when the engine is on this machine."""
    root, machine = engine.data_folder()
    here = engine.endpoint.socket is not None and machine == socket.gethostname()
    if not here or not os.path.isdir(root):  # noqa: PTH112  a path of the engine's, seen from here
        return Finding("disk", ok=True, text="free space at the engine is not known from here", needed=False)
    free = shutil.disk_usage(root).free
    text = f"{free / 1000**3:.1f} GB free in {root}"
    if free >= _SPACE_WANTED:
        return Finding("disk", ok=True, text=text)
    return Finding(
        "disk",
        ok=False,
        text=text,
        remedy="docker system df shows what takes it, docker builder prune frees caches",
    )


def _registry(engine: Engine, registry: str) -> Finding:
    try:
        reason = why_unreachable(engine, registry)
    except EngineError as error:
        return Finding("registry", ok=False, text=str(error))
    if reason is None:
        return Finding("registry", ok=True, text=f"{registry} answers", needed=False)
    return Finding(
        "registry",
        ok=False,
        text=f"{registry} cannot be reached from the engine: {reason}",
        remedy="none needed for python and debian images, which get stand-ins; else load images with `docker load`",
        needed=False,
    )


def _compose() -> Finding:
    found = find_compose(shutil.which("docker"))
    if found:
        return Finding("compose", ok=True, text=found[1], needed=False)
    remedy = (
        "sudo apt-get install docker-compose (docker-compose-v2 on Ubuntu, docker-compose-plugin from Docker)"
    )
    return Finding(
        "compose", ok=False, text="docker's compose plugin is missing", remedy=remedy, needed=False
    )


def _mmdebstrap() -> Finding:
    program = shutil.which("mmdebstrap")
    if program:
        return Finding("mmdebstrap", ok=True, text=program, needed=False)
    return Finding(
        "mmdebstrap",
        ok=False,
        text="mmdebstrap is missing: no stand-in base can be made where no registry answers",
        remedy="sudo apt-get install mmdebstrap",
        needed=False,
    )


def _trust() -> list[Finding]:
    """Show what builds inherit of this machine's trust, index and proxy settings; passwords are hidden."""
    try:
        lines = host_trust().describe()
    except HullproofError as error:
        return [Finding("trust", ok=False, text=str(error))]
    return [Finding("trust", ok=True, text=line, needed=False) for line in lines]
