"""Each edit to the code installs all dependencies again, or an edit to the requirements installs nothing."""

from __future__ import annotations

from .model import Case, Edit, before, delete, dockerfile, without, write

COPY = "COPY requirements.txt ./"
INSTALL = "RUN pip install --no-cache-dir -r requirements.txt"
DEV = "COPY requirements-dev.txt ./\nRUN pip install --no-cache-dir -r requirements-dev.txt\n"


def copied(how: str) -> tuple[Edit, ...]:
    """Return the edit that brings the requirements another way."""
    return (dockerfile(COPY, how),)


PYPROJECT = """\
    [build-system]
    requires = ["setuptools>=61"]
    build-backend = "setuptools.build_meta"

    [project]
    name = "greeter"
    version = "1.0"
    dependencies = ["bottle==0.13.4", "waitress==3.0.2"]

    [tool.setuptools]
    packages = ["greeter"]
    """

CASES = (
    Case("requirements-first/all-first", "everything is copied first", copied("COPY . .")),
    Case("requirements-first/add-all-first", "everything is added first", copied("ADD . /app/")),
    Case(
        "requirements-first/json-all-first",
        "everything is copied first, in JSON form",
        copied('COPY [".", "./"]'),
    ),
    Case(
        "requirements-first/linked",
        "everything is copied first, as a layer of its own",
        copied("COPY --link . /app"),
    ),
    Case(
        "requirements-first/code-with-requirements",
        "the code comes along with the requirements",
        copied(f"{COPY}\nCOPY greeter/ greeter/"),
    ),
    Case(
        "requirements-first/one-module-with-requirements",
        "a single module comes along with the requirements",
        copied("COPY requirements.txt greeter/words.py ./"),
    ),
    Case(
        "requirements-first/factory-with-requirements",
        "the package's first module, with code in it, comes along with the requirements",
        (
            write("greeter/__init__.py", "def make():\n    from .service import make\n\n    return make()\n"),
            *copied(f"{COPY}\nCOPY greeter/__init__.py greeter/"),
        ),
    ),
    Case(
        "requirements-first/pattern",
        "a pattern that takes the code along",
        copied("COPY requirements.txt gr* ./"),
    ),
    Case(
        "requirements-first/context-mounted",
        "the whole context is mounted where the dependencies are installed",
        (
            without(COPY),
            dockerfile(
                INSTALL,
                "RUN --mount=type=bind,target=/src pip install --no-cache-dir -r /src/requirements.txt",
            ),
        ),
    ),
    Case(
        "requirements-first/source-stage-copied-whole",
        "a stage that holds everything is copied whole",
        (
            before("FROM python:3.11-slim AS deps", "FROM scratch AS source\nCOPY . /src/\n"),
            dockerfile(COPY, "COPY --from=source /src/ ./"),
        ),
    ),
    Case(
        "requirements-first/source-stage-mounted-whole",
        "a stage that holds everything is mounted whole",
        (
            before("FROM python:3.11-slim AS deps", "FROM scratch AS source\nCOPY . /src/\n"),
            without(COPY),
            dockerfile(
                INSTALL,
                "RUN --mount=from=source,source=/src,target=/src \\\n"
                "    pip install --no-cache-dir -r /src/requirements.txt",
            ),
        ),
    ),
    Case(
        "requirements-first/named-in-run",
        "the dependencies are named in the step, the file changes nothing",
        (dockerfile(f"{COPY}\n{INSTALL}", "RUN pip install --no-cache-dir bottle==0.13.4 waitress==3.0.2"),),
    ),
    Case(
        "requirements-first/file-copied-and-unread",
        "the file is copied after a step that names the dependencies",
        (
            dockerfile(
                f"{COPY}\n{INSTALL}", f"RUN pip install --no-cache-dir bottle==0.13.4 waitress==3.0.2\n{COPY}"
            ),
        ),
    ),
    Case(
        "requirements-first/dev-requirements-after-code",
        "the code is copied before the test tools are installed",
        (dockerfile(f"{DEV}COPY greeter/ greeter/\n", f"COPY greeter/ greeter/\n{DEV}"),),
    ),
    Case(
        "requirements-first/release-installs-after-code",
        "the release installs once more, behind the code",
        (
            dockerfile(
                "COPY --from=deps /venv /venv",
                "RUN python -m venv /venv",
            ),
            before(
                "USER app",
                "COPY --chown=app:app requirements.txt ./",
                INSTALL,
            ),
        ),
    ),
    Case(
        "requirements-first/another-group-after-code",
        "the test tools, a group of the same file, are installed behind the code",
        (
            write(
                "pyproject.toml",
                """\
                [project]
                name = "greeter"
                version = "1.0"
                requires-python = ">=3.11"
                dependencies = ["bottle==0.13.4", "waitress==3.0.2"]

                [dependency-groups]
                dev = ["pytest==8.4.2"]
                """,
            ),
            delete("requirements.txt"),
            delete("requirements-dev.txt"),
            dockerfile(
                f"RUN python -m venv /venv\n{COPY}\n{INSTALL}",
                "RUN pip install --no-cache-dir uv\n"
                "ENV UV_PROJECT_ENVIRONMENT=/venv UV_PYTHON=/usr/local/bin/python UV_PYTHON_DOWNLOADS=never\n"
                "COPY pyproject.toml ./\n"
                "RUN uv sync --no-dev --no-cache\n"
                "COPY greeter/ greeter/",
            ),
            dockerfile(f"{DEV}COPY greeter/ greeter/\n", "RUN uv sync --no-cache\n"),
        ),
    ),
    Case(
        "requirements-first/script-after-code",
        "a script installs, behind the code, and the test tools come before it",
        (
            write("install.sh", "#!/bin/sh\nset -e\npip install --no-cache-dir -r requirements.txt\n", 0o755),
            dockerfile(f"{COPY}\n{INSTALL}", "COPY requirements-dev.txt ./"),
            dockerfile("FROM deps AS test\n" + DEV, "FROM deps AS test\n"),
            before(
                "FROM deps AS test",
                "RUN pip install --no-cache-dir -r requirements-dev.txt\n",
                "FROM python:3.11-slim AS libraries",
                "ENV PATH=/venv/bin:$PATH",
                "WORKDIR /app",
                "RUN python -m venv /venv",
                "COPY . .",
                "RUN ./install.sh\n",
            ),
            dockerfile(
                "COPY greeter/ greeter/\nCOPY tests/",
                "COPY --from=libraries /venv/lib/ /libraries/lib/\n"
                "ENV PYTHONPATH=/libraries/lib/python3.11/site-packages\n"
                "COPY greeter/ greeter/\nCOPY tests/",
            ),
            dockerfile("COPY --from=deps /venv /venv", "COPY --from=libraries /venv /venv"),
        ),
    ),
    Case(
        "requirements-first/project-installed-whole",
        "the project and its dependencies are installed in one step",
        (
            write("pyproject.toml", PYPROJECT),
            delete("requirements.txt"),
            dockerfile(COPY, "COPY pyproject.toml ./\nCOPY greeter/ greeter/"),
            dockerfile(INSTALL, "RUN pip install --no-cache-dir ."),
        ),
    ),
    Case(
        "requirements-first/package-installed-whole",
        "the same, and the test tools lie in a stage of their own",
        (
            write("pyproject.toml", PYPROJECT),
            delete("requirements.txt"),
            dockerfile(COPY, "COPY pyproject.toml ./\nCOPY greeter/ greeter/"),
            dockerfile(INSTALL, "RUN pip install --no-cache-dir ."),
            dockerfile(
                f"FROM deps AS test\n{DEV}",
                "FROM python:3.11-slim AS test\nENV PYTHONDONTWRITEBYTECODE=1\nWORKDIR /app\n"
                f"{DEV}COPY --from=deps /venv /venv\nENV PYTHONPATH=/venv/lib/python3.11/site-packages\n",
            ),
        ),
    ),
)
