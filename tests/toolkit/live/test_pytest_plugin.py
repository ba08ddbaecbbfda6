"""The pytest plugin on a real engine: fixtures, practices, workers, interruptions, and neighbours."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from hullproof.engine.connection import Engine
from hullproof.owner import IMAGES, RUN_LABEL, is_image_of
from hullproof.practices import GUIDE

from ..rig import PATIENCE_S, Cable

pytestmark = [pytest.mark.engine, pytest.mark.slow]

pytest_plugins = ["pytester"]

DOCKERFILE = """
FROM python:3.11-slim AS test
WORKDIR /app
COPY shop.py ./
COPY tests/ tests/
RUN python -m unittest discover tests

FROM python:3.11-slim AS release
RUN useradd --uid 10001 --no-create-home app && install -d -o app -g app /app
WORKDIR /app
COPY --from=test --chown=app:app /app/shop.py ./
USER app
EXPOSE 8000
CMD ["python", "shop.py"]
"""
SHOP = """
import http.server, os, signal, sys
signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        body = (os.environ.get("GREETING") or "none").encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
print("open", flush=True)
http.server.ThreadingHTTPServer(("", 8000), Handler).serve_forever()
"""
IMAGE_TESTS = """
from urllib.request import urlopen

def ask(url):
    with urlopen(url, timeout=10) as answer:
        return answer.read().decode()
"""


@pytest.fixture
def shop(
    pytester: pytest.Pytester, python_base: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> pytest.Pytester:
    """A small project of eleven proven practices, but for dependencies, of which it has none."""
    assert python_base
    monkeypatch.setenv("COLUMNS", "120")
    monkeypatch.delenv("HULLPROOF_IMAGE", raising=False)
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setenv("TMPDIR", str(temporary))
    pytester.makefile("", Dockerfile=DOCKERFILE)
    pytester.path.joinpath("shop.py").write_text(SHOP)
    pytester.path.joinpath(".dockerignore").write_text(
        "*\n!shop.py\n!tests/\n**/.*\n**/__pycache__\n**/*.pyc\n**/*.key\n**/*.pem\n**/id_*\n**/venv\n"
    )
    pytester.mkdir("tests").joinpath("test_shop.py").write_text(
        "import unittest\nclass T(unittest.TestCase):\n    def test_it(self): self.assertTrue(1)\n"
    )
    pytester.makefile(".ini", pytest="[pytest]\nfilterwarnings = error\npython_files = check_*.py\n")
    return pytester


@pytest.fixture(autouse=True)
def nothing_is_left(tmp_path: Path) -> Iterator[None]:
    """In the temporary folder, whatever a test did."""
    yield
    temporary = tmp_path / "temporary"
    assert not temporary.exists() or runs_in(temporary) == {}


def runs_in(temporary: Path) -> dict[str, str]:
    """Name the runs that have a scratch folder there, by their ids."""
    found = (re.match(r"hullproof-([0-9a-f]{12})-", each.name) for each in temporary.iterdir())
    return {match[1]: match.string for match in found if match}


def check(shop: pytest.Pytester, tests: str, *arguments: str) -> pytest.RunResult:
    """Run tests of the image."""
    shop.path.joinpath("check_image.py").write_text(IMAGE_TESTS + tests)
    return shop.runpytest_subprocess("-p", "no:docker", *arguments, timeout=PATIENCE_S)


# --- fixtures ----------------------------------------------------------------------------------------


def test_the_image_and_its_containers_are_there_to_be_looked_at_and_broken(shop: pytest.Pytester) -> None:
    """Over HTTP, from inside, by what the kernel tells, and to the end; warnings are errors meanwhile."""
    tests = """
def test_image(hullproof_image):
    assert hullproof_image.id.startswith("sha256:")
    assert (hullproof_image.config.user, hullproof_image.config.workdir) == ("app", "/app")
    assert {entry.uid for entry in hullproof_image.files.below("/app")} == {10001}
    assert "/app/tests" not in hullproof_image.files
    assert hullproof_image.sdk.attrs["Config"]["User"] == "app"

