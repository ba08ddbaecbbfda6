"""The booted container, on a real engine: each way in which a container can live, and end."""

from __future__ import annotations

import contextlib
import gc
import threading
import time
from functools import partial
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import docker
import pytest

from hullproof.engine.boot import BootedContainer
from hullproof.errors import EngineError

from ..boots import SERVE, Boots, Images
from ..rig import Cable

if TYPE_CHECKING:
    from collections.abc import Callable

    from hullproof.engine.connection import Engine
    from hullproof.facts import ContainerFacts

pytestmark = pytest.mark.engine


@pytest.fixture
def start(boots: Boots) -> Callable[..., BootedContainer]:
    """Start containers with the defaults of a project that says nothing."""
    return partial(boots.start, BootedContainer)


@pytest.fixture
def boot(start: Callable[..., BootedContainer]) -> Callable[..., ContainerFacts]:
    """Boot an image once and return its facts."""

    def look(image: str, watch_s: float = 0.0, **more: Any) -> ContainerFacts:  # noqa: ANN401 - of `start`
        with start(image, **more) as container:
            return container.facts(watch_s=watch_s)

    return look


def test_healthy(images: Images, boot: Callable[..., ContainerFacts]) -> None:
    """A healthy service: ready, answering, alone, its own user, and stopped in time."""
    facts = boot(images.python("serve()", "USER 65534:65534"))
    assert (facts.ready, facts.died, facts.unobservable) == (True, False, None)
    assert facts.ready_after_s is not None
    assert [(one.protocol, one.address, one.port, one.pids) for one in facts.listeners] == [
        ("tcp", "0.0.0.0", 5000, (1,))  # noqa: S104 - what the kernel says
    ]
    assert [(one.port, one.answered, one.status) for one in facts.answers] == [(5000, True, 200)]
    assert [process.pid for process in facts.processes] == [1]
    main = facts.main
    assert main is not None
    assert main.uids == (65534,) * 4
    assert (main.cwd, main.command) == ("/app", ("python3", "run.py"))
    assert main.executable is not None
    assert main.executable.startswith("/usr/")
    assert main.capabilities["CapEff"] == 0
    assert main.caught & 1 << 14
    assert facts.stopped is not None
    assert (facts.stopped.exit_code, facts.stopped.killed) == (0, False)
    assert facts.stopped.seconds < 3


def test_root_has_capabilities(images: Images, boot: Callable[..., ContainerFacts]) -> None:
    """Root is seen as root, with what root may do."""
    main = boot(images.python("serve()")).main
    assert main is not None
    assert main.uids == (0, 0, 0, 0)
    assert main.capabilities["CapEff"]


def test_loopback_only(images: Images, boot: Callable[..., ContainerFacts]) -> None:
    """A server on the loopback address is ready, but answers nobody."""
    facts = boot(images.python("serve('127.0.0.1')"))
    assert facts.ready
    assert facts.listeners[0].is_loopback
    assert [(one.answered, one.detail) for one in facts.answers] == [(False, "listens on 127.0.0.1 only")]


def test_both_families(images: Images, boot: Callable[..., ContainerFacts]) -> None:
    """A dual-stack socket counts for IPv4."""
    code = "import socket\nhttp.server.HTTPServer.address_family = socket.AF_INET6\nserve('::')"
    facts = boot(images.python(code))
    assert [one.address for one in facts.listeners] == ["::"]
    assert [(one.answered, one.status) for one in facts.answers] == [(True, 200)]


def test_wrong_port(images: Images, boot: Callable[..., ContainerFacts]) -> None:
    """Exposed and listened on are two things."""
    facts = boot(images.python("serve(port=8000)"))
    assert facts.ready
    assert facts.ready_by == "listening on 8000/tcp, not on 5000/tcp"
    assert [(one.port, one.answered) for one in facts.answers] == [(5000, False), (8000, True)]


def test_dies_at_once(images: Images, boot: Callable[..., ContainerFacts]) -> None:
    """A container that ends at once ends the wait at once."""
    began = time.monotonic()
    facts = boot(images.python("raise ValueError('no configuration')"))
    assert time.monotonic() - began < 10
    assert (facts.died, facts.exit_code, facts.ready, facts.stopped) == (True, 1, False, None)
    assert facts.log[-1] == "ValueError: no configuration"
    assert "ended with exit code 1 after" in facts.ready_by


