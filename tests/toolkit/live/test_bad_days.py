"""Bad days, end to end: one clear line or a verdict with its reason, the right exit code, and nothing left behind."""

from __future__ import annotations

import contextlib
import encodings
import importlib
import json
import os
import pkgutil
import shlex
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

import hullproof
from hullproof.engine import registry as registries
from hullproof.engine.build import build
from hullproof.engine.calls import Calls
from hullproof.engine.connection import Engine
from hullproof.engine.request import BuildRequest
from hullproof.errors import EngineError

from ..conftest import Command
from ..daemon import Daemon
from ..rig import NOBODY, Cable, Started, left_by, started, unprivileged

ROOT = Path(__file__).parents[3]

Make = Callable[..., Path]
"""Takes a folder's name and what differs from the good project, by path (None: not there); returns the folder."""
Run = Callable[..., "Ended"]
"""Takes the arguments of `hullproof`, runs it as a process of its own, and checks that it left nothing."""

SERVE = """
import http.server, os, signal, sys, threading, time
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
"""
SERVES = (
    SERVE
    + """
signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
http.server.HTTPServer(("", 8000), Handler).serve_forever()
"""
)
GOOD = {
    "Dockerfile": """\
FROM {base} AS base
WORKDIR /app
COPY requirements.txt .
RUN --mount=type=secret,id=token,required=true cat /run/secrets/token && \\
    pip install --no-index --disable-pip-version-check -r requirements.txt && \\
    echo Successfully installed flask-3.0.0

FROM base AS test
COPY . .
RUN python -m unittest discover -v tests

FROM base AS release
RUN chown 1234:1234 /app
COPY --from=test --chown=1234:1234 /app/run.py .
USER 1234:1234
EXPOSE 8000
CMD ["python", "run.py"]
""",
    ".dockerignore": "**/.git\n**/.env*\n**/*.pem\n**/*.key\n**/id_rsa\n**/.venv\n**/venv\n**/__pycache__\n**/*.pyc\n"
    "**/.*_cache\n",
    "hullproof.toml": "ready_timeout_s = 20\nsecrets = { token = 'token.txt' }\n",
    "token.txt": "made up\n",
    "requirements.txt": "# nothing\n",
    "run.py": SERVES,
    "tests/test_it.py": "import unittest\n\nclass T(unittest.TestCase):\n    def test_it(self): self.assertTrue(1)\n",
}
BARE = 'FROM {base}\nWORKDIR /app\nCOPY run.py .\nUSER 1234\nEXPOSE 8000\nCMD ["python", "run.py"]\n'
EXPERIMENTS = "requirements-first,test-gate,dockerignore"


class Ended:
    """How a command ended: its exit code, what it printed, and what it said on the way."""

    def __init__(self, run: Started) -> None:
        """Wait for the end."""
        self.code, self.out = run.end()
        self.lines = run.lines

    @property
    def report(self) -> dict[str, Any]:
        """The report that it printed as JSON."""
        report: dict[str, Any] = json.loads(self.out)
        return report

    def proof(self, practice: str) -> dict[str, Any]:
        """The proof of one practice."""
        return next(proof for proof in self.report["proofs"] if proof["id"] == practice)

    def complaint(self) -> str:
        """The one line with which it refused: nothing came out, and no traceback."""
        assert self.out == ""
        said = [line for line in self.lines if line.startswith("hullproof: ")]
        assert said == self.lines[-1:]
        assert not any("Traceback" in line for line in self.lines)
        return said[0].removeprefix("hullproof: ")


@pytest.fixture
def make(python_base: str, tmp_path: Path) -> Make:
    """Make projects: the good one, with differences."""

    def write(name: str, changes: dict[str, str | None] | None = None, *, within: Path = tmp_path) -> Path:
        folder = within / name
        for path, text in {**GOOD, **(changes or {})}.items():
            if text is not None:
                (folder / path).parent.mkdir(parents=True, exist_ok=True)
                (folder / path).write_text(text.replace("{base}", python_base), encoding="utf-8")
        return folder

    return write