def test_shared(hullproof_container, hullproof_image):
    assert ask(hullproof_container.base_url) == ask(hullproof_container.url("/x", port=8000)) == "none"
    assert {process.uids for process in hullproof_container.facts.processes} == {(10001,) * 4}
    assert [listener.port for listener in hullproof_container.facts.listeners] == [8000]
    assert 0 < hullproof_container.facts.ready_after_s < 20
    done = hullproof_container.exec("id", "-u")
    assert (done.exit_code, done.stdout, done.stderr) == (0, "10001\\n", "")
    assert hullproof_container.exec("id", "-u", user="0").stdout == "0\\n"
    assert b"http.server" in hullproof_container.files.read("/app/shop.py")
    assert dict(hullproof_container.files) == dict(hullproof_image.files)
    assert hullproof_container.logs().startswith("open\\n")
    assert hullproof_container.state["Status"] == "running"

def test_again(hullproof_container, shared=[]):
    assert ask(hullproof_container.base_url) == "none"

def test_fresh(hullproof_fresh_container, hullproof_container):
    assert hullproof_fresh_container.id != hullproof_container.id
    stopped = hullproof_fresh_container.stop()
    assert (stopped.exit_code, stopped.killed) == (0, False)
    assert stopped.seconds < 3
    assert hullproof_container.state["Status"] == "running"

def test_second_life(hullproof_fresh_container):
    hullproof_fresh_container.kill()
    assert hullproof_fresh_container.wait() == 137
    assert ask(hullproof_fresh_container.start().base_url) == "none"
"""
    result = check(shop, tests)
    result.assert_outcomes(passed=5)
    result.stdout.fnmatch_lines(["-* hullproof -*", "image ????????????, * MB, on python:3.11-slim"])


def test_containers_are_booted_in_ways_of_ones_own(shop: pytest.Pytester) -> None:
    """Environment over the project's, another command, any option of the SDK, ready or not."""
    shop.path.joinpath("hullproof.toml").write_text('env = { GREETING = "moin", OTHER = "1" }\n')
    tests = """
import pytest

def test_env(hullproof_boot):
    with hullproof_boot() as usual, hullproof_boot(env={"GREETING": "hej", "OTHER": None}) as other:
        assert (ask(usual.base_url), ask(other.base_url)) == ("moin", "hej")
        assert "OTHER=1" in usual.exec("env").stdout.split()
        assert "OTHER" not in other.exec("env").stdout
    with pytest.raises(Exception, match="the container was removed"):
        usual.state

@pytest.fixture(scope="module")
def hardened(hullproof_boot):
    with hullproof_boot(read_only=True, cap_drop=["ALL"], user="4711") as container:
        yield container

def test_options(hardened):
    assert ask(hardened.base_url) == "moin"
    assert hardened.facts.main.uids == (4711,) * 4
    assert hardened.exec("touch", "/app/x").exit_code != 0

def test_not_awaited(hullproof_boot):
    with hullproof_boot(command=["python", "-c", "raise SystemExit(7)"], wait=False) as container:
        assert container.wait() == 7

def test_still_running(hullproof_boot):
    with pytest.raises(TimeoutError, match="still runs after 0.2 s"):
        hullproof_boot().wait(0.2)
"""
    check(shop, tests).assert_outcomes(passed=4)


