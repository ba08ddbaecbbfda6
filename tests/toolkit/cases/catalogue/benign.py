"""Other ways of doing the same, in which nothing is broken."""

from __future__ import annotations

from .model import (
    Case,
    Edit,
    after,
    append,
    before,
    delete,
    dockerfile,
    line_ends,
    link,
    rename,
    replace,
    without,
    write,
)

COMMAND = 'CMD ["python", "-m", "greeter"]'
MAIN = "greeter/__main__.py"
MAKE = "RUN useradd --uid 10001 --no-create-home app && install -d -o app -g app /app"
CODE = "COPY --from=test --chown=app:app /app/greeter greeter/"
VENV = "COPY --from=deps /venv /venv"
USER = "USER app"
TESTS = "RUN python -m pytest"
REQUIREMENTS = "COPY requirements.txt ./"
INSTALL = "RUN pip install --no-cache-dir -r requirements.txt"
RELEASE = "FROM python:3.11-slim AS release"
LINES = """\
    import signal
    import socketserver
    import sys

    SEEN = []


    class Lines(socketserver.StreamRequestHandler):
        def handle(self):
            SEEN.extend(self.rfile)


    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    socketserver.ThreadingTCPServer(("0.0.0.0", 8000), Lines).serve_forever()
    """
LEAN = "apt-get install -y --no-install-recommends"


def serves_with(library: str, command: str) -> tuple[Edit, ...]:
    """Return the edits that serve the same application with another server."""
    return (
        write("requirements.txt", f"bottle==0.13.4\n{library}\n"),
        delete(MAIN),
        append("greeter/service.py", "\n\napplication = make()\n"),
        dockerfile(COMMAND, command),
    )


def script(text: str) -> tuple[Edit, ...]:
    """Return the edits that bring an entry script, at /app/start.sh."""
    return (
        before(USER, "COPY --chown=app:app --chmod=755 start.sh ./"),
        write("start.sh", text, 0o755),
    )


EXAMPLE = '''

    def loud(text):
        """Say it loudly.

        >>> loud("hello")
        'HELLO'
        """
        return text.upper()
    '''

PYPROJECT = """\
    [build-system]
    requires = ["setuptools>=61"]
    build-backend = "setuptools.build_meta"

    [project]
    name = "greeter"
    version = "1.0"
    requires-python = ">=3.11"
    dependencies = ["bottle==0.13.4", "waitress==3.0.2"]

    [project.optional-dependencies]
    test = ["pytest==8.4.2"]

    [tool.setuptools]
    packages = ["greeter"]
    """

