"""Containers for tests that watch them: images made without a build, and booted as a project has it that says nothing."""

from __future__ import annotations

import io
import json
import tarfile
from typing import TYPE_CHECKING, Any, TypeVar

from hullproof.engine.boot import BootedContainer
from hullproof.engine.container.sidecar import Helper
from hullproof.owner import RUN_LABEL, image_name

from .rig import run_labels

if TYPE_CHECKING:
    from hullproof.engine.connection import Engine

Booted = TypeVar("Booted", bound=BootedContainer)

SERVE = """
import http.server, signal, sys, time
signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200 if self.path in ("/", "/healthz") else 503)
        self.end_headers()
def serve(address="0.0.0.0", port=5000, server=http.server.ThreadingHTTPServer):
    server((address, port), Handler).serve_forever()
"""


class Images:
    """Makes small images without a build: a container's file system, committed with another configuration."""

    def __init__(self, engine: Engine, base: str) -> None:
        """Begin with none."""
        self.client = engine.client
        self.base = base
        self._labels = run_labels()
        self._made: list[str] = []

    def python(self, code: str, *changes: str) -> str:
        """Make an image that runs `code` as /app/run.py, configured by lines of a Dockerfile."""
        return self.commit(
            {"app/run.py": (SERVE + code).encode()},
            "WORKDIR /app",
            "EXPOSE 5000/tcp",
            'CMD ["python3", "run.py"]',
            *changes,
        )

    def commit(self, files: dict[str, bytes], *changes: str, first: str = "true") -> str:
        """Put files onto the base, after a shell command was run in it."""
        made = self.client.api.create_container(self.base, ["sh", "-c", first], labels=self._labels)["Id"]
        try:
            if first != "true":
                self.client.api.start(made)
                assert self.client.api.wait(made, timeout=60)["StatusCode"] == 0
            self.client.api.put_archive(made, "/", archive(files))
            image = str(self.client.api.commit(made, changes=[*changes])["Id"])
        finally:
            self.client.api.remove_container(made, v=True)
        return self._named(image)

    def scratch(self, files: dict[str, bytes], *changes: str) -> str:
        """Make an image of nothing but `files`."""
        said = self.client.api.import_image_from_data(archive(files), changes=[*changes])
        return self._named(str(json.loads(said.strip().splitlines()[-1])["status"]))

    def _named(self, image: str) -> str:
        """Give an image a name that tells whose it is."""
        repository, _, tag = image_name(self._labels[RUN_LABEL]).partition(":")
        self.client.api.tag(image, repository, tag)
        self._made.append(image)
        return image

    def remove(self) -> None:
        """Remove what was made."""
        for image in self._made:
            self.client.api.remove_image(image, force=True)


def archive(files: dict[str, bytes]) -> bytes:
    """Pack files, all of them executable."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as tar:
        for path, content in files.items():
            entry = tarfile.TarInfo(path)
            entry.size, entry.mode = len(content), 0o755
            tar.addfile(entry, io.BytesIO(content))
    return packed.getvalue()


class Boots:
    """Starts containers, and knows which of them are left."""

    def __init__(self, engine: Engine, base: str) -> None:
        """Look at them from `base`."""
        self._engine = engine
        self._defaults: dict[str, Any] = {
            "labels": run_labels(),
            "env": {},
            "ready": None,
            "ready_timeout_s": 20.0,
            "exposed": ["5000/tcp"],
            "stop_signal": "SIGTERM",
            "helper": Helper(base, base),
        }

    def start(self, kind: type[Booted], image: str, *, engine: Engine | None = None, **more: Any) -> Booted:  # noqa: ANN401 - of `start`
        """Start one, on another way to the engine where that is given."""
        return kind.start(engine or self._engine, image, **(self._defaults | more))

    def left(self) -> list[Any]:
        """Find the containers that are left, sidecars included."""
        labels = [f"{name}={value}" for name, value in self._defaults["labels"].items()]
        found: list[Any] = self._engine.client.containers.list(all=True, filters={"label": labels})
        return found