def test_a_container_that_dies_at_its_start_is_told_once_with_its_last_words(shop: pytest.Pytester) -> None:
    """Exit code and log for the first test, a line for the others; in a test's own code, where it stands."""
    shop.path.joinpath("shop.py").write_text(
        "print('reading settings')\nraise SystemExit('no DATABASE_URL')\n"
    )
    tests = """
def test_one(hullproof_container): pass
def test_two(hullproof_container): pass
def test_own(hullproof_boot):
    hullproof_boot(env={"X": "1"})
"""
    result = check(shop, tests)
    result.assert_outcomes(errors=2, failed=1)
    said = result.stdout.str()
    ended = r"the container ended with exit code 1 after \d\.\d s\n"
    assert re.search(rf"ERROR at setup of test_one _+\n{ended}-+ last log lines -+\n", said)
    assert re.search(rf"ERROR at setup of test_two _+\n{ended}=", said)
    assert said.count("\nno DATABASE_URL") == 2
    assert re.search(r">\s+hullproof_boot\(env=\{\"X\": \"1\"\}\)\nE\s+NotReady: the container ended", said)
    assert "pytest_plugin/" not in said


def test_a_failed_test_shows_what_its_containers_printed(shop: pytest.Pytester) -> None:
    """Those that it can have used, and no others' tests."""
    result = check(shop, "def test_it(hullproof_container): assert 0\ndef test_other(): assert 0\n")
    result.assert_outcomes(failed=2)
    result.stdout.fnmatch_lines(["-* container ????????????: running -*", "open"])
    assert result.stdout.str().count("-- container ") == 1


def test_a_log_is_shown_without_its_colours_and_after_the_container_has_gone(shop: pytest.Pytester) -> None:
    """A test's own `with` block removes its container before pytest hears that the test failed."""
    shop.path.joinpath("shop.py").write_text(
        "import time\nprint('\\x1b[1;32mopen\\x1b[0m', flush=True)\ntime.sleep(60)\n"
    )
    tests = """
import pytest

def test_it(hullproof_boot):
    with hullproof_boot(wait=False) as container:
        while "open" not in container.logs(): pass
        assert 0

def test_passes(hullproof_boot):
    with pytest.raises(KeyError), hullproof_boot(wait=False):
        raise KeyError

def test_other(hullproof_boot): assert 0
"""
    result = check(shop, tests)
    result.assert_outcomes(failed=2, passed=1)
    result.stdout.fnmatch_lines(["-* container ????????????: running -*", "open"])
    assert result.stdout.str().count("-- container ") == 1


def test_offline_a_container_is_looked_at_from_inside(shop: pytest.Pytester) -> None:
    """It has no network, so that no port is reached, which is told; what is booted in a smaller way is said, too."""
    tests = """
import pytest
from hullproof.errors import UsageError
from hullproof.pytest_plugin.findings import NotReady

def test_it(hullproof_container):
    assert hullproof_container.facts.listeners
    with pytest.raises(UsageError, match="has no network"):
        hullproof_container.url()

def test_limits(hullproof_boot):
    eat = "held = [bytearray(1 << 20) for _ in range(200)]"
    with pytest.raises(NotReady, match="limit of 50.0 MB of memory"):
        hullproof_boot(command=["python", "-c", eat], mem_limit=50_000_000, memswap_limit=50_000_000)
"""
    check(shop, tests, "--hullproof-offline").assert_outcomes(passed=2)


def test_services_run_beside_the_containers(shop: pytest.Pytester, python_base: str) -> None:
    """Those of the project's configuration, once for all."""
    service = {
        "image": python_base,
        "command": ["python3", "-m", "http.server", "5432", "--directory", "/etc"],
        "expose": ["5432"],
    }
    shop.path.joinpath("compose.yaml").write_text(json.dumps({"services": {"db": service}}))
    shop.path.joinpath("hullproof.toml").write_text('compose = "compose.yaml"\n')
    tests = """
ASK = "import urllib.request as u; print(u.urlopen('http://db:5432/hostname').status)"

def test_it(hullproof_container, hullproof_fresh_container):
    for container in (hullproof_container, hullproof_fresh_container):
        assert container.exec("python", "-c", ASK).stdout == "200\\n"
        assert ask(container.base_url) == "none"
"""
    check(shop, tests).assert_outcomes(passed=1)


