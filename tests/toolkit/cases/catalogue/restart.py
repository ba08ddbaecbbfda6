"""The container does not come back when it is started again."""

from __future__ import annotations

from ..servers import asyncio, celery, django, gunicorn, in_shell, on_start, uvicorn
from .model import Case, dockerfile

ASKED = ("restart",)
LOCK = 'open("/tmp/lock", "x").close()'
TABLE = 'import sqlite3\nsqlite3.connect("/tmp/site.db").execute("create table {} t (x)")'

CASES = (
    Case("restart/lock", "a lock that stays", (on_start(LOCK),)),
    Case(
        "restart/gunicorn-folder",
        "a folder that is made once, before the workers",
        (*gunicorn("--preload"), on_start('os.mkdir("/tmp/work")')),
    ),
    Case(
        "restart/uvicorn-pid",
        "a pid file that is refused",
        (
            *uvicorn(),
            on_start(
                'if os.path.exists("/tmp/pid"):\n    raise SystemExit("already running, says /tmp/pid")\nopen("/tmp/pid", "w").close()'
            ),
        ),
    ),
    Case("restart/django-table", "a table that is made once", (*django(), on_start(TABLE.format("")))),
    Case(
        "restart/celery-pid",
        "a folder that was moved away",
        (
            *celery(),
            on_start(
                'os.makedirs("/tmp/a", exist_ok=True)\nos.rename("/tmp/a", "/tmp/b")\nopen("/tmp/b/x", "x").close()'
            ),
        ),
    ),
    Case(
        "restart/asyncio-socket",
        "a Unix socket that is bound twice",
        (
            *asyncio(),
            on_start('import socket\nheld = socket.socket(socket.AF_UNIX)\nheld.bind("/tmp/control")'),
        ),
    ),
    Case("restart/entry-mkdir", "an entry script that makes a folder", in_shell("mkdir /tmp/data")),
    Case(
        "restart/entry-once",
        "an entry script that ends when it has been there",
        in_shell("test ! -e /tmp/done || exit 3\ntouch /tmp/done"),
    ),
    Case(
        "restart/entry-moves",
        "an entry script that moves what it needs",
        in_shell("touch -a /tmp/first\nmv /tmp/first /tmp/second\nln /tmp/second /tmp/third"),
    ),
    Case(
        "benign/restart-waitress",
        "nothing is left",
        (dockerfile("EXPOSE 8000", "EXPOSE 8000/tcp"),),
        only=ASKED,
    ),
    Case(
        "benign/restart-stale-pid",
        "gunicorn, which knows a stale pid file",
        gunicorn("--pid=/tmp/gunicorn.pid"),
        only=ASKED,
    ),
    Case(
        "benign/restart-table",
        "a table that is made where it is not there",
        (*django(), on_start(TABLE.format("if not exists"))),
        only=ASKED,
    ),
    Case("benign/restart-worker", "a worker of Celery's", celery(), only=ASKED),
    Case(
        "benign/restart-script",
        "an entry script that expects what it has left",
        in_shell("mkdir -p /tmp/data\nrm -f /tmp/pid\ntouch /tmp/pid"),
        only=ASKED,
    ),
    Case("benign/restart-uvicorn", "uvicorn with workers", uvicorn("--workers=2"), only=ASKED),
)
