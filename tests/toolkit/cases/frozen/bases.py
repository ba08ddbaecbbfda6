"""The base projects: small, of the shapes and with the tools that people use, and nothing wrong with them."""

from __future__ import annotations

from .situation import project

IGNORE = """\
    # everything that is this machine's, and nobody else's
    **/.git
    **/.gitignore
    **/.env*
    **/*.env
    **/.netrc
    **/.ssh
    **/id_*
    **/*.pem
    **/*.key
    **/*.p12
    **/secrets
    **/.venv
    **/venv
    **/env
    **/node_modules
    **/__pycache__
    **/*.py[cod]
    **/*.egg-info
    **/.pytest_cache
    **/.mypy_cache
    **/.ruff_cache
    **/.coverage
    **/*.sqlite3
    Dockerfile*
    .dockerignore
    """

FLASK = project(
    {
        ".dockerignore": IGNORE,
        "requirements.txt": "flask==3.1.0\ngunicorn==23.0.0\n",
        "requirements-test.txt": "pytest==8.4.2\n",
        "shop/__init__.py": '"""A shop."""\n',
        "shop/app.py": """\
            from flask import Flask


            def create_app():
                app = Flask(__name__)

                @app.get("/")
                def index():
                    return {"items": 3}

                return app


            app = create_app()
            """,
        "tests/test_shop.py": """\
            from shop.app import create_app


            def test_index():
                assert create_app().test_client().get("/").json == {"items": 3}
            """,
        "Dockerfile": """\
            FROM python:3.12-slim AS base
            ENV PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1
            WORKDIR /code
            COPY requirements.txt .
            RUN pip install --no-cache-dir -r requirements.txt

            FROM base AS tests
            COPY requirements-test.txt .
            RUN pip install --no-cache-dir -r requirements-test.txt
            COPY . .
            RUN python -m pytest -q && touch /ok

            FROM base
            RUN useradd --create-home --uid 1000 web && chown -R web:web /code
            COPY --from=tests /ok /tmp/ok
            COPY --chown=web:web shop shop
            USER web
            EXPOSE 8000
            CMD ["gunicorn", "--bind", "0.0.0.0:8000", "shop.app:app"]
            """,
    }
)

FASTAPI = project(
    {
        ".dockerignore": IGNORE,
        "requirements.txt": "fastapi==0.115.6\nuvicorn==0.34.0\n",
        "requirements-dev.txt": "httpx==0.28.1\npytest==8.4.2\n",
        "api/__init__.py": "",
        "api/main.py": """\
            from fastapi import FastAPI

            app = FastAPI()


            @app.get("/")
            def root():
                return {"ready": True}
            """,
        "tests/test_main.py": """\
            from api.main import app
            from fastapi.testclient import TestClient


            def test_root():
                assert TestClient(app).get("/").json() == {"ready": True}
            """,
        "Dockerfile": """\
            FROM python:3.11-slim AS build
            ENV PYTHONDONTWRITEBYTECODE=1 PATH=/opt/venv/bin:$PATH
            RUN python -m venv /opt/venv
            COPY requirements.txt /tmp/
            RUN pip install --no-cache-dir -r /tmp/requirements.txt

            FROM build AS test
            WORKDIR /src
            COPY requirements-dev.txt .
            RUN pip install --no-cache-dir -r requirements-dev.txt
            COPY api api
            COPY tests tests
            RUN python -m pytest

            FROM python:3.11-slim AS runtime
            ENV PYTHONUNBUFFERED=1 PATH=/opt/venv/bin:$PATH
            RUN groupadd --gid 2000 api && useradd --uid 2000 --gid api --no-create-home api \\
                && install -d -o api -g api /srv/api
            WORKDIR /srv/api
            COPY --from=build /opt/venv /opt/venv
            COPY --from=test --chown=api:api /src/api api
            USER api
            EXPOSE 8080
            CMD ["uvicorn", "api.main:app", "--host", "0.0.0.0", "--port", "8080"]
            """,
    }
)

