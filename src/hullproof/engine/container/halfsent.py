"""Sends the first half of a request, and the rest when it is sent SIGUSR1; prints what came of it.

This file is sent as text to a sidecar's Python (3.10 or newer) in the container's network. It shares no processes with it, so
that it outlives it. Arguments: address, port, path, and of which part half is sent: `head` or `body`. It prints `held` once the half is sent, then the first line of the
answer, or one of `early` (before that), `closed` (in good order, before the rest was sent), `lost` (after it), `reset`.
"""

import signal
import socket
import sys

PATIENCE_S = 10.0
EARLY_S = 1.0
REST_OF_HEAD = b" HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
HALVES = {
    "head": (b"GET PATH" + REST_OF_HEAD + b"X-Half: ", b"sent\r\n\r\n"),
    "body": (b"POST PATH" + REST_OF_HEAD + b"Content-Length: 4\r\n\r\nha", b"lf"),
}


def main(arguments: list[str]) -> None:
    """Send it, wait, send the rest, and read."""
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGUSR1})
    address, port, path, half = arguments
    first, last = HALVES[half]
    connection = socket.create_connection((address, int(port)), PATIENCE_S)
    connection.sendall(first.replace(b"PATH", path.encode()))
    say("early" if half == "body" and answers_early(connection) else "held")
    signal.sigwait({signal.SIGUSR1})
    try:
        say(rest(connection, last))
    except ConnectionError:
        say("reset")
    except OSError as error:
        say("silent: " + str(error))


def answers_early(connection: socket.socket) -> bool:
    """Whether it is answered, or closed, before it is whole."""
    connection.settimeout(EARLY_S)
    try:
        connection.recv(1, socket.MSG_PEEK)
    except TimeoutError:
        return False
    except OSError:
        return True
    return True


def rest(connection: socket.socket, last: bytes) -> str:
    """Send the rest, unless the connection was closed, and return the answer's first line."""
    connection.settimeout(0.0)
    try:
        early = connection.recv(4096)
        return first_line(early) if early else "closed"
    except BlockingIOError:
        pass
    connection.settimeout(PATIENCE_S)
    connection.sendall(last)
    return first_line(connection.recv(4096)) or "lost"


def first_line(reply: bytes) -> str:
    """Return an answer's first line."""
    return reply.partition(b"\r\n")[0].decode("ascii", "replace")[:200]


def say(word: str) -> None:
    """Print a line at once."""
    sys.stdout.write(word + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(sys.argv[1:])
