"""Registries that refuse, ask for a login, are slow, and lie."""

from __future__ import annotations

import base64
import datetime as dt
import ipaddress
import json
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from hullproof.errors import UsageError
from hullproof.evidence.errors import NotThereError, RegistryError
from hullproof.evidence.images import find
from hullproof.evidence.reference import Reference
from hullproof.evidence.registry import OCI_INDEX, OCI_MANIFEST, Registry

from .pieces import private
from .registry import PASSWORD, USER, Answer, FakeRegistry


@pytest.fixture
def asked(registry: FakeRegistry) -> Iterator[Registry]:
    """The client, of a registry that has an image; half a second is its patience."""
    registry.image()
    with closing(Registry(registry.parsed(), deadline_s=0.5)) as client:
        yield client


def log_in(folder: Path, host: str, password: str = PASSWORD) -> None:
    """Store a login as `docker login` does."""
    encoded = base64.b64encode(f"{USER}:{password}".encode()).decode()
    (folder / "config.json").write_text(json.dumps({"auths": {host: {"auth": encoded}}}))


@pytest.mark.parametrize("kind", ["basic", "token"])
def test_the_login_that_docker_stored_is_used(
    registry: FakeRegistry, asked: Registry, tmp_path: Path, kind: str
) -> None:
    """In both ways; without one, or with a wrong one, a line says what to run."""
    registry.login = kind
    with pytest.raises(RegistryError, match=rf"\(it needs a login\): run `docker login {registry.host}`"):
        asked.manifest("1")
    log_in(tmp_path, registry.host, "wrong")
    with pytest.raises(RegistryError, match="the login that is stored is not enough"):
        asked.manifest("1")
    log_in(tmp_path, registry.host)
    assert asked.manifest("1").digest
    assert asked.push_blob(b"x")


def test_a_credential_store_that_is_not_there_is_one_line(
    registry: FakeRegistry, asked: Registry, tmp_path: Path
) -> None:
    """As Docker Desktop leaves it behind."""
    registry.login = "basic"
    (tmp_path / "config.json").write_text('{"credsStore": "gone-from-here"}')
    with pytest.raises(RegistryError, match="cannot be read from Docker's credential store"):
        asked.manifest("1")


def test_no_password_is_sent_in_the_open(registry: FakeRegistry, asked: Registry, tmp_path: Path) -> None:
    """A registry names the place that it is sent to: one that is not encrypted gets none."""
    log_in(tmp_path, registry.host)
    registry.lie = lambda *_: (401, {"WWW-Authenticate": 'Bearer realm="http://evil.example/token"'}, b"")
    with pytest.raises(RegistryError, match="not encrypted: it is not sent"):
        asked.manifest("1")


