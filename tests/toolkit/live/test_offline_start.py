"""The boot without a network, on a real engine: what is known there, and whose names are heard."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from hullproof.engine.connection import Engine

from ..conftest import Command
from ..rig import left_by

pytestmark = [pytest.mark.engine, pytest.mark.slow]

DOCKERFILE = """\
FROM python:3.11-slim
WORKDIR /app
COPY run.py ./
EXPOSE 8000
CMD ["python", "run.py"]
"""
SERVES = 'import http.server\nhttp.server.HTTPServer(("", 8000), http.server.SimpleHTTPRequestHandler).serve_forever()\n'
KNOWS_ITSELF = "\nimport os, socket, sys\nsocket.gethostbyname(socket.gethostname())\n"
ASKS = """
def ask(name):
    try:
        socket.getaddrinfo(name, 443)
    except OSError:
        return False
    return True
"""
# It begins to listen once the ordinary watch is over: the name server's socket must not be taken for its own.
LIVES_WITH_IT = f"import time{KNOWS_ITSELF}{ASKS}ask('telemetry.example.com')\ntime.sleep(5)\n{SERVES}"
SAYS_NOTHING = f"""{KNOWS_ITSELF}{ASKS}
if not ask("models.example.com") and "eth0" not in os.listdir("/sys/class/net"):
    sys.exit(3)
{SERVES}"""
WITH_DATABASE = f"""{KNOWS_ITSELF}{ASKS}
socket.create_connection(("db", 5432), 10).close()
ask("telemetry.example.com")
{SERVES}"""
DATABASE = "import socketserver as s; s.TCPServer(('', 5432), s.BaseRequestHandler).serve_forever()"


def _proof(
    folder: Path, command: Command, engine: Engine, program: str, services: dict[str, Any] | None = None
) -> dict[str, Any]:
    (folder / "Dockerfile").write_text(DOCKERFILE)
    (folder / "run.py").write_text(program)
    if services:
        (folder / "compose.yaml").write_text(json.dumps({"services": services}))
        (folder / "hullproof.toml").write_text('compose = "compose.yaml"\n')
    _code, out, progress = command("prove", str(folder), "--only=offline-start", "--format=json")
    assert out, progress
    assert left_by(engine, os.getpid()) == []
    proof: dict[str, Any] = json.loads(out)["proofs"][0]
    return proof


def test_a_failure_that_it_lives_with_is_no_fault_and_its_own_name_is_known(
    tmp_path: Path, command: Command, engine: Engine, python_base: str
) -> None:
    """Many servers look their own host's name up when they start; the name that it asks for is listed."""
    assert python_base
    proof = _proof(tmp_path, command, engine, LIVES_WITH_IT)
    assert proof["verdict"] == "proven", proof
    assert "is asked for telemetry.example.com" in str(proof["evidence"])


def test_a_host_that_its_log_does_not_name_is_named(
    tmp_path: Path, command: Command, engine: Engine, python_base: str
) -> None:
    """The name server heard it."""
    assert python_base
    proof = _proof(tmp_path, command, engine, SAYS_NOTHING)
    assert proof["verdict"] == "broken", proof
    assert "it asks for models.example.com" in proof["summary"]


@pytest.mark.nightly
def test_services_are_known_by_name_and_others_are_heard(
    tmp_path: Path, command: Command, engine: Engine, python_base: str
) -> None:
    """The engine's own name server knows the services, and passes on what it does not know."""
    db = {"image": python_base, "command": ["python3", "-c", DATABASE], "expose": ["5432"]}
    proof = _proof(tmp_path, command, engine, WITH_DATABASE, {"db": db})
    assert proof["verdict"] == "proven", proof
    assert "is asked for telemetry.example.com" in str(proof["evidence"])
    assert "is asked for db" not in str(proof["evidence"])
