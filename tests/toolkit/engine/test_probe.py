"""The probe, without an engine: what it decodes, what it sends, and how its answer is read."""

from __future__ import annotations

import contextlib
import io
import json
import signal
import socket
import subprocess
import sys
from queue import SimpleQueue
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import pytest

from hullproof.engine.container import asking, clock, kernel, settling, watch
from hullproof.engine.container.probe import Ended, Event, Goal, Reader, Record, parse, script
from hullproof.engine.container.words import frames, is_engines_fault, lived, log_lines, unwrapped

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType

    from requests import Response

TCP = """\
  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 12345 1 0000 100 0 0 10 0
   1: 00000000:1388 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 777 1 0000 100 0 0 10 0
   2: 020011AC:1388 010011AC:C350 01 00000000:00000000 00:00000000 00000000     0        0 888 1 0000 100 0 0 10 0
"""
TCP6 = """\
  sl  local_address                         remote_address                        st
   0: 00000000000000000000000000000000:1388 00000000000000000000000000000000:0000 0A 0:0 00:0 0 0 0 999 1
   1: 00000000000000000000000001000000:1389 00000000000000000000000000000000:0000 0A 0:0 00:0 0 0 0 998 1
   2: 0000000000000000FFFF00000100007F:138A 00000000000000000000000000000000:0000 0A 0:0 00:0 0 0 0 997 1
"""
STATUS = """\
Name:	gunicorn: master\\n
State:	S (sleeping)
PPid:	0
Uid:	1000	1000	1000	1000
Gid:	1000	1000	1000	1000
Groups:	1000 27
NoNewPrivs:	0
SigIgn:	0000000001001000
SigCgt:	0000000100004a02
CapEff:	00000000a80425fb
"""


@pytest.mark.parametrize(
    ("family", "address", "name"),
    [(socket.AF_INET, "127.0.0.1", "tcp"), (socket.AF_INET6, "::1", "tcp6")],
)
def test_the_kernel_tells_of_listeners_what_its_table_says(
    family: socket.AddressFamily, address: str, name: str
) -> None:
    """It is asked for them alone, which takes it a fourteenth of the time; the table is for kernels that do not know."""
    with socket.socket(family) as server:
        server.bind((address, 0))
        server.listen()
        port = server.getsockname()[1]
        (asked,) = [one for one in kernel.ask_kernel(family) if one["port"] == port]
        assert asked in kernel.parse_sockets(kernel.table(name), kernel.LISTENING)
    assert asked["address"] == address


@pytest.mark.parametrize(
    ("holder", "name", "number"),
    [(kernel, "SOCK_DIAG", 31), (socket, "IPPROTO_TCP", 200)],
    ids=["as in some virtual machines", "without its module for TCP"],
)
def test_a_kernel_without_sock_diag_has_the_table(
    monkeypatch: pytest.MonkeyPatch, holder: ModuleType, name: str, number: int
) -> None:
    """One that cannot tell is never taken for one that says that nothing listens."""
    monkeypatch.setattr(holder, name, number)
    monkeypatch.setattr(kernel, "table", lambda _name: TCP)
    assert kernel.tcp_listeners(socket.AF_INET) == kernel.parse_sockets(TCP, kernel.LISTENING)


def test_listening_sockets() -> None:
    """Only sockets in the state asked for, with their addresses in reading order."""
    found = kernel.parse_sockets(TCP, kernel.LISTENING)
    assert [(one["address"], one["port"], one["inode"]) for one in found] == [
        ("127.0.0.1", 8080, "12345"),
        ("0.0.0.0", 5000, "777"),  # noqa: S104 - what the kernel says
    ]
    assert [one["address"] for one in kernel.parse_sockets(TCP6, kernel.LISTENING)] == [
        "::",
        "::1",
        "::ffff:127.0.0.1",
    ]


def test_the_engines_name_server_is_no_listener_of_the_containers(monkeypatch: pytest.MonkeyPatch) -> None:
    """It listens in each container of a network that has names, before the application does."""
    dns = TCP.replace("0100007F:1F90", "0B00007F:9C8D")
    monkeypatch.setattr(kernel, "SOCK_DIAG", 31)
    monkeypatch.setattr(kernel, "table", lambda name: dns if name == "tcp" else "")
    assert [one["port"] for one in kernel.listening(set())] == [5000]


