"""A layer of the release holds what the service does not need, or what nobody should see."""

from __future__ import annotations

from .model import NOTHING_RUNS, Case, Edit, after, append, before, dockerfile, replace, write
from .requirements_first import PYPROJECT

CODE = "COPY --from=test --chown=app:app /app/greeter greeter/"
VENV = "COPY --from=deps /venv /venv"
USER = "USER app"
RELEASE = "FROM python:3.11-slim AS release"
IGNORED = frozenset({"dockerignore"})  # what is in the image has passed the ignore file

# Put together here, so that no scanner takes this file for a leak.
MARK = "OPENSSH {} KEY-----".format("PRIVATE")
KEY = f"-----BEGIN {MARK}\\nb3BlbnNzaC1rZXktdjEAAAAA\\n-----END {MARK}"


def left(*lines: str) -> tuple[Edit, ...]:
    """Return the edit that adds lines behind the code's."""
    return (after(CODE, *lines),)


LISTED = '"""What is said of a name."""\n\n\ndef said(name):\n    return f"Nothing is known of {name}."\n'
ONLY_CODE = "COPY --from=test --chown=app:app /app/greeter/__init__.py /app/greeter/__main__.py /app/greeter/service.py /app/greeter/words.py greeter/"


def asks_for(body: str) -> tuple[Edit, ...]:
    """Return the edits by which a page other than the first asks for something, in a test as well."""
    return (
        replace(
            "greeter/service.py",
            '    service.route("/<name>", callback=greeting)\n',
            '    service.route("/about/<name>", callback=about)\n    service.route("/<name>", callback=greeting)\n',
        ),
        append("greeter/service.py", f"\n\ndef about(name):\n{body}"),
        replace("tests/test_service.py", '"/Ada"\n', '"/about/Ada"\n'),
        replace("tests/test_service.py", 'b"Hello, Ada!"', 'b"Nothing is known of Ada."'),
    )