CASES = (
    Case(
        "benign/good",
        "the good project itself, in a word more",
        (append("Dockerfile", "LABEL title=greeter\n"),),
    ),
    Case(
        "benign/does-without",
        "a file that the application reads where it is there, and a module that tests alone import, are not copied",
        (
            append(
                "greeter/words.py",
                """\


                def banner() -> str:
                    from pathlib import Path

                    file = Path(__file__).parent / "banner.txt"
                    return file.read_text() if file.exists() else ""
                """,
            ),
            write("greeter/banner.txt", "Open on Sundays\n"),
            write("greeter/seeds.py", '"""Names to try."""\nNAMES = ["Ada", "Bo"]\n'),
            write(
                "tests/test_more.py",
                """\
                from greeter.seeds import NAMES
                from greeter.words import banner, greeting


                def test_more() -> None:
                    assert banner() in {"", "Open on Sundays\\n"}
                    assert all(name in greeting(name) for name in NAMES)
                """,
            ),
            dockerfile(
                CODE,
                "COPY --from=test --chown=app:app /app/greeter/__init__.py /app/greeter/__main__.py "
                "/app/greeter/service.py /app/greeter/words.py greeter/",
            ),
        ),
    ),
    # --- how the Dockerfile is written
    Case(
        "benign/lower-case",
        "instructions in lower case",
        (
            write(
                "Dockerfile",
                """\
                from python:3.11-slim as deps
                env PYTHONDONTWRITEBYTECODE=1 PATH=/venv/bin:$PATH
                workdir /app
                run python -m venv /venv
                copy requirements.txt ./
                run pip install --no-cache-dir -r requirements.txt

                from deps as test
                copy requirements-dev.txt ./
                run pip install --no-cache-dir -r requirements-dev.txt
                copy greeter/ greeter/
                copy tests/ tests/
                run python -m pytest

                from python:3.11-slim as release
                env PYTHONUNBUFFERED=1 PATH=/venv/bin:$PATH
                run useradd --uid 10001 --no-create-home app && install -d -o app -g app /app
                workdir /app
                copy --from=deps /venv /venv
                copy --from=test --chown=app:app /app/greeter greeter/
                user app
                expose 8000
                cmd ["python", "-m", "greeter"]
                """,
            ),
        ),
    ),
    Case("benign/carriage-returns", "lines that end in CRLF", (line_ends("Dockerfile", "\r\n"),)),
    Case(
        "benign/carriage-returns-ignore-file",
        "an ignore file whose lines end in CRLF",
        (line_ends(".dockerignore", "\r\n"),),
    ),
    Case(
        "benign/continued-lines",
        "continued lines with comments and blanks between them",
        (
            dockerfile(
                MAKE,
                "RUN useradd \\\n"
                "    # a number that no host account has\n"
                "    --uid 10001 \\\n"
                "\n"
                "    --no-create-home app \\\n"
                "# USER root\n"
                "    && install -d -o app -g app /app",
            ),
            dockerfile(COMMAND, 'CMD [ \\\n    "python", \\\n    # as a module\n    "-m", "greeter" \\\n]'),
        ),
    ),
    Case(
        "benign/heredocs",
        "heredocs for steps and files",
        (
            dockerfile(
                MAKE,
                "RUN <<END\nset -e\nuseradd --uid 10001 --no-create-home app\ninstall -d -o app -g app /app\nEND",
            ),
            dockerfile(TESTS, "RUN <<END\nset -e\npython --version\npython -m pytest\nEND"),
            before(USER, "COPY --chown=app:app <<END settings.ini", "[greeter]", "USER = root", "END"),
        ),
    ),
    Case(
        "benign/escape",
        "another escape character",
        (
            before("FROM python:3.11-slim AS deps", "# escape=`"),
            dockerfile(MAKE, MAKE.replace(" && ", " `\n    && ")),
        ),
    ),
    Case(
        "benign/json-copy",
        "COPY in JSON form",
        (
            dockerfile(CODE, 'COPY --from=test --chown=app:app ["/app/greeter", "greeter/"]'),
            dockerfile(REQUIREMENTS, 'COPY ["requirements.txt", "./"]'),
        ),
    ),
    Case(
        "benign/json-run",
        "RUN in JSON form",
        (dockerfile(TESTS, 'RUN ["python", "-m", "pytest"]'),),
    ),
    Case(
        "benign/linked",
        "layers of their own",
        (
            dockerfile(VENV, "COPY --link --from=deps /venv /venv"),
            dockerfile(CODE, "COPY --link --from=test --chown=10001:10001 /app/greeter /app/greeter/"),
        ),
    ),
    Case(
        "benign/stage-names",
        "other names for the stages",
        (
            dockerfile("AS deps", "AS py_311.libs"),
            dockerfile("FROM deps AS test", "FROM py_311.libs AS quality-assurance"),
            dockerfile("--from=deps", "--from=py_311.libs"),
            dockerfile("--from=test", "--from=quality-assurance"),
            dockerfile(RELEASE, "FROM python:3.11-slim AS shipped"),
        ),
    ),
    Case(
        "benign/stage-numbers",
        "stages without names",
        (
            dockerfile("FROM python:3.11-slim AS deps", "FROM python:3.11-slim"),
            dockerfile("FROM deps AS test", "FROM python:3.11-slim AS checks"),
            dockerfile(
                "COPY requirements-dev.txt ./",
                "ENV PYTHONDONTWRITEBYTECODE=1 PATH=/venv/bin:$PATH\n"
                "WORKDIR /app\n"
                "COPY --from=0 /venv /venv\n"
                "COPY requirements-dev.txt ./",
            ),
            dockerfile("--from=deps", "--from=0"),
            dockerfile("--from=test", "--from=1"),
            dockerfile(RELEASE, "FROM python:3.11-slim"),
        ),
    ),
    Case(
        "benign/arguments",
        "build arguments for the base, the user and the port",
        (
            before("FROM python:3.11-slim AS deps", "ARG VERSION=3.11", "ARG BASE=python:${VERSION}-slim"),
            dockerfile("FROM python:3.11-slim AS deps", "FROM ${BASE} AS deps"),
            dockerfile(RELEASE, "FROM $BASE AS release\nARG ACCOUNT=app\nARG PORT=8000"),
            dockerfile(USER, "USER ${ACCOUNT}"),
            dockerfile("EXPOSE 8000", "EXPOSE ${PORT}/tcp"),
        ),
    ),
    Case(
        "benign/another-file-name-beside",
        "a second Dockerfile that nobody asked for",
        (write("Dockerfile.old", "FROM python:3.11\nCOPY . .\nCMD python -m greeter\n"),),
    ),
    # --- the base
    Case(
        "benign/base-of-a-debian-release",
        "a slim base with a longer tag",
        (
            dockerfile("FROM python:3.11-slim AS deps", "FROM python:3.11-slim-bookworm AS deps"),
            dockerfile(RELEASE, "FROM python:3.11-slim-bookworm AS release"),
        ),
    ),
    Case(
        "benign/base-with-registry",
        "a slim base with its registry's name",
        (
            dockerfile("FROM python:3.11-slim AS deps", "FROM docker.io/library/python:3.11-slim AS deps"),
            dockerfile(RELEASE, "FROM docker.io/library/python:3.11-slim AS release"),
        ),
    ),
    Case(
        "benign/full-for-building",
        "the full image, in the stage that builds only",
        (dockerfile("FROM python:3.11-slim AS deps", "FROM python:3.11 AS deps"),),
    ),
    Case(
        "benign/compiler-for-building",
        "a compiler, in the stage that builds only",
        (before("RUN python -m venv /venv", f"RUN apt-get update && {LEAN} make"),),
    ),
    Case(
        "benign/package-tidied-up",
        "a package, installed and tidied up in one step",
        (
            after(
                RELEASE,
                f"RUN apt-get update && {LEAN} tzdata && apt-get clean && rm -rf /var/lib/apt/lists/*",
            ),
        ),
    ),
    Case(
        "benign/package-lists-in-a-mount",
        "a package, whose lists lie in a cache mount",
        (
            after(
                RELEASE,
                "RUN --mount=type=cache,target=/var/lib/apt/lists,sharing=locked \\",
                "    --mount=type=cache,target=/var/cache/apt,sharing=locked \\",
                f"    apt-get update && {LEAN} tzdata",
            ),
        ),
    ),
    Case(
        "benign/shared-base-stage",
        "the base is a stage that all others stand on",
        (
            before(
                "FROM python:3.11-slim AS deps", "FROM python:3.11-slim AS base", "ENV PYTHONUNBUFFERED=1", ""
            ),
            dockerfile("FROM python:3.11-slim AS deps", "FROM base AS deps"),
            dockerfile(RELEASE, "FROM base AS release"),
        ),
    ),
    # --- the command
    Case(
        "benign/shell-form-exec",
        "shell form, in which the shell makes way",
        (dockerfile(COMMAND, "CMD exec python -m greeter"),),
    ),
    Case(
        "benign/client-speaks-first",
        "a protocol in which the server has nothing to say",
        (write(MAIN, LINES),),
    ),
    # --- the user
    Case("benign/user-number", "the user as a number", (dockerfile(USER, "USER 10001"),)),
    Case("benign/user-numbers", "user and group as numbers", (dockerfile(USER, "USER 10001:10001"),)),
    Case("benign/user-and-group", "user and group by name", (dockerfile(USER, "USER app:app"),)),
    Case(
        "benign/group-zero",
        "a user in group 0",
        (
            dockerfile(
                MAKE,
                "RUN useradd --uid 10001 --gid 0 --no-create-home app && install -d -o app -g 0 -m 775 /app",
            ),
            dockerfile("--chown=app:app", "--chown=app:0"),
            dockerfile(USER, "USER app:0"),
        ),
    ),
    Case(
        "benign/base-account",
        "an account that the base already has",
        (
            dockerfile(MAKE, "RUN install -d -o nobody -g nogroup /app"),
            dockerfile("--chown=app:app", "--chown=nobody:nogroup"),
            dockerfile(USER, "USER nobody"),
        ),
    ),
    Case(
        "benign/user-with-home",
        "a user with a home, in which the service lives",
        (
            dockerfile(MAKE, "RUN useradd --create-home --home-dir /home/app --shell /bin/bash app"),
            dockerfile("WORKDIR /app\nCOPY --from=deps", "WORKDIR /home/app\nCOPY --from=deps"),
        ),
    ),
    Case(
        "benign/user-before-copy",
        "the user first, then what belongs to it",
        (
            without(USER),
            dockerfile("WORKDIR /app\nCOPY --from=deps", "USER app\nWORKDIR /app\nCOPY --from=deps"),
        ),
    ),
    # --- directories, files, owners
    Case(
        "benign/code-behind-a-link",
        "the code lies elsewhere, as the user's, and is linked in",
        (
            dockerfile(
                CODE,
                "COPY --from=test --chown=app:app /app/greeter /opt/code/greeter/\n"
                "RUN ln -s /opt/code/greeter greeter",
            ),
        ),
    ),
    Case(
        "benign/another-directory",
        "the service lives elsewhere than in /app",
        (
            dockerfile("-g app /app", "-g app /srv/greeter"),
            dockerfile("WORKDIR /app\nCOPY --from=deps", "WORKDIR /srv/greeter\nCOPY --from=deps"),
        ),
    ),
    Case(
        "benign/directory-in-two-steps",
        "a relative step below an absolute directory",
        (
            dockerfile("-g app /app", "-g app /srv/greeter"),
            dockerfile("WORKDIR /app\nCOPY --from=deps", "WORKDIR /srv\nWORKDIR greeter\nCOPY --from=deps"),
        ),
    ),
    Case(
        "benign/directory-by-variable",
        "a directory that a variable names",
        (
            dockerfile(
                "WORKDIR /app\nCOPY --from=deps",
                "ENV HOME_OF_APP=/app\nWORKDIR $HOME_OF_APP\nCOPY --from=deps",
            ),
        ),
    ),
    Case(
        "benign/chown-at-the-end",
        "everything is given to the user in one step",
        (
            dockerfile(MAKE, "RUN useradd --uid 10001 --no-create-home app"),
            dockerfile(CODE, "COPY --from=test /app/greeter greeter/\nRUN chown -R app:app /app"),
        ),
    ),
    Case(
        "benign/read-only",
        "the user's own files, which it may only read",
        (dockerfile(CODE, "COPY --from=test --chown=app:app --chmod=555 /app/greeter greeter/"),),
    ),
    Case(
        "benign/code-beside-the-working-directory",
        "the package is installed, and the service runs in an empty directory",
        (
            dockerfile(CODE, "COPY --from=test --chown=app:app /app/greeter /opt/greeter/greeter/"),
            dockerfile("ENV PYTHONUNBUFFERED=1", "ENV PYTHONUNBUFFERED=1 PYTHONPATH=/opt/greeter"),
        ),
    ),
    Case(
        "benign/volume",
        "a volume for the service's data",
        (before(USER, "RUN install -d -o app -g app /app/data", "VOLUME /app/data"),),
    ),
    # --- dependencies
    Case(
        "benign/requirements-mounted",
        "the requirements are mounted, not copied",
        (
            without(REQUIREMENTS),
            dockerfile(
                INSTALL,
                "RUN --mount=type=bind,source=requirements.txt,target=/tmp/requirements.txt \\\n"
                "    --mount=type=cache,target=/root/.cache/pip \\\n"
                "    pip install -r /tmp/requirements.txt",
            ),
        ),
    ),
    Case(
        "benign/requirements-piped",
        "the requirements are handed to pip by another command",
        (dockerfile(INSTALL, "RUN grep -v '^#' requirements.txt | xargs pip install --no-cache-dir"),),
    ),
    Case(
        "benign/requirements-in-a-loop",
        "the requirements are installed one by one",
        (
            dockerfile(
                INSTALL,
                'RUN while read -r each; do pip install --no-cache-dir "$each" || exit 1; done < requirements.txt',
            ),
        ),
    ),
    Case(
        "benign/requirements-listed-after-all",
        "the list is written in a stage that has everything, and is the same after each edit to the code",
        (
            write("pyproject.toml", PYPROJECT),
            delete("requirements.txt"),
            before(
                "FROM python:3.11-slim AS deps",
                "FROM python:3.11-slim AS list",
                "WORKDIR /src",
                "COPY . .",
                'RUN python -c "import tomllib; '
                "print(*tomllib.load(open('pyproject.toml', 'rb'))['project']['dependencies'], sep='\\n')\""
                " > requirements.txt\n",
            ),
            dockerfile(REQUIREMENTS, "COPY --from=list /src/requirements.txt ./"),
        ),
    ),
    Case(
        "benign/requirements-by-a-script",
        "a script installs, and comes with the requirements alone",
        (
            write("install.sh", "#!/bin/sh\nset -e\npip install --no-cache-dir -r requirements.txt\n", 0o755),
            dockerfile(REQUIREMENTS, "COPY install.sh requirements.txt ./"),
            dockerfile(INSTALL, "RUN ./install.sh"),
        ),
    ),
    Case(
        "benign/requirements-directory",
        "the requirements lie in a directory, one including the other",
        (
            rename("requirements.txt", "requirements/base.txt"),
            rename("requirements-dev.txt", "requirements/dev.txt"),
            append("requirements/dev.txt", "-r base.txt\n"),
            dockerfile(REQUIREMENTS, "COPY requirements/base.txt requirements/"),
            dockerfile(INSTALL, INSTALL.replace("requirements.txt", "requirements/base.txt")),
            dockerfile("COPY requirements-dev.txt ./", "COPY requirements/ requirements/"),
            dockerfile("-r requirements-dev.txt", "-r requirements/dev.txt"),
        ),
    ),
    Case(
        "benign/requirements-by-pattern",
        "a pattern that takes the requirements alone",
        (
            dockerfile(REQUIREMENTS, "COPY requirements*.txt ./"),
            without("COPY requirements-dev.txt ./"),
        ),
    ),
    Case(
        "benign/requirements-through-a-source-stage",
        "a stage that holds everything, of which the requirements alone are taken first",
        (
            before("FROM python:3.11-slim AS deps", "FROM scratch AS source\nCOPY . /src/\n"),
            dockerfile(REQUIREMENTS, "COPY --from=source /src/requirements.txt ./"),
            dockerfile("COPY greeter/ greeter/\nCOPY tests/ tests/", "COPY --from=source /src/ ./"),
        ),
    ),
    Case(
        "benign/constraints",
        "requirements with a file of constraints",
        (
            write("constraints.txt", "waitress==3.0.2\n"),
            write("requirements.txt", "bottle==0.13.4\nwaitress\n"),
            dockerfile(REQUIREMENTS, "COPY requirements.txt constraints.txt ./"),
            dockerfile(INSTALL, f"{INSTALL} -c constraints.txt"),
        ),
    ),
    Case(
        "benign/environment-without-pip",
        "a virtual environment without an installer in it",
        (
            dockerfile("RUN python -m venv /venv", "RUN python -m venv --without-pip /venv"),
            dockerfile(INSTALL, INSTALL.replace("pip install", "pip --python /venv/bin/python install")),
            dockerfile(
                "RUN pip install --no-cache-dir -r requirements-dev.txt",
                "RUN pip --python /venv/bin/python install --no-cache-dir -r requirements-dev.txt",
            ),
        ),
    ),
    Case(
        "benign/prefix",
        "libraries installed below a prefix, copied into the base's own tree",
        (
            dockerfile("RUN python -m venv /venv\n", ""),
            dockerfile(INSTALL, INSTALL.replace("install", "install --prefix=/install")),
            dockerfile(
                "FROM deps AS test\nCOPY requirements-dev.txt ./",
                "FROM deps AS test\nCOPY --from=deps /install /usr/local\nCOPY requirements-dev.txt ./",
            ),
            dockerfile(VENV, "COPY --from=deps /install /usr/local"),
        ),
    ),
    Case(
        "benign/target-directory",
        "libraries in a plain directory on the search path",
        (
            dockerfile("RUN python -m venv /venv\n", ""),
            dockerfile("ENV PYTHONDONTWRITEBYTECODE=1", "ENV PYTHONPATH=/libs PYTHONDONTWRITEBYTECODE=1"),
            dockerfile(INSTALL, INSTALL.replace("install", "install --target=/libs")),
            dockerfile("ENV PYTHONUNBUFFERED=1", "ENV PYTHONPATH=/libs PYTHONUNBUFFERED=1"),
            dockerfile(VENV, "COPY --from=deps /libs /libs"),
        ),
    ),
    Case(
        "benign/user-site",
        "libraries in the user's own site directory",
        (
            dockerfile("RUN python -m venv /venv\n", ""),
            dockerfile(INSTALL, INSTALL.replace("install", "install --user")),
            dockerfile(MAKE, "RUN useradd --uid 10001 --create-home app && install -d -o app -g app /app"),
            dockerfile(VENV, "COPY --from=deps --chown=app:app /root/.local /home/app/.local"),
        ),
    ),
    Case(
        "benign/release-from-dependencies",
        "the release is built from the stage of the dependencies",
        (
            dockerfile(REQUIREMENTS, "COPY requirements.txt /tmp/"),
            dockerfile(INSTALL, "RUN pip install --no-cache-dir -r /tmp/requirements.txt"),
            dockerfile(RELEASE, "FROM deps AS release"),
            without(VENV),
        ),
    ),
    Case(
        "benign/wheels-mounted",
        "wheels are built in one stage and mounted in the other",
        (
            dockerfile(
                INSTALL,
                f"{INSTALL} \\\n    && pip wheel --no-cache-dir --wheel-dir /wheels -r requirements.txt",
            ),
            dockerfile(
                VENV,
                "RUN --mount=from=deps,source=/wheels,target=/wheels \\\n"
                "    python -m venv /venv && pip install --no-cache-dir --no-index /wheels/*.whl",
            ),
        ),
    ),
    Case(
        "benign/wheel-by-name",
        "the package is built as a wheel, mounted, and installed by its name",
        (
            write("pyproject.toml", PYPROJECT),
            before(
                RELEASE,
                "FROM deps AS package",
                "COPY pyproject.toml ./",
                "COPY --from=test /app/greeter greeter/",
                "RUN pip wheel --no-cache-dir --no-deps --wheel-dir /dist .\n",
            ),
            dockerfile(
                CODE,
                "RUN --mount=from=package,source=/dist,target=/dist \\\n"
                "    pip install --no-cache-dir --no-index --find-links=/dist --no-deps greeter",
            ),
        ),
    ),
    Case(
        "benign/pyproject",
        "pip install . takes the dependencies from pyproject.toml",
        (
            write("pyproject.toml", PYPROJECT),
            delete("requirements.txt"),
            delete("requirements-dev.txt"),
            dockerfile(
                f"{REQUIREMENTS}\n{INSTALL}",
                "COPY pyproject.toml ./\n"
                "RUN mkdir greeter && touch greeter/__init__.py \\\n"
                "    && pip install --no-cache-dir . && pip uninstall -y greeter && rm -r greeter build *.egg-info",
            ),
            dockerfile(
                "COPY requirements-dev.txt ./\nRUN pip install --no-cache-dir -r requirements-dev.txt",
                "RUN mkdir greeter && touch greeter/__init__.py \\\n"
                "    && pip install --no-cache-dir .[test] && pip uninstall -y greeter && rm -r greeter build *.egg-info",
            ),
        ),
    ),
    Case(
        "benign/pyproject-package",
        "the package itself is installed, behind its dependencies",
        (
            write("pyproject.toml", PYPROJECT),
            dockerfile(
                TESTS,
                f"{TESTS}\n\n"
                "FROM deps AS package\n"
                "COPY pyproject.toml ./\n"
                "COPY --from=test /app/greeter greeter/\n"
                "RUN pip install --no-cache-dir --no-deps .",
            ),
            dockerfile(VENV, "COPY --from=package /venv /venv"),
            without(CODE),
        ),
    ),
    Case(
        "benign/uv",
        "uv installs",
        (
            dockerfile(
                "RUN python -m venv /venv",
                "RUN pip install --no-cache-dir uv && uv venv /venv\nENV VIRTUAL_ENV=/venv",
            ),
            dockerfile(INSTALL, "RUN uv pip install --no-cache -r requirements.txt"),
            dockerfile(
                "RUN pip install --no-cache-dir -r requirements-dev.txt",
                "RUN uv pip install --no-cache -r requirements-dev.txt",
            ),
        ),
    ),
    Case(
        "benign/poetry",
        "poetry installs",
        (
            write(
                "pyproject.toml",
                """\
                [tool.poetry]
                package-mode = false

                [tool.poetry.dependencies]
                python = ">=3.11"
                bottle = "0.13.4"
                waitress = "3.0.2"

                [tool.poetry.group.dev.dependencies]
                pytest = "8.4.2"

                # Read as pip reads it: not every mirror has what poetry asks of PyPI itself.
                [[tool.poetry.source]]
                name = "simple"
                url = "https://pypi.org/simple/"
                priority = "primary"
                """,
            ),
            delete("requirements.txt"),
            delete("requirements-dev.txt"),
            dockerfile(
                "RUN python -m venv /venv",
                "RUN python -m venv /poetry && /poetry/bin/pip install --no-cache-dir poetry\n"
                "RUN python -m venv /venv\n"
                "ENV VIRTUAL_ENV=/venv",
            ),
            dockerfile(REQUIREMENTS, "COPY pyproject.toml ./"),
            dockerfile(INSTALL, "RUN /poetry/bin/poetry install --only main --no-cache"),
            without("COPY requirements-dev.txt ./"),
            dockerfile(
                "RUN pip install --no-cache-dir -r requirements-dev.txt",
                "RUN /poetry/bin/poetry install --no-cache",
            ),
        ),
    ),
    # --- tests
    Case(
        "benign/pytest-by-name",
        "pytest by its own name",
        (
            write("pytest.ini", "[pytest]\npythonpath = .\n"),
            dockerfile("COPY tests/ tests/", "COPY pytest.ini ./\nCOPY tests/ tests/"),
            dockerfile(TESTS, "RUN pytest -q --color=no tests/"),
        ),
    ),
    Case(
        "benign/doctests-besides",
        "examples in the code are run, too, before the tests",
        (
            append("greeter/words.py", EXAMPLE),
            dockerfile(TESTS, f"RUN python -m doctest greeter/words.py\n{TESTS} tests"),
        ),
    ),
    Case(
        "benign/doctests-alone",
        "examples in the code are all the tests there are",
        (
            delete("tests"),
            append("greeter/words.py", EXAMPLE),
            dockerfile(f"COPY tests/ tests/\n{TESTS}", "RUN python -m doctest greeter/words.py"),
        ),
    ),
    Case(
        "benign/checks-by-a-script",
        "a script runs the tests, in a stage that is not named for them",
        (
            write("ci/all.sh", "set -eu\npython -m pytest\n"),
            dockerfile("FROM deps AS test", "FROM deps AS verify"),
            dockerfile("--from=test", "--from=verify"),
            dockerfile(TESTS, "COPY ci/ ci/\nRUN sh ci/all.sh"),
        ),
    ),
    Case(
        "benign/unittest",
        "unittest runs the tests",
        (
            delete("tests"),
            write("tests/__init__.py", ""),
            write(
                "tests/test_words.py",
                """\
                import unittest

                from greeter.words import greeting


                class Words(unittest.TestCase):
                    def test_name(self):
                        self.assertEqual(greeting("Ada"), "Hello, Ada!")
                """,
            ),
            delete("requirements-dev.txt"),
            dockerfile(
                "COPY requirements-dev.txt ./\nRUN pip install --no-cache-dir -r requirements-dev.txt\n", ""
            ),
            dockerfile(TESTS, "RUN python -m unittest discover -s tests -t ."),
        ),
    ),
    Case(
        "benign/tox",
        "tox runs the tests",
        (
            write("requirements-dev.txt", "pytest==8.4.2\ntox\n"),
            write(
                "tox.ini",
                """\
                [tox]
                skipsdist = true

                [testenv]
                system_site_packages = true
                set_env = PYTHONDONTWRITEBYTECODE=1
                deps = -r requirements.txt
                       -r requirements-dev.txt
                commands = python -m pytest
                """,
            ),
            dockerfile("COPY tests/ tests/", "COPY tox.ini ./\nCOPY tests/ tests/"),
            dockerfile(TESTS, "RUN tox -e py"),
        ),
    ),
    Case(
        "benign/nox",
        "nox runs the tests",
        (
            append("requirements-dev.txt", "nox\n"),
            write(
                "noxfile.py",
                """\
                import nox


                @nox.session(venv_backend="none")
                def tests(session):
                    session.run("python", "-m", "pytest")
                """,
            ),
            dockerfile("COPY tests/ tests/", "COPY noxfile.py ./\nCOPY tests/ tests/"),
            dockerfile(TESTS, "RUN nox -s tests"),
        ),
    ),
    Case(
        "benign/script-runs-tests",
        "a script runs the tests and stops at a failure",
        (
            write("check.sh", "#!/bin/sh\nset -eu\npython -m pytest\necho checked\n", 0o755),
            dockerfile(TESTS, "COPY check.sh ./\nRUN ./check.sh"),
        ),
    ),
    Case(
        "benign/script-of-another-name",
        "a stage and a script whose names do not tell that they test",
        (
            write("ci.sh", "#!/bin/sh\nset -eu\npython -m compileall -q greeter\npython -m pytest\n", 0o755),
            dockerfile("FROM deps AS test", "FROM deps AS verified"),
            dockerfile("--from=test", "--from=verified"),
            dockerfile("/app/greeter greeter/", "/app/greeter/*.py greeter/"),
            dockerfile(TESTS, "COPY ci.sh ./\nRUN ./ci.sh"),
        ),
    ),
    Case(
        "benign/pipe-with-pipefail",
        "a pipe whose failure counts",
        (
            dockerfile(
                TESTS,
                'SHELL ["/bin/bash", "-o", "pipefail", "-c"]\nRUN python -m pytest | tee /tmp/tests.log',
            ),
        ),
    ),
    Case(
        "benign/or-exit",
        "a failure is told, and fails",
        (dockerfile(TESTS, f'{TESTS} || (echo "tests failed"; exit 1)'),),
    ),
    Case(
        "benign/nested-tests",
        "the tests lie in packages below each other",
        (
            write("tests/__init__.py", ""),
            write("tests/unit/__init__.py", ""),
            rename("tests/test_words.py", "tests/unit/words/test_words.py"),
            write("tests/unit/words/__init__.py", ""),
            rename("tests/test_service.py", "tests/unit/test_service.py"),
        ),
    ),
    Case(
        "benign/other-test-directory",
        "the tests lie in a directory of another name",
        (
            rename("tests", "checks"),
            write("pytest.ini", "[pytest]\ntestpaths = checks\n"),
            dockerfile("COPY tests/ tests/", "COPY pytest.ini ./\nCOPY checks/ checks/"),
        ),
    ),
    Case(
        "benign/tests-mounted",
        "the tests are mounted, not copied",
        (
            without("COPY tests/ tests/"),
            dockerfile(
                TESTS, "RUN --mount=type=bind,source=tests,target=tests python -m pytest -p no:cacheprovider"
            ),
        ),
    ),
    Case(
        "benign/tests-as-a-user",
        "the tests run as somebody",
        (before(TESTS, "RUN useradd --no-create-home tester && chown -R tester /app", "USER tester"),),
    ),
    Case(
        "benign/gate-by-mount",
        "the release takes the code from the context, and mounts the test stage for its sake",
        (
            dockerfile(
                CODE,
                "RUN --mount=from=test,source=/app,target=/tested true\nCOPY --chown=app:app greeter/ greeter/",
            ),
        ),
    ),
    Case(
        "benign/gate-by-report",
        "the release takes the code from the context, and a mark of success from the test stage",
        (
            dockerfile(TESTS, f"{TESTS} && touch /tested"),
            dockerfile(CODE, "COPY --from=test /tested /tested\nCOPY --chown=app:app greeter/ greeter/"),
        ),
    ),
    # --- the context
    Case(
        "benign/allow-list",
        "an ignore file that ignores all but what is needed",
        (
            write(
                ".dockerignore",
                """\
                *
                !requirements*.txt
                !greeter/*.py
                !tests/*.py
                """,
            ),
        ),
    ),
    Case(
        "benign/ignore-file-of-its-own",
        "an ignore file for this Dockerfile alone",
        (rename(".dockerignore", "Dockerfile.dockerignore"),),
    ),
    Case(
        "benign/ignore-file-with-exceptions",
        "exceptions that let harmless things back in",
        (
            append(".dockerignore", "**/*.md\n!README.md\n**/docs/*\n!docs/index.txt\n"),
            write("README.md", "# Greeter\n"),
        ),
    ),
    Case(
        "benign/public-certificate",
        "a public certificate in the package, which the ignore file lets in by name",
        (
            write("greeter/ca.pem", "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"),
            append(".dockerignore", "!greeter/ca.pem\n"),
        ),
    ),
    Case(
        "benign/settings-without-secrets",
        "settings that name where the secrets are",
        (
            write(
                "greeter/settings.toml",
                """\
                password_file = "/run/secrets/db1"
                token = "${API_TOKEN}"
                secret_key = "changeme"
                url = "postgresql://greeter:greeter@db/greeter"
                """,
            ),
        ),
    ),
    Case(
        "benign/links-in-the-context",
        "links in the context: one that leads back up, and one that leads nowhere",
        (link("docs/up", ".."), link("docs/gone", "no-such-file")),
    ),
    # --- ports
    Case(
        "benign/another-port",
        "another port",
        (replace(MAIN, "port=8000", "port=5000"), dockerfile("EXPOSE 8000", "EXPOSE 5000/tcp")),
    ),
    Case(
        "benign/two-ports",
        "two ports, both served",
        (
            replace(MAIN, 'host="0.0.0.0", port=8000', 'listen="0.0.0.0:8000 0.0.0.0:9000"'),
            dockerfile("EXPOSE 8000", "EXPOSE 8000 9000"),
        ),
    ),
    Case(
        "benign/both-families",
        "IPv4 and IPv6 alike",
        (replace(MAIN, 'host="0.0.0.0", port=8000', 'listen="*:8000"'),),
    ),
    Case(
        "benign/port-by-variable",
        "a port that a variable names",
        (
            replace(MAIN, "import signal", "import os\nimport signal"),
            replace(MAIN, "port=8000", 'port=int(os.environ["PORT"])'),
            dockerfile("EXPOSE 8000", "ENV PORT=7000\nEXPOSE $PORT"),
        ),
    ),
    Case(
        "benign/worker",
        "a worker, which listens nowhere",
        (
            write(
                MAIN,
                '''\
                """Work until told to stop."""

                import signal
                import sys
                import time

                from .words import greeting

                signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
                while True:
                    print(greeting("queue"), flush=True)
                    time.sleep(1)
                ''',
            ),
            without("EXPOSE 8000"),
        ),
    ),
    Case(
        "benign/celery-worker",
        "a Celery worker, which takes its time to finish in good order",
        (
            append("requirements.txt", "celery\n"),
            write(
                "greeter/tasks.py",
                'from celery import Celery\n\napp = Celery("greeter", broker="memory://")\n',
            ),
            without("EXPOSE 8000"),
            dockerfile(COMMAND, 'CMD ["celery", "--app=greeter.tasks", "worker", "--concurrency=1"]'),
        ),
    ),
    Case(
        "benign/slow-start",
        "a service that takes its time to start",
        (
            replace(MAIN, "import sys\n", "import sys\nimport time\n"),
            replace(MAIN, "    serve(", "    time.sleep(6)\n    serve("),
        ),
    ),
    Case(
        "benign/needs-a-key",
        "a service that answers strangers with 401",
        (
            replace("greeter/service.py", "import Bottle", "import Bottle, abort"),
            replace("greeter/service.py", "callback=greeting)", "callback=lambda name: abort(401, name))"),
            replace("greeter/service.py", 'lambda: greeting("")', 'lambda: abort(401, greeting(""))'),
            delete("tests/test_service.py"),
        ),
    ),
    # --- the command
    Case(
        "benign/entry-point-and-command",
        "an entry point with a command behind it",
        (dockerfile(COMMAND, 'ENTRYPOINT ["python", "-m"]\nCMD ["greeter"]'),),
    ),
    Case(
        "benign/entry-point-alone",
        "an entry point without a command",
        (dockerfile(COMMAND, 'ENTRYPOINT ["python", "-m", "greeter"]'),),
    ),
    Case(
        "benign/absolute-command",
        "the interpreter by its path",
        (dockerfile(COMMAND, 'CMD ["/venv/bin/python", "-m", "greeter"]'),),
    ),
    Case(
        "benign/entry-script",
        "an entry script that makes way",
        (
            *script('#!/bin/sh\nset -eu\necho "starting $*"\nexec "$@"\n'),
            before(COMMAND, 'ENTRYPOINT ["/app/start.sh"]'),
        ),
    ),
    Case(
        "benign/init",
        "an init in front, which passes signals on",
        (
            after(RELEASE, f"RUN apt-get update && {LEAN} tini && rm -rf /var/lib/apt/lists/*"),
            before(COMMAND, 'ENTRYPOINT ["tini", "--"]'),
        ),
    ),
    Case(
        "benign/init-that-goes-elsewhere",
        "an init in front, which itself works in /",
        (
            after(RELEASE, f"RUN apt-get update && {LEAN} dumb-init && rm -rf /var/lib/apt/lists/*"),
            dockerfile(COMMAND, 'CMD ["dumb-init", "python", "-m", "greeter"]'),
        ),
    ),
    Case(
        "benign/init-with-a-shell-that-makes-way",
        "an init in front, and a command whose shell makes way",
        (
            after(RELEASE, f"RUN apt-get update && {LEAN} tini && rm -rf /var/lib/apt/lists/*"),
            dockerfile(
                COMMAND,
                'ENTRYPOINT ["tini", "--"]\nCMD ["sh", "-c", "umask 027 && exec python -m ${MODULE:-greeter}"]',
            ),
        ),
    ),
    Case(
        "benign/secret-key-made-up-for-a-step",
        "a made-up key for one step, as Django's collectstatic needs one",
        (before(USER, "RUN SECRET_KEY=build-key python -c 'import os; os.environ[\"SECRET_KEY\"]'"),),
    ),
    Case(
        "benign/stop-signal",
        "another stop signal, which the service handles",
        (before("EXPOSE 8000", "STOPSIGNAL SIGINT"),),
    ),
    Case(
        "benign/health-check",
        "a health check",
        (
            before(
                COMMAND,
                "HEALTHCHECK --interval=5s --timeout=2s \\\n"
                '    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen(\'http://127.0.0.1:8000/\')"]',
            ),
        ),
    ),
    Case(
        "benign/gunicorn",
        "gunicorn with two workers",
        serves_with(
            "gunicorn",
            'CMD ["gunicorn", "--bind=0.0.0.0:8000", "--workers=2", "greeter.service:application"]',
        ),
    ),
    Case(
        "benign/uvicorn",
        "uvicorn with two workers",
        (
            *serves_with(
                "a2wsgi\nuvicorn",
                'CMD ["uvicorn", "--host=0.0.0.0", "--port=8000", "--workers=2", "greeter.asgi:application"]',
            ),
            write(
                "greeter/asgi.py",
                '''\
                """The service over ASGI."""

                from a2wsgi import WSGIMiddleware

                from .service import make

                application = WSGIMiddleware(make())
                ''',
            ),
        ),
    ),
    Case(
        "benign/threads-and-children",
        "a service with a child process of its own",
        (
            replace(MAIN, "import signal\n", "import multiprocessing\nimport signal\n"),
            replace(MAIN, "import sys\n", "import sys\nimport time\n"),
            replace(
                MAIN,
                "    serve(",
                "    multiprocessing.Process(target=time.sleep, args=(3600,), daemon=True).start()\n    serve(",
            ),
        ),
    ),
    # --- other stages
    Case(
        "benign/unused-stage",
        "a stage that nothing needs, and that could not even be built",
        (before(RELEASE, "FROM deps AS lint\nRUN exit 1\n"),),
    ),
    Case(
        "benign/root-dev-stage-before",
        "a stage for development, as root, before the release",
        (
            before(
                RELEASE,
                "FROM python:3.11 AS dev\nWORKDIR /\nCOPY . .\nUSER root\nEXPOSE 5678\nCMD python -m greeter\n",
            ),
        ),
    ),
    Case(
        "benign/root-dev-stage-behind",
        "a stage for development, as root, behind the release, which the configuration names",
        (
            append("Dockerfile", '\nFROM test AS dev\nUSER root\nCMD ["bash"]\n'),
            write("hullproof.toml", 'target = "release"\n'),
        ),
    ),
    Case(
        "benign/root-dev-stage-behind-unconfigured",
        "a stage for development, as root, behind the release, and no word of it elsewhere",
        (append("Dockerfile", '\nFROM test AS dev\nUSER root\nCMD ["bash"]\n'),),
    ),
    Case(
        "benign/package-called-tests",
        "a package of the application is called tests, and imported",
        (
            write("greeter/tests/__init__.py", "class Exam:\n    pass\n"),
            append("greeter/words.py", "\nfrom greeter.tests import Exam  # noqa: E402, F401\n"),
        ),
    ),
    Case(
        "benign/module-called-like-a-test",
        "a module is called like a test, and holds none",
        (write("greeter/speed_test.py", "def measure():\n    return 1\n"),),
    ),
    Case(
        "benign/key-made-up-for-one-step",
        "a key of plain words, for one step",
        (before(USER, "RUN SECRET_KEY=only-to-collect python -c 1"),),
    ),
    Case(
        "benign/reference-data",
        "a database that the package reads from lies in it",
        (
            before(
                USER,
                "RUN python -c \"import sqlite3; sqlite3.connect('greeter/words.db').execute("
                "'create table words (id integer, word text)')\" && chown app:app greeter/words.db",
            ),
        ),
    ),
    Case(
        "benign/version-control-by-name",
        "the step that reads the version from Git mounts it by name",
        (
            write(".git/HEAD", "ref: refs/heads/main\n"),
            replace(".dockerignore", "**/.git\n", ""),
            dockerfile(
                "RUN python -m pytest",
                "RUN --mount=type=bind,source=.git,target=/g test -f /g/HEAD && python -m pytest",
            ),
        ),
    ),
    Case(
        "benign/tests-copied-by-name",
        "the test step takes each test file by its name",
        (dockerfile("COPY tests/ tests/", "COPY tests/test_service.py tests/test_words.py tests/"),),
    ),
)
