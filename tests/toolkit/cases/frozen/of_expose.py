"""Ports that are not what the image says."""

from __future__ import annotations

from tests.toolkit.cases.catalogue.model import before, dockerfile, replace, without

from .bases import CELERY, DJANGO, FASTAPI, FLASK, PACKAGE, TINY, UV
from .situation import Situation, and_

SITUATIONS = (
    Situation(
        "expose/loopback-only",
        "gunicorn is bound to 127.0.0.1",
        "https://prodopsy.com/?p=2169",
        FLASK,
        (dockerfile("0.0.0.0:8000", "127.0.0.1:8000"),),
        (dockerfile("0.0.0.0:8000", ":8000"),),
    ),
    Situation(
        "expose/port-of-another-image",
        "EXPOSE 80, and uvicorn listens on 8080",
        "https://github.com/mealie-recipes/mealie/issues/55",
        FASTAPI,
        (dockerfile("EXPOSE 8080", "EXPOSE 80"),),
        (dockerfile("EXPOSE 8080", "ARG PORT=8080\nEXPOSE $PORT"),),
    ),
    Situation(
        "expose/not-at-all",
        "a server without EXPOSE",
        "https://github.com/Sygil-Dev/sygil-webui/pull/1101",
        UV,
        (without("EXPOSE 9000"),),
        (dockerfile("EXPOSE 9000", "EXPOSE 9000/tcp"),),
    ),
    Situation(
        "expose/udp-for-tcp",
        "the protocol is that of another service",
        "https://docs.docker.com/reference/dockerfile/#expose",
        TINY,
        (dockerfile("EXPOSE 5000", "EXPOSE 5000/udp"),),
        (dockerfile("EXPOSE 5000", "EXPOSE 5000/TCP"),),
    ),
    Situation(
        "expose/proxy-that-is-no-more",
        "the port of a proxy that was taken out",
        "https://github.com/tubearchivist/tubearchivist/issues/9",
        DJANGO,
        (dockerfile("EXPOSE 8000", "EXPOSE 80 8000"),),
        (dockerfile("EXPOSE 8000", "EXPOSE 8000\nLABEL behind=proxy"),),
    ),
    Situation(
        "expose/monitor-of-the-worker",
        "a worker exposes the port of its monitor, which runs elsewhere",
        "https://flower.readthedocs.io/en/latest/install.html",
        CELERY,
        (before("USER celery", "EXPOSE 5555"),),
        (before("USER celery", "LABEL monitor=flower"),),
        also=and_("default-command"),
    ),
    Situation(
        "expose/metrics-undeclared",
        "metrics are served on a port of their own, which nobody declared",
        "https://prometheus.github.io/client_python/exporting/http/",
        PACKAGE,
        (
            replace(
                "src/relay/cli.py",
                "from aiohttp import web\n",
                "import threading\nfrom http.server import HTTPServer, SimpleHTTPRequestHandler\n\nfrom aiohttp import web\n",
            ),
            replace(
                "src/relay/cli.py",
                "    app = web",
                '    metrics = HTTPServer(("0.0.0.0", 9464), SimpleHTTPRequestHandler)\n    threading.Thread(target=metrics.serve_forever, daemon=True).start()\n    app = web',
            ),
        ),
        (
            replace(
                "src/relay/cli.py",
                "from aiohttp import web\n",
                "import threading\nfrom http.server import HTTPServer, SimpleHTTPRequestHandler\n\nfrom aiohttp import web\n",
            ),
            replace(
                "src/relay/cli.py",
                "    app = web",
                '    metrics = HTTPServer(("0.0.0.0", 9464), SimpleHTTPRequestHandler)\n    threading.Thread(target=metrics.serve_forever, daemon=True).start()\n    app = web',
            ),
            dockerfile("EXPOSE 7000", "EXPOSE 7000 9464"),
        ),
    ),
)
