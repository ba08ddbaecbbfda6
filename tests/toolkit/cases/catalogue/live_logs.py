"""What is printed is seen late, never, or in a file."""

from __future__ import annotations

from ..servers import asyncio, celery, django, gunicorn, on_start, uvicorn
from .model import Case, append, dockerfile

ASKED = ("live-logs",)
HELD = dockerfile("ENV PYTHONUNBUFFERED=1 PATH", "ENV PATH")
SAYS = on_start('print("the words are there")')
INTO = 'import logging\nlogging.basicConfig(filename="{}", level=logging.INFO)\nlogging.info("the words are there")'

CASES = (
    Case("live-logs/waitress", "print with Python's buffers", (HELD, SAYS)),
    Case("live-logs/gunicorn", "the same in gunicorn's worker", (HELD, *gunicorn(), SAYS)),
    Case("live-logs/uvicorn", "the same under uvicorn", (HELD, *uvicorn(), SAYS)),
    Case("live-logs/django", "the same of Django", (HELD, *django(), SAYS)),
    Case("live-logs/asyncio", "the same of asyncio", (HELD, *asyncio(), SAYS)),
    Case(
        "live-logs/empty-variable",
        "a variable that is set to nothing",
        (dockerfile("PYTHONUNBUFFERED=1", 'PYTHONUNBUFFERED=""'), SAYS),
    ),
    Case("live-logs/file", "a log file beside the code", (on_start(INTO.format("/app/greeter.log")),)),
    Case("live-logs/celery-file", "Celery's own", celery("--logfile=/tmp/worker.log", "--loglevel=INFO")),
    Case("live-logs/gunicorn-file", "gunicorn's own", gunicorn("--error-logfile=/tmp/error.log")),
    Case("benign/live-logs-waitress", "print without buffers", (SAYS,), only=ASKED),
    Case(
        "benign/live-logs-flush",
        "print that is flushed",
        (HELD, *uvicorn(), on_start('print("the words are there", flush=True)')),
        only=ASKED,
    ),
    Case(
        "benign/live-logs-logging",
        "logging, which goes to stderr",
        (HELD, *gunicorn(), on_start('import logging\nlogging.warning("the words are there")')),
        only=ASKED,
    ),
    Case(
        "benign/live-logs-option",
        "python -u",
        (HELD, dockerfile('CMD ["python", "-m"', 'CMD ["python", "-u", "-m"'), SAYS),
        only=ASKED,
    ),
    Case(
        "benign/live-logs-silent",
        "nothing is printed",
        (HELD, *asyncio(), append("greeter/words.py", "\n")),
        only=ASKED,
    ),
    Case("benign/live-logs-worker", "a worker of Celery's", celery("--loglevel=INFO"), only=ASKED),
)