def test_a_login_of_netrc_is_nobodys(
    registry: FakeRegistry, asked: Registry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is neither sent unasked, nor in the place of the right one."""
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login other password other\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    registry.login = "token"
    log_in(tmp_path, registry.host)
    assert asked.manifest("1")


def test_a_login_of_netrc_goes_nowhere_that_a_registry_leads_to(
    registry: FakeRegistry, asked: Registry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither where it redirects to."""
    (tmp_path / "netrc").write_text(f"machine 127.0.0.1 login {USER} password {PASSWORD}\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    with elsewhere(login="basic") as other:
        digest, _ = other.image()
        registry.lie = lambda _, path: (307, {"Location": f"{other.address}{path}"}, b"")
        with pytest.raises(RegistryError, match=r"\(401\)"):
            asked.manifest(digest)


def test_a_login_is_for_the_registry_that_asks_and_for_nobody_it_leads_to(
    registry: FakeRegistry, asked: Registry, tmp_path: Path
) -> None:
    """A store of blobs that asks for one gets none, nor does the token service that it names."""
    log_in(tmp_path, registry.host)
    with elsewhere() as other:
        challenge = {"WWW-Authenticate": f'Bearer realm="{other.address}/token",service="fake"'}
        other.lie = lambda *_: (401, challenge, b"")
        registry.lie = lambda _, path: (307, {"Location": f"{other.address}{path}"}, b"")
        with pytest.raises(RegistryError, match=r"\(401\)"):
            asked.blob("sha256:" + "0" * 64)
        assert [each.partition(" ")[2].partition("?")[0] for each in other.asked] == [
            f"/v2/team/shop/blobs/sha256:{'0' * 64}"
        ]


@contextmanager
def elsewhere(login: str | None = None) -> Iterator[FakeRegistry]:
    """Another server."""
    other = FakeRegistry(login=login)
    other.start()
    try:
        yield other
    finally:
        other.stop()


def _chunked(_method: str, _path: str) -> Answer:
    return 200, {}, b"x" * 40_000_000


LIES: list[Any] = [
    pytest.param(lambda *_: (200, {}, b"{}"), "has no configuration", id="no manifest"),
    pytest.param(lambda *_: (200, {}, b"<html>"), "does not answer as registries do", id="a page"),
    pytest.param(lambda *_: (200, {}, b"[1]"), "does not answer as registries do", id="a list"),
    pytest.param(lambda *_: (200, {}, b"[" * 100_000), "does not answer as registries do", id="depth without end"),
    pytest.param(_chunked, "answers with more than 4,000,000 bytes", id="too much"),
    pytest.param(lambda *_: (500, {}, b""), r"refuses team/shop:1 \(500\)", id="an error"),
    pytest.param(lambda *_: (503, {}, b'{"errors":[{"code":"UNAVAILABLE","message":"later"}]}'), r"503, UNAVAILABLE later", id="an error that says why"),
    pytest.param(lambda *_: (429, {}, b'{"errors":"x"}'), r"\(429\)", id="too many requests"),
    pytest.param(lambda *_: (500, {}, b"[" * 100_000), r"\(500\)", id="an error without end"),
    pytest.param(lambda *_: (401, {"WWW-Authenticate": "Bearer x"}, b"[" * 100_000), "needs a login", id="no realm"),
    pytest.param(lambda *_: (200, {}, b'{"mediaType": "application/vnd.oci.image.index.v1+json", "manifests": 5}'), "is an index of no image", id="a number of images"),
    pytest.param(lambda *_: (200, {}, b'{"mediaType": "application/vnd.oci.image.index.v1+json", "manifests": [{"annotations": 5, "digest": 1}]}'), "has no team/shop:1|has no configuration", id="a number of notes"),
    pytest.param(lambda *_: (403, {}, b'{"errors":[{"code":"DENIED"}]}'), "403, DENIED", id="a refusal"),
    pytest.param(lambda *_: (200, {"Content-Length": "100"}, b"{"), "cannot be reached|did not", id="less than it says"),
    pytest.param(lambda *_: (200, {}, b'{"mediaType": "application/vnd.oci.image.index.v1+json", "manifests": []}'), "is an index of no image", id="an empty index"),
    pytest.param(lambda *_: (401, {}, b""), "it needs a login", id="a refusal without a challenge"),
    pytest.param(lambda *_: (401, {"WWW-Authenticate": "Negotiate x"}, b""), "it needs a login", id="another challenge"),
    pytest.param(lambda *_: (302, {"Location": "http://127.0.0.1:9/"}, b""), "cannot be reached", id="sent elsewhere"),
    pytest.param(lambda *_: (302, {"Location": "https://["}, b""), "cannot be reached", id="sent nowhere"),
    pytest.param(lambda *_: (401, {"WWW-Authenticate": 'Bearer realm="https://["'}, b""), "cannot be reached", id="a realm that is nowhere"),
]  # fmt: skip


@pytest.mark.parametrize(("lie", "said"), LIES)
def test_a_wrong_answer_is_one_line(
    registry: FakeRegistry,
    asked: Registry,
    lie: Callable[[str, str], Answer],
    said: str,
) -> None:
    """What comes is bounded, and nothing of it is a traceback."""
    registry.lie = lie
    with pytest.raises(RegistryError, match=said) as refused:
        find(asked, registry.parsed())
    assert "\n" not in str(refused.value)


def test_content_is_what_its_digest_says(registry: FakeRegistry, asked: Registry) -> None:
    """Other content under a digest is refused, of manifests as of blobs."""
    digest, config = registry.image(tag="2")
    other, _ = registry.image(tag="3", salt="x")
    registry.manifests[digest] = registry.manifests[other]
    registry.blobs[config] = b"{}"
    for ask in (lambda: asked.manifest(digest), lambda: asked.blob(config)):
        with pytest.raises(RegistryError, match="answers with other content than sha256"):
            ask()


@pytest.mark.parametrize(
    ("of_the_second", "said"),
    [
        ({}, "index of linux/amd64 and linux/amd64; name one by its digest"),
        ({"platform": {"os": "linux", "architecture": "s390x"}}, "says linux/s390x of an image that is for linux/amd64"),
        (
            {"platform": {"os": "linux", "architecture": "amd64"}, "annotations": {"vnd.docker.reference.type": "x"}},
            "index of linux/amd64 and linux/amd64",
        ),
    ],
)  # fmt: skip
def test_the_image_that_is_found_is_the_one_that_an_engine_would_choose(
    registry: FakeRegistry, asked: Registry, of_the_second: dict[str, Any], said: str
) -> None:
    """An index that has another one for the same platform, by whatever name, hides neither."""
    both = [registry.image(tag=each, salt=each)[0] for each in ("good", "other")]
    (first, second) = ({"mediaType": OCI_MANIFEST, "digest": each, "size": 1} for each in both)
    listed = [{**first, "platform": {"os": "linux", "architecture": "amd64"}}, {**second, **of_the_second}]
    for order in (1, -1):
        registry.put({"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": listed[::order]}, "1")
        with pytest.raises((UsageError, RegistryError), match=said):
            find(asked, registry.parsed(), "linux/amd64")
    assert find(asked, registry.parsed("good"), "linux/amd64").digest == both[0]


def test_a_registry_that_says_nothing_is_not_waited_for(registry: FakeRegistry, asked: Registry) -> None:
    """The line says how long it was waited."""
    registry.silence_s = 2
    with pytest.raises(RegistryError, match=r"did not answer within 0\.5 s"):
        asked.manifest("1")


@pytest.mark.parametrize("head", [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n"])
def test_a_registry_that_answers_a_byte_at_a_time_has_no_longer(head: bytes) -> None:
    """Each byte is in time; the whole is not, be it the head or the body."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def drip() -> None:
            connection, _ = server.accept()
            with suppress(OSError), connection:
                connection.recv(65_536)
                connection.sendall(head)
                for _ in range(60):
                    connection.sendall(b"{")
                    time.sleep(0.05)

        threading.Thread(target=drip, daemon=True).start()
        reference = Reference.parse(f"127.0.0.1:{server.getsockname()[1]}/team/shop:1")
        with (
            closing(Registry(reference, deadline_s=0.5)) as client,
            pytest.raises(RegistryError, match=r"did not answer within 0\.5 s"),
        ):
            client.manifest("1")


def test_all_pages_of_what_refers_to_a_manifest_are_read(registry: FakeRegistry, asked: Registry) -> None:
    """The newest may be on the last; a list without an end is one line."""
    digest, _ = registry.image()

    def paged(_method: str, path: str) -> Answer | None:
        if "/referrers/" not in path:
            return None
        number = int(path.partition("?n=")[2] or 0)
        link = {} if number == last else {"Link": f'<{path.partition("?")[0]}?n={number + 1}>; rel="next"'}
        return 200, link, json.dumps({"manifests": [{"digest": f"sha256:{number}"}]}).encode()

    registry.lie, last = paged, 2
    assert asked.referrers(digest)[:-1] == ["sha256:0", "sha256:1", "sha256:2"]
    last = -1
    with pytest.raises(RegistryError, match="has more than 20 pages"):
        asked.referrers(digest)


def test_what_is_no_address_is_not_followed(registry: FakeRegistry, asked: Registry) -> None:
    """Of a next page as of a place for content."""
    headers = {"Link": '<//[>; rel="next"', "Location": "//["}
    registry.lie = lambda method, _: (404 if method == "HEAD" else 200, headers, b"{}")
    for ask in (lambda: asked.referrers("sha256:" + "0" * 64), lambda: asked.push_blob(b"x")):
        with pytest.raises(RegistryError, match="which is no address"):
            ask()


def test_what_is_not_there_is_not_there(asked: Registry) -> None:
    """Which is not the same as a registry that fails."""
    with pytest.raises(NotThereError, match="has no team/shop:gone"):
        asked.manifest("gone")


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """A certificate of `registry.test`, which is its own authority."""
    key, now = private(), dt.datetime.now(dt.timezone.utc)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "registry.test")])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("registry.test"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, SHA256())
    )  # fmt: skip
    file = tmp_path / "tls.pem"
    file.write_bytes(
        made.public_bytes(Encoding.PEM) + key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    )
    return file


def test_over_tls_with_the_authorities_that_requests_is_given(
    certificate: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Any host but this machine is asked over TLS, whoever leads elsewhere; an authority that nobody trusts is one line."""
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        monkeypatch.delenv(name, raising=False)
    looked_up = socket.getaddrinfo
    monkeypatch.setattr(
        socket,
        "getaddrinfo",
        lambda host, *rest, **more: looked_up(
            "127.0.0.1" if host == "registry.test" else host, *rest, **more
        ),
    )
    monkeypatch.setenv("NO_PROXY", "registry.test")
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate)
    fake = FakeRegistry()
    fake.start(tls=context, name="registry.test")
    try:
        digest, _ = fake.image()
        with closing(Registry(fake.parsed())) as client, pytest.raises(RegistryError, match="certificate"):
            client.manifest("1")
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate))
        with closing(Registry(fake.parsed())) as client:
            assert client.manifest("1").digest == digest
            for to in (fake.host, "127.0.0.1:9"):
                led = {"Location": f"http://{to}/v2/team/shop/blobs/uploads/1"}
                answers: dict[str, Answer] = {
                    "HEAD": (404, {}, b""),
                    "POST": (202, led, b""),
                    "GET": (302, led, b""),
                }
                fake.lie = lambda method, _, answers=answers: answers[method]
                for ask in (lambda: client.push_blob(b"x"), lambda: client.manifest("1")):
                    with pytest.raises(
                        RegistryError, match="which is not encrypted: it is not sent anything"
                    ):
                        ask()
    finally:
        fake.stop()


@pytest.mark.parametrize(
    ("text", "name", "what"),
    [
        ("shop", "docker.io/library/shop", "latest"),
        ("team/shop:1.2", "docker.io/team/shop", "1.2"),
        ("localhost/shop", "localhost/shop", "latest"),
        ("registry.example:5000/a/b-c__d:v1", "registry.example:5000/a/b-c__d", "v1"),
        ("[::1]:5000/shop:1", "[::1]:5000/shop", "1"),
        ("shop:1@sha256:" + "a" * 64, "docker.io/library/shop", "sha256:" + "a" * 64),
    ],
)
def test_references_are_read_as_docker_reads_them(text: str, name: str, what: str) -> None:
    """With Docker Hub where no host is named."""
    found = Reference.parse(text)
    assert (found.name, found.what) == (name, what)


@pytest.mark.parametrize(
    "text",
    ["", ":", "shop:", "Shop", "shop@", "shop@sha256:x", "shop@md5:" + "a" * 32, "a//b", "../x", "x y", "registry.example/", "a" * 300, "http://x/y", "-x", "shop:-1", "x\n", "h:99999999/x"],
)  # fmt: skip
def test_what_names_no_image_is_refused(text: str) -> None:
    """In one line that says how it is written."""
    with pytest.raises(UsageError, match="names no image; write it as"):
        Reference.parse(text)
