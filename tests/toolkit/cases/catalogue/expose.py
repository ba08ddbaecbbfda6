"""What the image says of its ports is not what the container does."""

from __future__ import annotations

from .model import Case, after, dockerfile, replace, without, write

PORT = "EXPOSE 8000"
MAIN = "greeter/__main__.py"
HOST = 'host="0.0.0.0"'

# Accepts whoever comes and hangs up on him: SO_LINGER with no time makes closing a reset.
RESETS = """\
    import signal
    import socket
    import struct
    import sys

    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    listener = socket.create_server(("0.0.0.0", 8000))
    while True:
        client, _ = listener.accept()
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        client.close()
    """

HANGS = """\
    import signal
    import socket
    import sys

    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    listener = socket.create_server(("0.0.0.0", 8000))
    clients = []
    while True:
        clients.append(listener.accept())
    """

CASES = (
    Case("expose/none", "a port is listened on, none is declared", (without(PORT),)),
    Case("expose/wrong-number", "another port than the service's", (dockerfile(PORT, "EXPOSE 8080"),)),
    Case("expose/udp", "the right number, the wrong protocol", (dockerfile(PORT, "EXPOSE 8000/udp"),)),
    Case(
        "expose/udp-too",
        "both protocols, of which one is served",
        (dockerfile(PORT, "EXPOSE 8000/tcp 8000/udp"),),
    ),
    Case(
        "expose/second-dead", "a second port that nobody listens on", (dockerfile(PORT, "EXPOSE 8000 9000"),)
    ),
    Case("expose/range", "a range of which one port is listened on", (dockerfile(PORT, "EXPOSE 8000-8002"),)),
    Case(
        "expose/argument",
        "a build argument whose default is not the service's port",
        (dockerfile(PORT, "ARG PORT=80\nEXPOSE ${PORT}"),),
    ),
    Case(
        "expose/variable-unread",
        "a variable that the service does not read",
        (dockerfile(PORT, "ENV PORT=5000\nEXPOSE $PORT"),),
    ),
    Case(
        "expose/in-test-stage-only",
        "only the test stage declares the port",
        (dockerfile(f"{PORT}\n", ""), after("RUN python -m pytest", PORT)),
    ),
    Case(
        "expose/loopback",
        "only the container itself can reach the service",
        (replace(MAIN, HOST, 'host="127.0.0.1"'),),
    ),
    Case("expose/localhost", "the same, by name", (replace(MAIN, HOST, 'host="localhost"'),)),
    Case("expose/loopback-6", "the same, in IPv6", (replace(MAIN, HOST, 'host="::1"'),)),
    Case(
        "expose/undeclared",
        "the service listens on one port more",
        (
            replace(MAIN, "import sys\n", "import socket\nimport sys\n"),
            replace(
                MAIN,
                "    serve(",
                '    metrics = socket.create_server(("0.0.0.0", 9000))\n    assert metrics\n    serve(',
            ),
        ),
    ),
    Case(
        "expose/undeclared-udp",
        "the service listens on a UDP port that it does not declare",
        (
            replace(MAIN, "import sys\n", "import socket\nimport sys\n"),
            replace(
                MAIN,
                "    serve(",
                '    events = socket.socket(type=socket.SOCK_DGRAM)\n    events.bind(("0.0.0.0", 8125))\n    serve(',
            ),
        ),
    ),
    Case(
        "expose/undeclared-by-a-helper",
        "a second process listens on a port that is not declared",
        (
            replace(MAIN, "import signal\n", "import signal\nimport subprocess\n"),
            replace(
                MAIN,
                "    serve(",
                '    subprocess.Popen([sys.executable, "-m", "http.server", "9000"])\n    serve(',
            ),
        ),
    ),
    Case(
        "expose/resets",
        "the port accepts and hangs up",
        (write(MAIN, RESETS),),
        frozenset({"necessary-files"}),
    ),
    Case(
        "expose/hangs",
        "the port accepts and says nothing",
        (write(MAIN, HANGS),),
        frozenset({"necessary-files"}),
    ),
)