@pytest.fixture
def run(engine: Engine, tmp_path: Path) -> Run:
    """Run the command as its user does."""

    def to_its_end(*arguments: str | Path, **environ: str) -> Ended:
        with started(engine, tmp_path / "temporary", *arguments, **environ) as process:
            ended = Ended(process)
            assert process.left() == []
            return ended

    return to_its_end


def tree(folder: Path) -> dict[str, tuple[int, int, bytes]]:
    """Describe all that is in a folder: mode, time of the last change of anything, content."""
    found = {}
    for path in sorted(folder.rglob("*")):
        status = path.lstat()
        content = path.read_bytes() if path.is_file() and not path.is_symlink() else b""
        found[str(path.relative_to(folder))] = (status.st_mode, status.st_ctime_ns, content)
    return found


def verdicts(report: str) -> set[str]:
    """Read the verdicts off a report in JSON."""
    return {proof["verdict"] for proof in json.loads(report)["proofs"]}


# --- the base ----------------------------------------------------------------------------------------


@pytest.mark.engine
@pytest.mark.parametrize(
    ("reference", "registry", "way_out"),
    [
        ("python:3.11.0a1-alpine", "docker.io", "`docker pull python:3.11.0a1-alpine`"),
        ("ghcr.io/nobody/nothing:1", "ghcr.io", "`docker pull ghcr.io/nobody/nothing:1`"),
        ("python:4-slim", "docker.io", "Debian has no Python 4"),
    ],
)
def test_a_base_that_cannot_be_had_is_one_line_and_exit_code_3(  # noqa: PLR0917 - fixtures
    engine: Engine,
    command: Command,
    make: Make,
    monkeypatch: pytest.MonkeyPatch,
    reference: str,
    registry: str,
    way_out: str,
) -> None:
    """Neither present, nor pullable, nor to be made from Debian: `prove` and `build` say so with the way out."""
    # Let the registry count as unreachable, also where it is not.
    monkeypatch.setattr(registries, "_unreachable", {(engine.endpoint.host, registry): "test"})
    folder = make("shop", {"Dockerfile": BARE.replace("{base}", reference)})
    for verb in ("prove", "build"):
        code, out, err = command(verb, str(folder))
        said = [line for line in err.splitlines() if line.startswith("hullproof: ")]
        assert (code, out, said) == (3, "", err.splitlines()[-1:])
        assert f"base image {reference} is neither present nor pullable" in said[0]
        assert way_out in said[0]
    assert left_by(engine, os.getpid()) == []


# --- the build ---------------------------------------------------------------------------------------


@pytest.mark.engine
def test_a_failing_unit_test_is_named(make: Make, run: Run) -> None:
    """By `build --check` on the screen, by `prove` in the report, each with the Dockerfile's line."""
    test = (
        "import unittest\nclass T(unittest.TestCase):\n    def test_the_price(self): self.assertEqual(1, 2)\n"
    )
    folder = make("shop", {"tests/test_it.py": test})
    built = run("build", folder, "--target=test", "--check")
    assert built.code == 1
    assert any(line.startswith("the build fails at Dockerfile:10: ") for line in built.lines)
    assert any(line.startswith("FAIL: test_the_price") for line in built.lines)
    proved = run("prove", folder, "--format=json", "--no-experiments")
    assert proved.code == 1
    error = proved.report["build_error"]
    assert (error["line"], error["instruction"]) == (10, "RUN python -m unittest discover -v tests")
    assert any(line.startswith("FAIL: test_the_price") for line in error["output"])
    assert not any(
        proof["verdict"] == "proven" for proof in proved.report["proofs"] if proof["id"] == "workdir"
    )


@pytest.mark.engine
def test_a_byte_order_mark_and_dos_line_ends_do_no_harm(make: Make, run: Run) -> None:
    """BuildKit takes such a Dockerfile, and its lines are still told right."""
    text = "\ufeff" + BARE.replace("\n", "\r\n")
    ended = run("prove", make("shop", {"Dockerfile": text}), "--format=json", "--only=workdir,slim-base")
    assert {proof["id"]: proof["verdict"] for proof in ended.report["proofs"]}["workdir"] == "proven"


