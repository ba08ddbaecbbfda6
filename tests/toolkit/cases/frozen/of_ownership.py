"""Files that belong to somebody else."""

from __future__ import annotations

from tests.toolkit.cases.catalogue.model import before, dockerfile

from .bases import CELERY, DJANGO, FASTAPI, FLASK, UV, WORKER
from .situation import Situation

SITUATIONS = (
    Situation(
        "ownership/chown-before-copy",
        "the directory is given away, and then root copies into it",
        "https://code.visualstudio.com/docs/containers/python-user-rights",
        FLASK,
        (dockerfile("COPY --chown=web:web shop shop", "COPY shop shop"),),
        (dockerfile("COPY --chown=web:web shop shop", "COPY shop shop\nRUN chown -R web:web shop"),),
    ),
    Situation(
        "ownership/media-folder-of-root",
        "the folder for uploads is made by root",
        "https://github.com/Amsterdam/signals/pull/555",
        DJANGO,
        (before("USER django", "RUN mkdir -p /app/media"),),
        (before("USER django", "RUN install -d -o django -g django /app/media"),),
    ),
    Situation(
        "ownership/everybody-may-write",
        "chmod 777, until the permission error was gone",
        "https://github.com/fossasia/open-event-server/pull/6696",
        FASTAPI,
        (before("USER api", "RUN chmod -R 777 /srv/api"),),
        (before("USER api", "RUN chmod -R u=rwX,go=rX /srv/api"),),
    ),
    Situation(
        "ownership/workdir-made-by-root",
        "WORKDIR makes the folder, and the scheduler cannot write its file there",
        "https://github.com/celery/celery/issues/5911",
        CELERY,
        (
            dockerfile("useradd --uid 5000 --create-home celery", "useradd --uid 5000 celery"),
            dockerfile("WORKDIR /home/celery", "WORKDIR /jobs"),
        ),
        (
            dockerfile(
                "useradd --uid 5000 --create-home celery",
                "useradd --uid 5000 celery && install -d -o celery /jobs",
            ),
            dockerfile("WORKDIR /home/celery", "WORKDIR /jobs"),
        ),
    ),
    Situation(
        "ownership/another-number",
        "the number in --chown is that of another image",
        "https://github.com/rh-cssre/glitchtip-backend/pull/36",
        WORKER,
        (dockerfile("--chown=worker", "--chown=1001"),),
        (dockerfile("--chown=worker", "--chown=999"),),
    ),
    Situation(
        "ownership/environment-of-root",
        "the virtual environment inside the folder is root's",
        "https://github.com/astral-sh/uv/issues/14713",
        UV,
        (dockerfile("--from=build --chown=quay:quay", "--from=build"),),
        (dockerfile("--from=build --chown=quay:quay", "--from=build --chown=10001:10001"),),
    ),
)
