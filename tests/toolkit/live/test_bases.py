"""Bases on a real engine: present, pulled from a registry of this test's own, stood in for."""

from __future__ import annotations

import hashlib
import io
import json
import subprocess
import tarfile
import threading
import time
import uuid
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

import pytest

from hullproof.engine import registry as registries
from hullproof.engine.connection import Engine
from hullproof.errors import EngineError
from hullproof.host.bases import provide_bases

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.engine


@pytest.fixture
def forgetful(monkeypatch: pytest.MonkeyPatch) -> None:
    """Remember no registry from another test."""
    monkeypatch.setattr(registries, "_unreachable", {})


def one_file_image() -> dict[str, bytes]:
    """Return what a registry serves for a one-layer image, by digest; the manifest under `manifest`."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        info = tarfile.TarInfo("marker")
        info.size = 32
        tar.addfile(info, io.BytesIO(uuid.uuid4().hex.encode()))
    layer = buffer.getvalue()
    digest = {name: f"sha256:{hashlib.sha256(data).hexdigest()}" for name, data in {"layer": layer}.items()}
    rootfs = {"type": "layers", "diff_ids": [digest["layer"]]}
    config = json.dumps({"os": "linux", "architecture": "amd64", "rootfs": rootfs, "config": {}}).encode()
    digest["config"] = f"sha256:{hashlib.sha256(config).hexdigest()}"
    kind = "application/vnd.docker.distribution.manifest.v2+json"
    manifest = {
        "schemaVersion": 2,
        "mediaType": kind,
        "config": {
            "mediaType": "application/vnd.docker.container.image.v1+json",
            "size": len(config),
            "digest": digest["config"],
        },
        "layers": [
            {
                "mediaType": "application/vnd.docker.image.rootfs.diff.tar",
                "size": len(layer),
                "digest": digest["layer"],
            }
        ],
    }
    return {digest["layer"]: layer, digest["config"]: config, "manifest": json.dumps(manifest).encode()}


@pytest.fixture
def registry() -> Iterator[str]:
    """Serve one image, `there/it:1`, as a registry does; yield its address, which the engine takes as insecure."""
    blobs = one_file_image()

    class Handler(BaseHTTPRequestHandler):
        def do_HEAD(self) -> None:
            self.do_GET()

        def do_GET(self) -> None:
            if self.path.rstrip("/") == "/v2":
                self.answer(200, b"{}", "application/json")
            elif self.path.startswith("/v2/there/it/manifests/"):
                self.answer(200, blobs["manifest"], "application/vnd.docker.distribution.manifest.v2+json")
            elif (blob := blobs.get(self.path.rpartition("/")[2])) is not None:
                self.answer(200, blob, "application/octet-stream")
            else:
                error = {"errors": [{"code": "MANIFEST_UNKNOWN", "message": "manifest unknown"}]}
                self.answer(404, json.dumps(error).encode(), "application/json")

        def answer(self, status: int, body: bytes, kind: str) -> None:
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.send_header("Docker-Content-Digest", f"sha256:{hashlib.sha256(body).hexdigest()}")
            self.end_headers()
            if self.command == "GET":
                self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


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
    assert base.known.size_bytes <= 110_000_000
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
