"""The container runs as its own user alone."""

from __future__ import annotations

from ..servers import asyncio, celery, django, gunicorn, in_shell, on_start, uvicorn
from .model import Case, after, dockerfile, replace

ASKED = ("arbitrary-uid",)
VENV = "COPY --from=deps /venv /venv"
CODE = "COPY --from=test --chown=app:app /app/greeter greeter/"
TOUCH = 'open("/app/state", "w").close()'
GROUP = after(VENV, "RUN chgrp 0 /app && chmod 2775 /app")

CASES = (
    Case("arbitrary-uid/writes", "a folder of its user's that it writes to", (on_start(TOUCH),)),
    Case(
        "arbitrary-uid/closed-code",
        "code that only its owner may read",
        (dockerfile(CODE, f"{CODE}\nUSER root\nRUN chmod -R go= greeter"),),
    ),
    Case(
        "arbitrary-uid/closed-workdir",
        "a working directory that only its owner may enter",
        (dockerfile(CODE, f"{CODE}\nRUN chmod 700 /app"),),
    ),
    Case(
        "arbitrary-uid/gunicorn-pid", "gunicorn's file of its process id", gunicorn("--pid=/app/gunicorn.pid")
    ),
    Case(
        "arbitrary-uid/uvicorn-workers",
        "a name that is asked for",
        (*uvicorn("--workers=2"), on_start("import pwd\npwd.getpwuid(os.getuid())")),
    ),
    Case(
        "arbitrary-uid/django-database",
        "a database in a folder of its user's",
        (
            *django(),
            after(VENV, "RUN install -d -o app -g app /app/data"),
            on_start(
                'import sqlite3\nsqlite3.connect("/app/data/site.db").execute("create table if not exists t (x)")'
            ),
        ),
    ),
    Case("arbitrary-uid/celery-pid", "Celery's file of its process id", celery("--pidfile=/app/worker.pid")),
    Case(
        "arbitrary-uid/entry-script",
        "an entry script that only its owner may run",
        (*in_shell("true"), replace("Dockerfile", CODE, f"{CODE}\nRUN chmod 744 greeter/entry.sh")),
    ),
    Case(
        "arbitrary-uid/group-only", "a folder for group 0, and no other", (*asyncio(), GROUP, on_start(TOUCH))
    ),
    Case(
        "benign/arbitrary-uid-waitress",
        "all may read, and nothing is written",
        (dockerfile("EXPOSE 8000", "EXPOSE 8000/tcp"),),
        only=ASKED,
    ),
    Case(
        "benign/arbitrary-uid-tmp",
        "state below /tmp",
        (*gunicorn("--pid=/tmp/gunicorn.pid"), on_start('open("/tmp/state", "w").close()')),
        only=ASKED,
    ),
    Case("benign/arbitrary-uid-worker", "a worker of Celery's", celery(), only=ASKED),
    Case(
        "benign/arbitrary-uid-open",
        "a folder that all may write to",
        (
            *uvicorn(),
            after(VENV, "RUN install -d -m 1777 /app/data"),
            on_start('open("/app/data/state", "w").close()'),
        ),
        only=ASKED,
    ),
    Case("benign/arbitrary-uid-django", "Django with nothing to write", django(), only=ASKED),
)
