"""What can be done here, as Nox sessions. `./nox` is the main job, `./nox -s tests` the test command.

The version of Python in the image is one argument: `IMAGE_PYTHON=3.13 ./nox`, or for the build alone
`./nox -s "build(python='3.13')"`.
"""

from __future__ import annotations

import atexit
import fcntl
import hashlib
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TextIO

import nox

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE / "src"))  # this checkout's own sessions, whatever is installed

from hullproof.sessions import git_args, image_sessions  # noqa: E402
from hullproof.text import line  # noqa: E402

PYTHONS = ("3.10", "3.11", "3.12", "3.13", "3.14")
IMAGE_PYTHON = os.environ.get("IMAGE_PYTHON", "3.10")
SUPPORTED_PYTHON = "3.13"  # what is sent to production gets fixes; 3.10 had its last ones in October 2026
IMAGE = "release-board"
TOOL = "hullproof:latest"
MAIN_JOB = ("engine", "lint", "unit", "build", "container", "prove")

ENGINES = ("containerd", "api-1.44", "few-files")
BENCHES = ("starting", "image", "proofs", "screens", "board", "sizes", "scale", "evidence", "trials")

WORKFLOWS = (".github/workflows", "docs/examples")

_held: list[TextIO] = []  # open files, whose locks last as long as this process


def _environments() -> Path:
    """Choose the folder for environments: `.nox`, one of its own for each of several runs at once.

    A read-only checkout gets its folder in the user's cache instead.
    """
    home = HERE / ".nox"
    try:
        home.mkdir(exist_ok=True)
        (home / ".writable").touch()
    except OSError:
        cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
        home = cache / "hullproof" / hashlib.sha256(bytes(HERE)).hexdigest()[:12]
        home.mkdir(parents=True, exist_ok=True)
    for number in range(1000):
        lock = (home / f".lock-{number}").open("w")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            lock.close()
            continue
        _held.append(lock)
        return home if number == 0 else home / f"run-{number}"
    sys.exit(f"nox: no free place among the runs in {home}; are there really a thousand?")


ENVIRONMENTS = _environments()
nox.needs_version = ">=2025.2"
nox.options.envdir = ENVIRONMENTS
nox.options.sessions = MAIN_JOB
nox.options.default_venv_backend = "virtualenv"
nox.options.reuse_venv = "yes"
nox.options.stop_on_first_error = True
nox.options.error_on_external_run = True


def _install(session: nox.Session, *groups: str, board: bool = False) -> None:
    """Install the toolkit and what the groups name, pinned; nothing to do where that was done before."""
    wanted = [f"--group={group}" for group in groups]
    wanted += ["--requirement=requirements.in"] if board else []
    _pip(session, Path(session.virtualenv.location), "python", wanted)
    session.env["HULLPROOF_FACTS"] = "never"  # what is tested and measured is observed each time
    session.env["PYTHONDONTWRITEBYTECODE"] = "1"  # the checkout may be read-only, and stays clean
    session.env["RUFF_CACHE_DIR"] = str(ENVIRONMENTS / "cache" / "ruff")
    session.env["MYPY_CACHE_DIR"] = str(ENVIRONMENTS / "cache" / "mypy")
    session.env["PYTEST_ADDOPTS"] = f"-o cache_dir='{ENVIRONMENTS / 'cache' / 'pytest'}'"


def _pip(session: nox.Session, environment: Path, python: str, wanted: list[str]) -> None:
    wanted = ["--constraint=constraints.txt", "--editable=.", *wanted]
    pins = [(HERE / name).read_text() for name in ("pyproject.toml", "constraints.txt", "requirements.in")]
    key = hashlib.sha256("\n".join([sys.version, *wanted, *pins]).encode()).hexdigest()
    stamp = environment / "installed"
    if not stamp.is_file() or stamp.read_text() != key:
        session.run_install(
            python, "-m", "pip", "install", "-qq", "--disable-pip-version-check", *wanted, external=True
        )
        stamp.write_text(key)


def _toolkit_python(session: nox.Session) -> str:
    """Return the Python of an environment that holds the toolkit, for all sessions that need nothing else."""
    environment = ENVIRONMENTS / "command"
    python = str(environment / "bin" / "python")
    if not Path(python).exists():
        session.run_install(sys.executable, "-m", "venv", str(environment), external=True)
    _pip(session, environment, python, [])
    return python


@nox.session(venv_backend="none")
def engine(session: nox.Session) -> None:
    """Make sure that a Docker engine answers; install one where there is none (Debian, Ubuntu)."""
    image.command(session, "doctor", "--install", *session.posargs)


