"""What a project cannot take of the machine that proves it: memory, processes, and, where that is asked for, the network."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from hullproof.engine.connection import Engine
from hullproof.engine.limits import limits_of
from hullproof.project.project import Project

from ..conftest import Command
from ..rig import left_by
from ..shop import APPLICATION, SMALL_DOCKERFILE

pytestmark = [pytest.mark.engine, pytest.mark.slow]

EAT = "held = [bytearray(1 << 20) for _ in range(500)]\n"
EAT_BELOW = f"import subprocess, sys\nsubprocess.run([sys.executable, '-c', {EAT!r}])\n"
# Each copy makes copies, until there are no more to be had; each goes on trying until it is removed.
BOMB = """
import os, time
until = time.monotonic() + 300
while time.monotonic() < until:
    try:
        os.fork()
    except OSError:
        time.sleep(0.05)
"""
THREADS = """
import threading, time
for _ in range(200):
    threading.Thread(target=time.sleep, args=(30,), daemon=True).start()
"""

Make = Callable[..., Path]
Prove = Callable[..., dict[str, Any]]


@pytest.fixture
def make(tmp_path: Path, python_base: str) -> Make:
    """Make a project of a program and settings."""
    assert python_base

    def made(program: str, **settings: object) -> Path:
        folder = tmp_path / "shop"
        folder.mkdir(exist_ok=True)
        (folder / "Dockerfile").write_text(SMALL_DOCKERFILE)
        (folder / "run.py").write_text(program)
        (folder / "hullproof.toml").write_text(
            "".join(f"{name} = {json.dumps(value)}\n" for name, value in settings.items())
        )
        return folder

    return made


@pytest.fixture
def prove(command: Command, engine: Engine) -> Prove:
    """Prove what the container shows; return the report. Nothing may be left of it."""

    def proved(folder: Path, *more: str) -> dict[str, Any]:
        only = "--only=default-command,expose"
        code, out, progress = command("prove", str(folder), only, "--format=json", *more)
        assert code in (0, 1), progress
        assert left_by(engine, os.getpid()) == []
        report: dict[str, Any] = json.loads(out)
        return {**report, "by_id": {proof["id"]: proof for proof in report["proofs"]}}

    return proved


@pytest.mark.parametrize(
    ("program", "settings", "said"),
    [
        (
            EAT + APPLICATION,
            {"memory_mb": 60},
            "the limit of 60.0 MB of memory that it was given here; `memory_mb` in",
        ),
        (EAT_BELOW + APPLICATION, {"memory_mb": 60}, "the limit of 60.0 MB of memory"),
        (
            BOMB,
            {"pids": 40, "ready_timeout_s": 5},
            "the limit of 40 processes and threads that it was given here; `pids` in",
        ),
        (THREADS + APPLICATION, {"pids": 40}, "the limit of 40 processes and threads"),
    ],
    ids=["memory", "memory of a child", "fork bomb", "threads"],
)
def test_a_container_that_runs_into_a_limit_is_unproven_and_told_so(
    make: Make, prove: Prove, program: str, settings: dict[str, object], said: str
) -> None:
    """It may do well with more: what ended it was ours, and the reason names the key that raises it."""
    report = prove(make(program, **settings))
    for proof in report["by_id"].values():
        assert proof["verdict"] == "unproven", proof
        assert said in proof["summary"]


def test_limits_hold_where_nothing_is_said_of_them(
    make: Make, prove: Prove, engine: Engine, command: Command
) -> None:
    """They are in the report, and on the screen where they are not the usual ones."""
    folder = make(APPLICATION)
    usual = limits_of(engine, Project.open(folder).config)
    report = prove(folder)
    assert report["verdict"] == "proven"
    assert report["conditions"] == {
        "network": True,
        "container": {"memory_bytes": usual.memory_bytes, "processes": usual.processes},
        "build_cgroup": None,
    }
    assert usual.memory_bytes is not None
    assert usual.processes == 2048
    _, screen, _ = command("prove", str(make(APPLICATION, memory_mb=100, pids=20)), "--only=expose")
    assert "booted with a network, at most 100 MB of memory, at most 20 processes" in " ".join(screen.split())
    _, screen, _ = command("prove", str(make(APPLICATION)), "--only=slim-base", "--format=json")
    assert json.loads(screen)["conditions"] is None, "nothing was booted"


def test_no_setting_takes_all_of_the_machine(make: Make, engine: Engine) -> None:
    """What the project writes is no promise of the machine's."""
    limits = limits_of(engine, Project.open(make(APPLICATION, memory_mb=9_999_999)).config)
    assert limits.memory_bytes is not None
    assert limits.memory_bytes < engine.client.info()["MemTotal"]


def test_services_have_limits_too(make: Make, prove: Prove, python_base: str) -> None:
    """And the reason of what is unproven names it."""
    folder = make(APPLICATION, memory_mb=60, compose="compose.yaml")
    db = {"image": python_base, "command": ["python3", "-c", EAT], "expose": ["5432"]}
    (folder / "compose.yaml").write_text(json.dumps({"services": {"db": db}}))
    summary = prove(folder)["by_id"]["expose"]["summary"]
    assert summary.startswith("Service db, beside the container, ended with exit code 137")
    assert "the limit of 60.0 MB of memory" in summary