@pytest.mark.engine
@pytest.mark.parametrize("verb", [pytest.param("build", marks=pytest.mark.nightly), "prove"])
def test_an_engine_that_goes_away_while_building_is_exit_code_3(
    engine: Engine, cable: Cable, make: Make, tmp_path: Path, verb: str
) -> None:
    """One line, at once, and the build is cancelled on the engine."""
    folder = make("shop", {"Dockerfile": BARE + f"RUN echo {time.time_ns()} && sleep 60\n"})
    with started(engine, tmp_path / "temporary", verb, folder, DOCKER_HOST=cable.host) as process:
        process.wait_for("sleep 60")
        cable.cut()
        cut = time.monotonic()
        ended = Ended(process)
        assert time.monotonic() - cut < 20
        assert ended.code == 3
        assert ended.complaint().startswith("the engine went away during the build")
        assert process.left() == []


@pytest.mark.engine
def test_an_engine_that_goes_away_while_proving_is_exit_code_3(
    engine: Engine, cable: Cable, make: Make, run: Run, tmp_path: Path
) -> None:
    """One line; what could not be removed any more, the next run removes."""
    folder = make("shop", {"requirements.txt": f"# {time.time_ns()}\n"})
    with started(engine, tmp_path / "temporary", "prove", folder, DOCKER_HOST=cable.host) as process:
        process.wait_for("looking at")
        time.sleep(1.5)
        cable.cut()
        cut = time.monotonic()
        ended = Ended(process)
        assert time.monotonic() - cut < 40
        assert ended.code == 3
        assert "the engine" in ended.complaint()
        assert run("clean").code == 0
        assert process.left() == []


@pytest.mark.engine
@pytest.mark.slow
@pytest.mark.parametrize(
    "later_s",
    [pytest.param(0.0, marks=pytest.mark.nightly), 0.3, pytest.param(0.8, marks=pytest.mark.nightly)],
)
def test_an_engine_that_is_killed_in_its_first_second_is_exit_code_3(
    daemon: Daemon, make: Make, python_base: str, tmp_path: Path, later_s: float
) -> None:
    """Whatever it was being asked: one line. A real one, so that all of its connections break as they do."""
    ended = killed(daemon, make("shop"), tmp_path / "temporary", python_base, lambda _: time.sleep(later_s))
    assert ended.code == 3
    assert "engine" in ended.complaint()


@pytest.mark.engine
@pytest.mark.slow
def test_an_engine_that_is_killed_while_building_is_exit_code_3(
    daemon: Daemon, make: Make, python_base: str, tmp_path: Path
) -> None:
    """One line, and nothing about the practices."""
    folder = make("shop", {"Dockerfile": BARE + "RUN sleep 30\n"})
    ended = killed(daemon, folder, tmp_path / "temporary", python_base, lambda run: run.wait_for("sleep 30"))
    assert ended.code == 3
    assert ended.complaint().startswith("the engine went away during the build")


def killed(
    daemon: Daemon, folder: Path, temporary: Path, base: str, wait: Callable[[Started], None]
) -> Ended:
    """Prove, and kill the engine after `wait`, which begins with the first call. Nothing stays here, nor is written."""
    trusted = {"HULLPROOF_SIDECAR_IMAGE": base}  # or another one would be made, for half a minute
    own, report = Engine.connect(), temporary.with_name("report.json")
    try:
        asked = daemon.calls()
        with started(own, temporary, "prove", folder, "--output", report, **trusted) as run:
            daemon.wait_for_call(asked)
            wait(run)
            daemon.kill()
            ended = Ended(run)
            assert [each for each in temporary.iterdir() if each.suffix != ".lock"] == []
            assert not report.exists()
    finally:
        own.close()
    return ended