DJANGO = project(
    {
        ".dockerignore": IGNORE,
        "requirements/base.txt": "django==5.1.4\ngunicorn==23.0.0\n",
        "manage.py": """\
            import os
            import sys

            from django.core.management import execute_from_command_line

            os.environ.setdefault("DJANGO_SETTINGS_MODULE", "harbour.settings")
            execute_from_command_line(sys.argv)
            """,
        "harbour/__init__.py": "",
        "harbour/settings.py": """\
            import os

            SECRET_KEY = os.environ.get("SECRET_KEY", "for-development")
            ALLOWED_HOSTS = ["*"]
            ROOT_URLCONF = "harbour.urls"
            INSTALLED_APPS = ["django.contrib.staticfiles", "berths", "ferries"]
            STATIC_URL = "static/"
            STATIC_ROOT = "/app/static"
            USE_TZ = True
            """,
        "harbour/urls.py": """\
            from berths.views import index
            from django.urls import path

            urlpatterns = [path("", index)]
            """,
        "harbour/wsgi.py": """\
            import os

            from django.core.wsgi import get_wsgi_application

            os.environ.setdefault("DJANGO_SETTINGS_MODULE", "harbour.settings")
            application = get_wsgi_application()
            """,
        "berths/__init__.py": "",
        "berths/views.py": """\
            from django.http import JsonResponse


            def index(request):
                return JsonResponse({"free": 4})
            """,
        "berths/tests/__init__.py": "",
        "berths/tests/test_views.py": """\
            from django.test import SimpleTestCase


            class Index(SimpleTestCase):
                def test_free(self):
                    self.assertEqual(self.client.get("/").json(), {"free": 4})
            """,
        "ferries/__init__.py": "",
        "ferries/times.py": "def next_after(hour):\n    return (hour + 1) % 24\n",
        "ferries/tests/__init__.py": "",
        "ferries/tests/test_times.py": """\
            from django.test import SimpleTestCase
            from ferries.times import next_after


            class Times(SimpleTestCase):
                def test_midnight(self):
                    self.assertEqual(next_after(23), 0)
            """,
        "Dockerfile": """\
            FROM python:3.12-slim AS deps
            ENV PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1
            WORKDIR /app
            COPY requirements/base.txt /tmp/base.txt
            RUN pip install --no-cache-dir -r /tmp/base.txt

            FROM deps AS test
            COPY . .
            RUN python manage.py test && rm -r berths/tests ferries/tests

            FROM deps AS production
            RUN useradd --system --uid 1500 --home-dir /app django && chown django:django /app
            COPY --from=test --chown=django:django /app/manage.py ./
            COPY --from=test --chown=django:django /app/harbour harbour
            COPY --from=test --chown=django:django /app/berths berths
            COPY --from=test --chown=django:django /app/ferries ferries
            USER django
            EXPOSE 8000
            CMD ["gunicorn", "harbour.wsgi", "-b", ":8000", "-w", "2"]
            """,
    }
)

WORKER = project(
    {
        ".dockerignore": IGNORE,
        "harvester/__init__.py": "",
        "harvester/__main__.py": """\
            import signal
            import sys
            import time

            from harvester.rows import count

            signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
            while True:
                print("rows:", count("a b c"), flush=True)
                time.sleep(1)
            """,
        "harvester/rows.py": "def count(text):\n    return len(text.split())\n",
        "tests/__init__.py": "",
        "tests/test_rows.py": """\
            import unittest

            from harvester.rows import count


            class Count(unittest.TestCase):
                def test_three(self):
                    self.assertEqual(count("a b c"), 3)
            """,
        "Dockerfile": """\
            FROM python:3.13-slim AS test
            ENV PYTHONDONTWRITEBYTECODE=1
            WORKDIR /w
            COPY . .
            RUN python -m unittest discover -s tests -t .

            FROM python:3.13-slim
            RUN useradd --system --uid 999 worker && install -d -o worker /opt/harvester
            WORKDIR /opt/harvester
            COPY --from=test --chown=worker /w/harvester harvester
            USER worker
            CMD ["python", "-m", "harvester"]
            """,
    }
)

