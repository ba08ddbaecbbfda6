"""Asking a port of the container for an answer, with nothing but sockets.

Second part of the probe (see `watch.py`).
"""

# ruff: noqa: FBT003, PLR2004 - `outcome(True, ...)` reads well; numbers of HTTP and of the kernel's tables

import socket

from hullproof.engine.container.kernel import table

HELD_OPEN_S = 0.4
SECOND_ANSWER_S = 1.0


def ask(address: str, port: int, path: str, seconds: float) -> dict[str, object]:
    """Ask one port, first in plain HTTP, then as one asks a server that does not like that."""
    answer = ask_plain(address, port, path, seconds)
    if answer.pop("secure"):
        answer = ask_secure(address, port, path, seconds) or answer
    if answer.pop("closed", False) and holds_open(address, port):
        answer.update(answered=True, retry=False, detail="keeps connections open, and closes them on HTTP")
    return answer


def outcome(answered: bool, detail: str, **more: object) -> dict[str, object]:  # noqa: FBT001 - sent as text
    """Put an answer together. `retry`: a server that is still starting may look like this."""
    return dict(
        {"answered": answered, "status": None, "detail": detail, "retry": False, "secure": False}, **more
    )


def ask_plain(address: str, port: int, path: str, seconds: float) -> dict[str, object]:
    """Ask in HTTP/1.1, without any library."""
    connection = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_STREAM)
    connection.settimeout(seconds)
    reply, silent = b"", ""
    try:
        connection.connect((address, port))
        connection.send(request(port, path))
        reply = receive(connection)
    except TimeoutError:
        if waits_in_queue(port, connection):
            return outcome(False, "listens, but accepts no connection", retry=True)
        if is_unread(port, connection):
            return outcome(False, "accepts connections, and reads nothing of what it is sent", retry=True)
        silent = f"silent for {seconds:g} s"
    except ConnectionRefusedError:
        return outcome(False, "refuses connections on " + address, retry=True)
    except OSError as error:
        detail = (error.strerror or str(error)).lower()
        return outcome(False, "connection failed: " + detail, retry=True, secure=True, closed=True)
    finally:
        connection.close()
    return judge(reply) if not silent else ask_otherwise(address, port, silent)


def ask_otherwise(address: str, port: int, silent: str) -> dict[str, object]:
    """Ask a server that reads, and did not answer HTTP, for what every HTTP server answers: a line that makes no sense.

    In many protocols the client speaks first and there is no answer (Graphite's lines, syslog, MLLP). A server whose
    only worker hangs since it read the first question takes no second one.
    """
    connection = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_STREAM)
    connection.settimeout(SECOND_ANSWER_S)
    try:
        connection.connect((address, port))
        connection.send(b"?\r\n\r\n")
        if receive(connection).startswith((b"HTTP/", b"<")):
            return outcome(False, "speaks HTTP, and is " + silent + " when asked", retry=True)
    except TimeoutError:
        if waits_in_queue(port, connection) or is_unread(port, connection):
            return outcome(False, "took one question, is " + silent + ", and takes no other", retry=True)
    except OSError as error:
        return outcome(False, "connection failed: " + (error.strerror or str(error)).lower(), retry=True)
    finally:
        connection.close()
    return outcome(
        True, "reads what it is sent, and says nothing: a protocol in which the client speaks first"
    )


def request(port: int, path: str) -> bytes:
    """Spell the request. The host is the one that most lists of allowed hosts have."""
    target = "".join(char if "!" <= char <= "~" else "%20" for char in path)
    lines = (
        "GET " + target + " HTTP/1.1",
        "Host: localhost:" + str(port),
        "User-Agent: hullproof",
        "Accept: */*",
    )
    return ("\r\n".join(lines) + "\r\nConnection: close\r\n\r\n").encode("ascii")


def receive(connection: socket.socket) -> bytes:
    """Read until the first line is there, or what may be all."""
    reply = b""
    while len(reply) < 1024 and b"\n" not in reply:
        part = connection.recv(1024)
        if not part:
            break
        reply += part
    return reply


def judge(reply: bytes) -> dict[str, object]:
    """Say what a reply is."""
    if not reply:
        return outcome(
            False, "accepts connections, and closes them without a word", retry=True, secure=True, closed=True
        )
    words = reply.split(None, 2)
    if reply.startswith(b"HTTP/") and len(words) > 1 and words[1].isdigit():
        status = int(words[1][:3])
        hint = status == 400 and b"https" in reply.lower()
        return outcome(True, "HTTP " + str(status), status=status, secure=hint)
    # 0x15 is a TLS alert: how most servers refuse plain text.
    return outcome(True, "answers, but not in HTTP", secure=reply[:1] == b"\x15")


def ask_secure(address: str, port: int, path: str, seconds: float) -> dict[str, object] | None:
    """Ask through TLS, whatever the certificate; None where it is no TLS server."""
    import ssl  # noqa: PLC0415 - rarely needed, and slow

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    try:
        with socket.create_connection((address, port), timeout=seconds) as plain:
            try:
                with context.wrap_socket(plain) as connection:
                    connection.sendall(request(port, path))
                    answer = judge(connection.recv(1024))
            except ssl.SSLError as error:
                if "ALERT" not in str(error.reason):
                    return None
                return outcome(True, "speaks TLS, and wants a client that it knows")
    except OSError:
        return None
    status = answer["status"]
    return outcome(True, "HTTP " + str(status) + " through TLS" if status else "speaks TLS", status=status)


def holds_open(address: str, port: int) -> bool:
    """Whether a connection that says nothing is kept open."""
    connection = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_STREAM)
    connection.settimeout(HELD_OPEN_S)
    try:
        connection.connect((address, port))
        return bool(connection.recv(1))
    except TimeoutError:
        return not waits_in_queue(port, connection)
    except OSError:
        return False
    finally:
        connection.close()


def waits_in_queue(port: int, connection: socket.socket) -> bool:
    """Whether the application never took the connection: nobody owns the far end, or the queue for it is full."""
    fields = far_end(port, connection)
    return not fields or fields[9] == "0"


def is_unread(port: int, connection: socket.socket) -> bool:
    """Whether what was sent still waits in the far end's receive queue."""
    fields = far_end(port, connection)
    return len(fields) > 9 and int(fields[4].partition(":")[2], 16) > 0


def far_end(port: int, connection: socket.socket) -> list[str]:
    """Return the kernel's line on the server's end of a connection, as columns; empty where there is none."""
    try:
        mine = int(connection.getsockname()[1])
    except OSError:
        return []
    for name in ("tcp", "tcp6"):
        for line in table(name).split("\n"):
            fields = line.split()
            if len(fields) > 9 and fields[1].endswith(f":{port:04X}") and fields[2].endswith(f":{mine:04X}"):
                return fields
    return []


def ask_datagram(address: str, port: int) -> dict[str, object]:
    """See whether a datagram is refused: more cannot be had without knowing what is spoken there."""
    try:
        connection = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_DGRAM)
        connection.settimeout(0.2)
        try:
            connection.connect((address, port))
            connection.send(b"\n")
            connection.recv(1)
        except TimeoutError:
            return outcome(True, "takes datagrams; what it answers cannot be asked for in general")
        finally:
            connection.close()
    except OSError as error:
        return outcome(False, (error.strerror or str(error)).lower())
    return outcome(True, "answers datagrams")
