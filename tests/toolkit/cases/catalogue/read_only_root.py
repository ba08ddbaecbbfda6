"""The container writes to its own root."""

from __future__ import annotations

from ..servers import asyncio, celery, django, gunicorn, in_shell, on_start, uvicorn
from .model import Case, after, dockerfile

ASKED = ("read-only-root",)
WORKDIR = "COPY --from=deps /venv /venv"
OWNED = "RUN install -d -o app -g app /app/data"
TOUCH = 'open("/app/state", "w").close()'

CASES = (
    Case(
        "read-only-root/waitress-pid",
        "a file of its process id",
        (on_start('open("/app/run.pid", "w").write(str(os.getpid()))'),),
    ),
    Case("read-only-root/gunicorn-pid", "gunicorn's own file of it", gunicorn("--pid=/app/gunicorn.pid")),
    Case("read-only-root/gunicorn-log", "an error log in a file", gunicorn("--error-logfile=/app/error.log")),
    Case(
        "read-only-root/uvicorn-workers",
        "what each worker writes when it starts",
        (*uvicorn("--workers=2"), on_start(TOUCH)),
    ),
    Case(
        "read-only-root/django-database",
        "a database beside the code",
        (
            *django(),
            on_start(
                'import sqlite3\nsqlite3.connect("/app/site.db").execute("create table if not exists t (x)")'
            ),
        ),
    ),
    Case(
        "read-only-root/celery-pid",
        "Celery's file of its process id",
        celery("--pidfile=/app/worker.pid"),
    ),
    Case("read-only-root/asyncio", "a state file", (*asyncio(), on_start(TOUCH))),
    Case(
        "read-only-root/entry-script",
        "an entry script that writes a configuration",
        in_shell("date > /app/site.conf"),
    ),
    Case(
        "read-only-root/home",
        "a cache in a home directory",
        (after(WORKDIR, "ENV HOME=/app"), on_start('os.makedirs(os.path.expanduser("~/.cache/greeter"))')),
    ),
    Case(
        "benign/read-only-root-waitress",
        "nothing is written",
        (dockerfile("EXPOSE 8000", "EXPOSE 8000/tcp"),),
        only=ASKED,
    ),
    Case(
        "benign/read-only-root-tmp",
        "state below /tmp",
        (*gunicorn("--workers=2", "--pid=/tmp/gunicorn.pid"), on_start('open("/tmp/state", "w").close()')),
        only=ASKED,
    ),
    Case(
        "benign/read-only-root-volume",
        "a database in a declared volume",
        (
            *django(),
            after(WORKDIR, OWNED, "VOLUME /app/data"),
            on_start(
                'import sqlite3\nsqlite3.connect("/app/data/site.db").execute("create table if not exists t (x)")'
            ),
        ),
        only=ASKED,
    ),
    Case("benign/read-only-root-worker", "a worker of Celery's", celery(), only=ASKED),
    Case(
        "benign/read-only-root-cache",
        "a cache that it can do without",
        (*uvicorn(), on_start('try:\n    open("/app/cache", "w").close()\nexcept OSError:\n    pass')),
        only=ASKED,
    ),
)
