"""The name server that knows no name: what it takes for one."""

from __future__ import annotations

import pytest

from hullproof.engine.container.nameserver import name_in

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