def test_dies_while_it_is_watched(images: Images, boot: Callable[..., ContainerFacts]) -> None:
    """One that is ready and dies later is found by the watch, and what it was is not forgotten."""
    code = "import threading, os\nthreading.Timer(5, os._exit, [7]).start()\nserve()"
    facts = boot(images.python(code), watch_s=20.0)
    assert (facts.ready, facts.exit_code, facts.unobservable) == (True, 7, None)
    assert facts.lived_s is not None
    assert 4.5 < facts.lived_s < 15
    assert facts.main is not None
    assert facts.answers[0].status == 200


def test_slow_start_is_no_fault(images: Images, boot: Callable[..., ContainerFacts]) -> None:
    """A service that takes long to listen is waited for."""
    facts = boot(images.python("time.sleep(5); serve()"))
    assert facts.ready
    assert facts.ready_after_s is not None
    assert facts.ready_after_s > 4.5
    assert facts.answers[0].answered


def test_listening_before_accepting_is_waited_out(
    images: Images, boot: Callable[..., ContainerFacts]
) -> None:
    """The kernel takes connections for a server that is still busy: such an answer is not final."""
    code = """
class Slow(http.server.HTTPServer):
    def server_activate(self):
        super().server_activate()
        time.sleep(4)
serve(server=Slow)"""
    facts = boot(images.python(code))
    assert [(one.answered, one.status) for one in facts.answers] == [(True, 200)]


def test_never_accepting(images: Images, boot: Callable[..., ContainerFacts]) -> None:
    """Who listens and never accepts does not answer."""
    code = "import socket\ns = socket.create_server(('', 5000))\ntime.sleep(99)"
    facts = boot(images.python(code), ready_timeout_s=8.0)
    assert facts.ready
    assert [(one.answered, one.detail) for one in facts.answers] == [
        (False, "listens, but accepts no connection")
    ]


def test_never_listens(images: Images, boot: Callable[..., ContainerFacts]) -> None:
    """A deadline says what was waited for, and what was seen last."""
    facts = boot(images.python("time.sleep(99)"), ready_timeout_s=1.5)
    assert (facts.ready, facts.died) == (False, False)
    assert (
        facts.ready_by
        == "timed out after 1.5 s waiting for a listener on 5000/tcp; last seen: nothing listens"
    )
    assert facts.main is not None


def test_worker_without_ports(images: Images, boot: Callable[..., ContainerFacts]) -> None:
    """A process that has no ports is ready when it has lived a while."""
    facts = boot(images.python("time.sleep(99)"), exposed=[])
    assert facts.ready
    assert "listens nowhere" in facts.ready_by
    assert facts.answers == ()


@pytest.mark.parametrize(("path", "ready"), [("/healthz", True), ("/missing", False)])
def test_ready_path(images: Images, boot: Callable[..., ContainerFacts], path: str, ready: bool) -> None:  # noqa: FBT001
    """A configured path decides, and is what gets asked."""
    facts = boot(images.python("serve()"), ready=path, ready_timeout_s=6.0)
    assert facts.ready is ready
    assert facts.ready_by == (
        "GET /healthz on port 5000: HTTP 200"
        if ready
        else "timed out after 6 s waiting for GET /missing to give 2xx or 3xx; last seen: port 5000: HTTP 503"
    )


def test_ready_port(images: Images, boot: Callable[..., ContainerFacts]) -> None:
    """A configured port decides."""
    assert boot(images.python("serve(port=7000)"), ready=7000).ready
    assert not boot(images.python("serve(port=7000)"), ready=5000, ready_timeout_s=1.0).ready


def test_shell_in_front(images: Images, boot: Callable[..., ContainerFacts]) -> None:
    """A shell in front is PID 1, takes no signal, and is killed at the deadline."""
    facts = boot(images.python("serve()", 'CMD ["/bin/sh", "-c", "python3 run.py; true"]'))
    assert facts.main is not None
    assert facts.main.command[:2] == ("/bin/sh", "-c")
    assert [process.command for process in facts.processes[1:]] == [("python3", "run.py")]
    assert facts.listeners[0].pids != (1,)
    assert facts.stopped is not None
    assert (facts.stopped.killed, facts.stopped.exit_code) == (True, 137)
    assert 9.9 < facts.stopped.seconds < 13


