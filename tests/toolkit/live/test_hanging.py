"""An engine that hangs: what is interrupted ends in time all the same, and says truly what may have stayed."""

from __future__ import annotations

import re
import signal
import time
from pathlib import Path

import pytest

from hullproof.engine.connection import Engine

from ..daemon import Daemon
from ..rig import Cable, Started, started
from ..shop import make_shop

pytestmark = [pytest.mark.engine, pytest.mark.slow]
NIGHTLY = pytest.mark.nightly  # half a minute each: by day one moment of each kind will do

IN_TIME_S = 15.0
UNANSWERED = re.compile(
    r"hullproof: interrupted( by SIGTERM)?; could not remove what this run created on the engine at unix://\S+, "
    r"which did not answer within \d+ s; `hullproof clean` removes it"
)


def interrupt_while_it_hangs(run: Started, engine: Cable | Daemon, signum: signal.Signals) -> None:
    """Send a signal to a run whose engine hangs: it ends in time, and says what it could not see removed."""
    time.sleep(0.3)
    sent = time.monotonic()
    run.process.send_signal(signum)
    code, out = run.end()
    assert (code, out) == (128 + signum, "")
    assert time.monotonic() - sent < IN_TIME_S
    assert UNANSWERED.fullmatch(run.lines[-1]), run.lines
    assert [each for each in run.temporary.iterdir() if each.suffix != ".lock"] == []
    see_all_removed(run, engine)


def see_all_removed(run: Started, engine: Cable | Daemon) -> None:
    """Let the engine go on: what was left there is what `clean` removes."""
    engine.resume()
    time.sleep(2)  # what the engine was still asked for is done by now
    run.clean(DOCKER_HOST=engine.host)
    assert run.left() == []


@pytest.fixture
def temporary(tmp_path: Path) -> Path:
    """The temporary folder of a run."""
    return tmp_path / "temporary"


@pytest.mark.parametrize(
    ("moment", "later_s", "signum"),
    [
        ("unittest", 0.2, signal.SIGINT),
        pytest.param("looking at", 2.0, signal.SIGTERM, marks=NIGHTLY),
        pytest.param("useradd", 0.0, signal.SIGTERM, marks=NIGHTLY),
        pytest.param("looking at", 0.2, signal.SIGINT, marks=NIGHTLY),
        pytest.param("default-command:", 0.0, signal.SIGINT, marks=NIGHTLY),
        pytest.param("dockerignore:", 0.0, signal.SIGTERM, marks=NIGHTLY),
    ],
)
def test_a_signal_ends_the_command_in_time(  # noqa: PLR0917 - fixtures
    cable: Cable,
    temporary: Path,
    shop: Path,
    moment: str,
    later_s: float,
    signum: signal.Signals,
    engine: Engine,
) -> None:
    """While building, booting, stopping and cleaning up. When the engine is back, `clean` removes what was left."""
    with started(engine, temporary, "prove", shop, DOCKER_HOST=cable.host) as run:
        run.wait_for(moment)
        time.sleep(later_s)
        cable.pause()
        interrupt_while_it_hangs(run, cable, signum)


@NIGHTLY
def test_several_projects_and_a_second_signal_take_no_longer(
    cable: Cable, tmp_path: Path, temporary: Path, shop: Path, engine: Engine
) -> None:
    """With --jobs, for an impatient user."""
    other = make_shop(tmp_path / "other")
    with started(engine, temporary, "prove", shop, other, "--jobs=2", DOCKER_HOST=cable.host) as run:
        run.wait_for("looking at")
        time.sleep(0.5)
        cable.pause()
        time.sleep(0.3)
        run.process.send_signal(signal.SIGINT)
        interrupt_while_it_hangs(run, cable, signal.SIGINT)


@NIGHTLY
def test_services_take_no_longer(
    cable: Cable, temporary: Path, shop: Path, python_base: str, engine: Engine
) -> None:
    """Compose hangs as its engine does, and is ended with the rest."""
    service = f"  db:\n    image: {python_base}\n    command: [sleep, '600']\n    stop_signal: SIGKILL\n"
    (shop / "compose.yaml").write_text(f"services:\n{service}")
    (shop / "hullproof.toml").write_text("compose = 'compose.yaml'\n")
    with started(engine, temporary, "prove", shop, DOCKER_HOST=cable.host) as run:
        run.wait_for("starting db")
        cable.pause()
        time.sleep(0.2)
        interrupt_while_it_hangs(run, cable, signal.SIGTERM)


def test_an_engine_that_is_back_in_time_has_all_removed(
    cable: Cable, temporary: Path, shop: Path, engine: Engine
) -> None:
    """It hung for some seconds, and is asked again."""
    with started(engine, temporary, "prove", shop, DOCKER_HOST=cable.host) as run:
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


@pytest.mark.parametrize(
    "verb", ["prove", pytest.param("clean", marks=NIGHTLY), pytest.param("doctor", marks=NIGHTLY)]
)
def test_an_engine_that_hangs_from_the_start_is_no_engine(
    cable: Cable, temporary: Path, shop: Path, engine: Engine, verb: str
) -> None:
    """One line after ten seconds, exit code 3; what was to be cleaned is not called clean."""
    cable.pause()
    begun = time.monotonic()
    about = [shop] if verb == "prove" else []
    with started(engine, temporary, verb, *about, DOCKER_HOST=cable.host) as run:
        code, out = run.end()
        assert (code, out) == (3, "")
        assert time.monotonic() - begun < 20
        assert any(
            f"the Docker engine at {cable.host} did not answer within 10 s" in line for line in run.lines
        )
        assert "nothing was left behind" not in run.lines


@NIGHTLY
@pytest.mark.parametrize("moment", ["unittest", "looking at"])
def test_an_engine_that_falls_silent_is_given_up(
    cable: Cable, temporary: Path, shop: Path, engine: Engine, moment: str
) -> None:
    """Nobody has to press anything: builds and streams have no deadline of their own, and are not waited for for ever."""
    with started(engine, temporary, "prove", shop, DOCKER_HOST=cable.host) as run:
        run.wait_for(moment)
        cable.pause()
        begun = time.monotonic()
        code, out = run.end()
        assert (code, out) == (3, "")
        assert time.monotonic() - begun < 150
        assert any(line.startswith("hullproof: the ") and "answer" in line for line in run.lines), run.lines
        see_all_removed(run, cable)


@NIGHTLY
@pytest.mark.parametrize(("moment", "signum"), [("unittest", signal.SIGTERM), ("looking at", signal.SIGINT)])
def test_a_stopped_daemon_is_such_an_engine(
    daemon: Daemon, temporary: Path, shop: Path, moment: str, signum: signal.Signals
) -> None:
    """A real one, stopped by the kernel in the middle of its work; what it goes on with afterwards is removed as well."""
    own = Engine.connect()
    try:
        with started(own, temporary, "prove", shop) as run:
            run.wait_for(moment)
            time.sleep(0.5)
            daemon.pause()
            interrupt_while_it_hangs(run, daemon, signum)
    finally:
        own.close()
