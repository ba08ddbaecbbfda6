"""The health check is none, never says healthy, or says so whatever happens."""

from __future__ import annotations

from ..servers import asyncio, celery, django, gunicorn, on_start, uvicorn
from .model import Case, Edit, before, dockerfile

ASKED = ("healthcheck",)
QUICK = "HEALTHCHECK --interval=1s --timeout=5s --retries=2 CMD"
ASKS = f"""{QUICK} ["python", "-c", "import urllib.request as u; u.urlopen('http://localhost:8000/', timeout=2)"]"""
BEAT = """
import threading
def beat():
    open("/tmp/beat", "w").close()
    threading.Timer(0.5, beat).start()
beat()
"""
FRESH = f'{QUICK} ["python", "-c", "import os, sys, time; sys.exit(time.time() - os.path.getmtime(\'/tmp/beat\') > 4)"]'


def checked(line: str) -> Edit:
    """Put a HEALTHCHECK before the user."""
    return before("USER app", line)


CASES = (
    Case("healthcheck/none", "none", (dockerfile("EXPOSE 8000", "EXPOSE 8000/tcp"),)),
    Case(
        "healthcheck/switched-off", "one that is switched off again", (checked(f"{ASKS}\nHEALTHCHECK NONE"),)
    ),
    Case(
        "healthcheck/no-curl",
        "curl, which the image lacks",
        (checked(f"{QUICK} curl -f http://localhost:8000/"),),
    ),
    Case(
        "healthcheck/wrong-port",
        "a port that nobody listens on",
        (*gunicorn(), checked(ASKS.replace("8000", "8080"))),
    ),
    Case(
        "healthcheck/wrong-path",
        "a path that there is not",
        (*django(), checked(ASKS.replace("8000/", "8000/healthz"))),
    ),
    Case("healthcheck/exit-0", "exit 0", (*uvicorn("--workers=2"), checked(f"{QUICK} exit 0"))),
    Case(
        "healthcheck/or-true",
        "a failure that is passed over",
        (
            *asyncio(),
            checked(
                f"{QUICK} python -c 'import socket; socket.create_connection((\"localhost\", 8000), 1)' || true"
            ),
        ),
    ),
    Case(
        "healthcheck/process",
        "a process that is there",
        (*gunicorn("--workers=2"), checked(f"{QUICK} grep -q gunicorn /proc/1/cmdline")),
    ),
    Case(
        "healthcheck/itself",
        "a check of itself",
        (*celery(), checked(f'{QUICK} ["python", "-c", "import greeter"]')),
    ),
    Case(
        "healthcheck/connects",
        "a port that only has to be open",
        (
            *asyncio(),
            checked(
                f'{QUICK} ["python", "-c", "import socket; socket.create_connection((\'localhost\', 8000), 1)"]'
            ),
        ),
    ),
    Case("benign/healthcheck-waitress", "a request that has to be answered", (checked(ASKS),), only=ASKED),
    Case(
        "benign/healthcheck-gunicorn",
        "the same of gunicorn with workers",
        (*gunicorn("--workers=2"), checked(ASKS)),
        only=ASKED,
    ),
    Case(
        "benign/healthcheck-uvicorn",
        "the same of uvicorn, in shell form",
        (
            *uvicorn("--workers=2"),
            checked(
                f"""{QUICK} python -c "import urllib.request as u; u.urlopen('http://localhost:8000/', timeout=2)" || exit 1"""
            ),
        ),
        only=ASKED,
    ),
    Case("benign/healthcheck-django", "the same of Django", (*django(), checked(ASKS)), only=ASKED),
    Case(
        "benign/healthcheck-beat",
        "a worker that writes the time, and a check that it goes on",
        (*celery(), on_start(BEAT), checked(FRESH)),
        only=ASKED,
    ),
)