CASES = (
    Case(
        "necessary-files/page-not-copied",
        "a page that the first one does not need is not copied into the release",
        (
            *asks_for(
                "    from pathlib import Path\n\n"
                '    page = Path(__file__).parent / "pages" / "about.html"\n'
                '    return page.read_text().replace("NAME", name)\n'
            ),
            write("greeter/pages/about.html", "Nothing is known of NAME."),
            dockerfile(CODE, ONLY_CODE),
        ),
    ),
    Case(
        "necessary-files/module-not-copied",
        "a module that is imported once somebody asks for it is not copied into the release",
        (
            *asks_for("    from .listed import said\n\n    return said(name)\n"),
            write("greeter/listed.py", LISTED),
            dockerfile(CODE, ONLY_CODE),
        ),
    ),
    Case(
        "necessary-files/all-copied",
        "the whole context is copied into the release",
        left("COPY --chown=app:app . ."),
    ),
    Case(
        "necessary-files/all-of-test",
        "all that the test stage has is copied into the release",
        (dockerfile(CODE, "COPY --from=test --chown=app:app /app /app"),),
    ),
    Case(
        "necessary-files/tests",
        "the tests are copied into the release",
        left("COPY --chown=app:app tests/ tests/"),
    ),
    Case(
        "necessary-files/tests-removed-later",
        "the tests are copied, and removed in a later layer",
        left("COPY --chown=app:app tests/ tests/", "RUN rm -r tests"),
    ),
    Case(
        "necessary-files/tests-in-the-package",
        "the tests lie inside the package, and ship with it",
        (
            write("greeter/tests/__init__.py", ""),
            write(
                "greeter/tests/test_more.py",
                """\
                from greeter.words import greeting


                def test_more():
                    assert greeting("Bo") == "Hello, Bo!"
                """,
            ),
        ),
    ),
    Case(
        "necessary-files/version-control",
        "the project's history is copied into the release",
        (
            write(".git/HEAD", "ref: refs/heads/main\n"),
            write(".git/config", "[core]\n\tbare = false\n"),
            replace(".dockerignore", "**/.git\n", ""),
            *left("COPY --chown=app:app .git/ .git/"),
        ),
        also_expected=IGNORED,
    ),
    Case(
        "necessary-files/env-file",
        "the settings of somebody's machine are copied into the release",
        (
            write(".env", "SECRET_KEY=6f1f2c0b7d9e4a35\n"),
            replace(".dockerignore", "**/.env\n**/.env.*\n**/*.env\n", ""),
            *left("COPY --chown=app:app .env ./"),
        ),
        also_expected=IGNORED,
    ),
    Case(
        "necessary-files/env-file-written",
        "the build writes secrets to a file",
        left("RUN echo SECRET_KEY=6f1f2c0b7d9e4a35 > .env && chown app:app .env"),
    ),
    Case(
        "necessary-files/key-removed-later",
        "a private key is written, used, and removed in a later layer",
        (
            after(
                RELEASE,
                f"RUN mkdir -p /root/.ssh && printf -- '{KEY}\\n' > /root/.ssh/id_ed25519",
                "RUN rm -r /root/.ssh",
            ),
        ),
    ),
    Case(
        "necessary-files/key-under-another-name",
        "a private key under a harmless name",
        left(f"RUN printf -- '{KEY}\\n' > greeter/settings.dat && chown app:app greeter/settings.dat"),
    ),
    Case(
        "necessary-files/netrc",
        "the password of a package index stays behind",
        (
            after(
                RELEASE,
                "COPY <<END /root/.netrc",
                "machine pypi.example.org login ci password 9d3b1c77e2",
                "END",
            ),
        ),
    ),
    Case(
        "necessary-files/bytecode",
        "the test run's bytecode is copied into the release",
        (dockerfile("ENV PYTHONDONTWRITEBYTECODE=1 PATH=", "ENV PATH="),),
    ),
    Case(
        "necessary-files/wheels",
        "the wheels that were installed from stay in the release",
        (
            dockerfile(
                "RUN pip install --no-cache-dir -r requirements.txt",
                "RUN pip install --no-cache-dir -r requirements.txt && pip wheel --no-cache-dir --wheel-dir /wheels -r requirements.txt",
            ),
            dockerfile(
                VENV,
                "COPY --from=deps /wheels /wheels\n"
                "RUN python -m venv /venv && pip install --no-cache-dir --no-index /wheels/*.whl",
            ),
        ),
    ),
    Case(
        "necessary-files/wheels-removed-later",
        "the wheels are removed, one layer too late",
        (
            dockerfile(
                "RUN pip install --no-cache-dir -r requirements.txt",
                "RUN pip install --no-cache-dir -r requirements.txt && pip wheel --no-cache-dir --wheel-dir /wheels -r requirements.txt",
            ),
            dockerfile(
                VENV,
                "COPY --from=deps /wheels /wheels\n"
                "RUN python -m venv /venv && pip install --no-cache-dir --no-index /wheels/*.whl && rm -r /wheels",
            ),
        ),
    ),
    Case(
        "necessary-files/pip-cache",
        "pip's cache stays in the release",
        (
            # Has no wheel: pip keeps those that it builds, whatever an index says of caching downloads.
            append("requirements.txt", "docopt==0.6.2\n"),
            dockerfile(
                VENV,
                "RUN --mount=type=bind,source=requirements.txt,target=/tmp/requirements.txt \\\n"
                "    python -m venv /venv \\\n"
                "    && pip install --cache-dir /root/.cache/pip --use-pep517 -r /tmp/requirements.txt",
            ),
        ),
    ),
    Case(
        "necessary-files/secret-in-env",
        "a password in the environment",
        (after("EXPOSE 8000", "ENV DATABASE_PASSWORD=4f9a2c81d7be"),),
    ),
    Case(
        "necessary-files/secret-in-url",
        "a password inside an address in the environment",
        (after("EXPOSE 8000", "ENV DATABASE_URL=postgresql://greeter:4f9a2c81d7be@db.example.org/greeter"),),
    ),
    Case(
        "necessary-files/secret-in-argument",
        "a token as a build argument, which the history keeps",
        (after(RELEASE, "ARG INDEX_TOKEN=4f9a2c81d7be6f1f2c0b7d9e", 'RUN test -n "$INDEX_TOKEN"'),),
    ),
    Case(
        "necessary-files/secret-in-label",
        "a token in a label",
        (after("EXPOSE 8000", 'LABEL org.example.deploy-token="4f9a2c81d7be6f1f2c0b7d9e"'),),
    ),
    Case(
        "necessary-files/secret-in-history",
        "a password on a command line, which the history keeps",
        (
            after(
                RELEASE,
                "RUN echo 'machine pypi.example.org login ci password 9d3b1c77e2' > /root/.netrc && rm /root/.netrc",
            ),
        ),
    ),
    Case(
        "necessary-files/secret-in-a-copied-file",
        "a settings file with a password in it",
        (
            write("settings.ini", "[database]\nhost = db\npassword = 4f9a2c81d7be\n"),
            *left("COPY --chown=app:app settings.ini ./"),
        ),
    ),
    Case(
        "necessary-files/tests-installed",
        "the project is installed with its tests",
        (
            write("pyproject.toml", PYPROJECT.replace('["greeter"]', '["greeter", "tests"]')),
            write("tests/__init__.py", ""),
            dockerfile(
                CODE,
                "RUN --mount=from=test,source=/app/greeter,target=/src/greeter \\\n"
                "    --mount=type=bind,source=tests,target=/src/tests \\\n"
                "    --mount=type=bind,source=pyproject.toml,target=/src/pyproject.toml \\\n"
                "    cp -r /src /tmp/src && pip install --no-cache-dir --no-deps /tmp/src && rm -r /tmp/src",
            ),
        ),
    ),
    Case(
        "necessary-files/tests-of-a-django-app",
        "a module of tests by the name that Django gives it",
        (write("greeter/tests.py", "import unittest\n\n\nclass WordsTest(unittest.TestCase):\n    pass\n"),),
    ),
    Case(
        "necessary-files/cache-of-another-name",
        "pip's cache stays, in a folder of another name",
        left(
            "RUN mkdir -p /var/cache/packages/http-v2/a/b/c/d/e \\\n"
            "    && echo x > /var/cache/packages/http-v2/a/b/c/d/e/abcde0123456789abcdef0123456789abcdef012345678.body"
        ),
    ),
    Case(
        "necessary-files/token-in-the-code",
        "a token in the application's code",
        (append("greeter/words.py", "\n\nTOKEN = 'ghp_{}'\n".format("a1B2" * 9)),),
    ),
    Case(
        "necessary-files/index-password-in-a-copied-file",
        "pip's settings, with the password of a package index",
        (
            write("pip.conf", "[global]\nextra-index-url = https://ci:9d3b1c77e2@pypi.example.org/simple\n"),
            after(RELEASE, "COPY pip.conf /etc/pip.conf"),
        ),
    ),
    Case(
        "necessary-files/password-of-an-account",
        "the password of an account on a command line",
        (before(USER, "RUN echo 'app:9d3b1c77e2' | chpasswd"),),
    ),
    Case(
        "necessary-files/archive-left",
        "an archive that the build unpacked from stays behind",
        left("RUN python -c \"import tarfile; tarfile.open('/tmp/src.tar.gz', 'w:gz').add('/app')\""),
    ),
    Case(
        "necessary-files/log-copied",
        "the log of somebody's machine comes along with the code",
        (write("greeter/debug.log", "started\n"),),
    ),
    Case(
        "necessary-files/virtual-environment-twice",
        "a second virtual environment, left from the development machine",
        (
            write(".venv/pyvenv.cfg", "home = /usr/bin\n"),
            write(".venv/bin/activate", "export VIRTUAL_ENV=/home/dev/greeter/.venv\n"),
            replace(".dockerignore", "**/.venv\n", ""),
            *left("COPY --chown=app:app .venv/ .venv/"),
        ),
        also_expected=IGNORED,
    ),
    Case(
        "necessary-files/module-missing",
        "a module that the service needs is not copied",
        (
            dockerfile(
                CODE, "COPY --from=test --chown=app:app /app/greeter/__*.py /app/greeter/service.py greeter/"
            ),
        ),
        also_expected=NOTHING_RUNS - {"ownership"},
        may_be_unproven=NOTHING_RUNS - {"ownership"},
    ),
    Case(
        "necessary-files/dependency-missing",
        "a library that the service needs is not copied",
        (before(USER, "RUN pip uninstall -y bottle"),),
        also_expected=NOTHING_RUNS - {"ownership"},
        may_be_unproven=NOTHING_RUNS - {"ownership"},
    ),
    Case(
        "necessary-files/env-file-of-another-name",
        "the settings of somebody's machine, under a name of their own",
        (
            write("greeter/.env-dev", "GREETING=Hello\nDB_PASSWORD=6f1f2c0b7d9e4a35\n"),
            write("greeter/.env_prod", "GREETING=Hello\n"),
        ),
        also_expected=IGNORED,
    ),
    Case(
        "necessary-files/state-of-terraform",
        "the state that Terraform keeps, passwords and all",
        (
            write(
                "greeter/terraform.tfstate",
                '{\n  "version": 4,\n  "outputs": {"db": {\n    "password": "6f1f2c0b7d9e4a35"\n  }}\n}\n',
            ),
        ),
        also_expected=IGNORED,
    ),
    Case(
        "necessary-files/kubeconfig-under-another-name",
        "a cluster's credentials in a file without an ending",
        (
            write(
                "greeter/cluster",
                "apiVersion: v1\nusers:\n- name: ci\n  user:\n    token: 6f1f2c0b7d9e4a35\n",
            ),
        ),
    ),
    Case(
        "necessary-files/key-store",
        "a key store, under a harmless name",
        left(
            "RUN python -c \"open('greeter/blob', 'wb').write(b'\\x30\\x82\\x03\\x01\\x02\\x01\\x03\\x30' + bytes(900))\""
        ),
    ),
    Case(
        "necessary-files/database-of-accounts",
        "a database with accounts in it",
        left(
            "RUN python -c \"import sqlite3; sqlite3.connect('greeter/x.bin').execute("
            "'create table users (id integer, password text)')\""
        ),
    ),
    Case(
        "necessary-files/dump",
        "a dump of somebody's database",
        (
            write(
                "greeter/seed.txt",
                "-- PostgreSQL database dump\n\nCREATE TABLE a (b int);\nINSERT INTO a VALUES (1);\n",
            ),
        ),
    ),
    Case(
        "necessary-files/token-written-into-a-module",
        "a step writes a token into a module",
        left(
            "RUN printf 'API_TOKEN = \"q8Zk3LmP0aVb7\"\\n' > greeter/_build.py && chown app:app greeter/_build.py"
        ),
    ),
)
