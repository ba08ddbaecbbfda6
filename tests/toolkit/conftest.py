"""What the toolkit's tests share: the engine and its base, the command, and the sample reports."""

from __future__ import annotations

import json
import os
import shutil
import signal
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NoReturn

import pytest

from hullproof import cli
from hullproof.engine.connection import Engine
from hullproof.errors import EngineError
from hullproof.host.bases import provide_bases
from hullproof.model import Report
from hullproof.runner.keys import FOLDER, NEVER

from .boots import Boots, Images
from .daemon import Daemon, hand_over
from .report import reports
from .rig import NOBODY, Cable, signals_heard
from .shop import make_shop

Command = Callable[..., tuple[int, str, str]]
"""Takes the arguments of `hullproof`; returns exit code, stdout and stderr."""

PYTHON_BASE = "python:3.11-slim"


def _without(error: EngineError) -> NoReturn:
    """Say why there is no engine: a reason to skip at home, a failure where all has to be tested."""
    if os.environ.get("CI") == "true":
        pytest.fail(f"in CI, tests need the engine: {error}", pytrace=False)
    pytest.skip(str(error))


@pytest.fixture(scope="session", autouse=True)
def nothing_from_earlier_runs() -> Iterator[None]:
    """Observe all in each test, which is what it is about; those of what is kept say so."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(FOLDER, NEVER)
        yield


@pytest.fixture(scope="session", autouse=True)
def signals_that_arrive() -> Iterator[None]:
    """Take back what the caller had ignored."""
    with signals_heard():
        yield


@pytest.fixture(scope="session")
def engine() -> Iterator[Engine]:
    """The engine of this machine."""
    try:
        connected = Engine.connect()
    except EngineError as error:
        _without(error)
    yield connected
    connected.close()


@pytest.fixture(scope="session")
def python_base(engine: Engine) -> str:
    """The local name of a slim Debian image with Python 3.11: the official one or, where it cannot be had, a stand-in."""
    try:
        return provide_bases(engine, [PYTHON_BASE], say=lambda _line: None, may_install=True).bases[0].image
    except EngineError as error:
        _without(error)


@pytest.fixture(scope="session")
def images(engine: Engine, python_base: str) -> Iterator[Images]:
    """Make images, and remove them at the end."""
    made = Images(engine, python_base)
    yield made
    made.remove()


@pytest.fixture
def boots(engine: Engine, python_base: str) -> Iterator[Boots]:
    """Start containers; none may be left at the end, sidecars included."""
    starting = Boots(engine, python_base)
    yield starting
    assert starting.left() == []


@pytest.fixture
def shop(python_base: str, tmp_path: Path) -> Path:
    """A small project that serves, and that no cache knows; its base is there by now."""
    assert python_base
    return make_shop(tmp_path / "shop")


@pytest.fixture
def cable(engine: Engine, open_folder: Path) -> Iterator[Cable]:
    """A wire to the engine that a test can cut, and that a user without rights may use."""
    if not Cable.can_reach(engine):
        pytest.skip("no wire can be put between us and an engine that is reached through ssh or TLS")
    wire = Cable(engine, open_folder / "engine")
    yield wire
    wire.cut()


@pytest.fixture
def daemon(
    python_base: str, engine: Engine, open_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Daemon]:
    """An engine of the test's own, which has the base."""
    if not Daemon.can_be_had():
        pytest.skip("an engine of its own needs root, dockerd and unshare")
    own = Daemon(open_folder)
    try:
        hand_over(engine.endpoint.host, own.host, python_base)
        monkeypatch.setenv("DOCKER_HOST", own.host)
        yield own
    finally:
        own.end()


@pytest.fixture(scope="session")
def containerd_store() -> Iterator[str]:
    """Where an engine of the tests' own listens, whose images are in the containerd store; it can reach no network."""
    if not Daemon.can_be_had():
        pytest.skip("an engine of its own needs root, dockerd and unshare")
    with tempfile.TemporaryDirectory(prefix="hullproof-test-", dir="/var/tmp") as name:
        settings = Path(name, "daemon.json")
        settings.write_text(json.dumps({"features": {"containerd-snapshotter": True}}))
        daemon = Daemon(Path(name), f"--config-file={settings}")
        try:
            yield daemon.host
        finally:
            daemon.end()


@pytest.fixture(params=["classic", "containerd"])
def store(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Engine]:
    """An engine of each kind of image store, one of them a daemon of the tests' own."""
    if request.param == "classic":
        yield request.getfixturevalue("engine")
        return
    monkeypatch.setenv("DOCKER_HOST", request.getfixturevalue("containerd_store"))
    connected = Engine.connect()
    yield connected
    connected.close()


@pytest.fixture
def own_signals() -> Iterator[None]:
    """Give the tests' process its signal handlers back."""
    before = {signum: signal.getsignal(signum) for signum in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    yield
    for signum, handler in before.items():
        signal.signal(signum, handler)


@pytest.fixture
def command(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], own_signals: None
) -> Command:
    """Run the command in this process; return exit code, stdout and stderr."""
    assert own_signals is None

    def run(*arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["hullproof", *arguments])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        out, err = capsys.readouterr()
        assert isinstance(ended.value.code, int)
        return ended.value.code, out, err

    return run


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that belongs to nobody and that everybody can walk into, which pytest's own cannot be."""
    folder = Path(tempfile.mkdtemp(prefix="hullproof-test-", dir="/var/tmp"))
    folder.chmod(0o755)
    if os.geteuid() == 0:
        os.chown(folder, NOBODY, NOBODY)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture(scope="session")
def sample() -> Report:
    """A report with every verdict, on a stand-in base, and hostile text in all fields that can hold it."""
    return reports.sample()


@pytest.fixture(scope="session")
def failed_build() -> Report:
    """A report of a project whose own build fails: no image, and a log full of hostile text."""
    return reports.failed_build()


@pytest.fixture(scope="session")
def bare() -> Report:
    """A report with as little in it as there can be: all is well, and whatever may be missing is."""
    return reports.bare()
