"""Runs tests on another engine than this machine's: `python -m tests.toolkit.engines KIND [pytest's arguments]`.

The engine is of its own, in a network of its own that leads nowhere, so that the tests are those that fetch nothing. It is
started from the `dockerd` on PATH: with another one in front, that is what is tested.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from hullproof.engine.connection import Engine
from hullproof.host.bases import provide_bases

from .conftest import PYTHON_BASE
from .daemon import Daemon, hand_over

CONTAINERD = {"features": {"containerd-snapshotter": True}}
KINDS: Mapping[str, tuple[Mapping[str, object], Mapping[str, str]]] = {
    "classic": ({}, {}),
    "containerd": (CONTAINERD, {}),
    "api-1.44": (CONTAINERD, {"DOCKER_MIN_API_VERSION": "1.44"}),
    "few-files": ({"default-ulimits": {"nofile": {"Name": "nofile", "Soft": 1024, "Hard": 1024}}}, {}),
}
"""What dockerd is told, in its settings and its environment."""

TESTS = [
    f"tests/toolkit/live/test_{name}.py"
    for name in ("image", "visit", "sidecar", "limits", "same_image", "identity", "boot")
]


FETCH_NOTHING = "not published_port and not lives_again and not from_a_registry"
"""What the tests' own process and such an engine cannot reach of each other: ports, and registries of the tests' own."""


def main(kind: str, *arguments: str) -> int:
    """Run the tests on one; return pytest's exit code."""
    settings, environ = KINDS[kind]
    own = Engine.connect()
    base = provide_bases(own, [PYTHON_BASE], say=print, may_install=True).bases[0].image
    with tempfile.TemporaryDirectory(prefix="hullproof-test-", dir="/var/tmp") as name:
        folder = Path(name)
        (folder / "daemon.json").write_text(json.dumps(settings))
        os.environ.update(environ)
        daemon = Daemon(folder, f"--config-file={folder}/daemon.json")
        try:
            hand_over(own.endpoint.host, daemon.host, base)
            subprocess.run(["docker", "--host", daemon.host, "version"], check=True)
            command = [sys.executable, "-m", "pytest", "-m", "engine and not nightly", "-k", FETCH_NOTHING]
            return subprocess.run(
                [*command, *(arguments or TESTS)], env={**os.environ, "DOCKER_HOST": daemon.host}, check=False
            ).returncode
        finally:
            daemon.end()


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
