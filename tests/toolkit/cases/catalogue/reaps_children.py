"""PID 1 leaves orphans as zombies."""

from __future__ import annotations

from ..servers import asyncio, django, gunicorn, in_shell, on_start, uvicorn
from .model import Case, Edit, before, dockerfile

ASKED = ("reaps-children",)
HELPER = on_start('import subprocess\nsubprocess.Popen(["sleep", "10000"])')
FORK = on_start(
    """
import multiprocessing, signal, time
def work():
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    time.sleep(10_000)
if __name__ != "__mp_main__":
    multiprocessing.get_context("fork").Process(target=work, daemon=True).start()
"""
)
INIT = "import os, signal, subprocess, sys; c = subprocess.Popen(sys.argv[1:]); signal.signal(signal.SIGTERM, lambda *_: c.terminate()); sys.exit(c.wait())"
TINI: Edit = before(
    "USER app",
    "RUN apt-get update && apt-get install -y --no-install-recommends tini && rm -rf /var/lib/apt/lists/*",
    'ENTRYPOINT ["tini", "--"]',
)

CASES = (
    Case("reaps-children/waitress", "a helper that waitress has started", (HELPER,)),
    Case("reaps-children/waitress-fork", "a fork of it", (FORK,)),
    Case("reaps-children/uvicorn-workers", "uvicorn as the parent of its workers", uvicorn("--workers=2")),
    Case("reaps-children/uvicorn-helper", "uvicorn with a helper", (*uvicorn(), HELPER)),
    Case("reaps-children/asyncio", "asyncio with a helper", (*asyncio(), HELPER)),
    Case("reaps-children/asyncio-fork", "asyncio with a fork", (*asyncio(), FORK)),
    Case(
        "reaps-children/supervisor",
        "a supervisor in Python",
        (
            dockerfile(
                'CMD ["python", "-m", "greeter"]',
                f'ENTRYPOINT ["python", "-c", "{INIT}"]\nCMD ["python", "-m", "greeter"]',
            ),
        ),
    ),
    Case(
        "reaps-children/script-exec",
        "an entry script that starts a helper and makes way",
        in_shell("sleep 10000 &"),
    ),
    Case(
        "benign/reaps-children-waitress",
        "one process",
        (dockerfile("EXPOSE 8000", "EXPOSE 8000/tcp"),),
        only=ASKED,
    ),
    Case(
        "benign/reaps-children-gunicorn",
        "gunicorn, which reaps what is left to it",
        gunicorn("--workers=2"),
        only=ASKED,
    ),
    Case("benign/reaps-children-django", "Django on it", django("--workers=2"), only=ASKED),
    Case(
        "benign/reaps-children-tini",
        "an init in front of uvicorn's workers",
        (*uvicorn("--workers=2"), TINI),
        only=ASKED,
    ),
    Case(
        "benign/reaps-children-threads",
        "threads, which are no processes",
        gunicorn("--worker-class=gthread", "--threads=4"),
        only=ASKED,
    ),
)