TINY = project(
    {
        ".dockerignore": IGNORE,
        "server.py": """\
            from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


            def answer(path):
                return f"you asked for {path}".encode()


            class Handler(BaseHTTPRequestHandler):
                def do_GET(self):
                    self.send_response(200)
                    self.end_headers()
                    self.wfile.write(answer(self.path))


            if __name__ == "__main__":
                try:
                    ThreadingHTTPServer(("0.0.0.0", 5000), Handler).serve_forever()
                except KeyboardInterrupt:
                    print("going down", flush=True)
            """,
        "test_server.py": """\
            import unittest

            from server import answer


            class Answer(unittest.TestCase):
                def test_path(self):
                    self.assertEqual(answer("/a"), b"you asked for /a")
            """,
        "Dockerfile": """\
            FROM python:3.11-slim AS check
            WORKDIR /usr/src/check
            COPY server.py test_server.py ./
            RUN python -m unittest && touch /checked

            FROM python:3.11-slim
            RUN useradd --uid 1234 tiny && install -d -o tiny -g tiny /usr/src/app
            WORKDIR /usr/src/app
            COPY --from=check /checked /checked
            COPY --chown=tiny:tiny server.py ./
            USER tiny
            EXPOSE 5000
            STOPSIGNAL SIGINT
            CMD ["python", "server.py"]
            """,
    }
)

PACKAGE = project(
    {
        ".dockerignore": IGNORE,
        "requirements.txt": "aiohttp==3.11.11\n",
        "pyproject.toml": """\
            [build-system]
            requires = ["setuptools>=61"]
            build-backend = "setuptools.build_meta"

            [project]
            name = "relay"
            version = "1.0"
            dependencies = ["aiohttp==3.11.11"]

            [project.scripts]
            relay = "relay.cli:main"

            [tool.setuptools.packages.find]
            where = ["src"]
            """,
        "src/relay/__init__.py": "",
        "src/relay/cli.py": """\
            from aiohttp import web

            from relay.hops import hops


            async def index(request):
                return web.json_response(hops())


            def main():
                app = web.Application()
                app.router.add_get("/", index)
                web.run_app(app, host="0.0.0.0", port=7000)
            """,
        "src/relay/hops.py": "def hops():\n    return [1, 2, 3]\n",
        "tests/test_hops.py": """\
            from relay.hops import hops


            def test_hops():
                assert hops() == [1, 2, 3]
            """,
        "Dockerfile": """\
            FROM python:3.11-slim AS build
            ENV PYTHONDONTWRITEBYTECODE=1 PATH=/venv/bin:$PATH
            RUN python -m venv /venv
            WORKDIR /build
            COPY requirements.txt .
            RUN pip install --no-cache-dir -r requirements.txt
            COPY pyproject.toml .
            COPY src src
            RUN pip install --no-cache-dir --no-deps .

            FROM build AS test
            RUN pip install --no-cache-dir pytest==8.4.2
            COPY tests tests
            RUN python -m pytest tests && touch /tmp/tested

            FROM python:3.11-slim
            ENV PYTHONUNBUFFERED=1 PATH=/venv/bin:$PATH
            RUN useradd --create-home --uid 3000 relay
            WORKDIR /home/relay
            COPY --from=build /venv /venv
            COPY --from=test /tmp/tested /tmp/tested
            USER relay
            EXPOSE 7000
            CMD ["relay"]
            """,
    }
)

UV = project(
    {
        ".dockerignore": IGNORE,
        "pyproject.toml": """\
            [project]
            name = "quay"
            version = "0.1.0"
            requires-python = ">=3.11"
            dependencies = ["starlette==0.41.3", "uvicorn==0.34.0"]

            [dependency-groups]
            dev = ["httpx==0.28.1", "pytest==8.4.2"]
            """,
        "quay/__init__.py": "",
        "quay/main.py": """\
            from starlette.applications import Starlette
            from starlette.responses import JSONResponse
            from starlette.routing import Route


            async def index(request):
                return JSONResponse({"boats": 2})


            app = Starlette(routes=[Route("/", index)])
            """,
        "tests/test_main.py": """\
            from quay.main import app
            from starlette.testclient import TestClient


            def test_boats():
                assert TestClient(app).get("/").json() == {"boats": 2}
            """,
        "Dockerfile": """\
            FROM python:3.12-slim AS build
            RUN pip install --no-cache-dir uv==0.5.14
            ENV UV_LINK_MODE=copy UV_NO_CACHE=1 UV_PYTHON_DOWNLOADS=never PYTHONDONTWRITEBYTECODE=1
            WORKDIR /app
            COPY pyproject.toml ./
            RUN uv sync --no-dev --no-install-project

            FROM build AS test
            RUN uv sync --no-install-project
            COPY quay quay
            COPY tests tests
            RUN uv run --no-sync python -m pytest

            FROM python:3.12-slim
            RUN useradd --create-home --uid 10001 quay && install -d -o quay -g quay /app
            WORKDIR /app
            COPY --from=build --chown=quay:quay /app/.venv /app/.venv
            COPY --from=test --chown=quay:quay /app/quay quay
            ENV PATH=/app/.venv/bin:$PATH
            USER quay
            EXPOSE 9000
            CMD ["uvicorn", "quay.main:app", "--host", "0.0.0.0", "--port", "9000"]
            """,
    }
)

