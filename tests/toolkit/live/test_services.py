"""Services on a real engine: started from the project's compose file, found by name, told of when they fail, and gone."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from hullproof.engine.connection import Engine
from hullproof.engine.container.sidecar import Helper
from hullproof.engine.services import read, start
from hullproof.engine.services.running import START_DEADLINE_S
from hullproof.facts import Unobservable
from hullproof.model import Conditions, Limits
from hullproof.run.run import Run

from ..conftest import Command
from ..rig import left_by, started
from ..shop import SMALL_DOCKERFILE

pytestmark = [pytest.mark.engine, pytest.mark.slow]

# Stands for a database: it takes its time, wants its configuration, and answers at a port.
SERVER = """
import os, pathlib, socketserver, sys, time
time.sleep(float(os.environ.get("DELAY", "0")))
greeting = pathlib.Path("/etc/shop/greeting").read_text()
class Handler(socketserver.BaseRequestHandler):
    def handle(self):
        self.request.sendall(greeting.encode())
socketserver.ThreadingTCPServer(("", 5432), Handler).serve_forever()
"""
CLIENT = """
import http.server, os, signal, socket, sys
signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
said = socket.create_connection((os.environ["DB"], 5432), 5).recv(100).decode()
assert said == "moin", said
http.server.HTTPServer(("", 8000), http.server.BaseHTTPRequestHandler).serve_forever()
"""


def compose(folder: Path, **services: Mapping[str, object]) -> None:
    """Write the compose file, which is JSON as YAML allows."""
    (folder / "compose.yaml").write_text(json.dumps({"services": services}))


@pytest.fixture
def database(python_base: str) -> dict[str, object]:
    """A service that stands for a database, with all that must not come to be: a name, a port, a mount."""
    return {
        "image": python_base,
        "command": ["python3", "/server.py"],
        "container_name": "hullproof-test-db",
        "ports": ["127.0.0.1:1:5432"],
        "expose": ["5432"],
        "environment": {"DELAY": "1"},
        "volumes": ["./server.py:/server.py:ro", "./shop:/etc/shop", "./new:/var/lib/new"],
    }


@pytest.fixture
def project(tmp_path: Path, database: dict[str, object]) -> Path:
    """A project that dies without its database."""
    folder = tmp_path / "shop"
    (folder / "shop").mkdir(parents=True)
    (folder / "shop/greeting").write_text("moin")
    (folder / "server.py").write_text(SERVER)
    (folder / "Dockerfile").write_text(SMALL_DOCKERFILE)
    (folder / "run.py").write_text(CLIENT)
    (folder / "hullproof.toml").write_text('compose = "compose.yaml"\nenv = { DB = "db" }\n')
    web = {"build": ".", "depends_on": ["db"]}
    compose(folder, web=web, proxy={"image": "none.example/proxy", "depends_on": ["web"]}, db=database)
    return folder


@pytest.fixture
def begin(engine: Engine, python_base: str, tmp_path: Path) -> Iterator[Callable[..., str]]:
    """Start the services of the compose file in `tmp_path`; all must be gone when the run ends."""
    with Run() as run:
        run.uses(engine)

        def begun(*wanted: str) -> str:
            services = read(
                engine,
                tmp_path,
                "compose.yaml",
                wanted=wanted or None,
                env={},
                scratch=run.scratch("services"),
            )
            return start(
                engine,
                services,
                project=f"hullproof-{run.id}",
                labels=run.labels,
                scratch=run.scratch("services"),
                helper=Helper(python_base, python_base),
                build=lambda _build: python_base,
                conditions=Conditions(network=True, container=Limits()),
                say=lambda _line: None,
            )

        yield begun
    assert left_by(engine, os.getpid()) == []


def prove(command: Command, project: Path, *more: str) -> tuple[int, dict[str, dict[str, object]], str]:
    """Prove what the container shows; return exit code, proofs by id, and the progress."""
    code, out, progress = command("prove", str(project), "--format=json", "--no-experiments", *more)
    return code, {proof["id"]: proof for proof in json.loads(out)["proofs"]} if out else {}, progress


def test_a_project_that_needs_a_database_is_proven_beside_it(
    engine: Engine, command: Command, project: Path
) -> None:
    """It is found by its name, ready before the container starts, and gone afterwards; the project is as it was."""
    before = sorted(project.rglob("*"))
    code, proofs, progress = prove(command, project, "--only=expose,default-command")
    assert code == 0, [proof["summary"] for proof in proofs.values()]
    assert "starting db beside the container, from compose.yaml" in progress
    assert sorted(project.rglob("*")) == before
    assert left_by(engine, os.getpid()) == []


def test_a_slow_start_beside_services_is_no_fault(command: Command, project: Path) -> None:
    """Until the application listens, the engine's name server is all that does."""
    (project / "run.py").write_text(CLIENT.replace("\nhttp", "\nimport time; time.sleep(6)\nhttp"))
    code, proofs, _ = prove(command, project, "--only=expose")
    assert code == 0, proofs["expose"]["summary"]


