"""An engine that hangs: what is interrupted ends in time all the same, and says truly what may have stayed."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
import uuid
from pathlib import Path

import pytest

from hullproof.engine.connection import Engine

from ..rig import Cable, Daemon, Started, started
from .test_lifecycle import APPLICATION, DOCKERFILE, TEST

pytestmark = [pytest.mark.engine, pytest.mark.slow]
NIGHTLY = pytest.mark.nightly  # half a minute each: by day one moment of each kind will do

IN_TIME_S = 15.0
UNANSWERED = re.compile(
    r"hullproof: interrupted( by SIGTERM)?; could not remove what this run created on the engine at unix://\S+, "
    r"which did not answer within \d+ s; `hullproof clean` removes it"
)


def project(folder: Path) -> Path:
    """Make a small project that no cache knows."""
    (folder / "tests").mkdir(parents=True)
    (folder / "Dockerfile").write_text(DOCKERFILE)
    (folder / "requirements.txt").write_text(f"# {uuid.uuid4()}\n")
    (folder / "run.py").write_text(APPLICATION)
    (folder / "tests/test_it.py").write_text(TEST)
    return folder


@pytest.fixture
def shop(python_base: str, tmp_path: Path) -> Path:
    """One of them; its base is there by now."""
    assert python_base
    return project(tmp_path / "shop")


def interrupted(run: Started, signum: signal.Signals) -> tuple[int, float]:
    """Send a signal; return the exit code, and how long the end took."""
    sent = time.monotonic()
    run.process.send_signal(signum)
    code, out = run.end()
    assert out == ""
    return code, time.monotonic() - sent


def clean(run: Started, host: str) -> subprocess.CompletedProcess[str]:
    """Run the command that removes what was left."""
    environ = {**os.environ, "TMPDIR": str(run.temporary), "DOCKER_HOST": host}
    command = [sys.executable, "-m", "hullproof", "clean"]
    return subprocess.run(command, env=environ, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    ("moment", "later_s", "signum"),
    [
        ("unittest", 0.2, signal.SIGINT),
        ("looking at", 2.0, signal.SIGTERM),
        pytest.param("useradd", 0.0, signal.SIGTERM, marks=NIGHTLY),
        pytest.param("looking at", 0.2, signal.SIGINT, marks=NIGHTLY),
        pytest.param("default-command:", 0.0, signal.SIGINT, marks=NIGHTLY),
        pytest.param("dockerignore:", 0.0, signal.SIGTERM, marks=NIGHTLY),
    ],
)
def test_a_signal_ends_the_command_in_time(  # noqa: PLR0917 - fixtures
    cable: Cable,
    tmp_path: Path,
    shop: Path,
    moment: str,
    later_s: float,
    signum: signal.Signals,
    engine: Engine,
) -> None:
    """While building, booting, stopping and cleaning up. When the engine is back, `clean` removes what was left."""
    with started(engine, tmp_path / "temporary", "prove", shop, DOCKER_HOST=cable.host) as run:
        run.wait_for(moment)
        time.sleep(later_s)
        cable.pause()
        time.sleep(0.3)
        code, took_s = interrupted(run, signum)
        assert code == 128 + signum
        assert took_s < IN_TIME_S
        assert UNANSWERED.fullmatch(run.lines[-1]), run.lines
        assert [each for each in run.temporary.iterdir() if each.suffix != ".lock"] == []
        cable.resume()
        time.sleep(2)  # what the engine was still asked for is done by now
        assert clean(run, cable.host).returncode == 0
        assert run.left() == []


@NIGHTLY
def test_several_projects_and_a_second_signal_take_no_longer(
    cable: Cable, tmp_path: Path, shop: Path, engine: Engine
) -> None:
    """With --jobs, for an impatient user."""
    other = project(tmp_path / "other")
    with started(
        engine, tmp_path / "temporary", "prove", shop, other, "--jobs=2", DOCKER_HOST=cable.host
    ) as run:
        run.wait_for("looking at")
        time.sleep(0.5)
        cable.pause()
        time.sleep(0.3)
        run.process.send_signal(signal.SIGINT)
        time.sleep(0.2)
        code, took_s = interrupted(run, signal.SIGINT)
        assert code == 130
        assert took_s < IN_TIME_S
        assert UNANSWERED.fullmatch(run.lines[-1]), run.lines
        cable.resume()
        time.sleep(2)
        assert clean(run, cable.host).returncode == 0
        assert run.left() == []


@NIGHTLY
def test_services_take_no_longer(
    cable: Cable, tmp_path: Path, shop: Path, python_base: str, engine: Engine
) -> None:
    """Compose hangs as its engine does, and is ended with the rest."""
    service = f"  db:\n    image: {python_base}\n    command: [sleep, '600']\n    stop_signal: SIGKILL\n"
    (shop / "compose.yaml").write_text(f"services:\n{service}")
    (shop / "hullproof.toml").write_text("compose = 'compose.yaml'\n")
    with started(engine, tmp_path / "temporary", "prove", shop, DOCKER_HOST=cable.host) as run:
        run.wait_for("starting db")
        cable.pause()
        time.sleep(0.5)
        code, took_s = interrupted(run, signal.SIGTERM)
        assert code == 143
        assert took_s < IN_TIME_S
        assert UNANSWERED.fullmatch(run.lines[-1]), run.lines
        cable.resume()
        time.sleep(2)
        assert clean(run, cable.host).returncode == 0
        assert run.left() == []


def test_an_engine_that_is_back_in_time_has_all_removed(
    cable: Cable, tmp_path: Path, shop: Path, engine: Engine
) -> None:
    """It hung for some seconds, and is asked again."""
    with started(engine, tmp_path / "temporary", "prove", shop, DOCKER_HOST=cable.host) as run:
        run.wait_for("looking at")
        time.sleep(1)
        cable.pause()
        run.process.send_signal(signal.SIGINT)
        time.sleep(4)
        cable.resume()
        assert run.end() == (130, "")
        assert run.lines[-1] == "hullproof: interrupted; everything this run created has been removed"
        time.sleep(1)
        assert run.left() == []


@pytest.mark.parametrize("verb", ["prove", "clean", "doctor"])
def test_an_engine_that_hangs_from_the_start_is_no_engine(
    cable: Cable, tmp_path: Path, shop: Path, engine: Engine, verb: str
) -> None:
    """One line after ten seconds, exit code 3; what was to be cleaned is not called clean."""
    cable.pause()
    begun = time.monotonic()
    with started(
        engine, tmp_path / "temporary", verb, *([shop] if verb == "prove" else []), DOCKER_HOST=cable.host
    ) as run:
        code, out = run.end()
        assert (code, out) == (3, "")
        assert time.monotonic() - begun < 20
        assert any(
            f"the Docker engine at {cable.host} did not answer within 10 s" in line for line in run.lines
        )
        assert "nothing was left behind" not in run.lines


@pytest.mark.parametrize("moment", ["unittest", pytest.param("looking at", marks=NIGHTLY)])
def test_an_engine_that_falls_silent_is_given_up(
    cable: Cable, tmp_path: Path, shop: Path, engine: Engine, moment: str
) -> None:
    """Nobody has to press anything: builds and streams have no deadline of their own, and are not waited for for ever."""
    with started(engine, tmp_path / "temporary", "prove", shop, DOCKER_HOST=cable.host) as run:
        run.wait_for(moment)
        cable.pause()
        begun = time.monotonic()
        code, out = run.end()
        assert (code, out) == (3, "")
        assert time.monotonic() - begun < 150
        assert any(line.startswith("hullproof: the ") and "answer" in line for line in run.lines), run.lines
        cable.resume()
        time.sleep(2)
        assert clean(run, cable.host).returncode == 0
        assert run.left() == []


@pytest.mark.parametrize(
    ("moment", "signum"),
    [("unittest", signal.SIGTERM), pytest.param("looking at", signal.SIGINT, marks=NIGHTLY)],
)
def test_a_stopped_daemon_is_such_an_engine(
    daemon: Daemon, tmp_path: Path, shop: Path, moment: str, signum: signal.Signals
) -> None:
    """A real one, stopped by the kernel in the middle of its work; what it goes on with afterwards is removed as well."""
    own = Engine.connect()
    try:
        with started(own, tmp_path / "temporary", "prove", shop) as run:
            run.wait_for(moment)
            time.sleep(0.5)
            daemon.pause()
            time.sleep(0.3)
            code, took_s = interrupted(run, signum)
            assert code == 128 + signum
            assert took_s < IN_TIME_S
            assert UNANSWERED.fullmatch(run.lines[-1]), run.lines
            daemon.resume()
            time.sleep(2)
            assert clean(run, daemon.host).returncode == 0
            assert run.left() == []
    finally:
        own.close()