# --- builds ---------------------------------------------------------------------------------------------

CGROUPS = Path("/sys/fs/cgroup")
# One after the other, at most 200, none of which makes more.
BUILD_BOMB = 'RUN python3 -c \'import subprocess; [subprocess.Popen(["sleep", "20"]) for _ in range(200)]\''


@pytest.fixture
def cgroup(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A cgroup of the engine's machine with little memory and few processes, which only root of that machine can make."""
    if os.geteuid() != 0 or engine.endpoint.socket is None or not (CGROUPS / "pids/cgroup.procs").exists():
        pytest.skip("makes a cgroup (version 1) on the engine's machine")
    name = f"hullproof-test-{os.getpid()}"
    limits = {"memory/{}/memory.limit_in_bytes": "100000000", "pids/{}/pids.max": "60"}
    for path, limit in limits.items():
        place = CGROUPS / path.format(name)
        place.parent.mkdir()
        place.write_text(limit)
    monkeypatch.setenv("HULLPROOF_BUILD_CGROUP", f"/{name}")
    yield f"/{name}"
    for folder in CGROUPS.glob(f"*/{name}"):
        for each in (folder / "buildkit", folder):
            if each.exists():
                each.rmdir()


@pytest.mark.parametrize(
    ("step", "said"),
    [
        (
            "RUN python3 -c 'held = [bytearray(1 << 20) for _ in range(400)]'",
            "killed, likely at a limit of the cgroup /",
        ),
        (BUILD_BOMB, "Resource temporarily unavailable"),
    ],
    ids=["memory", "fork bomb"],
)
def test_a_build_is_held_to_the_limits_of_a_cgroup(
    make: Make, command: Command, cgroup: str, step: str, said: str
) -> None:
    """The step fails instead of the machine."""
    assert os.environ["HULLPROOF_BUILD_CGROUP"] == cgroup
    folder = make(APPLICATION)
    (folder / "Dockerfile").write_text(f"FROM python:3.11-slim\n{step}\n")
    code, out, progress = command("prove", str(folder), "--only=slim-base", "--format=json")
    assert code == 1
    assert said in out + progress, json.loads(out)["proofs"][0]["summary"]


def test_a_report_names_the_cgroup_of_builds(make: Make, prove: Prove, cgroup: str) -> None:
    """Whoever reads a verdict knows what the build was held to."""
    assert prove(make(APPLICATION))["conditions"]["build_cgroup"] == cgroup


# --- without a network ----------------------------------------------------------------------------------

LONELY = f"""
import os
interfaces = set(os.listdir("/sys/class/net")) - {{"lo"}}
if interfaces & {{"eth0"}}:
    raise SystemExit("there is a network")
{APPLICATION}"""
# It reaches its database, and not what lies beyond; the engine's own name server is none of it.
WITH_DATABASE = f"""
import socket
socket.create_connection(("db", 5432), 10).close()
try:
    socket.create_connection(("203.0.113.1", 80), 2)
except OSError as error:
    if error.errno != 101:
        raise SystemExit(f"not unreachable: {{error}}")
{APPLICATION}"""
DATABASE = (
    "import socketserver; socketserver.TCPServer(('', 5432), socketserver.BaseRequestHandler).serve_forever()"
)


@pytest.mark.parametrize("way", ["option", "setting"])
def test_offline_boots_without_a_network(make: Make, prove: Prove, way: str) -> None:
    """The container has none, what it does is seen all the same, and the report says so."""
    assert prove(make(LONELY))["verdict"] != "proven"
    folder = make(LONELY, **({"offline": True} if way == "setting" else {}))
    report = prove(folder, *(["--offline"] if way == "option" else []))
    assert report["verdict"] == "proven", report["proofs"]
    assert report["conditions"]["network"] is False


def test_offline_leaves_services_in_reach_and_nothing_else(
    make: Make, prove: Prove, python_base: str
) -> None:
    """They share a network that leads nowhere."""
    folder = make(WITH_DATABASE, compose="compose.yaml")
    db = {"image": python_base, "command": ["python3", "-c", DATABASE], "expose": ["5432"]}
    (folder / "compose.yaml").write_text(json.dumps({"services": {"db": db}}))
    report = prove(folder, "--offline")
    assert report["verdict"] == "proven", report["proofs"]


def test_what_needs_the_network_at_boot_is_unproven_offline(make: Make, prove: Prove) -> None:
    """The application is not to blame, and the remedy says what to leave out."""
    report = prove(
        make(f"import socket; socket.getaddrinfo('registry.example', 80)\n{APPLICATION}"), "--offline"
    )
    proof = report["by_id"]["default-command"]
    assert proof["verdict"] == "unproven"
    assert "--offline" in proof["remedy"]
