"""Bases on a real engine: present, pulled from a registry of this test's own, stood in for."""

from __future__ import annotations

import subprocess
import time
import uuid
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest
from docker.errors import ImageNotFound

from hullproof.engine import registry as registries
from hullproof.engine.connection import Engine
from hullproof.engine.layers import read_files
from hullproof.errors import EngineError
from hullproof.host.bases import provide_bases

from ..registry import Registry, serving

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.engine


@pytest.fixture
def forgetful(monkeypatch: pytest.MonkeyPatch) -> None:
    """Remember no registry from another test."""
    monkeypatch.setattr(registries, "_unreachable", {})


@pytest.fixture
def registry() -> Iterator[str]:
    """Serve one image, `there/it:1`, as a registry does; yield its address, which the engine takes as insecure."""
    kept = Registry()
    kept.image("there/it:1")
    with serving(kept) as address:
        yield address


@pytest.mark.usefixtures("forgetful")
def test_pulled_where_a_registry_has_it(engine: Engine, registry: str) -> None:
    """The second time it is present; nothing is handed to the build, since the name is right as it is."""
    reference = f"{registry}/there/it:1"
    try:
        (first,) = provide_bases(engine, [reference], say=lambda _: None).bases
        again = provide_bases(engine, [reference], say=lambda _: None)
        assert (first.origin, again.bases[0].origin, again.build_contexts) == ("pulled", "present", {})
        assert len(first.known.diff_ids) == 1
    finally:
        with suppress(ImageNotFound):  # what kept it from being pulled is told, not this
            engine.client.images.remove(reference, force=True)


@pytest.mark.usefixtures("forgetful")
def test_a_typing_error_is_no_reason_for_a_stand_in(engine: Engine, registry: str) -> None:
    """The registry answers that there is no such image: that is said."""
    with pytest.raises(EngineError, match=f"{registry} has no image {registry}/there/not:1"):
        provide_bases(engine, [f"{registry}/there/not:1"], say=lambda _: None)


@pytest.mark.usefixtures("forgetful")
def test_an_unreachable_registry_costs_its_time_once(engine: Engine) -> None:
    """Ten references to a registry that does not answer are one wait."""
    started = time.monotonic()
    for number in range(10):
        with pytest.raises(EngineError, match="neither present nor pullable"):
            provide_bases(engine, [f"127.0.0.1:1/x/{number}:1"], say=lambda _: None)
    assert time.monotonic() - started < 12


@pytest.fixture
def offline(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let Docker Hub count as unreachable, also where it is not."""
    monkeypatch.setattr(registries, "_unreachable", {(engine.endpoint.host, "docker.io"): "test"})


# A Python that no machine has an image of, so that the stand-in is asked for.
ASKED = "python:3.10.0a1-slim"


@pytest.mark.usefixtures("offline")
def test_stand_in_for_a_plain_dockerfile(engine: Engine, tmp_path: Path) -> None:
    """Made once, said once, laid out as the official images are, trusted by what installs packages."""
    said: list[str] = []
    found = provide_bases(engine, [ASKED, f"docker.io/library/{ASKED}"], say=said.append, may_install=True)
    (base,) = found.bases
    assert base.stand_in
    assert read_files(engine, base.known.id, base_diff_ids=base.known.diff_ids).size_bytes <= 110_000_000
    assert base.note is not None
    assert f"asked for {ASKED}, got Debian 12's Python 3.11" in base.note
    assert sum("got Debian" in line and "asked for" in line for line in said) == 1
    labels = engine.client.images.get(base.image).labels
    assert labels["hullproof.stand-in"] == "1"
    assert "hullproof.run" not in labels
    (tmp_path / "Dockerfile").write_text(
        f"FROM docker.io/library/{ASKED}\n"
        "RUN test $(command -v python) = /usr/local/bin/python && test $(command -v pip) = /usr/local/bin/pip\n"
        "RUN pip install --no-cache-dir flask && test -x /usr/local/bin/flask\n"
        "RUN test -d /usr/local/lib/python3.11/site-packages/flask\n"
        # What compiles an extension module needs, once there is a compiler.
        "RUN test -f $(python -c 'import sysconfig; print(sysconfig.get_path(\"include\"))')/Python.h\n"
        "RUN python -m venv /v && useradd a && adduser --system b && python -m pip --version\n"
    )
    run = uuid.uuid4().hex
    contexts = [f"--build-context={name}={value}" for name, value in found.build_contexts.items()]
    done = subprocess.run(
        engine.cli(
            "buildx", "build", "--progress=plain", "-t", f"hullproof-test/{run}", *contexts, str(tmp_path)
        ),
        check=False,
        capture_output=True,
        text=True,
        timeout=300,
    )
    try:
        assert done.returncode == 0, done.stderr[-2000:]
        config = engine.client.images.get(f"hullproof-test/{run}").attrs["Config"]
        assert sorted(entry.partition("=")[0] for entry in config["Env"]) == [
            "LANG",
            "PATH",
            "PYTHON_VERSION",
        ]
    finally:
        if done.returncode == 0:
            engine.client.images.remove(f"hullproof-test/{run}", force=True)
