"""The container needs rights that it can do without."""

from __future__ import annotations

from ..servers import asyncio, celery, django, gunicorn, in_shell, on_start, uvicorn
from .model import Case, dockerfile

ASKED = ("least-privilege",)
ROOT = dockerfile("USER app", "USER root")
CHANGES = "if os.getuid() == 0:\n    os.setgid(10001)\n    os.setuid(10001)"

CASES = (
    Case("least-privilege/changes-user", "it starts as root and changes its user", (ROOT, on_start(CHANGES))),
    Case(
        "least-privilege/gunicorn-user",
        "gunicorn does that for it",
        (ROOT, *gunicorn("--user=10001", "--group=10001")),
    ),
    Case(
        "least-privilege/uvicorn-chown",
        "it gives a folder away when it starts",
        (ROOT, *uvicorn("--workers=2"), on_start('os.chown("/app", 10001, 10001)')),
    ),
    Case(
        "least-privilege/script-chown",
        "an entry script that gives the code away",
        (ROOT, *in_shell("chown -R nobody /app")),
    ),
    Case(
        "least-privilege/celery-uid",
        "a worker that changes its user",
        (ROOT, *celery("--uid=10001", "--gid=10001")),
    ),
    Case(
        "least-privilege/asyncio-mode",
        "it changes the mode of what is another's",
        (ROOT, *asyncio(), on_start('os.chmod("/app", 0o750)')),
    ),
    Case(
        "least-privilege/writes-as-root",
        "root writes into another's folder",
        (ROOT, on_start('open("/app/state", "w").close()')),
    ),
    Case(
        "least-privilege/su",
        "an entry script that changes the user by setpriv",
        (ROOT, *in_shell("setpriv --reuid=10001 --regid=10001 --clear-groups true")),
    ),
    Case(
        "benign/least-privilege-waitress",
        "an ordinary user",
        (dockerfile("EXPOSE 8000", "EXPOSE 8000/tcp"),),
        only=ASKED,
    ),
    Case("benign/least-privilege-gunicorn", "gunicorn with workers", gunicorn("--workers=2"), only=ASKED),
    Case(
        "benign/least-privilege-port-80",
        "a port below 1024, for which containers need no right",
        (*uvicorn("--port=80"), dockerfile("EXPOSE 8000", "EXPOSE 80")),
        only=ASKED,
    ),
    Case("benign/least-privilege-django", "Django", django(), only=ASKED),
    Case("benign/least-privilege-worker", "a worker of Celery's", celery(), only=ASKED),
)