@pytest.mark.parametrize(
    ("raw", "byteorder", "address"),
    [
        ("0100007F", "little", "127.0.0.1"),
        ("7F000001", "big", "127.0.0.1"),
        ("00000000000000000000000000000001", "big", "::1"),
        ("B80D0120000000000000000001000000", "little", "2001:db8::1"),
    ],
)
def test_byte_order(raw: str, byteorder: str, address: str) -> None:
    """The kernel prints each word in its own byte order."""
    assert kernel.decode_address(raw, byteorder) == address


def test_status() -> None:
    """Fields keep what the kernel escaped."""
    status = kernel.parse_status(STATUS)
    assert status["Name"] == "gunicorn: master\\n"
    assert kernel.numbers(status["Groups"]) == [1000, 27]
    assert int(status["SigCgt"], 16) & 1 << 14


@pytest.mark.parametrize(
    ("raw", "command"),
    [
        (b"", []),
        (b"python\0run.py\0", ["python", "run.py"]),
        (b"sh\0-c\0\0x\0", ["sh", "-c", "", "x"]),
        (b"gunicorn: master [app]\0\0\0\0\0", ["gunicorn: master [app]"]),
        (b"\xff\n\0", ["\N{REPLACEMENT CHARACTER}\n"]),
    ],
)
def test_command_lines(raw: bytes, command: list[str]) -> None:
    """Arguments are split at NUL, whatever is in them."""
    assert kernel.parse_command(raw) == command


def test_outsiders_are_no_descendants() -> None:
    """A probe and a health check come from outside; a loop of parents, which a race can show, ends."""
    parents: dict[object, object] = {1: 0, 7: 1, 8: 7, 20: 0, 21: 20, 30: 31, 31: 30}
    assert [pid for pid in parents if kernel.descends(pid, parents)] == [1, 7, 8]


def test_own_addresses_without_a_route() -> None:
    """A network without a way out still has addresses."""
    trie = """\
  |-- 127.0.0.1
     /32 host LOCAL
  |-- 172.18.0.0
     /16 link UNICAST
        |-- 172.18.0.3
           /32 host LOCAL
"""
    assert kernel.trie_addresses(trie) == ["172.18.0.3"]


@pytest.mark.parametrize(
    ("reply", "answered", "status"),
    [
        (b"HTTP/1.1 503 Service Unavailable\r\n", True, 503),
        (b"HTTP/1.0 200\r\n", True, 200),
        (b"HTTP/nonsense\r\n", True, None),
        (b"220 mail ready\r\n", True, None),
        (b"\x15\x03\x01\x00\x02", True, None),
        (b"", False, None),
    ],
)
def test_replies(reply: bytes, answered: bool, status: int | None) -> None:  # noqa: FBT001 - a table
    """Any status is an answer, and so is any byte."""
    said = asking.judge(reply)
    assert (said["answered"], said["status"]) == (answered, status)


def test_request_cannot_be_split() -> None:
    """A configured path cannot smuggle lines into the request."""
    assert asking.request(80, "/a b\r\nX: y").startswith(b"GET /a%20b%20%20X:%20y HTTP/1.1\r\nHost: ")


def test_exposed_ports() -> None:
    """Ports are given in the engine's words."""
    assert watch.parse_exposed("5000/tcp,53/udp,80,9/sctp") == {("tcp", 5000), ("udp", 53), ("tcp", 80)}


@pytest.mark.parametrize(
    ("intervals", "lost"),
    [
        ([(1.0, 1.0, 0.0, 0.0)], 0.0),  # ran all the time
        ([(1.0, 0.2, 0.0, 0.0)], 0.0),  # wanted nothing
        ([(1.0, 0.2, 0.5, 0.5)], 0.5),  # waited for half of it
        ([(1.0, 0.2, 7.2, 0.8)], 0.8),  # many threads, one processor now and then
        ([(1.0, 2.0, 9.0, 1.0)], 0.0),  # many threads that had two processors to themselves
        ([(1.0, 0.0, 0.0, 0.0), (1.0, 0.1, 1.9, 1.9)], 1.9),  # a wait that is told when it is over
        ([(1.0, 0.0, 0.0, 0.0), (1.0, 0.1, 2.0, 0.5)], 1.4),  # and reaches back no further than it lasted
    ],
)
def test_time_is_lost_where_somebody_wants_to_run_and_nobody_does(
    intervals: list[tuple[float, float, float, float]], lost: float
) -> None:
    """Length, then what the kernel tells of all threads: ran, waited, and the longest wait of one."""
    counting = clock.Clock()
    for interval in intervals:
        counting.add(*interval)
    assert counting.lost == pytest.approx(lost)