@nox.session
def lint(session: nox.Session) -> None:
    """Lint the Dockerfile (hadolint), the code (ruff, mypy, import-linter) and the workflow (actionlint, zizmor)."""
    _install(session, "lint", "toolkit", "schemas", "container", "board", "pages", board=True)
    session.run("hadolint", "Dockerfile")
    session.run("ruff", "check", ".")
    session.run("ruff", "format", "--check", ".")
    session.run("mypy")
    session.run("lint-imports", "--no-logo", "--no-cache", env={"PYTHONPATH": "src:."})
    workflows = [str(path) for folder in WORKFLOWS for path in sorted(Path(folder).glob("*.yml"))]
    session.run("actionlint", *workflows)
    session.run("zizmor", "--offline", "--quiet", *workflows, "action.yml")
    session.run("shellcheck", "nox", ".ci/run", "src/hullproof/reaper.sh")
    image.passed.append("lint")


@nox.session(venv_backend="none")
def unit(session: nox.Session) -> None:
    """Run tests/unit inside the image's test stage; arguments go to pytest: -- -k badge."""
    if session.posargs:
        session.posargs[:] = [f"--build-arg=PYTEST_ADDOPTS={' '.join(session.posargs)}"]
    image.unit(session)


@nox.session
def container(session: nox.Session) -> None:
    """Boot the release image and check it with pytest; arguments go to pytest: -- -k user."""
    _install(session, "container")
    given = [f"--hullproof-build-arg={name}={value}" for name, value in image.build_args.items()]
    session.posargs[:] = [*given, *session.posargs]
    image.container(session)


def _build_args(python: str) -> dict[str, str]:
    """Return the build arguments of our Dockerfile; what git says makes the OCI labels, where there is git."""
    facts = {"PYTHON_VERSION": python, **git_args(HERE)}
    for name, command in (
        ("CREATED", ("git", "log", "-1", "--format=%cI")),
        ("VERSION", ("git", "describe", "--always", "--tags", "--dirty")),
    ):
        answer = subprocess.run(command, cwd=HERE, capture_output=True, text=True, check=False)
        if answer.returncode == 0 and answer.stdout.strip():
            facts[name] = answer.stdout.strip()
    return facts


image = image_sessions(
    tag=f"{IMAGE}:py{IMAGE_PYTHON}",
    build_args=_build_args(IMAGE_PYTHON),
    requirements=(),
    reports=os.environ.get("HULLPROOF_REPORTS"),  # where CI collects them
    python=_toolkit_python,
)

for version in PYTHONS:

    @nox.session(name=f"build(python='{version}')", venv_backend="none")
    def build_with(session: nox.Session, version: str = version) -> None:
        """Build the release image with this version of Python."""
        given = [f"--build-arg={name}={value}" for name, value in _build_args(version).items()]
        image.command(session, "build", f"--tag={IMAGE}:py{version}", *given, *session.posargs)


@nox.session
def toolkit(session: nox.Session) -> None:
    """Test the toolkit; arguments go to pytest."""
    _install(session, "toolkit", "board-test", board=True)
    if session.posargs:
        session.run("pytest", *session.posargs)
    else:  # those that need no engine side by side; the others would disturb each other's boots
        session.run("pytest", "-m", "not engine and not nightly", "--numprocesses=auto", "tests/toolkit")
        session.run("pytest", "-m", "engine and not nightly", "tests/toolkit")
    image.passed.append("toolkit")


@nox.session(default=False)
def engines(session: nox.Session) -> None:
    """Test the toolkit on engines of its own, each set up otherwise: -- containerd api-1.44 few-files; all by default."""
    _install(session, "toolkit", "board-test", board=True)
    for kind in session.posargs or ENGINES:
        session.run("python", "-m", "tests.toolkit.engines", kind)


@nox.session
def board(session: nox.Session) -> None:
    """Test the board on this machine with SQLite and PostgreSQL, hanging ones too; arguments go to pytest."""
    _install(session, "board", board=True)
    session.run("pytest", *(session.posargs or ["tests/unit", "tests/board"]))
    image.passed.append("board")


@nox.session(default=False)
def pages(session: nox.Session) -> None:
    """Look at the board's pages in this machine's Chromium, by axe's rules, too; arguments go to pytest."""
    _install(session, "pages", board=True)
    session.run("pytest", "tests/pages", *session.posargs)
    image.passed.append("pages")


@nox.session(default=False)
def docs(session: nox.Session) -> None:
    """Build the documentation into site/; a warning is an error. Arguments go to zensical."""
    _install(session, "docs")
    session.run("zensical", "build", "--strict", "--clean", *session.posargs)


@nox.session(default=False)
def schemas(session: nox.Session) -> None:
    """Hold the SARIF and JUnit samples against the published schemas; needs the web, or: -- --sarif FILE."""
    _install(session, "schemas")
    session.run("python", "-m", "tests.toolkit.report.schemas", *session.posargs)


