"""Answers are lost when the container is told to stop."""

from __future__ import annotations

from ..servers import asyncio, celery, django, gunicorn, in_shell, on_start, uvicorn
from .model import Case, dockerfile, replace, write

ASKED = ("graceful-stop",)
MAIN = "greeter/__main__.py"
THREADS = ("--worker-class=gthread", "--threads=4")
FINISHES = '''\
    """Serve until told to stop, and finish what is under way."""

    import signal
    import threading

    from waitress.server import create_server

    from .service import make

    server = create_server(make(), host="0.0.0.0", port=8000)
    signal.signal(signal.SIGTERM, lambda *_: threading.Timer(2, server.close).start())
    try:
        server.run()
    except OSError:
        pass
    '''

HARD = in_shell("trap 'kill -9 $child; exit 0' TERM\n\"$@\" &\nchild=$!\nwait $child")
QUIT = dockerfile("USER app", "USER app\nSTOPSIGNAL SIGQUIT")
INTERRUPT = dockerfile("USER app", "USER app\nSTOPSIGNAL SIGINT")
FAILS = on_start("import atexit\natexit.register(os._exit, 3)")

CASES = (
    Case(
        "graceful-stop/exits", "a handler that exits at once", (dockerfile("EXPOSE 8000", "EXPOSE 8000/tcp"),)
    ),
    Case("graceful-stop/gunicorn-quit", "a stop signal that means: at once", (*gunicorn(), QUIT)),
    Case("graceful-stop/gunicorn-interrupt", "another of that kind", (*gunicorn("--workers=2"), INTERRUPT)),
    Case("graceful-stop/django-quit", "the same of Django's workers", (*django("--workers=2"), QUIT)),
    Case("graceful-stop/script-kills", "an entry script that kills what it has started", HARD),
    Case("graceful-stop/uvicorn-fails", "a failing exit code", (*uvicorn(), FAILS)),
    Case("graceful-stop/celery-fails", "a worker that ends as a failure", (*celery(), FAILS)),
    Case(
        "graceful-stop/asyncio",
        "a loop that is ended with its connections",
        (
            *asyncio(),
            replace(MAIN, "await asyncio.sleep(2)  # for those who are under way", "import os; os._exit(1)"),
        ),
    ),
    Case("benign/graceful-stop-sync", "gunicorn's usual workers", gunicorn("--workers=2"), only=ASKED),
    Case("benign/graceful-stop-threads", "gunicorn with threads", gunicorn(*THREADS), only=ASKED),
    Case("benign/graceful-stop-django", "Django on them", django(*THREADS), only=ASKED),
    Case("benign/graceful-stop-asyncio", "asyncio that waits for what is under way", asyncio(), only=ASKED),
    Case(
        "benign/graceful-stop-uvicorn", "uvicorn, which closes what is no request yet", uvicorn(), only=ASKED
    ),
    Case(
        "benign/graceful-stop-waitress",
        "waitress that is closed after a moment",
        (write(MAIN, FINISHES),),
        only=ASKED,
    ),
    Case("benign/graceful-stop-worker", "a worker of Celery's", celery(), only=ASKED),
)
