"""The application takes the whole machine for its own."""

from __future__ import annotations

from ..servers import asyncio, celery, django, gunicorn, in_shell, on_start, uvicorn
from .model import Case, Edit, dockerfile, replace, write

ASKED = ("resource-limits",)
SETTINGS = "greeter/settings.py"
POOL = """
import multiprocessing, signal, time
def work():
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    time.sleep(10_000)
if __name__ != "__mp_main__":
    context = multiprocessing.get_context("fork")
    for _ in range({}):
        context.Process(target=work, daemon=True).start()
"""


def by_shell(count: str) -> tuple[Edit, ...]:
    """Serve with gunicorn on as many workers as a shell counts."""
    words = " ".join(
        (
            "exec gunicorn --bind=0.0.0.0:8000 --worker-tmp-dir=/dev/shm",
            f"--workers={count}",
            "greeter.service:application",
        )
    )
    return (*gunicorn()[:-1], dockerfile('CMD ["python", "-m", "greeter"]', f'CMD ["sh", "-c", "{words}"]'))


CASES = (
    Case(
        "resource-limits/gunicorn-cores",
        "two workers for each processor, and one",
        (
            *gunicorn("--config=greeter/settings.py"),
            write(SETTINGS, "import multiprocessing\n\nworkers = 2 * multiprocessing.cpu_count() + 1\n"),
        ),
    ),
    Case(
        "resource-limits/gunicorn-affinity",
        "one for each that it may run on",
        (
            *gunicorn("--config=greeter/settings.py"),
            write(SETTINGS, "import os\n\nworkers = len(os.sched_getaffinity(0))\n"),
        ),
    ),
    Case("resource-limits/nproc", "as many as nproc says", by_shell("$(nproc)")),
    Case("resource-limits/getconf", "as many as getconf says", by_shell("$(getconf _NPROCESSORS_ONLN)")),
    Case(
        "resource-limits/django-cores",
        "Django on one for each processor",
        (*django("--config=greeter/settings.py"), write(SETTINGS, "import os\n\nworkers = os.cpu_count()\n")),
    ),
    Case(
        "resource-limits/celery",
        "Celery's own number",
        (*celery(), replace("Dockerfile", ', "--concurrency=1"', "")),
    ),
    Case(
        "resource-limits/pool",
        "a pool of helpers beside waitress",
        (on_start(POOL.format("os.cpu_count()")),),
    ),
    Case(
        "resource-limits/asyncio",
        "the same beside asyncio",
        (*asyncio(), on_start(POOL.format("os.cpu_count()"))),
    ),
    Case(
        "benign/resource-limits-waitress",
        "one process",
        (dockerfile("EXPOSE 8000", "EXPOSE 8000/tcp"),),
        only=ASKED,
    ),
    Case("benign/resource-limits-two", "two workers, whatever there is", gunicorn("--workers=2"), only=ASKED),
    Case(
        "benign/resource-limits-few",
        "four at the most, whatever there is",
        (
            *gunicorn("--config=greeter/settings.py"),
            write(SETTINGS, "import os\n\nworkers = min(4, os.cpu_count())\n"),
        ),
        only=ASKED,
    ),
    Case("benign/resource-limits-uvicorn", "two of uvicorn's", uvicorn("--workers=2"), only=ASKED),
    Case("benign/resource-limits-django", "Django on three", django("--workers=3"), only=ASKED),
    Case("benign/resource-limits-worker", "a worker of Celery's with one child", celery(), only=ASKED),
    Case(
        "benign/resource-limits-script",
        "a number with a default",
        in_shell('export WEB_CONCURRENCY="${WEB_CONCURRENCY:-2}"'),
        only=ASKED,
    ),
)
