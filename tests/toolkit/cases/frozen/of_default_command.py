"""Containers that do not start, do not stay, or do not stop."""

from __future__ import annotations

from tests.toolkit.cases.catalogue.model import NOTHING_RUNS, before, dockerfile, replace, write

from .bases import CELERY, DJANGO, FASTAPI, FLASK, PACKAGE, TINY, UV, WORKER
from .situation import Situation, and_

DIES = NOTHING_RUNS - {"default-command", "ownership"}
HANDLER = "signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))\n"

SITUATIONS = (
    Situation(
        "default-command/entry-script-without-exec",
        "gunicorn is a child of the entry script",
        "https://github.com/CTFd/CTFd/issues/713",
        FLASK,
        (
            write(
                "docker-entrypoint.sh",
                "#!/bin/sh\necho starting\ngunicorn --bind 0.0.0.0:8000 shop.app:app\n",
                0o755,
            ),
            dockerfile(
                'CMD ["gunicorn", "--bind", "0.0.0.0:8000", "shop.app:app"]',
                'COPY --chown=web:web docker-entrypoint.sh ./\nCMD ["./docker-entrypoint.sh"]',
            ),
        ),
        (
            write(
                "docker-entrypoint.sh",
                "#!/bin/sh\necho starting\nexec gunicorn --bind 0.0.0.0:8000 shop.app:app\n",
                0o755,
            ),
            dockerfile(
                'CMD ["gunicorn", "--bind", "0.0.0.0:8000", "shop.app:app"]',
                'COPY --chown=web:web docker-entrypoint.sh ./\nCMD ["./docker-entrypoint.sh"]',
            ),
        ),
    ),
    Situation(
        "default-command/uv-run-in-front",
        "uv run starts the server, and stays in front of it",
        "https://github.com/astral-sh/uv-docker-example/issues/36",
        UV,
        (
            before(
                "USER quay",
                "COPY --from=build /usr/local/bin/uv /usr/local/bin/uv",
                "COPY --chown=quay:quay pyproject.toml ./",
            ),
            dockerfile('CMD ["uvicorn"', 'CMD ["uv", "run", "--no-sync", "uvicorn"'),
        ),
        (dockerfile('CMD ["uvicorn"', 'CMD ["python", "-m", "uvicorn"'),),
        also=and_("multistage"),
    ),
    Situation(
        "default-command/nobody-hears-the-signal",
        "the program is PID 1, and has no handler",
        "https://github.com/2i2c-org/prometheus-dirsize-exporter/issues/4",
        WORKER,
        (replace("harvester/__main__.py", HANDLER, ""),),
        (
            replace(
                "harvester/__main__.py", "lambda *_: sys.exit(0)", "lambda *_: sys.exit(0 * signal.SIGTERM)"
            ),
        ),
    ),
    Situation(
        "default-command/health-check-by-curl",
        "HEALTHCHECK calls curl, which a slim image has not",
        "https://github.com/mohitkumhar/450-dsa/issues/190",
        FASTAPI,
        (
            before(
                "EXPOSE 8080",
                "HEALTHCHECK --interval=30s --timeout=3s CMD curl -f http://localhost:8080/ || exit 1",
            ),
        ),
        (
            before(
                "EXPOSE 8080",
                "HEALTHCHECK --interval=30s --timeout=3s CMD "
                '["python", "-c", "import urllib.request as r; r.urlopen(\'http://localhost:8080/\')"]',
            ),
        ),
    ),
    Situation(
        "default-command/file-of-another-name",
        "the command names a file that the image does not have",
        "https://docs.docker.com/guides/python/containerize/",
        TINY,
        (dockerfile('CMD ["python", "server.py"]', 'CMD ["python", "app.py"]'),),
        (dockerfile('CMD ["python", "server.py"]', 'CMD ["python", "-u", "server.py"]'),),
        also=DIES,
        unknown=DIES,
    ),
    Situation(
        "default-command/goes-into-the-background",
        "celery multi starts the worker, and ends",
        "https://docs.celeryq.dev/en/stable/userguide/daemonizing.html",
        CELERY,
        (
            dockerfile(
                '"celery", "-A", "jobs.app", "worker", "--loglevel=info", "--concurrency=1"',
                '"celery", "multi", "start", "w1", "-A", "jobs.app", "--pidfile=/tmp/%n.pid", "--logfile=/tmp/%n.log"',
            ),
        ),
        (dockerfile('"--concurrency=1"', '"--concurrency=1", "--pool=solo"'),),
        also=DIES,
        unknown=DIES,
    ),
    Situation(
        "default-command/waits-for-somebody",
        "the container only stays, and the service is started by hand",
        "https://docs.docker.com/engine/containers/run/",
        PACKAGE,
        (dockerfile('CMD ["relay"]', 'CMD ["tail", "-f", "/dev/null"]'),),
        (dockerfile('CMD ["relay"]', 'ENTRYPOINT ["relay"]'),),
        also=DIES,
        unknown=DIES,
    ),
    Situation(
        "default-command/development-server",
        "Flask's own server as PID 1, which no signal ends",
        "https://flask.palletsprojects.com/en/stable/deploying/",
        FLASK,
        (
            dockerfile(
                '"gunicorn", "--bind", "0.0.0.0:8000", "shop.app:app"',
                '"flask", "--app", "shop.app", "run", "--host", "0.0.0.0", "--port", "8000"',
            ),
        ),
        (dockerfile('"gunicorn", "--bind"', '"gunicorn", "--preload", "--bind"'),),
    ),
    Situation(
        "default-command/migrate-in-front",
        "an entry script prepares, and then starts the server as a child in the background",
        "https://github.com/geopython/pygeoapi/pull/544",
        DJANGO,
        (
            write(
                "start.sh",
                "#!/bin/sh\npython manage.py check\ngunicorn harbour.wsgi -b :8000 &\nwait\n",
                0o755,
            ),
            dockerfile(
                'CMD ["gunicorn", "harbour.wsgi", "-b", ":8000", "-w", "2"]',
                'COPY --chown=django:django start.sh ./\nCMD ["./start.sh"]',
            ),
        ),
        (
            write(
                "start.sh",
                "#!/bin/sh\nset -e\npython manage.py check\nexec gunicorn harbour.wsgi -b :8000\n",
                0o755,
            ),
            dockerfile(
                'CMD ["gunicorn", "harbour.wsgi", "-b", ":8000", "-w", "2"]',
                'COPY --chown=django:django start.sh ./\nCMD ["./start.sh"]',
            ),
        ),
    ),
)
