"""Builds that install everything again for each edit."""

from __future__ import annotations

from tests.toolkit.cases.catalogue.model import before, dockerfile, without

from .bases import CELERY, DJANGO, FASTAPI, FLASK, PACKAGE, POETRY, UV
from .situation import Situation

SITUATIONS = (
    Situation(
        "requirements-first/code-with-the-list",
        "the package is copied before its requirements are installed",
        "https://github.com/Gozargah/Marzban/pull/322",
        FLASK,
        (before("COPY requirements.txt .", "COPY shop shop"),),
        (
            without("COPY requirements.txt ."),
            dockerfile(
                "RUN pip install --no-cache-dir -r requirements.txt",
                "RUN --mount=type=bind,source=requirements.txt,target=/tmp/r.txt pip install --no-cache-dir -r /tmp/r.txt",
            ),
        ),
    ),
    Situation(
        "requirements-first/everything-first",
        "the whole context is copied into the stage that installs",
        "https://github.com/AudioCommons/ac-mediator/issues/6",
        FASTAPI,
        (
            dockerfile("COPY requirements.txt /tmp/", "COPY . /everything"),
            dockerfile("-r /tmp/requirements.txt", "-r /everything/requirements.txt"),
        ),
        (dockerfile("COPY requirements.txt /tmp/", "COPY requirements*.txt /tmp/"),),
    ),
    Situation(
        "requirements-first/packages-named-in-the-step",
        "the packages are named in the RUN, the list is for people",
        "https://github.com/nextstrain/augur/pull/2",
        DJANGO,
        (
            without("COPY requirements/base.txt /tmp/base.txt"),
            dockerfile("-r /tmp/base.txt", "django==5.1.4 gunicorn==23.0.0"),
        ),
        (dockerfile("-r /tmp/base.txt", "--requirement=/tmp/base.txt"),),
    ),
    Situation(
        "requirements-first/project-with-its-dependencies",
        "the project is installed with all that it needs, in one step",
        "https://github.com/dagster-io/dagster-cloud-action/pull/21",
        PACKAGE,
        (
            without("COPY requirements.txt ."),
            without("RUN pip install --no-cache-dir -r requirements.txt"),
            dockerfile("RUN pip install --no-cache-dir --no-deps .", "RUN pip install --no-cache-dir ."),
        ),
        (
            dockerfile(
                "COPY requirements.txt .\nRUN pip install --no-cache-dir -r requirements.txt",
                "COPY requirements.txt pyproject.toml ./\nRUN pip install --no-cache-dir -r requirements.txt",
            ),
            without("COPY pyproject.toml ."),
        ),
    ),
    Situation(
        "requirements-first/uv-after-all",
        "uv sync, behind COPY . .",
        "https://github.com/1rgs/claude-code-proxy/pull/98",
        UV,
        (dockerfile("COPY pyproject.toml ./", "COPY . ."),),
        (dockerfile("COPY pyproject.toml ./", "COPY pyproject.toml uv.lock* ./"),),
    ),
    Situation(
        "requirements-first/poetry-after-all",
        "poetry install, behind the code",
        "https://github.com/discord-modmail/modmail/pull/13",
        POETRY,
        (dockerfile("COPY pyproject.toml ./", "COPY pyproject.toml ./\nCOPY buoy buoy"),),
        (dockerfile("COPY pyproject.toml ./", "COPY pyproject.toml poetry.lock* ./"),),
    ),
    Situation(
        "requirements-first/add-to-the-root",
        "the list is added together with the code",
        "https://github.com/seatgeek/amqp-dispatcher/pull/38",
        CELERY,
        (dockerfile("COPY requirements.in /tmp/requirements.in", "ADD requirements.in jobs /tmp/"),),
        (dockerfile("COPY requirements.in /tmp/requirements.in", "ADD requirements.in /tmp/"),),
    ),
)
