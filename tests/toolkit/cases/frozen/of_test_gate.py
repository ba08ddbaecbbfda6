"""Builds that a failing test does not stop."""

from __future__ import annotations

from tests.toolkit.cases.catalogue.model import append, before, dockerfile, without, write

from .bases import CELERY, DJANGO, FASTAPI, FLASK, PACKAGE, POETRY, TINY, UV, WORKER
from .situation import Situation

SITUATIONS = (
    Situation(
        "test-gate/nobody-needs-the-stage",
        "BuildKit skips the stage that tests, since nothing is taken from it",
        "https://docs.docker.com/build/building/multi-stage/#differences-between-legacy-builder-and-buildkit",
        FLASK,
        (without("COPY --from=tests /ok /tmp/ok"),),
        (
            dockerfile(
                "COPY --from=tests /ok /tmp/ok",
                "RUN --mount=type=bind,from=tests,source=/ok,target=/mnt/ok test -e /mnt/ok",
            ),
        ),
    ),
    Situation(
        "test-gate/or-true",
        "|| true, since a test was flaky",
        "https://www.explaintopic.com/docker/docker-build-skips-tests-despite-dockerfile-instructions-1766259680.html",
        FASTAPI,
        (dockerfile("RUN python -m pytest", "RUN python -m pytest || true"),),
        (dockerfile("RUN python -m pytest", "RUN python -m pytest -x -q --no-header"),),
    ),
    Situation(
        "test-gate/one-application-of-two",
        "one of two applications is tested",
        "https://docs.djangoproject.com/en/5.1/topics/testing/overview/",
        DJANGO,
        (dockerfile("python manage.py test &&", "python manage.py test berths &&"),),
        (dockerfile("python manage.py test &&", "python manage.py test berths ferries &&"),),
    ),
    Situation(
        "test-gate/pattern-that-matches-nothing",
        "unittest looks for files of another name, finds none, and is content",
        "https://docs.python.org/3/library/unittest.html",
        WORKER,
        (dockerfile("discover -s tests -t .", "discover -s tests -t . -p 'check_*.py' || [ $? -eq 5 ]"),),
        (dockerfile("discover -s tests -t .", "discover -s tests -t . -p 'test_*.py' -v"),),
    ),
    Situation(
        "test-gate/collected-only",
        "the tests are collected, for speed, and not run",
        "https://docs.pytest.org/en/stable/reference/reference.html",
        UV,
        (dockerfile("python -m pytest", "python -m pytest --collect-only -q"),),
        (dockerfile("python -m pytest", "python -m pytest -q --maxfail=1"),),
    ),
    Situation(
        "test-gate/coverage-has-the-last-word",
        "the report of the coverage ends the step, whatever the tests did",
        "https://coverage.readthedocs.io/en/latest/cmd.html",
        PACKAGE,
        (
            dockerfile(
                "pip install --no-cache-dir pytest==8.4.2",
                "pip install --no-cache-dir pytest==8.4.2 coverage==7.6.9",
            ),
            dockerfile(
                "RUN python -m pytest tests && touch",
                "RUN coverage run -m pytest tests; coverage report; touch",
            ),
        ),
        (
            dockerfile(
                "pip install --no-cache-dir pytest==8.4.2",
                "pip install --no-cache-dir pytest==8.4.2 coverage==7.6.9",
            ),
            dockerfile(
                "RUN python -m pytest tests && touch",
                "RUN coverage run -m pytest tests && coverage report && touch",
            ),
        ),
    ),
    Situation(
        "test-gate/script-goes-on",
        "a script runs the tests, and goes on when they fail",
        "https://www.gnu.org/software/bash/manual/html_node/The-Set-Builtin.html",
        CELERY,
        (
            write("ci/test.sh", "#!/bin/sh\npython -m pytest\necho 'tests are done'\n", 0o755),
            dockerfile("RUN python -m pytest &&", "COPY ci ci\nRUN ./ci/test.sh &&"),
        ),
        (
            write("ci/test.sh", "#!/bin/sh\nset -eu\npython -m pytest\necho 'tests are done'\n", 0o755),
            dockerfile("RUN python -m pytest &&", "COPY ci ci\nRUN ./ci/test.sh &&"),
        ),
    ),
    Situation(
        "test-gate/for-another-day",
        "the tests are copied, and the step that runs them is left for later",
        "https://blog.minademian.com/2025/07/16/test-runners-in-multi-stage-docker-builds",
        TINY,
        (dockerfile("RUN python -m unittest && touch /checked", "RUN touch /checked"),),
        (dockerfile("RUN python -m unittest &&", "RUN python -m unittest -v &&"),),
    ),
    Situation(
        "test-gate/pipe-into-a-report",
        "the output is piped into a file, and its exit code lost",
        "https://docs.docker.com/build/building/best-practices/#using-pipes",
        POETRY,
        (dockerfile("poetry run python -m pytest", "poetry run python -m pytest | tee /tmp/report.txt"),),
        (
            before("RUN poetry run python -m pytest", 'SHELL ["/bin/bash", "-o", "pipefail", "-c"]'),
            append("pyproject.toml", "\n[tool.pytest.ini_options]\naddopts = '-ra'\n"),
        ),
    ),
)