@nox.session(default=False)
def score(session: nox.Session) -> None:
    """Hold `prove` against the corpus of good and sabotaged projects, for hours: -- verdicts --only expose, -- --help."""
    _install(session, "toolkit")
    whole = ["verdicts", "--record=reports/score.jsonl"]
    session.run("python", "-m", "tests.toolkit.score", *(session.posargs or whole))


@nox.session(default=False)
def faults(session: nox.Session) -> None:
    """Kill, interrupt, overload and deceive toolkit and board, and count what held: -- --nightly, -- NAME."""
    _install(session, "faults", board=True)
    session.run("python", "-m", "tests.faults", *session.posargs)
    image.passed.append("faults")


@nox.session(default=False)
def bench(session: nox.Session) -> None:
    """Measure all that things cost, beside floors and peers: -- proofs --rounds 1 --only peers, -- --record."""
    _install(session, "bench", "faults", board=True)
    named = [word for word in session.posargs[:1] if word in BENCHES]
    for program in named or BENCHES:
        session.run("python", "-m", f"benchmarks.{program}", *session.posargs[len(named) :])


@nox.session(default=False)
def tool(session: nox.Session) -> None:
    """Build and prove the image of Hullproof itself (tool/), then let it prove a project; arguments go to `prove`."""
    _install(session)
    with tempfile.TemporaryDirectory() as wheel:
        session.run("pip", "wheel", "--quiet", "--no-deps", f"--wheel-dir={wheel}", ".")
        given = ["tool", f"--build-context=wheel={wheel}"]
        # The other practices watch processes that stay; this command comes to its end, as it should.
        only = "--only=slim-base,multistage,ownership,test-gate,dockerignore"
        image.command(session, "prove", *given, only, *session.posargs)
        image.command(session, "build", *given, f"--tag={TOOL}")
    socket = Path("/var/run/docker.sock")
    if not socket.is_socket():
        session.error(f"there is no {socket} that could be mounted: the engine is elsewhere")
    within = [f"--volume={socket}:{socket}", f"--group-add={socket.stat().st_gid}"]
    project = f"--volume={HERE / 'tests/toolkit/cases/good'}:/project:ro"
    session.run("docker", "run", "--rm", *within, project, TOOL, "prove", external=True)
    image.passed.append("tool")


@nox.session(default=False, venv_backend="none")
def production(session: nox.Session) -> None:
    """Prove that the board's image holds where it may run, and as a release; arguments go to `prove`.

    With `-- --no-experiments` not as a release: that is shown by rebuilds, and by a commit that is published somewhere.
    """
    python = os.environ.get("IMAGE_PYTHON", SUPPORTED_PYTHON)
    given = [f"--build-arg={name}={value}" for name, value in _build_args(python).items()]
    release = () if "--no-experiments" in session.posargs else ("release",)
    for profile in ("production", "kubernetes", *release):
        image.command(session, "prove", f"--profile={profile}", *given, *session.posargs)
    image.passed.append("production")


@nox.session(venv_backend="none")
def tests(session: nox.Session) -> None:
    """Run everything that this repository tests of itself: the main job, the image where it may run, docs, board and toolkit."""
    for name in MAIN_JOB:
        session.notify(name, posargs=[])
    session.notify(
        "production", posargs=["--no-experiments"]
    )  # its rebuilds take minutes, and are the night's
    for name in ("docs", "board", "toolkit"):
        session.notify(name, posargs=[])


@nox.session(venv_backend="none")
def clean(session: nox.Session) -> None:
    """Remove what killed runs left on the engine and in the temporary folder."""
    image.command(session, "clean")


CHECKED = {
    "lint": "Dockerfile, code and workflow linted",
    "unit": "unit tests passed inside the test stage",
    "container": "the booted release image does what tests/container says",
    "prove": "every practice proven",
    "board": "board tested on this machine, on SQLite and PostgreSQL",
    "pages": "board's pages looked at in Chromium, wide, narrow and dark",
    "toolkit": "toolkit tested on this machine",
    "production": "board's image proven where it may run",
    "tool": f"{TOOL} built, proven, and able to prove a project",
    "faults": "kills, interruptions, overload and hostile input held out against",
}


@atexit.register
def _summary() -> None:
    lines = [f"checked   {CHECKED[name]}" for name in image.passed if name in CHECKED]
    if image.built:
        made = image.built
        note = f" (stand-in: {made['base_note']})" if made["base_is_stand_in"] else ""
        identity = made["image"].removeprefix("sha256:")[:12]
        tags = ", ".join(made["tags"])
        lines = [
            f"built     {tags}  {identity}  {made['size_bytes'] / 1e6:.0f} MB",
            f"base      {made['base']}{note}",
            *lines,
            f"run it    docker run --rm -p 5000:5000 -e BOARD_TOKEN=secret {made['tags'][0]}",
        ]
    if lines:
        sys.stderr.write("\n" + "".join(line(each) + "\n" for each in lines))
