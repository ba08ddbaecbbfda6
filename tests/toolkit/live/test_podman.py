"""Podman's socket: images that are there are proven over it, as over Docker's; nothing is built."""

from __future__ import annotations

import json
import secrets
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from hullproof.engine.connection import Engine

from ..boots import Images
from ..cases.catalogue import GOOD
from ..conftest import Command
from ..daemon import hand_over
from ..rig import PATIENCE_S, Cable

pytestmark = [pytest.mark.engine, pytest.mark.nightly]


@pytest.fixture
def podman(open_folder: Path) -> Iterator[str]:
    """Where a Podman of the test's own listens."""
    program = shutil.which("podman")
    if program is None:
        pytest.skip("podman is not installed")
    place = open_folder / "podman"
    folders = [f"--root={open_folder}/graph", f"--runroot={open_folder}/run"]
    with subprocess.Popen([program, *folders, "system", "service", "--time=0", f"unix://{place}"]) as service:
        try:
            until = time.monotonic() + PATIENCE_S
            while not Cable.listens(place):
                assert service.poll() is None
                assert time.monotonic() < until
                time.sleep(0.1)
            yield f"unix://{place}"
        finally:
            service.terminate()


def test_an_image_is_proven_over_podmans_socket(  # noqa: PLR0917 - fixtures
    podman: str,
    engine: Engine,
    command: Command,
    images: Images,
    python_base: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """By all that it shows, its container included; nothing of ours stays."""
    repository, tag = "hullproof-test-podman", secrets.token_hex(4)
    name = f"{repository}:{tag}"
    images.client.api.tag(images.python("serve()", "USER 1000", "EXPOSE 5000"), repository, tag)
    hand_over(engine.endpoint.host, podman, name, python_base)
    images.client.api.remove_image(name)
    monkeypatch.setenv("DOCKER_HOST", podman)
    monkeypatch.setenv("HULLPROOF_SIDECAR_IMAGE", python_base)
    observed = ("non-root-user", "expose")
    _, out, err = command("prove", "--image", name, "--only", ",".join(observed), "--format", "json")
    assert out, err
    report = json.loads(out)
    assert {each["id"]: each["verdict"] for each in report["proofs"]} == dict.fromkeys(observed, "proven"), (
        out
    )
    assert report["engine"]["buildx_version"] is None
    left = subprocess.run(["docker", "--host", podman, "ps", "-aq"], check=True, capture_output=True)
    assert left.stdout == b""


def test_a_build_is_refused_in_one_line(
    podman: str, command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Which says what can be proven there."""
    monkeypatch.setenv("DOCKER_HOST", podman)
    code, _, err = command("prove", str(GOOD))
    assert (code, len(err.splitlines())) == (3, 1)
    assert "is Podman, which has no BuildKit" in err
    assert "--image" in err
