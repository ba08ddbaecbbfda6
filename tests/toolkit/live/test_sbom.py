"""The bill of materials of a real image, against what the container itself says, and against syft."""

from __future__ import annotations

import json
import re
import secrets
import subprocess
import sysconfig
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from hullproof.engine.connection import Engine

from ..cases.catalogue import GOOD
from ..conftest import Command

pytestmark = pytest.mark.engine

DISTRIBUTIONS = "import importlib.metadata as m; [print(d.name, d.version) for d in m.distributions()]"
PYTHONS = "for p in $(ls /venv/bin/python /usr/bin/python3 /usr/local/bin/python3 2>/dev/null); do"


@pytest.fixture
def image(engine: Engine, python_base: str, command: Command) -> Iterator[str]:
    """The good project's image, under a name."""
    assert python_base
    name = f"hullproof-test-sbom:{secrets.token_hex(4)}"
    assert command("build", str(GOOD), "--tag", name)[0] == 0
    yield name
    engine.client.images.remove(name, force=True)


@pytest.fixture
def found(command: Command, image: str, tmp_path: Path) -> list[dict[str, Any]]:
    """The components that our bill of materials names."""
    assert image
    file = tmp_path / "sbom.cdx.json"
    command("prove", str(GOOD), "--only", "slim-base", "--no-experiments", "--output", str(file))
    components = json.loads(file.read_text())["components"]
    assert components
    return list(components)


def of(components: list[dict[str, Any]], kind: str) -> set[tuple[str, str]]:
    """Return names and versions of the components of a kind, as PyPI and Debian write them."""
    chosen = (each for each in components if str(each.get("purl", "")).startswith(f"pkg:{kind}/"))
    return {(normal(each["name"]) if kind == "pypi" else each["name"], each["version"]) for each in chosen}


def normal(name: str) -> str:
    """Return a name as PyPI writes it (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()


def said(engine: Engine, image: str, script: str) -> set[tuple[str, str]]:
    """Run a script in a container of the image; return its lines, each two words."""
    run = [str(engine.docker), "run", "--rm", "--network=none", "--entrypoint=sh", image, "-c", script]
    done = subprocess.run(run, check=True, capture_output=True, text=True)
    return {(line.split(" ")[0], line.split(" ")[1]) for line in done.stdout.splitlines()}


@pytest.mark.nightly
def test_it_is_what_python_and_dpkg_say(engine: Engine, image: str, found: list[dict[str, Any]]) -> None:
    """Every distribution that a Python there can import and every package that is installed, and nothing else."""
    imported = said(engine, image, f"{PYTHONS} $p -c '{DISTRIBUTIONS}'; done")
    assert of(found, "pypi") == {(normal(name), version) for name, version in imported}
    installed = said(
        engine, image, "dpkg-query -W -f '${Package} ${Version} ${db:Status-Status}\\n' | grep ' installed$'"
    )
    assert of(found, "deb") == installed


@pytest.mark.nightly
def test_syft_finds_no_other_packages(
    engine: Engine, image: str, found: list[dict[str, Any]], tmp_path: Path
) -> None:
    """All of its packages are ours; what we have beyond them it misses, and the container says that they are there."""
    syft = Path(sysconfig.get_path("scripts"), "syft")
    archive, file = tmp_path / "image.tar", tmp_path / "syft.json"
    subprocess.run([str(engine.docker), "save", "-o", archive, image], check=True)
    subprocess.run(
        [syft, "scan", f"docker-archive:{archive}", "-q", "-o", f"cyclonedx-json={file}"], check=True
    )
    theirs = json.loads(file.read_text())["components"]
    assert of(theirs, "deb") == of(found, "deb")
    assert of(theirs, "pypi") <= of(found, "pypi")
