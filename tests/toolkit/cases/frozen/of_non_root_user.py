"""Containers that run as root, or can become it."""

from __future__ import annotations

from tests.toolkit.cases.catalogue.model import after, before, dockerfile, without, write

from .bases import CELERY, DJANGO, FASTAPI, FLASK, TINY, UV, WORKER
from .situation import Situation

SITUATIONS = (
    Situation(
        "non-root-user/never-set",
        "the account is made, and USER never written",
        "https://github.com/theodo/falco/issues/61",
        FLASK,
        (without("USER web"),),
        (dockerfile("USER web", "USER 1000:1000"),),
    ),
    Situation(
        "non-root-user/celery-made-to-run-as-root",
        "a variable silences the worker that refuses to run as root",
        "https://github.com/moul/docker-readthedocs/pull/13",
        CELERY,
        (dockerfile("USER celery", "ENV C_FORCE_ROOT=1"),),
        (dockerfile("USER celery", "USER 5000"),),
    ),
    Situation(
        "non-root-user/entry-script-drops-root",
        "the entry script starts as root, and gives it up",
        "https://github.com/tianon/gosu",
        FASTAPI,
        (
            write(
                "start.sh",
                '#!/bin/sh\nset -e\nexec setpriv --reuid=2000 --regid=2000 --clear-groups "$@"\n',
                0o755,
            ),
            dockerfile("USER api", 'COPY --chown=api:api --chmod=755 start.sh ./\nENTRYPOINT ["./start.sh"]'),
        ),
        (
            write("start.sh", '#!/bin/sh\nset -e\nexec "$@"\n', 0o755),
            dockerfile(
                "USER api",
                'COPY --chown=api:api --chmod=755 start.sh ./\nENTRYPOINT ["./start.sh"]\nUSER api',
            ),
        ),
    ),
    Situation(
        "non-root-user/in-the-other-stage",
        "USER stands in the stage that builds",
        "https://github.com/fossasia/open-event-server/pull/6696",
        WORKER,
        (without("USER worker"), after("RUN python -m unittest discover -s tests -t .", "USER nobody")),
        (after("RUN python -m unittest discover -s tests -t .", "USER nobody"),),
    ),
    Situation(
        "non-root-user/root-again",
        "root again for one more step, and nobody goes back",
        "https://github.com/Amsterdam/signals/pull/555",
        DJANGO,
        (before("EXPOSE 8000", "USER root", "RUN install -d -o django /app/media"),),
        (before("EXPOSE 8000", "USER root", "RUN install -d -o django /app/media", "USER django"),),
    ),
    Situation(
        "non-root-user/sudo-for-everything",
        "the user may do all by sudo, without a password",
        "https://code.visualstudio.com/remote/advancedcontainers/add-nonroot-user",
        TINY,
        (
            before(
                "USER tiny",
                "RUN apt-get update && apt-get install -y --no-install-recommends sudo && rm -rf /var/lib/apt/lists/* \\\n"
                '    && echo "tiny ALL=(root) NOPASSWD:ALL" > /etc/sudoers.d/tiny && chmod 0440 /etc/sudoers.d/tiny',
            ),
        ),
        (
            before(
                "USER tiny",
                "RUN apt-get update && apt-get install -y --no-install-recommends tini && rm -rf /var/lib/apt/lists/*",
            ),
        ),
    ),
    Situation(
        "non-root-user/argument-with-a-default",
        "the user is an argument, whose default is 0",
        "https://docs.docker.com/reference/dockerfile/#user",
        UV,
        (dockerfile("USER quay", "ARG RUN_AS=0\nUSER ${RUN_AS}"),),
        (dockerfile("USER quay", "ARG RUN_AS=10001\nUSER ${RUN_AS}"),),
    ),
)
