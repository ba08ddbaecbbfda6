"""Images that ship what tested or built them."""

from __future__ import annotations

from tests.toolkit.cases.catalogue.model import before, dockerfile, replace, write

from .bases import DJANGO, FASTAPI, FLASK, POETRY, TINY, UV
from .situation import Situation, and_

SITUATIONS = (
    Situation(
        "multistage/one-stage-for-all",
        "one stage: it tests, and it ships",
        "https://docs.docker.com/build/building/multi-stage/",
        TINY,
        (
            write(
                "Dockerfile",
                """\
                FROM python:3.11-slim
                RUN useradd --uid 1234 tiny && install -d -o tiny -g tiny /usr/src/app
                WORKDIR /usr/src/app
                COPY --chown=tiny:tiny server.py test_server.py ./
                USER tiny
                RUN python -B -m unittest
                EXPOSE 5000
                STOPSIGNAL SIGINT
                CMD ["python", "server.py"]
                """,
            ),
        ),
        (
            dockerfile("FROM python:3.11-slim AS check", "FROM python:3.11-slim AS unit-tests"),
            dockerfile("--from=check", "--from=unit-tests"),
        ),
        also=and_("necessary-files"),
    ),
    Situation(
        "multistage/pytest-among-requirements",
        "one list of requirements for all, with the test runner in it",
        "https://simakis.me/posts/fastapi-dev-deps-multi-stage-builds/",
        FLASK,
        (
            write("requirements.txt", "flask==3.1.0\ngunicorn==23.0.0\npytest==8.4.2\n"),
            write("requirements-test.txt", ""),
        ),
        (write("requirements-test.txt", "-r requirements.txt\npytest==8.4.2\n"),),
    ),
    Situation(
        "multistage/poetry-at-run-time",
        "Poetry is in the release, since the command once needed it",
        "https://github.com/python-poetry/poetry/issues/1178",
        POETRY,
        (before("STOPSIGNAL SIGINT", "COPY --from=build /opt/poetry /opt/poetry"),),
        (before("STOPSIGNAL SIGINT", "ENV PYTHONUNBUFFERED=1"),),
    ),
    Situation(
        "multistage/environment-of-the-test-stage",
        "the virtual environment is taken from the stage that tested",
        "https://github.com/michaeloliverx/python-poetry-docker-example/issues/2",
        FASTAPI,
        (dockerfile("COPY --from=build /opt/venv /opt/venv", "COPY --from=test /opt/venv /opt/venv"),),
        (dockerfile("COPY --from=build /opt/venv /opt/venv", "COPY --from=build /opt/venv/ /opt/venv/"),),
    ),
    Situation(
        "multistage/uv-in-the-release",
        "uv is copied into the release, which does not need it",
        "https://github.com/docling-project/docling-serve/issues/56",
        UV,
        (before("USER quay", "COPY --from=build /usr/local/bin/uv /usr/local/bin/uv"),),
        (
            before(
                "USER quay",
                "RUN --mount=type=bind,from=build,source=/usr/local/bin/uv,target=/mnt/uv /mnt/uv --version",
            ),
        ),
    ),
    Situation(
        "multistage/linters-in-production",
        "formatter and linter are among the base requirements",
        "https://github.com/astral-sh/uv/issues/17027",
        DJANGO,
        (
            replace(
                "requirements/base.txt", "django==5.1.4\n", "black==24.10.0\ndjango==5.1.4\nflake8==7.1.1\n"
            ),
        ),
        (
            write("requirements/dev.txt", "-r base.txt\nflake8==7.1.1\n"),
            before("RUN python manage.py test", "RUN pip install --no-cache-dir -r requirements/dev.txt"),
        ),
    ),
)