def test_nothing_is_late_by_an_old_count(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a busy machine the counting waits for a processor, too: a deadline that has gone by is counted anew."""
    counting = clock.Clock()
    monkeypatch.setattr(counting, "age", lambda: 5.0)
    monkeypatch.setattr(counting, "gains", lambda: (0.1, 4.0, 4.0))
    counting.interval = 60.0
    assert not counting.is_past(2.0)
    assert counting.lost == pytest.approx(4.0)


def doing(
    age: float, pids: set[object], ran: dict[str, int], runnable: int = 0, connecting: int = 0
) -> settling.Doing:
    """Return what a container does at some moment."""
    found = settling.Doing.__new__(settling.Doing)
    found.age, found.pids, found.ran, found.runnable, found.connecting = age, pids, ran, runnable, connecting
    return found


@pytest.mark.parametrize(
    ("now", "is_settled"),
    [
        (doing(2.0, {1, 7}, {"1": 500, "7": 20_000_000}), True),  # a fiftieth of a processor's time
        (doing(2.0, {1, 7}, {"1": 200_000_500, "7": 0}), False),  # it works
        (doing(2.0, {1, 7}, {"1": 500, "7": 0, "8": 900_000_000}), False),  # in a new thread
        (doing(2.0, {1, 9}, {"1": 500, "9": 0}), False),  # a worker was started in the place of another
        (doing(2.0, {1}, {"1": 500}), False),  # one has ended
        (doing(2.0, {1, 7}, {"1": 500, "7": 0}, runnable=1), False),  # it would, and has no processor
        (doing(2.0, {1, 7}, {"1": 500, "7": 0}, connecting=1), False),  # it waits for its database
    ],
)
def test_what_goes_on_as_it_is_has_settled(now: settling.Doing, is_settled: bool) -> None:  # noqa: FBT001 - what is expected
    """The same processes, which do next to nothing and wait for nobody."""
    assert now.is_as_before(doing(1.0, {1, 7}, {"1": 500, "7": 0})) is is_settled


def test_script_stands_alone() -> None:
    """What is sent needs nothing of Hullproof, and fits into one argument."""
    assert "hullproof" not in script().replace("User-Agent: hullproof", "")
    assert len(script()) < 100_000
    with subprocess.Popen(
        Goal(None, 0.0, 0.0, ("1/tcp",)).command(sys.executable), stdout=subprocess.PIPE
    ) as probe:
        for _ in range(2):
            record = parse(next(iter(probe.stdout or ())))
            assert isinstance(record, Record)
            assert (record.final, record.goal) == (True, "a listener on 1/tcp")
            probe.send_signal(signal.SIGUSR1)
        probe.kill()


RECORD: dict[str, Any] = {
    "final": True,
    "ready": True,
    "ready_after_s": 0.25,
    "goal": "",
    "seen": "",
    "had_s": 0.5,
    "lost_s": 0.0,
    "processes": [],
    "listeners": [{"protocol": "tcp", "address": "::", "port": 80, "pids": [1]}],
    "answers": [],
    "sockets": ["/run/app.sock"],
}


def test_unix_sockets_that_wait_for_clients_are_told_by_their_files() -> None:
    """A client's end, a socket without a file and one that only sends do not count; a path may have a blank."""
    raw = """Num       RefCount Protocol Flags    Type St Inode Path
0000000000000000: 00000002 00000000 00010000 0001 01 23456 /run/my app.sock
0000000000000000: 00000003 00000000 00000000 0001 03 23457 /run/app.sock
0000000000000000: 00000002 00000000 00010000 0001 01 23458 @abstract
0000000000000000: 00000002 00000000 00000000 0002 01 23459
"""
    assert kernel.unix_sockets(raw) == ["/run/my app.sock"]


@pytest.mark.parametrize("line", [b"{}", b"[]", b"1", b"{", b'{"final": 1}', b"[" * 100_000])
def test_nonsense_is_no_record(line: bytes) -> None:
    """An interpreter that says anything at all is not believed."""
    with pytest.raises(ValueError, match=r"."):
        parse(line)


def frame(kind: int, chunk: bytes) -> bytes:
    """Wrap a chunk as the engine does."""
    return bytes([kind, 0, 0, 0]) + len(chunk).to_bytes(4, "big") + chunk


def read_from(stream: bytes) -> list[Event]:
    """Run a reader over what an engine sends."""
    events: SimpleQueue[Event] = SimpleQueue()
    raw = io.BytesIO(stream)

    reply = SimpleNamespace(raw=raw, raise_for_status=lambda: None)
    Reader(cast("Callable[[], Response]", lambda: contextlib.nullcontext(reply)), events).run()
    return [events.get() for _ in range(events.qsize())]


def test_reader_joins_chunks() -> None:
    """A record comes in pieces, among other output."""
    line = json.dumps(RECORD).encode() + b"\n"
    stream = frame(1, b"hello\n" + line[:20]) + frame(2, b"warning\n") + frame(1, line[20:])
    record, ended = read_from(stream)
    assert isinstance(record, Record)
    assert record.listeners[0].port == 80
    assert ended == Ended("hello warning")


@pytest.mark.parametrize(
    ("stream", "said"),
    [
        (b"", ""),
        (
            frame(
                1,
                b'OCI runtime exec failed: exec failed: unable to start container process: exec: "/p": no\r\n',
            ),
            'exec: "/p": no',
        ),
        (frame(1, b"{nonsense}\n"), "makes no sense"),
        (b"\1\0\0\0\xff\xff\xff\xff", "no stream of output"),
        (frame(1, b"x")[:-1], ""),
    ],
)
def test_reader_ends(stream: bytes, said: str) -> None:
    """Whatever comes, somebody hears of the end."""
    (ended,) = read_from(stream)
    assert isinstance(ended, Ended)
    assert said in ended.complaint


def test_frames_and_log_lines() -> None:
    """A log is read up to a limit, and cut to what can be shown."""
    stream = frame(1, b"one\r\n") + frame(2, b"two\xff\n") + frame(1, b"z" * 9999)
    assert [kind for kind, _ in frames(io.BytesIO(stream).read)] == [1, 2, 1]
    lines = log_lines(io.BytesIO(stream).read, 2, 1 << 20)
    assert lines == ("two\N{REPLACEMENT CHARACTER}", "z" * 500)
    assert log_lines(io.BytesIO(stream).read, 2, 1) == ("one",)
    assert log_lines(io.BytesIO(b"").read, 2, 1) == ()
    coloured = frame(1, b"\x1b[31m\x1b[1mERROR\x1b[0m: no\n")
    assert log_lines(io.BytesIO(coloured).read, 2, 1 << 20) == ("ERROR: no",)


def test_engine_words() -> None:
    """Layers that pass a message on are no news; what no image can help is the engine's fault."""
    said = (
        "failed to create task for container: failed to create shim task: OCI runtime create failed: runc create "
        'failed: unable to start container process: exec: "x": executable file not found in $PATH: unknown'
    )
    assert unwrapped(said) == 'exec: "x": executable file not found in $PATH'
    assert not is_engines_fault(unwrapped(said))
    assert is_engines_fault("mkdir /var/lib/x: no space left on device")
    assert is_engines_fault("crun: setrlimit `RLIMIT_NOFILE`: Operation not permitted: OCI permission denied")
    assert is_engines_fault("crun: cgroups in hybrid mode not supported, drop all controllers from cgroupv2")
    state = {"StartedAt": "2026-11-23T09:08:59.9Z", "FinishedAt": "2026-11-23T09:09:01.142151286Z"}
    assert lived(state) == pytest.approx(1.242)
    assert lived({}) is None