def test_an_image_can_be_given(
    shop: pytest.Pytester, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By option or environment, by name or id; then nothing is built. One that is not there is named."""
    built = subprocess.run(
        [sys.executable, "-m", "hullproof", "build", "--tag", f"hullproof-test:{os.getpid()}"],
        check=True,
        capture_output=True,
        cwd=shop.path,
    )
    assert built.returncode == 0
    image = str(engine.client.images.get(f"hullproof-test:{os.getpid()}").id)
    try:
        shop.path.joinpath("Dockerfile").write_text(DOCKERFILE + "RUN exit 1\n")
        tests = f"def test_it(hullproof_image, hullproof_container): assert hullproof_image.id == '{image}'\n"
        check(shop, tests, f"--hullproof-image=hullproof-test:{os.getpid()}").assert_outcomes(passed=1)
        monkeypatch.setenv("HULLPROOF_IMAGE", image)
        check(shop, tests).assert_outcomes(passed=1)
    finally:
        engine.client.images.remove(image, force=True)
    result = check(shop, tests)
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines([f"the engine has no image '{image}', which --hullproof-image or *"])


# --- practices ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("workers", [[], pytest.param(["-n2"], marks=pytest.mark.nightly)])
def test_practices_are_tests_beside_tests(shop: pytest.Pytester, workers: list[str]) -> None:
    """All proven, in one session with fixtures; JUnit and the report have them all, with their times."""
    arguments = ["--hullproof", "--junitxml=r.xml", "--hullproof-output=r.json", *workers]
    result = check(
        shop, "def test_it(hullproof_container): assert ask(hullproof_container.base_url)\n", *arguments
    )
    result.assert_outcomes(passed=11, skipped=1)
    report = json.loads(shop.path.joinpath("r.json").read_text())
    assert [proof["id"] for proof in report["proofs"]] == list(GUIDE)
    assert {proof["verdict"] for proof in report["proofs"]} == {"proven", "not-applicable"}
    cases = {each.get("name"): each for each in ET.parse(shop.path / "r.xml").iter("testcase")}  # noqa: S314
    verdicts = {proof["id"]: proof["verdict"] for proof in report["proofs"]}
    for name in GUIDE:
        properties = {each.get("name"): each.get("value") for each in cases[name].iter("property")}
        assert properties["verdict"] == verdicts[name]
    assert sum(float(case.get("time", "")) for case in cases.values()) > 1


def test_what_is_broken_fails_and_x_stops_there(shop: pytest.Pytester) -> None:
    """With its evidence and remedy; what comes after it is not judged."""
    text = DOCKERFILE.replace("USER app\n", "").replace("discover tests", "discover tests || true")
    shop.path.joinpath("Dockerfile").write_text(text)
    result = check(shop, "", "--hullproof", "-x", "-v")
    result.assert_outcomes(passed=2, failed=1)
    result.stdout.fnmatch_lines(
        [
            "Dockerfile::non-root-user FAILED*",
            "_* The release runs as an ordinary user (non-root-user) _*",
            "The release runs as root*",
            "-* evidence -*",
            "/proc/1/status: python shop.py: expected no uid 0*",
            "Fix: *",
            "FAILED Dockerfile::non-root-user - Broken: The release runs as root*",
        ]
    )
    result = check(shop, "", "Dockerfile::test-gate")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["The release was built in spite of a failing test*"])


def test_a_build_that_fails_is_told_once(shop: pytest.Pytester) -> None:
    """For fixtures and practices together."""
    shop.path.joinpath("Dockerfile").write_text(DOCKERFILE + "RUN echo hammer; exit 3\n")
    result = check(
        shop, "def test_it(hullproof_container): pass\ndef test_two(hullproof_image): pass\n", "--hullproof"
    )
    said = result.stdout.str()
    assert said.count("\nhammer\n") == 1
    assert re.search(r"ERROR at setup of test_it _+\nthe build fails at Dockerfile:15: hammer\n-", said)
    assert re.search(r"ERROR at setup of test_two _+\nthe build fails at Dockerfile:15: hammer\n=", said)
    assert len(re.findall(r"\) _+\nThe project's own build fails at Dockerfile:15: hammer", said)) > 5


# --- interruptions -----------------------------------------------------------------------------------


class Going:
    """A pytest that goes on while the test does something to it."""

    def __init__(self, shop: pytest.Pytester, temporary: Path, *arguments: str) -> None:
        """Start it."""
        self.temporary = temporary
        self._out = shop.path / "out.txt"
        with self._out.open("w") as out:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "pytest", "-p", "no:docker", *arguments],
                cwd=shop.path,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                start_new_session=True,
            )

    @property
    def said(self) -> str:
        """What it has said by now."""
        return self._out.read_text(errors="replace")

    def wait_for(self, seen: Callable[[], object]) -> None:
        """Wait until something is seen."""
        until = time.monotonic() + PATIENCE_S
        while not seen():
            assert self.process.poll() is None, self.said
            assert time.monotonic() < until, self.said
            time.sleep(0.02)


@pytest.fixture
def going(shop: pytest.Pytester, tmp_path: Path) -> Iterator[Callable[..., Going]]:
    """Start pytest, and see to it that it ends."""
    started: list[Going] = []

    def start(*arguments: str) -> Going:
        started.append(Going(shop, tmp_path / "temporary", *arguments))
        return started[-1]

    yield start
    for each in started:
        if each.process.poll() is None:
            os.killpg(each.process.pid, signal.SIGKILL)
            each.process.wait()


def left(engine: Engine, runs: set[str]) -> list[str]:
    """Name what is on the engine of these runs."""
    filters = [{"label": f"{RUN_LABEL}={each}"} for each in runs]
    api = engine.client.api
    images = [name for each in api.images(name=IMAGES) for name in each.get("RepoTags") or ()]
    return [
        *(item["Id"] for each in filters for item in api.containers(all=True, filters=each)),
        *(name for name in images if any(is_image_of(name, each) for each in runs)),
    ]


@pytest.mark.parametrize(
    ("signum", "moment"),
    [
        (signal.SIGINT, "check_image.py"),
        pytest.param(signal.SIGINT, "looking at the image", marks=pytest.mark.nightly),
        (signal.SIGTERM, "looking at the image"),
    ],
)
def test_a_signal_leaves_nothing(
    shop: pytest.Pytester, going: Callable[..., Going], engine: Engine, signum: int, moment: str
) -> None:
    """While a test has its container, and while practices are being judged; a second one changes nothing."""
    text = "def test_it(hullproof_container):\n    print('here')\n    __import__('time').sleep(60)\n"
    shop.path.joinpath("check_image.py").write_text(text if moment == "check_image.py" else "")
    run = going("--hullproof", "-s", "--log-cli-level=INFO")
    run.wait_for(lambda: "here" in run.said or (moment in run.said and moment != "check_image.py"))
    time.sleep(1)
    runs = set(runs_in(run.temporary))
    assert len(runs) == 1
    assert left(engine, runs)
    run.process.send_signal(signum)
    time.sleep(0.1)
    run.process.send_signal(signum)
    assert run.process.wait(30) == pytest.ExitCode.INTERRUPTED
    name = "Ctrl-C" if signum == signal.SIGINT else "SIGTERM"
    assert f"hullproof.interruption.Interrupted: {name}" in run.said
    time.sleep(1)  # what the engine still finishes would show by now
    assert left(engine, runs) == []


@pytest.mark.parametrize("signum", [signal.SIGINT, pytest.param(signal.SIGTERM, marks=pytest.mark.nightly)])
def test_a_signal_ends_pytest_in_time_while_the_engine_hangs(  # noqa: PLR0917 - fixtures
    shop: pytest.Pytester,
    going: Callable[..., Going],
    engine: Engine,
    cable: Cable,
    monkeypatch: pytest.MonkeyPatch,
    signum: int,
) -> None:
    """Its last line says what may have stayed; `clean` removes that when the engine is back."""
    monkeypatch.setenv("DOCKER_HOST", cable.host)
    text = "def test_it(hullproof_container):\n    print('here')\n    __import__('time').sleep(60)\n"
    shop.path.joinpath("check_image.py").write_text(text)
    run = going("-s")
    run.wait_for(lambda: "here" in run.said)
    runs = set(runs_in(run.temporary))
    cable.pause()
    run.process.send_signal(signum)
    sent = time.monotonic()
    assert run.process.wait(60) == pytest.ExitCode.INTERRUPTED
    assert time.monotonic() - sent < 15
    last = run.said.rstrip().splitlines()[-1]
    assert last.startswith("hullproof: interrupted")
    assert "could not remove what this run created on the engine at" in last
    cable.resume()
    subprocess.run([sys.executable, "-m", "hullproof", "clean"], check=True, capture_output=True)
    assert left(engine, runs) == []


@pytest.mark.nightly
@pytest.mark.parametrize("everybody", [True, False])
def test_ctrl_c_with_workers_leaves_nothing(
    shop: pytest.Pytester, going: Callable[..., Going], engine: Engine, *, everybody: bool
) -> None:
    """Whether it reaches the workers as well, as in a terminal, or their master only."""
    text = "import pytest, time\n@pytest.mark.parametrize('n', range(2))\ndef test_it(hullproof_container, n):\n    time.sleep(60)\n"
    shop.path.joinpath("check_image.py").write_text(text)
    run = going("-n2")
    run.wait_for(lambda: len(left(engine, set(runs_in(run.temporary)))) == 4)
    runs = set(runs_in(run.temporary))
    assert len(runs) == 2
    (os.killpg if everybody else os.kill)(run.process.pid, signal.SIGINT)
    assert run.process.wait(60) == pytest.ExitCode.INTERRUPTED
    time.sleep(1)
    assert left(engine, runs) == []


def test_what_a_killed_worker_leaves_is_removed_by_its_master(
    shop: pytest.Pytester, going: Callable[..., Going], engine: Engine
) -> None:
    """A worker that crashes cannot tidy up."""
    shop.path.joinpath("check_image.py").write_text(
        "import os\ndef test_it(hullproof_container): os.kill(os.getpid(), 9)\ndef test_other(): pass\n"
    )
    run = going("-n1", "--max-worker-restart=0")
    run.wait_for(lambda: runs_in(run.temporary))
    runs = set(runs_in(run.temporary))
    assert run.process.wait(60) == pytest.ExitCode.TESTS_FAILED
    assert left(engine, runs) == []


# --- neighbours --------------------------------------------------------------------------------------


def test_it_works_beside_pytest_docker(shop: pytest.Pytester, python_base: str) -> None:
    """Both fixtures in one test: a stack of pytest-docker's and a container of ours."""
    stack = {
        "services": {
            "web": {
                "image": python_base,
                "command": ["python3", "-m", "http.server", "80"],
                "ports": ["80"],
                "stop_signal": "SIGKILL",
            }
        }
    }
    shop.mkdir("stack").joinpath("docker-compose.yml").write_text(json.dumps(stack))
    shop.path.joinpath("check_both.py").write_text(
        IMAGE_TESTS
        + """
import pytest

@pytest.fixture(scope="session")
def docker_compose_file(pytestconfig):
    return str(pytestconfig.rootpath / "stack" / "docker-compose.yml")

def test_both(docker_ip, docker_services, hullproof_container):
    port = docker_services.port_for("web", 80)
    url = f"http://{docker_ip}:{port}/etc/hostname"
    def answers():
        try:
            return bool(ask(url))
        except OSError:
            return False
    docker_services.wait_until_responsive(answers, timeout=30, pause=0.1)
    assert ask(hullproof_container.base_url) == "none"
"""
    )
    result = shop.runpytest_subprocess("-k", "both", timeout=PATIENCE_S)
    result.assert_outcomes(passed=1)
