"""Contexts that hold too much, or too little."""

from __future__ import annotations

from tests.toolkit.cases.catalogue.model import NOTHING_BUILDS, append, delete, rename, replace, write

from .bases import DJANGO, FASTAPI, FLASK, IGNORE, PACKAGE, TINY, UV, WORKER
from .situation import Situation

FILE = ".dockerignore"

SITUATIONS = (
    Situation(
        "dockerignore/none-at-all",
        "no ignore file",
        "https://github.com/sideshowbandana/k8s-sqs-autoscaler/pull/2",
        FLASK,
        (delete(FILE),),
        (delete(FILE), write("Dockerfile.dockerignore", IGNORE)),
    ),
    Situation(
        "dockerignore/environment-files-at-the-top",
        ".env is left out at the top, and services/api/.env is not",
        "https://docs.docker.com/build/concepts/context/#dockerignore-files",
        FASTAPI,
        (replace(FILE, "**/.env*\n**/*.env\n", ".env\n.env.*\n"),),
        (replace(FILE, "**/.env*\n**/*.env\n", "**/.env\n**/.env.*\n**/.env-*\n**/*.env\n**/.envrc\n"),),
    ),
    Situation(
        "dockerignore/history-goes-along",
        ".git is sent, with the token in its configuration",
        "https://github.com/SwissDataScienceCenter/renku-python/issues/2269",
        DJANGO,
        (replace(FILE, "**/.git\n", ""),),
        (replace(FILE, "**/.git\n", "# the history\n.git\n**/.git\n"),),
    ),
    Situation(
        "dockerignore/environment-of-this-machine",
        "the virtual environment of the developer is sent",
        "https://github.com/astral-sh/uv-docker-example/blob/main/.dockerignore",
        UV,
        (replace(FILE, "**/.venv\n**/venv\n", ""),),
        (replace(FILE, "**/.venv\n**/venv\n", "**/venv/\n**/.venv/\n"),),
    ),
    Situation(
        "dockerignore/exception-too-wide",
        "an exception for the example lets every environment file in",
        "https://github.com/cookiecutter/cookiecutter-django/pull/460",
        WORKER,
        (append(FILE, "!**/.env*\n"),),
        (append(FILE, "!.env.example\n"), write(".env.example", "ROWS=3\n")),
    ),
    Situation(
        "dockerignore/tests-left-out",
        "the tests are left out, and the stage that copies them fails",
        "https://docs.docker.com/reference/build-checks/copy-ignored-file/",
        PACKAGE,
        (append(FILE, "tests\n"),),
        (append(FILE, "docs\n"),),
        also=NOTHING_BUILDS,
        unknown=NOTHING_BUILDS,
    ),
    Situation(
        "dockerignore/in-another-folder",
        "the ignore file lies beside the compose file, where no builder looks",
        "https://docs.docker.com/build/concepts/context/#filename-and-location",
        TINY,
        (rename(FILE, "docker/.dockerignore"), write("docker/compose.yaml", "services: {}\n")),
        (write(FILE, "*\n!server.py\n!test_server.py\n"),),
    ),
)