def test_init_in_front(images: Images, boot: Callable[..., ContainerFacts]) -> None:
    """An init passes the signal on."""
    init = b"""#!/usr/bin/env python3
import os, signal, sys
child = os.fork() or os.execvp(sys.argv[1], sys.argv[1:])
signal.signal(signal.SIGTERM, lambda *_: os.kill(child, signal.SIGTERM))
sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""
    files = {"tini": init, "app/run.py": (SERVE + "serve()").encode()}
    facts = boot(images.commit(files, "WORKDIR /app", 'ENTRYPOINT ["/tini"]', 'CMD ["python3", "run.py"]'))
    assert len(facts.processes) == 2
    assert facts.stopped is not None
    assert (facts.stopped.exit_code, facts.stopped.killed) == (0, False)


def test_entry_script_that_execs(images: Images, boot: Callable[..., ContainerFacts]) -> None:
    """A script that hands PID 1 over is gone when the facts are gathered."""
    facts = boot(images.python("serve()", 'CMD ["/bin/sh", "-c", "sleep 0.5; exec python3 run.py"]'))
    assert facts.main is not None
    assert facts.main.command == ("python3", "run.py")


def test_replaced_during_the_watch(images: Images, boot: Callable[..., ContainerFacts]) -> None:
    """The facts are those of the end of the watch."""
    code = """
import os, sys, threading
if len(sys.argv) == 1:
    threading.Timer(1.5, os.execv, [sys.executable, ["python3", "run.py", "second"]]).start()
serve()"""
    facts = boot(images.python(code), watch_s=8.0)
    assert facts.main is not None
    assert facts.main.command == ("python3", "run.py", "second")


def test_workers(images: Images, boot: Callable[..., ContainerFacts]) -> None:
    """A socket that workers inherit is held by all of them."""
    code = (
        "import os\ns = http.server.HTTPServer(('', 5000), Handler)\nos.fork(); os.fork()\ns.serve_forever()"
    )
    facts = boot(images.python(code), watch_s=1.0)
    assert len(facts.processes) == 4
    assert facts.listeners[0].pids == tuple(process.pid for process in facts.processes)


def test_ignores_the_stop_signal(images: Images, boot: Callable[..., ContainerFacts]) -> None:
    """Ignoring the signal is seen in the mask, and in the end."""
    facts = boot(images.python("signal.signal(signal.SIGTERM, signal.SIG_IGN)\nserve()"))
    assert facts.main is not None
    assert facts.main.ignored & 1 << 14
    assert facts.stopped is not None
    assert facts.stopped.killed


def test_own_stop_signal(images: Images, boot: Callable[..., ContainerFacts]) -> None:
    """The image's own stop signal is the one that is sent."""
    stopped = boot(images.python("serve()"), stop_signal="SIGINT").stopped
    assert stopped is not None
    assert (stopped.signal, stopped.exit_code, stopped.killed) == ("SIGINT", 130, False)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("USER nosuch", "unable to find user nosuch: no matching entries in passwd file"),
        ('CMD ["nosuch"]', 'exec: "nosuch": executable file not found in $PATH'),
        ('CMD ["/app/text"]', "exec /app/text: exec format error"),
        ('CMD ["/app"]', "permission denied"),
    ],
)
def test_cannot_start(images: Images, boot: Callable[..., ContainerFacts], change: str, said: str) -> None:
    """What the engine says of an image that it cannot start becomes one clean line."""
    facts = boot(images.commit({"app/text": b"text"}, "WORKDIR /app", 'CMD ["python3"]', change))
    assert facts.died
    assert said in (facts.start_error or "".join(facts.log))
    assert "OCI" not in (facts.start_error or "")


def test_no_command(images: Images, boot: Callable[..., ContainerFacts]) -> None:
    """An image without a command is refused before there is a container."""
    assert "no command" in str(boot(images.scratch({"file": b""})).start_error).lower()


def test_flood(images: Images, boot: Callable[..., ContainerFacts]) -> None:
    """A flooded log is neither kept nor read whole, nor does it keep us from seeing."""
    code = "import threading\nthreading.Thread(target=lambda: [print('x' * 9999) for _ in iter(int, 1)], daemon=True)"
    facts = boot(images.python(code + ".start()\nserve()"), watch_s=2.0)
    assert facts.ready
    assert facts.main is not None
    assert 0 < len(facts.log) <= 40
    assert all(len(line) <= 500 for line in facts.log)


