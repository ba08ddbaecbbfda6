"""Calls to an engine that hangs: none takes longer than it may, silence is noticed, and who waits can be woken."""

from __future__ import annotations

import contextlib
import http.server
import signal
import socketserver
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from docker import DockerClient
from requests.exceptions import RequestException

from hullproof.engine import calls, registry
from hullproof.engine.build import build
from hullproof.engine.calls import Calls, within
from hullproof.engine.client import connect_client
from hullproof.engine.connection import Engine
from hullproof.engine.container.sidecar import open_stream
from hullproof.engine.container.words import engine_errors
from hullproof.engine.endpoint import Endpoint, NoEngineError
from hullproof.engine.request import BuildRequest
from hullproof.errors import DeadlineError, EndingError, EngineError
from hullproof.interruption import Interrupted, unwinding_on_signals

from ..served import served

VERSION = b'{"Version": "26.1", "ApiVersion": "1.45", "Components": []}'


class Server(socketserver.ThreadingUnixStreamServer):
    """Stands for an engine's socket. `answer` is what is done for a request, by its path."""

    daemon_threads = True
    block_on_close = False

    def __init__(self, path: Path) -> None:
        """Listen, and answer as an engine does."""
        self.endpoint = Endpoint(f"unix://{path}")
        self.released = threading.Event()
        self.asked: list[str] = []
        self.hangs: Callable[[str], bool] = lambda _path: False
        self.trickles = False
        self.drops = False
        super().__init__(str(path), Handler)


class Handler(http.server.BaseHTTPRequestHandler):
    """Answers, or does so by half, or not at all."""

    server: Server

    def do_GET(self) -> None:
        """Answer a question."""
        self.server.asked.append(self.path)
        if self.server.trickles:
            with contextlib.suppress(OSError):
                for byte in b"HTTP/1.1 200 OK\r\n" + b"X" * 10_000:
                    self.wfile.write(bytes([byte]))
                    if self.server.released.wait(0.05):
                        return
        if self.server.drops and "version" not in self.path:
            return
        if self.server.hangs(self.path):
            self.server.released.wait(30)
            return
        self.send_response(200)
        body = VERSION if "version" in self.path else b"OK"
        is_stream = "logs" in self.path
        self.send_header("Content-Length", "1000" if is_stream else str(len(body)))
        self.end_headers()
        self.wfile.write(body)
        if is_stream:  # half of it, and then nothing
            self.server.released.wait(30)

    do_POST = do_GET  # noqa: N815 - the library's name

    def address_string(self) -> str:
        """Name the client."""
        return "unix"

    def log_message(self, *_arguments: object) -> None:
        """Say nothing."""


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    """An engine's socket."""
    with served(Server(tmp_path / "s")) as listening:
        yield listening
        listening.released.set()


@pytest.fixture
def made(server: Server) -> Calls:
    """The calls of `client`."""
    return Calls(server.endpoint.host)


@pytest.fixture
def client(server: Server, made: Calls) -> Iterator[DockerClient]:
    """A client of that engine."""
    connected = connect_client(server.endpoint, 10, made)
    yield connected
    made.abort()
    connected.close()


def timed(work: Callable[[], object]) -> float:
    """Return the seconds that something takes."""
    started = time.monotonic()
    work()
    return time.monotonic() - started


# --- connecting --------------------------------------------------------------------------------------


@pytest.mark.parametrize("trickles", [False, True])
def test_an_engine_that_hangs_from_the_start_is_one_line(server: Server, *, trickles: bool) -> None:
    """It accepts, and says nothing; or it speaks, and never comes to an end."""
    server.hangs, server.trickles = lambda _path: True, trickles

    def connect() -> None:
        with pytest.raises(NoEngineError, match=r"did not answer within 0\.5 s") as caught:
            connect_client(server.endpoint, 0.5)
        assert caught.value.exit_code == 3

    assert timed(connect) < 5


# --- deadlines ---------------------------------------------------------------------------------------


def test_a_call_takes_no_longer_than_what_is_left(server: Server, client: DockerClient) -> None:
    """Of the time that all calls of a block have together, where one of them gets no answer."""
    server.hangs = lambda path: "info" in path

    def ask() -> None:
        with within(1.0), within(30.0):
            client.ping()
            with pytest.raises(RequestException):
                client.info()
            with pytest.raises(DeadlineError):
                client.ping()

    assert 0.5 < timed(ask) < 5
    assert client.ping()


# --- the end -----------------------------------------------------------------------------------------


def in_thread(work: Callable[[], object]) -> Callable[[], BaseException | None]:
    """Do work in a thread; return what waits for its end and returns what it raised."""
    raised: list[BaseException] = []

    def do() -> None:
        try:
            work()
        except BaseException as error:  # noqa: BLE001 - told below
            raised.append(error)

    thread = threading.Thread(target=do, daemon=True)
    thread.start()

    def ended() -> BaseException | None:
        thread.join(10)
        assert not thread.is_alive()
        return raised[0] if raised else None

    return ended


def test_who_waits_for_an_answer_is_woken(server: Server, made: Calls, client: DockerClient) -> None:
    """Before the first byte, in the middle of a stream, and where no deadline was set."""
    server.hangs = lambda path: "info" in path or "wait" in path

    def read() -> None:
        with open_stream(client.api, "/containers/x/logs") as response:
            assert response.raw.read(2) == b"OK"
            response.raw.read()

    waiting = [in_thread(each) for each in (client.info, read, lambda: client.api.wait("x", timeout=None))]
    while len(server.asked) < 4:
        time.sleep(0.01)
    time.sleep(0.1)
    made.abort()
    for ended in waiting:
        assert ended() is not None


