"""The name server that knows no name: what it takes for one."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from hullproof.engine.container.nameserver import name_in, serve

HEAD = b"\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00"


def query(*labels: bytes) -> bytes:
    """Make a query for an address (RFC 1035, 4.1.2)."""
    return HEAD + b"".join(bytes([len(each)]) + each for each in labels) + b"\x00\x00\x01\x00\x01"


@pytest.mark.parametrize(
    ("asked", "name"),
    [
        (query(b"Models", b"example", b"com"), "models.example.com"),
        (query(b"_sip", b"_tcp", b"example"), "_sip._tcp.example"),
        (query(b"1", b"0", b"0", b"127", b"in-addr", b"arpa"), ""),
        (query(b"a b"), ""),
        (query(b"a\nserves"), ""),
        (query(b"\xff\xfe"), ""),
        (query(), ""),
        (HEAD + b"\x3fshort", "short"),
        (HEAD + b"\xc0\x0c" * 300, ""),
        (HEAD[:5], ""),
        (b"", ""),
    ],
)
def test_names_of_hosts_are_read_and_nothing_else(asked: bytes, name: str) -> None:
    """What an application sends is not trusted: no line of its own, no endless name."""
    assert name_in(asked) == name


def test_each_name_is_heard_once_whoever_asks(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """An answer is not answered, as its own would be for ever; and who cannot be answered ends nothing."""
    asked = set[str]()
    with (
        socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as server,
        socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as client,
    ):
        server.bind(str(tmp_path / "server"))
        client.bind(str(tmp_path / "client"))
        client.settimeout(0.2)
        for _ in range(2):
            client.sendto(query(b"models", b"example"), str(tmp_path / "server"))
            serve(server, asked)
            answer = client.recv(4096)
        assert (answer[:2], answer[2] & 0x80, answer[3] & 0xF) == (HEAD[:2], 0x80, 2)  # it failed
        client.sendto(answer, str(tmp_path / "server"))
        serve(server, asked)
        with pytest.raises(TimeoutError):
            client.recv(4096)
        client.sendto(query(b"last"), str(tmp_path / "server"))
        client.close()
        serve(server, asked)
    assert capsys.readouterr().out.split() == ["models.example", "last"]
