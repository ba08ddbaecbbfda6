"""Each commit, or each release, installs all dependencies again."""

from __future__ import annotations

from .model import Case, after, before, dockerfile, write

WORKDIR = "WORKDIR /app\nRUN python -m venv /venv"
COPY = "COPY requirements.txt ./"
CMD = 'CMD ["python", "-m", "greeter"]'
ASKED = ("cache-stable",)
PYPROJECT = """\
    [project]
    name = "greeter"
    version = "1.0.0"
    """

CASES = (
    Case("cache-stable/revision", "the revision above the installing step", (before(COPY, "ARG REVISION"),)),
    Case("cache-stable/commit-sha", "another name for it", (before(COPY, "ARG GIT_COMMIT=none"),)),
    Case("cache-stable/date", "the date of the build", (before(COPY, "ARG BUILD_DATE"),)),
    Case(
        "cache-stable/in-env",
        "the revision in a variable of the environment",
        (before(COPY, "ARG VCS_REF=none", "ENV APP_REVISION=$VCS_REF"),),
    ),
    Case(
        "cache-stable/global",
        "a global argument that the stage takes",
        (
            dockerfile("FROM python:3.11-slim AS deps", "ARG VERSION=1\nFROM python:3.11-slim AS deps"),
            before(COPY, "ARG VERSION"),
        ),
    ),
    Case(
        "cache-stable/version-file",
        "the version's file comes with the requirements",
        (write("VERSION", "1.0.0\n"), dockerfile(COPY, "COPY requirements.txt VERSION ./")),
    ),
    Case(
        "cache-stable/pyproject",
        "pyproject.toml, which has the version, comes with the requirements",
        (write("pyproject.toml", PYPROJECT), dockerfile(COPY, "COPY requirements.txt pyproject.toml ./")),
    ),
    Case(
        "cache-stable/epoch",
        "SOURCE_DATE_EPOCH, by which WORKDIR is looked up",
        (before(COPY, "ARG SOURCE_DATE_EPOCH"),),
    ),
    Case(
        "benign/cache-stable-at-the-end",
        "labels at the end",
        (after(CMD, "ARG REVISION", "LABEL revision=$REVISION"),),
        only=ASKED,
    ),
    Case("benign/cache-stable-no-arguments", "nothing that changes", (after(CMD, "LABEL a=b"),), only=ASKED),
    Case(
        "benign/cache-stable-python-version",
        "an argument that no commit changes",
        (before(COPY, "ARG PYTHON_VERSION=3.11", "ARG PIP_VERSION=24"),),
        only=ASKED,
    ),
    Case(
        "benign/cache-stable-version-with-the-code",
        "the version's file comes with the code",
        (write("VERSION", "1.0.0\n"), after("USER app", "COPY VERSION ./")),
        only=ASKED,
    ),
)
