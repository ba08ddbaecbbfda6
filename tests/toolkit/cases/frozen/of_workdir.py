"""Containers that work somewhere."""

from __future__ import annotations

from tests.toolkit.cases.catalogue.model import dockerfile, replace, write

from .bases import DJANGO, FASTAPI, FLASK, PACKAGE, WORKER
from .situation import Situation, and_

SITUATIONS = (
    Situation(
        "workdir/absolute-paths-instead",
        "every path is written whole, and the server changes its directory by itself",
        "https://github.com/docker/docs/issues/9497",
        FLASK,
        (
            write(
                "Dockerfile",
                """\
                FROM python:3.12-slim AS base
                ENV PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1
                COPY requirements.txt /tmp/requirements.txt
                RUN pip install --no-cache-dir -r /tmp/requirements.txt

                FROM base AS tests
                COPY requirements-test.txt /tmp/requirements-test.txt
                RUN pip install --no-cache-dir -r /tmp/requirements-test.txt
                COPY . /t
                RUN cd /t && python -m pytest -q && touch /ok

                FROM base
                RUN useradd --create-home --uid 1000 web
                COPY --from=tests /ok /tmp/ok
                COPY --chown=web:web shop /code/shop
                USER web
                EXPOSE 8000
                CMD ["gunicorn", "--chdir", "/code", "--bind", "0.0.0.0:8000", "shop.app:app"]
                """,
            ),
        ),
        (
            dockerfile("COPY --chown=web:web shop shop", "COPY --chown=web:web shop /code/shop"),
            dockerfile('"gunicorn", ', '"gunicorn", "--chdir", "/code", '),
        ),
    ),
    Situation(
        "workdir/no-leading-slash",
        "the slash in front is forgotten",
        "https://docs.docker.com/reference/dockerfile/#workdir",
        FASTAPI,
        (dockerfile("WORKDIR /srv/api", "WORKDIR srv/api"),),
        (dockerfile("WORKDIR /srv/api", "WORKDIR /srv/api/"),),
    ),
    Situation(
        "workdir/tmp",
        "the program works where everybody's temporary files are",
        "https://refspecs.linuxfoundation.org/FHS_3.0/fhs/ch03s18.html",
        WORKER,
        (dockerfile("WORKDIR /opt/harvester", "WORKDIR /tmp"),),
        (
            dockerfile("install -d -o worker /opt/harvester", "install -d -o worker /var/lib/harvester"),
            dockerfile("WORKDIR /opt/harvester", "WORKDIR /var/lib/harvester"),
        ),
        also=and_("ownership"),
    ),
    Situation(
        "workdir/cd-in-the-command",
        "no WORKDIR in the release: a shell goes there first",
        "https://github.com/gradio-app/gradio/issues/2127",
        DJANGO,
        (
            write(
                "Dockerfile",
                """\
                FROM python:3.12-slim AS deps
                ENV PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1
                COPY requirements/base.txt /tmp/base.txt
                RUN pip install --no-cache-dir -r /tmp/base.txt

                FROM deps AS test
                COPY . /app
                RUN cd /app && python manage.py test && rm -r berths/tests ferries/tests

                FROM deps AS production
                RUN useradd --system --uid 1500 --home-dir /app django
                COPY --from=test --chown=django:django /app/harbour /app/harbour
                COPY --from=test --chown=django:django /app/berths /app/berths
                COPY --from=test --chown=django:django /app/ferries /app/ferries
                USER django
                EXPOSE 8000
                CMD ["sh", "-c", "cd /app && exec gunicorn harbour.wsgi -b :8000 -w 2"]
                """,
            ),
        ),
        (
            dockerfile(
                '"gunicorn", "harbour.wsgi", "-b", ":8000", "-w", "2"',
                '"sh", "-c", "exec gunicorn harbour.wsgi -b :8000 -w 2"',
            ),
        ),
    ),
    Situation(
        "workdir/daemon-goes-to-the-root",
        "the program goes to / at its start, as daemons did",
        "https://peps.python.org/pep-3143/",
        PACKAGE,
        (
            replace(
                "src/relay/cli.py", "from aiohttp import web\n", "import os\n\nfrom aiohttp import web\n"
            ),
            replace("src/relay/cli.py", "    app = web", '    os.chdir("/")\n    app = web'),
        ),
        (
            replace(
                "src/relay/cli.py", "from aiohttp import web\n", "import os\n\nfrom aiohttp import web\n"
            ),
            replace("src/relay/cli.py", "    app = web", "    os.umask(0o027)\n    app = web"),
        ),
    ),
)