POETRY = project(
    {
        ".dockerignore": IGNORE,
        "pyproject.toml": """\
            [tool.poetry]
            name = "buoy"
            version = "0.1.0"
            description = "Buoys."
            authors = ["Somebody <somebody@example.org>"]
            package-mode = false

            [tool.poetry.dependencies]
            python = "^3.11"
            bottle = "0.13.4"
            waitress = "3.0.2"

            [tool.poetry.group.dev.dependencies]
            pytest = "8.4.2"

            # Read as pip reads it: not every mirror has what poetry asks of PyPI itself.
            [[tool.poetry.source]]
            name = "index"
            url = "https://pypi.org/simple/"
            priority = "primary"
            """,
        "buoy/__init__.py": "",
        "buoy/web.py": """\
            from bottle import Bottle

            app = Bottle()


            @app.route("/")
            def index():
                return "up and down"
            """,
        "tests/test_web.py": """\
            from buoy.web import index


            def test_index():
                assert index() == "up and down"
            """,
        "Dockerfile": """\
            FROM python:3.11-slim AS build
            ENV POETRY_VIRTUALENVS_IN_PROJECT=1 POETRY_NO_INTERACTION=1 PYTHONDONTWRITEBYTECODE=1
            RUN python -m venv /opt/poetry && /opt/poetry/bin/pip install --no-cache-dir poetry==1.8.5
            ENV PATH=/opt/poetry/bin:$PATH
            WORKDIR /app
            COPY pyproject.toml ./
            RUN poetry install --only main --no-root --no-cache

            FROM build AS test
            RUN poetry install --no-root --no-cache
            COPY buoy buoy
            COPY tests tests
            RUN poetry run python -m pytest

            FROM python:3.11-slim
            RUN useradd --uid 4000 buoy && install -d -o buoy -g buoy /app
            WORKDIR /app
            COPY --from=build --chown=buoy:buoy /app/.venv /app/.venv
            COPY --from=test --chown=buoy:buoy /app/buoy buoy
            ENV PATH=/app/.venv/bin:$PATH
            STOPSIGNAL SIGINT
            USER buoy
            EXPOSE 8080
            CMD ["waitress-serve", "--port", "8080", "buoy.web:app"]
            """,
    }
)

CELERY = project(
    {
        ".dockerignore": IGNORE,
        "requirements.in": "celery==5.4.0\n",
        "jobs/__init__.py": "",
        "jobs/app.py": """\
            from celery import Celery

            app = Celery("jobs", broker="memory://")
            app.conf.broker_connection_retry_on_startup = True


            @app.task
            def add(a, b):
                return a + b
            """,
        "tests/test_jobs.py": """\
            from jobs.app import add


            def test_add():
                assert add(2, 3) == 5
            """,
        "Dockerfile": """\
            FROM python:3.11-slim AS deps
            ENV PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 PATH=/opt/env/bin:$PATH
            RUN python -m venv /opt/env
            COPY requirements.in /tmp/requirements.in
            RUN pip install --no-cache-dir -r /tmp/requirements.in

            FROM deps AS test
            WORKDIR /t
            RUN pip install --no-cache-dir pytest==8.4.2
            COPY jobs jobs
            COPY tests tests
            RUN python -m pytest && touch /green

            FROM deps AS worker
            RUN useradd --uid 5000 --create-home celery
            WORKDIR /home/celery
            COPY --from=test /green /tmp/green
            COPY --chown=celery:celery jobs jobs
            USER celery
            CMD ["celery", "-A", "jobs.app", "worker", "--loglevel=info", "--concurrency=1"]
            """,
    }
)
