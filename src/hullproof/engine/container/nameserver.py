"""A name server that knows no name, and says what it is asked for.

This file, after `kernel.py`, is sent as text to a sidecar's Python (3.10 or newer). It prints `serves` once it does, then each name once, as it is
asked for. Its answer is that of a name server which reaches no other (RFC 1035, 4.1.1: server failure).
"""

import socket
from contextlib import suppress

from hullproof.engine.container.kernel import OUR_DNS

MOST = 100
_HEADER = 12
_IS_ANSWER = 0x80
_FAILURE = b"\x81\x82"


def main() -> None:
    """Answer until it is ended."""
    asked: set[str] = set()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind((OUR_DNS, 53))
        print("serves", flush=True)  # noqa: T201 - its output is what is read
        while True:
            serve(server, asked)


def serve(server: socket.socket, asked: set[str]) -> None:
    """Answer one query, and print the name that it asks for where that is a new one.

    Who may make packets can send from any address: nothing is said to what is itself an answer, such as ours to ourselves.
    """
    query, client = server.recvfrom(4096)
    if len(query) <= _HEADER or query[2] & _IS_ANSWER:
        return
    with suppress(OSError):  # nothing can be sent there
        server.sendto(query[:2] + _FAILURE + query[4:6] + bytes(6) + query[_HEADER:], client)
    name = name_in(query)
    if name and name not in asked and len(asked) < MOST:
        asked.add(name)
        print(name, flush=True)  # noqa: T201


def name_in(query: bytes) -> str:
    """Return the name that a query asks for; empty where that is no host's name."""
    labels, at = [], _HEADER
    while at < len(query) and query[at]:
        labels.append(query[at + 1 : at + 1 + query[at]])
        at += 1 + query[at]
    name = b".".join(labels).decode("ascii", "replace").lower()
    is_host = all(each.isalnum() or each in "-_." for each in name)
    return "" if not is_host or name.endswith(".arpa") else name


if __name__ == "__main__":
    main()