@pytest.mark.parametrize(
    "error",
    [
        "ResourceExhausted: failed to copy files: copy file range failed: no space left on device",
        "write /var/lib/docker/overlay2/1/diff/big: no space left on device",
        "failed to create shim task: mkdir /run/containerd/1: no space left on device: unknown",
    ],
)
def test_a_full_disk_is_the_engines_trouble(tmp_path: Path, error: str) -> None:
    """BuildKit's own account of it is exit code 3, with the way out."""
    with pytest.raises(EngineError, match=r"^no space left on the engine's disk; free some") as caught:
        build(failing(f"ERROR: failed to solve: {error}"), asking(tmp_path))
    assert caught.value.exit_code == 3


def test_a_step_that_speaks_of_a_full_disk_is_the_projects_trouble(tmp_path: Path) -> None:
    """A command that has the words in it, and fails, is a failing build."""
    error = 'process "/bin/sh -c echo no space left on device; exit 1" did not complete successfully: exit code: 1'
    facts = build(failing(f"ERROR: failed to solve: {error}"), asking(tmp_path))
    said = "`echo no space left on device; exit 1` ended with exit code 1"
    assert (facts.ok, facts.error) == (False, said)


def failing(said: str) -> Engine:
    """Return an engine whose builder fails with these last words."""
    script = f"import sys\nprint({said!r}, file=sys.stderr)\nsys.exit(1)"
    api = SimpleNamespace(ping=lambda: True)
    cli = lambda *_: [sys.executable, "-c", script]  # noqa: E731 - an attribute of a stand-in
    calls = Calls("unix:///engine")
    return cast("Engine", SimpleNamespace(cli=cli, client=SimpleNamespace(api=api), calls=calls, flaw=None))


def asking(folder: Path) -> BuildRequest:
    """Ask for a build that leaves nothing."""
    return BuildRequest(folder, folder / "Dockerfile", output="none")


# --- the container -----------------------------------------------------------------------------------


@pytest.mark.engine
def test_a_container_that_ends_at_once_shows_its_exit_code_and_last_words(make: Make, run: Run) -> None:
    """In the report, under the command; what needed a living container is unproven for that reason."""
    code = "print('reading the configuration')\nraise SystemExit('no BOARD_TOKEN: set one')\n"
    folder = make("shop", {"Dockerfile": BARE, "run.py": code})
    ended = run("prove", folder, "--format=json", "--only=default-command,expose,workdir")
    assert ended.code == 1
    proof = ended.proof("default-command")
    assert proof["verdict"] == "broken"
    assert "exit code 1" in proof["summary"]
    assert "no BOARD_TOKEN: set one" in [each["statement"] for each in proof["evidence"]]
    assert "reading the configuration" in [each["statement"] for each in proof["evidence"]]
    assert ended.proof("expose")["verdict"] == "unproven"
    assert "exit code 1" in ended.proof("expose")["summary"]


@pytest.mark.nightly
@pytest.mark.engine
def test_a_container_that_never_becomes_ready_shows_what_was_waited_for(make: Make, run: Run) -> None:
    """In the report: what was waited for, how long, what was seen last, and its last words; never a proof."""
    code = "import time\nprint('warming up', flush=True)\ntime.sleep(99)\n"
    files = {"Dockerfile": BARE, "run.py": code, "hullproof.toml": "ready_timeout_s = 2\n"}
    ended = run("prove", make("shop", files), "--format=json", "--only=default-command,expose")
    assert ended.code == 1
    for practice in ("default-command", "expose"):
        proof = ended.proof(practice)
        assert proof["verdict"] == "broken", proof
    seen = json.dumps(ended.proof("default-command"))
    assert "timed out after 2 s waiting for a listener on 8000/tcp" in seen
    assert "warming up" in seen


