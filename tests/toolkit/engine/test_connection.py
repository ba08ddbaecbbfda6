"""Connecting: the engine that docker's own settings name, and which kind of no it is otherwise."""

from __future__ import annotations

import hashlib
import http.server
import json
import socket
import socketserver
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from hullproof.engine.calls import Calls
from hullproof.engine.client import open_client
from hullproof.engine.connection import Engine
from hullproof.engine.endpoint import DEFAULT_SOCKET, Endpoint, NoEngineError, find_endpoint
from hullproof.engine.plugins import find_buildx, numbers
from hullproof.errors import EngineError
from hullproof.host.doctor import way_out
from hullproof.host.machine import this_system

from ..served import served

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@pytest.fixture
def program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str, str], Path]:
    """Put small scripts on an otherwise empty PATH; no plugin of this machine is seen."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path / "docker"))
    monkeypatch.setattr("hullproof.engine.plugins.PLUGIN_FOLDERS", (tmp_path / "plugins",))

    def make(name: str, body: str) -> Path:
        path = folder / name
        path.write_text(f"#!/bin/sh\n{body}\n")
        path.chmod(0o755)
        return path

    return make


def context(folder: Path, name: str, host: str) -> None:
    """Write a docker context as `docker context create` does."""
    meta = folder / "contexts/meta" / hashlib.sha256(name.encode()).hexdigest()
    meta.mkdir(parents=True)
    (meta / "meta.json").write_text(
        json.dumps({"Name": name, "Metadata": {}, "Endpoints": {"docker": {"Host": host}}})
    )


def test_default_socket_when_nothing_is_said(tmp_path: Path) -> None:
    """Without any setting the engine is this machine's."""
    assert find_endpoint({"DOCKER_CONFIG": str(tmp_path)}).host == DEFAULT_SOCKET


def test_docker_host_wins_over_contexts(tmp_path: Path) -> None:
    """As in the docker command line."""
    environ = {"DOCKER_CONFIG": str(tmp_path), "DOCKER_HOST": "tcp://a:1", "DOCKER_CONTEXT": "b"}
    assert find_endpoint(environ).host == "tcp://a:1"


@pytest.mark.parametrize("by", ["environment", "configuration"])
def test_context_is_followed(tmp_path: Path, by: str) -> None:
    """A context named by DOCKER_CONTEXT or made current is the one connected to."""
    context(tmp_path, "far", "ssh://me@far")
    (tmp_path / "config.json").write_text(
        json.dumps({"currentContext": "far" if by == "configuration" else "x"})
    )
    environ = {"DOCKER_CONFIG": str(tmp_path)} | ({"DOCKER_CONTEXT": "far"} if by == "environment" else {})
    found = find_endpoint(environ)
    assert (found.host, found.context) == ("ssh://me@far", "far")


def test_context_that_does_not_exist_is_named(tmp_path: Path) -> None:
    """One line with the name and the command that shows those that exist."""
    with pytest.raises(EngineError, match=r"'gone' does not exist.*docker context ls"):
        find_endpoint({"DOCKER_CONFIG": str(tmp_path), "DOCKER_CONTEXT": "gone"})


def test_tls_files_of_docker_cert_path(tmp_path: Path) -> None:
    """DOCKER_TLS_VERIFY brings the certificates along."""
    (tmp_path / "ca.pem").touch()
    environ = {"DOCKER_HOST": "tcp://a:2376", "DOCKER_TLS_VERIFY": "1", "DOCKER_CERT_PATH": str(tmp_path)}
    found = find_endpoint(environ)
    assert (found.use_tls, found.verify, found.ca, found.key) == (True, True, tmp_path / "ca.pem", None)


def test_no_socket(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing was ever there."""
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/none")
    with pytest.raises(NoEngineError, match="does not exist") as caught:
        Engine.connect()
    assert (caught.value.case, caught.value.exit_code) == ("no-socket", 3)


def test_dead_socket_means_not_running(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A daemon that was killed leaves its socket behind."""
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(tmp_path / "s"))
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/s")
    with pytest.raises(NoEngineError, match="not running") as caught:
        Engine.connect()
    assert caught.value.case == "not-running"


