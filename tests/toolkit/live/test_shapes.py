"""Shapes of services, and ways in which they fail, on a real engine: the verdict, and the reason and fix given for it.

Each is a small project of one program: what the container shows is judged, without an experiment.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from hullproof.engine.connection import Engine

from ..conftest import Command
from ..rig import left_by

pytestmark = [pytest.mark.engine, pytest.mark.slow]

DOCKERFILE = """\
FROM python:3.11-slim
RUN useradd --uid 10001 app && install -d -o app -g app /app
WORKDIR /app
COPY --chown=app:app run.py ./
USER app
CMD ["python", "run.py"]
"""
SERVE = """
import http.server, os, signal, sys, threading, time
signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
class Page(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(STATUS)
        self.end_headers()
STATUS = 200
def serve(port=8000):
    http.server.ThreadingHTTPServer(("", port), Page).serve_forever()
"""
LINES = """
import signal, socketserver, sys
signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
class Lines(socketserver.StreamRequestHandler):
    def handle(self):
        {handle}
socketserver.ThreadingTCPServer(("", 2003), Lines).serve_forever()
"""
STOPS = "import signal, sys\nsignal.signal(signal.SIGTERM, lambda *_: sys.exit(0))\n"

Prove = Callable[..., dict[str, dict[str, Any]]]


@pytest.fixture
def prove(command: Command, engine: Engine, tmp_path: Path, python_base: str) -> Prove:
    """Make a project of a program and a Dockerfile; return its proofs by id. Nothing may be left of it."""
    assert python_base

    def proved(program: str, dockerfile: str = DOCKERFILE, settings: str = "") -> dict[str, dict[str, Any]]:
        (tmp_path / "Dockerfile").write_text(dockerfile)
        (tmp_path / "run.py").write_text(program)
        (tmp_path / "hullproof.toml").write_text(settings)
        only = "--only=default-command,expose,non-root-user,ownership"
        code, out, progress = command("prove", str(tmp_path), only, "--no-experiments", "--format=json")
        assert code in (0, 1), progress
        assert left_by(engine, os.getpid()) == []
        return {proof["id"]: proof for proof in json.loads(out)["proofs"]}

    return proved


def with_line(line: str, *, before: str = "CMD") -> str:
    """Put a line into the Dockerfile."""
    return DOCKERFILE.replace(before, f"{line}\n{before}", 1)


def with_command(command: str) -> str:
    """Start something else."""
    return DOCKERFILE.replace('CMD ["python", "run.py"]', command)


@pytest.mark.parametrize(
    ("handle", "verdict"),
    [
        ("[line for line in self.rfile]", "proven"),
        ("self.request.recv(4); [0 for _ in iter(lambda: self.request.recv(9), b'')]", "proven"),
        pytest.param("time = __import__('time'); time.sleep(99)", "broken", marks=pytest.mark.nightly),
    ],
    ids=["lines", "blocks of bytes", "reads nothing"],
)
def test_a_protocol_in_which_the_client_speaks_first(prove: Prove, handle: str, verdict: str) -> None:
    """The kernel tells whether what was sent was read."""
    proofs = prove(LINES.format(handle=handle), with_line("EXPOSE 2003"))
    assert proofs["expose"]["verdict"] == verdict, proofs["expose"]["summary"]


@pytest.mark.parametrize(
    ("program", "starts", "verdict"),
    [
        (f"{STOPS}for line in sys.stdin: print(line)", 'ENTRYPOINT ["python", "run.py"]', "proven"),
        (f"{STOPS}while True: input()", 'CMD ["python", "run.py"]', "proven"),
        (
            "import sys\nfor line in sys.stdin: print(line)",
            'STOPSIGNAL SIGINT\nCMD ["python", "run.py"]',
            "proven",
        ),
        pytest.param(
            "import sys\nfor line in sys.stdin: print(line)",
            'CMD ["python", "run.py"]',
            "proven",
            marks=pytest.mark.nightly,
        ),
        ("print('done')", 'CMD ["python", "run.py"]', "broken"),
        pytest.param("", 'CMD ["python"]', "broken", marks=pytest.mark.nightly),
    ],
    ids=["filter", "prompt", "by SIGINT", "deaf to SIGTERM", "a job", "an interpreter without a program"],
)
def test_a_program_on_standard_input(prove: Prove, program: str, starts: str, verdict: str) -> None:
    """It is judged with its input held open; what ends all the same is no service."""
    proofs = prove(program, with_command(starts))
    assert proofs["default-command"]["verdict"] == verdict, proofs["default-command"]["summary"]
    if verdict == "proven":
        assert "docker run -i" in proofs["default-command"]["summary"]
        assert proofs["non-root-user"]["verdict"] == "proven"
        assert proofs["expose"]["verdict"] == "not-applicable"


@pytest.mark.parametrize(
    ("program", "lines", "verdict", "told"),
    [
        (f"{STOPS}signal.pause()", "", "not-applicable", "listens on no port"),
        (
            f"{SERVE}threading.Thread(target=serve, daemon=True).start()\nserve(9000)",
            "EXPOSE 8000 9000",
            "proven",
            "9000",
        ),
        (
            f"{SERVE}threading.Thread(target=serve, daemon=True).start()\nserve(9000)",
            "EXPOSE 8000",
            "broken",
            "9000/tcp",
        ),
        (
            f"{STOPS}import socket\ns = socket.socket(socket.AF_UNIX)\ns.bind('/tmp/app.sock')\ns.listen()\ns.accept()",
            "",
            "not-applicable",
            "/tmp/app.sock",
        ),
        (
            f"{STOPS}import socket\ns = socket.socket(type=socket.SOCK_DGRAM)\ns.connect(('192.0.2.1', 9))\nsignal.pause()",
            "",
            "not-applicable",
            "listens on no port",
        ),
    ],
    ids=["worker", "two ports", "one of them undeclared", "Unix socket", "client"],
)
def test_shapes_of_service(prove: Prove, program: str, lines: str, verdict: str, told: str) -> None:
    """What others can reach is exposed, and nothing else is asked for."""
    proofs = prove(program, with_line(lines) if lines else DOCKERFILE)
    assert proofs["expose"]["verdict"] == verdict, proofs["expose"]["summary"]
    assert told in proofs["expose"]["summary"]
    assert proofs["default-command"]["verdict"] == "proven", proofs["default-command"]["summary"]


@pytest.mark.parametrize(
    ("program", "starts", "verdict", "told"),
    [
        (
            SERVE + "serve()",
            'HEALTHCHECK CMD wget -q -O- localhost:8000\nCMD ["python", "run.py"]',
            "broken",
            "wget: not found",
        ),
        (
            SERVE + "serve()",
            'HEALTHCHECK CMD ["python", "health.py"]\nCMD ["python", "run.py"]',
            "broken",
            "health.py",
        ),
        (
            SERVE + "serve()",
            'HEALTHCHECK CMD python -c "import urllib.request as r; r.urlopen(\'http://localhost:8000\')"\nCMD ["python", "run.py"]',
            "proven",
            "",
        ),
        (SERVE + "serve()", "CMD exec python run.py", "proven", "its shell execs the application"),
        (
            SERVE + "serve()",
            'SHELL ["/bin/bash", "-c"]\nCMD python run.py',
            "proven",
            "its shell execs the application",
        ),
        (SERVE + "serve()", "CMD python run.py", "broken", "shell is PID 1"),
        (SERVE + "serve()", 'CMD ["sh", "-c", "exec python run.py"]', "proven", ""),
        (SERVE + "STATUS = 500\nserve()", 'CMD ["python", "run.py"]', "unproven", "HTTP 500"),
        (
            SERVE + "signal.signal(signal.SIGTERM, lambda *_: undefined)\nserve()",
            'CMD ["python", "run.py"]',
            "broken",
            "NameError",
        ),
    ],
    ids=[
        "no wget",
        "no such script",
        "healthy",
        "shell form with exec",
        "bash, which makes way by itself",
        "shell form",
        "a shell that makes way",
        "failures alone",
        "an error on stop",
    ],
)
def test_a_command_by_what_was_seen(prove: Prove, program: str, starts: str, verdict: str, told: str) -> None:
    """Its health check, its form, its answers, its end."""
    proofs = prove(program, with_command(f"EXPOSE 8000\n{starts}"))
    proof = proofs["default-command"]
    assert proof["verdict"] == verdict, proof["summary"]
    assert told in proof["summary"]


@pytest.mark.parametrize(
    ("program", "dockerfile", "verdict", "told"),
    [
        (
            "import os\nTOKEN = os.environ.get('BOT_TOKEN')\nassert_ok = TOKEN.split(':')",
            DOCKERFILE,
            "unproven",
            ("BOT_TOKEN (/app/run.py:2)", "BOT_TOKEN"),
        ),
        (
            "import os\nprint(os.environ['DATABASE_URL'])",
            DOCKERFILE,
            "unproven",
            ("DATABASE_URL", "DATABASE_URL"),
        ),
        (
            "import os, sys\nkey = os.getenv('API_KEY')\nif not key: sys.exit('no key was given')",
            DOCKERFILE,
            "unproven",
            ("API_KEY (/app/run.py:2)", "API_KEY"),
        ),
        (
            "import missing_thing",
            DOCKERFILE,
            "broken",
            ("missing_thing", "Install what brings missing_thing"),
        ),
        (
            "open('state', 'w')",
            DOCKERFILE.replace("&& install -d -o app -g app /app", ""),
            "broken",
            ("cannot write to /app", "Add `RUN chown app:app /app` before {USER}."),
        ),
        (
            SERVE,
            with_line("RUN chmod 600 run.py && chown root run.py", before="USER"),
            "broken",
            (
                "cannot read /app/run.py (mode 0600, of root)",
                "Add `RUN chown -R app:app /app/run.py` before {USER}.",
            ),
        ),
        (
            "import sys\nprint('. banner')\nprint('cannot find the schedule', file=sys.stderr)\nsys.exit(1)",
            DOCKERFILE,
            "broken",
            ("its log says: cannot find the schedule", "cannot find the schedule"),
        ),
    ],
    ids=["get", "subscript", "words of its own", "module", "directory", "file", "stderr"],
)
def test_a_container_that_ends_is_told_why(
    prove: Prove, program: str, dockerfile: str, verdict: str, told: tuple[str, str]
) -> None:
    """From the log, the files and the sources together; the fix is for that cause."""
    proof = prove(program, dockerfile)["default-command"]
    assert proof["verdict"] == verdict, proof["summary"]
    assert told[0] in proof["summary"]
    user = 1 + next(at for at, line in enumerate(dockerfile.splitlines()) if line.startswith("USER"))
    assert told[1].replace("{USER}", f"Dockerfile:{user}") in proof["remedy"]


def test_a_launcher_in_front_is_named(prove: Prove) -> None:
    """Uv passes signals on; the fix starts what it starts."""
    uv = with_line("ENV UV_CACHE_DIR=/tmp/uv\nRUN pip install --no-cache-dir uv==0.8.22", before="USER")
    run = 'CMD ["uv", "run", "--no-project", "--offline", "python", "run.py"]'
    proof = prove(SERVE + "serve()", uv.replace('CMD ["python", "run.py"]', f"EXPOSE 8000\n{run}"))[
        "default-command"
    ]
    assert proof["verdict"] == "broken", proof["summary"]
    assert "uv run is PID 1 in front of the application" in proof["summary"].replace("Uv", "uv")
    assert 'CMD ["python", "run.py"]' in proof["remedy"]