def test_two_runs_at_once_have_a_database_each(engine: Engine, tmp_path: Path, project: Path) -> None:
    """No name and no port is fixed."""
    arguments = ("prove", project, "--no-experiments", "--only=expose")
    with (
        started(engine, tmp_path / "a", *arguments) as one,
        started(engine, tmp_path / "b", *arguments) as two,
    ):
        assert (one.end()[0], two.end()[0]) == (0, 0), one.lines + two.lines
        assert one.left() + two.left() == []


def test_without_it_the_report_says_what_is_missing(command: Command, project: Path) -> None:
    """The container dies of a name that nobody knows, and the remedy names the setting that fixes it."""
    (project / "hullproof.toml").write_text('env = { DB = "db" }\n')
    code, proofs, _ = prove(command, project, "--only=default-command")
    assert (code, proofs["default-command"]["verdict"]) == (1, "unproven")
    assert "`compose`" in str(proofs["default-command"]["remedy"])


def test_a_failing_service_leaves_what_needs_the_container_unproven(command: Command, project: Path) -> None:
    """With its exit code and its last words as the reason; what can be seen of the image is still judged."""
    (project / "shop/greeting").unlink()
    began = time.monotonic()
    code, proofs, _ = prove(command, project, "--only=expose,slim-base")
    assert time.monotonic() - began < START_DEADLINE_S, "waited on for a service that had ended"
    assert code == 1
    assert proofs["slim-base"]["verdict"] == "proven"
    assert proofs["expose"]["verdict"] == "unproven"
    summary = str(proofs["expose"]["summary"])
    assert summary.startswith("Service db, beside the container, ended with exit code 1 after ")
    assert "No such file or directory: '/etc/shop/greeting'" in summary


def test_wrong_configuration_is_told_before_anything_is_built(command: Command, project: Path) -> None:
    """A service that is not in the file, and a file that is none."""
    config = project / "hullproof.toml"
    config.write_text(config.read_text() + "services = ['dbb']\n")
    code, _, progress = prove(command, project)
    assert (code, progress.splitlines()[-1]) == (
        2,
        "hullproof: compose.yaml: there is no service 'dbb'; did you mean 'db'?",
    )
    (project / "compose.yaml").write_text("services: { db: { imagee: x } }\n")
    code, _, progress = prove(command, project)
    assert code == 2
    assert progress.splitlines()[-1].startswith("hullproof: compose.yaml cannot be read by docker compose: ")
    assert "RUN" not in progress


