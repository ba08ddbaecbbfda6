"""The Nox door on a real engine: three lines beside the good project, and all that they promise."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from hullproof.engine.connection import Engine

from ..rig import Cable, left_by

pytestmark = [pytest.mark.engine, pytest.mark.slow]

GOOD = Path(__file__).parents[1] / "cases" / "good"
NOXFILE = """\
from hullproof.sessions import image_sessions

image_sessions(tag="{tag}", tests="container_tests")
"""
CONTAINER_TEST = """\
import os
import docker

def test_the_image_is_the_one_that_was_built():
    client = docker.from_env()
    try:
        image = client.images.get(os.environ["HULLPROOF_IMAGE"])
        assert "{tag}:latest" in image.tags
        assert image.attrs["Config"]["User"] == "app"
    finally:
        client.close()
"""


@pytest.fixture
def tag(engine: Engine) -> Iterator[str]:
    """Name an image, which goes when the test is done."""
    name = f"hullproof-test-sessions-{os.getpid()}"
    yield name
    engine.client.images.remove(name, force=True)


@pytest.mark.nightly  # by day this repository's own sessions do the same
def test_the_sessions_lint_build_test_check_and_prove_a_project(
    engine: Engine, python_base: str, tmp_path: Path, tag: str
) -> None:
    """From nothing but a noxfile of three lines and a test; nothing but the named image is left."""
    assert python_base
    folder = tmp_path / "shop"
    shutil.copytree(GOOD, folder)
    (folder / "noxfile.py").write_text(NOXFILE.format(tag=tag))
    (folder / ".hadolint.yaml").write_text("ignored: [DL3066]\n")
    (folder / "container_tests").mkdir()
    (folder / "container_tests/test_image.py").write_text(CONTAINER_TEST.format(tag=tag))
    environ = {**os.environ, "NO_COLOR": "1"}
    ran = subprocess.run(
        [sys.executable, "-m", "nox"], cwd=folder, env=environ, capture_output=True, text=True, check=False
    )
    said = ran.stdout + ran.stderr
    assert ran.returncode == 0, said
    for session in ("lint", "build", "unit", "container", "prove"):
        assert f"* {session}: success" in said
    assert "1 passed" in said
    assert "PROVEN 11 of 11" in said
    assert left_by(engine, os.getpid()) == []


@pytest.mark.parametrize("signum", [pytest.param(signal.SIGINT, marks=pytest.mark.nightly), signal.SIGTERM])
def test_a_signal_for_nox_alone_ends_what_it_runs_in_time(
    cable: Cable, python_base: str, tmp_path: Path, signum: signal.Signals
) -> None:
    """Also while the engine hangs; the command's last words are heard, and `clean` removes what was left."""
    assert python_base
    folder = tmp_path / "shop"
    shutil.copytree(GOOD, folder)
    (folder / "noxfile.py").write_text(NOXFILE.format(tag="unused"))
    (tmp_path / "temporary").mkdir()
    environ = {
        **os.environ,
        "NO_COLOR": "1",
        "DOCKER_HOST": cable.host,
        "TMPDIR": str(tmp_path / "temporary"),
    }
    said = tmp_path / "said"
    with said.open("w") as out:
        nox = subprocess.Popen(
            [sys.executable, "-m", "nox", "-s", "prove"], cwd=folder, env=environ, stdout=out, stderr=out
        )
    try:
        until = time.monotonic() + 120
        while "looking at" not in said.read_text() and time.monotonic() < until:
            time.sleep(0.05)
        cable.pause()
        sent = time.monotonic()
        nox.send_signal(signum)
        assert nox.wait(60) != 0
        assert time.monotonic() - sent < 16
    finally:
        if nox.poll() is None:
            nox.kill()
            nox.wait()
        cable.resume()
    lines = [line for line in said.read_text().splitlines() if line.startswith("hullproof: interrupted")]
    assert len(lines) == 1
    assert "which did not answer within" in lines[0]
    done = subprocess.run(
        [sys.executable, "-m", "hullproof", "clean"], env=environ, capture_output=True, check=False
    )
    assert done.returncode == 0
    assert [each for each in (tmp_path / "temporary").iterdir() if each.suffix != ".lock"] == []
