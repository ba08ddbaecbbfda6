"""Boots with other options than usual, on a real engine: a service that holds in all of them, and one that holds in none."""

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

ASKED = (
    "healthcheck,read-only-root,arbitrary-uid,numeric-user,graceful-stop,least-privilege,restart,offline-start,"
    "live-logs,resource-limits,reaps-children"
)
ASKS = """["python", "-c", "import urllib.request as u; u.urlopen('http://localhost:8000/', timeout=2)"]"""
DOCKERFILE = """\
FROM python:3.11-slim
RUN useradd --uid 10001 app
WORKDIR /app
COPY run.py ./
{lines}
EXPOSE 8000
CMD ["python", "run.py"]
"""
PAGE = """
import http.server, os, signal, sys, threading
class Page(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
server = http.server.ThreadingHTTPServer(("", 8000), Page)
"""
HOLDS = f"""{PAGE}
print("the service starts", flush=True)
server.daemon_threads = False
signal.signal(signal.SIGTERM, lambda *_: threading.Thread(target=server.shutdown).start())
server.serve_forever()
server.server_close()
"""
# Each fault is of one practice, and lets the ordinary boot get ready.
FAILS = f"""
import multiprocessing, os, signal, sys, time
print("the service starts")
os.chown("/app/run.py", 10001, 10001)
os.setgid(10001)
os.setuid(10001)
open("/app/lock", "x").close()
if "eth0" not in os.listdir("/sys/class/net"):
    raise OSError("Failed to resolve 'models.example.com'")
def work():
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    time.sleep(10_000)
for _ in range(os.cpu_count()):
    if not os.fork():
        work()
{PAGE}
signal.signal(signal.SIGTERM, lambda *_: os._exit(1))
server.serve_forever()
"""


def _proven(folder: Path, command: Command, engine: Engine, program: str, *lines: str) -> dict[str, Any]:
    """Make the project, prove it, and return its proofs by id; nothing may be left."""
    (folder / "Dockerfile").write_text(DOCKERFILE.format(lines="\n".join(lines)))
    (folder / "run.py").write_text(program)
    code, out, progress = command("prove", str(folder), f"--only={ASKED}", "--format=json")
    assert code in (0, 1), progress
    assert left_by(engine, os.getpid()) == []
    return {proof["id"]: proof for proof in json.loads(out)["proofs"]}


def test_a_service_that_holds_holds_in_each_of_them(
    tmp_path: Path, command: Command, engine: Engine, python_base: str
) -> None:
    """Proven, or of no concern to a service of one process."""
    assert python_base
    lines = ("USER 10001", f"HEALTHCHECK --interval=2s CMD {ASKS}")
    proofs = _proven(tmp_path, command, engine, HOLDS, *lines)
    verdicts = {name: proof["verdict"] for name, proof in proofs.items()}
    assert verdicts == dict.fromkeys(ASKED.split(","), "proven") | {"reaps-children": "not-applicable"}


@pytest.mark.nightly
def test_a_service_that_fails_is_told_each_fault_by_itself(
    tmp_path: Path, command: Command, engine: Engine, python_base: str
) -> None:
    """With the path, the right or the host that is to blame."""
    assert python_base
    lines = ("RUN chmod 1777 /app", "HEALTHCHECK --interval=2s CMD test -d /proc/1")
    proofs = _proven(tmp_path, command, engine, FAILS, *lines)
    said = {
        name: f"{proof['verdict']}: {proof['summary']} {proof['remedy']}" for name, proof in proofs.items()
    }
    for name, words in {
        "healthcheck": "healthy whatever happens",
        "read-only-root": "/app",
        "arbitrary-uid": "Operation not permitted",
        "graceful-stop": "exit code 1",
        "least-privilege": "it needs CHOWN, SETUID, SETGID",
        "restart": "File exists: '/app/lock'",
        "offline-start": "models.example.com",
        "live-logs": "the service starts",
        "resource-limits": "starts 17 processes",
        "reaps-children": "reaps no orphan",
    }.items():
        assert said[name].startswith("broken"), said[name]
        assert words in said[name], said[name]
    assert said["numeric-user"].startswith("not-applicable"), "root is another practice's"


WORKERS = f"""{PAGE}
import time
def start():
    for _ in range({{count}}):
        began = time.process_time()
        while time.process_time() < began + {{busy_s}}:
            pass
        if not os.fork():
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
            time.sleep(10_000)
signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
threading.Thread(target=start).start()
server.serve_forever()
"""


@pytest.mark.nightly
@pytest.mark.parametrize(
    ("workers", "expected"),
    [
        ({"count": "min(4, os.cpu_count())", "busy_s": 0}, ("proven", "It runs 5 processes")),
        ({"count": "os.cpu_count()", "busy_s": 0.6}, ("broken", "and 5 on a smaller machine")),
    ],
    ids=["that-ends-at-four", "that-takes-its-time"],
)
def test_a_number_of_workers_is_judged_alike_on_every_machine(
    tmp_path: Path, command: Command, python_base: str, workers: dict[str, Any], expected: tuple[str, str]
) -> None:
    """By what the machine claims to have, and not by what the engine's has; and once all of them are there."""
    assert python_base
    (tmp_path / "Dockerfile").write_text(DOCKERFILE.format(lines="USER 10001"))
    (tmp_path / "run.py").write_text(WORKERS.format(**workers))
    _, out, progress = command("prove", str(tmp_path), "--only=resource-limits", "--format=json")
    (proof,) = json.loads(out)["proofs"]
    verdict, said = expected
    assert proof["verdict"] == verdict, (proof, progress)
    assert said in proof["summary"]


PRINTS_LATE = f"""{PAGE}
import time
threading.Thread(target=server.serve_forever).start()
signal.signal(signal.SIGTERM, lambda *_: server.shutdown())
while time.process_time() < 3:
    pass
print("the catalogue is there")
signal.pause()
"""


def test_what_is_printed_once_it_listens_already_is_heard_as_well(
    tmp_path: Path, command: Command, python_base: str
) -> None:
    """As by the workers of a server that listens before they are there: the log is read once it has settled."""
    assert python_base
    (tmp_path / "Dockerfile").write_text(DOCKERFILE.format(lines="USER 10001"))
    (tmp_path / "run.py").write_text(PRINTS_LATE)
    _, out, progress = command("prove", str(tmp_path), "--only=live-logs", "--format=json")
    (proof,) = json.loads(out)["proofs"]
    assert proof["verdict"] == "broken", (proof, progress)
    assert "the catalogue is there" in proof["summary"]