def test_services_wait_for_each_other_and_one_may_be_done(
    begin: Callable[..., str], engine: Engine, tmp_path: Path, python_base: str
) -> None:
    """`depends_on` with its conditions; a service that ends with exit code 0 had one thing to do."""
    late = "import time; time.sleep(1); open('/tmp/up', 'w').close(); time.sleep(600)"
    check = ["CMD", "python3", "-c", "open('/tmp/up')"]
    compose(
        tmp_path,
        db={
            "image": python_base,
            "command": ["python3", "-c", late],
            "healthcheck": {"test": check, "interval": "300ms"},
        },
        migrate={
            "image": python_base,
            "command": ["python3", "-c", "print('done')"],
            "depends_on": {"db": {"condition": "service_healthy"}},
        },
        web={
            "image": python_base,
            "command": ["sleep", "600"],
            "depends_on": {"migrate": {"condition": "service_completed_successfully"}},
        },
    )
    network = begin()
    attached = engine.client.networks.get(network).containers
    assert len(attached) == 2, "db and web run, migrate is done"


@pytest.mark.parametrize(
    ("service", "said"),
    [
        (
            {"command": ["python3", "-c", "import sys; sys.exit('FATAL: no disk')"]},
            "ended with exit code 1 .*no disk",
        ),
        (
            {
                "command": ["sleep", "600"],
                "healthcheck": {"test": ["CMD-SHELL", "echo sick; false"], "interval": "300ms", "retries": 1},
            },
            "service db, beside the container, is not healthy, its check says: sick; it logged nothing",
        ),
        ({"command": ["nothing-like-it"]}, "cannot be started: .*nothing-like-it"),
        ({"image": "none.invalid/db:1"}, "the services of compose.yaml cannot be started: .*none.invalid"),
    ],
    ids=["dies", "sick", "no-such-command", "no-such-image"],
)
def test_what_failed_is_named_with_its_reason(
    begin: Callable[..., str], tmp_path: Path, python_base: str, service: dict[str, object], said: str
) -> None:
    """Also where another service waited for it."""
    waits = {
        "image": python_base,
        "command": ["sleep", "600"],
        "depends_on": {"db": {"condition": "service_healthy"}},
    }
    healthy = {"test": ["CMD", "true"], "interval": "300ms"}
    compose(tmp_path, db={"image": python_base, "healthcheck": healthy, **service}, web=waits)
    with pytest.raises(Unobservable, match=said):
        begin()