def test_hostile_process(images: Images, boot: Callable[..., ContainerFacts]) -> None:
    """Names that are no text, and arguments without end, are cut and made harmless."""
    code = """
import os, sys
if len(sys.argv) == 1:
    os.execv(sys.executable, [b"python3", b"run.py", b"\\xff\\n{}", *[b"y" * 100000] * 15])
serve()"""
    main = boot(images.python(code), watch_s=1.0).main
    assert main is not None
    assert main.command[2] == "\N{REPLACEMENT CHARACTER}\n{}"
    assert sum(map(len, main.command)) < 40000


def test_datagrams(images: Images, boot: Callable[..., ContainerFacts]) -> None:
    """A UDP server is seen listening."""
    code = "import socket\ns = socket.socket(type=socket.SOCK_DGRAM)\ns.bind(('', 5353))\ntime.sleep(99)"
    facts = boot(images.python(code), exposed=["5353/udp"])
    assert facts.ready
    assert [(one.protocol, one.port) for one in facts.listeners] == [("udp", 5353)]
    assert facts.answers[0].answered


@pytest.mark.parametrize(
    ("handler", "answered"),
    [
        ("c.send(b'220 hello\\r\\n')", True),
        ("time.sleep(99)", False),
        ("[c.recv(9) for _ in range(99)]; time.sleep(99)", True),
        ("c.recv(1); c.close()", True),
        ("c.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b'\\1\\0\\0\\0\\0\\0\\0\\0'); c.close()", False),
        ("c.close()", False),
    ],
)
def test_not_http(images: Images, boot: Callable[..., ContainerFacts], handler: str, answered: bool) -> None:  # noqa: FBT001
    """A server of another protocol answers when it speaks or listens on; hanging up, or silence, is no answer."""
    code = f"""
import socket, threading
s = socket.create_server(("", 5000))
def handle(c):
    {handler}
while True:
    threading.Thread(target=handle, args=[s.accept()[0]], daemon=True).start()"""
    facts = boot(images.python(code), stop_signal="SIGKILL")
    assert [one.answered for one in facts.answers] == [answered]


def test_a_server_whose_only_worker_hangs_does_not_answer(
    images: Images, boot: Callable[..., ContainerFacts]
) -> None:
    """It reads the first question, as one does that only listens, and then takes no other."""
    hangs = "Handler.do_GET = lambda *_: time.sleep(99)\nserve(server=http.server.HTTPServer)"
    facts = boot(images.python(hangs))
    assert [one.answered for one in facts.answers] == [False]


PERL = b"""
use IO::Socket::INET;
$SIG{TERM} = sub { exit 0 };
my $server = IO::Socket::INET->new(LocalPort => 5000, Listen => 5, ReuseAddr => 1) or die;
while (1) {
    my $client = $server->accept or next;
    sysread $client, my $request, 4096;
    print $client "HTTP/1.0 200 OK\\r\\n\\r\\nhello";
}
"""


def test_image_without_python(images: Images, boot: Callable[..., ContainerFacts]) -> None:
    """A sidecar needs nothing of the image; without one, nothing is known, and said so."""
    image = images.commit(
        {"srv/serve.pl": PERL},  # every Debian has a Perl
        "USER 1234:1234",
        "WORKDIR /srv",
        'CMD ["/usr/bin/perl", "serve.pl"]',
        first="rm -f /usr/bin/python* /usr/local/bin/python*",
    )
    facts = boot(image)
    assert (facts.ready, facts.unobservable) == (True, None)
    assert [(one.pid, one.uids[0], one.cwd, one.executable) for one in facts.processes] == [
        (1, 1234, "/srv", "/usr/bin/perl")
    ]
    assert facts.listeners[0].pids == (1,)
    assert [(one.answered, one.status) for one in facts.answers] == [(True, 200)]

    blind = boot(image, helper="no image to look at it from")
    assert blind.unobservable == "no image to look at it from"
    assert (blind.ready, blind.processes, blind.died) == (False, (), False)
    assert blind.stopped is not None


def test_removed_on_interrupt(images: Images, start: Callable[..., BootedContainer]) -> None:
    """Ctrl-C leaves no container; the fixture looks."""
    with pytest.raises(KeyboardInterrupt), start(images.python("serve()")):
        raise KeyboardInterrupt


