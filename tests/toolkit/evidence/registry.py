"""A registry in memory, which can refuse, ask for a login, be slow and lie."""

from __future__ import annotations

import base64
import json
import re
import ssl
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from hullproof.evidence.reference import Reference
from hullproof.evidence.registry import OCI_INDEX, OCI_MANIFEST

from ..registry import digest_of
from ..served import served

Answer = tuple[int, Mapping[str, str], bytes]
USER, PASSWORD, TOKEN = "me", "pass:word", "a-token"


class _Server(ThreadingHTTPServer):
    """A server whose clients may hang up."""

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ANN401 - http.server's
        """Say nothing."""


@dataclass
class FakeRegistry:
    """What it holds, and how it behaves. `login`: None, `basic` or `token`. `lie` may answer in its place."""

    keeps_referrers: bool = False
    login: str | None = None
    lie: Callable[[str, str], Answer | None] | None = None
    silence_s: float = 0.0
    blobs: dict[str, bytes] = field(default_factory=dict)
    manifests: dict[str, bytes] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    host: str = ""
    address: str = ""
    _served: ExitStack = field(default_factory=ExitStack)

    def start(self, *, tls: ssl.SSLContext | None = None, name: str = "127.0.0.1") -> None:
        """Serve, on a port of its own."""
        fake = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            wbufsize = -1  # an answer in one piece: in two, the second waits for the first one's receipt

            def handle_one(self) -> None:
                length = int(self.headers.get("Content-Length") or 0)
                body = self.rfile.read(length)
                fake.asked.append(f"{self.command} {self.path}")
                time.sleep(fake.silence_s)
                status, headers, answer = fake.answer(self.command, self.path, dict(self.headers), body)
                with suppress(OSError):
                    self.send_response(status)
                    for key, value in {"Content-Length": str(len(answer)), **headers}.items():
                        self.send_header(key, value)
                    self.end_headers()
                    if self.command != "HEAD":
                        self.wfile.write(answer)

            do_GET = do_PUT = do_POST = do_HEAD = handle_one  # noqa: N815 - http.server's names

            def log_message(self, *_: Any) -> None:  # noqa: ANN401 - http.server's
                """Say nothing."""

        server = _Server(("127.0.0.1", 0), Handler)
        if tls:
            server.socket = tls.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
        self.host = f"{name}:{server.server_port}"
        self.address = f"{'https' if tls else 'http'}://{self.host}"
        self._served.enter_context(served(server))

    def stop(self) -> None:
        """End."""
        self._served.close()

    # --- what it holds -----------------------------------------------------------------------------------

    def image(self, platform: str = "linux/amd64", *, tag: str = "1", salt: str = "") -> tuple[str, str]:
        """Put an image of one platform there; return the digests of its manifest and its configuration."""
        os_, _, rest = platform.partition("/")
        architecture, _, variant = rest.partition("/")
        config = json.dumps(
            {"os": os_, "architecture": architecture, "variant": variant, "salt": salt}
        ).encode()
        self.blobs[digest_of(config)] = config
        manifest = {
            "schemaVersion": 2,
            "mediaType": OCI_MANIFEST,
            "config": {"mediaType": "application/x", "digest": digest_of(config), "size": len(config)},
            "layers": [],
        }
        return self.put(manifest, tag), digest_of(config)

    def index(self, *platforms: str, tag: str = "1") -> list[tuple[str, str]]:
        """Put an image of several platforms there, with a note on a build beside them, as BuildKit does."""
        made = [self.image(each, tag=f"part-{at}") for at, each in enumerate(platforms)]
        note = {
            "digest": "sha256:" + "0" * 64,
            "size": 1,
            "annotations": {"vnd.docker.reference.type": "attestation-manifest"},
        }
        parts = [{"mediaType": OCI_MANIFEST, "digest": digest, "size": 1} for digest, _ in made]
        self.put({"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": [*parts, note]}, tag)
        return made

    def put(self, manifest: Mapping[str, Any], tag: str | None = None) -> str:
        """Put a manifest there, under its digest and a tag."""
        body = json.dumps(manifest).encode()
        self.manifests[digest_of(body)] = body
        if tag:
            self.manifests[tag] = body
        return digest_of(body)

    def reference(self, tag: str = "1") -> str:
        """Name an image in it."""
        return f"{self.host}/team/shop:{tag}"

    def parsed(self, tag: str = "1") -> Reference:
        """Return the same as the code has it."""
        return Reference.parse(self.reference(tag))

    # --- how it answers ----------------------------------------------------------------------------------

    def answer(self, method: str, path: str, headers: Mapping[str, str], body: bytes) -> Answer:
        """Answer a request."""
        if path.startswith("/token"):
            return self._token(path, headers)
        if self.login and not self._is_in(headers.get("Authorization", "")):
            challenge = (
                f'Bearer realm="{self.address}/token",service="fake",scope="repository:team/shop:pull,push"'
                if self.login == "token"
                else 'Basic realm="fake"'
            )
            return 401, {"WWW-Authenticate": challenge}, b""
        if self.lie and (said := self.lie(method, path)) is not None:
            return said
        kind, _, what = path.removeprefix("/v2/team/shop/").partition("/")
        if not path.startswith("/v2/team/shop/"):
            return 404, {}, b""
        return getattr(self, f"_{kind}")(method, what, body)  # type: ignore[no-any-return]

    def _is_in(self, authorization: str) -> bool:
        basic = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
        return authorization == (f"Bearer {TOKEN}" if self.login == "token" else f"Basic {basic}")

    def _token(self, path: str, headers: Mapping[str, str]) -> Answer:
        basic = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
        asked = parse_qs(urlsplit(path).query)
        if headers.get("Authorization") != f"Basic {basic}" or asked["service"] != ["fake"]:
            return 401, {}, b"{}"
        return 200, {}, json.dumps({"token": TOKEN}).encode()

    def _manifests(self, method: str, what: str, body: bytes) -> Answer:
        if method == "PUT":
            found = json.loads(body)
            self.manifests[digest_of(body)] = self.manifests[what] = body
            subject = (found.get("subject") or {}).get("digest")
            return 201, {"OCI-Subject": subject} if subject and self.keeps_referrers else {}, b""
        if what not in self.manifests:
            return 404, {}, b'{"errors":[{"code":"MANIFEST_UNKNOWN"}]}'
        found = self.manifests[what]
        return 200, {"Content-Type": json.loads(found).get("mediaType", OCI_MANIFEST)}, found

    def _blobs(self, method: str, what: str, body: bytes) -> Answer:
        if what == "uploads/":
            return 202, {"Location": "/v2/team/shop/blobs/uploads/1?state=x"}, b""
        if method == "PUT":
            self.blobs[re.search(r"digest=(sha256:\w+)", what)[1]] = body  # type: ignore[index]
            return 201, {}, b""
        return (200, {}, self.blobs[what]) if what in self.blobs else (404, {}, b"")

    def _referrers(self, _method: str, what: str, _body: bytes) -> Answer:
        if not self.keeps_referrers:
            return 404, {}, b"404 page not found"
        parsed = {
            digest: json.loads(body)
            for digest, body in self.manifests.items()
            if digest.startswith("sha256:")
        }
        found = [
            {"mediaType": OCI_MANIFEST, "digest": digest, "size": len(self.manifests[digest])}
            for digest, manifest in parsed.items()
            if (manifest.get("subject") or {}).get("digest") == what
        ]
        body = {"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": found}
        return 200, {"Content-Type": OCI_INDEX}, json.dumps(body).encode()
