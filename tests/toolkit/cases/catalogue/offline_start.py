"""The container needs a network to start."""

from __future__ import annotations

from ..servers import asyncio, celery, django, gunicorn, in_shell, on_start, uvicorn
from .model import Case, dockerfile

ASKED = ("offline-start",)
# What it asks for must be there in the ordinary boot, on a machine without a way out, too: the way to the container's gateway.
LOOKS = """
routes = [line.split() for line in open("/proc/net/route").readlines()[1:]]
if not any(route[1] == "00000000" for route in routes):
    raise OSError("Failed to resolve 'models.example.com': Temporary failure in name resolution")
"""
SENDS = 'import socket\nsocket.socket(socket.AF_INET, socket.SOCK_DGRAM).connect(("192.0.2.1", 53))'
IN_SHELL = (
    "grep -q eth0 /proc/net/dev || { echo 'curl: (6) Could not resolve host: words.example.org'; exit 6; }"
)
WAITS = "until grep -q eth0 /proc/net/dev; do echo waiting for https://config.example.com; sleep 1; done"

CASES = (
    Case("offline-start/waitress", "a model that is downloaded", (on_start(LOOKS),)),
    Case("offline-start/gunicorn", "the same before the workers", (*gunicorn("--preload"), on_start(LOOKS))),
    Case("offline-start/uvicorn", "a host that is called by its address", (*uvicorn(), on_start(SENDS))),
    Case(
        "offline-start/uvicorn-workers", "the same in each worker", (*uvicorn("--workers=2"), on_start(SENDS))
    ),
    Case("offline-start/django", "a list that is fetched", (*django(), on_start(LOOKS))),
    Case("offline-start/celery", "a worker that calls home", (*celery(), on_start(LOOKS))),
    Case("offline-start/asyncio", "a name server that has to be there", (*asyncio(), on_start(SENDS))),
    Case("offline-start/script", "an entry script that gets a file", in_shell(IN_SHELL)),
    Case("offline-start/waits", "one that waits for its configuration", in_shell(WAITS)),
    Case(
        "benign/offline-start-waitress",
        "nothing is asked for",
        (dockerfile("EXPOSE 8000", "EXPOSE 8000/tcp"),),
        only=ASKED,
    ),
    Case(
        "benign/offline-start-patient",
        "a failure that it lives with",
        (
            *gunicorn(),
            on_start(
                f"try:\n    {SENDS.splitlines()[0]}\n    {SENDS.splitlines()[1]}\nexcept OSError:\n    pass"
            ),
        ),
        only=ASKED,
    ),
    Case("benign/offline-start-django", "Django on two workers", django("--workers=2"), only=ASKED),
    Case("benign/offline-start-worker", "a worker on a queue in memory", celery(), only=ASKED),
    Case("benign/offline-start-uvicorn", "uvicorn", uvicorn(), only=ASKED),
)