def test_removed_behind_our_back(
    images: Images, start: Callable[..., BootedContainer], engine: Engine
) -> None:
    """Somebody else removes the container in the middle: one line, no hanging."""
    began = time.monotonic()
    with start(images.python("time.sleep(99)")) as container:
        remove = threading.Timer(1.0, engine.client.api.remove_container, [container.id], {"force": True})
        remove.start()
        with contextlib.suppress(EngineError):
            assert container.facts(watch_s=0.0).died
        remove.join()
    assert time.monotonic() - began < 15


# The SDK forgets to close the socket with which it found nobody.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_engine_goes_away(images: Images, boots: Boots, cable: Cable) -> None:
    """An engine that is gone in the middle ends the wait with one line; the label finds what it left."""
    wired = docker.DockerClient(cable.host)
    cut_off = cast("Engine", SimpleNamespace(client=wired))
    began = time.monotonic()
    try:
        container = boots.start(BootedContainer, images.python("time.sleep(99)"), engine=cut_off)
        threading.Timer(1.0, cable.cut).start()
        with pytest.raises(EngineError, match=r"^the engine went away while [^\n]+$"), container:
            container.facts(watch_s=0.0)
        assert time.monotonic() - began < 15
    finally:
        wired.close()
        gc.collect()
        left = boots.left()
        assert left
        for each in left:
            each.remove(force=True)


def test_speaks_tls(images: Images, boot: Callable[..., ContainerFacts]) -> None:
    """A server that speaks TLS only answers, certificate or not."""
    code = """
import socket, ssl
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.set_ciphers("aNULL:@SECLEVEL=0"); context.maximum_version = ssl.TLSVersion.TLSv1_2
server = http.server.ThreadingHTTPServer(("", 5000), Handler)
server.socket = context.wrap_socket(server.socket, server_side=True)
server.serve_forever()"""
    facts = boot(images.python(code))
    assert facts.answers[0].answered
    assert "TLS" in facts.answers[0].detail


def test_health_check_is_no_process_of_the_application(
    images: Images, boot: Callable[..., ContainerFacts]
) -> None:
    """What the engine runs in the container from outside is left out."""
    check = 'HEALTHCHECK --interval=1s --start-period=1s CMD ["sleep", "30"]'
    facts = boot(images.python("serve()", check), watch_s=3.0)
    assert [process.pid for process in facts.processes] == [1]


@pytest.mark.parametrize(
    ("check", "code", "said"),
    [
        ("HEALTHCHECK CMD curl --fail http://localhost:5000/", 127, "not found"),
        ('HEALTHCHECK CMD ["curl", "http://localhost:5000/"]', 126, "executable file not found"),
        ("HEALTHCHECK CMD python3 -c 'raise SystemExit(3)'", 3, ""),
        ("HEALTHCHECK CMD echo fine && test $PWD = /app", 0, "fine"),
        ("HEALTHCHECK --timeout=1s CMD sleep 9", None, ""),
        ("HEALTHCHECK NONE", None, None),
    ],
)
def test_the_image_s_health_check_is_run(
    images: Images, boot: Callable[..., ContainerFacts], check: str, code: int | None, said: str | None
) -> None:
    """As the engine would: in the container, by its shell, within its time."""
    health = boot(images.python("serve()", check)).health
    if said is None:
        assert health is None
    else:
        assert health is not None
        assert health.exit_code == code
        assert said in health.output


def test_a_unix_socket_is_seen(images: Images, boot: Callable[..., ContainerFacts]) -> None:
    """A server behind another one listens on no port."""
    code = "import socket\ns = socket.socket(socket.AF_UNIX)\ns.bind('/tmp/app.sock')\ns.listen()\ntime.sleep(99)"
    assert boot(images.python(code), exposed=[], watch_s=3.5).sockets == ("/tmp/app.sock",)


def test_what_a_dead_container_said_on_stderr_is_known_apart(
    images: Images, boot: Callable[..., ContainerFacts]
) -> None:
    """What is flushed at the end comes last in the log, and is not the reason."""
    facts = boot(images.python("print('bye')\nprint('no schedule', file=sys.stderr)\nsys.exit(1)"))
    assert facts.stderr == ("no schedule",)
    assert set(facts.log) == {"no schedule", "bye"}


def test_standard_input_can_be_held_open(images: Images, boot: Callable[..., ContainerFacts]) -> None:
    """A program that serves there ends at once without it."""
    image = images.python("for line in sys.stdin: print(line)")
    assert boot(image, exposed=[]).ends_for_want_of_input
    held = boot(image, exposed=[], options={"stdin_open": True})
    assert held.ready
    assert held.exit_code is None