def test_a_service_that_never_takes_connections_is_named(
    begin: Callable[..., str], tmp_path: Path, python_base: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a health check, what it exposes must answer in time."""
    monkeypatch.setattr("hullproof.engine.services.running.START_DEADLINE_S", 4.0)
    compose(tmp_path, db={"image": python_base, "command": ["sleep", "600"], "expose": ["5432"]})
    with pytest.raises(Unobservable, match=r"service db, .* took no connection at port 5432 within"):
        begin()


def test_what_is_not_given_is_told_before_anything_is_built(command: Command, project: Path) -> None:
    """The engine's own socket would give a service this machine; so would a capability."""
    for more in ({"volumes": ["/var/run/docker.sock:/var/run/docker.sock"]}, {"cap_add": ["SYS_ADMIN"]}):
        compose(project, db={"image": "x", **more})
        code, _, progress = prove(command, project)
        assert code == 2
        said = progress.splitlines()[-1]
        assert said.startswith(f"hullproof: compose.yaml: service db: {next(iter(more))} ")
        assert "RUN" not in progress


def test_variables_of_this_machine_reach_no_service(
    command: Command, project: Path, database: dict[str, object], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only what the project's .env and configuration set does; what is not set is told, and nothing else is read."""
    monkeypatch.setenv("CLOUD_SECRET", "of this machine")
    monkeypatch.setenv("GREETING", "of this machine")
    (project / ".env").write_text("DELAY=0\n")
    (project / "more.env").write_text("GREETING=${GREETING}\nPASSED_ON\n")
    environment = {
        "A": "${CLOUD_SECRET}",
        "B": "${DELAY}${DB}",
        "CLOUD_SECRET": None,
        "C": "$$HOME",
        "DELAY": "0",
    }
    names = ("A", "B", "C", "CLOUD_SECRET", "GREETING", "PASSED_ON")
    (project / "server.py").write_text(f"import os, sys; sys.exit([(n, os.environ.get(n)) for n in {names}])")
    compose(project, db={**database, "environment": environment, "env_file": "more.env"})
    code, proofs, progress = prove(command, project, "--only=expose")
    said = str(proofs["expose"]["summary"])
    assert code == 1
    assert "of this machine" not in said + progress
    values = ("", "0db", "$HOME", None, "", None)
    assert str(list(zip(names, values, strict=True))) in said
    assert "compose.yaml: not set: CLOUD_SECRET, GREETING" in progress


def test_what_the_project_sets_is_set_for_no_program_of_this_machine(
    command: Command, project: Path, database: dict[str, object], tmp_path: Path
) -> None:
    """The loader of this machine would load a library of the project's, or, as here, write where it is told to."""
    loader = {
        "DB": "db",
        "LD_DEBUG": "files",
        "LD_DEBUG_OUTPUT": str(tmp_path / "trace"),
        "SAYS": 'a\'b "c" $DB \\\n',
    }
    config = "".join(f"env.{name} = {json.dumps(value)}\n" for name, value in loader.items())
    (project / "hullproof.toml").write_text(f'compose = "compose.yaml"\n{config}')
    (project / ".env").write_text(f"LD_DEBUG=files\nLD_DEBUG_OUTPUT={tmp_path}/trace\n")
    (project / "server.py").write_text("import os, sys; sys.exit(ascii(os.environ['SAYS']))")
    compose(project, db={**database, "environment": {"SAYS": "${SAYS}"}})
    code, proofs, _ = prove(command, project, "--only=expose")
    assert code == 1
    assert ascii(loader["SAYS"]) in str(proofs["expose"]["summary"])
    assert list(tmp_path.glob("trace*")) == []


def test_a_service_is_built_as_the_project_is(command: Command, project: Path, engine: Engine) -> None:
    """On the same bases, from a folder of the project; a build that fails is the reason of what is unproven."""
    (project / "db").mkdir()
    (project / "db/Dockerfile").write_text(
        "FROM python:3.11-slim AS base\nARG NAME=none\nRUN test $NAME = given\nCOPY server.py /\n"
        'FROM base AS db\nCMD ["python3", "/server.py"]\nFROM base AS other\nRUN false\n'
    )
    (project / "db/server.py").write_text(SERVER)
    (project / "hullproof.toml").write_text(
        'compose = "compose.yaml"\nenv = { DB = "db" }\nservices = ["db"]\n'
    )
    build = {"context": "db", "target": "db", "args": {"NAME": "given"}}
    db = {"expose": ["5432"], "volumes": ["./shop:/etc/shop"]}
    compose(project, db={"build": build, **db})
    code, proofs, _ = prove(command, project, "--only=expose")
    assert code == 0, proofs["expose"]["summary"]
    compose(project, db={"build": {**build, "target": "other"}, **db})
    code, proofs, _ = prove(command, project, "--only=expose")
    assert code == 1
    assert str(proofs["expose"]["summary"]).startswith("The build of a service, in db, fails at Dockerfile:8")
    assert left_by(engine, os.getpid()) == []


@pytest.mark.parametrize("signum", [signal.SIGINT, signal.SIGKILL])
@pytest.mark.parametrize("later_s", [0.0, 0.6, 1.5])
def test_however_the_run_ends_its_services_go(
    engine: Engine, tmp_path: Path, project: Path, signum: signal.Signals, later_s: float
) -> None:
    """Interrupted, it removes them; killed, the next command does, and compose makes no more of them."""
    temporary = tmp_path / "temporary"
    with started(engine, temporary, "prove", project, "--no-experiments") as run:
        run.wait_for("starting db")
        time.sleep(later_s)
        run.process.send_signal(signum)
        assert run.end()[0] == (130 if signum == signal.SIGINT else -signum)
        if signum == signal.SIGKILL:
            environ = {**os.environ, "TMPDIR": str(temporary)}
            subprocess.run([sys.executable, "-m", "hullproof", "clean"], check=True, env=environ)
        time.sleep(2)  # what the engine still finishes would show by now
        assert run.left() == []