@pytest.mark.parametrize(
    ("host", "says"),
    [
        ("/run/other.sock", r"is a path: write unix:///run/other\.sock"),
        ("unix://", r"names no place: write unix:///var/run/docker\.sock"),
        ("npipe:////./pipe/docker_engine", "npipe:// leads to no engine here; write unix:///PATH"),
        ("fd://3", "fd:// leads to no engine here"),
        ("tcp://", "names no place: write tcp://HOST:PORT"),
    ],
)
def test_an_address_that_is_none_is_said(host: str, says: str) -> None:
    """What is wrong with it, and how it is written; nothing is asked."""
    with pytest.raises(EngineError, match=says):
        find_endpoint({"DOCKER_HOST": host})


@pytest.mark.parametrize("host", ["tcp://nobody.invalid:2375", "tcp://127.0.0.1:99999"])
def test_what_answers_at_once_is_not_called_late(monkeypatch: pytest.MonkeyPatch, host: str) -> None:
    """The reason is said, whole at its end."""
    monkeypatch.setenv("DOCKER_HOST", host)
    with pytest.raises(NoEngineError, match="cannot be talked to") as caught:
        Engine.connect()
    assert "did not answer within" not in str(caught.value)


def test_an_engine_of_another_place_is_not_started_here(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What starts or installs this machine's own is no help for one that was named."""
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/none")
    with pytest.raises(NoEngineError) as caught:
        Engine.connect()
    assert "DOCKER_HOST" in way_out(this_system(), caught.value)
    assert "systemctl" not in way_out(this_system(), caught.value)


def test_a_socket_of_the_user_s_own_is_hinted_at(open_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A rootless engine, which nothing names yet, rather than a group that is as good as root."""

    def refuse(*_: object) -> None:
        raise PermissionError

    with socket.socket(socket.AF_UNIX) as own:
        own.bind(str(open_folder / "docker.sock"))
        monkeypatch.setenv("XDG_RUNTIME_DIR", str(open_folder))
        monkeypatch.setenv("DOCKER_HOST", f"unix://{open_folder}/docker.sock")
        monkeypatch.setattr(socket.socket, "connect", refuse)
        with pytest.raises(NoEngineError, match="docker context use rootless"):
            Engine.connect()


@contextmanager
def answering(path: Path, version: object) -> Iterator[None]:
    """Answer at a socket as an engine of this version, whatever is asked."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = json.dumps(version).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def address_string(self) -> str:
            return "unix"

        def log_message(self, *_arguments: object) -> None:
            return

    with served(socketserver.ThreadingUnixStreamServer(str(path), Handler)):
        yield


@pytest.mark.parametrize(
    ("version", "case", "said"),
    [
        (
            {"Version": "5.4.2", "ApiVersion": "1.44", "Components": [{"Name": "Podman Engine"}]},
            "no-buildkit",
            r"is Podman, which has no BuildKit .*DOCKER_HOST",
        ),
        (
            {"Version": "20.10.24", "ApiVersion": "1.41", "Components": [{"Name": "Engine"}]},
            "engine-too-old",
            r"engine 20\.10\.24 \(API 1\.41\) is too old, builds need Docker 23",
        ),
    ],
)
def test_an_engine_that_cannot_build_is_refused_in_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, version: dict[str, object], case: str, said: str
) -> None:
    """Podman speaks the engine's API, and has no BuildKit."""
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/s")
    with answering(tmp_path / "s", version), pytest.raises(NoEngineError, match=said) as caught:
        Engine.connect()
    assert caught.value.case == case


@pytest.mark.parametrize(
    "answer", [None, [], "x", [None], {}, {"ApiVersion": None}, {"ApiVersion": "1.45", "Components": [1]}]
)
def test_what_is_no_engines_answer_is_told_in_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, answer: object
) -> None:
    """Any program may listen at an address."""
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/s")
    with answering(tmp_path / "s", answer), pytest.raises(EngineError) as caught:
        Engine.connect()
    assert f"unix://{tmp_path}/s" in str(caught.value) or "is too old" in str(caught.value)


def test_an_answer_of_another_kind_is_the_engines_trouble(tmp_path: Path) -> None:
    """A list where the API has an object, an object where it has a list: never an error of ours, however deep in a proof."""
    calls = Calls(f"unix://{tmp_path}/s")
    asked: list[tuple[object, str, tuple[str, ...]]] = [
        ([], "version", ()),
        ([], "info", ()),
        ([], "volumes", ()),
        ([1], "containers", ()),
        ("x", "networks", ()),
        ({}, "images", ()),
        ({}, "history", ("x",)),
        (None, "inspect_image", ("x",)),
        ("x", "inspect_container", ("x",)),
        ("x", "exec_inspect", ("x",)),
    ]
    with closing(open_client(Endpoint(calls.host), "1.45", calls)) as client:
        for answer, name, arguments in asked:
            with (
                answering(tmp_path / "s", answer),
                pytest.raises(EngineError, match=f"{calls.host} is no Docker engine, or a broken one"),
            ):
                getattr(client.api, name)(*arguments)
            (tmp_path / "s").unlink()


