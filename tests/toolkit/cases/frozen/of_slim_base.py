"""Images that are larger than what they run."""

from __future__ import annotations

from tests.toolkit.cases.catalogue.model import before, dockerfile, replace

from .bases import CELERY, DJANGO, FASTAPI, FLASK, UV
from .situation import Situation, and_

LEAN = "apt-get install -y --no-install-recommends"
TOOLS = and_("multistage")  # a compiler is a build tool, too

SITUATIONS = (
    Situation(
        "slim-base/full-image",
        "the default image, since the slim one lacked something once",
        "https://github.com/docker-library/python/issues/37",
        FLASK,
        (dockerfile("FROM python:3.12-slim AS base", "FROM python:3.12 AS base"),),
        (dockerfile("FROM python:3.12-slim AS base", "FROM python:3.12-slim-bookworm AS base"),),
        also=TOOLS,
    ),
    Situation(
        "slim-base/compiler-at-run-time",
        "the compiler is installed beside what it compiled",
        "https://github.com/odysseus-dev/odysseus/issues/2173",
        FASTAPI,
        (before("WORKDIR /srv/api", f"RUN apt-get update && {LEAN} gcc && rm -rf /var/lib/apt/lists/*"),),
        (
            before(
                "RUN python -m venv /opt/venv",
                f"RUN apt-get update && {LEAN} gcc && rm -rf /var/lib/apt/lists/*",
            ),
        ),
        also=TOOLS,
    ),
    Situation(
        "slim-base/package-lists",
        "apt's lists are left where a package was installed",
        "https://github.com/lambgeo/docker-lambda/issues/55",
        FLASK,
        (before("USER web", f"RUN apt-get update && {LEAN} tini"),),
        (
            before(
                "USER web",
                f"RUN apt-get update && {LEAN} tini && apt-get clean && rm -rf /var/lib/apt/lists/*",
            ),
        ),
    ),
    Situation(
        "slim-base/headers-for-a-driver",
        "the headers of a database's client are shipped, not its library",
        "https://github.com/data61/anonlink-entity-service/issues/265",
        DJANGO,
        (before("USER django", f"RUN apt-get update && {LEAN} libpq-dev && rm -rf /var/lib/apt/lists/*"),),
        (before("USER django", f"RUN apt-get update && {LEAN} libpq5 && rm -rf /var/lib/apt/lists/*"),),
        also=TOOLS,
    ),
    Situation(
        "slim-base/purged-too-late",
        "the build tools are purged in a step of their own",
        "https://github.com/Ganesh-403/semantic-plagiarism-detector/issues/2995",
        CELERY,
        (
            before(
                "USER celery",
                f"RUN apt-get update && {LEAN} gcc && rm -rf /var/lib/apt/lists/*",
                "RUN apt-get purge -y --auto-remove gcc",
            ),
        ),
        (
            before(
                "USER celery",
                f"RUN apt-get update && {LEAN} gcc \\\n"
                "    && apt-get purge -y --auto-remove gcc && rm -rf /var/lib/apt/lists/*",
            ),
        ),
        also=TOOLS,
    ),
    Situation(
        "slim-base/version-as-argument",
        "the version of the base is an argument, and the variant is forgotten",
        "https://github.com/docker-library/python/issues/45",
        UV,
        (
            dockerfile(
                "FROM python:3.12-slim AS build", "ARG PYTHON=3.12\nFROM python:${PYTHON}-slim AS build"
            ),
            dockerfile("FROM python:3.12-slim\n", "FROM python:${PYTHON}\n"),
        ),
        (
            dockerfile(
                "FROM python:3.12-slim AS build", "ARG PYTHON=3.12\nFROM python:${PYTHON}-slim AS build"
            ),
            dockerfile("FROM python:3.12-slim\n", "FROM python:${PYTHON}-slim\n"),
            replace("pyproject.toml", "0.1.0", "0.1.1"),
        ),
        also=TOOLS,
    ),
)
