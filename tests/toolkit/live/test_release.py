"""A release from end to end, on a real engine and a real registry: built, proven, pushed, attested, verified."""

from __future__ import annotations

import json
import os
import re
import secrets
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from docker.errors import ImageNotFound

from hullproof.engine.connection import Engine

from ..cases.catalogue import GOOD
from ..conftest import Command
from ..evidence.pieces import write_keys
from ..evidence.verifiers import Verifiers

pytestmark = [pytest.mark.engine, pytest.mark.nightly]

NOXFILE = """\
from hullproof.sessions import image_sessions

image_sessions(reports="reports", tag="{tag}")
"""


@pytest.fixture
def place(engine: Engine, python_base: str, tmp_path: Path) -> Iterator[str]:
    """A name in a registry that the engine can push to; what was tagged so goes at the end."""
    assert python_base
    tools = Verifiers.had()
    if tools is None:
        pytest.skip("docker-registry is fetched from Debian where CI=true")
    with tools.registry(tmp_path) as host:
        name = f"{host}/team/shop:{secrets.token_hex(4)}"
        yield name
        for each in (name, f"{name}-broken", "hullproof-test-release:latest"):
            with suppress(ImageNotFound):
                engine.client.images.remove(each, force=True)


def release(folder: Path, *arguments: str | Path) -> tuple[int, str]:
    """Run the session; return its exit code and what it printed."""
    ran = subprocess.run(
        [sys.executable, "-m", "nox", "-s", "release", "--", *map(str, arguments)],
        cwd=folder,
        env={**os.environ, "NO_COLOR": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    return ran.returncode, ran.stdout + ran.stderr


def test_what_is_proven_is_pushed_attested_and_verified(place: str, command: Command, tmp_path: Path) -> None:
    """One session does it all and prints the digest; anybody verifies by that. A project that is broken is not pushed."""
    folder = tmp_path / "shop"
    shutil.copytree(GOOD, folder)
    (folder / "noxfile.py").write_text(NOXFILE.format(tag="hullproof-test-release"))
    private, public = write_keys(tmp_path)
    code, said = release(folder)
    assert (code, "say what to release: -- registry.example/shop:1.2" in said) == (1, True)
    given = (place, "--key", private, "--public-key", public)
    code, said = release(folder, *given)
    assert code == 0, said
    repository = place.rpartition(":")[0]
    released = re.search(rf"released ({re.escape(repository)}@sha256:[0-9a-f]{{64}})", said)
    assert released, said
    code, verified, _ = command("verify", released[1], "--key", str(public), "--profile", "guide")
    assert (code, verified.startswith(released[1])) == (0, True)
    checklist = (folder / "reports" / "checklist.md").read_text()
    assert f"`{released[1].partition('@')[2]}`" in checklist
    assert "| Signed by | `key sha256:" in checklist
    dockerfile = (folder / "Dockerfile").read_text()
    (folder / "Dockerfile").write_text(re.sub(r"(?m)^USER .*$", "", dockerfile))
    code, said = release(folder, place + "-broken", *given[1:])
    assert (code, "docker push" in said) == (1, False)


def test_a_pushed_image_is_proven_and_stated_by_its_manifest(
    engine: Engine, place: str, command: Command, tmp_path: Path
) -> None:
    """Without a project: `prove --image` knows the digest that the registry has, and writes statements about it."""
    (tmp_path / "Dockerfile").write_text('FROM scratch\nCOPY Dockerfile /\nCMD ["/x"]\n')
    docker = str(engine.docker)
    subprocess.run([docker, "build", "-q", "-t", place, str(tmp_path)], check=True, capture_output=True)
    subprocess.run([docker, "push", "-q", place], check=True, capture_output=True)
    (name,) = engine.client.images.get(place).attrs["RepoDigests"]
    file = tmp_path / "x.intoto.json"
    command("prove", "--image", place, "--only", "slim-base", "--output", str(file))
    (subject,) = json.loads(file.read_text())["subject"]
    assert f"sha256:{subject['digest']['sha256']}" == name.partition("@")[2]
