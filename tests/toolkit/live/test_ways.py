"""Ways to an engine: ssh, TLS and selected builders come to the same as its socket."""

from __future__ import annotations

import os
import shutil
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path

import pytest

from hullproof.engine.build import build
from hullproof.engine.connection import Engine
from hullproof.engine.endpoint import NoEngineError
from hullproof.engine.request import BuildRequest
from hullproof.engine.visit import VisitedContainer
from hullproof.errors import EngineError

from ..boots import Boots, Images
from ..conftest import Command
from ..relay import copy, reach

pytestmark = pytest.mark.engine

SSHD = shutil.which("sshd", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")


def seen_from_within(image: str, python_base: str) -> tuple[str, str, int]:
    """Boot a container by the engine that the environment names, and run something in it."""
    with closing(Engine.connect()) as engine:
        boots = Boots(engine, python_base)
        with boots.start(VisitedContainer, image) as booted:
            done = booted.execute(["sh", "-c", "id -u; echo aside >&2; exit 3"])
        assert boots.left() == []
    return done.stdout, done.stderr, done.exit_code


# --- ssh ---------------------------------------------------------------------------------------------


@pytest.fixture
def fake_ssh(engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An ssh that stays on this machine; return the file that it writes its arguments to."""
    if engine.endpoint.socket is None:
        pytest.skip("the engine is on another machine")
    said = tmp_path / "said"
    program = tmp_path / "ssh"
    program.write_text(
        f'#!/bin/sh\necho "$*" >> {said}\n[ "$1" = -G ] && {{ echo hostname far.example; exit; }}\n'
        'while [ "$1" != -- ]; do shift; done; shift 2\n'
        f'exec env DOCKER_HOST={engine.endpoint.host} "$@"\n'
    )
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    monkeypatch.setenv("DOCKER_HOST", f"ssh://me@{tmp_path.name.replace('_', '-')}:2222")
    return said


def test_what_is_executed_behind_ssh_is_heard(fake_ssh: Path, images: Images, python_base: str) -> None:
    """All that it prints, and how it ends; and ssh is asked as docker asks it."""
    assert seen_from_within(images.python("serve()"), python_base) == ("0\n", "aside\n", 3)
    first = fake_ssh.read_text().splitlines()[0]
    assert first.endswith("docker system dial-stdio")
    assert "-l me -p 2222 --" in first


@pytest.mark.usefixtures("fake_ssh")
def test_ports_are_published_where_ssh_says_that_the_machine_is() -> None:
    """The name in the address may be an alias that nothing but ssh knows."""
    with closing(Engine.connect()) as engine:
        assert engine.endpoint.published_host == "far.example"


def test_what_ssh_says_is_handed_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A host that it does not know, or a key that is refused: its own line, and the command to try."""
    program = tmp_path / "ssh"
    program.write_text("#!/bin/sh\necho 'me@far: Permission denied (publickey).' >&2\nexit 255\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    monkeypatch.setenv("DOCKER_HOST", "ssh://me@refused.example")
    with pytest.raises(
        NoEngineError, match=r"Permission denied \(publickey\).*ssh .*-l me -- refused.example"
    ):
        Engine.connect()


def free_port() -> int:
    """Return a port of this machine that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return int(taken.getsockname()[1])


@pytest.fixture
def sshd(engine: Engine, open_folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A server of ssh's on a port of its own, known to ssh's configuration alone; return the server's log."""
    if SSHD is None or engine.endpoint.socket is None:
        pytest.skip("sshd is not installed, or the engine is on another machine")
    place, port = open_folder, str(free_port())
    for key in ("host", "mine"):
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(place / key)], check=True)
    log = place / "log"
    (place / "sshd_config").write_text(
        f"Port {port}\nListenAddress 127.0.0.1\nHostKey {place}/host\nAuthorizedKeysFile {place}/mine.pub\n"
        f"UsePAM no\nStrictModes no\nPermitRootLogin yes\nPasswordAuthentication no\nPidFile {place}/pid\n"
    )
    (place / "config").write_text(
        f"Host engine\n HostName 127.0.0.1\n Port {port}\n IdentityFile {place}/mine\n"
        f" StrictHostKeyChecking no\n UserKnownHostsFile {place}/known\n"
    )
    (place / "bin").mkdir()
    wrapper = place / "bin" / "ssh"
    wrapper.write_text(f'#!/bin/sh\nexec {shutil.which("ssh")} -F {place}/config "$@"\n')
    wrapper.chmod(0o755)
    monkeypatch.setenv("PATH", f"{place}/bin:{os.environ['PATH']}")
    monkeypatch.setenv("DOCKER_HOST", "ssh://engine")
    with subprocess.Popen([SSHD, "-D", "-f", f"{place}/sshd_config", "-E", str(log)]) as server:
        until = time.monotonic() + 20
        while not log.exists() or "listening" not in log.read_text():
            if server.poll() is not None or time.monotonic() > until:
                pytest.skip(f"sshd does not run here: {log.read_text() if log.exists() else ''}")
            time.sleep(0.1)
        yield log
        server.terminate()


@pytest.mark.nightly
def test_a_real_server_of_ssh_s(sshd: Path, images: Images, python_base: str) -> None:
    """With the port and key of ssh's configuration; a connection serves many calls."""
    assert seen_from_within(images.python("serve()"), python_base) == ("0\n", "aside\n", 3)
    assert sshd.read_text().count("Accepted publickey") < 20


# --- TLS ---------------------------------------------------------------------------------------------


@pytest.fixture
def tls(engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The engine behind TLS, on 127.0.0.1, with an authority of its own; return the folder with the certificates."""
    made = [
        "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=ca -keyout ca.key -out ca.pem",
        "req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=engine -keyout key.pem -out engine.csr",
        "x509 -req -in engine.csr -CA ca.pem -CAkey ca.key -days 2 -extfile names -out cert.pem",
    ]
    (tmp_path / "names").write_text("subjectAltName=IP:127.0.0.1\n")
    for each in made:
        subprocess.run(["openssl", *each.split()], cwd=tmp_path, check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "cert.pem", tmp_path / "key.pem")
    context.load_verify_locations(tmp_path / "ca.pem")
    context.verify_mode = ssl.CERT_REQUIRED
    server = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        with suppress(OSError):
            while True:
                near = server.accept()[0]
                threading.Thread(target=pass_on, args=(near,), daemon=True).start()

    def pass_on(plain: socket.socket) -> None:
        with (
            suppress(OSError),
            plain,
            context.wrap_socket(plain, server_side=True) as near,
            reach(engine.endpoint.host) as far,
        ):
            back = threading.Thread(target=copy, args=(far, near), daemon=True)
            back.start()
            copy(near, far)
            back.join()

    threading.Thread(target=serve, daemon=True).start()
    monkeypatch.setenv("DOCKER_HOST", f"tcp://127.0.0.1:{server.getsockname()[1]}")
    monkeypatch.setenv("DOCKER_TLS_VERIFY", "1")
    monkeypatch.setenv("DOCKER_CERT_PATH", str(tmp_path))
    yield tmp_path
    server.shutdown(socket.SHUT_RDWR)  # which `close` alone does not tell a thread that accepts
    server.close()


@pytest.mark.parametrize("variable", ["REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"])
def test_certificates_for_the_web_are_not_the_engine_s(
    tls: Path, monkeypatch: pytest.MonkeyPatch, images: Images, python_base: str, variable: str
) -> None:
    """A company's bundle is for what goes out; docker takes ca.pem, and so do we. Streams go through TLS, too."""
    (tls / "other.pem").write_text("no certificate")
    monkeypatch.setenv(variable, str(tls / "other.pem"))
    assert seen_from_within(images.python("serve()"), python_base) == ("0\n", "aside\n", 3)


@pytest.mark.usefixtures("tls")
def test_a_proxy_is_not_between_us_and_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """Docker leaves loopback addresses out, whatever `no_proxy` says."""
    for variable in ("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"):
        monkeypatch.setenv(variable, "http://127.0.0.1:9")
    for variable in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(variable, raising=False)
    with closing(Engine.connect()) as engine:
        assert engine.version


def test_an_authority_that_is_another_is_said(tls: Path) -> None:
    """Not that the engine did not answer."""
    made = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=x -keyout x.key -out ca.pem"
    subprocess.run(["openssl", *made.split()], cwd=tls, check=True, capture_output=True)
    with pytest.raises(NoEngineError, match=r"ca\.pem has to be the authority"):
        Engine.connect()


def test_without_tls_where_the_engine_wants_it(tls: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What to set is said, as far as the engine tells."""
    assert tls
    monkeypatch.delenv("DOCKER_TLS_VERIFY")
    with pytest.raises(NoEngineError) as raised:
        Engine.connect()
    assert "did not answer within" not in str(raised.value)


# --- builders ----------------------------------------------------------------------------------------


@pytest.fixture
def another_builder(engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A builder somewhere else that is selected, and cannot be reached."""
    monkeypatch.setenv("BUILDX_CONFIG", str(tmp_path / "buildx"))
    command = [*engine.plugins["buildx"], "create", "--name", "elsewhere", "--driver", "remote", "--use"]
    subprocess.run([*command, "tcp://127.0.0.1:1"], check=True, capture_output=True)
    return "elsewhere"


@pytest.mark.parametrize("by", ["use", "environment"])
def test_the_engine_s_own_builder_builds_whatever_is_selected(
    engine: Engine, another_builder: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, by: str
) -> None:
    """And its result is among the engine's images."""
    if by == "environment":
        monkeypatch.setenv("BUILDX_BUILDER", another_builder)
    (tmp_path / "Dockerfile").write_text("FROM scratch\nCOPY Dockerfile /\n")
    built = build(engine, BuildRequest(tmp_path, tmp_path / "Dockerfile"))
    assert built.image_id is not None, built.error
    engine.client.images.remove(built.image_id, force=True)


def test_a_builder_that_cannot_begin_is_not_the_project_s_fault(
    engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Docker's own settings are wrong: no step was begun, and nothing is said of the Dockerfile."""
    # Buildx itself reads none of them.
    monkeypatch.setitem(engine.plugins, "buildx", (engine.docker, "buildx"))
    monkeypatch.setenv("DOCKER_HOST", engine.endpoint.host)
    monkeypatch.setenv("DOCKER_TLS_VERIFY", "1")
    monkeypatch.setenv("DOCKER_CERT_PATH", str(tmp_path / "nowhere"))
    (tmp_path / "Dockerfile").write_text("FROM scratch\nCOPY Dockerfile /\n")
    with pytest.raises(EngineError, match=r"could not begin to build: .*ca\.pem"):
        build(engine, BuildRequest(tmp_path, tmp_path / "Dockerfile"))


# --- platforms ---------------------------------------------------------------------------------------


def test_another_platform_than_the_engine_s_is_refused(
    shop: Path, command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Docker would build for it, on bases that are not for it, what cannot be booted here: that is no fault of the project."""
    monkeypatch.setenv("DOCKER_DEFAULT_PLATFORM", "linux/s390x")
    for asked in (("prove", str(shop), "--only", "workdir"), ("build", str(shop), "--check")):
        code, out, err = command(*asked)
        assert (code, out) == (3, "")
        assert "DOCKER_DEFAULT_PLATFORM=linux/s390x is not this engine's platform" in err
    code, out, err = command("doctor")
    assert (code, "unset DOCKER_DEFAULT_PLATFORM" in " ".join(f"{out} {err}".split())) == (3, True)


def test_the_engine_s_own_platform_may_be_named(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    """However it is spelled."""
    own = engine.architecture()
    for named in (
        own,
        f"linux/{own}",
        f"linux/{own}/v8",
        {"amd64": "x86_64", "arm64": "aarch64"}.get(own, own),
    ):
        monkeypatch.setenv("DOCKER_DEFAULT_PLATFORM", named)
        engine.require_own_platform()
