"""A registry of a test's own: it serves images that are made here, and can behave as bad ones do."""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from .boots import archive
from .served import served

MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
INDEX = "application/vnd.docker.distribution.manifest.list.v2+json"

Blobs = dict[str, tuple[bytes, str]]
"""What is kept, with its media type, by digest."""


def digest_of(content: bytes) -> str:
    """Return the digest of some content."""
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def _descriptor(content: bytes, kind: str) -> dict[str, object]:
    return {"mediaType": kind, "size": len(content), "digest": digest_of(content)}


@dataclass
class Registry:
    """What a registry keeps. `misbehave`, where it is set, answers a request in its own way, and says whether it did."""

    blobs: Blobs = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)
    misbehave: Callable[[BaseHTTPRequestHandler], bool] | None = None

    def _keep(self, content: bytes, kind: str) -> dict[str, object]:
        self.blobs[digest_of(content)] = content, kind
        return _descriptor(content, kind)

    def image(self, *names: str, architecture: str = "amd64") -> str:
        """Keep an image of one layer with one file, under names such as `there/it:1`; return its manifest's digest."""
        content = archive({"marker": uuid.uuid4().hex.encode()})
        layer = self._keep(content, "application/vnd.docker.image.rootfs.diff.tar")
        rootfs = {"type": "layers", "diff_ids": [layer["digest"]]}
        about = {
            "os": "linux",
            "architecture": architecture,
            "rootfs": rootfs,
            "config": {"Cmd": ["/marker"]},
        }
        config = self._keep(json.dumps(about).encode(), "application/vnd.docker.container.image.v1+json")
        manifest = {"schemaVersion": 2, "mediaType": MANIFEST, "config": config, "layers": [layer]}
        return self._name(json.dumps(manifest).encode(), MANIFEST, names)

    def index(self, *names: str, **manifests: str) -> str:
        """Keep an index of manifests by architecture, under names; return its digest."""
        parts = [
            {
                **_descriptor(*self.blobs[each]),
                "platform": {"os": "linux", "architecture": architecture},
            }
            for architecture, each in manifests.items()
        ]
        index = {"schemaVersion": 2, "mediaType": INDEX, "manifests": parts}
        return self._name(json.dumps(index).encode(), INDEX, names)

    def _name(self, content: bytes, kind: str, names: tuple[str, ...]) -> str:
        self.names.update(dict.fromkeys(names, digest_of(content)))
        return str(self._keep(content, kind)["digest"])

    def find(self, path: str) -> tuple[bytes, str] | None:
        """Return what is asked for by a path of the registry's API, and its media type."""
        if path.rstrip("/") == "/v2":
            return b"{}", "application/json"
        repository, _, reference = path.removeprefix("/v2/").rpartition("/")
        repository = repository.removesuffix("/manifests").removesuffix("/blobs")
        return self.blobs.get(self.names.get(f"{repository}:{reference}", reference))

    def archive(self, top: str) -> bytes:
        """Return all that is kept as an OCI layout, to be loaded; `top` is the digest that it is about."""
        files = {f"blobs/{each.replace(':', '/')}": content for each, (content, _) in self.blobs.items()}
        files["oci-layout"] = b'{"imageLayoutVersion": "1.0.0"}'
        files["index.json"] = json.dumps(
            {"schemaVersion": 2, "manifests": [_descriptor(*self.blobs[top])]}
        ).encode()
        return archive(files)


@contextmanager
def serving(kept: Registry) -> Iterator[str]:
    """Serve what is kept; yield the address, which the engine takes as insecure."""

    class Handler(BaseHTTPRequestHandler):
        def do_HEAD(self) -> None:
            self.do_GET()

        def do_GET(self) -> None:
            if kept.misbehave is not None and kept.misbehave(self):
                return
            found = kept.find(self.path)
            error = {"errors": [{"code": "MANIFEST_UNKNOWN", "message": "manifest unknown"}]}
            content, kind = found or (json.dumps(error).encode(), "application/json")
            self.send_response(200 if found else 404)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(content)))
            self.send_header("Docker-Content-Digest", digest_of(content))
            self.end_headers()
            if self.command == "GET":
                self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with served(ThreadingHTTPServer(("127.0.0.1", 0), Handler)) as server:
        yield f"127.0.0.1:{server.server_port}"