@pytest.mark.engine
def test_a_container_that_does_all_that_is_rude_is_still_judged(make: Make, run: Run) -> None:
    """Forty children, a log without end and no ear for SIGTERM: each practice has its verdict, and it is gone."""
    code = (
        SERVE
        + """
signal.signal(signal.SIGTERM, signal.SIG_IGN)
server = http.server.HTTPServer(("", 8000), Handler)
for _ in range(40):
    if not os.fork():
        time.sleep(999)
threading.Thread(target=lambda: [print("x" * 999) for _ in iter(int, 1)], daemon=True).start()
server.serve_forever()
"""
    )
    folder = make("shop", {"Dockerfile": BARE, "run.py": code})
    ended = run("prove", folder, "--format=json", "--only=default-command,expose,non-root-user,workdir")
    assert ended.code == 1
    assert ended.proof("default-command")["verdict"] == "broken"
    assert "SIGTERM" in ended.proof("default-command")["summary"]
    assert {ended.proof(each)["verdict"] for each in ("expose", "workdir")} == {"proven"}
    assert len(ended.out) < 50_000


@pytest.mark.engine
def test_a_container_that_goes_into_the_background_has_ended(make: Make, run: Run) -> None:
    """A daemon that forks and leaves takes the container along: exit code 0 is no success."""
    code = SERVES.replace("signal.signal(", "if os.fork(): sys.exit(0)\nsignal.signal(", 1)
    folder = make("shop", {"Dockerfile": BARE, "run.py": code})
    ended = run("prove", folder, "--format=json", "--only=default-command")
    assert (ended.code, ended.proof("default-command")["verdict"]) == (1, "broken")
    assert "exit code 0" in ended.proof("default-command")["summary"]


# --- the project -------------------------------------------------------------------------------------


@pytest.mark.engine
@pytest.mark.slow
@pytest.mark.nightly
def test_the_name_of_a_folder_changes_nothing(make: Make, run: Run, tmp_path: Path) -> None:
    """Spaces, other scripts, quotes, commas, what a shell would run and what is no text: the verdicts are the same."""
    names = [
        "plain",
        "my shop ünï 船",
        "a,b=c;d",
        "-rf \"quoted\" 'so' $(touch pwned) `id` %s {x} | & *",
        os.fsdecode(b"caf\xe9 \xff"),
    ]
    folders = [make(name) for name in names]
    before = [tree(folder) for folder in folders]
    reports = tmp_path / "all reports"
    arguments = ("--jobs=2", "--format=json", f"--only={EXPERIMENTS}", "--output", reports)
    ended = run("prove", *folders, *arguments)
    assert ended.out == ""
    found = {}
    for path in reports.iterdir():
        report = json.loads(path.read_text(encoding="utf-8"))
        assert report.get("build_error") is None, report["build_error"]
        found[path.name] = {proof["verdict"] for proof in report["proofs"]}
        assert found[path.name] == {"proven"}, json.dumps(report["proofs"])
    assert len(found) == len(names), ended.lines
    assert [tree(folder) for folder in folders] == before
    assert run("build", folders[1], "--check", "--target=test").code == 0


@pytest.mark.parametrize("name", ["new\nline", "\x1b[31mred", "bell\x07", "tab\t", "delete\x7f"])
def test_a_name_that_docker_cannot_send_is_wrong_usage(command: Command, tmp_path: Path, name: str) -> None:
    """It puts the folder's name into a header; the one line says so, and has no control characters itself."""
    (tmp_path / name).mkdir()
    (tmp_path / name / "Dockerfile").write_text("FROM scratch\n")
    code, out, err = command("prove", str(tmp_path / name))
    assert (code, out) == (2, "")
    assert err.startswith(f"hullproof: {tmp_path}/")
    assert err.endswith("docker cannot build in a folder whose name has control characters; rename it\n")
    assert err.rstrip("\n").isprintable()


@pytest.mark.engine
@pytest.mark.slow
@pytest.mark.nightly
def test_symlink_loops_in_the_context_do_no_harm(make: Make, run: Run) -> None:
    """To itself, to its own folder, in a ring, to nowhere and out of the context: experiments come to an end."""
    folder = make("shop")
    links = {
        "self": "self",
        "here": ".",
        "up": "..",
        "one": "two",
        "two": "one",
        "gone": "nowhere",
        "out": "/etc",
    }
    for name, target in links.items():
        (folder / "tests" / name).symlink_to(target)
    ended = run("prove", folder, "--format=json", f"--only={EXPERIMENTS}")
    assert verdicts(ended.out) == {"proven"}


