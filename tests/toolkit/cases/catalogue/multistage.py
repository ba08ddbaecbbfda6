"""No test stage, or its tools come along into the release."""

from __future__ import annotations

from .model import Case, after, append, dockerfile, without, write

LEFT = frozenset({"necessary-files"})  # the tests come along with the tools
MAKE = "RUN useradd --uid 10001 --no-create-home app && install -d -o app -g app /app"
CODE = "COPY --from=test --chown=app:app /app/greeter greeter/"

SINGLE = """\
    FROM python:3.11-slim
    ENV PYTHONDONTWRITEBYTECODE=1
    RUN useradd --uid 10001 --no-create-home app && install -d -o app -g app /app
    WORKDIR /app
    COPY --chown=app:app requirements.txt requirements-dev.txt ./
    RUN pip install --no-cache-dir -r requirements.txt -r requirements-dev.txt
    COPY --chown=app:app greeter/ greeter/
    COPY --chown=app:app tests/ tests/
    USER app
    RUN python -m pytest -p no:cacheprovider
    EXPOSE 8000
    CMD ["python", "-m", "greeter"]
    """

CASES = (
    Case(
        "multistage/single",
        "one stage tests and ships",
        (write("Dockerfile", SINGLE),),
        also_expected=LEFT,
    ),
    Case(
        "multistage/single-that-removes-its-tests",
        "one stage tests, removes the tests, and ships",
        (
            write("Dockerfile", SINGLE),
            dockerfile("-p no:cacheprovider", "-p no:cacheprovider && rm -r tests"),
        ),
        also_expected=LEFT,
    ),
    Case(
        "multistage/single-of-many-steps",
        "one stage without a name tests and ships, in more than nine steps",
        (
            write("Dockerfile", SINGLE),
            dockerfile(
                "RUN useradd --uid 10001 --no-create-home app && install -d -o app -g app /app",
                "RUN useradd --uid 10001 --no-create-home app\nRUN install -d -o app -g app /app",
            ),
            after("EXPOSE 8000", *(f"RUN test -f greeter/words.py # {number}" for number in range(4))),
        ),
        also_expected=LEFT,
    ),
    Case(
        "multistage/release-from-test",
        "the release is built from the test stage",
        (
            write("Dockerfile", SINGLE),
            dockerfile("FROM python:3.11-slim", "FROM python:3.11-slim AS test"),
            dockerfile("EXPOSE", "\nFROM test AS release\nEXPOSE"),
        ),
        also_expected=LEFT,
    ),
    Case(
        "multistage/release-from-test-through-a-third",
        "the release is built from a stage that is built from the test stage",
        (
            write("Dockerfile", SINGLE),
            dockerfile("FROM python:3.11-slim", "FROM python:3.11-slim AS checked"),
            dockerfile("EXPOSE", "\nFROM checked AS runtime\nENV MODE=production\n\nFROM runtime\nEXPOSE"),
        ),
        also_expected=LEFT,
    ),
    Case(
        "multistage/uninstalled-too-late",
        "the release is built from the test stage and uninstalls its tools",
        (
            write("Dockerfile", SINGLE),
            dockerfile("FROM python:3.11-slim", "FROM python:3.11-slim AS test"),
            dockerfile(
                "EXPOSE",
                "\nFROM test AS release\nUSER root\nRUN pip uninstall -y pytest && rm -r tests\nUSER app\nEXPOSE",
            ),
        ),
        also_expected=LEFT,
    ),
    Case(
        "multistage/test-environment-copied",
        "the test stage's virtual environment is what the release gets",
        (dockerfile("COPY --from=deps /venv /venv", "COPY --from=test /venv /venv"),),
    ),
    Case(
        "multistage/test-tools-elsewhere",
        "the test stage's virtual environment is copied beside the release's own",
        (after("COPY --from=deps /venv /venv", "COPY --from=test /venv /opt/checks"),),
    ),
    Case(
        "multistage/whole-file-system-copied",
        "everything that the test stage holds is copied",
        (
            without(MAKE),
            dockerfile(
                "COPY --from=deps /venv /venv",
                f"COPY --from=test / /\n{MAKE} && chown -R app:app /app",
            ),
            without(CODE),
        ),
        also_expected=LEFT,
    ),
    Case(
        "multistage/dev-requirements-for-all",
        "the stage that all others build on installs the test tools",
        (
            dockerfile(
                "COPY requirements.txt ./\nRUN pip install --no-cache-dir -r requirements.txt",
                "COPY requirements.txt requirements-dev.txt ./\n"
                "RUN pip install --no-cache-dir -r requirements.txt -r requirements-dev.txt",
            ),
            without("COPY requirements-dev.txt ./\nRUN pip install --no-cache-dir -r requirements-dev.txt"),
        ),
    ),
    Case(
        "multistage/pytest-required",
        "the test runner is listed among what the service needs",
        (append("requirements.txt", "pytest==8.4.2\n"), write("requirements-dev.txt", "iniconfig\n")),
    ),
    Case(
        "multistage/linter-required",
        "a linter is listed among what the service needs",
        (append("requirements.txt", "flake8\n"),),
    ),
    Case(
        "multistage/test-library-required",
        "a library for tests is listed among what the service needs",
        (append("requirements.txt", "freezegun\n"),),
    ),
    Case(
        "multistage/debugger-required",
        "a debugger is listed among what the service needs",
        (append("requirements.txt", "debugpy\n"),),
    ),
    Case(
        "multistage/nox-required",
        "another test runner is listed among what the service needs",
        (append("requirements.txt", "nox\n"),),
    ),
    Case(
        "multistage/poetry-left",
        "the tool that installs the dependencies stays in the release",
        (after("COPY --from=deps /venv /venv", "RUN pip install --no-cache-dir poetry"),),
    ),
    Case(
        "multistage/builder-installed-in-release",
        "a tool that builds packages is installed in the release",
        (after("COPY --from=deps /venv /venv", "RUN pip install --no-cache-dir build hatchling"),),
    ),
    Case(
        "multistage/tests-in-the-release-stage",
        "the release installs the test tools and runs the tests itself",
        (
            dockerfile(
                "FROM deps AS test\n"
                "COPY requirements-dev.txt ./\n"
                "RUN pip install --no-cache-dir -r requirements-dev.txt\n"
                "COPY greeter/ greeter/\n"
                "COPY tests/ tests/\n"
                "RUN python -m pytest\n\n",
                "",
            ),
            dockerfile(
                CODE,
                "COPY requirements-dev.txt /tmp/\n"
                "RUN pip install --no-cache-dir -r /tmp/requirements-dev.txt && rm /tmp/requirements-dev.txt\n"
                "COPY --chown=app:app greeter/ greeter/\n"
                "RUN --mount=type=bind,source=tests,target=tests python -B -m pytest -p no:cacheprovider",
            ),
        ),
        also_expected=LEFT | {"ownership"},
    ),
)