def test_buildx_missing(program: Callable[[str, str], Path]) -> None:
    """A command line without plugins."""
    docker = program("docker", "exit 1")
    with pytest.raises(NoEngineError, match="docker-buildx") as caught:
        find_buildx(str(docker))
    assert caught.value.case == "buildx-missing"


def test_buildx_too_old(program: Callable[[str, str], Path]) -> None:
    """0.12 has no --progress=rawjson; the version that is there is named."""
    docker = program("docker", "echo github.com/docker/buildx v0.12.1 abc")
    with pytest.raises(NoEngineError, match=r"0\.12\.1 is too old, 0\.13") as caught:
        find_buildx(str(docker))
    assert caught.value.case == "buildx-too-old"


def test_plugin_that_the_command_line_does_not_see(
    program: Callable[[str, str], Path], tmp_path: Path
) -> None:
    """A docker from elsewhere may not look where the distribution put the plugin: it is called by its path."""
    docker = program("docker", "exit 1")
    plugin = program("docker-buildx", "echo buildx 0.13.1+ds1")
    (tmp_path / "plugins").mkdir()
    plugin.rename(tmp_path / "plugins/docker-buildx")
    assert find_buildx(str(docker)) == ((str(tmp_path / "plugins/docker-buildx"),), "0.13.1+ds1")


@pytest.mark.parametrize(
    ("files", "directly", "chosen"),
    [
        (["plugins"], True, "plugins"),
        (["plugins", "docker/cli-plugins"], True, "docker/cli-plugins"),
        (["plugins"], False, None),
        ([], True, None),
    ],
)
def test_the_plugin_that_docker_would_call_is_called_without_it(
    program: Callable[[str, str], Path],
    tmp_path: Path,
    files: list[str],
    *,
    directly: bool,
    chosen: str | None,
) -> None:
    """Only where that is asked for: docker's start takes longer than the plugin's."""
    docker = program("docker", "echo buildx 0.13.1")
    for folder in files:
        plugin = program("docker-buildx", "echo buildx 0.13.1")
        (tmp_path / folder).mkdir(parents=True)
        plugin.rename(tmp_path / folder / "docker-buildx")
    called, _ = find_buildx(str(docker), directly=directly)
    assert called == ((f"{tmp_path / chosen}/docker-buildx",) if chosen else (str(docker), "buildx"))


@pytest.mark.parametrize("plugin", ["exit 1", "echo buildx 0.12.0"])
def test_docker_is_asked_where_its_plugin_does_not_do(
    program: Callable[[str, str], Path], tmp_path: Path, plugin: str
) -> None:
    """It may know of a better one, and surely does where it is told of more folders."""
    docker = program("docker", "echo buildx 0.14.0")
    (tmp_path / "plugins").mkdir()
    program("docker-buildx", plugin).rename(tmp_path / "plugins/docker-buildx")
    assert find_buildx(str(docker), directly=True) == ((str(docker), "buildx"), "0.14.0")
    program("docker-buildx", "echo buildx 0.13.1").rename(tmp_path / "plugins/docker-buildx")
    (tmp_path / "docker").mkdir()
    (tmp_path / "docker/config.json").write_text('{"cliPluginsExtraDirs": ["/opt/plugins"]}')
    assert find_buildx(str(docker), directly=True) == ((str(docker), "buildx"), "0.14.0")


@pytest.mark.parametrize(("text", "parts"), [("0.13.1+ds1", (0, 13, 1)), ("v0.9", (0, 9)), ("none", ())])
def test_numbers(text: str, parts: tuple[int, ...]) -> None:
    """Versions compare as numbers, whatever hangs on to them."""
    assert numbers(text) == parts


@pytest.mark.engine
def test_real_engine_says_what_it_is(engine: Engine) -> None:
    """The engine of this machine connects, and its commands are held to its own builder."""
    info = engine.info()
    assert info.version
    assert (info.platform or "").startswith("linux/")
    assert engine.cli("buildx", "build")[-3:] == ["--builder", engine.endpoint.context, "build"]
    assert engine.cli("ps")[1:] == ["ps"]