@pytest.fixture
def as_somebody(
    command: Command, make: Make, cable: Cable, open_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Command]:
    """Run the command as a user without rights over files, in this process: its modules may be root's only."""
    assert callable(make)  # in pytest's temporary folder, before ours takes its place
    for package in (hullproof, encodings):
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            with contextlib.suppress(ImportError):  # encodings of other systems
                if not module.name.endswith("__main__"):
                    importlib.import_module(module.name)
    with unprivileged():
        (open_folder / "temporary").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(open_folder / "temporary"))
    monkeypatch.setenv("TMPDIR", str(open_folder / "temporary"))
    monkeypatch.setenv("HOME", str(open_folder))
    monkeypatch.setenv("DOCKER_HOST", cable.host)
    monkeypatch.chdir(open_folder)

    def run(*arguments: str) -> tuple[int, str, str]:
        with unprivileged():
            return command(*arguments)

    yield run
    left = [each.name for each in (open_folder / "temporary").iterdir() if not each.name.endswith(".lock")]
    assert left == []


@pytest.mark.engine
@pytest.mark.slow
@pytest.mark.nightly
def test_what_cannot_be_read_in_the_context_is_named_or_passed_over(
    engine: Engine, as_somebody: Command, make: Make, open_folder: Path
) -> None:
    """BuildKit takes a file for empty and fails of a folder, unless it is ignored; the report follows it."""
    folder = make("shop", within=open_folder)
    with unprivileged():
        (open_folder / "closed.txt").touch(mode=0)
        (open_folder / "closed").mkdir(mode=0)
    (open_folder / "closed.txt").rename(folder / "closed.txt")
    arguments = ("prove", "--format=json", f"--only={EXPERIMENTS}", "shop")
    code, out, err = as_somebody(*arguments)
    assert (code, verdicts(out)) == (0, {"proven"}), err + out

    (open_folder / "closed").rename(folder / "closed")
    code, out, err = as_somebody(*arguments)
    assert code == 1, err
    assert "closed" in json.dumps(json.loads(out)["build_error"])

    with (folder / ".dockerignore").open("a") as ignore:
        ignore.write("closed\n")
    code, out, err = as_somebody(*arguments)
    assert (code, verdicts(out)) == (0, {"proven"}), err + out
    assert left_by(engine, os.getpid()) == []


@pytest.mark.engine
def test_a_read_only_project_is_proven_like_any_other(
    engine: Engine, as_somebody: Command, make: Make, open_folder: Path
) -> None:
    """Nothing is written into the tree, so nothing needs to be."""
    folder = make("shop", within=open_folder)
    for path in (folder, *folder.rglob("*")):
        path.chmod(0o555 if path.is_dir() else 0o444)
    before = tree(folder)
    try:
        code, out, err = as_somebody("prove", "--format=json", f"--only={EXPERIMENTS},workdir", "shop")
        assert (code, verdicts(out)) == (0, {"proven"}), err + out
        assert tree(folder) == before
    finally:
        for path in (folder, *folder.rglob("*")):
            path.chmod(0o755)
    assert left_by(engine, os.getpid()) == []


# --- what is temporary -------------------------------------------------------------------------------

UNUSABLE = [
    "missing",
    *(pytest.param(each, marks=pytest.mark.nightly) for each in ("a file", "read-only")),
]
READ_ONLY = "for each in /tmp /var/tmp; do mount --bind $each $each && mount -o remount,ro,bind $each; done"
# It may read what is root's, where the environment of the tests may lie, and write no more than anybody.
AS_NOBODY = (
    f"cd /proc && exec setpriv --reuid={NOBODY} --clear-groups"
    " --inh-caps=+dac_read_search --ambient-caps=+dac_read_search "
)