@pytest.mark.usefixtures("own_signals")
def test_after_an_interruption_only_cleaning_goes_on(server: Server, tmp_path: Path) -> None:
    """No call begins, no build; what removes things has a connection of its own. The next engine is another's."""
    with unwinding_on_signals():
        engine = engine_at(server)
        assert engine.client.ping()
        with pytest.raises(Interrupted):
            signal.raise_signal(signal.SIGINT)
        with pytest.raises(EndingError):
            engine.client.ping()
        with pytest.raises(EndingError):
            build(engine, BuildRequest(tmp_path, tmp_path / "Dockerfile"))
        with engine.cleaning() as api:
            assert api.ping()
    with pytest.raises(EndingError):
        engine.client.ping()
    engine.close()
    later = engine_at(server)
    assert later.client.ping()
    later.close()


def engine_at(server: Server) -> Engine:
    """Connect to it, without a docker command."""
    made = Calls(server.endpoint.host)
    return Engine(
        connect_client(server.endpoint, 10, made),
        made,
        server.endpoint,
        "docker",
        {"buildx": ("false",)},
        "0",
    )


# --- what is said of it ------------------------------------------------------------------------------


def test_a_silent_engine_is_told_from_a_silent_registry(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What an engine asks a registry for may take long by the registry's fault; a dead engine is no reason for a stand-in."""
    monkeypatch.setattr(registry, "_ANSWER_S", 0.5)
    monkeypatch.setattr(registry, "_unreachable", {})
    engine = engine_at(server)
    server.hangs = lambda path: "distribution" in path
    assert registry.why_unreachable(engine, "silent.example") == "silent.example did not answer within 0.5 s"
    server.hangs = lambda path: "distribution" in path or "_ping" in path
    with pytest.raises(DeadlineError, match="did not answer in time while asking other"):
        registry.why_unreachable(engine, "other.example")
    server.drops = True
    with pytest.raises(EngineError, match="the engine went away while asking third"):
        registry.why_unreachable(engine, "third.example")
    engine.close()


def test_the_container_that_was_asked_about_is_named(server: Server, client: DockerClient) -> None:
    """Of several, only one may be what the engine hangs over."""
    server.hangs = lambda path: "containers" in path
    named = r"while looking \(abcdefabcdef\)"
    with pytest.raises(DeadlineError, match=named), within(0.3), engine_errors("looking"):
        client.api.inspect_container("abcdef" * 10 + "abcd")
    server.drops = True
    with pytest.raises(EngineError, match=named), engine_errors("looking"):
        client.api.inspect_container("abcdef" * 10 + "abcd")
    with pytest.raises(EngineError, match="while looking:"), engine_errors("looking"):
        client.api.info()


@pytest.mark.usefixtures("own_signals")
def test_a_pause_ends_with_an_interruption(tmp_path: Path) -> None:
    """What waits in a thread to try something again hears of it."""
    with contextlib.suppress(Interrupted), unwinding_on_signals() as interruption:
        waiting = Calls(f"unix://{tmp_path}/s")
        paused = in_thread(lambda: waiting.pause(30))
        signal.raise_signal(signal.SIGTERM)
    assert interruption.has_come
    assert timed(lambda: isinstance(paused(), EndingError)) < 2


# --- the pulse ---------------------------------------------------------------------------------------


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lose patience soon."""
    monkeypatch.setattr(calls, "PULSE_S", 0.1)
    monkeypatch.setattr(calls, "CALL_S", 0.5)


@pytest.mark.usefixtures("quick")
def test_a_stream_may_be_silent_as_long_as_the_engine_answers(
    server: Server, made: Calls, client: DockerClient
) -> None:
    """The application has nothing to say, and the engine is asked whether it is there."""
    with open_stream(client.api, "/containers/x/logs") as response:
        ended = in_thread(response.raw.read)
        time.sleep(1.5)
        assert sum("ping" in path for path in server.asked) >= 3
        made.require_open()
        made.abort()
        assert ended() is not None


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize("wait", ["stream", "answer", "program"])
def test_an_engine_that_falls_silent_is_noticed(
    server: Server, made: Calls, client: DockerClient, wait: str
) -> None:
    """Whatever is waited for without a deadline ends, and what is asked after that is told why."""
    woken = threading.Event()

    def work() -> None:
        if wait == "stream":
            with open_stream(client.api, "/containers/x/logs") as response:
                response.raw.read()
        elif wait == "answer":
            client.api.wait("x", timeout=None)
        else:
            with made.attended(woken.set):
                assert woken.wait(10)

    ended = in_thread(work)
    server.hangs = lambda path: "ping" in path or "wait" in path
    assert timed(ended) < 8
    with pytest.raises(EngineError, match=r"has not answered for 0 s: see whether it still runs"):
        client.info()


@pytest.mark.usefixtures("quick")
def test_the_pulse_stops_with_what_was_waited_for(server: Server, made: Calls, client: DockerClient) -> None:
    """Nobody is asked for nothing."""
    with made.attended():
        time.sleep(0.5)
    assert client.ping()
    time.sleep(0.3)
    before = len(server.asked)
    time.sleep(0.5)
    assert len(server.asked) == before