@pytest.fixture
def prove_as_nobody(
    cable: Cable, make: Make, open_folder: Path
) -> Callable[[str, Path], subprocess.CompletedProcess[str]]:
    """Prove as a user without rights, as a process: takes a line for root's shell, whose mounts are its own, and TMPDIR."""
    if os.geteuid() != 0 or not all(map(shutil.which, ("unshare", "setpriv"))):
        pytest.skip("needs root, unshare and setpriv")
    folder = make("shop", {"Dockerfile": BARE}, within=open_folder)
    prove = shlex.join([sys.executable, "-m", "hullproof", "prove", "--only=workdir", str(folder)])

    def run(first: str, temporary: Path) -> subprocess.CompletedProcess[str]:
        places = {"TMPDIR": str(temporary), "HOME": str(open_folder), "DOCKER_HOST": cable.host}
        return subprocess.run(
            ["unshare", "--mount", "sh", "-c", f"{first} && {AS_NOBODY}{prove}"],
            env={**os.environ, **places},
            capture_output=True,
            text=True,
            check=False,
        )

    return run


@pytest.fixture(params=UNUSABLE)
def unusable(request: pytest.FixtureRequest, open_folder: Path) -> Path:
    """What TMPDIR may name without being any use."""
    temporary: Path = open_folder / request.param
    if request.param == "a file":
        temporary.touch()
    elif request.param == "read-only":
        temporary.mkdir(mode=0o555)
    return temporary


@pytest.mark.engine
@pytest.mark.slow
@pytest.mark.nightly
def test_another_temporary_folder_takes_the_place_of_one_that_is_no_use(
    prove_as_nobody: Callable[..., subprocess.CompletedProcess[str]], unusable: Path
) -> None:
    """As Python has it: in /tmp, then, it is proven like any other."""
    ended = prove_as_nobody("true", unusable)
    assert (ended.returncode, "workdir" in ended.stdout) == (0, True), ended.stderr


@pytest.mark.engine
@pytest.mark.slow
def test_no_temporary_folder_is_one_line_and_exit_code_3(
    prove_as_nobody: Callable[..., subprocess.CompletedProcess[str]], unusable: Path
) -> None:
    """Neither the one that is named nor any that Python falls back to."""
    ended = prove_as_nobody(READ_ONLY, unusable)
    assert (ended.returncode, ended.stdout) == (3, "")
    last = ended.stderr.splitlines()[-1]
    assert last.startswith("hullproof: No usable temporary directory found in")
    assert last.endswith("let TMPDIR name a folder that can be written and has room")
    assert "Traceback" not in ended.stderr


@pytest.mark.engine
@pytest.mark.slow
@pytest.mark.parametrize("room", ["4k", pytest.param("16k", marks=pytest.mark.nightly)])
def test_a_full_temporary_folder_is_one_line_and_exit_code_3(
    prove_as_nobody: Callable[..., subprocess.CompletedProcess[str]], open_folder: Path, room: str
) -> None:
    """Room for Python to find it usable, and for no more."""
    (open_folder / "small").mkdir()
    ended = prove_as_nobody(f"mount -t tmpfs -o size={room} none {open_folder}/small", open_folder / "small")
    assert (ended.returncode, ended.stdout) == (3, "")
    last = ended.stderr.splitlines()[-1]
    assert last.startswith("hullproof: ")
    assert last.endswith(
        "no space is left on the disk: free some, or let TMPDIR name a folder with more room"
    )
    assert "Traceback" not in ended.stderr


# --- the board ---------------------------------------------------------------------------------------


def test_a_port_that_is_taken_is_one_line(tmp_path: Path) -> None:
    """`python run.py` names the port and ends with exit code 2."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        board = subprocess.run(
            [sys.executable, "run.py"],
            cwd=ROOT,
            env={
                **os.environ,
                "BOARD_HOST": "127.0.0.1",
                "BOARD_PORT": str(port),
                "BOARD_DATABASE_URL": f"sqlite:///{tmp_path}/board.db",
            },
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
    assert (board.returncode, board.stdout) == (2, "")
    (line,) = board.stderr.splitlines()
    assert str(port) in line
    assert "in use" in line
